"""The equation of a law on one line of plain text."""

from __future__ import annotations

from collections.abc import Iterator

from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.equation import equation_terms, factor_text, field_of, written_out_in
from mesoscribe.symbolic.law.form import FACTORS, Form


def equation_text(law: Form) -> str:
    """The equation on one line, such as u_t = -6.00012(34) u u_x - 1.00001(2) u_xxx; its factors if long."""
    name, terms = field_of(law).func.__name__, equation_terms(law)
    if not written_out_in(len(terms)):
        return f"{name}_t = -(M + W) dV/d{name} with {'; '.join(_factors(law))}"
    shown = f"{name}_t ="
    for i, row in enumerate(terms):
        number = with_error(abs(row.value), row.std_error)
        body = "" if row.expr == 1 else row.name.replace("**", "^").replace("*", " ")
        sign = (" -" if i == 0 else " - ") if row.value < 0 else " " if i == 0 else " + "
        shown += f"{sign}{body if number == '1' and body else f'{number} {body}'.rstrip()}"
    return shown


def _factors(law: Form) -> Iterator[str]:
    """Each factor that there is, on a line."""
    for name in FACTORS:
        if factor := getattr(law, name):
            yield f"{name} = {factor_text(factor)}".replace("**", "^").replace("*", " ")
