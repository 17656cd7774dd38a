"""The neural generalised-Onsager model u_t = -(M + W) δV/δu."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Complex, Float, Shaped
from safetensors import SafetensorError
from safetensors.torch import load as unpacked
from safetensors.torch import save as packed
from torch import Tensor, nn

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.model import LocalSymbol, Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.coupled_potential import CoupledPotential
from mesoscribe.hybrid.energy.energy import Energy
from mesoscribe.hybrid.energy.neural_energy import NeuralEnergy
from mesoscribe.hybrid.energy.potential import Potential
from mesoscribe.hybrid.learn.model_config import Setting
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.learn.symbol_parameters import symbols_of
from mesoscribe.hybrid.readers.store import printable
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import PerField, Scales

MODEL_BYTES = 2**30  # bytes of a saved model


class OnsagerModel(nn.Module, Model):
    """u_t = -(M + W) δV/δu with M(k) ≥ 0 and W(k) skew for every parameter, of one field or of several:

        one field:    m(k) = s_m θ_m² even,       w(k) = s_w θ_w odd,
        n fields:     M(k) = S_m Θ Θᴴ S_mᴴ,       W(k) = S_w ½(Θ - Θᴴ) S_wᴴ,    n×n (`MatrixSymbols`).

    It lives in scaled units on its own points; fields on other points of the box are resampled spectrally.

    Args:
        setting: box, fields, units, case, band.
    """

    m_scale: Tensor
    w_scale: Tensor
    record: FitRecord | None = None
    called = "network"

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting
        self.domain = setting.scales.domain(setting.domain)
        mask = self.domain.within(setting.band)
        self.modes = ModeIndex.of(self.domain, mask)
        self.symbols = symbols_of(self.modes, self.domain)
        margin = NUMBERS.force_margin * (setting.high - setting.low)
        self.low, self.high = setting.low - margin, setting.high + margin
        self.potential = self._potential()
        self.theta_m = nn.Parameter(self.symbols.start())
        self.theta_w = nn.Parameter(self.symbols.start())
        self.register_buffer("m_scale", torch.zeros_like(self.theta_m.detach()))
        self.register_buffer("w_scale", torch.zeros_like(self.theta_w.detach()))

    def _potential(self) -> NeuralEnergy:
        """V of one field or of several."""
        if self.domain.n_fields is not None:
            return CoupledPotential(self.domain, self.modes, low=self.low, high=self.high)
        low_modes = self.setting.low_modes
        return Potential(self.domain, self.modes, low=self.low, high=self.high, low_modes=low_modes)

    @property
    def case(self) -> Case:
        """Dissipative (W = 0), conservative (M = 0) or mixed."""
        return self.setting.case

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, in the order of their axis."""
        return self.setting.fields

    @property
    def size(self) -> int:
        """How many values a state has on the model's points."""
        return self.domain.state_size

    @torch.no_grad()
    def imitate(self, K: Complex[Tensor, "*symbol"]) -> None:
        """Start with M + W = K, a symbol on the modes of the model's domain, in scaled units."""
        for name, values in self.symbols.imitating(K).items():
            getattr(self, name).copy_(values)

    @property
    def symbol_parameters(self) -> tuple[Tensor, Tensor, Tensor]:
        """The parameters of M, W and Q at each mode: training pulls them to where they started."""
        return self.theta_m, self.theta_w, self.potential.symbol_parameters

    def symbol_m(self) -> Shaped[Tensor, "*symbol"]:
        """M(k) ≥ 0 on the modes of the model's domain, in scaled units: (*modes), or (n, n, *modes)."""
        return self.symbols.m(self.theta_m, self.m_scale)

    def symbol_w(self) -> Shaped[Tensor, "*symbol"]:
        """w(k) of W = i w on the modes of the model's domain, in scaled units; W(k) itself for n fields."""
        return self.symbols.w(self.theta_w, self.w_scale)

    @property
    def m(self) -> Shaped[np.ndarray, "*symbol"]:
        """m(k) on the modes of the model's domain, in the user's units; for n fields M(k), (n, n, *modes)."""
        return self.units.K_to_user(array(self.symbol_m()))

    @property
    def w(self) -> Shaped[np.ndarray, "*symbol"]:
        """w(k) of W = i w, as `m`; for n fields W(k) itself, (n, n, *modes), anti-Hermitian."""
        return self.units.K_to_user(array(self.symbol_w()))

    @property
    def q(self) -> Shaped[np.ndarray, "*symbol"]:
        """Q(k) of the quadratic energy beside F, as `m`: (*modes), or Hermitian (n, n, *modes)."""
        return self.units.q_to_user(array(self.potential.symbol()))

    def F(self, u: Float[np.ndarray, "*state"]) -> Float[np.ndarray, "*density"]:
        """The density F at values of u as it was learned, in the user's units of V.

        Data determine it up to what canonical form removes (`canonical_form(model).F`).

        Args:
            u: of one field any array; of n fields (*batch, field, *grid), which gives (*batch, 1, *grid).
        """
        v = tensor(self.units.to_scaled(np.asarray(u, dtype=float)), like=self.theta_m)
        with torch.no_grad():
            return self.units.energy_density * array(self.potential.pointwise(v))

    @property
    def box(self) -> Domain:
        """The user's box, at the model's points."""
        return self.setting.domain

    @property
    def units(self) -> Scales:
        """The units of its fields."""
        return self.setting.scales

    @property
    def values_seen(self) -> tuple[PerField, PerField]:
        """The range of the data that it was built for, of several fields the largest of them."""
        ends = np.array([self.setting.low, self.setting.high])
        if not self.units.several:
            low, high = self.units.to_user(ends)
            return float(low), float(high)
        low, high = self.units.to_user(np.repeat(ends[:, None], len(self.fields), axis=1), ndim=0)
        return tuple(map(float, low)), tuple(map(float, high))

    @property
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved, in the user's unit, and whether modes beyond stay as they are."""
        return self.setting.band / self.setting.scales.length, self.setting.hold

    @property
    def local_symbol(self) -> tuple[LocalSymbol, LocalSymbol]:
        """a and b of V0 and V1, scaled units."""
        a, b = (c.detach() for c in self.potential.local_symbol())
        return (float(a), float(b)) if a.ndim == 0 else (a, b)

    def energy(self, domain: Domain | None = None) -> Energy:
        """V in scaled units on the model's own points, with ∂F/∂v as steps use it, and F exact."""
        return self.potential.energy(self.potential.fast_force())

    def member(self, domain: Domain | None = None) -> Member:
        """The equation of motion in scaled units on the model's own points.

        The mean slope of ∂F/∂v over the data goes to the linear part, which the stepper solves exactly: F may
        undo most of a, and the difference of two stiff terms would need small steps.
        """
        f = self.potential.fast_force()
        operator = ConstantOperator(self.domain, self.symbols.K(self.symbol_m(), self.symbol_w()))
        return Member(self.potential.energy(f), operator, self.modes.inside).tilted(f.mean_slope)

    def __repr__(self) -> str:
        points = " × ".join(str(n) for n in self.box.shape)
        size = sum(weight.numel() for weight in self.parameters())
        rows = zip(self.fields, *map(np.atleast_1d, self.values_seen), strict=True)
        seen = ", ".join(f"{name} from {low:.4g} to {high:.4g}" for name, low, high in rows)
        what = f"{self.case.value}, {points} points, |k| ≤ {self.modes_kept[0]:.4g}"
        lines = [
            f"OnsagerModel: {what}, {size} parameters",
            f"  for {seen}",
            *([] if self.record is None else [f"  {self.record}"]),
        ]
        return "\n".join(lines)

    def save(self, folder: str | Path) -> None:
        """Write weights.safetensors, and model.json with the shape of each weight and the hash of all."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: t.cpu().contiguous() for name, t in self.state_dict().items()}
        content = packed(state)
        shapes = {name: list(t.shape) for name, t in state.items()}
        weights = {"sha256": hashlib.sha256(content).hexdigest(), "shapes": shapes}
        write_whole(folder / "weights.safetensors", content)
        write_whole(
            folder / "model.json", json.dumps({**self.setting.to_json(), "weights": weights}, indent=1)
        )

    @classmethod
    def load(cls, folder: str | Path) -> OnsagerModel:
        """Read what `save` wrote.

        Raises:
            ValueError: a file is missing, unreadable, changed or does not fit.
        """
        folder = Path(folder)
        try:
            settings = json.loads(_read(folder / "model.json"))
            weights = settings.pop("weights") if isinstance(settings, dict) else {}
            model, content = cls(Setting.from_json(settings)), _read(folder / "weights.safetensors")
            if weights["sha256"] != hashlib.sha256(content).hexdigest():
                raise ValueError("weights.safetensors has changed since it was written")
            model.load_state_dict(unpacked(content))
            if weights["shapes"] != {name: list(t.shape) for name, t in model.state_dict().items()}:
                raise ValueError("weights of other shapes than model.json says")
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            reason = printable(" ".join(str(error).split()))[:300]
            raise ValueError(f"expected a saved model in {folder}, got: {reason}") from None
        return model


def _read(path: Path) -> bytes:
    """A file of a saved model."""
    if path.stat().st_size > MODEL_BYTES:
        raise ValueError(f"{path.name} is larger than {MODEL_BYTES // 2**20} MiB")
    return path.read_bytes()
