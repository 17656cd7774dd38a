"""Trajectories on just enough points for a law's band, its roll-outs from them, and how far they are off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.law.law import Law

POINTS_PER_MODE = 4
MISFIT_SHARE = 1e-2  # the stepper's error, as a share of the misfit
ROUNDING = 1e-9
SAMPLED = 4  # frames that show the mean slope of F'
MAX_SUBSTEPS = 64
ENOUGH = 2**22  # values of fields that coefficients are refined on
FEWEST = 16  # frames
NOISY = 8.0  # squared misfits below this multiple of the noise are mostly noise


def _white_noise(u: Float[np.ndarray, "n nt *grid"], domain: Domain) -> float:
    """Variance of white noise, from the lowest of the median powers of each tenth of the modes.

    White noise is in all of them; what interpolation, aliases or a solver leave is not.
    """
    power = np.abs(domain.fft(u)) ** 2
    modes = domain.resolved & (domain.k_norm > 0)
    edges = np.quantile(domain.k_norm[modes], np.linspace(0.0, 1.0, 11))
    tenths = (modes & (low <= domain.k_norm) & (domain.k_norm <= high) for low, high in pairwise(edges))
    floor = min(float(np.median(power[..., tenth])) for tenth in tenths if tenth.any())
    return floor / np.log(2.0) * domain.points


@dataclass(frozen=True)
class RollOutData:
    """What a law is compared with: trajectories limited to its band, on just enough points.

    Args:
        domain: the points.
        u: fields (trajectory, frame, *grid) about the law's centre, from the first frame that counts.
        dt: time between frames.
        size: root mean square of each trajectory (trajectory,).
        noise: variance of white noise in the band, relative to that of the fields: the floor of the spectrum
            after the first frame.
    """

    domain: Domain
    u: Float[Tensor, "n nt *grid"]
    dt: float
    size: Float[Tensor, " n"]
    noise: float = 0.0

    @classmethod
    def of(cls, data: Trajectories, law: Law, first_frame: int = 0) -> RollOutData:
        """The part of the data that the law's band can explain."""
        u = data.u[:, first_frame:] - law.centre
        shape = data.domain.shape
        if law.band is not None:
            wanted = [int(np.ceil(POINTS_PER_MODE * law.band * L / (4 * np.pi))) * 2 for L in law.lengths]
            shape = tuple(min(n, max(16, w)) for n, w in zip(shape, wanted, strict=True))
        domain = Domain(shape, law.lengths)
        mask = law.member(domain).mask
        fields = domain.restrict(torch.tensor(resampled(u, domain)), mask)
        axes = tuple(range(1, fields.ndim))
        size = fields.square().mean(axes).sqrt().clamp(min=1e-300)
        share = domain.unknowns(mask.numpy()) / data.domain.points
        noise = _white_noise(u[:, 1:], data.domain) * share / float(size.square().mean())
        return cls(domain, fields, data.dt, size, noise)

    def mostly_noise(self, squared: float) -> bool:
        """Whether a squared misfit, relative to that of the fields, is mostly measurement noise."""
        return bool(squared <= NOISY * self.noise)

    def first(self, n: int) -> RollOutData:
        """The first n trajectories."""
        return RollOutData(self.domain, self.u[:n], self.dt, self.size[:n], self.noise)

    def shortened(self) -> RollOutData:
        """The first frames of all trajectories, at most ENOUGH values but no fewer than FEWEST frames."""
        frames = max(FEWEST, ENOUGH // (len(self.u) * self.domain.points))
        return RollOutData(self.domain, self.u[:, :frames], self.dt, self.size, self.noise)

    def windows(self, frames: int) -> RollOutData:
        """These data cut into consecutive windows of so many frames, each a trajectory of its own."""
        n, nt = self.u.shape[:2]
        if frames >= nt:
            return self
        starts = range(0, nt - frames + 1, frames - 1)
        cut = torch.stack([self.u[:, s : s + frames] for s in starts], dim=1)
        windows = cut.reshape(n * len(starts), frames, *self.domain.shape)
        size = self.size[:, None].expand(n, len(starts)).reshape(-1)
        return RollOutData(self.domain, windows, self.dt, size, self.noise)


def about(member: Member, data: RollOutData) -> Member:
    """A member with the mean of ∂f/∂u over a few frames in its linear part, which steppers treat exactly."""
    some = data.u[:, :: max(1, (data.u.shape[1] - 1) // SAMPLED)].flatten(0, 1)
    return member.about(some.expand(len(member.q), *some.shape) if member.q.ndim > data.domain.ndim else some)


def plain_roll_outs(
    member: Member, start: Float[Tensor, "*batch_state"], data: RollOutData, substeps: int
) -> Float[Tensor, "*batch_nt_state"]:
    """Roll-outs of a member from start (*batch, *grid), at the frames after the first, as it is written."""
    frames, axis = data.u.shape[1] - 1, -data.domain.ndim - 1
    with torch.no_grad():
        return torch.stack(list(roll_out(member, start, data.dt, frames, substeps, ETDRK4())), dim=axis)


def roll_outs(
    member: Member, start: Float[Tensor, "*batch_state"], data: RollOutData, substeps: int
) -> Float[Tensor, "*batch_nt_state"]:
    """Roll-outs from start (*batch, *grid) at the frames after the first, the linear part that of `about`."""
    return plain_roll_outs(about(member, data), start, data, substeps)


def predicted(law: Law, data: RollOutData, substeps: int) -> Float[Tensor, "n later_frames *grid"]:
    """Roll-outs of a law from the first frame of the data (n, *grid), at the frames that follow."""
    return roll_outs(law.member(data.domain), data.u[:, 0], data, substeps)


def substeps_for(law: Law, data: RollOutData, accuracy: float = 0.0, share: float = MISFIT_SHARE) -> int:
    """Substeps a frame, by step doubling on a few frames.

    Their error is a share of the misfit, or the accuracy relative to the field where that is larger.
    """
    few = RollOutData(data.domain, data.u[:8, :4], data.dt, data.size[:8])
    n, coarse = 1, predicted(law, few, 1)
    while n < MAX_SUBSTEPS:
        fine = predicted(law, few, 2 * n)
        size = float(torch.linalg.vector_norm(fine))
        change = float(torch.linalg.vector_norm(fine - coarse)) / size
        gap = float(torch.linalg.vector_norm(fine - few.u[:, 1:])) / size
        if change <= max(share * gap, accuracy, ROUNDING):
            return n
        n, coarse = 2 * n, fine
    return n


def _score(error: Tensor, data: RollOutData, leads: Iterable[int]) -> Float[np.ndarray, " n"]:
    """Mean over lead times of the relative RMSE, for each trajectory; inf where it is lost."""
    axes = tuple(range(2, error.ndim))
    ratio = error.square().mean(axes).sqrt() / data.u[:, 1:].square().mean(axes).sqrt().clamp(min=1e-300)
    chosen = ratio[:, [lead - 1 for lead in leads]].mean(1).numpy()
    return np.nan_to_num(chosen, nan=np.inf)


def persistence(data: RollOutData, leads: Iterable[int]) -> Float[np.ndarray, " n"]:
    """The score of "no change", û(t) = u(0), for each trajectory."""
    return _score(data.u[:, :1] - data.u[:, 1:], data, leads)


def scores(law: Law, data: RollOutData, leads: Iterable[int]) -> Float[np.ndarray, " n"]:
    """Mean over lead times of the relative RMSE of roll-outs, for each trajectory."""
    return _score(predicted(law, data, substeps_for(law, data)) - data.u[:, 1:], data, leads)
