"""Sparse factors read off a network, before any look at the trajectories that a refinement takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy
import torch
from jaxtyping import Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.energy.local_energy import LocalEnergy
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, RescaledN
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.law.density_terms import density_of
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, columns, not_negative, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.pointwise import slope_of
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser
from mesoscribe.symbolic.read.sparse import Selection, select


@dataclass(frozen=True)
class Importance:
    """What each point of each factor contributes on the data.

    Args:
        u: weights of the nodes of F'.
        q: mean |K û|² of each mode; K: mean |FT{δV/δu}|² of each mode.
        fields: some fields u - u* of the data, on the modes evolved.
        N: |K|² of each mode.
    """

    u: Float[np.ndarray, " nodes"]
    q: Float[np.ndarray, " k"]
    K: Float[np.ndarray, " k"]
    fields: Float[np.ndarray, " n_fields *grid"]
    N: Float[np.ndarray, " k"]


def importance(
    model: OnsagerModel,
    network: CanonicalNetwork,
    data: Trajectories,
    trust: Float[np.ndarray, " k"] | float = 1.0,
) -> Importance:
    """Weights from some fields of the data; of modes, in proportion to the trust in them."""
    scales, domain = model.setting.scales, model.domain
    fields = data.u.reshape(-1, *data.domain.shape)
    fields = fields[:: max(1, len(fields) // NUMBERS.importance_fields)]
    v = tensor(scales.to_scaled(resampled(fields, domain)), like=model.theta_m)
    with torch.no_grad():
        member = model.member()
        v_hat = domain.fft(v) * member.mask
        v = domain.ifft(v_hat)
        force = member.energy.gradient(v_hat)
    positions = array(model.modes.first)
    power, push = (trust * array(z.abs().square().mean(0)).ravel()[positions] for z in (v_hat, force))
    edges = np.linspace(model.setting.low, model.setting.high, len(network.nodes) + 1)
    density = np.histogram(array(v), edges)[0] + NUMBERS.least_density * v.numel() / len(network.nodes)
    response = network.m**2 + network.w**2
    few = scales.amplitude * array(v[:: max(1, len(v) // NUMBERS.nonlocal_fields)])
    return Importance(density / density.sum(), power * response, push, few, trust * response)


def usable(terms: tuple[sympy.Expr, ...], network: CanonicalNetwork, centre: float) -> tuple[sympy.Expr, ...]:
    """The terms of F that are real and finite where the data are, and that act."""
    nodes = network.nodes + network.centre - centre
    return tuple(
        term
        for term, slopes in zip(
            terms, columns([slope_of(t) for t in terms], {u: nodes}, fill=np.nan).T, strict=True
        )
        if np.isfinite(slopes).all() and not (network.drive == 0.0 and term == u)
    )


def _read_force(
    network: CanonicalNetwork,
    weights: Importance,
    terms: tuple[sympy.Expr, ...],
    precision: float,
    centre: float,
    optimiser: Optimiser,
) -> tuple[Selection, float]:
    """The sparse F' about a centre, and the slope of the linear part that it leaves to q.

    Where the mean is not conserved a field counted from elsewhere has another F'(0): q(0) times the way.
    """
    moved, conserved = network.centre - centre, network.drive == 0.0
    nodes = network.nodes + moved
    mean = network.q[(network.k == 0).all(0)]
    f = network.f - (0.0 if conserved or not len(mean) else float(mean[0]) * moved)
    linear = np.stack([nodes, np.ones_like(nodes)] if conserved else [nodes], axis=-1)
    at_nodes = columns([slope_of(term) for term in terms], {u: nodes})
    chosen = select(
        at_nodes,
        f,
        weights.u,
        free=linear,
        samples=NUMBERS.force_samples,
        precision=precision,
        optimiser=optimiser,
    )
    rest = f - at_nodes @ chosen.coefficients
    root = np.sqrt(weights.u)
    slope = np.linalg.lstsq(linear * root[:, None], rest * root, rcond=None)[0][0]
    return chosen, float(slope)


def _read_nonlocal(
    model: OnsagerModel,
    N: RescaledN,
    weights: Importance,
    terms: tuple[sympy.Expr, ...],
    precision: float,
    optimiser: Optimiser,
) -> Selection:
    """The sparse N: the terms whose gradients add up to the network's, on some fields of the data."""
    box, positions = N.own, array(model.modes.first)
    u_hat = box.fft(tensor(resampled(weights.fields, box), like=model.theta_m))
    densities = tuple(density_of(term, box.ndim) for term in terms)
    forces = (*LocalEnergy(box, densities).forces(u_hat), N.force(u_hat))
    *of_terms, target = (array(force.flatten(1))[:, positions] for force in forces)
    columns_at = np.stack(of_terms, axis=-1)
    flat = [np.concatenate([z.real, z.imag]).reshape(2 * target.size, -1) for z in (columns_at, target)]
    weight = np.broadcast_to(weights.N, (2 * len(target), len(weights.N))).ravel()
    return select(
        flat[0],
        flat[1][:, 0],
        weight,
        samples=NUMBERS.force_samples,
        precision=precision,
        optimiser=optimiser,
    )


