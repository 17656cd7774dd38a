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

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import cho_factor, cho_solve
from torch import Tensor

from hybrid.grid import Grid
from hybrid.trajectories import Trajectories
from symbolic.band import wider
from symbolic.canonical import canonical_law
from symbolic.exchange import Exchanges
from symbolic.form import Parameter
from symbolic.law import Law
from symbolic.refine import SIGNIFICANT, Misfit, Refinement, judged, refine
from symbolic.rollouts import NOISY, RollOutData, rolled, substeps_for

ITERATIONS = 10
ROUNDED = 1e-7  # a relative misfit that single precision leaves, or a solver: nothing was measured
WORTH = 100.0  # squared misfits above this multiple of the noise are not worth the attempt
MOVED = 0.5  # standard errors: a wider band that changes the coefficients by less does not matter
SETTLED = 0.02  # a change of the coefficients in standard errors that ends it
SHARES = tuple(0.5**i for i in range(7))  # of a step, the first that reduces the misfit is taken
SHRINKS = 0.25  # steps that shrink less than this call for new derivatives by the fields
STEP = 1e-4  # of the initial fields' derivatives, relative to the fields
LARGEST = 2**26  # values of all derivatives of one trajectory's roll-out
CHUNK = 2**18  # values of fields that are rolled out at once


