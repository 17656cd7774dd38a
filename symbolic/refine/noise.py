"""White noise in trajectories, and the band of modes that stands out from it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.symbolic.law.numbers import NUMBERS

REAL_MEDIAN = 0.454936  # of χ² of one degree of freedom; of two, over 2, it is log 2


def white_noise(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> Float[np.ndarray, " fields"]:
    """Variance of white noise in each field: no more than third differences leave, or a part of the spectrum.

    White noise is in all of them; what interpolation, aliases or a solver leave is not. Of the spectrum the
    lowest of the median powers of each tenth of the modes counts.
    """
    return np.array([_white_noise(part, t, own) for part, own in each_field(u, domain)])


def equal_noise(noise: Float[np.ndarray, " fields"]) -> Float[np.ndarray, " fields"]:
    """Units of fields, in those of their sizes, in which their noise is alike, so that each weighs 1/σ².

    Their geometric mean is 1. A field that is measured much better than the noisiest weighs as if its noise
    were `noise_ratio` times smaller: what laws leave of it is the error of a model.

    Args:
        noise: variances, relative to the squares of the fields.
    """
    largest = float(noise.max())
    if not largest > NUMBERS.measured_rounding**2:
        return np.ones(len(noise))
    sigma = np.sqrt(np.maximum(noise, largest / NUMBERS.noise_ratio**2))
    return np.asarray(sigma / np.exp(np.log(sigma).mean()))


def _white_noise(u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, "#n nt"], domain: Domain) -> float:
    """Of one field."""
    some = slice(NUMBERS.substep_trajectories)
    power = np.abs(domain.fft(u)) ** 2 * (domain.multiplicity / domain.freedom)
    modes = domain.resolved & (domain.k_norm > 0)
    edges = np.quantile(domain.k_norm[modes], np.linspace(0.0, 1.0, NUMBERS.spectrum_parts + 1))
    tenths = (modes & (low <= domain.k_norm) & (domain.k_norm <= high) for low, high in pairwise(edges))
    floor = min(float(np.median(power[..., tenth])) for tenth in tenths if tenth.any())
    median = np.log(2.0) if domain.periodic else REAL_MEDIAN
    return min(floor / median * domain.points, white_in_time(u[some], t[some]))


def white_in_time(u: Float[np.ndarray, "n nt *rest"], t: Float[np.ndarray, "#n nt"]) -> float:
    """Mean square of what is white in time, from third differences; inf on few frames.

    Those are Σ_j c_j u(t_j), c_j ∝ 1/Π_{l≠j} (t_j - t_l), of four frames in a row: 0 for a parabola of t.
    Here Σ_j c_j² = 1; of even frames c is (-1, 3, -3, 1)/√20.
    """
    if u.shape[1] < 4:
        return np.inf
    times = np.lib.stride_tricks.sliding_window_view(t, 4, axis=1)
    apart = times[..., :, None] - times[..., None, :] + np.eye(4)
    c = 1 / apart.prod(-1)
    c /= np.linalg.norm(c, axis=-1, keepdims=True)
    c = c.reshape(*c.shape, *(1,) * (u.ndim - 2))
    rough = sum(c[:, :, j] * u[:, j : u.shape[1] - 3 + j] for j in range(4))
    return float(np.mean(np.square(rough)))


def signal_band(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> float | None:
    """The wavenumber up to which a law is compared with data; None for all modes.

    That is `wider_band` times the largest at which the mean power of a field is above that of white noise:
    where spectra fall exponentially nothing beyond it can be seen.
    """
    power = (np.abs(domain.fft(u)) ** 2).mean(axis=(0, 1)) * (domain.multiplicity / domain.freedom)
    power = power.reshape(-1, *domain.modes_shape)
    floor = white_noise(u, t, domain) / domain.points
    largest = np.abs(np.stack(domain.k)).max(0)
    total = power.reshape(len(power), -1).sum(1)
    visible = np.maximum(NUMBERS.signal_power * floor, NUMBERS.visible_mode**2 * total)
    above = (power > visible.reshape(-1, *(1,) * domain.ndim)).any(0)
    seen = largest[domain.resolved & above]
    band = NUMBERS.wider_band * float(seen.max(initial=NUMBERS.rollout_points / 4 * domain.k_unit))
    return None if bool((domain.within(band) == domain.resolved).all()) else band
