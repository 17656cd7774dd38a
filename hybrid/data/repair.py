"""Values that are no measurement, replaced by what their neighbours say, and a note of it."""

from __future__ import annotations

from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.data.outliers import outliers_in
from mesoscribe.hybrid.data.screening import stuck_points_in
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.fields import together
from mesoscribe.hybrid.space.numbers import NUMBERS


def repaired(data: Trajectories) -> Trajectories:
    """The data without single bad values and stuck points, each kind with a note that counts it.

    They count as missing: interpolated where a value is needed, and left out of the likelihood.

    Bad values are those that no neighbour in space or time explains, stuck points those that never change
    while others do (`screening`). A fit takes either for physics: 0.1 % of bad values turn the coefficient of
    u³ from -1 to -0.5 and hide the other terms.
    """
    bad_values = stuck_ones = 0
    marked = []
    for part in data.each:
        bad, stuck = outliers_in(part), stuck_points_in(part)
        stuck &= bool(stuck.sum() <= NUMBERS.most_stuck * stuck.size)
        bad_values += int(bad.sum())
        stuck_ones += int(stuck.sum())
        marked.append(bad | stuck)
    counts = {"bad value": bad_values, "stuck point": stuck_ones}
    notes = [f"{counted(n, thing)} replaced by interpolation" for thing, n in counts.items() if n]
    if not notes:
        return data
    return data.without(together(marked, data.domain)).noting(*notes)
