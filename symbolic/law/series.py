"""Factors whose terms look like the beginning of a series: each term stands for all that were cut off."""

from __future__ import annotations

import sympy

from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.form import Form
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.shape import Power, power_of


def series(law: Form, library: Library) -> tuple[str, ...]:
    """A sentence for each of F, q, m and w whose terms look like a series that was cut off.

    That is where at least `series_terms` of its powers reach the highest on offer of their parity, or follow
    each other on offer. The constant of a symbol and the drive, F's linear term, do not count, but two: the
    quadratic term of F, which stands in q as its constant, where the highest power is reached, as in
    u² + u⁴ + u⁸; and the constant of q beside 1/k², as in 1/k² + 1 + |k|.
    """
    terms = {name: ", ".join(map(str, getattr(law, name).terms)) for name in cut_off(law, library)}
    return tuple(
        f"{name} looks like a series that was cut off: its terms ({shown}) stand together for a function "
        "that the candidates do not hold, and none has a meaning of its own"
        for name, shown in terms.items()
    )


def cut_off(law: Form, library: Library) -> tuple[str, ...]:
    """The factors that look like a series that was cut off."""
    if law.several:
        return ("F",) if any(_reaches(law, library, field) for field in law.unknowns) else ()
    quadratic = {"F": int(sympy.Integer(1) in law.q.terms)}
    return tuple(
        n for n in "Fqmw" if _cut_off(getattr(law, n).terms, getattr(library, n), quadratic.get(n, 0))
    )


def _reaches(law: Form, library: Library, field: sympy.Symbol) -> bool:
    """Whether powers of one field alone in F reach the highest on offer, with another of its parity.

    F of several fields has fewer powers on offer than F of one, so that two are enough to ask.
    """

    def powers(terms: tuple[sympy.Expr, ...]) -> set[int]:
        found = (term.as_base_exp() for term in terms)
        return {int(n) for base, n in found if base == field and n.is_Integer and n > 2}

    held, offered = powers(law.F.terms), powers(library.F)
    ends = {max(n for n in offered if n % 2 == parity) for parity in {n % 2 for n in offered}}
    return any(sum(n % 2 == end % 2 for n in held) > 1 for end in ends & held)


def _cut_off(terms: tuple[sympy.Expr, ...], offered: tuple[sympy.Expr, ...], elsewhere: int) -> bool:
    """Whether the powers among some terms are those of a series, of which another factor holds some."""
    held, others = ({p for term in some if term != u and (p := _order(term))} for some in (terms, offered))
    if sympy.Integer(1) in terms and held and min(held)[0] < 0:  # it lies between powers of both signs
        held.add((0.0, 1))
    highest = {max(power for power in others if power[1] == parity) for _, parity in others}
    on_offer, enough = sorted(held | others), NUMBERS.series_terms
    runs = (on_offer[i : i + enough] for i in range(len(on_offer) - enough + 1))
    reached = len(held) + elsewhere >= enough and not highest.isdisjoint(held)
    return reached or any(held.issuperset(run) for run in runs)


def _order(term: sympy.Expr) -> Power | None:
    """Degree and parity of a power, below 0 of one over a power; None of another term."""
    over = power_of(1 / term) if term.free_symbols else None
    return power_of(term) or (over and (-over[0], over[1]))
