"""The numbers that decide: thresholds, tolerances, sizes of samples, numbers of steps, in one table a package.

What can change a law, a verdict, a caution or the accuracy of a result stands here, and what is printed about
it is generated from here. Constants of mathematics, of file formats and of layout stay where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

Value = TypeVar("Value")
Origin = Literal["derived", "tuned", "option"]


def number(value: Value, meaning: str, unit: str = "1", origin: Origin = "tuned") -> Value:
    """A row of a table.

    Args:
        value: the number, or a tuple of them.
        meaning: what it is, and what a larger or smaller one would do.
        unit: what it counts, or what it is a share or a multiple of.
        origin: "derived" from a theory, an exact property or the precision of numbers; "tuned" on data;
            "option", the default of what a user may choose.
    """
    found: Value = field(default=value, metadata={"meaning": meaning, "unit": unit, "origin": origin})
    return found


def rows(numbers: Any) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, value, unit, origin and meaning of each row of a table."""
    for row in fields(numbers):
        value = getattr(numbers, row.name)
        shown = ", ".join(_shown(part) for part in (value if isinstance(value, tuple) else (value,)))
        yield row.name, shown, row.metadata["unit"], row.metadata["origin"], row.metadata["meaning"]


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def table(numbers: Any) -> str:
    """A table as Markdown."""
    head = ("name", "value", "unit", "origin", "meaning")
    lines = [head, ("---",) * len(head), *((f"`{name}`", *others) for name, *others in rows(numbers))]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |" for cells in lines
    )


