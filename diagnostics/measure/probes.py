"""The energies of networks, canonical networks and laws, by component, as functions of fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
import torch
from jaxtyping import Float

from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.pieces import pieces
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law

HIDDEN = 8  # a network makes many values of each, in its hidden units
Components = Mapping[str, Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Probe:
    """What an energy is probed through.

    Args:
        name: whose energy.
        centre: u*, about which it is expanded.
        band: largest wavenumber evolved.
        at_once: fields (n, *grid) ↦ each component of their energy (n,), with all of them in memory.
    """

    name: str
    centre: float
    band: float
    at_once: Callable[[Float[np.ndarray, " n *grid"]], Components]

    def components(self, fields: Float[np.ndarray, " n *grid"]) -> Components:
        """Each component of the energy of fields (n, *grid): (n,)."""
        each = HIDDEN * fields[0].size
        found = [self.at_once(fields[some]) for some in pieces(len(fields), each)]
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    def evolved(self, fields: Float[np.ndarray, " n *grid"], domain: Domain) -> Float[np.ndarray, " n *grid"]:
        """The fields without the modes that are removed or held."""
        return domain.restrict(fields, domain.within(self.band))


@singledispatch
def probe(subject: object, domain: Domain) -> Probe:
    """The energies of a subject on a box.

        network            V0, V1, V2 as learned, and V their sum
        canonical network  F = ∫F dx,  Q = ½|box| Σ_k q(k)|û_k|²,  N where there is one,  V their sum
        law                all of these, V0 = ∫ ½ a u² + F dx, N a part of V2

    Raises:
        ValueError: the subject has no energy.
    """
    raise ValueError(f"expected a Law, an OnsagerModel or its canonical form, got {type(subject).__name__}")


@probe.register
def _(model: OnsagerModel, domain: Domain) -> Probe:
    scales = model.setting.scales

    def components(fields: Float[np.ndarray, " n *grid"]) -> Components:
        parts = model.energies(fields)
        named = {"V0": parts.V0, "V1": parts.V1, "V2": parts.V2, "V": parts.total}
        return {name: value.numpy() for name, value in named.items()}

    return Probe("network, raw", scales.centre, model.setting.band / scales.length, components)


@probe.register
def _(network: CanonicalNetwork, domain: Domain) -> Probe:
    energy = network.energy(domain)

    def components(fields: Float[np.ndarray, " n *grid"]) -> Components:
        v_hat = domain.fft(tensor(fields - network.centre, like=energy.quadratic.q))
        with torch.no_grad():
            parts = {"F": energy.pointwise.value(v_hat), "Q": energy.quadratic.value(v_hat)}
            if network.N is not None:
                parts["N"] = sum((term.value(v_hat) for term in energy.others), v_hat.real.new_zeros(()))
        named = {name: array(value) for name, value in parts.items()}
        return {**named, "V": sum(named.values(), np.zeros(1))}

    return Probe("network, canonical", network.centre, float(np.abs(network.k).max()), components)


@probe.register
def _(law: Law, domain: Domain) -> Probe:
    pointwise = replace(law, q=Factor(), N=Factor(), covariance=None)
    local = replace(law, F=Factor(), q=Factor(), covariance=None)

    def components(fields: Float[np.ndarray, " n *grid"]) -> Components:
        parts = law.energies(fields)
        F, V = pointwise.energies(fields).V0.numpy(), parts.total.numpy()
        named = {"V0": parts.V0, "V1": parts.V1, "V2": parts.V2}
        of_N = {"N": local.energies(fields).total.numpy()} if law.N else {}
        Q = V - F - sum(of_N.values())
        return {"F": F, "Q": Q, **of_N, **{name: value.numpy() for name, value in named.items()}, "V": V}

    return Probe("law", law.centre, domain.nyquist if law.band is None else law.band, components)
