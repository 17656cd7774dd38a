"""Simulated chains: exact solutions, order of the integrators, conservation, the reference files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy

from mesoscribe import load
from mesoscribe.hybrid.chain.force import ForceLaw, fene, fput, r
from mesoscribe.hybrid.chain.observe import Linear, shifted
from mesoscribe.hybrid.chain.simulation import Chain, dispersionless, right_moving
from mesoscribe.hybrid.chain.splitting import BLANES_MOAN, VERLET, Splitting
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.dynamics.error import relative_rmse
from mesoscribe.symbolic.systems.chains import CHAINS

SITES = 32
KAPPA = 2 * np.pi / SITES
TODA = ForceLaw(sympy.exp(r) - 1)
INTEGRATORS = pytest.mark.parametrize("integrator", [VERLET, BLANES_MOAN], ids=lambda i: i.name)


def standing(mode: int) -> tuple[np.ndarray, np.ndarray]:
    """Bonds of a standing wave at rest."""
    wave = np.cos(mode * KAPPA * np.arange(SITES))[None]
    return 0.1 * wave, 0 * wave


def fields(n: int = 3, highest: int = 3, sites: int = SITES) -> np.ndarray:
    """A few smooth fields."""
    rng, xi = np.random.default_rng(0), 2 * np.pi * np.arange(sites) / sites
    k = np.arange(1, highest + 1)
    return sum(
        rng.normal(size=(2, n, highest))[i] @ f(np.outer(k, xi)) for i, f in enumerate((np.cos, np.sin))
    )


def test_harmonic_chain_has_its_normal_modes() -> None:
    force = fput(c=1.5, alpha=0)
    for mode in (1, 5, 12):
        start, rest = standing(mode)
        omega = 2 * force.c * np.sin(mode * KAPPA / 2)
        bonds, _ = BLANES_MOAN.advance(start, rest, force, 0.01, 1000)
        np.testing.assert_allclose(bonds, start * np.cos(10 * omega), atol=1e-9)


@pytest.mark.parametrize("mode", [1, 7])
def test_leapfrog_has_the_dispersion_of_its_step(mode: int) -> None:
    dt, (start, rest) = 0.4, standing(mode)
    omega = 2 / dt * np.arcsin(dt * np.sin(mode * KAPPA / 2))
    bonds, _ = VERLET.advance(start, rest, fput(alpha=0), dt, 100)
    np.testing.assert_allclose(bonds, start * np.cos(100 * dt * omega), atol=1e-13)


def soliton(t: float, sites: int = 64, kappa: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Toda's soliton, exp(r_n) - 1 = sinh²κ sech²(κ(n - n_0) - t sinh κ), and its velocities."""
    phase = kappa * (np.arange(sites) - sites // 3) - t * np.sinh(kappa)
    F = (np.sinh(kappa) / np.cosh(phase)) ** 2
    rate = 2 * np.sinh(kappa) * np.tanh(phase) * F / (1 + F)
    return np.log1p(F)[None], (np.cumsum(rate) - rate)[None]


def test_toda_soliton_travels_unchanged() -> None:
    bonds, velocities = BLANES_MOAN.advance(*soliton(0.0), TODA, 0.05, 300)
    for found, exact in zip((bonds, velocities), soliton(15.0), strict=True):
        np.testing.assert_allclose(found, exact, atol=1e-9)


@INTEGRATORS
def test_error_falls_with_the_order_of_the_integrator(integrator: Splitting) -> None:
    errors = [
        np.abs(integrator.advance(*soliton(0.0), TODA, 10 / steps, steps)[0] - soliton(10.0)[0]).max()
        for steps in (25, 50, 100)
    ]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), integrator.order, atol=0.35)


@INTEGRATORS
def test_integrator_runs_backwards(integrator: Splitting) -> None:
    start = soliton(0.0)
    back = integrator.advance(*integrator.advance(*start, TODA, 0.3, 50), TODA, -0.3, 50)
    np.testing.assert_allclose(back, start, atol=1e-12)


def test_stability_limits() -> None:
    assert pytest.approx(2, abs=0.02) == VERLET.limit
    assert BLANES_MOAN.limit > 4.5


@pytest.mark.parametrize("force", [fput(), fene(0.3), TODA], ids=str)
def test_energy_does_not_drift_and_momentum_is_conserved(force: ForceLaw) -> None:
    data = Chain(force, SITES, amplitude=0.05, power=0).simulate(fields(), np.arange(41) * 0.2, courant=0.2)
    assert data.momentum_drift < 1e-12
    assert data.energy_drift < 1e-2
    change = np.abs(data.energy / data.energy[:, :1] - 1)
    assert change[:, 21:].max() < 2 * change[:, 1:21].max()


def test_energy_error_falls_with_the_square_of_the_step() -> None:
    chain, times = Chain(fput(), SITES, amplitude=0.05, power=0), np.arange(5) * 0.2
    drifts = [chain.simulate(fields(), times, courant=courant).energy_drift for courant in (0.2, 0.1, 0.05)]
    np.testing.assert_allclose(np.log2(np.divide(drifts[:-1], drifts[1:])), 2, atol=0.2)


def test_trajectories_do_not_know_of_each_other() -> None:
    chain, times = Chain(TODA, SITES), np.arange(4) * 0.1
    together = chain.simulate(fields(), times)
    alone = chain.simulate(fields()[1:2], times)
    np.testing.assert_array_equal(together.r[1:2], alone.r)


