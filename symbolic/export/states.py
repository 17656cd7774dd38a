"""How programs in Python hold a state: one field on the grid, or several along the axis before it.

On modes several fields stand in a column, (*modes, n, 1), and a symbol is (*modes, n, n), so that @ is the
product where * is that of one field.
"""

from __future__ import annotations

from collections.abc import Mapping

from mesoscribe.symbolic.law.law import Law

ONE: Mapping[str, str] = {
    "at": "*",
    "grid": "",
    "state": "*grid",
    "states": "fields u (..., *grid)",
    "mask": "",
    "zero": "0.0",
    "matrices": "",
    "force_of": '''\
    """F'(v); u stands for v."""
    return 0.0 * u + %(force)s''',
    "linear_part": "a number for each mode",
}
SEVERAL: Mapping[str, str] = {
    "at": "@",
    "grid": "[1:]",
    "state": "%(n)s, *grid",
    "states": "fields (..., %(n)s, *grid)",
    "mask": "[..., None, None]",
    "zero": "0j",
    "matrices": '''
def matrices(rows):
    """A matrix on each mode, (*modes, n, n), of its entries."""
    return %(module)s.stack([%(module)s.stack(row, -1) for row in rows], -2)

''',
    "force_of": '''\
    """The derivatives of F by the fields (..., %(n)s, *grid)."""
    %(names)s = %(module)s.moveaxis(u, -1 - len(LENGTHS), 0)
    return %(module)s.stack([%(force)s], -1 - len(LENGTHS))''',
    "linear_part": "a matrix for each mode",
}
RUNGE_KUTTA = '''\
def step(modes, h, linear, nonlinear):
    """Fourth-order Runge-Kutta with the integrating factor exp(h * linear)."""
    half = %(exponential)s(0.5 * h * linear)
    a = nonlinear(modes)
    b = nonlinear(half %(at)s (modes + 0.5 * h * a))
    c = nonlinear(half %(at)s modes + 0.5 * h * b)
    d = nonlinear(half %(at)s (half %(at)s modes + h * c))
    return half %(at)s (half %(at)s (modes + h / 6 * a) + h / 3 * (b + c)) + h / 6 * d
'''


def state_text(law: Law, module: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parts of a program on Fourier modes in Python that depend on whether its law has several fields.

    Args:
        law: the law.
        module: that has its functions of arrays.
        given: the texts of `spectral_text`, which the parts hold.
    """
    parts = SEVERAL if law.several else ONE
    return {name: text % {"module": module, **given} for name, text in parts.items()}
