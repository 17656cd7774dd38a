"""The functions φ₁, φ₂, φ₃ of exponential integrators."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain

NEAR = 1.0  # below this |z| the series is used: closed forms lose digits, |z|⁻³ of them in φ₃
TERMS = 18  # 1/21! of NEAR^18 is below rounding
SERIES = tuple(1 / math.factorial(j + 3) for j in range(TERMS))


def phi(z: Complex[Tensor, "*symbol"], e: Complex[Tensor, "*symbol"]) -> tuple[Tensor, Tensor, Tensor]:
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


def phi_of_half(z: Complex[Tensor, "*symbol"], e_half: Complex[Tensor, "*symbol"], one: Tensor) -> Tensor:
    """φ₁(z/2), by φ₁(z) = ½ φ₁(z/2) (e^(z/2) + 1), or by its closed form where that factor is small.

    Args:
        z: where.
        e_half, one: e^(z/2) and φ₁(z).
    """
    factor = e_half + 1
    usable = factor.detach().abs() > 1
    quotient = one / torch.where(usable, factor, 1.0)
    return 2 * torch.where(usable, quotient, (e_half - 1) / torch.where(usable, 1.0, z))


@dataclass(frozen=True)
class Exponentials:
    """e^z, e^(z/2), φ₁(z/2) and φ₁, φ₂, φ₃ of a symbol z: of numbers, or of an n×n matrix at each mode."""

    e: Tensor
    e_half: Tensor
    one_of_half: Tensor
    one: Tensor
    two: Tensor
    three: Tensor

    @classmethod
    def of(cls, z: Complex[Tensor, "*symbol"], domain: Domain) -> Exponentials:
        """e^z, e^(z/2), φ₁(z/2), φ₁, φ₂, φ₃ of a symbol z = h λ(k) on a domain.

        Args:
            z: (*lead, *modes), or (*lead, n, n, *modes) for n fields.
            domain: the box.
        """
        if domain.n_fields is not None:
            return cls._of_matrices(z, domain)
        e_half = torch.exp(z / 2)
        e = e_half * e_half
        one, two, three = phi(z, e)
        return cls(e, e_half, phi_of_half(z, e_half, one), one, two, three)

    @classmethod
    def _of_matrices(cls, z: Complex[Tensor, "*symbol"], domain: Domain) -> Exponentials:
        """By one exponential of a matrix of blocks, whose first row then holds e^z, φ₁, φ₂ and φ₃.

        Source: Sidje, ACM Trans. Math. Softw. 24 (1998) 130, theorem 1.
        """
        at, inside = (-domain.ndim - 2, -domain.ndim - 1), (-2, -1)

        def blocks(a: Tensor, n: int) -> tuple[Tensor, ...]:
            size = a.shape[-1]
            large = torch.zeros(*a.shape[:-2], n * size, n * size, dtype=a.dtype, device=a.device)
            large[..., :size, :size] = a
            one = torch.eye(size, dtype=a.dtype, device=a.device)
            for i in range(n - 1):
                large[..., i * size : (i + 1) * size, (i + 1) * size : (i + 2) * size] = one
            row = torch.matrix_exp(large)[..., :size, :]
            return tuple(part.movedim(inside, at) for part in row.split(size, dim=-1))

        a = z.movedim(at, inside)
        (e, one, two, three), (e_half, one_of_half) = blocks(a, 4), blocks(a / 2, 2)
        return cls(e, e_half, one_of_half, one, two, three)