def test_waves_of_a_harmonic_chain_start_to_the_right() -> None:
    chain = Chain(fput(c=2, alpha=0), 64)
    data = chain.simulate(fields(sites=64), np.arange(3) * 0.2, integrator=BLANES_MOAN)
    k = np.fft.rfftfreq(64, 1 / 64)
    lag = 2 * chain.force.c * (np.sin(k * chain.epsilon / 2) - k * chain.epsilon / 2) * data.t[-1]
    moved = np.fft.irfft(np.fft.rfft(data.r[:, 0]) * np.exp(-1j * lag), 64)
    np.testing.assert_allclose(shifted(data.r[:, -1], 2 * data.t[-1]), moved, atol=1e-6 * chain.scale)
    assert data.estimated_speed() == pytest.approx(2, rel=1e-6)


def test_little_of_a_nonlinear_wave_moves_to_the_left() -> None:
    """Riemann's other invariant, v + ∫√F' dr, is a share of order ε⁴; of ε² with linear velocities."""
    shares = {}
    for start in (right_moving, dispersionless):
        sizes = []
        for sites in (32, 64):
            chain = Chain(fput(), sites)
            data = chain.simulate(
                fields(sites=sites), np.arange(6) * 0.01, start=start, integrator=BLANES_MOAN
            )
            left = shifted(data.force.riemann(data.r), -0.5) + data.v
            sizes.append(np.std(left[:, -1] - left[:, -1].mean(-1, keepdims=True)) / chain.scale)
        shares[start] = np.log2(sizes[0] / sizes[1])
    assert shares[right_moving] > 3
    assert shares[dispersionless] < 2.6


def test_dispersionless_start_moves_every_mode_at_c() -> None:
    bonds = fields()
    v = dispersionless(fput(c=2), bonds)
    k = np.fft.rfftfreq(SITES, 1 / SITES)
    slope = np.fft.irfft(1j * KAPPA * k * np.fft.rfft(bonds), SITES)
    np.testing.assert_allclose(np.roll(v, -1, -1) - v, -2 * slope, atol=1e-12)


def test_estimated_speed_of_a_nonlinear_wave_is_c_up_to_epsilon_squared() -> None:
    errors = [
        abs(Chain(fput(c=1.2), n).simulate(fields(sites=n), np.arange(6) * 0.02).estimated_speed() - 1.2)
        for n in (64, 128)
    ]
    assert errors[0] < 5e-3
    assert errors[1] < 0.35 * errors[0]


def first_field(file: Path, sites: int) -> np.ndarray:
    """The field at the sites of which the first frames of a reference file are linear interpolants."""
    phases = np.outer(np.arange(7), 2 * np.pi * np.arange(sites) / sites)
    waves = np.concatenate([np.cos(phases), np.sin(phases[1:])])
    seen = Linear(256).sample(waves[:, None], np.zeros(1))[:, 0]
    return np.linalg.lstsq(seen.T, load(file).u[:2, 0].T, rcond=None)[0].T @ waves


@pytest.mark.parametrize(("name", "steps"), [("fput", 500), ("fene", 930)])
def test_reference_files_are_reproduced(name: str, steps: int, official: Callable[[str], Path]) -> None:
    """Leapfrog, linear velocities r' = -c ∂r/∂n, linear interpolation: to float32 rounding in every frame."""
    file = official(f"{name}_train.hdf5")
    reference, chain = load(file).select([0, 1]), CHAINS[name].chain
    courant = chain.force.c * reference.dt / chain.epsilon**3 / steps
    data = chain.simulate(first_field(file, chain.sites), reference.t, courant=courant, start=dispersionless)
    found = data.trajectories(Linear(256))
    assert relative_rmse(found.u, reference.u, found.domain).max() < 1e-7


def refused(**settings: Any) -> ChainData:
    chosen: dict[str, Any] = {"force": fene(0.1), "sites": SITES, "power": 0, "amplitude": 0.01}
    run = {name: settings.pop(name) for name in ("courant", "u0", "tau") if name in settings}
    chain = Chain(**{**chosen, **settings})
    return chain.simulate(run.pop("u0", fields()), run.pop("tau", np.arange(3) * 0.1), **run)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"amplitude": 0.2},
            r"expected bonds with -0.1 < r < 0.1, where F = .* is analytic, got r from .*lower",
        ),
        (
            {"force": fput(alpha=-1), "amplitude": 1},
            r"expected F'\(r\) > 0 on all bonds.*lower the amplitude",
        ),
        (
            {"force": fput(), "courant": 1.3},
            r"expected a step with 0 < cΔt < 0.9.*stable, got 1.3; take a sm",
        ),
        ({"courant": 0.0}, "expected a step with 0 < cΔt"),
        ({"sites": 4}, "expected at least 8 sites on a positive length, got 4 on"),
        ({"amplitude": -1.0}, "expected a positive amplitude, got -1.0"),
        ({"u0": np.zeros((2, 7))}, r"expected u0 of shape \(n, 32\), got \(2, 7\)"),
        ({"u0": np.full((1, SITES), np.nan)}, "expected bonds with"),
        ({"tau": np.array([0.0, 1.0, 3.0])}, "expected evenly spaced, increasing times"),
    ],
)
def test_what_cannot_be_simulated_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refused(**settings)


def test_a_chain_that_is_lost_names_the_time() -> None:
    with pytest.raises(FloatingPointError, match=r"F = r\*\*2 \+ r is lost before τ = 0.[0-9]+: bonds from"):
        refused(force=fput(), amplitude=0.07, courant=0.7, u0=fields(highest=8), tau=np.arange(30) * 0.05)


@pytest.mark.usefixtures("unchecked_shapes")
def test_states_of_different_shapes_are_refused() -> None:
    data = refused()
    with pytest.raises(ValueError, match="expected r and v .*, got shapes"):
        ChainData(data.r, data.v[:, 1:], data.t, 0.1, data.force, 1.0, 0.05, VERLET)
