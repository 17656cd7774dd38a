"""What a law of bonds and velocities says of a chain's force and waves, beside those of the chain itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.chain.force import ForceLaw
from mesoscribe.hybrid.chain.force import r as bond
from mesoscribe.hybrid.chain.splitting import VERLET
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import at_zero
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.parse import parse
from mesoscribe.symbolic.systems.long_wave import LongWave, long_wave


@dataclass(frozen=True)
class Bonds:
    """φ'(r) of a law r_t = ∂x v, v_t = ∂x φ'(r) in the limit of long waves, and what its linear waves do.

    Args:
        force: φ' that was found, without its constant.
        true: F of the bonds.
        low, high: the bonds in the data.
        off: largest |φ' - F| between these, over the largest |F|.
        dispersion: largest error of ω(k) on the modes that carry the data, over that of ω of the lattice.
        highest: the largest wavenumber of these.
        one_way: long-wave equations of one direction, of the force that was found and of the bonds.
    """

    force: sympy.Expr
    true: sympy.Expr
    low: float
    high: float
    off: float
    dispersion: float
    highest: float
    one_way: tuple[LongWave, LongWave] | None

    @property
    def lines(self) -> list[str]:
        """All of it in words."""
        shown = sympy.sstr(self.force.evalf(6)).replace("**", "^").replace("*", " ")
        true = sympy.sstr(self.true.evalf(6)).replace("**", "^").replace("*", " ")
        found = [
            f"force of a bond     {shown}",
            f"of the chain        {true}; they differ by {100 * self.off:.2g} % for r from {self.low:.4g} to "
            f"{self.high:.4g}",
            f"dispersion          ω(k) is that of the lattice to {100 * self.dispersion:.2g} % up to "
            f"k = {self.highest:.4g}",
        ]
        if self.one_way is not None:
            pairs = zip(("one-way waves of it", "of the chain"), self.one_way, strict=True)
            found += [f"{name:<20}{wave.law().text}" for name, wave in pairs]
        return found

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "force": str(self.force),
            "true": str(self.true),
            "range": [self.low, self.high],
            "off": self.off,
            "dispersion": self.dispersion,
            "highest": self.highest,
            "one_way": None if self.one_way is None else [wave.law().text for wave in self.one_way],
        }


def bonds_beside(law: Law, data: Trajectories) -> Bonds | None:
    """The bonds of a law beside those of the chain; None for other data, or a law of another structure."""
    facts = data.provenance.get("chain")
    if facts is None or facts.get("frame") != "rest" or len(law.fields) != 2 or law.ndim != 1:
        return None
    found = _force(law)
    if found is None:
        return None
    true = ForceLaw(parse(facts["force"], (bond,)))
    r = data.u[:, :, 0]
    low, high = float(r.min()), float(r.max())
    values = np.linspace(low, high, NUMBERS.own_points)
    mine = np.broadcast_to(np.asarray(sympy.lambdify(bond, found, "numpy")(values), float), values.shape)
    at_rest = float(true(np.zeros(1))[0])
    other = true(values) - at_rest
    off = float(np.abs(mine - other).max() / np.abs(other).max())
    k = _carrying(data)
    lattice = true.c * 2 * np.sin(facts["epsilon"] * k / 2) / facts["epsilon"]
    spread = float(np.abs(_frequencies(law, k) / lattice - 1).max())
    waves = _one_way(found, true, facts)
    return Bonds(found, true.expression - at_rest, low, high, off, spread, float(k.max()), waves)


def _force(law: Law) -> sympy.Expr | None:
    """φ'(r) of long waves, v being counted so that r_t = v_x; None where r and v do not move one another."""
    r, v = law.unknowns
    (k,) = law.wavenumbers
    turning = sum(c * sympy.diff(t, r, v) for c, t in zip(law.w.values, law.w.terms, strict=True))
    slope = sympy.diff(turning, k).subs({k: 0}) if turning != 0 else sympy.Integer(0)
    if not slope.is_number or not float(slope):
        return None
    a = -float(slope)
    rest: dict[str, sympy.Expr] = {"q": sympy.Integer(0)}
    for c, term in zip(law.q.values, law.q.terms, strict=True):
        rest["q"] += c * at_zero(term.coeff(r, 2).coeff(v, 0)) * r if term.has(r) and not term.has(v) else 0
    force = a * (sympy.diff(law.F.expr, r).subs(v, 0) + rest["q"])
    return sympy.expand((force - force.subs(r, 0)).subs(r, bond))


def _frequencies(law: Law, k: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    """ω(k) of small waves about r = v = 0."""
    domain = law.box.resampled((2 * (int(round(k.max() * law.lengths[0] / (2 * np.pi))) + 2),))
    at = np.rint(k * law.lengths[0] / (2 * np.pi)).astype(int)
    K = (law.symbol("m", domain) + law.symbol("w", domain))[:, :, at]
    bends = sympy.hessian(law.F.expr, law.unknowns).subs(dict.fromkeys(law.unknowns, 0))
    q = law.symbol("q", domain)[:, :, at] + np.array(bends.tolist(), float)[:, :, None]
    rates = np.linalg.eigvals(np.einsum("ijk,jlk->kil", -K, q))
    found: Float[np.ndarray, " k"] = np.abs(rates.imag).max(1)
    return found


def _carrying(data: Trajectories) -> Float[np.ndarray, " k"]:
    """The wavenumbers beyond 0 up to the last whose power is no rounding beside the largest."""
    one = data.field(data.fields[0])
    power = (np.abs(one.domain.fft(one.u)) ** 2).mean((0, 1))
    kept = np.flatnonzero(power > NUMBERS.carrying * power.max())
    k: Float[np.ndarray, " k"] = one.domain.k[0][1 : kept.max() + 1]
    return k


def _one_way(found: sympy.Expr, true: ForceLaw, facts: dict[str, Any]) -> tuple[LongWave, LongWave] | None:
    """The equations of long waves to the right; None where the force that was found carries none."""
    sigma = facts["courant"] if facts["order"] == VERLET.order else 0
    try:
        return tuple(long_wave(force, courant=sigma) for force in (ForceLaw(found), true))  # type: ignore[return-value]
    except ValueError:
        return None
