"""Coefficients refined together with the initial fields, which measurement noise has made uncertain.

A roll-out from a noisy frame is off from its start, and coefficients fitted to it make up for that: they are
biased, and their standard errors do not show it. Here the misfit

    Σ_i |a_i - u_i(0)|² + Σ_i Σ_t |Φ_t(a_i; θ) - u_i(t)|²

is minimised over the coefficients θ and the true initial fields a_i: maximum likelihood where the noise is
white. The a_i are projected out of each Gauss–Newton step, trajectory by trajectory. The derivatives by them,
nearly all of the cost, are kept as long as the steps with them shrink fast (simplified Newton method).
Sources: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413 (variable projection); Fuller, "Measurement
Error Models" (Wiley 1987), for the bias; Deuflhard, "Newton Methods for Nonlinear Problems" (Springer 2011),
section 2.1.1, for the simplified method.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.mode_weights import ModeWeights
from mesoscribe.symbolic.refine.projection import Projection, projection
from mesoscribe.symbolic.refine.refine import Misfit, Refinement, refine, refinement_at
from mesoscribe.symbolic.refine.rollouts import RollOutData, substeps_for


def refined_on_band(
    found: Refinement, data: Trajectories, first_frame: int = 0
) -> tuple[Refinement, tuple[str, ...]]:
    """The refinement with the initial fields on a band that no longer matters, without needless terms.

    Roll-outs from noisy frames cannot tell whether further modes help; their absence biases coefficients by
    several standard errors. Here they only add noise, which is white and known. A wider band may also explain
    the data as they are. Terms that are no different from 0 once the initial fields are refined go one by one
    and are named, on each band before it is widened: where there is little but noise the misfit has many
    minima, and a term that turns high modes can fit it.
    """
    start, best = found, found
    insignificant: tuple[str, ...] = ()
    fields = RollOutData.of(data, found.law, first_frame).shortened()
    while True:
        refined = with_initial_fields(start, fields, clusters=data.n)
        if refined is start and start is not found:  # perhaps it explains the data as they are
            refined = start = refine(start.law, fields, pivot=start.pivot, clusters=data.n)
        if refined is start and (best is not found or not _worth(start, fields)):
            return min(start, best, key=lambda one: one.rmse), insignificant
        if refined is not start:
            refined, needless = _without_needless(refined, fields, data.n)
            same = best is not found and not needless
            moved, best, insignificant = (
                _moved(best.law, refined.law) if same else np.inf,
                refined,
                (*insignificant, *needless),
            )
            if moved < NUMBERS.band_moves:
                return best, insignificant
        if start.law.band is None:
            return best, insignificant
        law = refined.law.on_wider_band(data.domain)
        fields = RollOutData.of(data, law, first_frame).shortened()
        start = refine(law, fields, pivot=refined.pivot, clusters=data.n, steps=1)


def _without_needless(
    refined: Refinement, data: RollOutData, clusters: int
) -> tuple[Refinement, tuple[str, ...]]:
    """The refinement without the terms that are no different from 0, and their names."""
    insignificant: tuple[str, ...] = ()
    while (weakest := _insignificant(refined, data)) is not None:
        name, place = weakest
        less, pivot = refined.without((weakest,))
        start = refine(less, data, pivot=pivot, clusters=clusters)
        insignificant = (*insignificant, f"{name}: {getattr(refined.law, name).terms[place]}")
        refined = with_initial_fields(start, data, clusters=clusters)
        if refined is start:
            break
    return refined, insignificant


def _worth(found: Refinement, data: RollOutData) -> bool:
    """Whether noise is enough of the misfit to refine the initial fields."""
    most = NUMBERS.mostly_noise
    noise = max(data.noise, NUMBERS.measured_rounding**2 / most)
    noisy = noise < most * found.rmse**2 < most * NUMBERS.worth_noise * data.noise
    return bool(found.t_values) and noisy


def _moved(law: Law, to: Law) -> float:
    """The largest change of a coefficient in canonical form, in standard errors."""
    before, after = canonical_law(law), canonical_law(to)
    std = _errors(after)
    change = np.abs(after.values() - before.values())
    return float(np.max(change[std > 0] / std[std > 0], initial=0.0))


def _errors(law: Law) -> Float[np.ndarray, " p"]:
    """Standard errors of the coefficients."""
    return np.sqrt(np.diag(np.array(law.covariance)).clip(min=0.0))


def with_initial_fields(found: Refinement, data: RollOutData, *, clusters: int) -> Refinement:
    """The refinement with the initial fields as unknowns where noise is then most of the misfit, else itself.

    Args:
        found: where to start.
        data: whole trajectories.
        clusters: trajectories that the data come from.
    """
    if not _worth(found, data):
        return found
    share = min(NUMBERS.misfit_share, NUMBERS.stepper_bias / np.sqrt(data.u.numel()))
    coarse, substeps = (substeps_for(found.law, data, share=each) for each in (NUMBERS.misfit_share, share))
    x = np.ones(len(found.t_values))
    pivot = ModeWeights.of(found.law, data).pivot(found.law)  # one that is not on its way to 0
    misfit = Misfit(found.law, data, pivot, substeps)
    gap, previous, stale, result = _gap(misfit, x), np.inf, True, found
    of_fields: Projection | None = None
    for _ in range(NUMBERS.field_iterations):
        try:
            of_fields = of_fields.moved(misfit, x, far=stale) if of_fields else projection(misfit, x, coarse)
            moves, left = of_fields.apart(np.dstack([gap, _slopes(misfit, x)]))
        except (ValueError, np.linalg.LinAlgError):  # a roll-out from a field close by is lost
            break
        rest, slope = left[..., 0].ravel(), left[..., 1:].reshape(-1, len(x))
        result = refinement_at(misfit, x, rest, slope, clusters)
        step = -np.linalg.lstsq(slope, rest, rcond=None)[0]
        move = -torch.tensordot(torch.as_tensor(np.concatenate([[1.0], step])), moves, dims=1)
        errors = _errors(result.law)[misfit.free] / np.abs(misfit.start[misfit.free])
        moved = float(np.max(np.abs(step) / errors.clip(min=1e-300)))
        if moved <= NUMBERS.step_ends:
            break
        for part in NUMBERS.step_shares:
            there = Misfit(found.law, data, pivot, substeps, misfit.initial + part * move)
            closer = _gap(there, x + part * step)
            if np.sum(closer**2) < np.sum(gap**2):
                break
        else:
            break
        misfit, x, gap = there, x + part * step, closer
        previous, stale = moved, part < 1 or moved > NUMBERS.step_shrinks * previous
    return result if data.mostly_noise(result.rmse**2) else found


def _insignificant(found: Refinement, data: RollOutData) -> Parameter | None:
    """The coefficient that is least different from 0, if it is within `significant` standard errors of it.

    Those of white noise, which is what the initial fields leave of the misfit; ones clustered by a few
    trajectories can be several times too small.
    """
    mask = found.law.member(data.domain).mask.numpy()
    values = len(data.u) * data.u.shape[1] * data.domain.unknowns(mask)
    weakest = min(found.growth, key=lambda p: found.growth[p])
    return weakest if (found.growth[weakest] - 1) * values < NUMBERS.significant**2 else None


def _gap(misfit: Misfit, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "n r"]:
    """Misfit of each trajectory, that of its first frame in front."""
    data = misfit.data
    start = ((misfit.initial - data.u[:, 0]).flatten(1) / data.size[:, None]).numpy()
    return np.concatenate([start, misfit(x).reshape(len(start), -1)], axis=1)


def _slopes(misfit: Misfit, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "n r p"]:
    """Derivatives of the misfit of each trajectory by the coefficients."""
    n = len(misfit.data.u)
    slopes = misfit.jacobian(x).reshape(n, -1, len(x))
    return np.concatenate([np.zeros((n, misfit.data.domain.points, len(x))), slopes], axis=1)
