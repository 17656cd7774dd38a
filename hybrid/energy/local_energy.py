"""Local energies of the field and its derivatives, ∫ Σ c Π ∂^α u dx, and their gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.energy.energy import EnergyTerm
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.symbols import derivative_on

Order = tuple[int, ...]  # how often the field is differentiated along each axis
Weight = float | Float[Tensor, "*weights"]


@dataclass(frozen=True)
class Density:
    """D = Σ_j c_j Π_i ∂^{α_ji} u, a polynomial of the field and its derivatives.

    Args:
        products: c_j and the α_ji of each product; in 1D (0,) is u and (2,) is u_xx, in 2D (2, 1) is u_xxy.
    """

    products: tuple[tuple[float, tuple[Order, ...]], ...]

    @cached_property
    def slopes(self) -> Mapping[tuple[Order, tuple[Order, ...]], float]:
        """∂D/∂(∂^α u) for each α: the other factors of each product, and how often they come."""
        found: dict[tuple[Order, tuple[Order, ...]], float] = {}
        for c, orders in self.products:
            for i, order in enumerate(orders):
                key = order, tuple(sorted(orders[:i] + orders[i + 1 :]))
                found[key] = found.get(key, 0.0) + c
        return found

    @property
    def derivatives(self) -> int:
        """The most derivatives in a product: how D scales with the unit of length where all have as many."""
        return max(sum(map(sum, orders)) for _, orders in self.products)

    @property
    def degree(self) -> int:
        """The most factors in a product: how D scales with the amplitude where all have as many."""
        return max(len(orders) for _, orders in self.products)


def cubic_densities(ndim: int) -> tuple[Density, ...]:
    """The cubic energies of at most four derivatives that reflections of x, or rotations, do not rule out.

        1D  u u_x²,  u_x³,  u u_xx²        2D and 3D  u |∇u|²,  u (Δu)²

    In 1D they are all: every other product of three factors differs from these by a total derivative.
    """
    if ndim == 1:
        triples = ((0,), (1,), (1,)), ((1,), (1,), (1,)), ((0,), (2,), (2,))
        return tuple(Density(((1.0, factors),)) for factors in triples)
    u = (0,) * ndim
    first, second = (derivatives_along(ndim, n) for n in (1, 2))
    pairs = combinations_with_replacement(second, 2)
    return (
        Density(tuple((1.0, (u, d, d)) for d in first)),
        Density(tuple((1.0 + (c != d), (u, c, d)) for c, d in pairs)),
    )


def derivatives_along(ndim: int, n: int) -> tuple[Order, ...]:
    """The n-th derivative along each axis."""
    return tuple(tuple(n * (i == j) for j in range(ndim)) for i in range(ndim))


def quartic_densities(ndim: int) -> tuple[Density, ...]:
    """Quartic energies of two and four derivatives: u² |∇u|² and |∇u|⁴.

    With powers of u beside them their gradients span u |∇u|² and the divergence of |∇u|² ∇u.
    """
    u, first = (0,) * ndim, derivatives_along(ndim, 1)
    squares = tuple((1.0, (u, u, d, d)) for d in first)
    return Density(squares), Density(tuple((1.0, (c, c, d, d)) for c in first for d in first))


def acting(densities: Sequence[Density], domain: Domain) -> tuple[Density, ...]:
    """Those of some densities that reflections at the walls of a domain leave as they are."""
    return tuple(
        density
        for density in densities
        if all(_even(orders, domain, axis) for axis in domain.walled for _, orders in density.products)
    )


def _even(orders: tuple[Order, ...], domain: Domain, axis: int) -> bool:
    """Whether a product of derivatives of one field is the same on both sides of the walls of an axis."""
    return math.prod(domain.parities[0][axis] * (-1) ** order[axis] for order in orders) == 1


@dataclass(frozen=True)
class LocalEnergy(EnergyTerm):
    """Σ_j β_j ∫ D_j dx on a domain, and its L² gradient

        δ/δu ∫ D dx = Σ_α (-1)^|α| ∂^α (∂D/∂(∂^α u)),    such as  δ/δu ∫ u u_x² dx = u_x² - 2 (u u_x)_x.

    The integral is the sum over the points, as that of F; the derivatives are those of the modes below
    Nyquist's, so the gradient is that of this sum to rounding.

    Args:
        domain: the box and its points, for one field.
        densities: the D_j.
        weights: the β_j, numbers or tensors that broadcast against fields.

    Raises:
        ValueError: several fields, or a density that a reflection at a wall turns around.
    """

    domain: Domain
    densities: tuple[Density, ...]
    weights: Sequence[Weight] = ()

    def __post_init__(self) -> None:
        if self.domain.n_fields is not None:
            raise ValueError(f"expected one field for densities of u, got {self.domain.n_fields}")
        for density in self.densities:
            if not acting((density,), self.domain):
                raise ValueError(
                    f"expected densities that reflections of axes {self.domain.walled} leave alone, got "
                    f"{density}; take an even number of derivatives along them"
                )

    @cached_property
    def boxes(self) -> Mapping[Order, Domain]:
        """Where each derivative that a density holds lives: its parities differ between walls."""
        orders = {order for density in self.densities for order, _ in density.slopes}
        return {order: self.domain.differentiated(order) for order in orders}

    def symbol(self, order: Order, like: Complex[Tensor, "*batch_modes"]) -> Complex[Tensor, "*modes"]:
        """(i k)^α, to be multiplied with another tensor."""
        return derivative_on(order, self.domain, like.device).to(like)

    def fields(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Mapping[Order, Float[Tensor, "*batch_state"]]:
        """∂^α u of û (*batch, *modes) for every derivative that a density holds."""
        return {order: box.ifft(self.symbol(order, u_hat) * u_hat) for order, box in self.boxes.items()}

    def means(
        self, fields: Mapping[Order, Float[Tensor, "*batch_state"]]
    ) -> Iterator[Float[Tensor, "*batch"]]:
        """The mean over the box of each D_j of some fields, (*batch)."""
        for density in self.densities:
            terms = (c * math.prod(fields[order] for order in orders) for c, orders in density.products)
            yield torch.as_tensor(sum(terms)).mean(self.domain.axes)

    def contributions(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Float[Tensor, "*batch n"]:
        """Σ_j β_j ∫ D_j dx of û (*batch, *modes), (*batch, 1)."""
        means = self.means(self.fields(u_hat))
        terms = (weight * mean for weight, mean in zip(self.weights, means, strict=True))
        return (self.domain.volume * torch.as_tensor(sum(terms)))[..., None]

    def force(self, u_hat: Complex[Tensor, "*#batch_modes"]) -> Complex[Tensor, "*#batch_modes"]:
        """FT{Σ_j β_j δ/δu ∫ D_j} of û (*batch, *modes)."""
        return self.force_of(self.fields(u_hat), self.weights)

    def force_of(
        self, fields: Mapping[Order, Float[Tensor, "*batch_state"]], weights: Sequence[Weight]
    ) -> Complex[Tensor, "*batch_modes"]:
        """FT{Σ_j w_j δ/δu ∫ D_j} from the derivatives ∂^α u that `fields` gives, with weights w_j for β_j."""
        inner: dict[Order, Tensor] = {}
        for weight, density in zip(weights, self.densities, strict=True):
            for (order, others), c in density.slopes.items():
                slope = torch.as_tensor((c * weight) * math.prod(fields[other] for other in others))
                inner[order] = inner[order] + slope if order in inner else slope
        terms = ((order, self.boxes[order].fft(slope)) for order, slope in inner.items())
        return torch.as_tensor(sum(self.symbol(order, f).conj() * f for order, f in terms))

    def forces(self, u_hat: Complex[Tensor, "*batch_modes"]) -> Iterator[Complex[Tensor, "*batch_modes"]]:
        """FT{δ/δu ∫ D_j dx} of û (*batch, *modes), for one density after another."""
        fields = self.fields(u_hat)
        for density in self.densities:
            yield LocalEnergy(self.domain, (density,)).force_of(fields, (1.0,))
