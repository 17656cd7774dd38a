"""The long-wave equation of a chain: known results, exact dispersion, and chains that are simulated."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from mesoscribe.hybrid.chain.force import ForceLaw, fene, fput, r
from mesoscribe.hybrid.chain.observe import Spectral
from mesoscribe.hybrid.chain.simulation import Chain
from mesoscribe.hybrid.chain.splitting import BLANES_MOAN
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.operators import Mean
from mesoscribe.symbolic.systems.long_wave import LongWave, epsilon, long_wave, tau, u, xi

c, alpha, sigma = sympy.symbols("c alpha sigma", positive=True)
HALF = sympy.Rational(1, 2)
TODA = ForceLaw(sympy.exp(r) - 1)
LENNARD_JONES = ForceLaw(((1 + r) ** -7 - (1 + r) ** -13) / 6)
CUBIC = ForceLaw(r + r**3)


def d(times: int) -> sympy.Expr:
    return sympy.diff(u, xi, times)


def same(left: sympy.Expr, right: sympy.Expr) -> bool:
    return sympy.simplify(sympy.expand(left - right)) == 0


def test_fput_gives_korteweg_de_vries() -> None:
    wave = long_wave(c**2 * r + alpha * r**2)
    assert wave.power == 2
    assert wave.leading.lhs == sympy.Derivative(u, tau)
    assert same(wave.leading.rhs, -alpha / c * u * d(1) - c / 24 * d(3))


def test_leapfrog_adds_its_own_dispersion() -> None:
    wave = long_wave(c**2 * r + alpha * r**2, courant=sigma)
    assert same(wave.leading.rhs, -alpha / c * u * d(1) - c * (1 - sigma**2) / 24 * d(3))


def test_next_order_of_fput() -> None:
    """Its terms by hand: u_ττ, the fourth difference of r², the sixth difference of r."""
    (power, term), *others = long_wave(c**2 * r + alpha * r**2).corrections
    by_hand = (
        alpha**2 / (2 * c**3) * u**2 * d(1)
        - alpha / (24 * c) * u * d(3)
        - 3 * alpha / (16 * c) * d(1) * d(2)
        - c / 1920 * d(5)
    )
    assert not others
    assert power == 2
    assert same(term, by_hand)


@pytest.mark.parametrize(
    ("force", "terms"),
    [
        (TODA, {"u*u_x": -0.5, "u_xxx": -1 / 24}),
        (LENNARD_JONES, {"u*u_x": 10.5, "u_xxx": -1 / 24}),
        (fput(c=2, alpha=3), {"u*u_x": -1.5, "u_xxx": -1 / 12}),
        (CUBIC, {"u**2*u_x": -1.5, "u_xxx": -1 / 24}),
        (ForceLaw(r - 2 * r**4), {"u**3*u_x": 4.0, "u_xxx": -1 / 24}),
        (ForceLaw(4 * r), {"u_xxx": -1 / 12}),
    ],
    ids=["Toda", "Lennard-Jones", "FPUT", "cubic", "quartic", "harmonic"],
)
def test_laws_of_known_chains(force: ForceLaw, terms: dict[str, float]) -> None:
    found = {row.name: row.value for row in equation_terms(long_wave(force).law())}
    assert found == pytest.approx(terms)


def test_fene_of_the_reference_files() -> None:
    """R = 50 ε² and r = ε² u: γ = 1/(5000 ε²); 930 leapfrog steps in a frame: β = (1 - 0.198²)/24."""
    e = 2 * np.pi / 209
    wave = long_wave(fene(50 * e**2), amplitude=e, courant=0.19787)
    assert wave.power == 1
    assert float(wave.nonlinear) == pytest.approx(3 / (5000 * e**2))
    assert float(wave.nonlinear) == pytest.approx(3 * 0.2213, rel=1e-3)
    assert float(wave.dispersion) == pytest.approx(0.0400, abs=5e-5)


@pytest.mark.parametrize(("degree", "power"), [(2, 2), (3, 1), (4, sympy.Rational(2, 3)), (5, HALF)])
def test_power_balances_the_first_nonlinearity_and_dispersion(degree: int, power: sympy.Rational) -> None:
    assert long_wave(r + r**degree).power == power


def test_later_powers_of_the_force_enter_in_between() -> None:
    orders = [power for power, _ in long_wave(r + r**3 + r**4 + r**5).corrections]
    assert orders == [1, 2]
    assert same(long_wave(r + r**3 + alpha * r**4).corrections[0][1], -2 * alpha * u**3 * d(1))


@pytest.mark.parametrize("step", [0, sympy.Rational(1, 2)])
def test_linear_part_is_the_dispersion_of_the_chain(step: sympy.Expr) -> None:
    """sin(ωΔt/2) = cΔt sin(κ/2), in the moving frame, in powers of κ = εk."""
    k = sympy.Symbol("k", positive=True)
    exact = 2 * sympy.sin(epsilon * k / 2)
    if step:
        exact = 2 / step * sympy.asin(step * sympy.sin(epsilon * k / 2))
    omega = sympy.series((exact - epsilon * k) / epsilon**3, epsilon, 0, 3).removeO()
    right = long_wave(r + 0 * r, courant=step).next_order.rhs.subs(u, sympy.exp(sympy.I * k * xi)).doit()
    assert same(right / sympy.exp(sympy.I * k * xi), -sympy.I * omega)


def test_mean_of_the_field_is_kept_at_every_order() -> None:
    wave = long_wave(CUBIC)
    mean = wave.corrections[-1][1].atoms(Mean)
    assert mean == {Mean(d(1) ** 3)}
    assert not long_wave(TODA).next_order.atoms(Mean)


def evolved(right: sympy.Expr, u0: np.ndarray, time: float) -> np.ndarray:
    """u_τ = right by Fourier collocation, independent of the project's own steppers."""
    points, jets = len(u0), [d(j) if j else u for j in range(6)]
    k, names = np.fft.rfftfreq(points, 1 / points), sympy.symbols("j:6")
    means = sorted(right.atoms(Mean), key=str)
    plain = list(zip(jets, names, strict=True))[::-1]
    slots = sympy.symbols(f"m:{len(means)}")
    rate = sympy.lambdify((names, slots), right.subs(dict(zip(means, slots, strict=True))).subs(plain))
    averaged = [sympy.lambdify([names], mean.args[0].subs(plain)) for mean in means]

    def slope(_: float, field: np.ndarray) -> np.ndarray:
        modes = np.fft.rfft(field) * (k < points / 3)
        values = [np.fft.irfft((1j * k) ** j * modes, points) for j in range(6)]
        return rate(values, [np.mean(f(values)) for f in averaged])

    return solve_ivp(slope, (0, time), u0, method="DOP853", rtol=1e-10, atol=1e-12).y[:, -1]


