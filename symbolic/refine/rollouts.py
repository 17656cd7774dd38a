"""Roll-outs of a law from initial fields, how fine their steps must be, and the size of each of its terms."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.intervals import ROUNDING
from mesoscribe.hybrid.space.symbols import act
from mesoscribe.symbolic.law.evolution import Evolution
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.roll_out_data import RollOutData


def about(member: Member, data: RollOutData) -> Member:
    """A member with the mean of ∂f/∂u over a few frames in its linear part, which steppers treat exactly."""
    few = data.u[:: max(1, len(data.u) // NUMBERS.slope_trajectories)]
    some = few[:, :: max(1, (data.u.shape[1] - 1) // NUMBERS.slope_frames)].flatten(0, 1)
    family = member.q.ndim > len(data.domain.symbol_axes)
    return member.about(some.expand(len(member.q), *some.shape) if family else some)


def plain_roll_outs(
    member: Member, start: Float[Tensor, "*batch_state"], data: RollOutData, substeps: int
) -> Float[Tensor, "*batch_nt_state"]:
    """Roll-outs of a member from start (*batch, *state), at the frames after the first, as it is written."""
    frames, axis = data.u.shape[1] - 1, -len(data.domain.state_axes) - 1
    with torch.no_grad():
        each = roll_out(member, start, data.steps, frames, substeps, ETDRK4(), data.border)
        return torch.stack(list(each), dim=axis)


def roll_outs(
    member: Member, start: Float[Tensor, "*batch_state"], data: RollOutData, substeps: int
) -> Float[Tensor, "*batch_nt_state"]:
    """Roll-outs from start (*batch, *state) at the frames after the first, linear part as of `about`."""
    return plain_roll_outs(about(member, data), start, data, substeps)


def predicted(law: Evolution, data: RollOutData, substeps: int) -> Float[Tensor, "n steps *grid"]:
    """Roll-outs of a law from the first frame, at the following ones."""
    return roll_outs(law.member(data.domain), data.u[:, 0], data, substeps)


def substeps_for(
    law: Evolution, data: RollOutData, accuracy: float = 0.0, share: float = NUMBERS.misfit_share
) -> int | None:
    """Substeps a frame, by step doubling on a few frames, the longest among them; None where the law is lost.

    Their error is a share of the misfit, or the accuracy relative to the field where that is larger; no more
    is asked for than shows beside what the edges of a window miss. A law whose roll-outs do not stay finite
    as steps become finer has no solution there, whatever coarse steps make of it.
    """
    if data.border is not None:
        share = max(share, NUMBERS.window_stepper)
        accuracy = max(accuracy, share * data.floor**0.5)
    n_few, frames = NUMBERS.substep_trajectories, NUMBERS.substep_frames
    longest = data.steps.mean(0).unfold(0, min(frames, data.u.shape[1]) - 1, 1).amax(1)
    first = int((longest >= (1 - ROUNDING) * longest.max()).nonzero()[0])
    few = data.part(lambda u: u[:n_few, first : first + frames], data.size[:n_few])
    n, coarse = 1, predicted(law, few.clean, 1)
    while n < NUMBERS.most_substeps:
        fine = predicted(law, few.clean, 2 * n)
        size = max(few.norm(few.u[:, 1:]), 1e-300)
        change = few.norm(fine - coarse) / size
        off = fine - few.u[:, 1:]
        gap = few.norm(off if few.seen is None else off * few.seen[:, 1:]) / size
        if change <= max(share * gap, accuracy, NUMBERS.substep_rounding):
            return n
        n, coarse = 2 * n, fine
    return n if bool(coarse.isfinite().all()) else None


def substeps_for_moves(
    member: Member, fields: Float[Tensor, " n *grid"], data: RollOutData, coarse: int, fine: int
) -> int:
    """Substeps a frame that are enough for derivatives of roll-outs by their initial fields, at most `fine`.

    Derivatives are right to `krylov_accuracy`, by step doubling along a move of all modes of the band alike:
    where high modes turn by radians in a step these need finer ones than the field does. What moves of the
    fields leave of a misfit is off by the square of that.

    Args:
        member: the equation of motion; fields: initial fields; data: whose frames are compared.
        coarse, fine: where to start, and the substeps of the roll-outs that are compared with the frames.
    """
    n_few = min(len(fields), NUMBERS.substep_trajectories)
    few = data.some(slice(n_few))
    white = torch.from_numpy(np.random.default_rng(0).standard_normal(fields[:n_few].shape)).to(fields)
    move = NUMBERS.field_step * few.scale * data.domain.restrict(white, member.mask)
    start, n = torch.stack([fields[:n_few], fields[:n_few] + move]), coarse

    def moved(n: int) -> Tensor:
        rolls = roll_outs(member, start, few, n)
        return (rolls[1] - rolls[0]) / few.scale.unsqueeze(1)

    known = moved(n) if n < fine else None
    while known is not None and n < fine:
        finer = moved(2 * n)
        off = torch.linalg.vector_norm(finer - known)
        if off <= NUMBERS.krylov_accuracy * torch.linalg.vector_norm(finer):
            return n
        n, known = 2 * n, finer
    return min(n, fine)


def units(law: Evolution, data: RollOutData) -> Float[np.ndarray, " p"]:
    """How much of each term changes u_t as much as all terms together make it, root mean square."""
    domain, p, values = data.domain, len(law.parameters), law.values()
    operator = law.scaling > 0
    alone = np.where(operator[:, None] == operator, np.eye(p), values)
    given = [] if operator.any() else [np.zeros(p)]  # what moves without any of them, which each is added to
    some = data.u[:: max(1, len(data.u) // NUMBERS.substep_trajectories)]
    some = some[:, :: max(1, some.shape[1] // NUMBERS.slope_frames)].flatten(0, 1)
    member = law.family(domain, np.vstack([values, alone, *given]))
    push = member.energy.gradient(domain.fft(some) * member.mask)
    push = push.expand(p + 1 + len(given), *push.shape[1:])
    symbol = member.response.shape[-len(domain.symbol_axes) :]
    response = member.response.expand(p + 1 + len(given), 1, *symbol)
    rate = act(response, push, domain)
    if given:
        rate = torch.cat([rate[:1], rate[1:-1] - rate[-1:]])
        push, response = push[:-1], response[:-1]
    if domain.n_fields is not None:
        typical = data.scale.square().mean(0).sqrt()
        rate, push = rate / typical, push * typical
        response = response / (typical.unsqueeze(1) * typical)
    rates, pushes = (domain.norm(each).square().sum(1).sqrt() for each in (rate, push))
    seen = array(rates > NUMBERS.spanned * pushes * response.abs().flatten(1).amax(1))[1:]
    total, *each = array(rates)
    return np.where(seen, total / np.where(seen, each, 1.0), 0.0)
