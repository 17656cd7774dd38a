"""What holds for every member: random networks and laws, odd and even grids, batches, types of numbers."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mesoscribe import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.parse import parse
from tests.support.examples import fields, random_model
from tests.symbolic.law.test_canonical import random_law

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SHAPES = st.one_of(st.tuples(st.integers(12, 33)), st.tuples(st.integers(8, 13), st.integers(8, 13)))
BATCHES = st.sampled_from([(), (1,), (3,), (2, 2)])

# the check of shapes draws from it
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


@st.composite
def models(draw: st.DrawFn, conserving: bool | None = None, most_modes: int = 2) -> OnsagerModel:
    """Networks with random parameters."""
    shape = draw(SHAPES)
    return random_model(
        draw(st.sampled_from(Case)),
        shape=shape,
        low_modes=draw(st.integers(0, most_modes)),
        seed=draw(st.integers(0, 10**6)),
        hold=draw(st.booleans()),
        conserving=draw(st.booleans()) if conserving is None else conserving,
    )


def rhs(model: OnsagerModel, v: torch.Tensor) -> torch.Tensor:
    """u_t of fields on the evolved modes."""
    member = model.member()
    with torch.no_grad():
        return model.domain.ifft(model.domain.fft(member.rhs(v)) * member.mask)


def close(first: torch.Tensor, second: torch.Tensor) -> None:
    torch.testing.assert_close(first, second, rtol=1e-9, atol=1e-10 * float(second.abs().max()))


@SLOW
@given(models(), st.integers(0, 99))
def test_m_is_not_negative_and_w_does_no_work(model: OnsagerModel, seed: int) -> None:
    g = fields(model, seed=seed)
    g_hat = model.domain.fft(g)
    with torch.no_grad():
        m, w = model.symbol_m(), model.symbol_w()
        turned, damped = model.domain.ifft(1j * w * g_hat), model.domain.ifft(m * g_hat)
    assert float(m.min()) >= 0
    assert abs(float((g * turned).sum())) <= 1e-12 * float((g.abs() * turned.abs()).sum() + 1e-300)
    assert float((g * damped).sum()) >= 0


@SLOW
@given(models(), BATCHES, st.integers(-50, 50), st.integers(0, 99))
def test_translated_fields_move_alike(
    model: OnsagerModel, batch: tuple[int, ...], shift: int, seed: int
) -> None:
    v = fields(model, *batch, seed=seed)
    shifts = (shift, 3 - shift)[: model.domain.ndim]
    moved = rhs(model, v.roll(shifts, model.domain.axes))
    close(moved, rhs(model, v).roll(shifts, model.domain.axes))


@SLOW
@given(models(most_modes=0), st.integers(0, 99))  # N may tell left from right: Im of û_k û_l û*_{k+l} does
def test_reflected_fields_move_alike_with_the_other_sign_of_w(model: OnsagerModel, seed: int) -> None:
    v, axes = fields(model, seed=seed), model.domain.axes

    def reflected(field: torch.Tensor) -> torch.Tensor:
        return field.flip(axes).roll((1,) * len(axes), axes)

    expected = reflected(rhs(model, v))
    with torch.no_grad():
        model.w_scale.neg_()
    close(rhs(model, reflected(v)), expected)


@SLOW
@given(models(conserving=True), BATCHES, st.integers(0, 99))
def test_mean_is_conserved_where_K_is_zero_there(
    model: OnsagerModel, batch: tuple[int, ...], seed: int
) -> None:
    v = rhs(model, 0.3 + fields(model, *batch, seed=seed))
    assert float(v.mean(model.domain.axes).abs().max()) <= 1e-13 * (1 + float(v.abs().max()))


@SLOW
@given(models(), BATCHES, st.integers(0, 99))
def test_energy_falls_by_m_alone(model: OnsagerModel, batch: tuple[int, ...], seed: int) -> None:
    v = fields(model, *batch, seed=seed)
    member = model.member()
    with torch.no_grad():
        K, v_hat = member.K, model.domain.fft(v)
        g = model.domain.ifft(member.energy.gradient(v_hat) * member.mask)
        lost = (g * model.domain.ifft(K.real * model.domain.fft(g))).mean(model.domain.axes)
    change = (g * rhs(model, v)).mean(model.domain.axes)
    torch.testing.assert_close(change, -lost, rtol=1e-6, atol=1e-7 * float((g.square()).mean()))
    assert float(lost.min()) >= 0


@SLOW
@given(models())
def test_saved_network_is_read_back_exactly(model: OnsagerModel) -> None:
    with tempfile.TemporaryDirectory() as name:
        model.save(name)
        again = OnsagerModel.load(name)
    assert again.setting == model.setting
    v = fields(model)
    assert torch.equal(rhs(again, v), rhs(model, v))


@settings(SLOW, max_examples=5)
@given(models(most_modes=1), st.integers(1, 3), st.sampled_from([np.float64, np.float32]), st.integers(0, 99))
def test_two_steps_are_one(model: OnsagerModel, cut: int, dtype: type, seed: int) -> None:
    u0: np.ndarray = fields(model, 2, amplitude=0.3, seed=seed).numpy().astype(dtype)
    t = 0.01 * np.arange(5)
    whole = model.simulate(u0, t, rtol=1e-9)
    first = model.simulate(u0, t[: cut + 1], rtol=1e-9)
    second = model.simulate(first[:, -1], t[cut:], rtol=1e-9)
    assert whole.dtype == np.float64
    np.testing.assert_allclose(second, whole[:, cut:], rtol=0, atol=1e-7)
    np.testing.assert_array_equal(model.simulate(u0.astype(float), t, rtol=1e-9), whole)


@SLOW
@given(st.integers(0, 10**6))
def test_canonical_form_is_its_own_and_moves_alike(seed: int) -> None:
    law = random_law(seed)
    canonical = canonical_law(law)
    field = law.centre + np.random.default_rng(seed).normal(size=(2, 33))
    np.testing.assert_allclose(canonical.rhs(field), law.rhs(field), rtol=1e-9, atol=1e-7)
    again = canonical_law(canonical)
    assert [name for name in again.coefficients] == [name for name in canonical.coefficients]
    np.testing.assert_allclose(again.values(), canonical.values(), rtol=1e-14)


DOUBLES = st.floats(allow_nan=False, allow_infinity=False, width=64)


@SLOW
@given(st.lists(DOUBLES, min_size=4, max_size=4), st.floats(1e-6, 1e6), DOUBLES, st.booleans())
def test_saved_law_is_read_back_exactly(
    values: list[float], length: float, centre: float, hold: bool
) -> None:
    law = Law(
        F=Factor((u**3, u**4), (values[0], values[1])),
        q=Factor((k**2,), (values[2],)),
        m=Factor((sympy.Integer(1),), (values[3],)),
        lengths=(length,),
        centre=centre,
        hold=hold,
    )
    with tempfile.TemporaryDirectory() as name:
        law.save(Path(name) / "law.json")
        assert Law.load(Path(name) / "law.json") == law


def formulas() -> st.SearchStrategy[sympy.Expr]:
    """Expressions of u as they stand in laws."""
    numbers = st.one_of(st.integers(-99, 99).map(sympy.Integer), st.floats(0.1, 99).map(sympy.Float))
    functions = st.sampled_from([sympy.sin, sympy.cos, sympy.tanh, sympy.exp, sympy.Abs])
    return st.recursive(
        st.one_of(numbers, st.just(u)),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda ab: ab[0] + ab[1]),
            st.tuples(inner, inner).map(lambda ab: ab[0] * ab[1]),
            st.tuples(inner, st.integers(1, 4)).map(lambda ab: ab[0] ** ab[1]),
            functions.map(lambda function: function(u)),
        ),
        max_leaves=6,
    )


@settings(SLOW, max_examples=100)
@given(formulas())
def test_printed_formula_is_read_back_exactly(formula: sympy.Expr) -> None:
    text = str(formula)
    try:
        found = parse(text, (u,))
    except ValueError as error:
        assume("degree" not in str(error) and "exponent" not in str(error) and "digits" not in str(error))
        raise
    for value in (0.3, -1.7):
        expected = float(sympy.lambdify(u, formula)(value))
        assert np.isclose(float(sympy.lambdify(u, found)(value)), expected, rtol=1e-11, equal_nan=True)