def start(x: np.ndarray) -> np.ndarray:
    return 0.5 * (np.cos(x) + 0.6 * np.sin(2 * x + 0.3) + 0.3)


def field_of_chain(force: ForceLaw, sites: int, points: int, time: float) -> tuple[float, np.ndarray]:
    chain = Chain(force, sites, amplitude=1.0)
    data = chain.simulate(start(chain.places)[None], np.array([0, time]), courant=0.3, integrator=BLANES_MOAN)
    return chain.epsilon, data.field(Spectral(points))[0, -1]


@pytest.mark.parametrize("force", [fput(), TODA, CUBIC, fput(c=1.3, alpha=-0.7)], ids=str)
def test_error_of_the_law_falls_with_epsilon_squared(force: ForceLaw) -> None:
    law, points = long_wave(force).law(), 64
    expected = law.simulate(start(2 * np.pi * np.arange(points) / points), np.array([0, 0.15]))[-1]
    errors = [np.std(field_of_chain(force, sites, points, 0.15)[1] - expected) for sites in (32, 64, 128)]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 2, atol=0.15)


@pytest.mark.parametrize(
    ("force", "order"),
    [(fput(), 4), (CUBIC, 4), (ForceLaw(r + r**3 / 2 + 2 * r**4 / 5), 3)],
    ids=["FPUT", "cubic", "cubic and quartic"],
)
def test_error_of_the_next_order_falls_with_the_first_power_left_out(force: ForceLaw, order: int) -> None:
    wave, points, errors = long_wave(force), 64, []
    for sites in (32, 64):
        e, found = field_of_chain(force, sites, points, 0.15)
        right = wave.next_order.rhs.subs(epsilon, e)
        errors.append(np.std(found - evolved(right, start(2 * np.pi * np.arange(points) / points), 0.15)))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.3)


def test_it_prints_itself() -> None:
    lines = str(long_wave(fene(0.1), amplitude=0.03)).splitlines()
    assert lines[0] == "F(r) = r/(1 - 100.0*r**2)"
    assert lines[1] == "r = 0.03 ε^(1) u(ξ, τ), ξ = ε(n - c t), τ = ε³ t, c = 1"
    assert lines[2] == "u_τ = -0.135*u**2*u_xi - u_xixixi/24"
    assert lines[3].startswith("      + ε^(2) [")
    assert "mean(u_xi**3)" in lines[3]


@pytest.mark.parametrize("force", [fput(), CUBIC], ids=str)
def test_law_is_the_leading_order(force: ForceLaw) -> None:
    wave: LongWave = long_wave(force, courant=0.3, amplitude=1.7)
    x = 2 * np.pi * np.arange(32) / 32
    ansatz = sympy.cos(xi) + sympy.Rational(1, 2)
    expected = sympy.lambdify(xi, wave.leading.rhs.subs(u, ansatz).doit())(x)
    np.testing.assert_allclose(wave.law().rhs(np.cos(x) + 0.5), expected, atol=1e-12)


def test_frame_at_another_speed_drifts() -> None:
    rows = {row.name: row.value for row in equation_terms(long_wave(fput()).law(drift=0.25))}
    assert rows == pytest.approx({"u_x": -0.25, "u*u_x": -1, "u_xxx": -1 / 24})


@pytest.mark.parametrize(
    ("force", "message"),
    [
        (sympy.Abs(r) * r + r, "expected a force law that is analytic at r = 0"),
        (r**2 - alpha * r, r"expected F'\(0\) > 0, got -alpha; expand F about a minimum of the energy"),
    ],
)
def test_forces_without_long_waves_are_refused(force: sympy.Expr, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        long_wave(force)


def test_laws_need_numbers() -> None:
    with pytest.raises(
        ValueError, match="expected a force law with numbers, got .*; insert values for alpha, c"
    ):
        long_wave(c**2 * r + alpha * r**2).law()
