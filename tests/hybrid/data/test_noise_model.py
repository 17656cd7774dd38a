"""The kind of noise is told from the data alone."""

from __future__ import annotations

import numpy as np
import pytest

from mesoscribe.hybrid.data.noise_model import NoiseModel, findings
from mesoscribe.hybrid.data.trajectories import Trajectories

X, T = np.arange(64) * 2 * np.pi / 64, np.arange(120) * 0.02
CLEAN = np.stack(
    [np.cos(X - 1.3 * T[:, None]) + 0.5 * np.sin(2 * X + T[:, None] + phase) for phase in (0, 2)]
)
WHITE = np.random.default_rng(1).standard_normal(CLEAN.shape)


def correlated_in_time(white: np.ndarray) -> np.ndarray:
    out = white.copy()
    for i in range(1, out.shape[1]):
        out[:, i] = 0.8 * out[:, i - 1] + 0.6 * white[:, i]
    return out


NOISES = {
    "noise": 0.2 * WHITE,
    "noise in x": 0.1 * sum(np.roll(WHITE, i, -1) for i in range(4)),
    "noise in t": 0.2 * correlated_in_time(WHITE),
    "multiplicative noise": 0.1 * CLEAN * WHITE,
}


@pytest.mark.parametrize("kind", NOISES)
def test_kind_of_noise_is_told(kind: str) -> None:
    data = Trajectories.from_arrays(CLEAN + NOISES[kind], T, X, layout="ntx")
    told = {found.kind for found in findings(data) if "noise" in found.kind}
    assert told == {"noise", kind}


@pytest.mark.parametrize("level", [0.05, 1.0])
def test_level_is_that_of_the_noise(level: float) -> None:
    data = Trajectories.from_arrays(CLEAN + level * CLEAN.std() * WHITE, T, X, layout="ntx")
    assert abs(NoiseModel.of(data).level / level - 1) < 0.1


def test_clean_fields_have_none() -> None:
    data = Trajectories.from_arrays(CLEAN, T, X, layout="ntx")
    assert not list(NoiseModel.of(data).findings)