# fmt: off
@dataclass(frozen=True)
class HybridNumbers:
    """Numbers of data, dynamics, regression and training, in the order of the rooms."""

    # energy
    hidden_units: int = number(64, "hidden units of F: more follow finer structure in u, and cost time")
    transitions: float = number(16.0, "how many transitions of one hidden unit fit into the range of F: more are steeper")
    field_units: int = number(64, "hidden units of F of several fields, for each field: more follow finer structure, and cost time", "units a field")
    field_transitions: float = number(8.0, "transitions of F of several fields, divided by how many there are: fewer add up to a polynomial by large weights that cancel, which training upsets; more leave gaps between directions")
    field_ridge: float = number(1e-10, "ridge of F of several fields, where more units can cancel", "squared column")
    field_reach: float = number(1.5, "units of F of several fields change in so many times the range of the data: less leaves none at its edge", "range of s·v")
    field_samples: int = number(2**11, "values of several fields on which F imitates the warm start: fewer leave gaps, more cost time", "values")
    ridge: float = number(1e-12, "penalty when F imitates the warm start's polynomial: larger bends F, smaller lets units cancel", "squared column")
    least_symbol: float = number(1e-3, "lower bound of Q(k), which bounds V from below: larger moves energy from q to F", "scaled units")
    level_share: float = number(0.1, "Q(k) starts at least this much above 0: larger moves more energy from q to F", "mean |q|")
    table_nodes: int = number(512, "nodes of the table of F' that steps use, and on which F imitates the warm start: the error falls as their fourth power", "nodes")
    invariants_width: int = number(16, "hidden units of the network of invariants in N: more hold a richer N, and cost time", "units")
    nonlocal_bound: float = number(1e8, "bound of N: smaller bends N on the data, larger loses digits of it", "N on the data", "derived")
    # data
    shortest: int = number(3, "fewest frames of a trajectory, of a part that is split by time, and of what remains without the first", "frames", "derived")
    split_fractions: tuple[float, float, float] = number((0.7, 0.15, 0.15), "shares of the trajectories that train, validate and test", "trajectories", "option")
    validation_share: float = number(0.15, "share kept back to validate where a fit is given nothing to: larger leaves less to learn from", "trajectories")
    single_rounding: float = number(4 * 2.0**-23, "what counts as rounding in data that were stored in single precision", "largest value", "derived")
    imaginary_part: float = number(1e-5, "a complex field with a smaller imaginary part is a real one: larger drops what may be meant", "largest real part")
    unevenness: float = number(1e-3, "each x or t may lie so far from an even one: larger admits uneven data, smaller refuses jitter", "mean step")
    same_sampling: float = number(1e-4, "test data on another box or with another dt are refused: larger admits them", "box length, dt")
    dt_known: float = number(1e-6, "a larger standard error of dt is said and carried along: smaller says it of times that are exact to the eye", "dt")
    fewest_points: int = number(4, "fewest points along an axis", "points", "derived")
    endpoint_change: float = number(2.0, "a field that changes by less at its ends is flat there, and tells no repeated endpoint", "single_rounding")
    endpoint_roughness: float = number(2.0, "a last point is no repeated one where the upper modes grow by more without it", "variance of upper modes")
    jump_quantile: float = number(0.99, "quantile of the differences inside a box that those across its boundary are compared with: larger forgives more", "quantile")
    jump_over_quantile: float = number(10.0, "a field that is not periodic has differences across the boundary of so many times that quantile: larger forgives more", "jump_quantile")
    jump_over_largest: float = number(2.0, "and of so many times the largest difference inside: smaller takes steep fronts for jumps", "largest difference")
    jump_frames: float = number(0.5, "share of the frames in which a field that is not periodic has them", "frames")
    wall_noise: float = number(4.0, "what vanishes at walls is looked for where inside it is more than so many times noise", "variance of noise")
    wall_hinted: float = number(1e-2, "chance of so small slopes or values at the ends from which a note says that they look like walls: larger says it more often", "probability")
    wall_chance: float = number(1e-5, "chance below which a field that does not close periodically is taken to lie between walls: larger takes windows for boxes", "probability")
    wall_contradicted: float = number(0.5, "slopes or values at walls of so much of those inside speak against these walls: smaller warns more often", "root mean square")
    wall_place: float = number(2.0, "walls are where what vanishes is so many times smaller than half a cell further: larger asks the coordinates", "ratio")
    middle_of_cell: float = number(0.05, "coordinates that are off half a step by less are middles of cells", "step", "derived")
    centre_reach: float = number(0.1, "u = 0 is the centre if the data reach it to this share of their range, else their mean is", "range of u")
    # data on a window
    window_beyond: float = number(0.5, "how far the periodic box reaches beyond a window: further is smoother, and costs time", "window")
    window_rounding: float = number(1e-9, "what a continuation may miss at the edge of a window: smaller lets rounding of the data swing", "variance")
    window_edge: float = number(0.1, "strip inside each edge of a window in which roll-outs are drawn to the data: wider keeps more of the unknown outside out, and leaves less to compare", "window")
    window_hold: float = number(40.0, "how strongly they are, at the edge and beyond: larger follows the noise of the data, smaller lets the outside in", "1/frame")
    window_spline: int = number(3, "degree in t of the splines that tell how the edge of a window moves between frames: higher is closer, and swings more at the ends", "degree")
    window_even_frames: int = number(9, "frames that show how well a spline of every second one tells the others", "frames")
    window_steps: int = number(8, "times a frame at which a simulation is drawn to the data: more cost time", "steps")
    # data, with noise
    spectrum_parts: int = number(10, "parts of the spectrum, the lowest median of which is the noise", "parts")
    noise_trajectories: int = number(8, "trajectories whose differences in time show the noise", "trajectories")
    strong_noise: float = number(0.04, "noise from which a start takes filtered fields: larger lets noise rule regressions, smaller filters what needs no filter", "standard deviation of u")
    filter_frames: tuple[int, ...] = number((8, 16, 32, 64, 128), "frames of the windows in time of which the filter takes the best: longer ones follow long waves", "frames")
    filter_power: float = number(3.0, "mean power of neighbouring waves, in that of noise, from which they are signal: larger loses weak waves, smaller keeps noise", "noise")
    told_noise: float = number(1e-3, "noise from which a check tells it: smaller speaks of what misleads nobody", "standard deviation of u")
    noise_frames: int = number(16, "frames from which the colour of noise is told", "frames")
    noise_cell: int = number(400, "values of third differences whose power tells noise of one length of waves: more are surer, and blur its spectrum", "values")
    colour_values: int = number(2**23, "values of a field that the colour of its noise is told from: more are surer, and take memory", "values")
    colour_frames: int = number(128, "frames from which it is reckoned what third differences do to noise", "frames", "derived")
    colour_beyond: float = number(4.0, "standard errors of white noise from which noise has a colour: smaller takes chance for colour", "standard errors")
    longest_memory: float = number(0.95, "correlation of noise from frame to frame at most: more is a field", "1")
    least_colour: float = number(1e-2, "noise of a mode counts as at least this part of that of the noisiest: smaller trusts what a filter of the instrument has cut", "power")
    coloured_in_x: float = number(1.5, "power of noise in long waves over that in short ones from which it is coloured in x: smaller takes chance for colour", "1")
    coloured_in_t: float = number(0.2, "correlation of noise from frame to frame from which it is coloured in t: smaller takes a field for noise", "1")
    multiplicative: float = number(0.2, "share of the noise's power that grows with u² from which it is multiplicative", "power")
    grows_straight: float = number(0.9, "correlation of noise with u², over cells of |u|, from which one follows the other", "1")
    # data, screened
    spike_deviations: float = number(6.0, "by how much a bad value lies off its neighbours: smaller finds bad values in noise", "standard deviations")
    spike_over_waves: float = number(3.0, "the same, over what is normal a few points away: smaller finds bad values on fronts", "difference")
    spike_least: float = number(0.1, "the same, of the field: smaller values mislead nobody", "standard deviation of u")
    spike_half: float = number(0.3, "how far the neighbours of a bad value may lie from half of it on the other side")
    repaired_derivatives: int = number(4, "order of the derivative of u that interpolated values keep small: higher is more exact on resolved fields", "order", "derived")
    most_missing: float = number(0.2, "values of u that may be missing and are interpolated: more are refused", "values", "option")
    piece_frames: int = number(10, "trajectories of unequal length are cut into pieces of at least so many frames, where there are any: shorter ones leave a regression few windows", "frames")
    piece_power: float = number(1.5, "and of the length L with the most pieces times L to this power: of what relaxes steps tell the rate, power 1, of what turns the cube of the duration, 3; larger leaves out more trajectories", "power")
    mostly_missing: float = number(0.5, "a frame that lacks more of its points is interpolated in time alone", "points")
    interpolated_frames: int = number(4, "frames of a point whose polynomial in t gives a value that is missing: more swing in noise, fewer cut off what bends", "frames")
    moved_holes: tuple[int, ...] = number((1, 2, 4, 8), "how far holes are moved, in frames and in points, to see by how much interpolation errs: nearer ones weigh more", "frames or points")
    most_stuck: float = number(0.25, "points that may be stuck and are interpolated: more are a mask or a wall", "points")
    node_apart: float = number(0.5, "a point that never changes is a node of the field, and not stuck, where it is nearer to the mean of its neighbours: larger overlooks stuck points", "half their difference", "derived")
    baseline_errors: float = number(5.0, "by how much the mean of all trajectories must move alike to be called a baseline", "standard errors")
    baseline_least: float = number(1e-3, "the same: a smaller one misleads nobody", "standard deviation of u")
    quantised_share: int = number(4, "values for each level, at least, of a field that is called quantised")
    quantised_levels: int = number(2**16, "most levels of a field that is called quantised: those of 16 bits", origin="derived")
    quantised_rounding: float = number(1e-3, "how far levels may lie off multiples of one step", "step")
    most_of_field: float = number(0.9, "share of the variance whose modes tell whether frames are too far apart")
    chance_correlates: float = number(2.0, "correlation of noise from frame to frame that chance allows: where more than frames_correlate nothing is said of frames and points", "standard errors", "derived")
    frames_correlate: float = number(0.5, "correlation from frame to frame below which a mode has changed, above which it is no noise")
    short_waves: float = number(0.1, "which waves are the shortest that points resolve", "Nyquist wavenumber")
    short_waves_share: float = number(1e-4, "variance in them from which points are called too far apart")

    # readers
    most_blocks: int = number(256, "trajectories whose products a regression keeps apart at most: of more neighbours are summed to so many blocks", "blocks")
    piece_values: float = number(2**23, "values of a file that are read at once where all of it is summed up and memory does not hold it: more take memory", "values")
    memory: float = number(0.2, "memory for the field of a file, of which a fit takes some eight times as much: more holds more trajectories and frames for the law", "GiB", "option")
    fewest_read: int = number(4, "trajectories that are read, if there are so many, before frames are left out", "trajectories")
    # dynamics
    score_leads: tuple[int, ...] = number((1, 2, 5), "lead times in each decade whose errors make the score of a roll-out", "frames")
    rtol: float = number(1e-7, "local error allowed in a frame of a simulation: smaller takes more steps", "norm of u", "option")
    graph_after: int = number(8, "steps on a GPU before they are captured as a CUDA graph, which takes as long as some ten: more lose time on long roll-outs, fewer on short ones", "steps")
    graph_values: int = number(2**20, "a step of more values is not captured: its kernels work longer than they are waited for", "values", "derived")
    step_rounding: float = number(2e-14, "a local error below this cannot be measured", "norm of u", "derived")
    second_order_share: float = number(0.02, "share of an error of order two beside one of order three that continue to order four: larger expects smaller errors", "error")
    step_safety: float = number(0.9, "share of the step that the estimated error allows: larger repeats more steps", "step", "derived")
    step_range: tuple[float, float] = number((0.1, 5.0), "a step is at least and at most so many times the one before: a wider range trusts the estimate more", "step", "derived")
    kept_steps: int = number(4, "lengths of steps whose coefficients are kept: more hold memory, fewer prepare them again", "lengths")
    compiled_points: int = number(2**10, "most points of rows that compiled steps take: on more torch's transforms are faster", "points")
    compiled_row: int = number(2**17, "the same of a single row, for which torch asks for memory at every operation", "points")
    compiled_power: int = number(16, "highest power of a force that compiled steps take", "power")
    lanes: int = number(16, "rows that compiled steps take side by side", "rows", "derived")
    block_values: int = number(2**12, "values of such rows at most: more leave the cache", "values")
    step_halvings: int = number(20, "a frame of a simulation is divided into at most three times 2 to the power of this many steps: fewer call it lost earlier", "halvings")
    rollout_halvings: int = number(6, "a frame of a roll-out that only judges a member is divided into at most three times 2 to the power of this: more spends time on lost ones", "halvings")
    force_difference: float = number(1e-5, "forward difference of a force, the transpose of a step: larger bends, smaller rounds", "argument", "derived")
    quadrature_agreement: float = number(1e-9, "quadratures that agree so far are exact to rounding; where not, the quotient of F takes their place", "largest force", "derived")
    negative_rounding: float = number(1e-9, "a symbol that is negative by less is ≥ 0, but for rounding: m(k), or a quadratic energy", "largest value", "derived")
    discrete_tolerance: float = number(1e-11, "error of the equation and of the energy law in a step of DiscreteGradient", "norm, terms of V", "option")
    finest_tolerance: float = number(1e-14, "smallest tolerance that double precision reaches", "norm, terms of V", "derived")
    discrete_halvings: int = number(12, "halvings of such a step before it is refused", "halvings", "option")
    newton_steps: int = number(12, "Newton steps before a step of DiscreteGradient is halved", "steps")
    backtracks: int = number(3, "halvings of a Newton step that does not reduce the residual", "halvings")
    newton_directions: int = number(30, "dimension of the Krylov space of a Newton step at most: larger takes memory, smaller more Newton steps", "directions")
    newton_accuracy: float = number(1e-3, "how exactly a Newton step is solved for: smaller needs fewer of them, each longer", "residual")
    newton_difference: float = number(1e-7, "finite difference of N's force in a Newton step: larger bends, smaller rounds", "norm of u", "derived")
    # chain
    force_powers: int = number(9, "powers of r among which the first nonlinearity of F is looked for: fewer overlook a late one", "powers")
    negligible_coefficient: float = number(1e-12, "a Taylor coefficient of F below this is rounding", "F'(0)", "derived")
    real_zero: float = number(1e-6, "a zero of a polynomial with a smaller imaginary part is real, and bounds F's domain", "modulus", "derived")
    fewest_sites: int = number(8, "fewest sites that a chain may have", "sites")
    courant: float = number(0.05, "cΔt of a chain's integrator: smaller is more accurate and slower", "sites", "option")
    energy_lost: float = number(0.05, "change of the energy at which the simulation of a chain is given up: smaller refuses coarse steps", "energy")
    bond_samples: int = number(2001, "bonds between the shortest and the longest on which F' > 0 is checked: fewer overlook a narrow dip", "bonds")
    frame_unevenness: float = number(1e-6, "frames of a chain may differ by so much", "mean frame", "derived")
    speed_wave: int = number(16, "the speed is estimated on waves of at least so many sites: shorter ones disperse", "sites")
    image_rise: float = number(1e3, "a rise of the spectrum beyond the strongest mode that is taken for the image of an interpolation: smaller takes noise for one", "least power")
    spectrum_margin: float = number(10.0, "modes above so many times the floor of the spectrum are resolved: smaller takes noise in", "floor")
    spectrum_gap: int = number(3, "empty stretches of so many modes count as full: larger bridges modes that a symmetry empties", "modes")
    wave_sweeps: int = number(4, "corrections of the linear wave; each takes a power of ε² off its error", "sweeps", "derived")
    # regression: products in time
    test_power: int = number(4, "power p of the test function (1 - s²)^p: larger is smoother, and narrower", "power")
    window_shifts: int = number(2, "windows in a half-width: more repeat the same data", "windows")
    exact_degree: int = number(8, "degree in t up to which integration by parts is exact on frames: larger bends the test function on few frames", "degree")
    column_rounding: float = number(1e-13, "a mode of a column below this tells of rounding, not of the equation", "largest mode", "derived")
    half_widths: tuple[int, ...] = number((2, 4, 8, 16), "half-widths of the windows in time that are tried: wider average noise, and miss what is fast", "frames")
    # regression: local operators on a piece of a larger field
    local_order: int = number(6, "highest derivative of u in the linear part on a window: larger follows richer Q, and asks for wider windows", "order")
    local_operator: int = number(4, "highest derivative in K on a window: larger follows richer K, and noise", "order")
    local_power: int = number(5, "highest power of u in F' on a window: larger follows richer F, and noise", "power")
    bump_margin: int = number(4, "power of the test function (1 - s²)^p in x beyond the highest derivative: larger is smoother, and narrower", "power")
    bumps_in_window: float = number(2.0, "test functions that must fit side by side into a window: more refuse small windows", "supports")
    bump_spectrum: float = number(2.0, "the spectrum of the test function in x has fallen by so many standard deviations where that of the field ends: larger is wider, averages more noise and misses short waves", "standard deviations")
    power_beyond: float = number(1e-2, "share of the power of a field beyond the wavenumber where its spectrum ends: smaller sees shorter waves, and noise", "power")
    spectrum_end: int = number(4, "part of the modes, the highest, whose median power is noise: more are steadier, and hold signal", "part")
    local_steps: int = number(60, "steps of Gauss–Newton for the factors of local operators at most", "steps")
    # regression: rank one
    highest_power: int = number(7, "highest power of u in F' of the warm start: larger follows richer F, and noise", "power")
    free_cutoff: float = number(1e-10, "singular values dropped in the unrestricted regression: larger drops columns, smaller fits rounding", "largest", "derived")
    force_cutoff: float = number(1e-12, "singular values dropped where the coefficients of F' are found in the class: larger drops powers, smaller fits rounding", "largest", "derived")
    factor_sweeps: int = number(300, "sweeps of the alternation between K, q and F' at most", "sweeps")
    factor_gain: float = number(1e-9, "a sweep of the alternation that gains less is the last", "squared residual")
    # regression: factors of several fields
    coupled_columns: int = number(36, "monomials of several fields in their equations at most: more hold a higher degree, and take as many more windows to tell apart", "monomials")
    singular_operator: float = number(1e-8, "singular values of K dropped where it is inverted for a start: larger gives up directions, smaller starts far away", "largest", "derived")
    least_mobility: float = number(1e-6, "eigenvalues of M are at least this at a start: larger starts further away, smaller leaves M ≥ 0 slowly", "norm of K")
    unseen_reach: float = number(4.0, "how far K⁻¹ is moved in search of M ≥ 0 along what the data do not hold: larger searches further", "norm of K⁻¹")
    mixtures: int = number(64, "mixtures of the lowest eigenvectors that are tried where blocks of fields have scales of their own: more cost time", "mixtures")
    as_good: float = number(100.0, "an F that leaves so many times as much of a force is as good as the best: then blocks of fields have scales of their own; larger sees more blocks", "squared force")
    symmetry_last: float = number(0.1, "weight of a Hermitian Q where it is to decide only what a gradient leaves open: larger decides more", "residual")
    newton_damping: float = number(1e-2, "first damping of Gauss–Newton: larger starts slower and safer", "diagonal")
    conserved_errors: float = number(3.0, "a mean is conserved unless a K(0) that changes it explains more than so many standard errors: larger conserves more", "standard errors")
    nearest_modes: int = number(3, "modes whose K is tried for another where noise misleads that: more cost time", "modes")
    newton_gain: float = number(1e-4, "a step of Gauss–Newton that gains less is the last: what it leaves is the square of that", "squared residual")
    newton_trials: int = number(8, "steps of Gauss–Newton from each start, before the best of them goes on: fewer are faster, and may take a worse one", "steps")
    newton_sweeps: int = number(40, "steps of Gauss–Newton at most: more follow a slow M that goes to 0", "steps")
    # regression: selection and class test
    too_fast: float = number(1.5, "|λ| dt beyond which a mode is too fast for the frames: larger trusts modes that the windows average away", "1")
    fast_residual: float = number(0.9, "a mode that is too fast leaves less than this unexplained; more is noise, not speed", "norm")
    resolved_residual: float = number(0.3, "a mode is resolved where held-out data leave less unexplained: larger takes noisy modes in", "norm")
    fewest_modes: int = number(4, "so many modes, the best, are taken where none is resolved", "modes")
    least_residual: float = number(1e-14, "a residual counts as at least this in the weights of the modes", "squared signal", "derived")
    indifferent: float = number(1.05, "a simpler member whose held-out squared residual is larger by this factor is no worse: larger gives simpler members", "squared residual")
    negligible_residual: float = number(1e-8, "what quadrature in time leaves: no reason for a richer member", "squared signal", "derived")
    folds: int = number(5, "parts of the trajectories that the class test leaves out in turn: more cost time", "parts")
    in_class: float = number(2.0, "the class may leave so many times the squared held-out residual of no class at all: larger accepts more equations", "squared residual")
    class_chance: float = number(1e-4, "probability at which chance alone rejects: by a t test on the logarithm of that ratio, or of what a forcing leaves; smaller rejects fewer equations, and cannot tell more", "probability")
    fewest_blocks: int = number(4, "fewer trajectories are cut into stretches of time; fewer blocks than that decide nothing", "blocks")
    time_blocks: int = number(8, "stretches of time that few trajectories are cut into: more are shorter than the windows", "blocks")
    imaginary_q: float = number(0.05, "|Im q|/|q| beyond which a linear part is of no member of the class", "1")
    unforced: float = number(0.5, "a forcing is suspected where less is left without what all trajectories share: larger suspects more", "squared residual")
    fewest_forced: int = number(4, "fewest trajectories that tell a forcing from chance", "trajectories", "derived")
    windows_each: int = number(3, "windows for each coefficient of several fields that a forcing is looked for beside: fewer fit chance, and see forcings in it", "windows")
    steady_share: float = number(0.5, "share of a forcing's square that does not change in time, beyond which it is one in x", "1")
    # regression: second order in time
    second_order_frames: int = number(9, "fewest frames of an equation of second order in time", "frames")
    velocity_trials: int = number(16, "frames at which polynomials that estimate a velocity are compared: more are surer, and cost time", "frames")
    second_order_noise: float = number(0.75, "an equation of second order must imply less than this part of the white noise that one of first order does: smaller calls more data of first order", "variance")
    second_order_looks: float = number(0.01, "the same, where second order is offered to who did not ask for it", "variance")
    second_order_asked: float = number(1e-4, "of the variance of u_t, which an equation of first order leaves at least where second order is asked about", "variance")
    second_order_left: float = number(0.01, "of the variance of u_tt, which a member of second order may leave at most where it is offered", "variance")
    # regression: continuation of symbols, search
    highest_even: int = number(4, "highest even power of k by which symbols are continued to modes that were not measured", "power")
    highest_odd: int = number(5, "highest odd power of k by which they are", "power")
    continuation_terms: int = number(3, "terms of a continuation at most: more follow richer symbols, and noise", "terms")
    equally_likely: float = number(6.0, "continuations whose criterion is worse by less are as good: larger distrusts more modes", "criterion")
    continuations_agree: float = number(1.0, "difference of as good continuations up to which a mode is trusted", "value")
    least_symbol_error: float = number(1e-3, "errors of a symbol count as at least this: smaller lets one mode decide", "median error")
    trial_bands: int = number(8, "bands of modes tried at a time: more are finer, and cost time", "bands")
    band_tie: float = number(1e-3, "bands whose scores agree so far are equally good: larger takes more modes in", "score")
    band_steps: float = number(16.0, "steps of narrower bands that a wider one may take: larger follows symbols that are guesses, and may be stiff", "steps")
    least_band: int = number(2, "modes of the smallest band that is tried", "modes")
    search_trajectories: int = number(8, "validation trajectories that are rolled out to judge a warm start: fewer are faster, and noisier", "trajectories")
    search_rtol: float = number(1e-5, "accuracy of roll-outs that judge a warm start: smaller costs time", "norm of u")
    short_frames: int = number(11, "frames of the roll-outs that choose the width of the test functions: more judge slow drifts, and cost time", "frames")
    nonlocal_gain: float = number(1.2, "an N must make short roll-outs better by this factor: larger misses weak ones, smaller takes noise for N", "score")
    little_variance: float = number(1e-4, "terms with derivatives speak against the class only where it leaves more: smaller rejects the first order of an expansion", "variance")
    # regression: a first frame that erases modes
    erasure_frames: int = number(12, "frames that show whether the first step erases high modes once and for all", "frames")
    erasure_modes: float = number(0.5, "wavenumber from which modes are high, where the first step may erase them", "Nyquist")
    erasure_floor: float = number(1e-14, "energy of high modes that counts as rounding", "energy", "derived")
    erasure_fall: float = number(10.0, "factor by which their energy falls in a first step that erases them: larger keeps more first frames", "energy")
    erasure_faster: float = number(10.0, "so many times faster it falls then than in the median of the next steps: larger keeps more first frames", "logarithm of energy")
    erasure_steps: int = number(4, "fewest steps that show an erasure", "steps")
    # learning
    leads: tuple[int, ...] = number((1, 3, 5), "frames rolled out in each stage of training: longer ones learn slow drifts, and cost time", "frames", "option")
    steps: tuple[int, ...] = number((200, 200, 400), "optimiser steps of each stage: more cost time", "steps", "option")
    batch: int = number(32, "windows in a step: more are smoother, and cost time", "windows", "option")
    step_values: int = number(2**16, "values in a step at most: fewer windows are taken of large fields", "values", "option")
    rate: float = number(3e-4, "first learning rate of Adam: larger leaves a good warm start, smaller learns less in the steps there are", "1", "option")
    coarse_score: float = number(1e-3, "the rate falls in proportion to a warm start's score below this: larger trains good starts less", "score")
    least_rate: float = number(1e-3, "share of the rate that is left at least, however good the warm start", "rate")
    rate_fall: float = number(100.0, "the rate at the end of the cosine is so many times smaller than at first", "rate")
    least_field_change: float = number(1e-3, "in the loss the square change of a field counts as at least this: smaller lets the noise of a field at rest decide", "largest of all fields")
    prior: float = number(1e-6, "pull of each mode's symbols towards the warm start, where data are silent: larger keeps its errors", "loss", "option")
    every: int = number(50, "steps between validations: fewer find a better stop, and cost time", "steps", "option")
    patience: int = number(4, "validations without progress that end the training: more cost time", "validations", "option")
    progress: float = number(0.05, "a validation score better by less than this share is no progress", "score")
    validation_trajectories: int = number(8, "held-out trajectories that validate while training: more cost time", "trajectories")
    stepper_share: float = number(0.03, "error of the stepper in a frame while training: smaller takes more substeps", "warm start's score")
    fine_score: float = number(1e-6, "a warm start with a better score asks nothing more of the stepper", "score")
    substeps: tuple[int, ...] = number((1, 2, 4, 8, 16), "substeps a frame that are tried while training", "substeps", "derived")
    points_per_mode: int = number(4, "points a wavelength of the highest mode, which carry products of the modes: fewer alias", "points", "derived")
    least_points: int = number(8, "points along an axis of a network at least", "points")
    nonlocal_frames: int = number(8, "frames of each trajectory that show how large N becomes", "frames")
    low_modes: tuple[int, int, int] = number((4, 2, 1), "modes along each axis, in one, two and three dimensions, whose invariants enter N: more hold a richer N, and cost time", "modes")
    force_margin: float = number(0.25, "how far beyond the data F is known: larger spreads its hidden units", "range of u")
    canonical_nodes: int = number(401, "values of u on which F' is read from a network", "nodes", "option")
    leading_modes: int = number(4, "at least so many of the lowest modes decide the leading order of m or w", "modes")
    leading_share: float = number(0.125, "share of the modes, the lowest, that decide it: larger lets higher orders in", "modes")
    leading_entry: float = number(1e-2, "entries of M or W that are smaller beside the largest at the lowest modes have no order of their own", "largest entry")
    warm_snapshots: int = number(64, "snapshots whose forces on m sites give the warm start: more cost evaluations of forces", "snapshots")


NUMBERS = HybridNumbers()
