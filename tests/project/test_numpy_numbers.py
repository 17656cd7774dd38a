"""NumPy's numbers do wherever Python's do: seeds, counts and what is told of the data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe import Law, PartialForces, Schedule, Trajectories, distill, fit, report, simulate
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.space.whole_number import whole_number

SEED: Any = np.int64(3)


@pytest.mark.full
def test_path_from_simulation_to_report_takes_numpy_numbers(tmp_path: Path) -> None:
    def law_of(seed: int, schedule: Schedule, out: Path) -> str:
        data = simulate("allen_cahn", type(seed)(6), points=32, n_frames=16, dt=1e-3, seed=seed)
        parts = data.split(seed)
        options: dict[str, Any] = {
            "seed": seed,
            "schedule": schedule,
            "progress": False,
            "checkpoint": tmp_path / "saved",
        }
        model = fit(parts.train, validation=parts.validation, **options)
        law = distill(model, parts.train, seed=seed, pays=1.5)
        law = replace(law, provenance=Provenance(data.source, seed))
        law.save(out / "law.json")
        if seed is SEED:
            report(model, law, parts.test, out, seed=seed, seconds={"a": rate})
            assert json.loads((out / "metrics.json").read_text())["seed"] == 3
        return (out / "law.json").read_text()

    for name in ("numpy", "python"):
        (tmp_path / name).mkdir()
    given: Any = (np.int64(1), np.int32(3)), tuple(np.array([1, 1])), np.int64(8)
    rate: Any = np.float32(0.25)
    leads, steps, batch = given
    schedule = Schedule(leads, steps, batch, rate=rate)
    assert schedule == Schedule((1, 3), (1, 1), 8, rate=0.25)
    own = law_of(SEED, schedule, tmp_path / "numpy")
    assert law_of(3, Schedule((1, 3), (1, 1), 8, rate=0.25), tmp_path / "python") == own
    assert Law.load(tmp_path / "numpy/law.json").provenance.seed == 3


def test_provenance_takes_numpy_numbers_and_arrays() -> None:
    t, x = 0.1 * np.arange(6), 0.5 * np.arange(16)
    u = np.cos(2 * np.pi * x / 8) * np.exp(-t)[:, None]
    made = {"seed": SEED, "rates": np.array([0.5, 2.0]), "walls": np.bool_(False)}
    data = Trajectories.from_arrays(u, t, x, layout="tx", provenance=made)
    assert data.provenance == {"seed": 3, "rates": [0.5, 2.0], "walls": False}
    with pytest.raises(TypeError, match="what JSON can hold, got <object"):
        Trajectories.from_arrays(u, t, x, layout="tx", provenance={"seed": object()})


@pytest.mark.parametrize("value", [1.5, True, np.float64(2), "3", None])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a whole number as seed, got"):
        whole_number("seed", value)
    with pytest.raises(ValueError, match="expected a whole number as steps, got"):
        Schedule(steps=(value,))  # type: ignore[arg-type]


def test_counts_of_sites_are_plain() -> None:
    assert repr(PartialForces(SEED)) == repr(PartialForces(3))
