"""Refit the coefficients of a form to the trajectories themselves, through the simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from torch import Tensor

from mesoscribe.symbolic.law.form import Parameter
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.rollouts import RollOutData, roll_outs, substeps_for


class Misfit:
    """(û - u)/size as a function of the free coefficients relative to their start, with its Jacobian.

    Roll-outs of a point and of all steps of its Jacobian run as one batch. Where one is lost the misfit is
    `lost_misfit`.

    Args:
        law: the form, and where to start.
        data: what to fit.
        pivot: the coefficient of m or w that is held; the others are free.
        substeps: of a frame.
        initial: the fields that roll-outs start from, the first frames if None.
    """

    def __init__(
        self, law: Law, data: RollOutData, pivot: Parameter, substeps: int, initial: Tensor | None = None
    ) -> None:
        self.law, self.data, self.pivot, self.start = law, data, pivot, law.values()
        self.free = [j for j, parameter in enumerate(law.parameters) if parameter != pivot]
        self.substeps = substeps
        self.initial = data.u[:, 0] if initial is None else initial
        self.at: np.ndarray | None = None
        self.there = np.empty((0, 0))

    def values(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " q"]:
        """All coefficients at a point."""
        values = self.start.copy()
        values[self.free] = values[self.free] * x
        return values

    def _batch(self, points: list[np.ndarray]) -> Float[np.ndarray, "b r"]:
        member = self.law.family(self.data.domain, np.stack([self.values(x) for x in points]))
        start = self.initial.expand(len(points), *self.initial.shape)
        error = roll_outs(member, start, self.data, self.substeps) - self.data.u[:, 1:]
        scaled = error.flatten(2) / self.data.size[:, None]
        most = NUMBERS.lost_misfit
        return scaled.nan_to_num(most, most, -most).clamp(-most, most).flatten(1).numpy()

    def __call__(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " r"]:
        """(û - u)/size at coefficients x, relative to their start: trajectory by trajectory, in a row."""
        return self._known(x)[0]

    def jacobian(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "r p"]:
        """Forward differences. What they are off by moves the minimum by far less than a standard error."""
        here, *there = self._known(x)
        return np.stack([one - here for one in there], axis=1) / NUMBERS.misfit_step

    def _known(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "b r"]:
        """The misfit at x and with a step of each coefficient, kept: who asks for it soon asks for slopes."""
        if self.at is None or not np.array_equal(x, self.at):
            steps = NUMBERS.misfit_step * np.eye(len(x))
            self.at, self.there = x.copy(), self._batch([x, *(x + steps)])
        return self.there


def _inverse(curvature: Float[np.ndarray, "p p"]) -> Float[np.ndarray, "p p"]:
    """The pseudo-inverse of JᵀJ, its columns brought to one size: those of small terms are not cut off."""
    size = np.sqrt(np.diag(curvature)).clip(min=1e-150)
    return np.linalg.pinv(curvature / np.outer(size, size), hermitian=True) / np.outer(size, size)


def clustered_covariance(
    jacobian: Float[np.ndarray, "n r p"], residuals: Float[np.ndarray, "n r"]
) -> Float[np.ndarray, "p p"]:
    """(JᵀJ)⁻¹ (Σ_i g_i g_iᵀ) (JᵀJ)⁻¹, g_i = J_iᵀ r_i, one cluster i for each trajectory, times n/(n - 1).

    Residuals along one trajectory are strongly correlated; errors that ignore it are 10 to 40 times too
    small. With one trajectory its quarters in time are the clusters. Source: Cameron and Miller,
    "A practitioner's guide to cluster-robust inference", J. Hum. Resour. 50 (2015) 317, eq. 11.
    """
    if len(residuals) == 1:
        parts = NUMBERS.time_clusters
        jacobian = np.stack(np.array_split(jacobian[0][: jacobian.shape[1] // parts * parts], parts))
        residuals = np.stack(np.array_split(residuals[0][: residuals.shape[1] // parts * parts], parts))
    n = len(residuals)
    inverse = _inverse(np.einsum("nrp,nrq->pq", jacobian, jacobian))
    pulls = np.einsum("nrp,nr->np", jacobian, residuals)
    return inverse @ (pulls.T @ pulls) @ inverse * n / (n - 1)


@dataclass(frozen=True)
class Refinement:
    """A law with refitted coefficients, and what its misfit shows about each of them.

    Args:
        law: with coefficients, and their covariance clustered by trajectory.
        pivot: the coefficient of m or w that was held.
        rmse: root mean square misfit, relative to the size of each trajectory.
        t_values: |coefficient|/standard error of each free parameter.
        growth: by which factor the squared misfit would grow without each free parameter, the others
            refitted, in the quadratic approximation.
    """

    law: Law
    pivot: Parameter
    rmse: float
    t_values: dict[Parameter, float]
    growth: dict[Parameter, float]

    def without(self, drop: tuple[Parameter, ...]) -> tuple[Law, Parameter]:
        """The law without some terms, and the pivot's new place."""
        law, (name, place) = self.law, self.pivot
        for owner, i in sorted(drop, reverse=True):
            law = law.without((owner, i))
            place -= name == owner and place > i
        return law, (name, place)


