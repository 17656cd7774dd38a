"""The long-wave equation of a chain by multiple scales: docs/chains.md has the derivation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import sympy

from mesoscribe.hybrid.chain.force import ForceLaw, analytic, coefficients
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.symbolic.law.equation import subscripted
from mesoscribe.symbolic.law.factor import Factor, k
from mesoscribe.symbolic.law.factor import u as u_symbol
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.operators import Mean

xi, tau = sympy.symbols("xi tau", real=True)
epsilon = sympy.Symbol("epsilon", positive=True)
u = sympy.Function("u", real=True)(xi, tau)


@dataclass(frozen=True)
class LongWave:
    """u_τ = G_0 + ε^(2/m) G_1 + … + ε² G_m of the wave to the right, r = A ε^(2/m) u(ε(n - ct), ε³t).

    Args:
        force: F(r) = c² r + a r^(m+1) + …
        c: the speed of long waves.
        m: of the first nonlinear power, 1 if there is none.
        amplitude: A.
        courant: σ = cΔt of the leapfrog, 0 for exact time.
        flux: Φ_0 of the leading order, G_0 = ∂ξ Φ_0.
        corrections: powers of ε and what stands there, G_1 … G_m without those that vanish.
    """

    force: sympy.Expr
    c: sympy.Expr
    m: int
    amplitude: sympy.Expr
    courant: sympy.Expr
    flux: sympy.Expr
    corrections: tuple[tuple[sympy.Rational, sympy.Expr], ...]

    @property
    def power(self) -> sympy.Rational:
        """The power of ε that r takes: 2/m balances the first nonlinearity and dispersion."""
        return sympy.Rational(2, self.m)

    @cached_property
    def leading(self) -> sympy.Eq:
        """u_τ = G_0, the equation of long waves to leading order in ε."""
        return sympy.Eq(sympy.Derivative(u, tau), _tidy(sympy.diff(self.flux, xi)))

    @cached_property
    def next_order(self) -> sympy.Eq:
        """u_τ = G_0 + … + ε² G_m, the equation of long waves to the next order in ε²."""
        more = (epsilon**power * term for power, term in self.corrections)
        return sympy.Eq(self.leading.lhs, sympy.Add(self.leading.rhs, *more))

    @property
    def nonlinear(self) -> sympy.Expr:
        """α in u_τ = -α u^m u_ξ - β u_ξξξ."""
        return -(self.m + 1) * self.flux.coeff(u, self.m + 1)

    @property
    def dispersion(self) -> sympy.Expr:
        """β in u_τ = -α u^m u_ξ - β u_ξξξ."""
        return -self.flux.coeff(sympy.diff(u, xi, 2))

    def law(self, length: float = 2 * math.pi, *, drift: float = 0.0) -> Law:
        """The leading order as a law with W = ∂ξ on a box; drift: (c - speed of the frame)/ε².

        Raises:
            ValueError: parameters that have no value.
        """
        free = (self.nonlinear + self.dispersion).free_symbols
        if free:
            raise ValueError(
                f"expected a force law with numbers, got {self.force}; insert values for "
                f"{', '.join(sorted(map(str, free)))}"
            )
        degree = self.m + 2
        energy = self.nonlinear * u_symbol**degree / ((degree - 1) * degree)
        return Law(
            F=Factor.of(energy),
            q=Factor.of(sympy.Float(drift) - self.dispersion * k**2 if drift else -self.dispersion * k**2),
            w=Factor.of(k),
            lengths=(length,),
            provenance=Provenance(f"long waves of the chain with F = {self.force}"),
        )

    def __str__(self) -> str:
        shown = {power: _text(term) for power, term in ((0, self.leading.rhs), *self.corrections)}
        lines = [f"u_τ = {shown[0]}"]
        lines += [f"      + ε^({power}) [{text}]" for power, text in shown.items() if power]
        scale = f"r = {_text(self.amplitude)} ε^({self.power}) u(ξ, τ)"
        moving = f"ξ = ε(n - c t), τ = ε³ t, c = {_text(self.c)}"
        return "\n".join([f"F(r) = {_text(self.force)}", f"{scale}, {moving}", *lines])


def long_wave(
    force: ForceLaw | sympy.Expr, *, amplitude: sympy.Expr | float = 1, courant: sympy.Expr | float = 0
) -> LongWave:
    """The long-wave equation of the right-moving wave of r_n'' = F(r_{n+1}) - 2 F(r_n) + F(r_{n-1}).

    Args:
        force: F, or an expression of r (`hybrid.chain.force.r`) with positive symbols as parameters.
        amplitude: A of r = A ε^(2/m) u; r = s u with another scale s is A = s ε^(-2/m).
        courant: σ = cΔt of a leapfrog, whose own dispersion is then included.

    Raises:
        ValueError: the force is not analytic at 0, or F'(0) ≤ 0.
    """
    expression = force.expression if isinstance(force, ForceLaw) else force
    if not analytic(expression):
        ForceLaw(expression)
    series = map(_tidy, coefficients(expression, NUMBERS.force_powers))
    found = [sympy.nsimplify(a) if a.is_Integer else a for a in series]
    stiffness = found[0]
    if not stiffness.is_positive:
        raise ValueError(f"expected F'(0) > 0, got {stiffness}; expand F about a minimum of the energy")
    present = [j for j, a in enumerate(found) if j and not _negligible(a, stiffness)]
    m = present[0] if present else 1
    c, A, sigma = sympy.sqrt(stiffness), *map(_exact, (amplitude, courant))
    f = [(found[j] if j in present else sympy.Integer(0)) * A**j for j in range(NUMBERS.force_powers)]
    flux, corrections = _orders(c, m, f, sigma)
    return LongWave(expression, c, m, A, sigma, flux, corrections)


def _orders(
    c: sympy.Expr, m: int, f: list[sympy.Expr], sigma: sympy.Expr
) -> tuple[sympy.Expr, tuple[tuple[sympy.Rational, sympy.Expr], ...]]:
    """Φ_0, and G_1 … G_m with their powers of ε: the orders ε^2 … ε^4 of the chain's equation over ∂ξ².

    With f[j] the coefficient of u^(j+1), η = ε^(2/m), and T the operator u ↦ u_τ = ∂ξ Φ:

        η^(m+s): -2c Φ_s + [s=0] σ²c²/12 u_ξξ = f[m+s] u^(m+1+s) + [s=0] c²/12 u_ξξ,   0 ≤ s < m
        η^(2m):  -2c Φ_m + ∂ξ⁻¹ TΦ_0 - σ²c/3 Φ_0ξξ + σ⁴c²/360 u_ξξξξ
                    = f[2m] u^(2m+1) + f[m]/12 (u^(m+1))_ξξ + c²/360 u_ξξξξ.
    """

    def power(j: int) -> sympy.Expr:
        return f[j] * u ** (j + 1) if j < len(f) else sympy.Integer(0)

    def d(term: sympy.Expr, times: int) -> sympy.Expr:
        return sympy.diff(term, xi, times)

    flux = sympy.expand(-(power(m) + c**2 * (1 - sigma**2) / 12 * d(u, 2)) / (2 * c))
    orders = [d(-power(m + s) / (2 * c), 1) for s in range(1, m)]
    moved = _along(flux, d(flux, 1))
    rest = power(2 * m) + d(power(m), 2) / 12 + c**2 * (1 - sigma**4) / 360 * d(u, 4)
    last = (moved - _mean(moved) - d(rest + sigma**2 * c / 3 * d(flux, 2), 1)) / (2 * c)
    orders.append(last)
    terms = ((sympy.Rational(2 * s, m), _tidy(order)) for s, order in enumerate(orders, start=1))
    return flux, tuple((at, term) for at, term in terms if term != 0)


def _along(flux: sympy.Expr, rate: sympy.Expr) -> sympy.Expr:
    """∂Φ/∂τ where u_τ = rate."""
    s = sympy.Symbol("s")
    return sympy.expand(sympy.diff(flux.subs(u, u + s * rate).doit(), s).subs(s, 0).doit())


def _mean(term: sympy.Expr) -> sympy.Expr:
    """⟨term⟩ over the box in normal form: integrated by parts until no highest derivative stands alone."""
    jets = [sympy.Dummy() for _ in range(NUMBERS.force_powers)]
    fields = [sympy.diff(u, xi, order) for order in range(NUMBERS.force_powers)]
    rest, kept = sympy.Poly(term.subs(list(zip(fields, jets, strict=True))[::-1]), *jets), sympy.Integer(0)
    while not rest.is_zero:
        powers, coefficient = rest.terms()[0]
        monomial = coefficient * sympy.Mul(*(jet**power for jet, power in zip(jets, powers, strict=True)))
        rest -= sympy.Poly(monomial, *jets)
        highest = max(order for order, power in enumerate(powers) if power)
        if highest == 0 or powers[highest] > 1:
            kept += monomial
            continue
        below = powers[highest - 1] + 1
        factor = monomial / (jets[highest] * jets[highest - 1] ** (below - 1))
        slope = sum(sympy.diff(factor, jets[i]) * jets[i + 1] for i in range(highest))
        rest -= sympy.Poly(jets[highest - 1] ** below * slope / below, *jets)
    back = kept.subs(dict(zip(jets, fields, strict=True)))
    return Mean(back) if back != 0 else back


def _exact(value: sympy.Expr | float) -> sympy.Expr:
    """A number as an integer where it is one, symbols as they are."""
    if isinstance(value, sympy.Expr):
        return value
    return sympy.Integer(int(value)) if float(value).is_integer() else sympy.Float(value)


def _text(term: sympy.Expr) -> str:
    """Six digits, and u_xi for a derivative."""
    short = {number: sympy.Float(number, 6) for number in term.atoms(sympy.Float)}
    return sympy.sstr(subscripted(term).xreplace(short), full_prec=False)


def _negligible(a: sympy.Expr, beside: sympy.Expr) -> bool:
    numbers = a.is_number and beside.is_number
    return bool(a == 0 or (numbers and abs(a) <= NUMBERS.negligible_coefficient * abs(beside)))


def _tidy(term: sympy.Expr) -> sympy.Expr:
    return sympy.expand(term.doit())
