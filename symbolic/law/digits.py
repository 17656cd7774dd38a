"""Numbers with their uncertainty: significant digits, never fixed decimals."""

from __future__ import annotations

import math

PLAIN_DIGITS = 6
DOUBLE_DIGITS = 15  # what a double surely holds


def with_error(value: float, std_error: float | None = None) -> str:
    """5.9982(21): two digits of the error, and never fewer than one of the value.

    Six significant digits where there is no error; fifteen, and no error, where it is too small for a double.
    """
    if std_error is None or not math.isfinite(std_error) or std_error <= 0:
        return plain(value)
    decimals = 1 - _exponent(float(f"{std_error:.1e}"))
    if value and _exponent(value) + decimals >= DOUBLE_DIGITS:
        return plain(value, DOUBLE_DIGITS)
    if value:
        decimals = max(decimals, -_exponent(value))
    exponent = _exponent(round(value, decimals)) if value else 0
    if -4 <= exponent < 6 and decimals >= 0:
        return f"{value:.{decimals}f}({_units(std_error, decimals)})"
    digits = max(0, exponent + decimals)
    shown, _, shift = f"{value:.{digits}e}".partition("e")
    return f"{shown}({_units(std_error, digits - int(shift))})e{int(shift)}"


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def _units(std_error: float, decimals: int) -> int:
    """The error in units of the last of some decimals."""
    return round(std_error * 10.0**decimals)


def plain(value: float, digits: int = PLAIN_DIGITS) -> str:
    """A number to some significant digits, integers as integers."""
    if value == int(value) and abs(value) < 10**digits:
        return str(int(value))
    return f"{value:.{digits}g}"


def latex_number(text: str) -> str:
    r"""1.2(3)e-05 as 1.2(3) \times 10^{-5}."""
    mantissa, _, exponent = text.partition("e")
    return mantissa if not exponent else rf"{mantissa} \times 10^{{{int(exponent)}}}"