def refine(
    law: Law,
    data: RollOutData,
    *,
    pivot: Parameter,
    clusters: int,
    steps: int = NUMBERS.refine_steps,
    tolerance: float = NUMBERS.refine_tolerance,
) -> Refinement:
    """Minimise the misfit of roll-outs over all coefficients but the pivot, which fixes the scale.

    Where the misfit has become so small that the stepper's own error shows, it goes on with finer steps.

    Args:
        law: the form and where to start; none of its coefficients may be 0.
        data: what to fit, as whole trajectories or as windows of them.
        pivot: the coefficient of m or w that is held.
        clusters: trajectories that the data come from.
        steps: most evaluations of the misfit.
        tolerance: relative change of the misfit and of the coefficients that ends it.
    """
    accuracy = NUMBERS.misfit_share * tolerance
    misfit = Misfit(law, data, pivot, substeps_for(law, data, accuracy))
    x = np.ones(len(misfit.free))
    if not misfit.free:
        return Refinement(law, pivot, float(np.sqrt(np.mean(misfit(x) ** 2))), {}, {})
    while True:
        found = least_squares(
            misfit, x, misfit.jacobian, max_nfev=steps, xtol=tolerance, ftol=tolerance, gtol=1e-15
        )
        x = found.x
        needed = substeps_for(law.with_values(misfit.values(x)), data, accuracy)
        if needed <= misfit.substeps:
            return refinement_at(misfit, x, np.asarray(found.fun), np.asarray(found.jac), clusters)
        misfit = Misfit(law, data, pivot, needed)


def briefly_refined(law: Law, data: RollOutData, *, pivot: Parameter, clusters: int) -> Refinement:
    """A few steps of `refine`, enough to put a form to the test."""
    steps, tolerance = NUMBERS.trial_steps, NUMBERS.trial_tolerance
    return refine(law, data, pivot=pivot, clusters=clusters, steps=steps, tolerance=tolerance)


def refinement_at(
    misfit: Misfit,
    x: Float[np.ndarray, " p"],
    residuals: Float[np.ndarray, " r"],
    jacobian: Float[np.ndarray, "r p"],
    clusters: int,
) -> Refinement:
    """The law at the minimum x, and what the misfit's curvature there says of each coefficient."""
    law, start, free = misfit.law, misfit.start, misfit.free
    by_cluster = (clusters, residuals.size // clusters)
    spread = clustered_covariance(jacobian.reshape(*by_cluster, len(free)), residuals.reshape(by_cluster))
    covariance = np.zeros((len(start), len(start)))
    covariance[np.ix_(free, free)] = spread * np.outer(start[free], start[free])
    values, errors = misfit.values(x), np.sqrt(np.diag(covariance).clip(min=0.0))
    cost = max(float(residuals @ residuals), 1e-300)
    inverse = np.diag(_inverse(jacobian.T @ jacobian))
    free_parameters = [law.parameters[j] for j in free]
    sizes = np.abs(values)
    t_values = [float(sizes[j] / max(errors[j], 1e-200 * sizes[j], 1e-300)) for j in free]
    moves = inverse > 0  # what moves no roll-out costs nothing to leave out
    growth = [
        1 + float(a * a / max(c * cost, 1e-300)) if moved else 1.0
        for a, c, moved in zip(x, inverse, moves, strict=True)
    ]
    return Refinement(
        law.with_values(values, covariance),
        misfit.pivot,
        float(np.sqrt(cost / residuals.size)),
        dict(zip(free_parameters, t_values, strict=True)),
        dict(zip(free_parameters, growth, strict=True)),
    )
