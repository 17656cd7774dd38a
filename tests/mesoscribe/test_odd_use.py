"""Odd and long use: few trajectories and points, fields of zeros, any units, any names of files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mesoscribe import Domain, Schedule, Trajectories, distill, fit, load, simulate
from mesoscribe.diagnostics.judge.cautions import energy_cautions
from mesoscribe.diagnostics.measure.energy import EnergyTrace
from mesoscribe.diagnostics.measure.guarantee import Bound, Guarantee
from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.dynamics.error import relative_rmse
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.select.distill import distillation

SHORT = Schedule(steps=(5, 5, 10))


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return simulate("allen_cahn", 4, points=32, n_frames=12, dt=1e-3)


def remade(data: Trajectories, *, u: float = 1.0, t: float = 1.0, x: float = 1.0) -> Trajectories:
    """The same data in other units."""
    return Trajectories.from_arrays(u * data.u, t * data.t, x * data.domain.coordinates[0], layout="ntx")


def other(data: Trajectories, u: np.ndarray, t: np.ndarray) -> Trajectories:
    """Other fields or times on the same box."""
    return Trajectories.from_arrays(u, t, data.domain.coordinates[0], layout="ntx")


def found(data: Trajectories) -> dict[str, float]:
    """The terms of the law of data."""
    parts = data.split(0)
    model = fit(parts.train, validation=parts.validation, schedule=SHORT, progress=False)
    law = distill(model, parts.train, validation=parts.validation)
    return {row.name: row.value for row in equation_terms(law)}


@pytest.fixture(scope="module")
def terms(data: Trajectories) -> dict[str, float]:
    return found(data)


UNITS = [(1e6, 1e-6, 1e6), (1e-6, 1e6, 1e-6), (3e4, 7e-5, 2e3)]


@pytest.mark.slow
@pytest.mark.parametrize(("x", "t", "u"), UNITS)
def test_law_follows_the_units(
    x: float, t: float, u: float, data: Trajectories, terms: dict[str, float]
) -> None:
    rescaled = found(remade(data, x=x, t=t, u=u))
    assert rescaled.keys() == terms.keys() == {"u_xx", "u", "u**3"}
    factors = {"u_xx": x**2 / t, "u": 1 / t, "u**3": 1 / (t * u**2)}
    for name, value in terms.items():
        assert rescaled[name] == pytest.approx(value * factors[name], rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [slice(0, 3), slice(0, 4)])
def test_few_trajectories_in_single_precision_and_late_give_the_law(
    kept: slice, data: Trajectories, terms: dict[str, float]
) -> None:
    late = found(other(data, data.u[kept].astype("f4"), data.t + 1e3))
    assert late.keys() == terms.keys()
    for name, value in terms.items():
        assert late[name] == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize("value", [0.0, 2.5])
def test_constant_fields_are_refused(value: float, data: Trajectories) -> None:
    with pytest.raises(ValueError, match="fields that change in time, got constant ones"):
        fit(other(data, np.full_like(data.u, value), data.t), progress=False)


def test_network_without_skill_is_said_where_its_law_explains_nothing(data: Trajectories) -> None:
    parts = data.split(0)
    model = fit(parts.train, validation=parts.validation, schedule=SHORT, progress=False)
    x = data.domain.coordinates[0]
    train, validation = (
        Trajectories.from_arrays(part.u[:, ::-1] ** 3, data.t, x, layout="ntx")  # others, and backwards
        for part in (parts.train, parts.validation)
    )
    end = distillation(model, train, validation=validation)
    assert not end.laws.explained
    assert any("the network explains most of the change of no mode" in note for note in end.notes)


def test_many_points_are_read(tmp_path: Path) -> None:
    x = np.arange(65536) * 1e-3
    u = np.sin(2 * np.pi * x / 65.536) * np.exp(-np.arange(4.0))[None, :, None]
    np.savez(tmp_path / "long.npz", u=u, t=np.arange(4.0), x=x)
    assert load(tmp_path / "long.npz").domain.shape == (65536,)


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_units_beyond_doubles_are_refused(scale: float, data: Trajectories) -> None:
    for unit in ("u", "t", "x"):
        with pytest.raises(ValueError, match="expected .* of at most 1e.100 .*; choose another unit"):
            remade(data, **{unit: scale})


@pytest.mark.parametrize("name", ["with space.npz", "Ωmega 数据 😀.npz", "-dash.npz", "quote'\".npz"])
def test_any_name_of_a_file_will_do(name: str, data: Trajectories, tmp_path: Path) -> None:
    folder = tmp_path / "ein Ördner"
    folder.mkdir()
    data.save(folder / name)
    np.testing.assert_array_equal(load(folder / name).u, data.u)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_is_read_only_is_told(data: Trajectories, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "a", "text")


def test_frames_of_zeros_do_not_drown_the_others() -> None:
    truth = np.ones((2, 3, 8))
    truth[1] = 0.0
    predicted = truth + 1e-17
    predicted[0] += 0.5
    error = relative_rmse(predicted, truth, Domain((8,), (1.0,)))
    np.testing.assert_allclose(error, 0.25 + 0.5e-17 / np.finfo(float).eps)
    predicted[0, 2] = 1e200
    assert relative_rmse(predicted, truth, Domain((8,), (1.0,)))[2] == np.inf


TIMES = np.arange(3.0)


@pytest.mark.parametrize(
    ("case", "values", "said"),
    [
        ("dissipative", [[3.0, 2.0, 2.1]], "rises in a frame by 0.033 of its size, but it may only fall"),
        ("mixed", [[3.0, 2.0, 1.0]], ""),
        ("conservative", [[1.0, 0.9, 0.8], [1.0, 1.0, 1.0]], "changes by 0.2 of its size, but it may not"),
        ("conservative", [[1.0, 1.0 + 1e-6, np.nan]], ""),
    ],
)
def test_energy_that_does_what_it_must_not_is_told(case: str, values: list[list[float]], said: str) -> None:
    trace = EnergyTrace("law", np.tile(TIMES, (len(values), 1)), np.array(values))
    told = " ".join(energy_cautions(Guarantee(case, Bound.BELOW, 0, ""), trace))
    assert said in told
    assert bool(said) == bool(told)
    assert not list(energy_cautions(Guarantee(case, Bound.BELOW, 2, ""), trace))