def settled(
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
    gone: tuple[str, ...] = ()
    fields = RollOutData.of(data, found.law, first_frame).shortened()
    while True:
        refined = with_initial_fields(start, fields, clusters=data.n)
        if refined is start and start is not found:  # perhaps it explains the data as they are
            refined = start = refine(start.law, fields, pivot=start.pivot, clusters=data.n)
        if refined is start and (best is not found or not _worth(start, fields)):
            return min(start, best, key=lambda one: one.rmse), gone
        if refined is not start:
            refined, needless = _without_needless(refined, fields, data.n)
            same = best is not found and not needless
            moved, best, gone = _moved(best.law, refined.law) if same else np.inf, refined, (*gone, *needless)
            if moved < MOVED:
                return best, gone
        if start.law.band is None:
            return best, gone
        law = wider(refined.law, data.grid)
        fields = RollOutData.of(data, law, first_frame).shortened()
        start = refine(law, fields, pivot=refined.pivot, clusters=data.n, steps=1)


def _without_needless(
    refined: Refinement, data: RollOutData, clusters: int
) -> tuple[Refinement, tuple[str, ...]]:
    """The refinement without the terms that are no different from 0, and their names."""
    gone: tuple[str, ...] = ()
    while (weakest := _insignificant(refined, data)) is not None:
        name, place = weakest
        less, pivot = refined.without((weakest,))
        start = refine(less, data, pivot=pivot, clusters=clusters)
        gone = (*gone, f"{name}: {getattr(refined.law, name).terms[place]}")
        refined = with_initial_fields(start, data, clusters=clusters)
        if refined is start:
            break
    return refined, gone


def _worth(found: Refinement, data: RollOutData) -> bool:
    """Whether noise is enough of the misfit to refine the initial fields, and memory is enough."""
    unknowns = data.grid.unknowns(found.law.flow(data.grid).mask.numpy())
    noise = max(data.noise, ROUNDED**2 / NOISY)
    noisy = noise < NOISY * found.rmse**2 < NOISY * WORTH * data.noise
    return bool(found.t_values) and noisy and unknowns * data.u[0].numel() <= LARGEST


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
    modes = basis(data.grid, found.law.flow(data.grid).mask)
    substeps, x, initial = substeps_for(found.law, data), np.ones(len(found.t_values)), data.u[:, 0]
    pivot = Exchanges.of(found.law, data).pivot(found.law)  # one that is not on its way to 0
    misfit = Misfit(found.law, data, pivot, substeps, initial)
    gap, previous, stale, result = _gap(misfit, x), np.inf, True, found
    for _ in range(ITERATIONS):
        try:
            if stale:
                of_fields = [_Projection.of(jacobian) for jacobian in _field_jacobians(misfit, x, modes)]
        except (ValueError, np.linalg.LinAlgError):  # a roll-out from a field close by is lost
            break
        slopes = _slopes(misfit, x)
        rest = np.stack([on.rest(r) for on, r in zip(of_fields, gap, strict=True)])
        left = np.stack([on.rest(J) for on, J in zip(of_fields, slopes, strict=True)])
        slope = left.reshape(-1, len(x))
        result = judged(misfit, x, rest.ravel(), slope, clusters)
        step = -np.linalg.lstsq(slope, rest.ravel(), rcond=None)[0]
        amplitudes = [-on.coefficients(r + J @ step) for on, r, J in zip(of_fields, gap, slopes, strict=True)]
        move = torch.tensordot(torch.as_tensor(np.stack(amplitudes)), modes, dims=1)
        errors = _errors(result.law)[misfit.free] / np.abs(misfit.start[misfit.free])
        moved = float(np.max(np.abs(step) / errors.clip(min=1e-300)))
        if moved <= SETTLED:
            break
        for share in SHARES:
            there = Misfit(found.law, data, pivot, substeps, misfit.initial + share * move)
            closer = _gap(there, x + share * step)
            if np.sum(closer**2) < np.sum(gap**2):
                break
        else:
            break
        misfit, x, gap = there, x + share * step, closer
        previous, stale = moved, share < 1 or moved > SHRINKS * previous
    return result if data.mostly_noise(result.rmse**2) else found


def _insignificant(found: Refinement, data: RollOutData) -> Parameter | None:
    """The coefficient that is least different from 0, if it is within SIGNIFICANT standard errors of it.

    Those of white noise, which is what the initial fields leave of the misfit; ones clustered by a few
    trajectories can be several times too small.
    """
    mask = found.law.flow(data.grid).mask.numpy()
    values = len(data.u) * data.u.shape[1] * data.grid.unknowns(mask)
    weakest = min(found.growth, key=lambda p: found.growth[p])
    return weakest if (found.growth[weakest] - 1) * values < SIGNIFICANT**2 else None


@dataclass(frozen=True)
class _Projection:
    """Least squares on the columns of J. The first frame is among its rows, so JᵀJ is far from singular."""

    J: Float[np.ndarray, "r a"]
    factor: tuple[np.ndarray, bool]

    @classmethod
    def of(cls, J: Float[np.ndarray, "r a"]) -> _Projection:
        return cls(J, cho_factor(J.T @ J))

    def coefficients(self, y: Float[np.ndarray, "r ..."]) -> Float[np.ndarray, "a ..."]:
        """Of the combination of columns closest to y."""
        return np.asarray(cho_solve(self.factor, self.J.T @ y))

    def rest(self, y: Float[np.ndarray, "r ..."]) -> Float[np.ndarray, "r ..."]:
        """What the columns leave of y."""
        return y - self.J @ self.coefficients(y)


def basis(grid: Grid, mask: Tensor) -> Float[Tensor, "..."]:
    """Real fields (a, *grid), orthonormal in the mean square, that span the modes of a mask."""
    at = torch.nonzero(mask.flatten())[:, 0]
    unit = torch.zeros(2 * len(at), mask.numel(), dtype=torch.complex128)
    unit[torch.arange(len(at)), at] += 1.0
    unit[torch.arange(len(at)) + len(at), at] += 1j
    fields = grid.ifft(unit.reshape(-1, *mask.shape)).flatten(1)
    _, size, rows = torch.linalg.svd(fields, full_matrices=False)
    return rows[size > 1e-9 * size.max()].reshape(-1, *grid.shape) * grid.points**0.5


def _gap(misfit: Misfit, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "n r"]:
    """Misfit of each trajectory, that of its first frame in front."""
    data = misfit.data
    start = ((misfit.initial - data.u[:, 0]).flatten(1) / data.size[:, None]).numpy()
    return np.concatenate([start, misfit(x).reshape(len(start), -1)], axis=1)


def _slopes(misfit: Misfit, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "n r p"]:
    """Its derivatives by the coefficients."""
    n = len(misfit.data.u)
    slopes = misfit.jacobian(x).reshape(n, -1, len(x))
    return np.concatenate([np.zeros((n, misfit.data.grid.points, len(x))), slopes], axis=1)


def _field_jacobians(
    misfit: Misfit, x: Float[np.ndarray, " p"], modes: Float[Tensor, "..."]
) -> Iterator[Float[np.ndarray, "r a"]]:
    """Derivatives of each trajectory's misfit by the amplitudes of its initial field's modes (a, *grid)."""
    data, law = misfit.data, misfit.law.with_values(misfit.values(x))
    flow, width = law.flow(data.grid), max(1, CHUNK // (len(modes) * data.grid.points))
    for first in range(0, len(data.u), width):
        chosen = slice(first, first + width)
        size = data.size[chosen].reshape(-1, *(1,) * data.grid.ndim)
        moves = torch.cat([torch.zeros_like(modes[:1]), STEP * modes])[:, None] * size
        rolls = rolled(flow, misfit.initial[chosen] + moves, data, misfit.substeps)
        rolls = torch.cat([(misfit.initial[chosen] + moves).unsqueeze(2), rolls], dim=2)
        slopes = (rolls[1:] - rolls[:1]).flatten(3).flatten(2) / (STEP * data.size[chosen, None] ** 2)
        yield from slopes.permute(1, 2, 0).numpy()
