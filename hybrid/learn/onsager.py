"""The neural generalised-Onsager model u_t = -(M + W) δV/δu."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load as unpacked
from safetensors.torch import save as packed
from torch import Tensor, nn

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.energy.energy import Energy
from mesoscribe.hybrid.energy.potential import Potential
from mesoscribe.hybrid.energy.table import HermiteTable
from mesoscribe.hybrid.learn.model_config import Setting
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.readers.store import printable
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales

MODEL_BYTES = 2**30  # bytes of a saved model


class OnsagerModel(nn.Module, Model):
    """u_t = -(M + W) δV/δu with m(k) = s_m θ_m² ≥ 0 even and w(k) = s_w θ_w odd for every parameter.

    It lives in scaled units on its own points; fields on other points of the box are resampled spectrally.

    Args:
        setting: box, units, case, band.
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
        n = len(self.modes.first)
        margin = NUMBERS.force_margin * (setting.high - setting.low)
        self.low, self.high = setting.low - margin, setting.high + margin
        self.potential = Potential(
            self.domain, self.modes, low=self.low, high=self.high, low_modes=setting.low_modes
        )
        self.theta_m = nn.Parameter(torch.ones(n, dtype=torch.float64))
        self.theta_w = nn.Parameter(torch.ones(n, dtype=torch.float64))
        self.register_buffer("m_scale", torch.zeros(n, dtype=torch.float64))
        self.register_buffer("w_scale", torch.zeros(n, dtype=torch.float64))

    @property
    def case(self) -> Case:
        """Dissipative (W = 0), conservative (M = 0) or mixed."""
        return self.setting.case

    def symbol_m(self) -> Float[Tensor, "*modes"]:
        """m(k) ≥ 0 on the modes of the model's domain, in scaled units."""
        return self.modes.even(self.theta_m**2 * self.m_scale)

    def symbol_w(self) -> Float[Tensor, "*modes"]:
        """w(k) on the modes of the model's domain, in scaled units."""
        return self.modes.odd(self.theta_w * self.w_scale)

    @property
    def m(self) -> Float[np.ndarray, "*modes"]:
        """m(k) on the modes of the model's domain, in the user's units."""
        return array(self.symbol_m()) / self.setting.scales.time

    @property
    def w(self) -> Float[np.ndarray, "*modes"]:
        """w(k) on the modes of the model's domain, in the user's units."""
        return array(self.symbol_w()) / self.setting.scales.time

    def F(self, u: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The density F at values of u as it was learned, in the user's units of V (amplitude²).

        Data determine it up to what canonical form removes (`canonical_form(model).F`).
        """
        v = tensor(self.units.to_scaled(np.asarray(u, dtype=float)), like=self.theta_m)
        with torch.no_grad():
            return self.units.amplitude**2 * array(self.potential.pointwise(v))

    def f_table(self) -> HermiteTable:
        """F' tabulated over the range of the data and a margin."""
        n, device = NUMBERS.table_nodes, self.theta_m.device
        nodes = torch.linspace(self.low, self.high, n, dtype=torch.float64, device=device)
        return HermiteTable.of_derivative(self.potential.pointwise, nodes)

    @property
    def box(self) -> Domain:
        """The user's box, at the model's points."""
        return self.setting.domain

    @property
    def units(self) -> Scales:
        """The units of its fields."""
        return self.setting.scales

    @property
    def values_seen(self) -> tuple[float, float]:
        """The range of the data that it was built for."""
        low, high = self.units.to_user(np.array([self.setting.low, self.setting.high]))
        return float(low), float(high)

    @property
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved, in the user's unit, and whether modes beyond stay as they are."""
        return self.setting.band / self.setting.scales.length, self.setting.hold

    @property
    def local_symbol(self) -> tuple[float, float]:
        """a and b of V0 and V1, scaled units."""
        return float(self.potential.a.detach()), float(self.potential.b.detach())

    def energy(self, domain: Domain | None = None) -> Energy:
        """V in scaled units on the model's own points, with F' tabulated and F exact."""
        return self.potential.energy(self.f_table())

    def member(self, domain: Domain | None = None) -> Member:
        """The equation of motion in scaled units on the model's own points.

        The mean slope of F' over the data goes to the linear part, which the stepper solves exactly: F may
        undo most of a, and the difference of two stiff terms would need small steps.
        """
        f = self.f_table()
        operator = ConstantOperator(self.domain, torch.complex(self.symbol_m(), self.symbol_w()))
        return Member(self.potential.energy(f), operator, self.modes.inside).tilted(f.mean_slope)

    def __repr__(self) -> str:
        points = " × ".join(str(n) for n in self.box.shape)
        size = sum(weight.numel() for weight in self.parameters())
        what = f"{self.case.value}, {points} points, |k| ≤ {self.modes_kept[0]:.4g}"
        lines = [
            f"OnsagerModel: {what}, {size} parameters",
            f"  for u from {self.values_seen[0]:.4g} to {self.values_seen[1]:.4g}",
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
