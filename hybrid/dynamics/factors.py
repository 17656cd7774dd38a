"""The factors F, V0, V2, m and w of a model as curves and as a figure, in the user's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from mesoscribe.hybrid.data.pictures import Picture
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.energy.energy import Energy
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.scales import Scales

SYMBOLS = {"q": "q(k), quadratic energy", "V2": "V2, its share of q(k)", "m": "m(k)", "w": "w(k)"}
LOOKS = (".", "-", "--", ":")  # of the first model, which may know its modes only, and of others
WIDTHS = (4.0, 1.5, 1.5, 1.5)


@dataclass(frozen=True, eq=False)
class Factors:
    """What a model is made of, each a curve.

    Args:
        name: of the model.
        u: values of the field.
        F, V0: the densities F(u) and F(u) + ½ a (u - u*)² on them.
        k: |k| of each mode that is evolved.
        q: the symbol of all quadratic energy beside F.
        V2: q(k) - a - b|k|², the symbol of the quadratic energy that is neither in V0 nor in V1.
        m, w: the symbols of M and W.
    """

    name: str
    u: Float[np.ndarray, " n"]
    F: Float[np.ndarray, " n"]
    V0: Float[np.ndarray, " n"]
    k: Float[np.ndarray, " modes"]
    q: Float[np.ndarray, " modes"]
    V2: Float[np.ndarray, " modes"]
    m: Float[np.ndarray, " modes"]
    w: Float[np.ndarray, " modes"]

    @classmethod
    def of(
        cls,
        name: str,
        u: Float[np.ndarray, " n"],
        energy: Energy,
        member: Member,
        units: Scales,
        local_symbol: tuple[float, float],
    ) -> Factors:
        """The factors of an energy and an equation of motion that are written in some units."""
        assert energy.pointwise.F is not None
        (a, b), v = local_symbol, units.to_scaled(u)
        with torch.no_grad():
            F = array(energy.pointwise.F(tensor(v, like=energy.quadratic.q)))
        kept = array(member.mask).astype(bool)
        k = energy.domain.k_norm[kept]
        K, q = array(member.K)[kept] / units.time, array(energy.quadratic.q)[kept]
        V0, unit = F + 0.5 * a * v**2, units.amplitude**2
        order = np.argsort(k, kind="stable")
        symbols = (part[order] for part in (k / units.length, q, q - a - b * k**2, K.real, K.imag))
        return cls(name, u, unit * F, unit * V0, *symbols)


def factors_figure(models: Sequence[Factors]) -> Picture:
    """F over u, the symbols of the quadratic energy, of M and of W over |k|, of each model.

    Of one model V0 is drawn beside F, and V2 where it is not all of the quadratic energy; of several these
    cannot be compared, for how a quadratic energy is shared is a convention.
    """
    first, alone = models[0], len(models) == 1
    names = [name for name in SYMBOLS if any(np.any(getattr(one, name)) for one in models)]
    if "V2" in names and (not alone or np.array_equal(first.V2, first.q)):
        names.remove("V2")
    figure = Picture(figsize=(3.4 * (1 + len(names)), 3), layout="constrained")
    panel, *panels = figure.subplots(1, 1 + len(names), squeeze=False)[0]
    for one, width in zip(models, WIDTHS, strict=False):
        panel.plot(one.u, one.F, linewidth=width, label="F" if alone else one.name)
    if alone and np.any(first.V0 != first.F):
        panel.plot(first.u, first.V0, "--", label="density of V0")
    panel.set(title="F(u)", xlabel="u")
    panel.legend(frameon=False)
    for panel, name in zip(panels, names, strict=True):
        for one, look in zip(models, LOOKS, strict=False):
            seen = one.k <= first.k.max()
            panel.plot(one.k[seen], getattr(one, name)[seen], look)
        panel.set(title=SYMBOLS[name], xlabel="k")
    return figure
