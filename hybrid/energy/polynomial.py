"""Polynomials of several fields and their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from mesoscribe.hybrid.energy.powersum import Weight

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
        fields = v.unbind(axis)
        return self._sum(zip(self.weights, self.powers, strict=True), fields).unsqueeze(axis)

    def gradient(self, v: Tensor) -> Tensor:
        """∂F/∂v_i at each point, (*batch, field, *grid)."""
        axis = -self.ndim - 1
        fields = v.unbind(axis)
        slopes = [self._sum(parts, fields) for parts in self._slopes(len(fields))]
        return torch.stack(torch.broadcast_tensors(*slopes), dim=axis)  # one may have no weights

    def _slopes(self, n: int) -> list[list[tuple[Weight, Powers]]]:
        """The terms of each ∂F/∂v_i."""
        return [
            [
                (c * p[i], tuple(q - (j == i) for j, q in enumerate(p)))
                for c, p in zip(self.weights, self.powers, strict=True)
                if p[i]
            ]
            for i in range(n)
        ]

    @staticmethod
    def _sum(terms: Iterable[tuple[Weight, Powers]], fields: Sequence[Tensor]) -> Tensor:
        """Σ_j c_j Π_i v_i^{p_ji}, each power made once."""
        made = _Powers(fields)
        total = torch.zeros_like(fields[0])
        for c, p in terms:
            total = total + c * math.prod((made(i, n) for i, n in enumerate(p) if n), start=made.one)
        return total


@dataclass(frozen=True)
class _Powers:
    """Powers of fields, each made once by products: `torch.pow` takes as long as ten."""

    fields: Sequence[Tensor]

    @cached_property
    def one(self) -> Tensor:
        return torch.ones((), dtype=self.fields[0].dtype, device=self.fields[0].device)

    @cached_property
    def _known(self) -> dict[tuple[int, int], Tensor]:
        return {(i, 1): v for i, v in enumerate(self.fields)}

    def __call__(self, i: int, n: int) -> Tensor:
        """v_iⁿ, n ≥ 1."""
        if (i, n) not in self._known:
            self._known[i, n] = self(i, n // 2) * self(i, n - n // 2)
        return self._known[i, n]
