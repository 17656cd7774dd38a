"""Whether a field moves by an equation of second order in time, before any law is looked for."""

from __future__ import annotations

from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.velocity import with_velocity
from mesoscribe.hybrid.regression.second_order_search import warm_start_second_order
from mesoscribe.hybrid.space.numbers import NUMBERS


def order_in_time(data: Trajectories) -> str:
    """What a regression of second order says of data of one field, or why there is none, in a line."""
    try:
        split = with_velocity(repaired(data)).split()
        start = warm_start_second_order(split.train, split.validation)
    except ValueError as refusal:
        return str(refusal)
    evidence = start.evidence
    kind = {True: "a member", False: "not a member", None: "cannot tell whether a member"}[evidence.in_class]
    if evidence.explained < 1 - NUMBERS.second_order_left:
        kind = "not explained"
    what = "u_tt = -dV/du" if start.case.value == "conservative" else "u_tt + M u_t = -dV/du"
    left = 100 * max(1 - evidence.explained, 0.0)
    return f"of second order in time: {what} leaves {left:.2g} % of u_tt; {kind} of the class"
