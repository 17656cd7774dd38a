"""Forces on some sites: the map to them, the loss they estimate, what they cost, and fits to them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from mesoscribe import PartialForces, Schedule, fit
from mesoscribe.hybrid.chain.force import ForceLaw, fene, fput, r
from mesoscribe.hybrid.chain.linear_wave import LinearWave, Term, fit_linear
from mesoscribe.hybrid.chain.partial_forces import BondForces, ForceSamples, partial_loss
from mesoscribe.hybrid.chain.simulation import Chain, right_moving
from mesoscribe.hybrid.chain.site_forces import SiteMap, along
from mesoscribe.hybrid.chain.splitting import VERLET
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.learn.fit_forces import SiteForces, Snapshots
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.rank_one import Case

LEADING: tuple[Term, ...] = ((0, 1), (3,))
NEXT: tuple[Term, ...] = (*LEADING, (0, 0, 1), (0, 3), (1, 2), (5,))
SHORT = Schedule(leads=(1,), steps=(20,), batch=8, every=10)


def states(sites: int, force: ForceLaw | None = None, n: int = 4, n_frames: int = 5) -> ChainData:
    """Snapshots of smooth waves on a chain."""
    force = force or fput()
    chain = Chain(force, sites)
    rng, k = np.random.default_rng(1), np.arange(1, 7)
    a, b = rng.normal(size=(2, n * n_frames, len(k))) * np.exp(-0.5 * k)
    phase = np.outer(k, chain.places)
    bonds = chain.scale * (a @ np.cos(phase) + b @ np.sin(phase)).reshape(n, n_frames, sites)
    t = np.arange(n_frames) * 0.01 / chain.epsilon**3
    v = right_moving(force, bonds)
    return ChainData(bonds, v, t, chain.epsilon, force, chain.scale, 0.05, VERLET)


def everywhere(samples: ForceSamples) -> tuple[np.ndarray, np.ndarray]:
    """All snapshots, and all sites of each."""
    n, sites = samples.u.shape
    return np.arange(n), np.tile(np.arange(sites), (n, 1))


@pytest.mark.parametrize("sites", [32, 33])
def test_map_is_exact_on_a_harmonic_chain(sites: int) -> None:
    data = states(sites, fput(c=1.7, alpha=0))
    samples = ForceSamples(data)
    domain, eps, c = samples.map.domain, data.epsilon, data.c
    rate = torch.as_tensor(1j * (c * eps * domain.k[0] - 2 * c * np.sin(eps * domain.k[0] / 2)) / eps**3)

    def exact(u: torch.Tensor) -> torch.Tensor:
        return domain.ifft(rate * domain.fft(u))

    y = samples.targets(*everywhere(samples))
    image = samples.map.image(*along(exact, samples.u)).detach()
    np.testing.assert_allclose(y, image, atol=1e-9 * np.abs(y).max())


def test_without_the_second_derivative_the_error_falls_as_epsilon_squared() -> None:
    """Toda: with G'G the coefficients of the leading order are off by ε⁴, without it by ε²."""
    orders = {}
    for sweeps in (0, 4):
        errors = []
        for sites in (64, 128):
            samples = ForceSamples(states(sites, fput()))
            wave = fit_linear(samples, NEXT, *everywhere(samples), sweeps=sweeps)
            exact = next_order(samples.map.epsilon)
            errors.append(np.abs(wave.coefficients / exact - 1)[2:].max())
        orders[sweeps] = np.log2(errors[0] / errors[1])
    assert orders[4] > 1.7
    assert abs(orders[0]) < 0.2


def next_order(epsilon: float) -> np.ndarray:
    """Coefficients of NEXT for F = r + r²: G_0, and ε² G_1 of exact time."""
    return np.array([-1, -1 / 24, *(epsilon**2 * np.array([1 / 2, -1 / 24, -3 / 16, -1 / 1920]))])


def test_linear_fit_finds_the_next_order_of_the_long_wave_equation() -> None:
    samples = ForceSamples(states(256))
    wave = fit_linear(samples, NEXT, *everywhere(samples))
    np.testing.assert_allclose(wave.coefficients, next_order(samples.map.epsilon), rtol=0.03)
    np.testing.assert_allclose(wave.coefficients[:2], [-1, -1 / 24], rtol=1e-4)


def test_bias_of_the_dropped_second_derivative() -> None:
    """What is dropped is -ε²/(2c) TΦ_0, as docs/chains.md derives it."""
    samples = ForceSamples(states(256))
    biased = fit_linear(samples, NEXT, *everywhere(samples), sweeps=0)
    eps = samples.map.epsilon
    dropped = np.array([1, 1 / 12, 1 / 8, 1 / 576]) / 2
    np.testing.assert_allclose(
        biased.coefficients[2:], next_order(eps)[2:] - eps**2 * dropped, atol=0.02 * eps**2
    )


