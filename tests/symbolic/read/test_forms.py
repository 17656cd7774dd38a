"""What a network says of its laws before any of them is read off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.symbolic.read.forms import Network
from tests.support.examples import KDV


def blurred(data: Trajectories) -> Trajectories:
    """The same with noise in the first frame only."""
    u = data.u.copy()
    u[:, 0] += 0.05 * np.random.default_rng(0).normal(size=u[:, 0].shape)
    return Trajectories.from_arrays(u, data.t, data.domain.coordinates[0], layout="ntx")


def test_first_frame_is_the_one_of_the_fit(tmp_path: Path) -> None:
    clean = KDV.data(frames=25)
    noisy = blurred(clean)
    for data, other, first in ((clean, noisy, 0), (noisy, clean, 1)):
        train, validation = data.parts(0, (0.75, 0.25))
        build(warm_start(train, validation), train).save(tmp_path)
        model = OnsagerModel.load(tmp_path)
        assert model.setting.first_frame == first
        assert Network.of(model, *other.parts(0, (0.75, 0.25))).first == first
    late = OnsagerModel(replace(model.setting, first_frame=24))
    late.load_state_dict(model.state_dict())
    with pytest.raises(ValueError, match="expected at least 26 frames.*got 25"):
        Network.of(late, clean, clean)
