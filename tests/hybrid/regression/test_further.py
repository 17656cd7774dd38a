"""Products over trajectories that memory does not hold are those of all of them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from mesoscribe import load, simulate
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers import rest
from mesoscribe.hybrid.regression.further import further_products
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.regression.weak_form import gram
from tests.support.numbers import change

DATA = simulate("allen_cahn", 12, points=16, n_frames=40, seed=1)


def written(path: Path, data: Trajectories = DATA) -> Path:
    with h5py.File(path, "w") as file:
        file["u_sol_all"] = data.u[..., None]
        file["t_coord"], file["x_coord"] = data.t, data.dataset["x"].values
    return path


def gib(values: int) -> float:
    return 8 * values / 2**30


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three trajectories, or less than one, in a piece."""
    change(monkeypatch, rest, piece_values=3 * 40 * 16)


def options(data: Trajectories) -> dict[str, Any]:
    domain = data.scales.domain(data.domain)
    return {"domain": domain, "half_width": 2, "mask": domain.within(np.inf), "powers": 3, "densities": ()}


@pytest.mark.usefixtures("small_pieces")
def test_every_trajectory_of_a_file_is_summed_once(tmp_path: Path) -> None:
    part = load(written(tmp_path / "data.h5"), memory=gib(4 * 40 * 16))
    assert part.rest is not None
    made = further_products(part.rest, DATA.scales, 0, options(DATA))
    assert made is not None
    others = [row for row in range(12) if row % 3]
    whole = gram(DATA.scales.to_scaled(DATA.u[others]), t=DATA.elapsed / DATA.scales.time, **options(DATA))
    np.testing.assert_allclose(made.values.sum(0), whole.values.sum(0), rtol=1e-10, atol=1e-12)
    assert made.n_windows * len(made.values) == pytest.approx(whole.n_windows * len(whole.values), abs=2)


@pytest.mark.usefixtures("small_pieces")
def test_a_long_trajectory_is_read_in_time(tmp_path: Path) -> None:
    long = simulate("allen_cahn", 1, points=16, n_frames=700, dt=1e-4)
    part = load(written(tmp_path / "data.h5", long), memory=gib(100 * 16))
    assert part.rest is not None
    assert part.n_frames == 100
    made = further_products(part.rest, long.scales, 0, options(long))
    assert made is not None
    later, t = long.scales.to_scaled(long.u[:, 100:]), long.elapsed[100:] / long.scales.time
    whole = gram(later, t=t, **options(long))
    seen = made.values.sum(0)[..., 1, 1].real / whole.values.sum(0)[..., 1, 1].real.max()
    wanted = whole.values.sum(0)[..., 1, 1].real / whole.values.sum(0)[..., 1, 1].real.max()
    np.testing.assert_allclose(seen, wanted, atol=2e-2)


def test_trajectories_that_are_held_out_are_not_learned_from(tmp_path: Path) -> None:
    part = load(written(tmp_path / "data.h5"), memory=gib(6 * 20 * 16))
    split = part.split(0)
    held = {row for p in (split.validation_part, split.test_part) for row in p.trajectories}
    assert isinstance(part.rest, rest.FileRest)
    assert split.train.rest is not None
    assert split.validation.rest is None
    rows = {row for piece in split.train.rest.pieces(4) if len(piece.rows) == 1 for row in piece.rows}
    assert rows.isdisjoint(part.rest.in_memory[i] for i in held)


def test_the_whole_file_makes_the_member(tmp_path: Path) -> None:
    whole = simulate("allen_cahn", 24, points=16, n_frames=21, seed=1, noise=0.02)
    part = load(written(tmp_path / "data.h5", whole), memory=gib(6 * 21 * 16))
    train, validation = part.parts(0, (0.7, 0.3))
    few = warm_start(train.select(), validation)
    all_of_it = warm_start(train, validation)
    assert all_of_it.evidence.blocks >= few.evidence.blocks
    low = whole.domain.k[0] <= 6

    def off(start: WarmStart) -> float:
        rate = -(start.K * start.q).real[low] / start.scales.time
        return float(np.abs(rate - (100 - whole.domain.k[0][low] ** 2)).max())

    assert off(all_of_it) < off(few)
