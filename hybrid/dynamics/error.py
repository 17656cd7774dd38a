"""The one definition of the error of a roll-out, and the lead times at which it is quoted."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, simulate
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS


def relative_rmse_of_each(
    predicted: Float[np.ndarray, "n nt *state"], truth: Float[np.ndarray, "n nt *state"], domain: Domain
) -> Float[np.ndarray, "n nt"]:
    """sqrt(mean (û - u)²)/sqrt(mean u²) of each frame of each trajectory.

    A frame of zeros counts as one of rounding errors of the largest; a roll-out too large for doubles is inf.
    Of several fields each is taken relative to its own size in the whole trajectory, since it may pass
    through 0 while the others are largest (a standing wave): the root mean square over fields.
    """
    size = np.sqrt(np.mean(truth**2, axis=domain.axes))
    if domain.n_fields is not None:
        size = np.sqrt(np.mean(size**2, axis=1, keepdims=True))
    smallest = np.maximum(np.finfo(float).eps * size.max((0, 1)), np.finfo(float).tiny)
    with np.errstate(over="ignore"):
        error = np.sqrt(np.mean((predicted - truth) ** 2, axis=domain.axes)) / np.maximum(size, smallest)
        return error if domain.n_fields is None else np.sqrt(np.mean(error**2, axis=-1))


def relative_rmse(
    predicted: Float[np.ndarray, "n nt *state"], truth: Float[np.ndarray, "n nt *state"], domain: Domain
) -> Float[np.ndarray, " nt"]:
    """The relative RMSE of each frame, averaged over trajectories."""
    return relative_rmse_of_each(predicted, truth, domain).mean(0)


def lead_times(last: int) -> list[int]:
    """Frames 1, 2, 5, 10, 20, 50 … and the last: errors early and late count alike."""
    leads = {int(step * 10**decade) for decade in range(7) for step in NUMBERS.score_leads}
    return sorted({lead for lead in leads if lead < last} | {last})


def score(errors: Float[np.ndarray, " nt"]) -> float:
    """Mean over the lead times of the errors of a roll-out, frame 0 first; inf if it was lost."""
    return float(np.mean(errors[lead_times(len(errors) - 1)]))


def rollout_errors(
    member: Member,
    v: Float[np.ndarray, "n nt *state"],
    t: Float[np.ndarray, "*n nt"],
    rtol: float,
    border: Border | None = None,
    scheme: Scheme | None = None,
) -> Float[np.ndarray, " nt"]:
    """Relative RMSE of each frame of roll-outs from the first, mean of all; inf if lost.

    At times t (nt,), or those of each (n, nt). By ETDRK4, unless another scheme is given. On a window these
    are held to a border, in the units of the member.
    """
    try:
        most = NUMBERS.rollout_halvings
        how: dict[str, Any] = {"rtol": rtol, "max_level": most, "border": border}
        predicted = simulate(member, v[:, 0], t, scheme=scheme or ETDRK4(), **how)
    except FloatingPointError:
        return np.full(v.shape[1], np.inf)
    return relative_rmse(predicted, v, member.domain)
