"""What laws are compared with: trajectories limited to the band of a law, on just enough points for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from mesoscribe.hybrid.data.interpolation import interpolation_error
from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border, extent, hold, missed_between_frames, rates
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.pieces import pieces
from mesoscribe.hybrid.space.resample import carried, resampled
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.noise import equal_noise, strong
from mesoscribe.symbolic.refine.weighing import Weighing
from mesoscribe.symbolic.refine.whitening import Whitening, in_band


@dataclass(frozen=True)
class RollOutData:
    """What a law is compared with: trajectories limited to its band, on just enough points.

    Args:
        domain: the points.
        u: fields (trajectory, frame, [field,] *grid) about the law's centre, of the frames that count.
        t: times of the frames of each trajectory.
        size: root mean square of each trajectory (trajectory,), of several fields (trajectory, field), these
            in proportion to their noise (`equal_noise`).
        mask: the modes of the band.
        noise: variance of white noise in the band, relative to that of the fields: the floor of the spectrum
            after the first frame, and what interpolation leaves in the first.
        seen: 1 where the fields were measured, 0 where they are interpolated or roll-outs held to them; None
            where all were.
        rates: u_t and u_tt of a window, to whose fields roll-outs are held along the edges; None on a box.
        extent: the share of the box that is the window.
        floor: on a window, squared misfit that the best law leaves beside the noise of later frames: of what
            its edges miss between frames, and of the noise of first frames, which are no unknowns there.
        filtered: fields without most of the noise, where it is strong; None where it is not.
        prior: √(1 + σ²/P) of each mode, P its power as it is expected before it is measured; None where noise
            is weak.
        whitening: what makes noise of misfits white; None where it is.
    """

    domain: Domain
    u: Float[Tensor, "n nt *state"]
    t: Float[Tensor, "n nt"]
    size: Float[Tensor, " n *fields"]
    mask: Bool[Tensor, "*modes"]
    noise: float = 0.0
    seen: Float[Tensor, "n nt *state"] | None = None
    rates: Float[Tensor, "n nt 2 *state"] | None = None
    extent: float = 0.0
    floor: float = 0.0
    filtered: Float[Tensor, "n nt *state"] | None = None
    prior: Float[Tensor, " *modes"] | None = None
    whitening: Whitening | None = None

    @property
    def shots(self) -> RollOutData:
        """These data in pieces short enough to be compared with roll-outs."""
        return self.windows(NUMBERS.shot_frames if self.rates is None else NUMBERS.window_shots)

    @property
    def border(self) -> Border | None:
        """What roll-outs are held to; None on a periodic box."""
        if self.rates is None:
            return None
        held = tensor(hold(self.domain, self.extent), like=self.u)
        return Border(self.u, self.rates, self.steps, held, self.extent)

    @property
    def scale(self) -> Float[Tensor, " n *ones"]:
        """The size of each field of each trajectory, to broadcast against states."""
        return self.size.reshape(*self.size.shape, *(1,) * self.domain.ndim)

    def weights(self, *, free: bool) -> Float[Tensor, "n r *state"] | None:
        """What each value counts in a misfit, of all frames where the first may move; None if all count 1.

        An interpolated value of a first frame still counts something, as nothing else may tell it; of a field
        that was not measured the frames after it do.
        """
        if self.seen is None or not free:
            return None if self.seen is None else self.seen[:, 1:]
        some = self._measured * self.seen[:, :1].clamp(min=NUMBERS.interpolated_start)
        return torch.cat([some, self.seen[:, 1:]], dim=1)

    def weighing(self, *, free: bool) -> Weighing:
        """What values of a misfit count, of all frames where the first may move."""
        prior = self.prior if free else None
        return Weighing(self.domain, self.weights(free=free), prior, self.whitening)

    @property
    def _measured(self) -> Tensor:
        """1 for fields of which anything was measured, else 0, to broadcast against states; all 1 of one."""
        assert self.seen is not None
        return self.seen.amax((0, 1, *self.domain.axes), keepdim=True)

    @cached_property
    def hidden(self) -> bool:
        """Whether there are fields of which nothing was measured: their initial values are unknowns."""
        return self.seen is not None and not bool(self._measured.all())

    @property
    def clean(self) -> RollOutData:
        """Filtered fields in the place of those that were measured, where there are any."""
        return self if self.filtered is None else replace(self, u=self.filtered, filtered=None, prior=None)

    @property
    def steps(self) -> Float[Tensor, "n r"]:
        """Times from each frame to the next."""
        return self.t.diff(dim=1)

    @property
    def duration(self) -> float:
        """Time from the first frame to the last."""
        return float((self.t[:, -1] - self.t[:, 0]).mean())

    @property
    def unknowns(self) -> int:
        """How many numbers a field of the band has."""
        return self.domain.unknowns(array(self.mask))

    @classmethod
    def of(cls, data: Trajectories, law: Law, first_frame: int = 0, *more: Trajectories) -> RollOutData:
        """The part of the data that the law's band can explain, and of more data of as many frames."""
        alike = [part for part in (data, *more) if part.n_frames == data.n_frames]
        u = np.concatenate([part.u[:, first_frame:] for part in alike]) - law.centre
        t = np.concatenate([part.elapsed_in_each[:, first_frame:] for part in alike])
        holes = [np.zeros(part.u.shape, bool) if part.missing is None else part.missing for part in alike]
        missing = np.concatenate([part[:, first_frame:] for part in holes])
        shape = data.domain.shape
        if law.band is not None:
            most = HYBRID.points_per_mode * law.band
            wanted = [int(np.ceil(most * L / (4 * np.pi))) * 2 for L in law.lengths]
            shape = tuple(min(n, max(NUMBERS.rollout_points, w)) for n, w in zip(shape, wanted, strict=True))
        domain = law.box.resampled(shape)
        mask = law.member(domain).mask
        fields = domain.restrict(tensor(resampled(u, domain)), mask)
        size = fields.square().mean((1, *domain.axes)).sqrt().clamp(min=1e-300)
        share = domain.unknowns(array(mask)) / data.domain.state_size
        seen_size = size > NUMBERS.measured_rounding * size.amax(0)
        relative = array((size.pow(-2) * seen_size).sum(0) / seen_size.sum(0))
        measured = [i for i, name in enumerate(data.fields) if name in data.measured]
        colours = [NoiseColour.of(part, t[:, 1:], own) for part, own in each_field(u[:, 1:], data.domain)]
        told = not data.window and len(measured) == len(data.fields)
        whitening = Whitening.of(colours, domain, array(mask)) if told else None
        each = np.array([noise.variance * in_band(noise, domain, array(mask)) for noise in colours])
        each = each * share * relative
        if domain.n_fields is not None and len(measured) == len(data.fields):
            weights = equal_noise(each)
            size, relative, each = size * tensor(weights), relative / weights**2, each / weights**2
        noise, times = float(np.mean(each[measured])), tensor(t)
        clean = None if data.window else strong(u, t, data.domain)
        filtered: dict[str, Any] = {"whitening": whitening}
        if clean is not None:
            power = carried(clean[1], data.domain, domain).clip(min=NUMBERS.least_power / u.shape[1])
            filtered["filtered"] = domain.restrict(tensor(resampled(clean[0], domain)), mask)
            filtered["prior"] = tensor(np.sqrt(1 + 1 / power))
        if not missing.any():
            return cls(domain, fields, times, size, mask, noise, **filtered)
        of = data.seen.domain
        seen = tensor(1.0 - _at_points(missing, shape, data.domain))
        if data.window:
            share, noise = extent(data), noise / data.window_share
            pull = hold(domain, share)
            edge = (pull > 0) & (array(seen)[0, 0] > 0)
            off = missed_between_frames(array(fields), t, edge, noise / float(np.mean(relative)))
            held: dict[str, Any] = {"seen": seen * tensor(1.0 * (pull == 0)), "extent": share}
            held["rates"] = tensor(rates(array(fields), t))
            held["floor"] = off * float(np.mean(relative)) + noise
            return cls(domain, fields, times, size, mask, noise, **held)
        if len(measured) < len(data.fields):
            u, missing, relative = u[:, :, measured], missing[:, :, measured], relative[measured]
        if of.n_fields is None and u.ndim > 2 + of.ndim:
            u, missing = u[:, :, 0], missing[:, :, 0]
        off = interpolation_error(u[:, :1], missing[:, :1], of) * float(np.mean(relative))
        noise = noise / (1 - float(missing.mean())) + off
        return cls(domain, fields, times, size, mask, noise, seen, **filtered)

    def norm(self, frames: Float[Tensor, "n r *state"]) -> float:
        """The norm of frames, of several fields each in units of its size."""
        several = self.domain.n_fields is not None
        return float(torch.linalg.vector_norm(frames / self.scale.unsqueeze(1) if several else frames))

    def part(
        self, cut: Callable[[Tensor], Tensor], size: Float[Tensor, " m *fields"] | None = None
    ) -> RollOutData:
        """Other trajectories and frames of these.

        Args:
            cut: of what there is for each trajectory and frame.
            size: of the new trajectories, if they are others.
        """
        seen, rates, filtered = (
            None if one is None else cut(one) for one in (self.seen, self.rates, self.filtered)
        )
        size = self.size if size is None else size
        changed: dict[str, Any] = {"seen": seen, "rates": rates, "filtered": filtered}
        return replace(self, u=cut(self.u), t=cut(self.t), size=size, **changed)

    def first(self, frames: int) -> RollOutData:
        """The first frames of each trajectory."""
        return self.part(lambda u: u[:, :frames])

    def limited(self, values: int) -> RollOutData:
        """Some trajectories, at least a few, and of these the first frames, of about so many values."""
        n = min(len(self.u), max(NUMBERS.clusters // 2, values // self.u[0].numel()))
        frames = max(NUMBERS.refined_frames, values // (n * self.domain.state_size))
        some = torch.linspace(0, len(self.u) - 1, n, device=self.u.device).round().long()
        return self.part(lambda u: u[some][:, :frames], self.size[some])

    @property
    def pieces(self) -> list[slice]:
        """Trajectories whose roll-outs are held at once."""
        return list(pieces(len(self.u), self.u[0].numel(), values=int(NUMBERS.rolled_values)))

    def some(self, chosen: slice) -> RollOutData:
        """Some of the trajectories."""
        return self.part(lambda u: u[chosen], self.size[chosen])

    def fewer(self, n: int) -> RollOutData:
        """At most n of the trajectories, rather in the middle than at the ends."""
        n = min(n, len(self.u))
        some = ((torch.arange(n, device=self.u.device) + 0.5) * len(self.u) / n).long()
        return self.part(lambda u: u[some], self.size[some])

    def windows(self, frames: int) -> RollOutData:
        """These data cut into consecutive windows of so many frames or fewer, each a trajectory."""
        n, nt = self.u.shape[:2]
        if frames >= nt:
            return self
        pieces = -(-(nt - 1) // (frames - 1))
        frames = (nt - 1) // pieces + 1
        starts = range(0, pieces * (frames - 1), frames - 1)

        def cut(u: Tensor) -> Tensor:
            pieces = torch.stack([u[:, s : s + frames] for s in starts], dim=1)
            return pieces.reshape(n * len(starts), frames, *u.shape[2:])

        return self.part(cut, self.size.repeat_interleave(len(starts), dim=0))


def _at_points(
    missing: Bool[np.ndarray, "n nt *state"], shape: tuple[int, ...], domain: Domain
) -> Bool[np.ndarray, "n nt *new"]:
    """Where values on fewer points are missing: where one of the three points next to them is."""
    for axis, fewer in zip(domain.axes, shape, strict=True):
        n = missing.shape[axis]
        if fewer < n:
            missing = missing | np.roll(missing, 1, axis) | np.roll(missing, -1, axis)
            half = 0.5 * (axis in domain.walled)
            missing = missing.take(
                np.rint((np.arange(fewer) + half) * n / fewer - half).astype(int) % n, axis
            )
    return missing
