"""A time stepper that keeps the energy law of u_t = -(M + W) δV/δu for every step that it accepts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.average_force import AverageForce, nonlocal_average
from mesoscribe.hybrid.dynamics.gmres import gmres
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.step_control import lost
from mesoscribe.hybrid.dynamics.steppers import Crossing, Step
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import act, identity, product


@dataclass
class StepCounts:
    """How many steps of single fields were taken, divided and refused.

    Args:
        taken: steps accepted.
        subdivided: steps that did not converge and were taken in two halves.
        refused: steps that did not converge at the smallest size and ended the simulation.
        iterations: Newton iterations in all of them.
    """

    taken: int = 0
    subdivided: int = 0
    refused: int = 0
    iterations: int = 0


@dataclass(frozen=True)
class DiscreteGradient:
    """(û' - û)/h = -K(k) ḡ(û, û') with the discrete gradient ḡ of V; order 2, implicit.

    As ⟨ḡ, û' - û⟩ = V[û'] - V[û], every solution for every h has

        V[û'] - V[û] = -h ⟨ḡ, M ḡ⟩ ≤ 0,    = 0 where M = 0,

    V being the energy on the evolved modes (`Member.V`; held modes do not act on the others and are not
    in it). A step is accepted when both hold to the tolerance: its own equation, relative to the norm of the
    field (after preconditioning by the linear part), and the energy law, relative to the sum of the absolute
    values of the terms of V. A step that does not get there is taken in two halves, and refused with an error
    after `halvings` of that.
    Not promised: accuracy (steps follow `step`, not an error estimate: halve it to see the error); strong
    damping of stiff modes at large steps, which are reflected as by the midpoint rule; and, where V has no
    lower bound, boundedness: each step keeps the energy law, but a large one may even cross a blow-up.
    Source: McLachlan, Quispel and Robidoux, Phil. Trans. R. Soc. A 357 (1999) 1021; the nonlinear equation by
    Newton's method with GMRES (Knoll and Keyes, J. Comput. Phys. 193 (2004) 357).

    Args:
        step: the largest step, in the unit of the times that are simulated; frames are divided evenly.
        tolerance: relative error allowed in each step.
        halvings: how often a step that does not converge is halved before it is refused.
        counts: added to by every simulation with this scheme.
    """

    step: float
    tolerance: float = NUMBERS.discrete_tolerance
    halvings: int = NUMBERS.discrete_halvings
    counts: StepCounts = field(default_factory=StepCounts, compare=False)
    order: int = 2

    def __post_init__(self) -> None:
        if not (self.step > 0 and math.isfinite(self.step)):
            raise ValueError(f"expected a positive step, got {self.step}; give the largest time step")
        if not NUMBERS.finest_tolerance <= self.tolerance < 1:
            raise ValueError(
                f"expected a tolerance from {NUMBERS.finest_tolerance:g} to 1, got {self.tolerance}; "
                f"{NUMBERS.discrete_tolerance:g} is usual"
            )

    def prepare(self, member: Member, dt: float | Tensor) -> Step:
        """The map û(t) ↦ û(t + dt) in one step, divided only where it does not converge.

        It raises FloatingPointError, with the time from its start, where it is refused.
        """
        return lambda u_hat: self._advance(member, u_hat, 0.0, float(dt))

    def crossing(self, member: Member, *, rtol: float, max_level: int) -> Crossing:
        """Equal steps of at most `step`; rtol and max_level belong to schemes that adapt."""

        def cross(u_hat: Tensor, t: float, interval: float) -> Tensor:
            n = max(1, math.ceil(interval / self.step * (1 - 1e-9)))
            for i in range(n):
                u_hat = self._advance(member, u_hat, t + interval * i / n, interval / n)
            return u_hat

        return cross

    def _advance(self, member: Member, u_hat: Tensor, t: float, h: float) -> Tensor:
        """û(t + h) of û(t) for any batch."""
        domain = member.domain
        if member.K.ndim > domain.ndim + 2 * (domain.n_fields is not None):
            raise ValueError(
                f"expected one equation of motion, got {tuple(member.K.shape)}; simulate each by itself"
            )
        with torch.no_grad():
            fields = u_hat.reshape(-1, *u_hat.shape[-len(domain.state_axes) :])
            return self._halving(member, fields, t, h, self.halvings).reshape(u_hat.shape)

    def _halving(
        self, member: Member, u: Complex[Tensor, " n *state_modes"], t: float, h: float, left: int
    ) -> Tensor:
        """One step; the fields for which it does not converge take it in two halves."""
        u_next, converged, iterations = _Equation(member, u, h, self.tolerance).solve()
        failed = int((~converged).sum())
        self.counts.iterations += iterations
        self.counts.taken += len(u) - failed
        if not failed:
            return u_next
        if left == 0:
            self.counts.refused += failed
            raise lost(t)
        self.counts.subdivided += failed
        half = self._halving(member, u[~converged], t, h / 2, left - 1)
        u_next[~converged] = self._halving(member, half, t + h / 2, h / 2, left - 1)
        return u_next


class _Equation:
    """R(y) = y - û + h K ḡ(û, y) = 0 for y = û(t + h), by Newton's method for each field of a batch.

    Args:
        member: the equation of motion.
        u: û(t), (n, [field,] *modes), on the evolved modes.
        h: the step.
        tolerance: see DiscreteGradient.
    """

    def __init__(
        self, member: Member, u: Complex[Tensor, " n *state_modes"], h: float, tolerance: float
    ) -> None:
        self.member, self.u, self.h, self.tolerance = member, u, h, tolerance
        self.V, self.V_size = member.V(u), member.V_size(u)
        mean_slope = AverageForce.of(member, u, u).slope.mean(member.domain.axes, keepdim=True)
        self.linear = _linear_part(member, (0.5 * member.q + mean_slope) * member.mask, h)

    def _rows(self, rows: Tensor) -> _Equation:
        """The equation of some of the fields."""
        part = object.__new__(_Equation)
        part.member, part.h, part.tolerance = self.member, self.h, self.tolerance
        part.u, part.V, part.V_size, part.linear = (
            x[rows] for x in (self.u, self.V, self.V_size, self.linear)
        )
        return part

    def residual(self, y: Tensor) -> tuple[Tensor, AverageForce]:
        """R(y) over the linear part, and ḡ."""
        gradient = AverageForce.of(self.member, self.u, y)
        forced = act(self.h * self.member.K, gradient.total, self.member.domain)
        return self.preconditioned(y - self.u + forced), gradient

    def preconditioned(self, residual: Tensor) -> Tensor:
        """A residual over the linear part, which for several fields is given by its inverse."""
        domain = self.member.domain
        return residual / self.linear if domain.n_fields is None else act(self.linear, residual, domain)

    def holds(self, y: Tensor, residual: Tensor, gradient: AverageForce) -> Bool[Tensor, " n"]:
        """Whether y solves the equation, and has the energy that the law asks for, to the tolerance."""
        member, domain, g = self.member, self.member.domain, gradient.total
        size = torch.maximum(domain.norm(self.u), domain.norm(y))
        loss = self.h * domain.inner(g, act(member.operator.M, g, domain))
        defect = (member.V(y) - self.V + loss).abs()
        allowed = self.tolerance * torch.maximum(self.V_size, member.V_size(y))
        return (domain.norm(residual) <= self.tolerance * size) & (defect <= allowed)

    def newton_step(self, y: Tensor, residual: Tensor, gradient: AverageForce) -> Tensor:
        """The solution of R'(y) d = -R(y)."""
        member, domain = self.member, self.member.domain
        at_y = nonlocal_average(member, self.u, y)
        shape = (*self.u.shape[1 : -domain.ndim], *domain.shape)

        def derivative(v: Float[Tensor, "n N"]) -> Float[Tensor, "n N"]:
            field = v.reshape(-1, *shape)
            v_hat = domain.fft(field)
            change = act(0.5 * member.q, v_hat, domain) + domain.fft(act(gradient.slope, field, domain))
            if member.energy.others:
                reach = NUMBERS.newton_difference * domain.norm(y) / domain.norm(v_hat).clamp(min=1e-300)
                reach = reach.clamp(min=1e-300).reshape(-1, *(1,) * len(shape))
                change = change + (nonlocal_average(member, self.u, y + reach * v_hat) - at_y) / reach
            forced = act(self.h * member.K * member.mask, change, domain)
            return domain.ifft(self.preconditioned(v_hat + forced)).flatten(1)

        right = -domain.ifft(residual).flatten(1)
        most = min(NUMBERS.newton_directions, right.shape[1])
        step = gmres(derivative, right, rtol=NUMBERS.newton_accuracy, directions=most)
        return domain.fft(step.reshape(-1, *shape)) * member.mask

    def backtracked(self, y: Tensor, step: Tensor, size: Tensor) -> tuple[Tensor, Bool[Tensor, " n"]]:
        """y + step/2^i with the first i that reduces the residual from its size, and where there is one."""
        best, open_ = y.clone(), torch.arange(len(y), device=y.device)
        for i in range(NUMBERS.backtracks + 1):
            part = self._rows(open_)
            trial = y[open_] + step[open_] / 2**i
            less = self.member.domain.norm(part.residual(trial)[0]) < size[open_]
            best[open_[less]] = trial[less]
            open_ = open_[~less]
            if not len(open_):
                break
        reduced = torch.ones(len(y), dtype=torch.bool, device=y.device)
        reduced[open_] = False
        return best, reduced

    def solve(self) -> tuple[Complex[Tensor, " n *state_modes"], Bool[Tensor, " n"], int]:
        """û(t + h), where it was found, and how many iterations that took."""
        y, rows, iterations = self.u.clone(), torch.arange(len(self.u), device=self.u.device), 0
        converged = torch.zeros(len(y), dtype=torch.bool, device=y.device)
        for _ in range(NUMBERS.newton_steps):
            part = self._rows(rows)
            residual, gradient = part.residual(y[rows])
            found = part.holds(y[rows], residual, gradient)
            converged[rows[found]] = True
            still = ~found
            if not bool(still.any()):
                break
            rows, part = rows[still], part._rows(still)
            iterations += len(rows)
            gradient = AverageForce(gradient.total[still], gradient.slope[still])
            step = part.newton_step(y[rows], residual[still], gradient)
            y[rows], reduced = part.backtracked(y[rows], step, self.member.domain.norm(residual[still]))
            rows = rows[reduced]
            if not len(rows):
                break
        return y, converged, iterations


def _linear_part(member: Member, stiffness: Tensor, h: float) -> Complex[Tensor, " n *symbol"]:
    """1 + h (M |S| + W S) with the slope S of the average force at each mode; of several fields its inverse.

    The growth of unstable modes is counted as decay, so that it never vanishes.
    """
    K, domain = member.K, member.domain
    if domain.n_fields is None:
        return 1 + h * torch.complex(K.real * stiffness.abs(), K.imag * stiffness)
    at, inside = (-domain.ndim - 2, -domain.ndim - 1), (-2, -1)
    values, vectors = torch.linalg.eigh((stiffness + 0j).movedim(at, inside))
    size = ((vectors * values.abs()[..., None, :]) @ vectors.mH).movedim(inside, at)
    decay = product(member.operator.M, size, domain) + product(member.operator.W, stiffness, domain)
    return torch.linalg.inv((identity(domain).to(K) + h * decay).movedim(at, inside)).movedim(inside, at)
