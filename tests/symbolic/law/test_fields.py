"""Laws of several fields: structure, right-hand sides, energies and texts."""

from dataclasses import replace

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.series import cut_off, series

u, v, h = sympy.symbols("u v h", real=True)
LENGTH = (20.0,)
LAWS = {
    "sine-Gordon": Law(
        F=Factor.of(-sympy.cos(u)),
        q=Factor.of(k**2 * u**2 + v**2),
        w=Factor.of(-u * v),
        lengths=LENGTH,
        fields=("u", "v"),
    ),
    "shallow water": Law(
        F=Factor.of(h * v**2 / 2 + h**2 / 2), w=Factor.of(k * h * v), lengths=LENGTH, fields=("h", "v")
    ),
    "Schrödinger": Law(
        F=Factor.of(-((u**2 + v**2) ** 2) / 4),
        q=Factor.of(k**2 / 2 * (u**2 + v**2)),
        w=Factor.of(-u * v),
        lengths=LENGTH,
        fields=("u", "v"),
    ),
    "mixture": Law(
        F=Factor.of((u**2 + v**2) ** 2 / 4 + 0.3 * u * v**2),
        q=Factor.of((k**2 / 20 - 1) * (u**2 + v**2) + 0.2 * u * v),
        m=Factor.of(k**2 * (u**2 + 2 * v**2) + 0.5 * k**2 * u * v),
        lengths=LENGTH,
        fields=("u", "v"),
    ),
    "drift": Law(  # i k off the diagonal of M and Q, with a skew pair
        F=Factor.of(u**4 + v**4),
        q=Factor.of(u**2 + v**2 + 0.1 * k * u * v),
        m=Factor.of(2 * (u**2 + v**2) + 0.1 * k * u * v),
        w=Factor.of(k * u**2 + k**3 * u * v + 0.3 * u * v),
        lengths=LENGTH,
        fields=("u", "v"),
    ),
}


def smooth(law: Law, seed: int = 0) -> np.ndarray:
    domain = law.box.resampled((32,) * law.ndim)
    noise = np.random.default_rng(seed).normal(size=(2, *domain.shape))
    return domain.restrict(noise, domain.within(5 * domain.k_unit))


@pytest.mark.parametrize("name", LAWS)
def test_operators_are_hermitian_and_skew_and_real_in_space(name: str) -> None:
    law = LAWS[name]
    domain = law.box.resampled((16,))
    q, m, w = (np.moveaxis(law.symbol(part, domain), -1, 0) for part in "qmw")
    np.testing.assert_allclose(q, q.conj().swapaxes(1, 2), atol=1e-14)
    np.testing.assert_allclose(m, m.conj().swapaxes(1, 2), atol=1e-14)
    np.testing.assert_allclose(w, -w.conj().swapaxes(1, 2), atol=1e-14)
    assert not any(symbol[0].imag.any() for symbol in (q, m, w))
    assert law.case == (
        "dissipative" if name == "mixture" else "mixed" if name == "drift" else "conservative"
    )
    assert ConstantOperator(domain, torch.as_tensor(law.symbol("m", domain))).dissipates(1e-6) is True or (
        name == "drift"
    )


@pytest.mark.parametrize("name", LAWS)
def test_gradient_is_that_of_the_energy(name: str) -> None:
    law, step = LAWS[name], 1e-5
    field, way = smooth(law), smooth(law, 1)
    domain = law.domain_of(field)
    energy = law.energy(domain)

    def V(at: np.ndarray) -> float:
        return float(energy.value(domain.fft(torch.as_tensor(at))))

    gradient = domain.ifft(energy.gradient(domain.fft(torch.as_tensor(field)))).numpy()
    slope = (V(field + step * way) - V(field - step * way)) / (2 * step)
    assert float((gradient * way).sum() * domain.volume / domain.points) == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("name", LAWS)
