"""Exponents of energies against amplitude."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe import amplitude_scaling
from mesoscribe.diagnostics.measure.alignment import aligned, symbol_at
from mesoscribe.diagnostics.measure.energy import energy_along
from mesoscribe.diagnostics.measure.errors import follow
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.probes import probe
from mesoscribe.diagnostics.measure.scaling import exponents
from mesoscribe.diagnostics.measure.sweep import sweep
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from tests.support.examples import random_model
from tests.support.pairs import random_network

GRID = Domain((32,), (2 * np.pi,))
KDV = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k))
QUARTIC = Law(F=Factor.of(u**4), q=Factor.of(k**2), m=Factor.of(1))
ALLEN_CAHN = Law(F=Factor.of(25 * u**4), q=Factor.of(-100 + k**2), m=Factor.of(1))
CROSSOVER = Law(F=Factor.of(u**3 + 30 * u**6), w=Factor.of(k))
OFF_CENTRE = Law(F=Factor.of(u**4), q=Factor.of(k**2), m=Factor.of(k**2), centre=2.0)


def waves(n: int = 4, frames: int = 5, reach: float = 1.0, centre: float = 0.0) -> Trajectories:
    """Random smooth fields whose later frames reach `reach` times as far."""
    rng = np.random.default_rng(0)
    x = GRID.coordinates[0]
    phase = rng.uniform(0, 7, (n, 3, 1))
    u0 = np.mean([np.cos(m * x + phase[:, m - 1]) for m in (1, 2, 3)], axis=0)
    field = centre + np.linspace(1, reach, frames)[None, :, None] * u0[:, None]
    return Trajectories.from_arrays(field, np.arange(frames), x, layout="ntx")


@pytest.mark.parametrize(
    ("law", "component", "exponent"),
    [
        (QUARTIC, "F", 4.0),
        (QUARTIC, "V0", 4.0),
        (QUARTIC, "V1", 2.0),
        (KDV, "V0", 3.0),
        (KDV, "Q", 2.0),
        (ALLEN_CAHN, "F", 4.0),
        (OFF_CENTRE, "F", 4.0),
    ],
)
def test_exponents_of_powers_are_exact(law: Law, component: str, exponent: float) -> None:
    part = amplitude_scaling(law, waves(centre=law.centre))[component]
    assert part.exponent == pytest.approx(exponent, abs=1e-6)
    assert part.r_squared == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(part.local, exponent, atol=1e-6)
    assert part.note == ""


def test_component_that_is_zero_has_no_exponent() -> None:
    part = amplitude_scaling(KDV, waves())["V2"]
    assert not part.meaningful
    assert np.isnan(part.exponent)
    assert "means nothing" in part.note


def test_no_exponent_is_quoted_across_a_change_of_sign() -> None:
    part = amplitude_scaling(ALLEN_CAHN, waves(reach=6.0))["V0"]
    assert "changes sign at A" in part.note
    assert part.window is not None
    signs = np.sign(part.values[(part.amplitudes >= part.window[0]) & (part.amplitudes <= part.window[1])])
    assert len(set(signs)) == 1
    assert part.exponent == pytest.approx(2, abs=0.02)


def test_interval_covers_the_exponent_and_shrinks_to_it_for_a_power() -> None:
    power, mixture = (amplitude_scaling(law, waves(12))["F"] for law in (QUARTIC, CROSSOVER))
    assert power.interval == pytest.approx((4.0, 4.0), abs=1e-6)
    assert mixture.interval is not None
    low, high = mixture.interval
    assert low < mixture.exponent < high
    assert high - low > 1e-4
    assert mixture.quoted == f"{mixture.exponent:.3f} [{low:.3f}, {high:.3f}]"


def test_one_field_has_no_interval() -> None:
    assert amplitude_scaling(QUARTIC, waves(1))["F"].interval is None


def test_component_below_its_noise_has_no_exponent_and_half_of_one_a_window() -> None:
    swept = sweep(QUARTIC, waves())
    size = np.abs(swept.each["F"].mean(1))
    hidden = exponents(swept, {"F": size})["F"]
    assert not hidden.meaningful
    assert "below the noise" in hidden.note
    part = exponents(swept, {"F": np.where(swept.amplitudes < 0.1, size, 0.0)})["F"]
    assert part.window is not None
    assert part.window[0] >= 0.1
    assert part.exponent == pytest.approx(4, abs=1e-6)
    assert "below the noise at A = 0.01 to" in part.note


def test_amplitudes_end_where_fields_leave_the_data() -> None:
    data = waves(reach=2.5)
    part = amplitude_scaling(QUARTIC, data)["V"]
    assert part.amplitudes[0] == pytest.approx(1e-2)
    assert part.amplitudes[-1] == pytest.approx(2.5)
    assert len(part.amplitudes) == NUMBERS.amplitudes
    assert np.abs(part.amplitudes[-1] * data.u[:, 0]).max() == pytest.approx(np.abs(data.u).max())


def test_crossover_between_two_powers_is_named() -> None:
    part = amplitude_scaling(CROSSOVER, waves())["F"]
    assert "elsewhere the local exponent" in part.note


@pytest.mark.parametrize("case", list(Case))
def test_canonical_energy_of_a_network_is_its_raw_energy_without_the_gauge(case: Case) -> None:
    model = random_model(case)
    network = canonical_form(model)
    domain = model.setting.domain
    raw, canonical = probe(model, domain), probe(network, domain)
    fields = raw.evolved(waves().u[:, 0], domain)
    fields = fields - fields.mean(-1, keepdims=True)
    offset = raw.components(0 * fields[:1])["V"]
    scale = next(gauge.removed for gauge in network.gauge if gauge.freedom == "scale")
    expected = scale * (raw.components(fields)["V"] - offset)
    np.testing.assert_allclose(canonical.components(fields)["V"], expected, rtol=1e-9, atol=1e-9)


def test_raw_and_canonical_networks_have_their_components() -> None:
    model = random_model()
    raw, canonical = (amplitude_scaling(subject, waves()) for subject in (model, canonical_form(model)))
    assert [part.name for part in raw.components] == ["V0", "V1", "V2", "V"]
    assert [part.name for part in canonical.components] == ["F", "Q", "V"]
    assert raw["V1"].exponent == pytest.approx(2, abs=1e-6)
    assert canonical["Q"].exponent == pytest.approx(2, abs=1e-6)
    assert "network, canonical" in str(canonical)


def test_energies_in_two_dimensions() -> None:
    model = random_model(shape=(12, 10))
    domain = model.setting.domain
    rng = np.random.default_rng(0)
    fields = probe(model, domain).evolved(rng.normal(size=(3, *domain.shape)), domain)
    fields = fields - fields.mean((1, 2), keepdims=True)
    network = canonical_form(model)
    raw, canonical = (probe(subject, domain).components for subject in (model, network))
    scale = next(gauge.removed for gauge in network.gauge if gauge.freedom == "scale")
    expected = scale * (raw(fields)["V"] - raw(0 * fields)["V"])
    np.testing.assert_allclose(canonical(fields)["V"], expected, rtol=1e-9, atol=1e-9)


def test_energy_is_conserved_by_w_and_falls_by_m() -> None:
    data = waves()
    for law, check in ((KDV, _constant), (ALLEN_CAHN, _falling)):
        trace = energy_along(law, follow(law, _short(data)), _short(data))
        assert check(trace.change), str(trace)


def _short(data: Trajectories) -> Trajectories:
    return Trajectories.from_arrays(data.u, 0.01 * data.t, data.domain.coordinates[0], layout="ntx")


def _constant(change: np.ndarray) -> bool:
    return bool(np.abs(change).max() < 1e-6)


def _falling(change: np.ndarray) -> bool:
    return bool(np.diff(change, axis=1).max() <= 0 and change[:, -1].max() < -1e-2)


def test_held_modes_do_not_enter_the_energy() -> None:
    law = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k), band=4.0, hold=True)
    x = GRID.coordinates[0]
    noisy = waves().u + 0.1 * np.cos(12 * x)
    data = Trajectories.from_arrays(noisy, 0.01 * np.arange(5), x, layout="ntx")
    assert np.abs(energy_along(law, follow(law, data), data).change).max() < 1e-6


def test_network_is_drawn_in_the_scale_of_a_law_that_dropped_its_m() -> None:
    model = random_model(Case.MIXED)
    network = canonical_form(model)
    inside = GRID.within(5.0)
    assert inside.sum() == network.k.shape[1]
    drawn = aligned(network, KDV)
    ratio = drawn.w[drawn.w != 0] / network.w[drawn.w != 0]
    np.testing.assert_allclose(ratio, ratio[0])
    wanted = symbol_at(KDV, "w", network.k)
    assert ratio[0] == pytest.approx(network.w @ wanted / (network.w @ network.w))
    np.testing.assert_allclose(drawn.m * drawn.q, network.m * network.q)


def test_rescaling_leaves_the_dynamics() -> None:
    network = canonical_form(random_model())
    other = network.rescaled(-3.0)
    pairs: list[Callable[[CanonicalNetwork], np.ndarray]] = [
        lambda n: n.m * n.q,
        lambda n: n.w * n.q,
        lambda n: n.w[1] * n.f,
        lambda n: n.w[1] * n.F(n.nodes),
    ]
    for product in pairs:
        np.testing.assert_allclose(product(network), product(other))


def test_subject_without_energy_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a Law, an OnsagerModel or its canonical form, got dict"):
        probe({}, GRID)


a, b, h, v = sympy.symbols("a b h v", real=True)
SCHROEDINGER = Law(
    F=Factor.of(-((a**2 + b**2) ** 2) / 4),
    q=Factor.of(-(k**2) / 2 * (a**2 + b**2)),
    w=Factor.of(a * b),
    fields=("a", "b"),
)
SHALLOW = Law(F=Factor.of(h * v**2 / 2 + h**2 / 2), w=Factor.of(k * h * v), fields=("h", "v"))
MIXED = Law(
    F=Factor.of(a**4 + a * b**2), q=Factor.of(a**2 + k**2 * b**2), m=Factor.of(a**2), fields=("a", "b")
)


def pair(law: Law, means: tuple[float, float] = (0.0, 0.0), n: int = 4) -> Trajectories:
    """Smooth fields of two fields, the first frames as far as all others."""
    parts = [waves(n).u + mean for mean in means]
    u = np.stack([parts[0], np.roll(parts[1], 5, axis=-1)], axis=2)
    t, x = np.arange(u.shape[1]), GRID.coordinates[0]
    return Trajectories.from_arrays(u, t, x, layout="ntcx", fields=law.fields)


@pytest.mark.parametrize(
    ("law", "along", "exponents"),
    [
        (SCHROEDINGER, "a", {"F": 4, "Q": 2}),
        (SCHROEDINGER, "b", {"F": 4, "Q": 2, "V0": 4, "V1": 2}),
        (SCHROEDINGER, None, {"F": 4, "Q": 2}),
        (MIXED, "a", {"F": 4, "Q": 2}),
        (MIXED, "b", {"F": None, "V0": None, "V1": 2}),
        (SHALLOW, None, {"F": 3, "Q": 2, "V": 2}),
    ],
)
def test_exponents_along_each_field_and_along_all(
    law: Law, along: str | None, exponents: dict[str, float | None]
) -> None:
    found = amplitude_scaling(law, pair(law), along=along)
    assert found.along == ((along,) if along else law.fields)
    for name, exponent in exponents.items():
        assert found[name].meaningful == (exponent is not None)
        if exponent is not None:
            assert found[name].exponent == pytest.approx(exponent, abs=5e-3 if name == "V" else 1e-6), name


def test_law_of_several_fields_is_expanded_about_what_the_data_show() -> None:
    data = pair(SHALLOW, (3.0, 0.0))
    found = {along: amplitude_scaling(SHALLOW, data, along=along) for along in ("h", "v", None)}
    assert found["h"].centre == pytest.approx({"h": 3.0, "v": 0.0})
    for along in ("h", "v"):  # (h - 3) v²/2 is all that is not quadratic about h = 3, v = 0
        assert not found[along]["F"].meaningful
        assert found[along]["Q"].exponent == pytest.approx(2, abs=1e-6)
    assert found[None]["F"].exponent == pytest.approx(3, abs=1e-6)
    v0 = data.u[:, 0] - np.array([3.0, 0.0])[:, None]
    cubic = GRID.volume * np.mean(v0[:, 0] * v0[:, 1] ** 2 / 2, axis=-1)
    reach = float(found[None]["F"].amplitudes[-1])
    np.testing.assert_allclose(sweep(SHALLOW, data).each["F"][-1], reach**3 * cubic, rtol=1e-9, atol=1e-12)


def test_one_field_with_an_axis_scales_like_the_field_without() -> None:
    twice = Law(
        F=Factor.of(25 * a**4 + 25 * b**4),
        q=Factor.of((k**2 - 100) * (a**2 + b**2)),
        m=Factor.of(a**2 + b**2),
        fields=("a", "b"),
    )
    alone, of_two = amplitude_scaling(ALLEN_CAHN, waves()), amplitude_scaling(twice, pair(twice), along="a")
    for name in ("F", "Q", "V0", "V1", "V2", "V"):
        np.testing.assert_allclose(of_two[name].values, alone[name].values, rtol=1e-9, atol=1e-13)
        assert of_two[name].quoted == alone[name].quoted


def test_raw_and_canonical_networks_of_several_fields_have_their_components() -> None:
    model = random_network(Case.DISSIPATIVE)
    law = replace(MIXED, lengths=model.box.lengths)
    for along in ("a", "b", None):
        raw, canonical = (
            amplitude_scaling(subject, pair(law), along=along) for subject in (model, canonical_form(model))
        )
        assert [part.name for part in raw.components] == ["V0", "V1", "V2", "V"]
        assert [part.name for part in canonical.components] == ["F", "Q", "V"]
        assert canonical["Q"].exponent == pytest.approx(2, abs=1e-6)


def test_field_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="^expected some of the fields a, b, got c$"):
        amplitude_scaling(SCHROEDINGER, pair(SCHROEDINGER), along="c")


def test_data_of_other_fields_are_refused() -> None:
    with pytest.raises(ValueError, match="^expected data of 2 fields to scale, .*, got u; choose"):
        amplitude_scaling(SCHROEDINGER, waves())
    with pytest.raises(ValueError, match="^expected data of 1 field to scale, .*, got a, b; choose"):
        amplitude_scaling(QUARTIC, pair(SCHROEDINGER))


def test_network_of_several_fields_is_brought_to_the_scale_of_its_law() -> None:
    law = Law(F=Factor.of(a**4), w=Factor.of(2.5 * k * a * b), fields=("a", "b"))
    network = canonical_form(random_network(Case.CONSERVATIVE))
    low = np.argsort(np.abs(network.k[0]))[: NUMBERS.scaled_modes]
    wanted = symbol_at(law, "w", network.k)
    np.testing.assert_allclose(wanted[0, 1], 2.5j * network.k[0])
    s = (network.w.conj() * wanted)[..., low].sum().real / (np.abs(network.w[..., low]) ** 2).sum()
    np.testing.assert_allclose(aligned(network, law).w, s * network.w)
