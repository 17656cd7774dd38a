"""Numbers with their uncertainty: significant digits, never fixed decimals."""

from __future__ import annotations

import math

PLAIN_DIGITS = 6


def with_error(value: float, std_error: float | None = None) -> str:
    """5.9982(21), two digits of the error; six significant digits where there is no error."""
    if std_error is None or not math.isfinite(std_error) or std_error <= 0:
        return plain(value)
    decimals = 1 - math.floor(math.log10(std_error))
    exponent = math.floor(math.log10(abs(value))) if value else 0
    if -4 <= exponent < 6 and 0 <= decimals <= 12:
        return f"{value:.{decimals}f}({round(std_error * 10**decimals)})"
    mantissa = max(0, exponent + decimals)
    scaled = round(std_error / 10 ** (exponent - mantissa))
    return f"{value / 10**exponent:.{mantissa}f}({scaled})e{exponent}"


def plain(value: float, digits: int = PLAIN_DIGITS) -> str:
    """A number to some significant digits, integers as integers."""
    if value == int(value) and abs(value) < 10**digits:
        return str(int(value))
    return f"{value:.{digits}g}"


def latex_number(text: str) -> str:
    r"""1.2(3)e-05 as 1.2(3) \times 10^{-5}."""
    mantissa, _, exponent = text.partition("e")
    return mantissa if not exponent else rf"{mantissa} \times 10^{{{int(exponent)}}}"
