"""Exponential time steppers for û_t = λ(k) û + N(û), and roll-outs with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from hybrid.flow import Flow

Step = Callable[[Tensor], Tensor]
CONTOUR_POINTS = 32
MAX_SUBSTEPS = 2**14


class Scheme(Protocol):
    """A one-step method: prepare it for a flow and a step, then call what it returns."""

    order: int

    def prepare(self, flow: Flow, dt: float) -> Step:
        """The map û(t) ↦ û(t + dt)."""
        ...


@dataclass(frozen=True)
class ETDRK4:
    """Fourth-order exponential time differencing, exact in the linear part.

    Coefficients are means over a circle around each λ dt, which is accurate where λ dt is small and
    differentiable in λ.
    Source: Cox and Matthews, J. Comput. Phys. 176 (2002) 430, eq. 26–29; Kassam and Trefethen,
    SIAM J. Sci. Comput. 26 (2005) 1214.
    """

    order: int = 4

    def prepare(self, flow: Flow, dt: float) -> Step:
        """The map û(t) ↦ û(t + dt) of the flow."""
        z = flow.linear * dt
        angle = 2 * math.pi * (torch.arange(CONTOUR_POINTS, dtype=z.real.dtype, device=z.device) + 0.5)
        r = z[..., None] + torch.exp(1j * angle / CONTOUR_POINTS)
        e, e_half = torch.exp(z), torch.exp(z / 2)
        er = torch.exp(r)
        half = dt * ((torch.exp(r / 2) - 1) / r).mean(-1)
        first = dt * ((-4 - r + er * (4 - 3 * r + r**2)) / r**3).mean(-1)
        middle = dt * (2 * (2 + r + er * (r - 2)) / r**3).mean(-1)
        last = dt * ((-4 - 3 * r - r**2 + er * (4 - r)) / r**3).mean(-1)
        n = flow.nonlinear

        def step(u: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
            nu = n(u)
            a = e_half * u + half * nu
            na = n(a)
            nb = n(e_half * u + half * na)
            nc = n(e_half * a + half * (2 * nb - nu))
            return e * u + first * nu + middle * (na + nb) + last * nc

        return step


def roll_out(flow: Flow, u: Tensor, dt: float, frames: int, substeps: int, scheme: Scheme) -> Iterator[Tensor]:
    """Fields at dt, 2 dt, … frames·dt after u (*batch, *grid), with a fixed number of substeps a frame."""
    step = scheme.prepare(flow, dt / substeps)
    u_hat, outside = flow.split(flow.grid.fft(u))
    for _ in range(frames):
        for _ in range(substeps):
            u_hat = step(u_hat)
        yield flow.grid.ifft(u_hat + outside)


def _advance(steps: dict[int, Step], substeps: int, u_hat: Tensor) -> Tensor:
    for _ in range(substeps):
        u_hat = steps[substeps](u_hat)
    return u_hat


class _Prepared(dict[int, Step]):
    """Steps of an interval divided into 1, 2, 4 … parts, each prepared once."""

    def __init__(self, flow: Flow, interval: float, scheme: Scheme) -> None:
        super().__init__()
        self.flow, self.interval, self.scheme = flow, interval, scheme

    def __missing__(self, substeps: int) -> Step:
        self[substeps] = self.scheme.prepare(self.flow, self.interval / substeps)
        return self[substeps]


def _controlled(
    steps: _Prepared, u_hat: Tensor, substeps: int, *, rtol: float, max_substeps: int, t: float
) -> tuple[Tensor, int]:
    """One interval by step doubling: substeps grow until two answers agree to rtol."""
    order = steps.scheme.order
    coarse = _advance(steps, substeps, u_hat)
    while True:
        fine = _advance(steps, 2 * substeps, u_hat)
        size = torch.linalg.vector_norm(fine)
        error = float(torch.linalg.vector_norm(fine - coarse) / size) if float(size) > 0 else 0.0
        if error / (2**order - 1) <= rtol:
            shrink = error * 2 ** (order + 1) < rtol and substeps > 1
            return fine, substeps // 2 if shrink else substeps
        substeps *= 2
        if substeps > max_substeps:
            raise FloatingPointError(
                f"the solution could not be followed beyond t = {t:g} with {max_substeps} substeps a frame "
                "(it blows up or becomes too steep); shorten the time span or check the initial field"
            )
        coarse = fine


def simulate(
    flow: Flow,
    u0: Float[np.ndarray, "..."],
    t: Float[np.ndarray, " nt"],
    *,
    scheme: Scheme,
    rtol: float,
    max_substeps: int = MAX_SUBSTEPS,
) -> Float[np.ndarray, "..."]:
    """Fields (*batch, nt, *grid) at times t (nt,) from u0 (*batch, *grid) at t[0], accurate to rtol a frame.

    Raises:
        ValueError: u0 does not have the grid's shape, or t does not increase.
        FloatingPointError: the solution is lost; the message names the time.
    """
    u0, t = np.asarray(u0, dtype=float), np.asarray(t, dtype=float)
    grid = flow.grid
    if u0.shape[-grid.ndim :] != grid.shape:
        raise ValueError(f"expected u0 of shape (*batch, {grid.shape}), got {u0.shape}; put space last")
    if t.ndim != 1 or len(t) < 1 or np.any(np.diff(t) <= 0):
        raise ValueError(f"expected a list of increasing times, got shape {t.shape}; sort the times")
    with torch.no_grad():
        u_hat, outside = flow.split(grid.fft(torch.as_tensor(u0, dtype=flow.q.dtype, device=flow.q.device)))
        frames, substeps, prepared = [u0], 1, {}
        for start, interval in zip(t[:-1], np.diff(t), strict=True):
            key = float(f"{interval:.9e}")
            steps = prepared.setdefault(key, _Prepared(flow, interval, scheme))
            u_hat, substeps = _controlled(steps, u_hat, substeps, rtol=rtol, max_substeps=max_substeps, t=float(start))
            if not bool(torch.isfinite(torch.view_as_real(u_hat)).all()):
                raise FloatingPointError(f"the solution is not finite after t = {start + interval:g}")
            frames.append(grid.ifft(u_hat + outside).cpu().double().numpy())
    return np.stack(frames, axis=-grid.ndim - 1)
