"""What is wrong with data is found before a model is, and nothing is found in good ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mesoscribe import Trajectories, load, simulate
from mesoscribe.hybrid.data.outliers import outliers
from mesoscribe.hybrid.data.screening import screen
from mesoscribe.hybrid.readers.filecheck import check

HARD = Path(__file__).resolve().parents[4] / "shared" / "hard"
POINTS = 64


def hard(name: str) -> Path:
    """The path of a file of hard inputs, or a skip where it is absent."""
    if not (HARD / name).is_file():
        pytest.skip(f"{name} is not in {HARD}")
    return HARD / name


def waves(noise: float = 0.0, n: int = 6, frames: int = 30) -> np.ndarray:
    """Waves that travel, (n, nt, x), each of its own shape."""
    rng = np.random.default_rng(0)
    x, t = 2 * np.pi * np.arange(POINTS) / POINTS, 0.1 * np.arange(frames)[:, None]
    u = np.zeros((n, frames, POINTS))
    for k in range(1, 6):
        u += rng.normal(size=(n, 1, 1)) * np.sin(k * (x - t) + rng.uniform(0, 7, (n, 1, 1))) / k
    return u + noise * rng.normal(size=u.shape)


def as_data(u: np.ndarray) -> Trajectories:
    """Trajectories of fields (n, nt, x)."""
    x = 2 * np.pi * np.arange(u.shape[2]) / u.shape[2]
    return Trajectories.from_arrays(u, 0.1 * np.arange(u.shape[1]), x, layout="ntx")


def kinds(u: np.ndarray) -> list[str]:
    return [finding.kind for finding in screen(as_data(u))]


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.1, 0.5])
def test_nothing_is_found_in_waves_and_noise(noise: float) -> None:
    assert kinds(waves(noise)) == []


@pytest.mark.parametrize("name", ["allen_cahn", "kdv", "ohta_kawasaki"])
def test_nothing_is_found_in_systems_of_the_catalogue(name: str) -> None:
    assert screen(simulate(name, n_trajectories=4, seed=0)) == ()


@pytest.mark.parametrize("name", ["allen_cahn_train.hdf5", "kdv_train.hdf5", "fene_train.hdf5"])
def test_nothing_is_found_in_the_official_files(name: str, official: Callable[[str], Path]) -> None:
    assert screen(load(official(name))) == ()


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_single_bad_values_are_found_where_they_are(noise: float) -> None:
    u = waves(noise)
    at = (np.array([0, 2, 5]), np.array([0, 14, 29]), np.array([3, 40, 63]))
    u[at] += np.array([8.0, -8.0, 8.0])
    assert np.argwhere(outliers(u, np.arange(float(u.shape[1])))).tolist() == np.stack(at, axis=1).tolist()
    (finding,) = screen(as_data(u))
    assert (finding.kind, finding.count) == ("outliers", 3)
    assert "3 bad values" in str(finding)


def spoiled(how: Callable[[np.ndarray], None]) -> np.ndarray:
    u = waves()
    how(u)
    return u


def stick(u: np.ndarray) -> None:
    u[:, :, 17] = 0.0


def repeat(u: np.ndarray) -> None:
    u[2, 10] = u[2, 9]


def drift(u: np.ndarray) -> None:
    u += 0.02 * np.arange(u.shape[1])[:, None]


@pytest.mark.parametrize(
    ("how", "kind", "count"),
    [(stick, "stuck points", 1), (repeat, "repeated frames", 1), (drift, "baseline", 6)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_faults_of_instruments_are_found(how: Callable[[np.ndarray], None], kind: str, count: int) -> None:
    found = {finding.kind: finding.count for finding in screen(as_data(spoiled(how)))}
    assert found.get(kind) == count


def test_quantised_fields_are_told_with_their_step() -> None:
    (finding,) = (f for f in screen(as_data(np.round(waves() * 20) / 20)) if f.kind == "quantisation")
    assert "0.05 apart" in str(finding)


def test_coarse_frames_and_points_are_told_from_noise() -> None:
    unrelated = waves(n=60, frames=4)[:, 0].reshape(6, 10, POINTS)
    assert kinds(unrelated) == ["frames"]
    assert "points" in kinds(waves()[:, :, ::6])
    rng = np.random.default_rng(1)
    assert "points" not in kinds(waves() + 0.3 * rng.normal(size=waves().shape))


@pytest.mark.parametrize("seed", range(8))
def test_few_noisy_frames_of_a_field_that_hardly_changes_are_not_called_coarse(seed: int) -> None:
    """Noise in a mode correlates by chance from one of five frames to the next."""
    still = np.repeat(waves(n=1, frames=1), 5, axis=1)
    noisy = still + 0.01 * still.std() * np.random.default_rng(seed).normal(size=still.shape)
    assert not {"frames", "points"} & set(kinds(noisy))


def test_check_says_what_it_found(tmp_path: Path) -> None:
    as_data(spoiled(stick)).save(tmp_path / "a.nc")
    said = repr(check(tmp_path / "a.nc"))
    assert "beware  1 of 64 points never change" in said


@pytest.mark.parametrize(
    ("name", "kind"), [("outlier_ac_0.h5", "outliers"), ("dead_ac_0.h5", "stuck points")]
)
def test_blemished_files_are_recognised(name: str, kind: str) -> None:
    assert kind in [finding.kind for finding in screen(load(hard(name)))]
