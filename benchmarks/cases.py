"""The data sets of the accuracy benchmark, and how a method is judged on one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float

from benchmarks.machine import peak_megabytes
from mesoscribe import Trajectories, load, simulate
from mesoscribe.diagnostics.measure.energy import energy_along
from mesoscribe.diagnostics.measure.errors import Predictor, RollOut, error_of, follow, rollout_error
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.symbolic.systems.catalog import CATALOG

STEPS = (1, 5, 20, 100)
LONG = 10  # training horizons of the long roll-out
NEW = 10_000  # seed of its initial fields, which nothing has seen
COURANT = {"fput": 0.169, "fene": 0.198}  # of the official chains: 500 and 930 leapfrog steps a frame


@dataclass(frozen=True)
class Row:
    """A method on a data set.

    Args:
        method: its name; parameters: how many; seconds: of one processor to train; steps: of its optimiser.
        errors: relative RMSE of roll-outs from frame 0 on test trajectories, by step.
        long: the same on new trajectories of ten horizons; lost: how many of those it could not follow.
        energy: how far the true energy of those roll-outs is from that of the trajectories at most, of its
            largest value; None where the true energy is not known.
        note: what it found.  peak_mb: most memory of the process up to here.
    """

    method: str
    parameters: int
    seconds: float
    errors: dict[int, float]
    long: dict[int, float] = field(default_factory=dict)
    lost: int = 0
    energy: float | None = None
    steps: int = 0
    note: str = ""
    peak_mb: float = 0.0


@dataclass(frozen=True)
class Case:
    """A data set with what everything is judged on.

    Args:
        name: in the catalogue; source: a file, or the catalogue; parts: train, validation and test.
        long: new trajectories of ten horizons, if they are asked for.
    """

    name: str
    source: str
    parts: Split
    long: Trajectories | None

    def row(self, method: str, predictor: Predictor, parameters: int, seconds: float, **more: object) -> Row:
        """Judge a method."""
        errors = _errors(predictor, self.parts.test, STEPS)
        found = Row(method, parameters, seconds, errors, peak_mb=peak_megabytes(), **more)  # type: ignore[arg-type]
        if self.long is None:
            return found
        rolled = follow(predictor, self.long)
        judged = error_of(rolled, self.long)
        leads = (STEPS[-1], LONG * STEPS[-1])
        long = {n: judged.at(n) for n in leads}
        return replace(found, long=long, lost=len(judged.lost), energy=self._energy_error(rolled))

    def _energy_error(self, rolled: RollOut) -> float | None:
        """max over t of |V(û) - V(u)| / max |V(u)|, averaged over trajectories; V is the true energy."""
        if self.name not in CATALOG:
            return None
        found, true = self._energies(rolled), self._true_energies
        off = np.abs(np.where(np.isfinite(found), found, np.inf) - true)
        return float((off.max(1) / np.abs(true).max(1)).mean())

    @cached_property
    def _true_energies(self) -> Float[np.ndarray, "n nt"]:
        assert self.long is not None
        return self._energies(RollOut(self.long.u))

    def _energies(self, rolled: RollOut) -> Float[np.ndarray, "n nt"]:
        """The true V along roll-outs of the new trajectories, NaN where one was lost."""
        assert self.long is not None
        return energy_along(CATALOG[self.name].law, rolled, self.long).values


def _errors(predictor: Predictor, data: Trajectories, steps: tuple[int, ...]) -> dict[int, float]:
    judged = rollout_error(predictor, data)
    return {n: judged.at(n) for n in steps if n <= judged.last}


def case(name: str, folder: Path | None, seed: int, n_long: int) -> Case:
    """The data of a system."""
    file = None if folder is None else folder / f"{name}_train.hdf5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the official one-dimensional files do not close
        found = file is not None and file.is_file()
        data = load(file) if found else simulate(name, 48, seed=seed)  # type: ignore[arg-type]
    chain = {"courant": COURANT[name]} if found and name in COURANT else {}
    sampling = {"n_frames": LONG * (data.n_frames - 1) + 1, "dt": data.dt, "points": data.domain.shape[0]}
    long = simulate(name, n_long, seed=NEW, **sampling, **chain) if n_long else None  # type: ignore[arg-type]
    return Case(name, file.name if found and file else "catalogue", data.split(seed), long)
