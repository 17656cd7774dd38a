"""The equation of a law on one line of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.equation import (
    EquationTerm,
    by_field,
    factor_text,
    potential,
    second_order_terms,
    subscripted,
    written_out_in,
)
from mesoscribe.symbolic.law.form import FACTORS, Form


def equation_text(law: Form) -> str:
    """The equation on one line, such as u_t = -6.00012(34) u u_x - 1.00001(2) u_xxx; its factors if long.

    Equations of several fields stand one after the other.
    """
    each = [(field.func.__name__, rows) for field, rows in by_field(law)]
    if not written_out_in(max(len(rows) for _, rows in each)):
        names = ", ".join(name for name, _ in each)
        all_of = names if len(each) == 1 else f"({names})"
        return f"{all_of}_t = -(M + W) dV/d{all_of} with {'; '.join(_factors(law))}"
    return "; ".join(_rate_text(f"{name}_t", rows) for name, rows in each)


def second_order_text(law: Form) -> str | None:
    """u_tt = … on one line, of u and a second field that is its rate; None of other laws."""
    rows = second_order_terms(law)
    if rows is None or not written_out_in(len(rows)):
        return None
    return _rate_text(f"{law.fields[0]}_tt", rows)


def _rate_text(rate: str, rows: list[EquationTerm]) -> str:
    """u_t = … of one field."""
    return f"{rate} = {_sum((row.value, row.std_error, '' if row.expr == 1 else row.term) for row in rows)}"


def density_text(law: Form) -> str:
    """The density of V on one line, such as 0.5 u_x^2 + u^3."""
    pairs = (term.as_coeff_Mul() for term in potential(law).as_ordered_terms())
    return _sum((float(number), None, str(subscripted(rest))) for number, rest in pairs if number != 0)


def _sum(terms: Iterable[tuple[float, float | None, str]]) -> str:
    """A sum of coefficients, with their errors, times bodies as SymPy prints them; 0 of nothing."""
    shown = ""
    for value, error, term in terms:
        number, body = with_error(abs(value), error), term.replace("**", "^").replace("*", " ")
        sign = ("-" if value < 0 else "") if not shown else " - " if value < 0 else " + "
        shown += f"{sign}{body if number == '1' and body else f'{number} {body}'.rstrip()}"
    return shown or "0"


def _factors(law: Form) -> Iterator[str]:
    """Each factor that there is, on a line."""
    for name in FACTORS:
        if factor := getattr(law, name):
            yield f"{name} = {factor_text(factor)}".replace("**", "^").replace("*", " ")
