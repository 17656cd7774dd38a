"""A scalar function of a scalar, tabulated once and interpolated everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor


def derivative(function: Callable[[Tensor], Tensor], v: Tensor) -> Tensor:
    """function'(v) for each v, by automatic differentiation that can be differentiated again."""
    v = v if v.requires_grad else v.detach().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(function(v).sum(), v, create_graph=True)[0]


@dataclass(frozen=True)
class HermiteTable:
    """Piecewise cubic of a function through its values and slopes at equidistant nodes.

    The error is h⁴/384 times the fourth derivative. Outside the nodes it continues linearly.

    Args:
        low, high: the first and last node.
        values, slopes: the function and its derivative at the nodes.
    """

    low: float
    high: float
    values: Float[Tensor, " n"]
    slopes: Float[Tensor, " n"]

    @classmethod
    def of_derivative(cls, function: Callable[[Tensor], Tensor], nodes: Float[Tensor, " n"]) -> HermiteTable:
        """The table of function' with its exact slopes; gradients reach the function's parameters."""
        with torch.enable_grad():
            v = nodes.detach().requires_grad_()
            values = derivative(function, v)
            slopes = torch.autograd.grad(values.sum(), v, create_graph=True)[0]
        return cls(float(nodes[0]), float(nodes[-1]), values, slopes)

    @property
    def mean_slope(self) -> float:
        """The slope of the straight line through the ends."""
        return float((self.values[-1] - self.values[0]).detach()) / (self.high - self.low)

    def tilted(self, slope: float | Tensor) -> HermiteTable:
        """The table of the function v ↦ f(v) - s v, with the slope s."""
        nodes = torch.linspace(
            self.low, self.high, len(self.values), dtype=self.values.dtype, device=self.values.device
        )
        return replace(self, values=self.values - slope * nodes, slopes=self.slopes - slope)

    @cached_property
    def rows(self) -> Float[Tensor, "cells 4"]:
        """Coefficients of each cubic in s, which is 0 at the left end of its cell and 1 at the right one."""
        h = (self.high - self.low) / (len(self.values) - 1)
        rise = self.values[1:] - self.values[:-1]
        left, right = h * self.slopes[:-1], h * self.slopes[1:]
        return torch.stack(
            [self.values[:-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise], dim=-1
        )

    def __call__(self, v: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The interpolated function at v."""
        cells = len(self.values) - 1
        inside = v.clamp(self.low, self.high)
        position = (inside - self.low) * (cells / (self.high - self.low))
        cell = position.detach().long().clamp(0, cells - 1)
        s = position - cell
        c = torch.nn.functional.embedding(cell, self.rows)
        cubic = c[..., 0] + s * (c[..., 1] + s * (c[..., 2] + s * c[..., 3]))
        slope = torch.where(v > self.high, self.slopes[-1], self.slopes[0])
        return cubic + slope * (v - inside)
