"""The Fourier transforms that a computation makes, and how long they take alone in several libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from unittest import mock

import numpy as np
import scipy.fft
import torch
from torch import Tensor

from mesoscribe.hybrid.space.domain import Domain

Job = Callable[[], object]


@dataclass(frozen=True)
class Transform:
    """A transform of real fields, or back to them.

    Args:
        back: from modes to fields; shape: of the fields (*batch, *grid); ndim: dimensions of the grid.
        dtype: of the fields, "float64" or "float32".
    """

    back: bool
    shape: tuple[int, ...]
    ndim: int
    dtype: str

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of the grid."""
        return tuple(range(-self.ndim, 0))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The points along them."""
        return self.shape[-self.ndim :]

    def by_torch(self) -> Callable[[Tensor], Tensor]:
        """As a grid makes it."""
        domain = Domain(self.sizes, (1.0,) * self.ndim)
        return domain.ifft if self.back else domain.fft

    def field(self) -> np.ndarray:
        """Random fields."""
        return np.random.default_rng(0).normal(size=self.shape).astype(self.dtype)

    def modes(self) -> np.ndarray:
        """Their transform."""
        return scipy.fft.rfftn(self.field(), axes=self.axes)


@contextmanager
def counted() -> Iterator[Counter[Transform]]:
    """Counts the transforms that grids make inside."""
    seen: Counter[Transform] = Counter()
    forward, back = Domain.fft, Domain.ifft

    def fft(domain: Domain, u: Tensor) -> Tensor:
        seen[Transform(False, tuple(u.shape), domain.ndim, str(u.dtype).removeprefix("torch."))] += 1
        return forward(domain, u)

    def ifft(domain: Domain, u_hat: Tensor) -> Tensor:
        u = back(domain, u_hat)
        seen[Transform(True, tuple(u.shape), domain.ndim, str(u.dtype).removeprefix("torch."))] += 1
        return u

    with mock.patch.object(Domain, "fft", fft), mock.patch.object(Domain, "ifft", ifft):
        yield seen


def with_torch(t: Transform) -> Job:
    """One transform by torch (MKL)."""
    x, transform = torch.as_tensor(t.modes() if t.back else t.field()), t.by_torch()
    return lambda: transform(x)


def with_scipy(t: Transform) -> Job:
    """One transform by SciPy (pocketfft)."""
    x = t.modes() if t.back else t.field()
    if t.back:
        return lambda: scipy.fft.irfftn(x, s=t.sizes, axes=t.axes, norm="forward")
    return lambda: scipy.fft.rfftn(x, axes=t.axes, norm="forward")


def with_fftw(t: Transform) -> Job:
    """One transform by FFTW, planned beforehand, in arrays of its own."""
    import pyfftw

    modes, field = t.modes(), t.field()
    real, complex_ = (pyfftw.empty_aligned(x.shape, x.dtype) for x in (field, modes))
    pair = (complex_, real) if t.back else (real, complex_)
    plan = pyfftw.FFTW(
        *pair, axes=t.axes, direction="FFTW_BACKWARD" if t.back else "FFTW_FORWARD", flags=("FFTW_MEASURE",)
    )
    real[:], complex_[:] = field, modes
    return plan.execute


LIBRARIES: dict[str, Callable[[Transform], Job]] = {"torch": with_torch, "scipy": with_scipy}
if find_spec("pyfftw"):
    LIBRARIES["FFTW"] = with_fftw


def alone(seen: Counter[Transform], library: str, *, at_most: int = 24) -> tuple[Job, float]:
    """A job that makes these transforms and nothing else, and how often it must run to make them all.

    Args:
        seen: which, and how often.
        library: in LIBRARIES.
        at_most: transforms in a run; where there are more the job makes a share of each kind.
    """
    share = max(1.0, sum(seen.values()) / at_most)
    jobs = [(LIBRARIES[library](t), max(1, round(n / share))) for t, n in seen.items()]
    made = sum(n for _, n in jobs)

    def run() -> None:
        for job, n in jobs:
            for _ in range(n):
                job()

    return run, sum(seen.values()) / made


def alone_with_gradients(seen: Counter[Transform]) -> Job:
    """These transforms by torch, forward and backward, and nothing else."""
    pairs = []
    for t, n in seen.items():
        x, job = torch.as_tensor(t.modes() if t.back else t.field()).requires_grad_(), t.by_torch()
        pairs += [(job, x, torch.ones_like(job(x)))] * n

    def run() -> None:
        for job, x, g in pairs:
            torch.autograd.grad(job(x), x, g)

    return run
