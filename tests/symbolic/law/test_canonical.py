"""The canonical member: the same dynamics, and nothing left that the data cannot determine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy
import torch
from scipy.interpolate import CubicSpline

from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.scales import Scales
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.factor import Factor, k, kx, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.examples import fields, potential_of, random_model
from tests.support.laws import LAWS, smooth

ONE = sympy.Integer(1)
OPERATORS: list[tuple[tuple[sympy.Expr, ...], tuple[sympy.Expr, ...]]] = [
    ((ONE,), ()),
    ((ONE, k**2), ()),
    ((k**4, k**2), ()),
    ((k**2,), (k, k**3)),
    ((ONE, sympy.Abs(k)), (k**3,)),
    ((k**-2,), (k,)),
    ((), (k,)),
    ((), (k**3, k)),
]


def random_law(seed: int) -> Law:
    """Random coefficients of either sign, a random choice of terms, a covariance."""
    rng = np.random.default_rng(seed)
    m, w = OPERATORS[seed % len(OPERATORS)]
    every = {"F": (ONE, u, u**2, u**3, u**4), "q": (ONE, k**2, k**4, sympy.Abs(k), k**-2)}
    chosen = {name: tuple(t for t in terms if rng.random() < 0.7) for name, terms in every.items()}
    chosen = {**chosen, "m": m, "w": w}
    factors: dict[str, Any] = {
        name: Factor(terms, tuple(rng.choice([-1, 1], len(terms)) * rng.uniform(0.5, 2, len(terms))))
        for name, terms in chosen.items()
    }
    law = Law(**factors, centre=float(seed % 3))
    root = 0.01 * rng.normal(size=(len(law.parameters),) * 2)
    return law.with_values(law.values(), root @ root.T)


SEEDS = pytest.mark.parametrize("seed", range(24))


@SEEDS
def test_canonical_law_has_the_same_dynamics(seed: int) -> None:
    law = random_law(seed)
    field = smooth(law, seed=seed)
    np.testing.assert_allclose(canonical_law(law).rhs(field), law.rhs(field), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_canonical_form_of_known_laws_has_the_same_dynamics(law: Law) -> None:
    field = smooth(law)
    np.testing.assert_allclose(canonical_law(law).rhs(field), law.rhs(field), rtol=1e-10, atol=1e-10)


@SEEDS
def test_canonical_law_has_no_freedom_left(seed: int) -> None:
    law = canonical_law(random_law(seed))
    assert not {ONE, u**2} & set(law.F.terms)
    assert not (law.conserves_mean and u in law.F.terms)
    name, i = law.scale
    assert getattr(law, name).values[i] == 1.0


@SEEDS
def test_canonical_law_is_its_own_canonical_form(seed: int) -> None:
    law = canonical_law(random_law(seed))
    again = canonical_law(law)
    assert again.coefficients == pytest.approx(law.coefficients, rel=1e-14)
    np.testing.assert_allclose(np.array(again.covariance), np.array(law.covariance), rtol=1e-12, atol=1e-20)


def test_driving_force_is_kept_where_the_mean_is_not_conserved() -> None:
    driven = Law(F=Factor.of(2 * u + u**3), m=Factor.of(2 + k**2))
    assert canonical_law(driven).coefficients["F: u"] == 4.0
    conserving = Law(F=Factor.of(2 * u + u**3), m=Factor.of(k**2))
    assert canonical_law(conserving) == Law(F=Factor.of(u**3), m=Factor.of(k**2))


def test_quadratic_energy_is_in_q() -> None:
    law = canonical_law(Law(F=Factor.of(-50 * u**2 + 25 * u**4), q=Factor.of(k**2), m=Factor.of(1)))
    assert law.coefficients == {"F: u**4": 25.0, "q: k**2": 1.0, "q: 1": -100.0, "m: 1": 1.0}


def test_laws_that_differ_by_the_gauge_have_one_canonical_form() -> None:
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k))
    other = Law(F=Factor.of(7 + 3 * u - 5 * u**3), q=Factor.of(5 * k**2), w=Factor.of(-k / 5))
    assert canonical_law(other).coefficients == pytest.approx(law.coefficients)


def test_canonical_law_without_freedom_is_returned_as_it_is() -> None:
    assert canonical_law(LAWS["KdV"]) is LAWS["KdV"]


@SEEDS
def test_covariance_is_carried_along(seed: int) -> None:
    law, h = random_law(seed), 1e-6
    canonical = canonical_law(law)
    bare = replace(law, covariance=None)

    def values(x: np.ndarray) -> np.ndarray:
        return canonical_law(bare.with_values(x)).values()

    sides = [(values(law.values() + h * e) - values(law.values() - h * e)) for e in np.eye(len(law.values()))]
    jacobian = np.stack(sides, axis=1) / (2 * h)
    expected = jacobian @ np.array(law.covariance) @ jacobian.T
    np.testing.assert_allclose(np.array(canonical.covariance), expected, rtol=1e-6, atol=1e-10)
    at = canonical.parameters.index(canonical.scale)
    assert np.array(canonical.covariance)[at, at] == 0
    errors = [e for name in ("F", "q", "m", "w") for e in getattr(canonical, name).std_errors]
    assert [0.0 if e is None else e for e in errors] == pytest.approx(
        list(np.sqrt(np.diag(expected))), rel=1e-6
    )


def in_units(model: OnsagerModel, scales: Scales) -> OnsagerModel:
    """The same network on data in other units."""
    lengths = tuple(length * scales.length for length in model.setting.lengths)
    other = OnsagerModel(replace(model.setting, lengths=lengths, scales=scales))
    other.load_state_dict(model.state_dict())
    return other


UNITS = [Scales(1.0, 1.0, 1.0), Scales(0.7, 1.3, 2.0, 0.4)]


@pytest.mark.parametrize("scales", UNITS, ids=["own units", "other units"])
@pytest.mark.parametrize("conserving", [False, True])
@pytest.mark.parametrize("shape", [(32,), (10, 8)])
@pytest.mark.parametrize("case", list(Case))
def test_canonical_factors_of_a_network_give_its_dynamics(
    case: Case, shape: tuple[int, ...], conserving: bool, scales: Scales
) -> None:
    model = in_units(random_model(case, shape=shape, conserving=conserving), scales)
    network = canonical_form(model, n_nodes=801)
    v = fields(model, 3) + 0.1
    axes, modes = model.domain.axes, model.modes.first.numpy()
    f = CubicSpline(network.nodes, network.f)(scales.amplitude * v.numpy())

    def on_modes(field: np.ndarray) -> np.ndarray:
        return np.fft.rfftn(field, axes=axes, norm="forward").reshape(3, -1)[:, modes]

    force = network.q * scales.amplitude * on_modes(v.numpy()) + on_modes(f)
    found = -(network.m + 1j * network.w) * force
    expected = on_modes(model.member().rhs(v).detach().numpy()) * scales.amplitude / scales.time
    assert np.linalg.norm(found - expected) < 1e-6 * np.linalg.norm(expected)
    kept = [component.ravel()[modes] for component in model.setting.domain.k]
    np.testing.assert_array_equal(network.k, kept)


@pytest.mark.parametrize("conserving", [False, True])
def test_canonical_density_of_a_network_is_the_integral_of_its_force(conserving: bool) -> None:
    model = in_units(random_model(Case.DISSIPATIVE, conserving=conserving), UNITS[1])
    network, h = canonical_form(model), 1e-4
    slope = (network.F(network.nodes + h) - network.F(network.nodes - h)) / (2 * h)
    np.testing.assert_allclose(slope, network.f, atol=1e-6)
    assert abs(float(network.F(np.zeros(())))) < 1e-14
    assert abs(float(network.F(np.array(1e-3)) + network.F(np.array(-1e-3)))) < 1e-9
    force = float(CubicSpline(network.nodes, network.f)(0.0))
    assert force == pytest.approx(network.drive, abs=1e-7)
    assert (network.drive == 0) is conserving
    names = [gauge.freedom for gauge in network.gauge]
    assert ("Casimir" in names) is conserving
    assert "centre" in names


@pytest.mark.parametrize(("case", "scale"), [(Case.DISSIPATIVE, 3.0), (Case.CONSERVATIVE, -0.4)])
def test_leading_coefficient_of_a_network_is_one(case: Case, scale: float) -> None:
    model = random_model(case, conserving=True)
    wave = torch.as_tensor(model.domain.k[0].ravel()[model.modes.first.numpy()])
    with torch.no_grad():
        model.theta_m.fill_(1.0)
        model.theta_w.fill_(1.0)
        model.m_scale.copy_(scale * wave**2 if case is Case.DISSIPATIVE else 0 * wave)
        model.w_scale.copy_(scale * wave if case is Case.CONSERVATIVE else 0 * wave)
    network = canonical_form(model)
    np.testing.assert_allclose(network.m, network.k[0] ** 2 * (case is Case.DISSIPATIVE), atol=1e-12)
    np.testing.assert_allclose(network.w, network.k[0] * (case is Case.CONSERVATIVE), atol=1e-12)
    removed = {gauge.freedom: gauge.removed for gauge in network.gauge}
    assert removed["scale"] == pytest.approx(scale)


@pytest.mark.parametrize("silent", [5.0, np.inf], ids=["low modes", "all modes"])
def test_symbol_that_was_measured_as_zero_leaves_factors_finite(silent: float) -> None:
    model = random_model(band=14.0)
    wave = torch.as_tensor(np.abs(model.domain.k[0].ravel()[model.modes.first.numpy()]))
    with torch.no_grad():
        model.m_scale[wave < silent] = 0.0
    network = canonical_form(model)
    assert all(np.isfinite(factor).all() for factor in (network.m, network.w, network.q, network.f))


def test_networks_that_differ_by_the_gauge_have_one_canonical_form() -> None:
    model, other = (random_model(Case.MIXED, conserving=True) for _ in range(2))
    with torch.no_grad():
        other.m_scale *= 2
        other.w_scale *= 2
        mine, halved = potential_of(model), potential_of(other)
        halved.raw_a.copy_(torch.log(torch.expm1(mine.a / 2)))
        halved.b.div_(2)
        halved.q2.div_(2)
        halved.pointwise.amplitude.div_(2)
        halved.pointwise.drive.copy_(mine.pointwise.drive / 2 + 5)
    ours, theirs = canonical_form(model), canonical_form(other)
    high = (model.potential.symbol().detach().numpy().ravel() > 0.1)[model.modes.first.numpy()]
    for name in ("m", "w", "f"):
        np.testing.assert_allclose(getattr(theirs, name), getattr(ours, name), atol=1e-10)
    np.testing.assert_allclose(theirs.q[high], ours.q[high], atol=1e-10)


def test_gauge_prints_itself_on_one_line() -> None:
    for gauge in canonical_form(random_model()).gauge:
        assert str(gauge).startswith(f"{gauge.freedom}: ")
        assert "\n" not in str(gauge)


def test_canonical_law_in_two_dimensions() -> None:
    law = Law(
        F=Factor.of(1 + u + u**2 + u**3), m=Factor((kx**2,), (-3.0,)), w=Factor.of(2 * kx), lengths=(5.0, 7.0)
    )
    field = smooth(law)
    np.testing.assert_allclose(canonical_law(law).rhs(field), law.rhs(field), rtol=1e-10, atol=1e-10)
    assert canonical_law(law).coefficients == pytest.approx(
        {"F: u**3": -3.0, "q: 1": -6.0, "m: kx**2": 1.0, "w: kx": -2 / 3}
    )


@pytest.mark.parametrize("scales", UNITS, ids=["own units", "other units"])
def test_a_network_and_its_canonical_form_are_one_member(scales: Scales) -> None:
    model = in_units(random_model(Case.MIXED, low_modes=3), scales)
    network = canonical_form(model)
    u = scales.to_user(fields(model, 3).numpy())
    rate, same = model.rhs(u), network.rhs(u)
    assert np.abs(rate - same).max() < 1e-5 * np.abs(rate).max()  # F' of the network is tabulated
    t = scales.time * np.array([0.0, 0.05, 0.1])
    ours, theirs = (subject.simulate(u, t) for subject in (model, network))
    np.testing.assert_allclose(ours, theirs, atol=1e-5 * scales.amplitude)


def test_factors_of_a_network_are_public_raw_and_canonical() -> None:
    scales = UNITS[1]
    model = in_units(random_model(Case.MIXED, low_modes=3), scales)
    network = canonical_form(model)
    v = np.linspace(-1, 1, 5)
    s = next(gauge.removed for gauge in network.gauge if gauge.freedom == "scale")
    differences = np.diff(s * model.F(scales.to_user(v)) - network.F(scales.amplitude * v), n=3)
    np.testing.assert_allclose(differences, 0.0, atol=1e-9)  # but for a parabola
    u = scales.to_user(fields(model, 3).numpy())
    parts = model.V0(u), model.V1(u), model.V2(u)
    np.testing.assert_allclose(sum(parts), model.energies(u).total, rtol=1e-12)
    at_centre = model.energies(scales.centre + 0 * u).total
    total = network.V0(u) + network.V1(u) + network.V2(u)
    np.testing.assert_allclose(total, s * (model.energies(u).total - at_centre), rtol=1e-8)
    assert model.m.shape == model.w.shape == model.domain.modes_shape
    np.testing.assert_allclose(network.m, model.m.ravel()[model.modes.first] / s)


@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_error_of_dt_is_one_of_every_rate(name: str) -> None:
    """As dt is off by a part in a hundred, so is every coefficient of u_t, all together."""
    law = canonical_law(CATALOG[name].law)
    exact = law.with_values(law.values(), np.zeros((len(law.parameters),) * 2))
    for term in equation_terms(with_rate_error(exact, 0.01)):
        assert term.std_error == pytest.approx(0.01 * abs(term.value), rel=1e-9)
    assert with_rate_error(law, 0.01) == law
    assert with_rate_error(exact, 0.0) == exact


@SEEDS
def test_error_of_dt_leaves_ratios_as_they_were(seed: int) -> None:
    law = canonical_law(random_law(seed))
    before, after = (np.array(found.covariance) for found in (law, with_rate_error(law, 0.1)))
    rates = [*law.places("m"), *law.places("w")]
    more, values = after - before, law.values()
    np.testing.assert_allclose(
        more[np.ix_(rates, rates)], 0.01 * np.outer(values[rates], values[rates]), rtol=1e-9
    )
    others = [i for i in range(len(values)) if i not in rates]
    np.testing.assert_allclose(more[others], 0, atol=1e-15)
