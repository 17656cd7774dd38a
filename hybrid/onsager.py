"""The neural generalised-Onsager model u_t = -(M + W) δV/δu."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hybrid.factorise import Case
from hybrid.flow import Flow, band_mask
from hybrid.grid import Grid
from hybrid.modes import ModeIndex
from hybrid.potential import Energies, Potential
from hybrid.record import FitRecord
from hybrid.resample import resampled
from hybrid.scales import Scales
from hybrid.steppers import ETDRK4, Scheme, simulate
from hybrid.table import NODES, HermiteTable

FORMAT = 1
MARGIN = 0.25  # how far beyond the data F has its transitions, relative to their range


@dataclass(frozen=True)
class Setting:
    """What a model is built from, besides its weights.

    Args:
        shape, lengths: its points and the user's box.
        scales: units of x, t, u.
        case: which operators act.
        band: largest wavenumber evolved, in scaled units; hold: the others are kept, not removed.
        low, high: range of v in the data.
        low_modes: modes along each axis that enter the network of N; 0 where N = 0.
        provenance: how it was made.
    """

    shape: tuple[int, ...]
    lengths: tuple[float, ...]
    scales: Scales
    case: Case
    band: float
    hold: bool
    low: float
    high: float
    low_modes: int = 0
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def grid(self) -> Grid:
        """The user's box."""
        return Grid(self.shape, self.lengths)

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Setting:
        """From a file.

        Raises:
            ValueError: the file has another format or lacks an entry.
        """
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            found = content.get("format") if isinstance(content, dict) else type(content).__name__
            raise ValueError(f"expected a model of format {FORMAT}, got {found}; fit again")
        values = {name: value for name, value in content.items() if name != "format"}
        try:
            values["scales"] = Scales(**values["scales"])
            values["case"] = Case(values["case"])
            values["shape"], values["lengths"] = tuple(values["shape"]), tuple(values["lengths"])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"expected the settings of a model, got an unusable file ({error})") from None


