"""Numbers with their uncertainty never lose what is known of them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mesoscribe.symbolic.law.digits import latex_number, plain, with_error

EXAMPLES = [
    (5.99823, 0.0021, "5.9982(21)"),
    (-5.99823, 0.0021, "-5.9982(21)"),
    (1.0, 1e-6, "1.0000000(10)"),
    (99.9996, 0.021, "100.000(21)"),
    (123456.0, 1200.0, "1.235(12)e5"),
    (1234567.0, 12.0, "1.234567(12)e6"),
    (2.5e-7, 1.2e-9, "2.500(12)e-7"),
    (5.0, 0.00996, "5.000(10)"),
    (0.0, 0.002, "0.0000(20)"),
    (1.0, 1e-13, "1.00000000000000(10)"),
    (1.0, 1e-15, "1"),
    (1.00000000000000022, 4.2e-16, "1"),
    (-2 / 3, 1e-300, "-0.666666666666667"),
    (3e-4, 1e-40, "0.0003"),
    (3e-4, 0.02, "0.0003(200)"),
    (3e-4, 1e-5, "0.000300(10)"),
    (3e-5, 0.02, "3(2000)e-5"),
    (9.9999999e6, 3.0e3, "1.00000(30)e7"),
    (9.9999e6, 3.0e3, "9.9999(30)e6"),
    (3e-4, None, "0.0003"),
    (3e-4, 0.0, "0.0003"),
    (3e-4, math.nan, "0.0003"),
    (6.0, None, "6"),
    (2 / 3, None, "0.666667"),
    (1e9, None, "1e+09"),
]


def read(text: str) -> tuple[float, float, float]:
    """The value, the error and the unit of the last digit of what was printed."""
    match = re.fullmatch(r"(-?\d+)(?:\.(\d+))?\((\d+)\)(?:e(-?\d+))?", text)
    assert match is not None, text
    whole, decimals, error, exponent = match.groups()
    unit = 10.0 ** (int(exponent or 0) - len(decimals or ""))
    return float(f"{whole}.{decimals or 0}e{exponent or 0}"), int(error) * unit, unit


@pytest.mark.parametrize(("value", "std_error", "text"), EXAMPLES)
def test_known_numbers_print_as_expected(value: float, std_error: float | None, text: str) -> None:
    assert with_error(value, std_error) == text


SIZES = st.floats(-9, 9).map(lambda exponent: 10.0**exponent)


@given(st.floats(-10, 10).filter(lambda v: abs(v) > 1e-6), SIZES, SIZES)
def test_value_is_recovered_within_its_printed_digits(mantissa: float, size: float, std_error: float) -> None:
    value = mantissa * size
    assume(std_error > 1e-12 * abs(value))
    shown, error, unit = read(with_error(value, std_error))
    assert abs(shown - value) <= 0.5 * unit * (1 + 1e-6) + 1e-15 * abs(value)
    assert abs(error - std_error) <= 0.5 * unit * (1 + 1e-6) + 0.05 * std_error
    assert shown != 0
    assert unit <= 0.11 * std_error


@given(st.floats(1e-12, 1e12))
def test_value_without_error_has_six_digits(value: float) -> None:
    assert float(with_error(value)) == pytest.approx(value, rel=1e-5)


def test_integers_are_printed_as_integers() -> None:
    assert [plain(x) for x in (0.0, -3.0, 100.0, 999999.0)] == ["0", "-3", "100", "999999"]


def test_exponents_become_powers_of_ten_in_latex() -> None:
    assert latex_number("1.2(3)e-05") == r"1.2(3) \times 10^{-5}"
    assert latex_number("1e+09") == r"1 \times 10^{9}"
    assert latex_number("5.9982(21)") == "5.9982(21)"