def read_off(
    model: OnsagerModel,
    network: CanonicalNetwork,
    weights: Importance,
    library: Library,
    precision: float,
    band: float | None,
    centre: float,
    optimiser: Optimiser = DEFAULT,
) -> tuple[Law, dict[str, Selection]]:
    """The sparse factors of a network, as they stand before any look at the trajectories.

    Args:
        model, network: the network, and its canonical form.
        weights: what each point of each factor contributes.
        library: candidate terms.
        precision: to which the factors are known.
        band: the largest wavenumber that the law evolves; the network's if None.
        centre: u*, from which the law counts the field: the network's, or 0.
        optimiser: what proposes supports.
    """
    F_terms = usable(library.F, network, centre)
    selections = {}
    selections["F"], moved = _read_force(network, weights, F_terms, precision, centre, optimiser)
    targets = {"q": (network.q + moved, weights.q), "m": (network.m, weights.K), "w": (network.w, weights.K)}
    wave = dict(zip(WAVENUMBERS[model.domain.ndim], network.k, strict=True))
    for name, (target, weight) in targets.items():
        at_modes = columns(getattr(library, name), wave)
        selections[name] = select(
            at_modes,
            target,
            weight,
            precision=precision,
            optimiser=optimiser,
            allowed=not_negative if name == "m" else None,  # where the data are silent m may cross 0
        )
    if network.N is not None and library.N and centre == network.centre:
        selections["N"] = _read_nonlocal(model, network.N, weights, library.N, precision, optimiser)
    terms = {"F": F_terms, "q": library.q, "m": library.m, "w": library.w, "N": library.N}
    factors = {
        name: Factor(
            tuple(terms[name][i] for i in selection.support),
            tuple(float(selection.coefficients[i]) for i in selection.support),
        )
        for name, selection in selections.items()
    }
    if not factors["m"] and not factors["w"]:  # none is clear at this precision
        factors["m"] = Factor.of(1)
    return on_the_box(model, factors, band, centre), selections


def on_the_box(
    model: OnsagerModel,
    factors: Mapping[str, Factor],
    band: float | None,
    centre: float,
    fields: tuple[str, ...] = ("u",),
) -> Law:
    """The law of some factors on a network's box, and on its band or a narrower one."""
    setting = model.setting
    of_network = setting.band / setting.scales.length
    complete = np.array_equal(model.domain.within(setting.band), model.domain.within(np.inf))
    return Law(
        F=factors["F"],
        q=factors["q"],
        m=factors["m"],
        w=factors["w"],
        N=factors.get("N", Factor()),
        lengths=setting.lengths,
        parities=setting.parities,
        centre=centre,
        fields=fields,
        band=band or (None if complete else of_network),
        hold=setting.hold,
    )
