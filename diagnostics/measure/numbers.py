"""The numbers that decide about lights, cautions and exponents (`hybrid.space.numbers`), and a page of all.

python -m mesoscribe.diagnostics.measure.numbers > docs/reference/numbers.md
"""

from __future__ import annotations

from dataclasses import dataclass

from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.numbers import number, table
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC


# fmt: off
@dataclass(frozen=True)
class DiagnosticsNumbers:
    """Numbers of measurements, judgements and runs, in the order of the rooms."""

    # measure
    energy_drifts: float = number(1e-3, "a change of V along roll-outs beyond is a caution, and bad: no error of the integrator is as large", "max |V|")
    fit_lead: int = number(10, "frames over which a law must predict the change of the field: fewer drown in noise", "frames")
    product_tables: float = number(6.0, "tables of products of a regression that are held at once", "tables", "derived")
    piece_copies: float = number(4.0, "copies of a piece of a file while it is read", "copies", "derived")
    rolled_copies: float = number(6.0, "copies of roll-outs while their slopes are formed", "copies", "derived")
    visible_memory: float = number(0.05, "share of the machine's memory from which a stage's is told beforehand", "machine")
    film_pictures: int = number(60, "pictures of a film at most: more make a notebook larger", "pictures", "option")
    fit_rtol: float = number(1e-4, "accuracy of these predictions: far below the share that is asked for", "field, a frame", "derived")
    fit_starts: int = number(6, "frames of each trajectory from which it does", "frames")
    fit_frames: int = number(40, "single steps whose errors show what is left", "frames")
    unexplained: float = number(0.01, "share of the change that a law may leave: more, and no member explains the data", "squared change", "option")
    unexplained_error: float = number(0.01, "error of whole roll-outs beyond the noise, from which no member explains the data", "field", "option")
    unexplained_chance: float = number(0.025, "probability at which the share is above it by chance", "1", "derived")
    correlated: float = number(0.5, "correlation of what is left from which it is no noise", "1")
    scaled_modes: int = number(8, "lowest modes that decide how a network is scaled to its law", "modes")
    other_scale: float = number(0.5, "a network is rescaled to its law only if its scale differs by more", "1")
    snapshots: int = number(2000, "frames on which learned and true energy are compared at most", "frames")
    one_step_halvings: tuple[int, int] = number((-6, 12), "halvings of the time between frames: longest and shortest single step", "halvings")
    one_step_fields: int = number(16, "fields that single steps start from", "fields")
    one_step_rounding: float = number(1e-14, "a change of V below is rounding", "terms of V", "derived")
    one_step_large: float = number(1e-2, "a change of V beyond belongs to no small step", "terms of V")
    one_step_fitted: int = number(4, "shortest steps above rounding that the line goes through", "steps")
    one_step_fewest: int = number(3, "steps that a line needs", "steps", "derived")
    smallest_amplitude: float = number(1e-2, "smallest amplitude of a sweep", "the data's first frames")
    amplitudes: int = number(41, "amplitudes of a sweep", "amplitudes", "option")
    swept_fields: int = number(16, "first frames whose amplitude is swept", "fields", "option")
    negligible_component: float = number(1e-10, "a component of V below is 0", "largest component", "derived")
    centre_rounding: float = number(1e-13, "rounding of V[u*], which is subtracted", "V[u*]", "derived")
    above_noise: float = number(3.0, "a component has an exponent where it is so many times the noise: larger gives fewer exponents", "noise")
    window_ratio: float = number(3.0, "ratio of the ends of a window that is worth an exponent: larger gives fewer exponents", "1")
    exponent_varies: float = number(0.1, "a local exponent that varies by more is no single power: larger gives longer windows", "1")
    resamples: int = number(400, "resamples of the initial fields behind the interval of an exponent", "resamples")
    percentiles: tuple[float, float] = number((2.5, 97.5), "ends of the interval of an exponent", "%")
    same_sign: float = number(0.95, "share of the resamples that keep the sign of a component, or its exponent has no interval", "resamples")
    far_amplitude: float = number(10.0, "amplitude up to which a change of sign of a law is looked for", "amplitude of the data")
    # judge
    beyond_noise: float = number(2.0, "persistence counts where it errs by more than so many times the noise: two noisy frames differ by 1.4", "noise", "derived")
    quoted_steps: tuple[int, ...] = number((1, 5, 20), "steps whose errors are quoted and judged, beside the last", "frames")
    far_below: float = number(0.1, "a network whose error is at most so many times persistence's is good", "error")
    much_worse: float = number(2.0, "a law whose error is at most so many times the network's is good; beyond is a caution", "error")
    much_too_far: float = number(10.0, "a law whose error is more than so many times the network's is bad", "error")
    energy_kept: float = number(1e-6, "a change of V along roll-outs up to this is good", "max |V|")
    mean_kept: float = number(1e-2, "a change of the mean in the data up to this is good where the law conserves it", "rms of u")
    mean_drifts: float = number(1e-1, "a change of the mean beyond is bad", "rms of u")
    undetermined: float = number(1.0, "a coefficient that is smaller than so many of its standard errors is a caution", "standard errors")
    range_left: float = number(0.01, "u may leave the values on which the law is known by so much: beyond is a caution", "range of u")
    exponent_off: float = number(0.05, "distance of the exponent of one step from theory that is good", "1")
    exponent_below: float = number(0.5, "how far below the order of the scheme plus one that exponent may lie where V is conserved: steps are finite", "1")
    straight: float = number(0.99, "R² that a straight line exceeds", "1")
    directions: int = number(4096, "directions in the space of several fields in which the leading form of F is looked at", "1")
    flat_direction: float = number(1e-6, "a form that is smaller in some direction may be flat there", "largest")
    # runs
    training_share: float = number(0.5, "share of a time cap that training may take; the rest is for the law", "cap")
    ensemble_members: int = number(10, "fits of an ensemble", "fits", "option")
    ensemble_level: float = number(0.9, "share of the members between the ends of a spread", "members")
    fewest_resampled: int = number(4, "fewest trajectories that can be resampled", "trajectories")
    same_box: float = number(1e-3, "boxes whose lengths differ by less are the same", "length")


NUMBERS = DiagnosticsNumbers()

PAGE = """# Numbers that decide

What can change a law, a verdict, a light or the accuracy of a result. "Tuned": chosen on data (`decisions.md`
has the measurements); "derived": from theory, an exact property or the precision of numbers; "option": the
default of what you may choose. A share or a multiple has what it is relative to as its unit.

Written by `python -m mesoscribe.diagnostics.measure.numbers > docs/reference/numbers.md`.
"""


def page() -> str:
    """All tables as a page of the documentation."""
    tables = {"hybrid": HYBRID, "symbolic": SYMBOLIC, "diagnostics": NUMBERS}
    return "\n".join([PAGE, *(f"## {name}/\n\n{table(numbers)}\n" for name, numbers in tables.items())])


if __name__ == "__main__":
    print(page(), end="")
