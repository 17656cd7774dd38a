"""The baselines of the benchmarks work: steppers step and learn, the classical solver converges."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.cases import Case
from benchmarks.machine import interleaved
from benchmarks.peers.classical import TRUE_LAWS, Classical, Persistence
from benchmarks.peers.networks import Convolutions, FourierOperator
from benchmarks.peers.onsagernet import OfficialSetting, OnsagerNet, ResOnsagerNet
from benchmarks.peers.sparse_equation import SparseEquation, parsed
from benchmarks.peers.stepper import SteppedForecast, Stepper
from benchmarks.peers.training import train
from benchmarks.speed.transforms import Transform, alone, counted
from mesoscribe.diagnostics.measure.errors import persistence_error, rollout_error
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG, simulate
from mesoscribe.symbolic.systems.initial import InitialField

NO_FNO = pytest.mark.skipif(
    find_spec("neuralop") is None, reason="neuraloperator is not installed: make bench"
)
STEPPERS = [
    pytest.param(FourierOperator, marks=NO_FNO),
    Convolutions,
    OnsagerNet,
    ResOnsagerNet,
    OfficialSetting,
]
LINE = Domain((32,), (2 * np.pi,))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def data() -> Trajectories:
    """Few and short trajectories of Allen–Cahn."""
    return simulate("allen_cahn", 6, points=32, n_frames=12, seed=0)


def fields(domain: Domain, n: int = 3) -> torch.Tensor:
    return torch.randn(n, *domain.shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("make", STEPPERS)
def test_a_stepper_maps_fields_to_fields_and_every_parameter_is_trained(
    make: Callable[[Domain, float], Stepper],
) -> None:
    torch.manual_seed(0)
    stepper, v = make(LINE, 0.1), fields(LINE)
    after = stepper(v)
    assert after.shape == v.shape
    assert after.dtype == v.dtype
    (after**2).sum().backward()
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in stepper.parameters())


@pytest.mark.parametrize("make", [Convolutions, OfficialSetting, pytest.param(FourierOperator, marks=NO_FNO)])
def test_steppers_of_planes(make: Callable[[Domain, float], Stepper]) -> None:
    plane = Domain((16, 16), (1.0, 1.0))
    stepper = make(plane, 0.1) if make is not FourierOperator else FourierOperator(plane, 0.1, modes=8)
    assert stepper(fields(plane)).shape == (3, 16, 16)


@pytest.mark.parametrize("make", [Convolutions, pytest.param(FourierOperator, marks=NO_FNO)])
def test_unstructured_steppers_commute_with_translations(make: Callable[[Domain, float], Stepper]) -> None:
    torch.manual_seed(0)
    stepper, v = make(LINE, 0.1).eval(), fields(LINE)
    moved = stepper(v.roll(5, -1)).roll(-5, -1)
    torch.testing.assert_close(moved, stepper(v), rtol=1e-4, atol=1e-5)


def test_operators_of_onsagernet_dissipate_its_energy() -> None:
    torch.manual_seed(0)
    net, v = OnsagerNet(LINE, 0.1).eval(), fields(LINE).requires_grad_()
    V = 0.5 * net.log_alpha.exp() * (v**2).sum(-1) + net.energy(v)[:, 0]
    (g,) = torch.autograd.grad(V.sum(), v)
    assert bool(((net.rate(v) * g).sum(-1) < 0).all())


def test_the_loop_learns_and_keeps_its_best_weights(data: Trajectories) -> None:
    parts = data.split(0)
    trained = train(lambda domain, h: Convolutions(domain, h, width=8, blocks=1), parts, seconds=1.5, seed=0)
    assert trained.steps > 5
    assert rollout_error(trained.forecast, parts.train).at(1) < 0.7 * persistence_error(parts.train).at(1)


def test_a_forecast_that_is_lost_is_infinite_and_not_an_error(data: Trajectories) -> None:
    class Growing(Convolutions):
        def rate(self, v: torch.Tensor) -> torch.Tensor:
            return 1e9 * v

    forecast = SteppedForecast(Growing(LINE, 1.0), data.scales, data.dt)
    errors = rollout_error(forecast, data)
    assert errors.at(1) > 1
    assert errors.at(11) == np.inf
    with pytest.raises(ValueError, match="multiples"):
        forecast.simulate(data.u[:, 0], np.array([0, 0.7]) * data.dt)


@pytest.mark.parametrize("name", ["allen_cahn", "kdv"])
def test_sbdf1_converges_to_the_truth_with_order_one(name: str) -> None:
    system = CATALOG[name]
    assert isinstance(system.initial, InitialField)
    smooth = replace(system, initial=replace(system.initial, highest=3))
    truth = smooth.trajectories(3, points=64, n_frames=3, seed=1)
    errors = [rollout_error(Classical(TRUE_LAWS[name], n), truth).at(2) for n in (4, 8, 16, 32)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert errors[-1] < 5e-3
    assert np.all(np.abs(orders - 1) < 0.15), (errors, orders)


def test_persistence_is_the_projects_own(data: Trajectories) -> None:
    assert rollout_error(Persistence(), data).at(5) == persistence_error(data).at(5)


@pytest.mark.parametrize(
    ("name", "what"), [("x0", (1, 0)), ("x0^3", (3, 0)), ("x0_11", (0, 2)), ("x0^2x0_111", (2, 3))]
)
def test_names_of_pysindys_terms_are_read(name: str, what: tuple[int, int]) -> None:
    assert parsed(name) == what


def test_a_sparse_equation_with_the_true_terms_follows_the_truth(data: Trajectories) -> None:
    kdv = simulate("kdv", 2, points=64, n_frames=4, seed=0)
    burgers = SparseEquation({"x0_111": -1.0, "x0x0_1": -6.0}, kdv.domain.lengths)
    assert rollout_error(burgers, kdv).at(3) < 1e-4
    reaction = SparseEquation({"x0_11": 1.0, "x0": 100.0, "x0^3": -100.0}, data.domain.lengths)
    assert rollout_error(reaction, data).at(11) < 1e-4


def test_transforms_are_counted_and_replayed() -> None:
    with counted() as seen:
        LINE.ifft(LINE.fft(fields(LINE).double()))
    one, other = Transform(False, (3, 32), 1, "float64"), Transform(True, (3, 32), 1, "float64")
    assert seen == {one: 1, other: 1}
    many = seen.copy()
    many[one], many[other] = 60, 60
    run, often = alone(many, "scipy", at_most=12)
    run()
    assert often == 10
    assert set(interleaved({"bare": run}, seconds=0)) == {"bare"}


def test_energy_of_long_roll_outs_is_compared_with_that_of_the_trajectories() -> None:
    long = simulate("allen_cahn", 2, n_frames=1001, dt=1e-5, points=32)
    case = Case("allen_cahn", "catalogue", simulate("allen_cahn", 4, points=32).split(0), long)
    true, still = (case.row("", one, 0, 0.0) for one in (CATALOG["allen_cahn"].law, Persistence()))
    assert true.energy == pytest.approx(0, abs=1e-6)
    V = CATALOG["allen_cahn"].law.energies(long.u).total.numpy()
    assert still.energy == pytest.approx(np.mean(np.ptp(V, axis=1) / np.abs(V).max(1)), rel=1e-6)


def test_no_script_hides_a_library() -> None:
    """A script's folder comes first on the path: a coverage.py there would be what numba imports."""
    libraries = {"coverage", *sys.stdlib_module_names}
    assert not libraries & {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
