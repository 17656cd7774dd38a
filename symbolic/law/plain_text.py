"""The equation of a law on one line of plain text."""

from __future__ import annotations

from mesoscribe.symbolic.law.digits import with_error
from mesoscribe.symbolic.law.equation import equation_terms, field_of
from mesoscribe.symbolic.law.form import Form


def equation_text(law: Form) -> str:
    """The equation on one line, such as u_t = -6.00012(34) u u_x - 1.00001(2) u_xxx."""
    shown = f"{field_of(law).func.__name__}_t ="
    for i, row in enumerate(equation_terms(law)):
        number = with_error(abs(row.value), row.std_error)
        body = "" if row.expr == 1 else row.name.replace("**", "^").replace("*", " ")
        sign = (" -" if i == 0 else " - ") if row.value < 0 else " " if i == 0 else " + "
        shown += f"{sign}{body if number == '1' and body else f'{number} {body}'.rstrip()}"
    return shown
