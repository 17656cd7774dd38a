"""From a network to a Law: sparse factors, refined on the trajectories, without what does not count."""

from __future__ import annotations

from dataclasses import dataclass

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
INDIFFERENT = 1.05  # a law whose squared validation error is larger by this factor is no worse
TRIAL_TRAJECTORIES = 10  # that terms are put to the test on
TRIAL_TOLERANCE = 1e-5
SUSPECT = 3.0  # only terms without which the squared misfit grows by less than this are put to the test


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


def read_off(
    model: OnsagerModel, network: CanonicalNetwork, weights: Importance, library: Library
) -> tuple[Law, dict[str, Selection]]:
    """The sparse factors of a network, as they stand before any look at the trajectories."""
    wave = dict(zip(WAVENUMBERS[model.grid.ndim], network.k, strict=True))
    nodes, conserved = network.nodes, network.drive == 0.0
    F_terms = tuple(term for term in library.F if not (conserved and term == u))
    force_terms = [term.diff(u) for term in F_terms]
    linear = np.stack([nodes, np.ones_like(nodes)] if conserved else [nodes], axis=-1)
    at_nodes = columns(force_terms, {u: nodes})
    selections = {"F": select(at_nodes, network.f, weights.u, free=linear, samples=F_SAMPLES)}
    rest = network.f - at_nodes @ selections["F"].coefficients
    root = np.sqrt(weights.u)
    moved = float(np.linalg.lstsq(linear * root[:, None], rest * root, rcond=None)[0][0])
    targets = {"q": (network.q + moved, weights.q), "m": (network.m, weights.K), "w": (network.w, weights.K)}
    for name, (target, weight) in targets.items():
        selections[name] = select(columns(getattr(library, name), wave), target, weight)
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


def _without(law: Law, drop: Parameter, pivot: Parameter) -> tuple[Law, Parameter]:
    """The law without a term, and the pivot's new place."""
    name, i = pivot
    moved = (name, i - 1) if name == drop[0] and i > drop[1] else pivot
    return law.without(drop), moved


def _no_worse(simple: Float[np.ndarray, " n"], full: Float[np.ndarray, " n"]) -> bool:
    """Whether scores of validation trajectories, squared, are the same but for INDIFFERENT or chance."""
    difference = simple**2 - full**2
    chance = 2 * difference.std(ddof=1) / np.sqrt(len(difference)) if len(difference) > 2 else 0.0
    return bool(difference.mean() <= max((INDIFFERENT - 1) * np.mean(full**2), min(chance, np.mean(full**2) / 4)))


def _dissipates(law: Law, grid_symbol: Float[np.ndarray, "..."]) -> bool:
    return bool(np.all(grid_symbol >= -1e-9 * np.abs(grid_symbol).max())) if law.m else True


def eliminate(
    law: Law, pivot: Parameter, train: RollOutData, validation: RollOutData, clusters: int
) -> tuple[Refinement, tuple[str, ...]]:
    """Refine, and take away one term after another as long as validation roll-outs are no worse.

    Terms that make m negative on the band are taken away whatever they gain.
    """
    leads = lead_times(validation.u.shape[1] - 1)
    few = train.first(TRIAL_TRAJECTORIES * max(1, len(train.u) // clusters))
    options = {"clusters": min(clusters, TRIAL_TRAJECTORIES), "tolerance": TRIAL_TOLERANCE}
    current = refine(law, few, pivot=pivot, **options)
    reference = scores(current.law, validation, leads)
    dropped: list[str] = []
    while True:
        growth = {p: g for p, g in current.growth.items() if g < SUSPECT}
        growing = not _dissipates(current.law, current.law.symbol("m", train.grid) * band_of(current.law, train))
        if growing:
            growth |= {p: g for p, g in current.growth.items() if p[0] == "m"}
        for parameter in sorted(growth, key=lambda p: (growing and p[0] != "m", growth[p])):
            smaller, held = _without(current.law, parameter, pivot)
            trial = refine(smaller, few, pivot=held, **options)
            trial_scores = scores(trial.law, validation, leads)
            if (growing and parameter[0] == "m") or _no_worse(trial_scores, reference):
                dropped.append(f"{parameter[0]}: {getattr(current.law, parameter[0]).terms[parameter[1]]}")
                current, pivot = trial, held
                reference = np.minimum(reference, trial_scores)
                break
        else:
            return refine(current.law, train, pivot=pivot, clusters=clusters), tuple(dropped)


def band_of(law: Law, data: RollOutData) -> np.ndarray:
    """1 on the modes that the law evolves, else 0."""
    return law.flow(data.grid).mask.numpy()


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
    law, selections = read_off(model, network, weights, library or polynomials(model.grid.ndim))
    scaled = model.setting.scales.to_scaled(data.u)
    first = first_useful_frame(scaled, model.setting.scales.grid(data.grid))
    first = first if min(data.n_frames, validation.n_frames) - first > 3 else 0
    train, held_out = RollOutData.of(data, law, first), RollOutData.of(validation, law, first)
    pivot = pivot_of(law, network, weights)
    refinement, dropped = eliminate(law, pivot, train, held_out, clusters=data.n)
    notes = tuple(f"{name} was dropped: validation roll-outs are no worse without it" for name in dropped)
    final = canonical_law(refinement.law)
    return Distillation(final, network, selections, refinement, dropped, notes)
