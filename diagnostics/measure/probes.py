"""The energies of networks, canonical networks and laws, by component, as functions of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge_of_fields import (
    CanonicalFormOfFields,
    expansion,
    kernel,
    through_no_wall,
)
from mesoscribe.hybrid.energy.energy import Energy, PointwiseEnergy
from mesoscribe.hybrid.energy.table import derivative
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.pieces import pieces
from mesoscribe.hybrid.space.scales import PerField
from mesoscribe.symbolic.law.law import Law

HIDDEN = 8  # a network makes many values of each, in its hidden units
Components = Mapping[str, Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Probe:
    """What an energy is probed through.

    Args:
        name: whose energy.
        centre: u*, about which it is expanded; of several fields (field, *ones).
        band: largest wavenumber evolved.
        at_once: fields (n, [field,] *grid) ↦ each component of their energy (n,), with all of them in memory.
    """

    name: str
    centre: float | Float[np.ndarray, " f *ones"]
    band: float
    at_once: Callable[[Float[np.ndarray, " n *state"]], Components]

    def components(self, fields: Float[np.ndarray, " n *state"]) -> Components:
        """Each component of the energy of fields (n, [field,] *grid): (n,)."""
        each = HIDDEN * fields[0].size
        found = [self.at_once(fields[some]) for some in pieces(len(fields), each)]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def evolved(
        self, fields: Float[np.ndarray, " n *state"], domain: Domain
    ) -> Float[np.ndarray, " n *state"]:
        """The fields without the modes that are removed or held."""
        return domain.restrict(fields, domain.within(self.band))


@singledispatch
def probe(subject: object, domain: Domain, about: PerField | None = None) -> Probe:
    """The energies of a subject on a box.

        network            V0, V1, V2 as learned, and V their sum
        canonical network  F = ∫F dx,  Q = ½|box| Σ_k û_k* q(k) û_k,  N where there is one,  V their sum
        law                all of these, V0 = ∫ ½ a u² + F dx, N a part of V2

    Args:
        subject: whose energies.
        domain: the box, and the points of the fields.
        about: the u* about which a law of several fields is brought to canonical form; as it is if None. Any
            other subject has its own.

    Raises:
        ValueError: the subject has no energy.
    """
    raise ValueError(f"expected a Law, an OnsagerModel or its canonical form, got {type(subject).__name__}")


@probe.register
def _(model: OnsagerModel, domain: Domain, about: PerField | None = None) -> Probe:
    def components(fields: Float[np.ndarray, " n *state"]) -> Components:
        parts = model.energies(fields)
        named = {"V0": parts.V0, "V1": parts.V1, "V2": parts.V2, "V": parts.total}
        return {name: value.numpy() for name, value in named.items()}

    return Probe("network, raw", along_fields(model.units.centre, domain), model.modes_kept[0], components)


@probe.register
def _(network: CanonicalNetwork, domain: Domain, about: PerField | None = None) -> Probe:
    energy, centre = network.energy(domain), along_fields(network.centre, domain)

    def components(fields: Float[np.ndarray, " n *state"]) -> Components:
        return _parts(energy, domain.fft(tensor(fields - centre, like=energy.quadratic.q)))

    return Probe("network, canonical", centre, network.modes_kept[0], components)


@probe.register
def _(law: Law, domain: Domain, about: PerField | None = None) -> Probe:
    energy, (a, b) = law.energy(domain), law.local_symbol
    centre = along_fields(law.centre if about is None else about, domain)
    if law.several and about is not None:
        energy, bends = expanded(law, energy, np.ravel(centre))
        a = a + bends

    def components(fields: Float[np.ndarray, " n *state"]) -> Components:
        v_hat = domain.fft(tensor(fields - centre))
        parts = energy.parts(v_hat, a, b)
        named = {"V0": parts.V0, "V1": parts.V1, "V2": parts.V2}
        found = dict(_parts(energy, v_hat))
        V = found.pop("V")
        return {**found, **{name: array(value) for name, value in named.items()}, "V": V}

    return Probe("law", centre, domain.nyquist if law.band is None else law.band, components)


def along_fields(values: PerField, domain: Domain) -> PerField:
    """A number for each of several fields along their axis, (field, *ones); of one field the number."""
    if domain.n_fields is None:
        return float(values)
    return np.broadcast_to(values, domain.n_fields).reshape(-1, *(1,) * domain.ndim)


def _parts(energy: Energy, v_hat: Complex[Tensor, "*batch_modes"]) -> Components:
    """∫F, the quadratic energy, all further terms together where there are some, and their sum V."""
    with torch.no_grad():
        parts = {"F": energy.pointwise.value(v_hat), "Q": energy.quadratic.value(v_hat)}
        if energy.others:
            parts["N"] = torch.stack([term.value(v_hat) for term in energy.others]).sum(0)
    named = {name: array(value) for name, value in parts.items()}
    return {**named, "V": sum(named.values(), np.zeros(1))}


def expanded(law: Law, energy: Energy, at: Float[np.ndarray, " n"]) -> tuple[Energy, Float[Tensor, "n n"]]:
    """V[u* + v] - V[u*] of a law of several fields in canonical form, as an energy of v; and F''(u*).

    Args:
        law: the law; energy: V of it.
        at: u*.
    """
    domain, F = energy.domain, energy.pointwise.F
    assert F is not None
    K, q = (array(S.flatten(2))[..., 0].real for S in (law.member(domain).K, energy.quadratic.q))
    F0, slope, bends = expansion(F, tensor(at), domain.ndim)
    drive = array(slope) + q @ at
    kept = kernel(K, float(law.member(domain).K.abs().max()), through_no_wall(domain))
    form = CanonicalFormOfFields(
        F0, tensor(array(slope) - drive + kept @ (kept.T @ drive)), bends, 1.0, domain
    )
    centre = tensor(along_fields(at, domain))

    def density(v: Tensor) -> Tensor:
        return form.F(F(centre + v), v)

    pointwise = PointwiseEnergy(domain, lambda v: derivative(density, v), density)
    return Energy(replace(energy.quadratic, q=form.q(energy.quadratic.q)), pointwise), bends
