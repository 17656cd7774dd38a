"""What of the spectrum stands out from white noise, and what is to be expected where it does not."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.data.noise_colour import NoiseColour
from mesoscribe.hybrid.data.space_time_filter import SpaceTimeFilter, filter_of
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import each_field
from mesoscribe.symbolic.law.numbers import NUMBERS


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


def signal_band(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> float | None:
    """The wavenumber up to which a law is compared with data; None for all modes.

    That is `wider_band` times the largest at which the mean power of a field is above that of the noise:
    where spectra fall exponentially nothing beyond it can be seen. Of one field with strong noise, as far as
    modes have a share of `tail_power` of the power: what noise hides acts on what it does not.
    """
    found = strong(u, t, domain)
    if found is not None:
        power = found[1]
        return _band(power > NUMBERS.tail_power * float((power * domain.multiplicity).sum()), domain)
    power = (np.abs(domain.fft(u)) ** 2).mean(axis=(0, 1)) * (domain.multiplicity / domain.freedom)
    power = power.reshape(-1, *domain.modes_shape)
    floor = np.stack([NoiseColour.of(part, t, own).in_modes for part, own in each_field(u, domain)])
    total = power.sum(domain.axes, keepdims=True)
    above = (power > np.maximum(NUMBERS.signal_power * floor, NUMBERS.visible_mode**2 * total)).any(0)
    return _band(above, domain, NUMBERS.wider_band)


def _band(modes: Bool[np.ndarray, "*modes"], domain: Domain, wider: float = 1.0) -> float | None:
    """So many times the largest wavenumber of some modes, not too few; None for all modes."""
    largest = np.abs(np.stack(domain.k)).max(0)[domain.resolved & modes]
    band = wider * float(largest.max(initial=NUMBERS.rollout_points / 4 * domain.k_unit))
    return None if bool((domain.within(band) == domain.resolved).all()) else band


def sure_modes(found: SpaceTimeFilter, power: Float[np.ndarray, "*modes"]) -> Bool[np.ndarray, "*modes"]:
    """Modes of filtered fields that are much more than what the filter has left of noise, or cut off."""
    return np.asarray(found.domain.resolved & (power > _least_seen(found)))


def _least_seen(found: SpaceTimeFilter) -> Float[np.ndarray, "*modes"]:
    """The power, in that of the noise, from which a mode of filtered fields is seen."""
    return np.maximum(NUMBERS.sure_power, NUMBERS.sure_over_noise * found.noise_left)


def expected_power(
    found: SpaceTimeFilter, filtered: Float[np.ndarray, "n nt *grid"]
) -> Float[np.ndarray, "*modes"]:
    """The mean power of each mode, in that of the noise: as it is seen, or continued exponentially in |k|.

    Spectra of smooth fields fall so: as the logarithms of the upper half of the modes that are seen do, or as
    fast as from the largest one to the first that is not, if that is faster. A mode that is not seen has no
    more than would show.
    """
    power, k = found.power(filtered), found.domain.k_norm
    sure, limit = sure_modes(found, power), _least_seen(found)
    if not sure.any():
        return np.minimum(power, limit)
    upper, edge, peak = sure & (k >= np.median(k[sure])), float(k[sure].max()), np.where(sure, power, 0.0)
    fitted = np.polyfit(k[upper], np.log(power[upper]), 1)[0] if np.ptp(k[upper]) > 0 else 0.0
    at, beyond = float(k.flat[peak.argmax()]), edge + found.domain.k_unit
    from_peak = np.log(NUMBERS.sure_power / float(peak.max())) / (beyond - at)
    falls = NUMBERS.sure_power * np.exp(min(float(fitted), float(from_peak), 0.0) * (k - beyond))
    return np.where(sure, power, np.minimum(limit, falls))


def strong(
    u: Float[np.ndarray, "n nt *state"], t: Float[np.ndarray, "#n nt"], domain: Domain
) -> tuple[Float[np.ndarray, "n nt *grid"], Float[np.ndarray, "*modes"]] | None:
    """Filtered fields, and their expected power, where there is one field with strong noise."""
    found = filter_of(u, t, domain) if domain.n_fields is None and not domain.walled else None
    if found is None:
        return None
    filtered = found(u)
    return filtered, expected_power(found, filtered)
