"""White noise of measured fields, from the data alone: in every mode, and in every difference in time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.hybrid.space.numbers import NUMBERS

REAL_MEDIAN = 0.454936  # of χ² of one degree of freedom; of two, over 2, it is log 2


def white_noise(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> Float[np.ndarray, " fields"]:
    """Variance of white noise in each field: no more than third differences leave, or a part of the spectrum.

    White noise is in all of them; what interpolation, aliases or a solver leave is not. Of the spectrum the
    lowest of the median powers of each tenth of the modes counts.
    """
    return np.array([_white_noise(part, t, own) for part, own in each_field(u, domain)])


def _white_noise(u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "#n nt"], domain: Domain) -> float:
    """Of one field."""
    some = slice(NUMBERS.noise_trajectories)
    floor = float(np.median(power_of(u, domain)[..., quietest(u, domain)]))
    median = np.log(2.0) if domain.periodic else REAL_MEDIAN
    return min(floor / median * domain.points, white_in_time(u[some], t[some]))


def power_of(u: Float[np.ndarray, "n nt *grid"], domain: Domain) -> Float[np.ndarray, "n nt *modes"]:
    """|û|² of each mode, that of white noise the same in all."""
    return np.asarray(np.abs(domain.fft(u)) ** 2 * (domain.multiplicity / domain.freedom))


def quietest(u: Float[np.ndarray, "n nt *grid"], domain: Domain) -> Bool[np.ndarray, "*modes"]:
    """The tenth of the modes with the lowest median power."""
    power = power_of(u, domain)
    modes = domain.resolved & (domain.k_norm > 0)
    edges = np.quantile(domain.k_norm[modes], np.linspace(0.0, 1.0, NUMBERS.spectrum_parts + 1))
    tenths = (modes & (low <= domain.k_norm) & (domain.k_norm <= high) for low, high in pairwise(edges))
    return min(
        (tenth for tenth in tenths if tenth.any()), key=lambda tenth: float(np.median(power[..., tenth]))
    )


def white_in_time(u: Float[np.ndarray, "n nt *rest"], t: Float[np.ndarray, "#n nt"]) -> float:
    """Mean square of what is white in time, from third differences; inf on few frames.

    Those are Σ_j c_j u(t_j), c_j ∝ 1/Π_{l≠j} (t_j - t_l), of four frames in a row: 0 for a parabola of t.
    Here Σ_j c_j² = 1; of even frames c is (-1, 3, -3, 1)/√20.
    """
    return np.inf if u.shape[1] < 4 else float(np.mean(np.square(third_differences(u, t))))


def third_differences(
    u: Float[np.ndarray, "n nt *rest"], t: Float[np.ndarray, "#n nt"]
) -> Float[np.ndarray, "n w *rest"]:
    """Σ_j c_j u(t_j) of each four frames in a row, see `white_in_time`."""
    times = np.lib.stride_tricks.sliding_window_view(t, 4, axis=1)
    apart = times[..., :, None] - times[..., None, :] + np.eye(4)
    c = 1 / apart.prod(-1)
    c /= np.linalg.norm(c, axis=-1, keepdims=True)
    c = c.reshape(*c.shape, *(1,) * (u.ndim - 2))
    return np.asarray(sum(c[:, :, j] * u[:, j : u.shape[1] - 3 + j] for j in range(4)))
