"""The functions φ₁, φ₂, φ₃ of exponential integrators."""

from __future__ import annotations

import math

import torch
from jaxtyping import Complex
from torch import Tensor

NEAR = 1.0  # below this |z| the series is used: closed forms lose digits, |z|⁻³ of them in φ₃
TERMS = 18  # 1/21! of NEAR^18 is below rounding
SERIES = tuple(1 / math.factorial(j + 3) for j in range(TERMS))


def phi(z: Complex[Tensor, "..."], e: Complex[Tensor, "..."]) -> tuple[Tensor, Tensor, Tensor]:
    """φ₁ = (e^z - 1)/z,  φ₂ = (φ₁ - 1)/z,  φ₃ = (φ₂ - 1/2)/z, accurate for every z and differentiable.

    Near 0 the series φ₃ = Σ_j z^j/(j + 3)! comes first and the recursion is run backwards.
    Source: Hochbruck and Ostermann, Acta Numerica 19 (2010) 209, eq. 2.10–2.11.

    Args:
        z: where.
        e: e^z.
    """
    near = z.detach().abs() < NEAR
    far, small = torch.where(near, 1.0, z), torch.where(near, z, 0.0)
    series = torch.full_like(small, SERIES[-1])
    for c in SERIES[-2::-1]:
        series = series * small + c
    second = series * small + 0.5
    one = (e - 1) / far
    two = (one - 1) / far
    return (
        torch.where(near, second * small + 1, one),
        torch.where(near, second, two),
        torch.where(near, series, (two - 0.5) / far),
    )


def phi_of_half(z: Complex[Tensor, "..."], e_half: Complex[Tensor, "..."], one: Tensor) -> Tensor:
    """φ₁(z/2), by φ₁(z) = ½ φ₁(z/2) (e^(z/2) + 1), or by its closed form where that factor is small.

    Args:
        z: where.
        e_half, one: e^(z/2) and φ₁(z).
    """
    factor = e_half + 1
    usable = factor.detach().abs() > 1
    quotient = one / torch.where(usable, factor, 1.0)
    return 2 * torch.where(usable, quotient, (e_half - 1) / torch.where(usable, 1.0, z))