class OnsagerModel(nn.Module):
    """u_t = -(M + W) δV/δu with m(k) = s_m θ_m² ≥ 0 even and w(k) = s_w θ_w odd for every parameter.

    It lives in scaled units on its own points; fields on other points of the box are resampled spectrally.

    Args:
        setting: box, units, case, band.
    """

    m_scale: Tensor
    w_scale: Tensor
    record: FitRecord | None = None

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting
        self.grid = setting.scales.grid(setting.grid)
        mask = band_mask(self.grid, setting.band)
        self.modes = ModeIndex.of(self.grid, mask)
        n = len(self.modes.first)
        margin = MARGIN * (setting.high - setting.low)
        self.low, self.high = setting.low - margin, setting.high + margin
        self.potential = Potential(
            self.grid, self.modes, low=self.low, high=self.high, low_modes=setting.low_modes
        )
        self.theta_m = nn.Parameter(torch.ones(n, dtype=torch.float64))
        self.theta_w = nn.Parameter(torch.ones(n, dtype=torch.float64))
        self.register_buffer("m_scale", torch.zeros(n, dtype=torch.float64))
        self.register_buffer("w_scale", torch.zeros(n, dtype=torch.float64))

    @property
    def case(self) -> Case:
        """Dissipative (W = 0), conservative (M = 0) or mixed."""
        return self.setting.case

    def symbol_m(self) -> Float[Tensor, "..."]:
        """m(k) ≥ 0 on the modes of the grid, scaled units."""
        return self.modes.even(self.theta_m**2 * self.m_scale)

    def symbol_w(self) -> Float[Tensor, "..."]:
        """w(k) on the modes of the grid, scaled units."""
        return self.modes.odd(self.theta_w * self.w_scale)

    @property
    def m(self) -> Float[np.ndarray, "..."]:
        """m(k) on the modes of the model's grid, in the user's units."""
        return self.symbol_m().detach().cpu().numpy() / self.setting.scales.time

    @property
    def w(self) -> Float[np.ndarray, "..."]:
        """w(k) on the modes of the model's grid, in the user's units."""
        return self.symbol_w().detach().cpu().numpy() / self.setting.scales.time

    def f_table(self) -> HermiteTable:
        """F' tabulated over the range of the data and a margin."""
        nodes = torch.linspace(self.low, self.high, NODES, dtype=torch.float64, device=self.theta_m.device)
        return HermiteTable.of_derivative(self.potential.pointwise, nodes)

    def flow(self) -> Flow:
        """The equation of motion in scaled units, with F' tabulated and F exact.

        The mean slope of F' over the data goes to the linear part, which the stepper solves exactly: F may
        undo most of a, and the difference of two stiff terms would need small steps.
        """
        K = torch.complex(self.symbol_m(), self.symbol_w())
        slope, f = self.f_table().tilted()
        q = self.potential.symbol() + slope
        N = self.potential.nonlocal_part
        force = None if N is None else N.force

        def F(v: Tensor) -> Tensor:
            return self.potential.pointwise(v) - 0.5 * slope * v**2

        return Flow(self.grid, K, q, f, self.modes.inside, False, force, F, N)

    def energies(self, u: Float[np.ndarray, "..."]) -> Energies:
        """V0, V1, V2 of fields u (*batch, *grid), in the user's units (amplitude² × volume)."""
        scales = self.setting.scales
        v = torch.as_tensor(scales.to_scaled(resampled(np.asarray(u, dtype=float), self.grid.shape)))
        unit = scales.amplitude**2 * scales.length**self.grid.ndim
        with torch.no_grad():
            parts = self.potential(v.to(self.theta_m.device))
        return Energies(*(unit * part.cpu() for part in (parts.V0, parts.V1, parts.V2)))

    def simulate(
        self,
        u0: Float[np.ndarray, "..."],
        t: Float[np.ndarray, " nt"],
        *,
        scheme: Scheme | None = None,
        rtol: float = 1e-7,
    ) -> Float[np.ndarray, "..."]:
        """Fields (*batch, nt, *grid) at times t (nt,), starting from u0 (*batch, *grid) at t[0].

        Raises:
            ValueError: u0 has another dimension, or t does not increase.
            FloatingPointError: the solution is lost; the message names the time.
        """
        u0 = np.asarray(u0, dtype=float)
        shape = u0.shape[u0.ndim - self.grid.ndim :]
        scales = self.setting.scales
        v0 = scales.to_scaled(resampled(u0, self.grid.shape))
        flow = self.flow()
        flow = replace(flow, K=flow.K / scales.time)  # so that t and the steps of a scheme are the user's
        frames = simulate(flow, v0, t, scheme=scheme or ETDRK4(), rtol=rtol)
        u = resampled(scales.to_user(frames), shape)
        if self.setting.hold:
            inside = band_mask(self.setting.grid.resampled(shape), self.setting.band / scales.length)
            axes = self.grid.axes
            held = np.fft.irfftn(np.fft.rfftn(u0, axes=axes) * ~inside, s=shape, axes=axes)
            u = u + np.expand_dims(held, -self.grid.ndim - 1)
        np.moveaxis(u, -self.grid.ndim - 1, 0)[0] = u0
        return u

    def save(self, folder: str | Path) -> None:
        """Write weights.safetensors and model.json into a folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: t.contiguous() for name, t in self.state_dict().items()}, folder / "weights.safetensors"
        )
        (folder / "model.json").write_text(json.dumps(self.setting.to_json(), indent=1))

    @classmethod
    def load(cls, folder: str | Path) -> OnsagerModel:
        """Read what `save` wrote.

        Raises:
            ValueError: a file is missing, unreadable or does not fit.
        """
        folder = Path(folder)
        try:
            model = cls(Setting.from_json(json.loads((folder / "model.json").read_text())))
            model.load_state_dict(load_file(folder / "weights.safetensors"))
        except (OSError, json.JSONDecodeError, UnicodeDecodeError, RuntimeError, SafetensorError) as error:
            raise ValueError(
                f"expected a saved model in {folder}, got: {str(error).splitlines()[0]}"
            ) from None
        return model
