"""Fields of three dimensions from every layout, and back from a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mesoscribe import Trajectories, load
from mesoscribe.hybrid.readers.filecheck import check

T, X, Y, Z = np.arange(5) * 0.1, np.arange(8) * 0.25, np.arange(10) * 0.5, np.arange(12) * 0.125
PHASES = np.meshgrid(*(2 * np.pi * c / (c.size * c[1]) for c in (X, Y, Z)), indexing="ij")
U = np.stack(
    [[np.sin(PHASES[0] - t) * np.cos(PHASES[1] + i) + np.cos(PHASES[2]) for t in T] for i in range(3)]
)


def hdf5(path: Path, **arrays: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values


Write = Callable[[Path], object]
FILES: dict[str, tuple[str, Write, dict[str, Any]]] = {
    "official": (
        ".h5",
        lambda p: hdf5(p, u_sol_all=U[..., None], t_coord=T, x_coord=X, y_coord=Y, z_coord=Z),
        {},
    ),
    "PDEBench": (
        ".hdf5",
        lambda p: hdf5(
            p, **{"density": U, "t-coordinate": T, "x-coordinate": X, "y-coordinate": Y} | {"z-coordinate": Z}
        ),
        {"u": "density"},
    ),
    "The Well": (
        ".hdf5",
        lambda p: hdf5(
            p,
            **{"t0_fields/c": U, "dimensions/time": T, "dimensions/x": X}
            | {"dimensions/y": Y, "dimensions/z": Z},
        ),
        {},
    ),
    "channels first, length": (
        ".h5",
        lambda p: hdf5(p, data=U[:, :, None], times=T),
        {"layout": "ntcxyz", "length": "2,5,1.5"},
    ),
    "own order": (
        ".npz",
        lambda p: np.savez(p, u=U.transpose(4, 2, 0, 1, 3), t=T, x=X, y=Y, z=Z),
        {"layout": "zxnty"},
    ),
    "by the lengths": (".npz", lambda p: np.savez(p, u=U.transpose(0, 4, 2, 3, 1), t=T, x=X, y=Y, z=Z), {}),
    "saved, netCDF": (".nc", lambda p: Trajectories.from_arrays(U, T, X, Y, Z).save(p), {}),
    "saved, npz": (".npz", lambda p: Trajectories.from_arrays(U, T, X, Y, Z).save(p), {}),
}


@pytest.mark.parametrize(("suffix", "write", "options"), FILES.values(), ids=FILES.keys())
def test_every_layout_gives_the_same_trajectories(
    tmp_path: Path, suffix: str, write: Write, options: dict[str, Any]
) -> None:
    path = tmp_path / f"data{suffix}"
    write(path)
    data = load(path, **options)
    np.testing.assert_allclose(data.u, U, atol=1e-12)
    assert data.domain.lengths == pytest.approx((2.0, 5.0, 1.5))
    assert "3 trajectories" in (said := str(check(path, **options))) or "3 of 5 frames" in said


def test_third_coordinate_needs_a_second_one() -> None:
    with pytest.raises(ValueError, match="expected y beside z, got z alone"):
        Trajectories.from_arrays(U[..., 0, :], T, X, z=Z)


def test_repeated_endpoint_along_z_is_dropped() -> None:
    closed = np.concatenate([U, U[..., :1]], axis=-1)
    data = Trajectories.from_arrays(closed, T, X, Y, np.append(Z, 1.5), layout="ntxyz")
    assert data.domain.shape == (8, 10, 12)
    assert any("last point along z" in note for note in data.notes)


def test_picture_shows_the_plane_in_the_middle() -> None:
    figure = Trajectories.from_arrays(U, T, X, Y, Z).plot()
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(np.asarray(shown), U[0, 0, :, :, 6].T)
