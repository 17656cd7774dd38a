"""Roll-outs on a window of a larger field: held to the data beyond its edges and, less and less, inside.

    u_t = R[u] - χ(x) (R[y] - y_t) - γ(x) (u - y),    R[u] = -K(∂) δV/δu,

with y(x, t) the data between frames. χ is 1 on what continues the window, where y solves no equation, and 0
inside but for a strip along each edge; so is γ, up to its size. Beyond the edges u = y is a solution,
whatever the law: nothing comes in from there that the data do not have, and what a wrong law sends out is
forgotten. By a step, R[y] being a step from y, and u ← y + e^(-γh) (u - y) after it. Source: Davies,
Q. J. R. Meteorol. Soc. 102 (1976) 405, for models of limited areas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.interpolate import make_interp_spline
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.space.device import tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Frames = Float[Tensor, "n nt *grid"]


def extent(data: Trajectories) -> float:
    """The share of the box from the first point of a window to its last; 0 on a periodic box."""
    return (data.window - 1) / data.domain.shape[0] if data.window else 0.0


def hold(domain: Domain, extent: float) -> Float[np.ndarray, " grid"]:
    """γ times the time of a frame at the points of a box: 0 inside a window but near its edges.

    Args:
        domain: the box; extent: the share of it that is the window.
    """
    x = np.arange(domain.shape[0]) / domain.shape[0]
    inside = np.clip(np.minimum(x, extent - x) / (NUMBERS.window_edge * extent), 0.0, 1.0)
    return NUMBERS.window_hold * (1 - inside**2) ** 2


def rates(
    u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "n nt"]
) -> Float[np.ndarray, "n nt 2 *grid"]:
    """u_t and u_tt of frames, by splines in time."""
    found = []
    for one, times in zip(u, t, strict=True):
        spline = make_interp_spline(times, one, k=min(NUMBERS.window_spline, (len(times) - 1) // 2 * 2 - 1))
        found.append(np.stack([spline(times, 1), spline(times, 2)], axis=1))
    return np.stack(found)


def missed_between_frames(
    u: Float[np.ndarray, "n nt *grid"],
    t: Float[np.ndarray, "n nt"],
    edge: Bool[np.ndarray, " *grid"],
    noise: float,
) -> float:
    """Mean square of what y misses between frames at some points: every second frame, from the others.

    With frames half as far apart a cubic misses a sixteenth; white noise of that variance is left out.
    """
    if u.shape[1] < NUMBERS.window_even_frames:
        return 0.0
    squares, gains = [], []
    for one, times in zip(u[..., edge], t, strict=True):
        some, rest = times[::2], times[1:-1:2]
        degree = min(NUMBERS.window_spline, len(some) - 1)
        found = make_interp_spline(some, one[::2], k=degree)(rest)
        weights = make_interp_spline(some, np.eye(len(some)), k=degree)(rest)
        squares.append(np.mean((found - one[1:-1:2][: len(rest)]) ** 2))
        gains.append(1 + np.mean(np.sum(weights**2, axis=1)))
    left = float(np.mean(squares)) - noise * float(np.mean(gains))
    return max(left, 0.0) / 16**2


def free_part(
    data: Trajectories, values: Float[np.ndarray, "*batch grid"]
) -> Float[np.ndarray, "*batch some"]:
    """The values at points where roll-outs are not held to the data; all on a periodic box."""
    return values[..., hold(data.domain, extent(data)) == 0] if data.window else values


@dataclass(frozen=True)
class Border:
    """What roll-outs are held to.

    Args:
        u: the data, at all frames of the roll-outs, the first included.
        rates: u_t and u_tt of them.
        steps: times from each frame to the next.
        hold: γ times the time of a frame.
        extent: the share of the box that is the window.
    """

    u: Frames
    rates: Float[Tensor, "n nt 2 *grid"]
    steps: Float[Tensor, "n r"]
    hold: Float[Tensor, " *grid"]
    extent: float

    @classmethod
    def of(
        cls, data: Trajectories, rows: slice | np.ndarray = slice(None), frames: slice = slice(None)
    ) -> Border | None:
        """Of the trajectories of a window, in the user's units; None on a periodic box.

        Raises:
            ValueError: the window without what continues it.
        """
        if not data.window:
            return None
        if data.window == data.domain.points:
            raise ValueError(
                "expected a window that is continued to a box, got the window alone; give the trajectories "
                "that load() or from_arrays() made of it"
            )
        moves = rates(data.u, data.elapsed_in_each)
        u, slopes = (tensor(np.ascontiguousarray(part[rows][:, frames])) for part in (data.u, moves))
        steps = tensor(np.diff(data.elapsed_in_each[rows][:, frames]))
        share = extent(data)
        return cls(u, slopes, steps, tensor(hold(data.domain, share)), share)

    @classmethod
    def ahead(
        cls,
        data: Trajectories,
        rows: Int[np.ndarray, " m"],
        starts: Int[np.ndarray, " m"],
        lead: int,
    ) -> Border | None:
        """Of some frames after frames of the trajectories of a window; None on a periodic box."""
        whole = cls.of(data)
        if whole is None:
            return None
        at = starts[:, None] + np.arange(lead + 1)
        u, slopes = whole.u[rows[:, None], at], whole.rates[rows[:, None], at]
        steps = tensor(np.diff(data.elapsed_in_each[rows[:, None], at], axis=1))
        return replace(whole, u=u, rates=slopes, steps=steps)

    def one(self, n: int) -> Border:
        """Of one of the trajectories."""
        some = slice(n, n + 1)
        return replace(self, u=self.u[some], rates=self.rates[some], steps=self.steps[some])

    def within(
        self, convert: Callable[[np.ndarray], np.ndarray], domain: Domain, time: float = 1.0
    ) -> Border:
        """In other units, on other points.

        Args:
            convert: takes fields there, by an affine map; domain: the box there.
            time: the unit of time there.
        """
        u = convert(self.u.cpu().numpy())
        moved = convert((self.u.unsqueeze(2) + self.rates).cpu().numpy())
        pull = tensor(hold(domain, self.extent))
        slopes = tensor(moved - np.expand_dims(u, 2)) * tensor(np.array([[time], [time**2]]))
        return replace(self, u=tensor(u), rates=slopes, steps=self.steps / time, hold=pull)

    def data(self, frame: int, share: float) -> Float[Tensor, "#n *grid"]:
        """y a share of the time after a frame: the polynomial of y, y_t and y_tt at both frames."""
        found = torch.zeros_like(self.u[:, frame])
        step = self.steps[:, frame].reshape(-1, *(1,) * (self.u.ndim - 2))
        for at, s, sign in ((frame, share, 1.0), (frame + 1, 1.0 - share, -1.0)):
            value, slope, bend = self.u[:, at], sign * self.rates[:, at, 0], self.rates[:, at, 1]
            weights = 1 - 10 * s**3 + 15 * s**4 - 6 * s**5, s - 6 * s**3 + 8 * s**4 - 3 * s**5
            last = (s**2 - 3 * s**3 + 3 * s**4 - s**5) / 2
            found = found + weights[0] * value + step * (weights[1] * slope + step * last * bend)
        return found

    def held(
        self,
        member: Member,
        u_hat: Tensor,
        frame: int,
        n: int,
        substeps: int,
        step: Callable[[Tensor], Tensor],
    ) -> Tensor:
        """û after a substep: without what the data would do beyond the edges, and drawn to the data.

        Args:
            member: the equation of motion; u_hat: before the substep.
            frame, n: the frame before it, and how many of its substeps were taken since.
            substeps: of a frame; step: one of them.
        """
        fft, ifft = member.domain.fft, member.domain.ifft
        here, there = (self.data(frame, m / substeps).to(self.u.dtype) for m in (n, n + 1))
        missed = ifft(step(member.split(fft(here))[0])) - there
        gap = ifft(step(u_hat)) - there - self.hold / NUMBERS.window_hold * missed
        return member.split(fft(there + torch.exp(-self.hold / substeps) * gap))[0]

    def eased(self, member: Member, u_hat: Tensor, substeps: int) -> Tensor:
        """The transpose of the derivative of what `held` does after its step, which is its own."""
        u = torch.exp(-self.hold / substeps) * member.domain.ifft(u_hat)
        return member.split(member.domain.fft(u))[0]

    def crossed(
        self, member: Member, u_hat: Tensor, frame: int, substeps: int, step: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """û at the next frame."""
        for n in range(substeps):
            u_hat = self.held(member, u_hat, frame, n, substeps, step)
        return u_hat
