"""Refit the coefficients of a form to the trajectories themselves, through the simulator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.optimize import least_squares
from torch import Tensor

from hybrid.flow import Flow
from hybrid.grid import Grid
from hybrid.resample import resampled
from hybrid.steppers import ETDRK4, roll_out
from hybrid.trajectories import Trajectories
from symbolic.law import Law, Parameter

POINTS_PER_MODE = 4
MISFIT_SHARE = 1e-2  # the stepper's error, as a share of the misfit
ROUNDING = 1e-9
MAX_SUBSTEPS = 64
LOST = 1e3  # the misfit, relative to the field, of a roll-out that is lost
DIFFERENCE = 1e-5  # relative step of the Jacobian's central differences


def _white_noise(u: Float[np.ndarray, "n nt *grid"], grid: Grid) -> float:
    """Variance of white noise, from the median power of the highest tenth of the modes."""
    power = np.abs(np.fft.rfftn(u, axes=grid.axes, norm="forward")) ** 2
    highest = grid.k_norm >= np.quantile(grid.k_norm, 0.9)
    return float(np.median(power[..., highest])) / np.log(2.0) * grid.points


@dataclass(frozen=True)
class RollOutData:
    """What a law is compared with: trajectories limited to its band, on just enough points.

    Args:
        grid: the points.
        u: fields (trajectory, frame, *grid) about the law's centre, from the first frame that counts.
        dt: time between frames.
        size: root mean square of each trajectory (trajectory,).
        noise: variance of white noise in the band, relative to that of the fields: the floor of the spectrum
            at the highest modes after the first frame.
    """

    grid: Grid
    u: Float[Tensor, "n nt *grid"]
    dt: float
    size: Float[Tensor, " n"]
    noise: float = 0.0

    @classmethod
    def of(cls, data: Trajectories, law: Law, first_frame: int = 0) -> RollOutData:
        """The part of the data that the law's band can explain."""
        u = data.u[:, first_frame:] - law.centre
        shape = data.grid.shape
        if law.band is not None:
            wanted = [int(np.ceil(POINTS_PER_MODE * law.band * L / (4 * np.pi))) * 2 for L in law.lengths]
            shape = tuple(min(n, max(16, w)) for n, w in zip(shape, wanted, strict=True))
        grid = Grid(shape, law.lengths)
        fields = torch.tensor(resampled(u, shape))
        fields = grid.ifft(grid.fft(fields) * law.flow(grid).mask)
        axes = tuple(range(1, fields.ndim))
        size = fields.square().mean(axes).sqrt().clamp(min=1e-300)
        share = float((grid.multiplicity * law.flow(grid).mask.numpy()).sum()) / data.grid.points
        noise = _white_noise(u[:, 1:], data.grid) * share / float(size.square().mean())
        return cls(grid, fields, data.dt, size, noise)

    def first(self, n: int) -> RollOutData:
        """The first n trajectories."""
        return RollOutData(self.grid, self.u[:n], self.dt, self.size[:n], self.noise)

    def windows(self, frames: int) -> RollOutData:
        """The same data cut into consecutive windows, each a trajectory of its own."""
        n, nt = self.u.shape[:2]
        if frames >= nt:
            return self
        starts = range(0, nt - frames + 1, frames - 1)
        cut = torch.stack([self.u[:, s : s + frames] for s in starts], dim=1)
        size = self.size[:, None].expand(n, len(starts)).reshape(-1)
        return RollOutData(self.grid, cut.reshape(n * len(starts), frames, *self.grid.shape), self.dt, size, self.noise)


def predicted(law: Law, data: RollOutData, substeps: int) -> Float[Tensor, "n nt-1 *grid"]:
    """Roll-outs of a law from the first frame, at the following ones."""
    return _rolled(law.flow(data.grid), data.u[:, 0], data, substeps)


def _rolled(flow: Flow, start: Tensor, data: RollOutData, substeps: int) -> Tensor:
    frames = data.u.shape[1] - 1
    with torch.no_grad():
        axis = -data.grid.ndim - 1
        return torch.stack(list(roll_out(flow, start, data.dt, frames, substeps, ETDRK4())), dim=axis)


class _Misfit:
    """(û - u)/size as a function of the free coefficients relative to their start, with its Jacobian.

    All perturbed roll-outs of a Jacobian run as one batch. Where a roll-out is lost the misfit is LOST.
    """

    def __init__(self, law: Law, data: RollOutData, free: list[int]) -> None:
        self.law, self.data, self.free, self.start = law, data, free, law.values()
        self.substeps = substeps_for(law, data)

    def values(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " q"]:
        """All coefficients at a point."""
        values = self.start.copy()
        values[self.free] = values[self.free] * x
        return values

    def _batch(self, points: list[np.ndarray]) -> Float[np.ndarray, "b r"]:
        flow = self.law.family(self.data.grid, np.stack([self.values(x) for x in points]))
        start = self.data.u[:, 0].expand(len(points), *self.data.u[:, 0].shape)
        error = _rolled(flow, start, self.data, self.substeps) - self.data.u[:, 1:]
        scaled = error.flatten(2) / self.data.size[:, None]
        return scaled.nan_to_num(LOST, LOST, -LOST).clamp(-LOST, LOST).flatten(1).numpy()

    def __call__(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, " r"]:
        """The misfit, trajectory by trajectory."""
        return self._batch([x])[0]

    def jacobian(self, x: Float[np.ndarray, " p"]) -> Float[np.ndarray, "r p"]:
        """Central differences."""
        steps = DIFFERENCE * np.eye(len(x))
        both = self._batch([x + step for step in steps] + [x - step for step in steps])
        return (both[: len(x)] - both[len(x) :]).T / (2 * DIFFERENCE)