def test_change_of_the_rate_is_its_derivative_along_the_wave() -> None:
    domain = SiteMap.of(states(32)).domain
    wave = LinearWave(domain, ((0, 1), (3,), (1, 2)), np.array([-1.0, 0.3, 0.2]))
    u = ForceSamples(states(32)).u
    rate, change = along(wave.rate, u)
    h = 1e-5
    difference = (wave.rate(u + h * rate) - wave.rate(u - h * rate)) / (2 * h)
    torch.testing.assert_close(change, difference, rtol=1e-6, atol=1e-6)


def test_estimator_has_the_mean_and_the_variance_of_sampling_without_replacement() -> None:
    draws, m = 20_000, 8
    samples = ForceSamples(states(48, n=1, n_frames=2))
    wave = LinearWave(samples.map.domain, LEADING, np.array([-0.8, -0.05]))
    image = samples.map.image(*along(wave.rate, samples.u)).detach()
    rng = np.random.default_rng(0)
    ix, every = everywhere(samples)
    y = torch.as_tensor(samples.targets(ix, every))
    squares = ((y - image) ** 2).numpy()
    found = np.empty((draws, 2))
    for snapshot in range(2):
        sites = torch.as_tensor(PartialForces(m).draw(draws, 48, rng))
        known = y[snapshot].expand(draws, -1).gather(-1, sites)
        for i in range(draws):
            found[i, snapshot] = partial_loss(
                known[i : i + 1], image[snapshot : snapshot + 1], sites[i : i + 1]
            )
    full = float(partial_loss(y, image, torch.as_tensor(every)))
    variance = (1 - m / 48) * squares.var(axis=1, ddof=1) / m
    error = np.sqrt(variance / draws)
    assert full == pytest.approx(squares.mean())
    np.testing.assert_array_less(np.abs(found.mean(0) - squares.mean(1)), 4 * error)
    np.testing.assert_allclose(found.var(axis=0), variance, rtol=0.06)


def test_every_site_is_drawn_equally_often_and_none_twice() -> None:
    sites = PartialForces(3).draw(20_000, 10, np.random.default_rng(0))
    assert all(len(set(row)) == 3 for row in sites[:1000])
    counts = np.bincount(sites.ravel(), minlength=10)
    np.testing.assert_allclose(counts, 6000, atol=5 * np.sqrt(6000))


def test_bonds_are_evaluated_once_and_none_that_was_not_asked_for() -> None:
    asked: list[float] = []

    class Counting(ForceLaw):
        def __call__(self, strain: np.ndarray) -> np.ndarray:
            asked.extend(strain.ravel())
            return super().__call__(strain)

    bonds = np.random.default_rng(0).normal(size=(3, 10))
    forces = BondForces(bonds, Counting(r + r**2))
    sites = np.array([[4, 5, 0]])
    f = forces.on_sites(np.array([1]), sites)
    expected = bonds + bonds**2
    np.testing.assert_allclose(f, (expected - np.roll(expected, 1, -1))[1:2, [4, 5, 0]])
    assert sorted(asked) == sorted(bonds[1, [3, 4, 5, 0, 9]])
    assert forces.evaluations == 5
    forces.on_sites(np.array([1, 2]), np.array([[5, 4], [4, 5]]))
    assert forces.evaluations == 8
    assert len(asked) == 8


def test_neighbouring_sites_share_a_bond() -> None:
    """Bonds of m sites that are drawn: 2m - m(m - 1)/(N - 1) on average."""
    samples, m = ForceSamples(states(32, n=40, n_frames=50)), 16
    sites = PartialForces(m).draw(len(samples), 32, np.random.default_rng(0))
    samples.targets(np.arange(len(samples)), sites)
    assert samples.forces.evaluations / len(samples) == pytest.approx(2 * m - m * (m - 1) / 31, rel=0.01)


def test_order_in_time_is_of_no_account() -> None:
    """One frame each of many chains is as good as many frames of a few."""
    data = states(64, n=4, n_frames=8)
    apart = replace(data, r=data.r.reshape(32, 1, 64), v=data.v.reshape(32, 1, 64), t=data.t[:1])
    assert np.isfinite(model_of(apart, PartialForces(sites=8)).simulate(apart.r[:1, 0], data.tau)).all()


def test_forces_are_no_test_of_the_class() -> None:
    record = model_of(states(32), PartialForces(sites=4)).record
    assert record is not None
    assert record.verdict is None


def test_all_sites_give_the_full_forces() -> None:
    data = states(16)
    samples = ForceSamples(data)
    snapshots, sites = everywhere(samples)
    every = PartialForces(16).draw(len(samples), 16, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(every), sites)
    F = data.force(data.r.reshape(-1, 16))
    np.testing.assert_array_equal(samples.forces.on_sites(snapshots, sites), F - np.roll(F, 1, -1))
    assert samples.forces.evaluations == F.size


def model_of(data: ChainData, forces: PartialForces) -> OnsagerModel:
    return fit(data, forces=forces, schedule=SHORT, seed=3, progress=False)


