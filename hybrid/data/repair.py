"""Values that are no measurement, replaced by what their neighbours say, and a note of it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from mesoscribe.hybrid.data.screening import counted, outliers, stuck_points
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS

Fields = Float[np.ndarray, "n nt *grid"]


def repaired(data: Trajectories) -> Trajectories:
    """The data with single bad values and stuck points interpolated, each kind with a note that counts it.

    Bad values are those that no neighbour in space or time explains, stuck points those that never change
    while others do (`screening`). A fit takes either for physics: 0.1 % of bad values turn the coefficient of
    u³ from -1 to -0.5 and hide the other terms.
    """
    u, notes = data.u, []
    bad, stuck = outliers(u), stuck_points(u)
    if bad.any():
        notes.append(f"{counted(int(bad.sum()), 'bad value')} replaced by interpolation")
    if 0 < stuck.sum() <= NUMBERS.most_stuck * stuck.size:
        notes.append(f"{counted(int(stuck.sum()), 'stuck point')} replaced by interpolation")
        bad = bad | stuck
    if not notes:
        return data
    dataset, values = data.dataset, interpolated(u, bad, data.domain)
    values.setflags(write=False)
    dataset = dataset.assign(u=dataset["u"].copy(data=values))
    return Trajectories(dataset.assign_attrs(notes=[*data.notes, *notes]))


def interpolated(
    u: Fields, bad: Bool[np.ndarray, "n nt *grid"], domain: Domain
) -> Float[np.ndarray, "n nt *grid"]:
    """Fields whose bad values are replaced by those that make each frame smoothest.

    They minimise ∫ |∂⁴u|² dx = |box| Σ_k |k|⁸ |û_k|², with all other values as they are: a linear equation
    for each frame, as small as its number of bad values. The error is of the eighth order in the spacing.
    """
    weight = (domain.k_norm / domain.nyquist) ** (2 * NUMBERS.repaired_derivatives)
    found, kernel = u.copy(), domain.ifft(weight + 0j) / domain.points
    for frame in zip(*np.nonzero(bad.any(domain.axes)), strict=True):
        at = np.nonzero(bad[frame])
        apart = tuple((i[:, None] - i) % n for i, n in zip(at, domain.shape, strict=True))
        known = np.where(bad[frame], 0.0, u[frame])
        pull = domain.ifft(weight * domain.fft(known))[at]
        found[frame][at] = -np.linalg.lstsq(kernel[apart], pull, rcond=1e-12)[0]
    return found
