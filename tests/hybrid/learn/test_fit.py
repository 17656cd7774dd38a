"""The fit: reproducible, never worse than where it started, honest about a time cap and about failure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from mesoscribe import OnsagerModel, Schedule, Trajectories, fit
from mesoscribe.hybrid.learn.imitate import band_limited, build
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start
from tests.support.examples import ALLEN_CAHN, KDV

SHORT = Schedule(leads=(1, 2), steps=(10, 10), batch=8, every=5)


@pytest.fixture(scope="module")
def data() -> Trajectories:
    return ALLEN_CAHN.data(frames=25)


@pytest.fixture(scope="module")
def model(data: Trajectories) -> OnsagerModel:
    return fit(data, schedule=SHORT, seed=3, progress=False)


def test_network_starts_as_the_warm_start() -> None:
    data = KDV.data(frames=25)
    warm = warm_start(*data.parts(0, (0.75, 0.25)))
    model = build(warm, data)
    assert model.case is Case.CONSERVATIVE
    u0, t = data.u[:2, 0], data.t[:5]
    v = warm.scales.to_scaled(u0)
    member = warm.member()
    rhs = member.domain.ifft(member.domain.fft(member.rhs(torch.as_tensor(v))) * member.mask)
    h = 1e-4 * data.dt
    slope = (
        model.simulate(u0, np.array([0, h, 2 * h]))[:, 2] - model.simulate(u0, np.array([0, h]))[:, 1]
    ) / h
    expected = rhs.numpy() * warm.scales.amplitude / warm.scales.time
    np.testing.assert_allclose(slope, expected, atol=2e-2 * np.abs(expected).max())
    assert band_limited(warm, data).shape[2:] == model.domain.shape
    assert np.isfinite(model.simulate(u0, t)).all()


def test_same_seed_gives_the_same_bits(data: Trajectories, model: OnsagerModel) -> None:
    again = fit(data, schedule=SHORT, seed=3, progress=False)
    for (name, ours), theirs in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    assert model.record is not None
    assert again.record is not None
    assert model.record.history == again.record.history


def test_fit_is_never_worse_than_its_warm_start(model: OnsagerModel) -> None:
    record = model.record
    assert record is not None
    steps, scores = zip(*record.history, strict=True)
    assert steps == (0, 5, 10, 15, 20)
    assert record.steps == 20
    assert record.best_step == steps[int(np.argmin(scores))]
    assert min(scores) <= scores[0]
    assert not record.capped
    assert set(record.seconds) == {"factorise", "fit"}


def test_training_improves_on_a_spoiled_start(data: Trajectories, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*args: object, **options: object) -> object:
        warm = warm_start(*args, **options)  # type: ignore[arg-type]
        return dataclasses.replace(warm, f=1.2 * warm.f)

    import sys

    monkeypatch.setattr(sys.modules["mesoscribe.hybrid.learn.fit"], "warm_start", spoiled)
    schedule = Schedule(leads=(1, 3), steps=(20, 40), batch=16, every=20, rate=3e-3)
    record = fit(data, schedule=schedule, progress=False).record
    assert record is not None
    assert min(score for _, score in record.history) < 0.7 * record.history[0][1]


def test_time_cap_that_fires_is_recorded(data: Trajectories) -> None:
    schedule = dataclasses.replace(SHORT, max_minutes=1e-4)
    record = fit(data, schedule=schedule, progress=False).record
    assert record is not None
    assert record.capped
    assert record.steps < 20


def test_time_cap_that_does_not_fire_is_not_recorded(data: Trajectories) -> None:
    record = fit(data, schedule=dataclasses.replace(SHORT, max_minutes=10.0), progress=False).record
    assert record is not None
    assert not record.capped
    assert record.steps == 20


def test_lightning_is_quiet(data: Trajectories, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    fit(data, schedule=dataclasses.replace(SHORT, steps=(2, 2)), progress=False)
    assert capfd.readouterr() == ("", "")


def test_fewer_frames_than_the_longest_lead_are_used_as_they_are() -> None:
    schedule = Schedule(leads=(1, 20), steps=(2, 2), batch=4, every=2)
    assert fit(ALLEN_CAHN.data(frames=8), schedule=schedule, progress=False).record is not None


def test_non_finite_fit_names_the_step(data: Trajectories) -> None:
    schedule = dataclasses.replace(SHORT, rate=1e200)
    with pytest.raises(FloatingPointError, match=r"not finite at step \d+ .*lower the learning rate"):
        fit(data, schedule=schedule, progress=False)


def test_constant_data_are_refused() -> None:
    x, t = np.arange(16.0), np.arange(20.0)
    data = Trajectories.from_arrays(np.ones((4, 20, 16)) * np.sin(2 * np.pi * x / 16), t, x, layout="ntx")
    with pytest.raises(ValueError, match="fields that change in time"):
        fit(data, progress=False)


def test_schedule_counts_steps() -> None:
    schedule = Schedule(leads=(1, 3, 5), steps=(10, 5, 5))
    assert [schedule.lead(step) for step in (0, 9, 10, 14, 15, 19, 99)] == [1, 1, 3, 3, 5, 5, 5]
