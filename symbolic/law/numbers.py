"""The numbers that decide about a law: what is offered, read, refined and kept (`hybrid.space.numbers`)."""

from __future__ import annotations

from dataclasses import dataclass

from mesoscribe.hybrid.space.numbers import number


# fmt: off
@dataclass(frozen=True)
class SymbolicNumbers:
    """Numbers of candidates, reading, refinement and choice, in the order of the rooms."""

    # law
    library_power: int = number(8, "highest power of u on offer for F: more follow richer F, and are harder to tell apart", "power")
    wave_powers: tuple[int, int] = number((3, 2), "highest power of |k|² on offer, in one and in two dimensions", "power")
    wider_band: float = number(1.5, "factor by which the band of a law is widened at a time", "band")
    own_points: int = number(64, "points along an axis of a law's box where no field gives them", "points")
    written_terms: int = number(25, "an equation of more terms is shown by its factors, not written out", "terms")
    symmetric: float = number(1e-3, "a law is symmetric where the part of its coefficients that breaks it is smaller", "coefficients")
    symmetric_by_chance: float = number(0.01, "a law is symmetric, too, where chance makes that part as large with a larger probability", "probability")
    # systems
    catalogue_trajectories: int = number(48, "trajectories of a catalogue system", "trajectories", "option")
    sites_per_wave: int = number(8, "sites that the shortest initial wave of a chain needs: fewer are no long wave", "sites")
    chain_step: float = number(0.01, "time between frames of a chain that a user gives", "1/(c m)")
    # read: how well a network predicts
    finest_precision: float = number(1e-6, "precision to which factors are read off a network, at best: smaller reads its errors as terms", "factor")
    coarsest_precision: float = number(3e-3, "precision to which factors are read off a network, at worst: larger drops more terms", "factor")
    precision_share: float = number(0.1, "precision of a network's factors, as a share of its error relative to persistence's: smaller reads its errors as terms", "persistence")
    skill_lead: int = number(5, "frames ahead that a network's skill is judged at: more show slow modes, and hide fast ones", "frames")
    frames_per_lead: int = number(8, "frames of a trajectory that there are at least for each frame ahead", "frames")
    skill_pairs: int = number(60, "pairs of frames that a network's skill is judged on", "pairs")
    mode_unexplained: float = number(2.0, "weight of what a mode leaves unexplained: with 2 a mode that is half explained counts nothing", "change of the mode")
    dark_shells: int = number(3, "so many shells of modes in a row that are not predicted end the band of a law: fewer end it earlier", "shells")
    # read: factors
    importance_fields: int = number(500, "fields of the data that weigh the points of the factors", "fields")
    least_density: float = number(1e-3, "weight of values of u that the data do not reach", "mean density")
    nonlocal_fields: int = number(60, "fields that the terms of N are read on", "fields")
    force_samples: int = number(60, "a smooth function on the range of the data counts as so many observations: more keep more terms", "observations")
    coarser: tuple[int, ...] = number((1, 10, 100, 1000), "multiples of the precision at which factors are read: coarser ones give forms of fewer terms", "precision")
    thresholds: tuple[float, float] = number((1e-4, 0.5), "first and last threshold of the paths of STLSQ and SR3", "unit columns")
    n_thresholds: int = number(16, "thresholds on these paths, evenly in their logarithm", "thresholds")
    stlsq_rounds: int = number(40, "iterations of STLSQ at most", "iterations")
    sr3_rounds: int = number(100, "iterations of SR3 at most", "iterations")
    support_cutoff: float = number(1e-13, "singular values dropped where coefficients of a support are found", "largest", "derived")
    spanned: float = number(1e-12, "a column of which free columns leave less is spanned by them", "column", "derived")
    subset_columns: int = number(12, "candidates at most, all subsets of which are tried (best-subset)", "terms", "option")
    split_supports: int = number(8, "a support of at most so many terms is tried in parts where it is not allowed", "terms")
    pysr_iterations: int = number(40, "iterations of PySR", "iterations", "option")
    pysr_size: int = number(20, "nodes of an expression of PySR at most", "nodes", "option")
    # refine
    misfit_share: float = number(1e-2, "error of the stepper in roll-outs, as a share of the misfit: smaller takes more substeps", "misfit")
    substep_rounding: float = number(1e-9, "an error of the stepper below this counts as none", "field", "derived")
    substep_trajectories: int = number(8, "trajectories on which the stepper's error is measured", "trajectories")
    substep_frames: int = number(4, "first frames on which the stepper's error is measured", "frames")
    most_substeps: int = number(64, "substeps a frame at most, however large the stepper's error", "substeps")
    slope_frames: int = number(4, "frames that show the mean slope of F', which the stepper solves exactly", "frames")
    rollout_points: int = number(16, "points along an axis of roll-outs at least", "points")
    refined_values: int = number(2**22, "values of fields that coefficients are refined on: fewer are faster, and less precise", "values")
    refined_frames: int = number(16, "frames that coefficients are refined on at least", "frames")
    mostly_noise: float = number(8.0, "squared misfits below so many times the noise are mostly noise: larger asks for the initial fields more often", "noise")
    spectrum_parts: int = number(10, "parts of the spectrum, the lowest median of which is the noise", "parts")
    misfit_step: float = number(1e-6, "step of the Jacobian's differences by coefficients: larger bends, smaller rounds", "coefficient", "derived")
    field_step: float = number(1e-6, "step of the Jacobian's differences by initial fields: larger bends, smaller rounds", "field", "derived")
    lost_misfit: float = number(1e3, "misfit of a roll-out that is lost", "field")
    refine_steps: int = number(15, "evaluations of a refinement at most", "evaluations", "option")
    refine_tolerance: float = number(1e-9, "change of misfit and coefficients that ends a refinement", "1", "option")
    time_clusters: int = number(4, "parts in time of a single trajectory that its standard errors come from", "parts")
    significant: float = number(3.0, "a coefficient or a difference of so many standard errors is not 0: larger keeps fewer terms of noisy data", "standard errors")
    # refine: with the initial fields
    field_iterations: int = number(10, "Gauss-Newton steps with the initial fields at most", "steps")
    measured_rounding: float = number(1e-7, "a misfit that single precision leaves, or a solver: nothing was measured", "field", "derived")
    worth_noise: float = number(100.0, "squared misfits above so many times the noise are not worth a refinement with the initial fields", "noise")
    band_moves: float = number(0.5, "a wider band that moves the coefficients by less does not matter", "standard errors")
    step_ends: float = number(0.02, "a Gauss-Newton step that moves the coefficients by less is the last", "standard errors")
    step_shares: tuple[float, ...] = number(tuple(0.5**i for i in range(7)), "shares of a Gauss-Newton step; the first that reduces the misfit is taken", "step")
    stepper_bias: float = number(0.1, "by how much the stepper may move coefficients: unlike noise it does not average out", "standard errors")
    step_shrinks: float = number(0.25, "steps that shrink less call for new derivatives by the fields: smaller takes them more often", "step before")
    believed_growth: float = number(10.0, "growth of a mode that the preconditioner believes at most", "1")
    dense_values: int = number(2**20, "derivatives of a trajectory at most, of which the matrix is made; of more, roll-outs are faster", "values")
    krylov_accuracy: float = number(1e-2, "accuracy of a Krylov space; what is left of the misfits is off by its square", "misfit")
    krylov_directions: int = number(40, "directions of a Krylov space at most", "directions")
    # select
    pays: float = number(3.0, "by which factor a term must reduce the error of validation roll-outs: larger keeps fewer terms", "error", "option")
    paying_terms: int = number(2, "the factor is asked of each of so many terms at most that are left out at once", "terms")
    trial_trajectories: int = number(10, "training trajectories that terms are put to the test on: fewer are faster, and noisier", "trajectories")
    trial_steps: int = number(8, "evaluations of the short refinement before a test", "evaluations")
    trial_tolerance: float = number(1e-5, "change that ends the short refinement before a test", "1")
    doubled: float = number(2.0, "squared errors, mostly noise, that are so many times larger without a term are not noise: smaller keeps more terms", "squared error")
    fewest_worse: int = number(3, "trajectories at least, whose errors tell noise from a term", "trajectories")
    predicting: float = number(0.25, "a form whose squared errors are larger tells nothing of a term", "squared persistence")
    stable_trajectories: int = number(3, "trajectories that show whether a form's roll-outs are lost", "trajectories")
    suspect: float = number(10.0, "only terms without which the squared misfit grows by less are put to the test: larger tests more, and costs time", "squared misfit")
    exchanges: int = number(6, "exchanges of a term, those that change a factor least, that are tested at a time: more cost time", "exchanges")
    poor: float = number(0.01, "error of validation roll-outs that calls for further terms if it is more than noise", "field")
    still_falling: float = number(0.9, "a refinement whose error falls below so many times the one before goes on", "error")
    exchange_values: int = number(10_000, "values of the data that exchanged terms are matched on", "values")
    new_term: float = number(0.01, "share of a factor that a further term starts with", "factor")
    as_well: float = number(1.5, "a law whose error is at most so many times the best one's predicts about as well: larger gives simpler laws", "error")
    changes: int = number(2, "terms that are changed at most, where a law leaves more than noise", "terms")
    beyond_noise: float = number(1.02, "a law that leaves more times what noise alone leaves lacks something: smaller asks for changes more often", "squared misfit")
    lowest_median: float = number(2.2, "1.54 standard deviations, 1/ln 2 each, of the median of exponential squares: how low the lowest of ten is", "1/√squares", "derived")
    least_floor: float = number(0.25, "the floor of the spectrum is at least this share of the noise, however few the squares", "noise")
    complete_trajectories: int = number(8, "validation trajectories on which law and network are compared", "trajectories")
    complete_rtols: tuple[float, ...] = number((1e-5, 1e-7), "accuracy of roll-outs of law and network: the second where the first may show", "field")
    hidden_error: float = number(100.0, "the accuracy of a roll-out does not show in an error so many times larger", "accuracy")
    incomplete: float = number(2.0, "a law whose roll-outs err so many times more than the network's lacks a term: smaller doubts more laws", "error")
    series_terms: int = number(3, "terms of F at least that may be a series which is cut off", "terms")


NUMBERS = SymbolicNumbers()
