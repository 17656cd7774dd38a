"""Sparse factors read off a network, before any look at the trajectories that a refinement takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
import torch
from jaxtyping import Float

from hybrid.flow import band_mask
from hybrid.onsager import OnsagerModel
from hybrid.resample import resampled
from hybrid.trajectories import Trajectories
from symbolic.canonical import CanonicalNetwork
from symbolic.factor import WAVENUMBERS, Factor, columns, u
from symbolic.form import Parameter
from symbolic.law import Law
from symbolic.library import Library
from symbolic.sparse import Selection, select

F_SAMPLES = 60  # a smooth function on the range of the data counts as so many observations
PRECISION = (1e-6, 3e-3)
PRECISION_TRAJECTORIES = 10  # that the network's precision is judged on


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
    few = data.u[:PRECISION_TRAJECTORIES, data.n_frames // 2 : data.n_frames // 2 + 2]
    step = model.simulate(few[:, 0], data.t[:2])[:, 1]
    known = np.linalg.norm(step - few[:, 1]) / max(float(np.linalg.norm(few[:, 0] - few[:, 1])), 1e-300)
    return float(np.clip(0.1 * known, *PRECISION))


def _read_force(
    network: CanonicalNetwork, weights: Importance, terms: tuple[sympy.Expr, ...], precision: float
) -> tuple[Selection, float]:
    """The sparse F', and the slope of the linear part that it leaves to q."""
    nodes, conserved = network.nodes, network.drive == 0.0
    linear = np.stack([nodes, np.ones_like(nodes)] if conserved else [nodes], axis=-1)
    at_nodes = columns([term.diff(u) for term in terms], {u: nodes})
    chosen = select(at_nodes, network.f, weights.u, free=linear, samples=F_SAMPLES, precision=precision)
    rest = network.f - at_nodes @ chosen.coefficients
    root = np.sqrt(weights.u)
    slope = np.linalg.lstsq(linear * root[:, None], rest * root, rcond=None)[0][0]
    return chosen, float(slope)


def _not_negative(
    chosen: Selection, at_modes: np.ndarray, m: np.ndarray, weight: np.ndarray, precision: float
) -> Selection:
    """The finest selection whose m(k) ≥ 0 on all modes: where the data are silent, terms of m may cross 0."""
    while (at_modes @ chosen.coefficients).min() < -1e-9 * np.abs(m).max() and precision < 1:
        precision *= 10
        chosen = select(at_modes, m, weight, precision=precision)
    return chosen


def read_off(
    model: OnsagerModel, network: CanonicalNetwork, weights: Importance, library: Library, precision: float
) -> tuple[Law, dict[str, Selection]]:
    """The sparse factors of a network, as they stand before any look at the trajectories."""
    F_terms = tuple(term for term in library.F if not (network.drive == 0.0 and term == u))
    selections = {}
    selections["F"], moved = _read_force(network, weights, F_terms, precision)
    targets = {"q": (network.q + moved, weights.q), "m": (network.m, weights.K), "w": (network.w, weights.K)}
    wave = dict(zip(WAVENUMBERS[model.grid.ndim], network.k, strict=True))
    for name, (target, weight) in targets.items():
        at_modes = columns(getattr(library, name), wave)
        selections[name] = select(at_modes, target, weight, precision=precision)
        if name == "m":
            selections[name] = _not_negative(selections[name], at_modes, target, weight, precision)
    terms = {"F": F_terms, "q": library.q, "m": library.m, "w": library.w}
    factors = {
        name: Factor(
            tuple(terms[name][i] for i in selection.support),
            tuple(float(selection.coefficients[i]) for i in selection.support),
        )
        for name, selection in selections.items()
    }
    return _on_the_box(model, network, factors), selections


def _on_the_box(model: OnsagerModel, network: CanonicalNetwork, factors: Mapping[str, Factor]) -> Law:
    """The law of some factors on a network's box and band."""
    setting = model.setting
    complete = np.array_equal(band_mask(model.grid, setting.band), band_mask(model.grid, np.inf))
    return Law(
        F=factors["F"],
        q=factors["q"],
        m=factors["m"],
        w=factors["w"],
        lengths=setting.lengths,
        centre=network.centre,
        band=None if complete else setting.band / setting.scales.length,
        hold=setting.hold,
    )


def pivot_of(law: Law, network: CanonicalNetwork, weights: Importance) -> Parameter:
    """The coefficient of m or w that contributes most: the one to hold while the others are refitted."""
    wave = dict(zip(law.wavenumbers, network.k, strict=True))
    sizes = {
        (name, i): abs(factor.values[i]) * float(np.sqrt(weights.K @ column**2))
        for name, factor in (("m", law.m), ("w", law.w))
        for i, column in enumerate(columns(factor.terms, wave).T)
    }
    return max(sizes, key=lambda parameter: sizes[parameter])
