"""A piece of a larger field, continued smoothly to a periodic box on which symbols and transforms are known.

Of the continuation nothing is believed: its values count as missing, and roll-outs are held to the data
along the edges of the window (`hybrid.dynamics.border`). It is the mean of a Gaussian process, given the
data, whose covariance has the power spectrum of the data, noise left out: as smooth as these, no smoother.
Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning" (MIT Press 2006), eq. 2.25.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.fft import next_fast_len

from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.transforms import back, forward

WINDOW = "window"
OFFER = f'for a piece of a larger field give boundary="{WINDOW}" (--boundary {WINDOW})'


def box_points(points: int) -> int:
    """Points of the periodic box for a window of some, an even number of small prime factors."""
    return 2 * next_fast_len(-(-int(np.ceil((1 + NUMBERS.window_beyond) * points)) // 2), real=True)


def spectrum(
    u: Float[np.ndarray, "n nt points"],
) -> tuple[Float[np.ndarray, " modes"], float]:
    """Mean power |û|² of each mode of pieces of a field about its mean, and that of white noise in it.

    The ends of the pieces are brought to 0 by a window of Hann, whose jump no spectrum should see; the median
    of the highest modes is noise.
    """
    points = u.shape[-1]
    hann = np.sin(np.pi * (np.arange(points) + 0.5) / points) ** 2
    about = (u - u.mean()) * hann / np.sqrt(np.mean(hann**2))
    power = (np.abs(forward(about, (-1,), real=True)) ** 2).mean((0, 1))
    floor = float(np.median(power[-max(2, len(power) // NUMBERS.spectrum_end) :]))
    return power, floor


def continued(u: Float[np.ndarray, "n nt points"]) -> Float[np.ndarray, "n nt box"]:
    """Fields on a window, and what continues them on its right to a periodic box."""
    points, box = u.shape[-1], box_points(u.shape[-1])
    power, floor = spectrum(u)
    falling = np.maximum.accumulate(np.maximum(power - floor, 0.0)[::-1])[::-1]
    falling = np.maximum(falling, NUMBERS.window_rounding * max(float(falling.max()), 1e-300))
    modes = np.arange(box // 2 + 1) * points / box  # of the box, counted in those of the window
    shape = np.exp(np.interp(modes, np.arange(len(falling)), np.log(falling)))
    covariance = back(shape + 0j, (box,), (-1,), real=True)
    noise = NUMBERS.window_rounding + floor * points / max(float(np.var(u)), 1e-300)
    covariance = covariance / covariance[0]
    apart = np.abs(np.arange(box)[:, None] - np.arange(points)) % box
    pulls = covariance[apart]
    weights = np.linalg.solve(pulls[:points] + noise * np.eye(points), pulls[points:].T).T
    mean = u.mean()
    found: Float[np.ndarray, "n nt box"] = np.concatenate([u, mean + (u - mean) @ weights.T], axis=-1)
    return found


def refuse_dimensions(domain: Domain) -> None:
    """Refuse a window of more than one dimension, or of several fields.

    Raises:
        ValueError: it is one.
    """
    if domain.ndim > 1 or domain.n_fields is not None:
        what = f"{domain.n_fields} fields" if domain.n_fields is not None else f"{domain.ndim} dimensions"
        raise ValueError(
            f"expected one field in one dimension with boundary {WINDOW}, got {what}; give one field along "
            f"one line, or a periodic box"
        )
