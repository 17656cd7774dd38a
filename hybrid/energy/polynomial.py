"""Polynomials of several fields and their gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mesoscribe.hybrid.energy.powersum import PowerSum, Weight

Powers = tuple[int, ...]  # how often each field is a factor


@dataclass(frozen=True, eq=False)
class Polynomial:
    """F(v) = Σ_j c_j Π_i v_i^{p_ji} of fields v (*batch, field, *grid).

    Args:
        powers: the p_j, as many numbers as there are fields.
        weights: the c_j; numbers, or tensors that broadcast against (*batch, *grid).
        ndim: dimensions of the grid.
    """

    powers: tuple[Powers, ...]
    weights: Sequence[Weight]
    ndim: int

    def __call__(self, v: Tensor) -> Tensor:
        """F at each point, (*batch, 1, *grid)."""
        axis = -self.ndim - 1
        return _nested(dict(zip(self.powers, self.weights, strict=True)), v.unbind(axis)).unsqueeze(axis)

    def gradient(self, v: Tensor) -> Tensor:
        """∂F/∂v_i at each point, (*batch, field, *grid)."""
        axis = -self.ndim - 1
        fields = v.unbind(axis)
        slopes = [_nested(parts, fields) for parts in self._slopes] or [torch.zeros_like(f) for f in fields]
        return torch.stack(torch.broadcast_tensors(*slopes), dim=axis)  # one may have no weights

    @cached_property
    def _slopes(self) -> list[dict[Powers, Weight]]:
        """The terms of each ∂F/∂v_i."""
        return [
            {
                tuple(q - (j == i) for j, q in enumerate(p)): c * p[i]
                for c, p in zip(self.weights, self.powers, strict=True)
                if p[i]
            }
            for i in range(len(self.powers[0]) if self.powers else 0)
        ]


def _nested(terms: Mapping[Powers, Weight], fields: Sequence[Tensor]) -> Tensor:
    """Σ_j c_j Π_i v_i^{p_ji} as a polynomial of the last field, whose coefficients are ones of the others."""
    *others, last = fields
    by_power: dict[int, dict[Powers, Weight]] = {}
    for (*rest, n), c in terms.items():
        by_power.setdefault(n, {})[tuple(rest)] = c

    def coefficient(group: dict[Powers, Weight]) -> Weight:
        constant = [c for p, c in group.items() if not any(p)]
        return constant[0] if len(group) == len(constant) else _nested(group, others)

    return PowerSum({n: coefficient(group) for n, group in by_power.items()})(last)
