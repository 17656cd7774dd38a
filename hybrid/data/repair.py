"""Values that are no measurement, replaced by what their neighbours say, and a note of it."""

from __future__ import annotations

from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.data.screening import outliers, stuck_points
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.numbers import NUMBERS


def repaired(data: Trajectories) -> Trajectories:
    """The data without single bad values and stuck points, each kind with a note that counts it.

    They count as missing: interpolated where a value is needed, and left out of the likelihood.

    Bad values are those that no neighbour in space or time explains, stuck points those that never change
    while others do (`screening`). A fit takes either for physics: 0.1 % of bad values turn the coefficient of
    u³ from -1 to -0.5 and hide the other terms.
    """
    u, notes = data.u, []
    bad, stuck = outliers(u, data.t), stuck_points(u)
    if bad.any():
        notes.append(f"{counted(int(bad.sum()), 'bad value')} replaced by interpolation")
    if 0 < stuck.sum() <= NUMBERS.most_stuck * stuck.size:
        notes.append(f"{counted(int(stuck.sum()), 'stuck point')} replaced by interpolation")
        bad = bad | stuck
    if not notes:
        return data
    return data.without(bad).noting(*notes)
