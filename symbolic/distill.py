"""From a network to a Law: sparse factors, refined on the trajectories, without what does not count."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float

from hybrid.fit import VALIDATION_SHARE
from hybrid.flow import band_mask
from hybrid.metrics import lead_times
from hybrid.onsager import OnsagerModel
from hybrid.resample import resampled
from hybrid.trajectories import Trajectories
from hybrid.warmstart import first_useful_frame
from symbolic.canonical import CanonicalNetwork, canonical_form, canonical_law
from symbolic.factor import WAVENUMBERS, Factor, columns, u
from symbolic.law import Law, Parameter
from symbolic.library import Library, polynomials
from symbolic.refine import Refinement, RollOutData, refine, scores
from symbolic.sparse import Selection, select

F_SAMPLES = 60  # a smooth function on the range of the data counts as so many observations
PAYS = 2.0  # a term must halve the error of validation roll-outs
NOISY = 8.0  # squared errors below this multiple of the noise are mostly noise
SIGNIFICANT = 3.0
PRECISION = (1e-6, 3e-3)
TRIAL_TRAJECTORIES = 10  # that terms are put to the test on
TRIAL_TOLERANCE = 1e-5
SUSPECT = 10.0  # only terms without which the squared misfit grows by less than this are put to the test


@dataclass(frozen=True)
class Distillation:
    """How a network became a law.

    Args:
        law: the result, in canonical form.
        network: the canonical form of the network it was read from.
        selections: the sparse regression of each factor.
        refinement: the last refinement.
        dropped: terms that were selected and then found to make no difference.
        notes: what else should be said.
    """

    law: Law
    network: CanonicalNetwork
    selections: dict[str, Selection]
    refinement: Refinement
    dropped: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def gauge(self) -> tuple:
        """What was fixed."""
        return self.network.gauge


@dataclass(frozen=True)
class Importance:
    """What each point of each factor contributes on the data.

    Args:
        u: weights of the nodes of F'.
        q: mean |K û|² of each mode; K: mean |FT{δV/δu}|² of each mode.
    """

    u: Float[np.ndarray, " n"]
    q: Float[np.ndarray, " k"]
    K: Float[np.ndarray, " k"]


def importance(model: OnsagerModel, network: CanonicalNetwork, data: Trajectories) -> Importance:
    """Weights from at most some 500 fields of the data."""
    scales, grid = model.setting.scales, model.grid
    fields = data.u.reshape(-1, *data.grid.shape)
    fields = fields[:: max(1, len(fields) // 500)]
    v = torch.as_tensor(scales.to_scaled(resampled(fields, grid.shape)))
    with torch.no_grad():
        flow = model.flow()
        v_hat = grid.fft(v) * flow.mask
        v = grid.ifft(v_hat)
        force = flow.q * v_hat + grid.fft(flow.f(v))
    positions = model.modes.first.cpu().numpy()
    power, push = (z.abs().square().mean(0).numpy().ravel()[positions] for z in (v_hat, force))
    edges = np.linspace(model.setting.low, model.setting.high, len(network.nodes) + 1)
    density = np.histogram(v.numpy(), edges)[0] + 1e-3 * v.numel() / len(network.nodes)
    return Importance(density / density.sum(), power * (network.m**2 + network.w**2), push)


def precision_of(model: OnsagerModel, data: Trajectories) -> float:
    """How well the network knows u_t: a tenth of its error over one frame relative to persistence's."""
    few = data.u[:TRIAL_TRAJECTORIES, data.n_frames // 2 : data.n_frames // 2 + 2]
    step = model.simulate(few[:, 0], data.t[:2])[:, 1]
    known = np.linalg.norm(step - few[:, 1]) / max(float(np.linalg.norm(few[:, 0] - few[:, 1])), 1e-300)
    return float(np.clip(0.1 * known, *PRECISION))


def read_off(
    model: OnsagerModel, network: CanonicalNetwork, weights: Importance, library: Library, precision: float
) -> tuple[Law, dict[str, Selection]]:
    """The sparse factors of a network, as they stand before any look at the trajectories."""
    wave = dict(zip(WAVENUMBERS[model.grid.ndim], network.k, strict=True))
    nodes, conserved = network.nodes, network.drive == 0.0
    F_terms = tuple(term for term in library.F if not (conserved and term == u))
    force_terms = [term.diff(u) for term in F_terms]
    linear = np.stack([nodes, np.ones_like(nodes)] if conserved else [nodes], axis=-1)
    at_nodes = columns(force_terms, {u: nodes})
    selections = {"F": select(at_nodes, network.f, weights.u, free=linear, samples=F_SAMPLES, precision=precision)}
    rest = network.f - at_nodes @ selections["F"].coefficients
    root = np.sqrt(weights.u)
    moved = float(np.linalg.lstsq(linear * root[:, None], rest * root, rcond=None)[0][0])
    targets = {"q": (network.q + moved, weights.q), "m": (network.m, weights.K), "w": (network.w, weights.K)}
    for name, (target, weight) in targets.items():
        selections[name] = select(columns(getattr(library, name), wave), target, weight, precision=precision)
    terms = {"F": F_terms, "q": library.q, "m": library.m, "w": library.w}
    factors = {
        name: Factor(
            tuple(terms[name][i] for i in selection.support),
            tuple(float(selection.coefficients[i]) for i in selection.support),
        )
        for name, selection in selections.items()
    }
    setting = model.setting
    complete = np.array_equal(band_mask(model.grid, setting.band), band_mask(model.grid, np.inf))
    law = Law(
        **factors,
        lengths=setting.lengths,
        band=None if complete else setting.band / setting.scales.length,
        hold=setting.hold,
        centre=network.centre,
    )
    return law, selections


def pivot_of(law: Law, network: CanonicalNetwork, weights: Importance) -> Parameter:
    """The coefficient of m or w that contributes most: the one to hold while the others are refitted."""
    wave = dict(zip(law.wavenumbers, network.k, strict=True))
    sizes = {
        (name, i): abs(factor.values[i]) * float(np.sqrt(weights.K @ column**2))
        for name, factor in (("m", law.m), ("w", law.w))
        for i, column in enumerate(columns(factor.terms, wave).T)
    }
    return max(sizes, key=lambda parameter: sizes[parameter])


def _without(law: Law, drop: tuple[Parameter, ...], pivot: Parameter) -> tuple[Law, Parameter]:
    """The law without some terms, and the pivot's new place."""
    name, place = pivot
    for owner, i in sorted(drop, reverse=True):
        law = law.without((owner, i))
        place -= name == owner and place > i
    return law, (name, place)


def _does_not_pay(
    without: Float[np.ndarray, " n"], full: Float[np.ndarray, " n"], noise: float, terms: int
) -> bool:
    """Whether terms are not worth their place: without them, validation roll-outs err less than PAYS^terms more.

    Errors that are mostly measurement noise hide what a term does; there it stays if leaving it out is
    worse in every likelihood (SIGNIFICANT standard errors over trajectories).
    """
    worse = without**2 - full**2
    if worse.mean() > (PAYS ** (2 * terms) - 1) * np.mean(full**2):
        return False
    if np.mean(full**2) > NOISY * noise or len(worse) < 3:
        return True
    return bool(worse.mean() < SIGNIFICANT * worse.std(ddof=1) / np.sqrt(len(worse)))


def _dissipates(law: Law, data: RollOutData) -> bool:
    """Whether m(k) ≥ 0 on the modes that the law evolves."""
    m = law.symbol("m", data.grid)[law.flow(data.grid).mask.numpy()]
    return bool(np.all(m >= -1e-9 * np.abs(m).max()))


def _candidates(current: Refinement, data: RollOutData) -> list[tuple[Parameter, ...]]:
    """Terms to try to do without, the least important first: one, then two that may stand in for each other."""
    if current.law.m and not _dissipates(current.law, data):
        return [(p,) for p in sorted(current.growth, key=lambda p: current.growth[p]) if p[0] == "m"]
    suspects = sorted((p for p, g in current.growth.items() if g < SUSPECT**2), key=lambda p: current.growth[p])
    single = [(p,) for p in suspects if current.growth[p] < SUSPECT]
    return single + list(combinations(suspects, 2))


def eliminate(
    law: Law, pivot: Parameter, train: RollOutData, validation: RollOutData, clusters: int
) -> tuple[Refinement, tuple[str, ...]]:
    """Refine, and take away one term after another as long as it does not pay on validation roll-outs.

    Terms that make m negative on the band are taken away whatever they gain.
    """
    leads = lead_times(validation.u.shape[1] - 1)
    few = train.first(TRIAL_TRAJECTORIES * max(1, len(train.u) // clusters))
    options = {"clusters": min(clusters, TRIAL_TRAJECTORIES), "tolerance": TRIAL_TOLERANCE}
    current = refine(law, few, pivot=pivot, **options)
    reference = scores(current.law, validation, leads)
    dropped: list[str] = []
    progress = True
    while progress:
        progress = False
        negative = bool(current.law.m) and not _dissipates(current.law, train)
        for drop in _candidates(current, train):
            smaller, held = _without(current.law, drop, pivot)
            trial = refine(smaller, few, pivot=held, **options)
            trial_scores = scores(trial.law, validation, leads)
            if negative or _does_not_pay(trial_scores, reference, validation.noise, len(drop)):
                dropped += [f"{name}: {getattr(current.law, name).terms[i]}" for name, i in drop]
                current, pivot, reference, progress = trial, held, trial_scores, True
                break
    return refine(current.law, train, pivot=pivot, clusters=clusters), tuple(dropped)


def distill(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    seed: int = 0,
) -> Law:
    """The closed-form law of a network, refined on trajectories; `distillation` returns the steps as well."""
    return distillation(model, data, validation=validation, library=library, seed=seed).law


def distillation(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    seed: int = 0,
) -> Distillation:
    """Read the factors off a network, refine them on data, drop what makes no difference on validation data.

    Args:
        model: the network, the source of the form and of the first coefficients.
        data: trajectories for the refinement; without `validation` some are kept back.
        validation: trajectories that decide which terms stay.
        library: candidate terms, polynomials if None.
        seed: of the split.

    Raises:
        ValueError: the network has no dynamics to read.
    """
    if validation is None:
        data, validation = data.parts(seed, (1 - VALIDATION_SHARE, VALIDATION_SHARE))
    network = canonical_form(model)
    weights = importance(model, network, data)
    law, selections = read_off(
        model, network, weights, library or polynomials(model.grid.ndim), precision_of(model, data)
    )
    scaled = model.setting.scales.to_scaled(data.u)
    first = first_useful_frame(scaled, model.setting.scales.grid(data.grid))
    first = first if min(data.n_frames, validation.n_frames) - first > 3 else 0
    train, held_out = RollOutData.of(data, law, first), RollOutData.of(validation, law, first)
    pivot = pivot_of(law, network, weights)
    refinement, dropped = eliminate(law, pivot, train, held_out, clusters=data.n)
    notes = tuple(f"{name} was dropped: it does not halve the error of validation roll-outs" for name in dropped)
    final = canonical_law(refinement.law)
    return Distillation(final, network, selections, refinement, dropped, notes)
