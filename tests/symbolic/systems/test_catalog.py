"""Reference systems and their trajectories."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mesoscribe import simulate
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.initial import InitialField, initial_fields

SMALL: dict[str, Any] = {"points": 64, "n_frames": 6}
NAMES = pytest.mark.parametrize("name", sorted(CATALOG))
FULL = {"allen_cahn_3d"}  # whose sampling takes seconds
SAMPLED = [pytest.param(name, marks=[pytest.mark.full] * (name in FULL)) for name in sorted(CATALOG)]


def small(name: str) -> dict[str, Any]:
    """A coarser sampling."""
    return SMALL if CATALOG[name].law.ndim < 3 else {"points": 8, "n_frames": 6}


LINE = Domain((64,), (2 * np.pi,))


@pytest.mark.parametrize(
    ("name", "terms"),
    [("allen_cahn", {"u_xx": 1.0, "u": 100.0, "u**3": -100.0}), ("kdv", {"u_xxx": -1.0, "u*u_x": -6.0})],
)
def test_equations_are_those_of_the_literature(name: str, terms: dict[str, float]) -> None:
    assert {row.name: row.value for row in equation_terms(CATALOG[name].law)} == terms


def test_invariants_of_kdv_are_conserved() -> None:
    data = simulate("kdv", 4, points=128)
    u, law = data.u, CATALOG["kdv"].law
    spread = u.std()
    for invariant in (u.mean(-1) / spread, (u**2).mean(-1) / spread**2):
        np.testing.assert_allclose(invariant, np.repeat(invariant[:, :1], data.n_frames, axis=1), atol=1e-6)
    energy = law.energies(u).total.numpy()
    np.testing.assert_allclose(np.ptp(energy, axis=1) / np.abs(energy).max(), 0, atol=1e-5)


def test_energy_of_allen_cahn_decreases() -> None:
    data = simulate("allen_cahn", 4, points=64)
    energy = CATALOG["allen_cahn"].law.energies(data.u).total.numpy()
    assert np.diff(energy, axis=1).max() < 0


@pytest.mark.parametrize("name", SAMPLED)
def test_trajectories_have_the_sampling_of_the_catalogue(name: str) -> None:
    data, chosen = simulate(name, 1), CATALOG[name]
    assert data.domain == Domain(chosen.shape, chosen.law.lengths)
    assert (data.n, data.n_frames) == (1, chosen.n_frames)
    assert data.dt == pytest.approx(chosen.dt)
    assert name in data.source


@NAMES
def test_simulation_is_reproducible_from_its_seed(name: str) -> None:
    first, again, other = (simulate(name, 2, seed=seed, noise=0.01, **small(name)).u for seed in (3, 3, 4))
    np.testing.assert_array_equal(again, first)
    assert np.abs(other - first).max() > 0.1


@NAMES
def test_first_trajectories_do_not_depend_on_how_many_there_are(name: str) -> None:
    few, many = (simulate(name, n, **small(name)).u for n in (2, 5))
    np.testing.assert_array_equal(many[:2, 0], few[:, 0])
    np.testing.assert_allclose(many[:2], few, atol=1e-5)


def test_noise_has_its_level_and_is_white() -> None:
    clean, noisy = (simulate("kdv", 4, points=64, n_frames=40, noise=noise).u for noise in (0.0, 0.05))
    noise = (noisy - clean) / clean.std()
    assert noise.std() == pytest.approx(0.05, rel=0.03)
    assert abs(noise.mean()) < 0.003
    assert abs(np.mean(noise[..., 1:] * noise[..., :-1])) < 0.05 * noise.var()


@pytest.mark.parametrize("domain", [LINE, Domain((32, 32), (1.0, 2.0))], ids=["1D", "2D"])
def test_initial_fields_have_the_modes_and_the_size_asked_for(domain: Domain) -> None:
    fields = initial_fields(InitialField(modes=3, highest=5), domain, 20, seed=0)
    np.testing.assert_allclose(fields.std(domain.axes), 1, rtol=1e-12)
    np.testing.assert_allclose(fields.mean(domain.axes), 0, atol=1e-12)
    power = np.abs(np.fft.rfftn(fields, axes=domain.axes, norm="forward")) > 1e-10
    counts = power.reshape(20, -1).sum(1)
    assert counts.min() >= 1
    assert counts.max() <= 3
    assert not power[..., 6:].any()


def test_initial_fields_scaled_by_range_fill_it() -> None:
    fields = initial_fields(InitialField(modes=3, highest=10, scale="range"), LINE, 20, seed=0)
    np.testing.assert_allclose(fields.min(-1), -1, rtol=1e-12)
    np.testing.assert_allclose(fields.max(-1), 1, rtol=1e-12)


def test_random_mean_has_the_deviation_asked_for() -> None:
    fields = initial_fields(InitialField(modes=3, highest=6, mean_deviation=0.5), LINE, 400, seed=0)
    assert fields.mean(-1).std() == pytest.approx(0.5, rel=0.1)
    np.testing.assert_allclose(fields.std(-1), 1, rtol=1e-12)


def test_initial_fields_do_not_depend_on_the_resolution() -> None:
    initial = InitialField(modes=3, highest=6)
    coarse, fine = (initial_fields(initial, Domain((n,), (1.0,)), 3, seed=1) for n in (32, 64))
    np.testing.assert_allclose(fine[:, ::2], coarse, atol=1e-12)


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="expected one of the systems .*allen_cahn.* kdv.*, got 'burgers'"):
        simulate("burgers")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_trajectories": 0}, "at least one trajectory"),
        ({"noise": -0.1}, "noise ≥ 0"),
        ({"n_frames": 0}, "increasing times"),
        ({"n_frames": 2}, "at least one trajectory of 3 frames"),
        ({"dt": 0.0}, "increasing times"),
        ({"dt": -1.0}, "increasing times"),
        ({"points": 0}, "at least 4 points"),
    ],
)
def test_samplings_that_make_no_trajectories_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate("kdv", **{"n_trajectories": 1, **SMALL, **settings})