def test_fit_improves_on_its_warm_start_and_says_what_it_looked_at() -> None:
    data = states(64, n=4, n_frames=8)
    model = model_of(data, PartialForces(sites=8))
    record = model.record
    assert record is not None
    assert model.case is Case.CONSERVATIVE
    assert [step for step, _ in record.history] == [0, 10, 20]
    assert record.history[0][1] < 0.1
    assert min(value for _, value in record.history) < record.history[0][1]
    assert 0 < record.evaluations < data.r.size
    u0 = data.r[:1, 0] / data.scale
    assert np.isfinite(model.simulate(u0, np.array([0, 0.01, 0.02]))).all()


def test_snapshots_that_keep_their_sites_cost_two_bonds_a_site() -> None:
    data = states(64, n=4, n_frames=8)
    record = model_of(data, PartialForces(sites=4, redraw=False)).record
    assert record is not None
    assert record.evaluations <= 2 * 4 * 32


def test_sites_are_redrawn_at_every_visit_unless_kept() -> None:
    samples = ForceSamples(states(64))
    for redraw in (True, False):
        pieces = Snapshots(samples, samples.u, PartialForces(8, redraw), np.random.default_rng(0))
        assert torch.equal(pieces[0][1], pieces[0][1]) is not redraw


def test_same_seed_gives_the_same_bits() -> None:
    first, second = (model_of(states(32), PartialForces(sites=4)) for _ in range(2))
    for (name, ours), theirs in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name


def test_gradient_of_the_loss_reaches_every_parameter() -> None:
    data = states(64)
    model = model_of(data, PartialForces(sites=8))
    samples = ForceSamples(data)
    v = model.domain.ifft(samples.map.domain.fft(samples.u)[:, : model.domain.modes_shape[0]])
    v = v / model.setting.scales.amplitude
    pieces = Snapshots(samples, v, PartialForces(8), np.random.default_rng(0))
    v, sites, y = (torch.stack(part) for part in zip(*(pieces[i] for i in range(4)), strict=True))
    model.zero_grad()
    SiteForces(model, Schedule(prior=0.0), samples.map, 1.0).misfit((v, sites, y)).backward()
    silent = {"theta_m", "potential.pointwise.drive"}  # M = 0, and W = ∂ξ of a constant
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.abs().max() > 1e-12) is (name not in silent), name


def test_fit_predicts_as_the_long_wave_equation_does() -> None:
    """The rate of the network beside that of a chain's exact linear fit, far below the rate itself."""
    data = states(64, n=4, n_frames=8)
    model = fit(
        data, forces=PartialForces(8), schedule=Schedule(leads=(1,), steps=(60,), every=20), progress=False
    )
    samples = ForceSamples(data)
    exact = fit_linear(samples, NEXT, *everywhere(samples)).rate(samples.u).numpy()
    u0 = data.r.reshape(-1, 64) / data.scale
    h = 1e-4
    found = (model.simulate(u0, np.array([0, h]))[:, 1] - u0) / h
    assert np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)) < 0.03


@pytest.mark.slow
def test_example_of_the_docs_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "partial_forces.md").read_text()
    found = re.search(r"<!-- a test runs this example -->\n```python\n(.*?)```", page, re.S)
    assert found is not None
    exec(found[1], {})
    used, of, bonds, _ = capsys.readouterr().out.splitlines()[-1].split()
    assert (of, int(bonds)) == ("of", 6 * 21 * 128)
    assert 0 < int(used) < int(bonds)


TRAJECTORIES = states(32).trajectories()


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (states(32), {"forces": PartialForces(33)}, "expected at most 32 sites.*got 33"),
        (TRAJECTORIES, {"forces": PartialForces(8)}, r"states of a chain .*got Trajectories.*\.states\(\)"),
        (states(32), {}, r"expected Trajectories, got the states of a chain; take their \.trajectories"),
        (states(32), {"forces": PartialForces(4), "case": "dissipative"}, "conservative.*got dissipative"),
        (
            states(64),
            {"forces": PartialForces(4), "validation": states(32)},
            "same chain, 64 sites.*got 32, .*leave them out",
        ),
        (
            replace(states(32), force=fene(0.01)),
            {"forces": PartialForces(4)},
            "expected bonds with -0.01 < r < 0.01, .*got r from",
        ),
        (states(32, n=2, n_frames=3), {"forces": PartialForces(1)}, "at least 6 forces .*, got 3; draw more"),
        (
            states(32),
            {"forces": PartialForces(4), "validation": TRAJECTORIES},
            r"states of a chain .*got Trajectories",
        ),
    ],
)
def test_bad_input_is_refused_in_one_line(data: ChainData, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        fit(data, progress=False, **options)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_no_site_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one site"):
        PartialForces(0)


def test_any_force_law_can_be_sampled() -> None:
    samples = ForceSamples(states(128, ForceLaw(sympy.exp(r) - 1)))
    sites = PartialForces(8).draw(len(samples), 128, np.random.default_rng(0))
    wave = fit_linear(samples, NEXT, np.arange(len(samples)), sites)
    np.testing.assert_allclose(wave.coefficients[:2], [-1, -1 / 24], rtol=2e-3)
    assert samples.forces.evaluations <= 16 * len(samples)