def test_equation_in_sympy_is_the_right_hand_side(name: str) -> None:
    law = LAWS[name]
    field = smooth(law)
    domain = law.domain_of(field)
    (kk,) = domain.k
    at = dict(zip(law.fields, field, strict=True))
    expected, values = np.zeros_like(field), {}

    def replaced(one: sympy.Expr) -> sympy.Symbol:
        order = int(sum(n for _, n in one.variable_count)) if isinstance(one, sympy.Derivative) else 0
        name = (one.expr if isinstance(one, sympy.Derivative) else one).func.__name__
        values[f"{name}{order}"] = np.fft.irfft((1j * kk) ** order * np.fft.rfft(at[name]), len(field[0]))
        return sympy.Symbol(f"{name}{order}")

    for row in equation_terms(law):
        plain = row.expr.replace(lambda e: isinstance(e, sympy.Derivative), replaced)
        plain = plain.replace(lambda e: isinstance(e, sympy.core.function.AppliedUndef), replaced)
        of = law.fields.index(row.of)
        expected[of] += row.value * sympy.lambdify(list(values), plain, "numpy")(*values.values())
    found, expected = law.rhs(field), domain.restrict(expected, domain.resolved)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", LAWS)
def test_energy_falls_or_is_kept(name: str) -> None:
    law = LAWS[name]
    field = 0.3 * smooth(law) + (1.0 if name == "shallow water" else 0.0)
    V = law.energies(law.simulate(field, np.linspace(0, 0.5, 6))).total.numpy()
    change = np.diff(V) / np.abs(V).max()
    assert np.all(change < 1e-9)
    assert law.m or np.abs(change).max() < 1e-8


@pytest.mark.parametrize("name", LAWS)
def test_file_and_canonical_form_keep_the_equation(name: str, tmp_path: pytest.TempPathFactory) -> None:
    law, path = LAWS[name], f"{tmp_path}/law.json"
    law.save(path)
    assert Law.load(path) == law
    field = smooth(law)
    canonical = canonical_law(law)
    np.testing.assert_allclose(canonical.rhs(field), law.rhs(field), atol=1e-9 * np.abs(law.rhs(field)).max())
    assert canonical_law(canonical) == canonical
    assert canonical.symbol("w" if not law.m else "m", law.box).any()


def test_texts() -> None:
    assert LAWS["sine-Gordon"].text == "u_t = v; v_t = u_xx - sin(u)"
    assert LAWS["shallow water"].text == "h_t = -h v_x - h_x v; v_t = -h_x - v v_x"
    shown = LAWS["sine-Gordon"].latex()
    assert shown.startswith("\\begin{aligned}\nu_{tt} &= ")
    assert "u_{t} &= v \\\\\n" in shown


def test_two_dimensions_against_one_field_each() -> None:
    square = kx**2 + ky**2
    pair = Law(
        F=Factor.of(u**4 / 4 + v**4 / 2),
        q=Factor.of((square - 1) * u**2 + (2 * square - 1) * v**2),
        m=Factor.of(u**2 + v**2),
        lengths=(6.0, 6.0),
        fields=("u", "v"),
    )
    one = sympy.Symbol("u", real=True)
    alone = [
        Law(F=Factor.of(c * one**4), q=Factor.of(q), m=Factor.of(1), lengths=(6.0, 6.0))
        for c, q in ((0.25, square - 1), (0.5, 2 * square - 1))
    ]
    field = smooth(pair)
    found = pair.rhs(field)
    for i, law in enumerate(alone):
        np.testing.assert_allclose(found[i], law.rhs(field[i]), atol=1e-10 * np.abs(found).max())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"m": Factor.of(k**2)}, "times two of u, v"),
        ({"w": Factor.of(u**2)}, "an odd function"),
        ({"m": Factor.of(k * u**2)}, "an even function"),
        (
            {"m": Factor.of((k + k**2) * u * v).with_values([1.0, 1.0]), "fields": ("u", "u")},
            "names of their own",
        ),
    ],
)
def test_what_is_no_symbol_is_refused(wrong: dict, message: str) -> None:
    given = {"q": Factor.of(u**2 + v**2), "fields": ("u", "v"), "lengths": LENGTH, **wrong}
    with pytest.raises(ValueError, match=message):
        Law(**given)


def test_powers_of_one_field_up_to_the_highest_on_offer_look_like_a_series() -> None:
    library = polynomials(1, fields=("u", "v"))
    sine = replace(LAWS["sine-Gordon"], F=Factor.of(u**4 / 24 - u**6 / 720))
    assert cut_off(sine, library) == ("F",)
    assert "cut off" in series(sine, library)[0]
    assert cut_off(LAWS["mixture"], library) == ()
