"""The canonical form of a law, with the covariance of its coefficients."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.gauge import CanonicalForm
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.law import Law

ONE = sympy.Integer(1)
Rows = dict[str, dict[sympy.Expr, Tensor]]


def canonical_law(law: Law) -> Law:
    """A law in canonical form, F without constant and quadratic terms and a leading coefficient 1; u_t stays.

    Idempotent; the covariance of the coefficients is carried along by the delta method.
    """
    law = law.plain
    x = torch.as_tensor(law.values())
    rows = _canonical(law, x)
    kept = all(tuple(rows[name]) == getattr(law, name).terms for name in FACTORS)
    at = law.parameters.index(law.scale)
    if kept and float(x[at]) == 1.0:
        return law
    empty: dict[str, Any] = {name: Factor(tuple(rows[name]), (0.0,) * len(rows[name])) for name in FACTORS}
    form = replace(law, **empty, covariance=None)
    values, unit = _in_a_row(rows).numpy(), form.parameters.index(form.scale)
    values[unit] = 1.0
    if law.covariance is None:
        return form.with_values(values)
    jacobian = np.asarray(torch.autograd.functional.jacobian(lambda y: _in_a_row(_canonical(law, y)), x))
    jacobian[unit] = 0.0
    return form.with_values(values, jacobian @ np.array(law.covariance) @ jacobian.T)


def with_rate_error(law: Law, error: float) -> Law:
    """A canonical law with a relative error of all rates in its covariance, such as that of dt.

    M and W are rates; every other coefficient of a canonical law is free of the unit of time. The rates err
    together: their ratios are as well known as before.
    """
    if law.covariance is None or not error > 0:
        return law
    rates, values = np.zeros(len(law.parameters)), np.asarray(law.values())
    for name in ("m", "w"):
        rates[law.places(name)] = values[law.places(name)]
    return law.with_values(values, np.array(law.covariance) + error**2 * np.outer(rates, rates))


def _canonical(law: Law, x: Tensor) -> Rows:
    """The coefficients by factor and term of the canonical form of a law with coefficients x."""
    rows: Rows = {
        name: dict(zip(getattr(law, name).terms, x[law.places(name)], strict=True)) for name in FACTORS
    }
    zero = torch.zeros((), dtype=x.dtype)
    F = rows["F"]
    F.pop(ONE, None)
    if law.rests_at_zero:
        rows_of = law.parities or ((),) * len(law.unknowns)
        for field, parities in zip(law.unknowns, rows_of, strict=True):
            if Parity.ODD not in parities:
                F.pop(field, None)
    for i, one in enumerate(law.unknowns):
        for other in law.unknowns[i:]:
            if (quadratic := F.pop(one * other, None)) is not None:
                term = one * other if law.several else ONE
                moved = 2 * quadratic if one == other else quadratic
                rows["q"][term] = rows["q"].get(term, zero) + moved
    form = CanonicalForm(zero, zero, zero, x[law.parameters.index(law.scale)])
    rows |= {name: {term: form.N(c) for term, c in rows[name].items()} for name in ("F", "q", "N")}
    rows |= {name: {term: form.K(c) for term, c in rows[name].items()} for name in ("m", "w")}
    return rows


def _in_a_row(rows: Rows) -> Tensor:
    """All coefficients in the order of `Form.parameters`."""
    return torch.stack([c for name in FACTORS for c in rows[name].values()])
