"""The equation of a law on one line of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.equation import (
    EquationTerm,
    by_field,
    factor_text,
    second_order_terms,
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
    shown = f"{rate} =" if rows else f"{rate} = 0"
    for i, row in enumerate(rows):
        number = with_error(abs(row.value), row.std_error)
        body = "" if row.expr == 1 else row.term.replace("**", "^").replace("*", " ")
        sign = (" -" if i == 0 else " - ") if row.value < 0 else " " if i == 0 else " + "
        shown += f"{sign}{body if number == '1' and body else f'{number} {body}'.rstrip()}"
    return shown


def _factors(law: Form) -> Iterator[str]:
    """Each factor that there is, on a line."""
    for name in FACTORS:
        if factor := getattr(law, name):
            yield f"{name} = {factor_text(factor)}".replace("**", "^").replace("*", " ")
