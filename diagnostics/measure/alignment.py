"""A network in the convention of a law, so that their factors can be drawn on the same axes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Shaped

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.entries import matrices
from mesoscribe.symbolic.law.factor import Factor, columns
from mesoscribe.symbolic.law.law import Law


def symbol_at(law: Law, name: str, k: Float[np.ndarray, "d k"]) -> Shaped[np.ndarray, "*symbol"]:
    """m, w or q of a law at given wavenumbers: (k,), or n×n matrices (n, n, k) for n fields."""
    factor: Factor = getattr(law, name)
    if law.several:
        table = matrices(factor.terms, law.unknowns, law.wavenumbers, list(k), skew=name == "w")
        return table @ np.array(factor.values)
    return columns(factor.terms, dict(zip(law.wavenumbers, k, strict=True))) @ np.array(factor.values)


def relative_scale(network: CanonicalNetwork, law: Law) -> float:
    """The s of (sM, sW, V/s) that brings a network to the scale of a law, 1 where they share it already.

    They do where both are dissipative, conservative or mixed. A law that lost a weak M has its scale in w,
    while the network's is in m. Of several fields either may have its scale in any entry of M or W.
    """
    name, _ = law.scale
    learned: Shaped[np.ndarray, "*symbol"] = getattr(network, name)
    acts = np.any(learned != 0, axis=tuple(range(learned.ndim - 1)))
    norm = np.sqrt((network.k**2).sum(0))
    low = [i for i in np.argsort(norm) if acts[i]][: NUMBERS.scaled_modes]
    wanted = symbol_at(law, name, network.k)
    if not low or not np.any(wanted[..., low]):
        return 1.0
    mine, theirs = learned[..., low].ravel(), wanted[..., low].ravel()
    s = float(np.vdot(mine, theirs).real / np.vdot(mine, mine).real)
    return s if law.several or abs(s - 1) > NUMBERS.other_scale else 1.0


def aligned(network: CanonicalNetwork, law: Law) -> CanonicalNetwork:
    """The network in the scale of a law."""
    s = relative_scale(network, law)
    return network if s == 1 else network.rescaled(s)
