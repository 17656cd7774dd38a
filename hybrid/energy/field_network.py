"""The neural density F of several fields, with its gradient in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mesoscribe.hybrid.energy.potential import log_cosh
from mesoscribe.hybrid.space.linear_algebra import ridge_regression
from mesoscribe.hybrid.space.numbers import NUMBERS


class FieldNetwork(nn.Module):
    """F(v) = h·v + Σ_i c_i [log cosh(s_i·v + b_i) - log cosh b_i] of the n fields v ∈ Rⁿ at each point.

    A network of one hidden layer that grows at most linearly, |F(v)| ≤ (|h| + Σ_i |c_i| |s_i|) |v|. Its
    gradient is h + Σ_i c_i tanh(s_i·v + b_i) s_i.

    Args:
        n_fields: n; ndim: the dimensions of the grid, whose axes follow that of the fields.
        low, high: the range of the data, where the hidden units have their transitions until `imitate` has
            seen some values.
        width: hidden units for each field.
    """

    def __init__(
        self, n_fields: int, ndim: int, low: float, high: float, width: int = NUMBERS.field_units
    ) -> None:
        super().__init__()
        units, self.axis = width * n_fields, -ndim - 1
        self.steepness = nn.Parameter(torch.zeros(n_fields, units, dtype=torch.float64))
        self.offset = nn.Parameter(torch.zeros(units, dtype=torch.float64))
        self.amplitude = nn.Parameter(torch.zeros(units, dtype=torch.float64))
        self.drive = nn.Parameter(torch.zeros(n_fields, dtype=torch.float64))
        middle = 0.5 * (low + high) * spread(n_fields, units)[0].sum(0)
        self._place(middle - 0.5 * (high - low), middle + 0.5 * (high - low))

    @torch.no_grad()
    def _place(self, low: Float[Tensor, " units"], high: Float[Tensor, " units"]) -> None:
        """Spread the units: directions over the sphere, transitions over the range of v along each."""
        directions, places = spread(*self.steepness.shape)
        width = (high - low).clamp(min=1e-3 * float((high - low).max()))
        centres = 0.5 * (low + high) + NUMBERS.field_reach * width * (places - 0.5)
        steepness = NUMBERS.field_transitions / (len(self.steepness) * width)
        self.steepness.copy_(directions * steepness)
        self.offset.copy_(-steepness * centres)

    def _hidden(self, v: Float[Tensor, "*batch_state"]) -> tuple[Float[Tensor, "*shape n"], Tensor]:
        """The fields with their axis last, and s_i·v + b_i of each unit."""
        last = v.movedim(self.axis, -1)
        return last, last @ self.steepness + self.offset

    def forward(self, v: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_one"]:
        """F at each point of fields (*batch, field, *grid): (*batch, 1, *grid)."""
        last, hidden = self._hidden(v)
        rise = log_cosh(hidden) - log_cosh(self.offset)
        return (last @ self.drive + rise @ self.amplitude).unsqueeze(self.axis)

    def gradient(self, v: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """∂F/∂v_i at each point of fields (*batch, field, *grid)."""
        _, hidden = self._hidden(v)
        return (torch.tanh(hidden) @ (self.amplitude * self.steepness).T + self.drive).movedim(-1, self.axis)

    @torch.no_grad()
    def imitate(self, v: Float[Tensor, "values n"], f: Float[Tensor, "values n"]) -> None:
        """Spread the units over values v of the fields, and set the output layer so that ∂F/∂v ≈ f there."""
        along = v @ spread(*self.steepness.shape)[0]
        self._place(along.min(0).values, along.max(0).values)
        slopes = torch.tanh(v @ self.steepness + self.offset)[:, None] * self.steepness
        one = torch.eye(v.shape[1], dtype=v.dtype).expand(len(v), -1, -1)
        columns = torch.cat([slopes, one], dim=-1).flatten(0, 1)
        solution = ridge_regression(columns, f.flatten(), NUMBERS.field_ridge)
        self.amplitude.copy_(solution[: len(self.amplitude)])
        self.drive.copy_(solution[len(self.amplitude) :])


@dataclass(frozen=True, eq=False)
class FieldForce:
    """∂F/∂v of a network of several fields, with the mean of its slopes over a range.

    Args:
        network: F.
        low, high: the range of each field.
    """

    network: FieldNetwork
    low: float
    high: float

    def __call__(self, v: Float[Tensor, "*batch_state"]) -> Float[Tensor, "*batch_state"]:
        """∂F/∂v_i of fields (*batch, field, *grid)."""
        return self.network.gradient(v)

    @property
    def mean_slope(self) -> float:
        """The mean over the fields i of the slope of ∂F/∂v_i through the ends of the range of v_i."""
        network, n = self.network, len(self.network.drive)
        along = torch.eye(n, dtype=torch.float64, device=network.drive.device)
        along = along.reshape(n, n, *(1,) * (-network.axis - 1))
        middle, half = 0.5 * (self.high + self.low), 0.5 * (self.high - self.low)
        with torch.no_grad():
            rise = self(middle + half * along) - self(middle - half * along)
        return float((rise * along).sum()) / (2 * half * n)


def spread(n: int, units: int) -> tuple[Float[Tensor, "n units"], Float[Tensor, " units"]]:
    """Directions that cover the unit sphere in Rⁿ and places that cover [0, 1], evenly in both together.

    By Halton's sequence, its first n numbers made normal and divided by their length.
    """
    from scipy.stats import qmc  # takes long to import: only several fields wait

    points = torch.from_numpy(qmc.Halton(n + 1, scramble=False).random(units + 1)[1:])  # the first is 0
    normal = torch.special.ndtri(points[:, :n].T)
    return normal / torch.linalg.vector_norm(normal, dim=0), points[:, n]
