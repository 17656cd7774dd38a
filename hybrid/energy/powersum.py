"""Sums of powers of a field, in as few passes over it as they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

Weight = float | Tensor


@dataclass(frozen=True, eq=False)
class PowerSum:
    """v ↦ Σ_n a_n vⁿ by Horner's rule over the powers that are there.

    A pass over the field for each power and each gap; `torch.pow` with an exponent above 3 takes as long as
    ten.

    Args:
        weights: a_n by n ≥ 0; numbers, or tensors that broadcast against v.
    """

    weights: Mapping[int, Weight]

    def __call__(self, v: Tensor) -> Tensor:
        """The sum at each point of fields."""
        powers = sorted({0, *self.weights}, reverse=True)
        known, total = {1: v}, self.weights.get(powers[0], 0.0)
        if len(powers) == 1:
            return total + torch.zeros_like(v)
        for high, low in pairwise(powers):
            factor = _power(known, high - low)
            total = _step(self.weights.get(low), total, factor)
        assert isinstance(total, Tensor)
        return total

    def tilted(self, slope: Weight) -> PowerSum:
        """The function v ↦ Σ_n a_n vⁿ - s v, with the slope s."""
        return PowerSum({**self.weights, 1: self.weights.get(1, 0.0) - slope})


def _power(known: dict[int, Tensor], n: int) -> Tensor:
    """vⁿ from the powers that are known, and known from now on."""
    if n not in known:
        known[n] = _power(known, n // 2) * _power(known, n - n // 2)
    return known[n]


def _step(added: Weight | None, total: Weight, factor: Tensor) -> Tensor:
    """a + total · factor."""
    if added is None:
        return total * factor
    if isinstance(added, Tensor):
        added = added.to(factor)
    else:
        added = torch.full((), added, dtype=factor.dtype, device=factor.device)
    if not isinstance(total, Tensor):
        return torch.add(added, factor, alpha=total)
    if total.numel() < factor.numel():  # two operands that are broadcast are read one number at a time
        return total * factor + added
    return torch.addcmul(added, total, factor)