def substeps_for(law: Law, data: RollOutData) -> int:
    """Substeps a frame whose error is a hundredth of the misfit, by step doubling on a few frames."""
    few = RollOutData(data.grid, data.u[:8, :4], data.dt, data.size[:8])
    n, coarse = 1, predicted(law, few, 1)
    while n < MAX_SUBSTEPS:
        fine = predicted(law, few, 2 * n)
        size = float(torch.linalg.vector_norm(fine))
        change = float(torch.linalg.vector_norm(fine - coarse)) / size
        gap = float(torch.linalg.vector_norm(fine - few.u[:, 1:])) / size
        if change <= max(MISFIT_SHARE * gap, ROUNDING):
            return n
        n, coarse = 2 * n, fine
    return n


def clustered_covariance(
    jacobian: Float[np.ndarray, "n r p"], residuals: Float[np.ndarray, "n r"]
) -> Float[np.ndarray, "p p"]:
    """(JᵀJ)⁻¹ (Σ_i g_i g_iᵀ) (JᵀJ)⁻¹, g_i = J_iᵀ r_i, one cluster i for each trajectory, times n/(n - 1).

    Residuals along one trajectory are strongly correlated; errors that ignore it are 10 to 40 times too small.
    With one trajectory its quarters in time are the clusters. Source: Cameron and Miller, "A practitioner's
    guide to cluster-robust inference", J. Hum. Resour. 50 (2015) 317, eq. 11.
    """
    if len(residuals) == 1:
        jacobian = np.stack(np.array_split(jacobian[0][: jacobian.shape[1] // 4 * 4], 4))
        residuals = np.stack(np.array_split(residuals[0][: residuals.shape[1] // 4 * 4], 4))
    n = len(residuals)
    inverse = np.linalg.pinv(np.einsum("nrp,nrq->pq", jacobian, jacobian), hermitian=True)
    scores = np.einsum("nrp,nr->np", jacobian, residuals)
    return inverse @ (scores.T @ scores) @ inverse * n / (n - 1)


@dataclass(frozen=True)
class Refinement:
    """A refitted law.

    Args:
        law: with coefficients, and their covariance clustered by trajectory.
        rmse: root mean square misfit, relative to the size of each trajectory.
        t_values: |coefficient|/standard error of each free parameter.
        growth: by which factor the squared misfit would grow without each free parameter, the others
            refitted, in the quadratic approximation.
    """

    law: Law
    rmse: float
    t_values: dict[Parameter, float]
    growth: dict[Parameter, float]


def refine(
    law: Law, data: RollOutData, *, pivot: Parameter, clusters: int, steps: int = 15, tolerance: float = 1e-9
) -> Refinement:
    """Minimise the misfit of roll-outs over all coefficients but the pivot, which fixes the scale.

    Args:
        law: the form and where to start; none of its coefficients may be 0.
        data: what to fit, as whole trajectories or as windows of them.
        pivot: the coefficient of m or w that is held.
        clusters: trajectories that the data come from.
        steps: most evaluations of the misfit.
        tolerance: relative change of the misfit and of the coefficients that ends it.
    """
    free = [j for j, parameter in enumerate(law.parameters) if parameter != pivot]
    misfit = _Misfit(law, data, free)
    if not free:
        return Refinement(law, float(np.sqrt(np.mean(misfit(np.ones(0)) ** 2))), {}, {})
    found = least_squares(
        misfit, np.ones(len(free)), misfit.jacobian, max_nfev=steps, xtol=tolerance, ftol=tolerance, gtol=1e-15
    )
    start = misfit.start
    by_cluster = (clusters, found.fun.size // clusters)
    spread = clustered_covariance(
        found.jac.reshape(*by_cluster, len(free)), found.fun.reshape(by_cluster)
    ) * np.outer(start[free], start[free])
    covariance = np.zeros((len(start), len(start)))
    covariance[np.ix_(free, free)] = spread
    values = misfit.values(found.x)
    errors = np.sqrt(np.diag(covariance))
    t_values = {law.parameters[j]: float(abs(values[j]) / max(errors[j], 1e-300)) for j in free}
    inverse = np.diag(np.linalg.pinv(found.jac.T @ found.jac, hermitian=True))
    cost = max(float(found.fun @ found.fun), 1e-300)
    growth = {law.parameters[j]: float(1 + x * x / (c * cost)) for j, x, c in zip(free, found.x, inverse, strict=True)}
    rmse = float(np.sqrt(cost / found.fun.size))
    return Refinement(law.with_values(values, covariance), rmse, t_values, growth)


def scores(law: Law, data: RollOutData, leads: Iterable[int]) -> Float[np.ndarray, " n"]:
    """Mean over lead times of the relative RMSE, for each trajectory."""
    substeps = substeps_for(law, data)
    error = predicted(law, data, substeps) - data.u[:, 1:]
    axes = tuple(range(2, error.ndim))
    ratio = error.square().mean(axes).sqrt() / data.u[:, 1:].square().mean(axes).sqrt().clamp(min=1e-300)
    chosen = ratio[:, [lead - 1 for lead in leads]].mean(1).numpy()
    return np.nan_to_num(chosen, nan=np.inf)
