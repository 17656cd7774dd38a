"""The average force between two fields, whose product with their difference is the difference of V."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member, Pointwise
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import act

# a segment's ends and the nodes of its Kronrod rule (degree 7); two rules of degree 3 judge it
NODES = (
    0.0,
    0.5 - 0.5 * math.sqrt(6 / 7),
    0.5 - 0.5 / math.sqrt(3),
    0.5,
    0.5 + 0.5 / math.sqrt(3),
    0.5 + 0.5 * math.sqrt(6 / 7),
    1.0,
)
KRONROD = (0.0, 49 / 495, 27 / 110, 14 / 45, 27 / 110, 49 / 495, 0.0)
GAUSS = (0.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.0)
SIMPSON = (1 / 6, 0.0, 0.0, 2 / 3, 0.0, 0.0, 1 / 6)


@dataclass(frozen=True)
class AverageForce:
    """ḡ(û, û') with ⟨ḡ, û' - û⟩ = V[û'] - V[û], and how it changes with û'.

    It is the average of δV/δu over the straight segment from u to u' (average vector field, Quispel and
    McLaren, J. Phys. A 41 (2008) 045206): the midpoint for the quadratic energy, quadrature for the others.
    Where that has not converged, the quotient (F(u') - F(u))/(u' - u), which is the same average, takes its
    place, and for N and several fields the correction of Gonzalez, J. Nonlinear Sci. 6 (1996) 449, is added.

    Args:
        total: the transform of ḡ on the evolved modes, (n, [field,] *modes).
        slope: ∂ḡ/∂u' of the pointwise part at each point, (n, *grid); (n, field, field, *grid) for several.
    """

    total: Complex[Tensor, " n *state_modes"]
    slope: Float[Tensor, " n *slope_grid"]

    @classmethod
    def of(
        cls, member: Member, a: Complex[Tensor, " n *state_modes"], b: Complex[Tensor, " n *state_modes"]
    ) -> AverageForce:
        """From û to û', both on the evolved modes.

        Raises:
            ValueError: the member knows its force only.
        """
        F, domain = member.energy.pointwise.F, member.domain
        if F is None:
            raise ValueError("expected a member that knows its energy F, got its force only; give F as well")
        ends = domain.ifft(a), domain.ifft(b)
        if domain.n_fields is None:
            average, slope = pointwise_average(F, *ends)
        else:
            average, slope = average_of_fields(F, *ends, domain)
        total = act(0.5 * member.q, a + b, domain) + domain.fft(average)
        return cls((total + nonlocal_average(member, a, b)) * member.mask, slope)


def weights(rule: tuple[float, ...], like: Tensor) -> Tensor:
    """A rule as a column along the first axis."""
    return torch.tensor(rule, dtype=like.real.dtype, device=like.device).reshape(-1, *(1,) * like.ndim)


def applied(rule: tuple[float, ...], values: Tensor) -> Tensor:
    """The sum of values along the first axis with the weights of a rule."""
    return (weights(rule, values[0]) * values).sum(0)


def pointwise_average(
    F: Pointwise, a: Float[Tensor, " n *grid"], b: Float[Tensor, " n *grid"]
) -> tuple[Float[Tensor, " n *grid"], Float[Tensor, " n *grid"]]:
    """∫₀¹ F'(a + s(b - a)) ds at each point, and its derivative by b."""
    position = weights(NODES, a)
    values, f, curvature = derivatives(F, a + position * (b - a))
    average = applied(KRONROD, f)
    slope = applied(KRONROD, position * curvature)
    rough = in_doubt(f, average)
    rise = torch.where(rough, b - a, 1.0)
    quotient = (values[-1] - values[0]) / rise
    return torch.where(rough, quotient, average), torch.where(rough, (f[-1] - quotient) / rise, slope)


def average_of_fields(
    F: Pointwise, a: Float[Tensor, " n field *grid"], b: Float[Tensor, " n field *grid"], domain: Domain
) -> tuple[Float[Tensor, " n field *grid"], Float[Tensor, " n field field *grid"]]:
    """∫₀¹ ∇F(a + s(b - a)) ds of several fields at each point, and its derivatives by b.

    Where the quadrature has not converged, the average is moved along b - a until its product with it is
    F(b) - F(a); the derivatives leave that out.
    """
    position, field = weights(NODES, a), domain.state_axes[0]
    values, f, slopes = derivatives_of_fields(F, a + position * (b - a), domain)
    average = applied(KRONROD, f)
    slope = applied(KRONROD, position.unsqueeze(-1) * slopes)
    rough = in_doubt(f, average).any(field, keepdim=True)
    missing = values[-1] - values[0] - (average * (b - a)).sum(field, keepdim=True)
    size = ((b - a) ** 2).sum(field, keepdim=True)
    return torch.where(rough, average + (b - a) * (missing / torch.where(rough, size, 1.0)), average), slope


def in_doubt(
    f: Float[Tensor, "nodes n *state"], average: Float[Tensor, " n *state"]
) -> Bool[Tensor, " n *state"]:
    """Where two rules of lower degree give another average of the values f at the nodes."""
    largest = f.abs().amax((0, *range(2, f.ndim))).reshape(-1, *(1,) * (average.ndim - 1))
    doubt = torch.maximum((applied(GAUSS, f) - average).abs(), (applied(SIMPSON, f) - average).abs())
    return doubt > NUMBERS.quadrature_agreement * largest


def derivatives_of_fields(
    F: Pointwise, v: Float[Tensor, "*batch_state"], domain: Domain
) -> tuple[Tensor, Tensor, Tensor]:
    """F, ∂F/∂v_i and ∂²F/∂v_i∂v_j at v, (*batch, 1, *grid), (*batch, i, *grid) and (*batch, i, j, *grid)."""
    field = domain.state_axes[0]
    with torch.enable_grad():
        v = v.detach().requires_grad_()
        values = F(v) + 0 * (v**2).sum(field, keepdim=True)
        (f,) = torch.autograd.grad(values.sum(), v, create_graph=True)
        rows = [torch.autograd.grad(part.sum(), v, retain_graph=True)[0] for part in f.unbind(field)]
    return values.detach(), f.detach(), torch.stack(rows, dim=field - 1)


def derivatives(F: Pointwise, v: Float[Tensor, "*shape"]) -> tuple[Tensor, Tensor, Tensor]:
    """F, F' and F'' at v, the last two by automatic differentiation of the first."""
    with torch.enable_grad():
        v = v.detach().requires_grad_()
        values = F(v) + 0 * v**2  # constants and straight lines have derivatives, too
        (f,) = torch.autograd.grad(values.sum(), v, create_graph=True)
        (curvature,) = torch.autograd.grad(f.sum(), v)
    return values.detach(), f.detach(), curvature


def nonlocal_average(
    member: Member, a: Complex[Tensor, " n *state_modes"], b: Complex[Tensor, " n *state_modes"]
) -> Tensor:
    """The discrete gradient of N, on the evolved modes; 0 where there is none."""
    others = member.energy.others
    if not others:
        return torch.zeros_like(a)
    step = b - a
    at_nodes = a + weights(NODES, a) * step
    forces = torch.stack([term.force(at_nodes) for term in others]).sum(0).detach() * member.mask
    average, gauss, simpson = (applied(rule, forces) for rule in (KRONROD, GAUSS, SIMPSON))
    doubt = torch.maximum(member.domain.norm(gauss - average), member.domain.norm(simpson - average))
    rough = doubt > NUMBERS.quadrature_agreement * member.domain.norm(forces).amax(0)
    rise = torch.stack([term.value(b) - term.value(a) for term in others]).sum(0).detach()
    missing = torch.where(rough, rise - member.domain.inner(average, step), 0.0)
    size = torch.where(rough, member.domain.inner(step, step), 1.0)
    return average + step * (missing / size).reshape(-1, *(1,) * len(member.domain.state_axes))
