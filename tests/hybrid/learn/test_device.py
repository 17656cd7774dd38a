"""Learning on another device: the steps of a training, a regression, and files that either device reads."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.chain.partial_forces import PartialForces
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.model import Model
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.fit import fit, start
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.training import RollOuts
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.device import array, on, tensor
from mesoscribe.symbolic.systems.catalog import chain_states
from tests.hybrid.learn.test_checkpoint import SHORT, Stopped, same, stop_at
from tests.support.examples import ALLEN_CAHN, KDV, fields, random_model

FORMS = [((16,), 2, Case.MIXED), ((6, 8), 2, Case.DISSIPATIVE)]


def trained(model: OnsagerModel, device: torch.device | str, windows: torch.Tensor) -> list[np.ndarray]:
    """The parameters after some steps on a device, and what a validation says."""
    with on(device, model):
        module = RollOuts(model, Schedule(leads=(2,), steps=(3,)), 1)
        optimiser, windows = torch.optim.Adam(model.parameters(), lr=1e-3), windows.to(model.theta_m.device)
        steps = tensor([[0.01], [0.02], [0.01]], like=windows)
        for _ in range(2):
            optimiser.zero_grad()
            module.training_step((windows, steps)).backward()
            optimiser.step()
        scores: list[float] = []
        module.log_score = scores.append  # type: ignore[assignment,method-assign]
        with torch.no_grad():
            module.validation_step((windows, steps))
    return [*(array(parameter) for parameter in model.parameters()), np.array(scores)]


@pytest.mark.parametrize(("shape", "low_modes", "case"), FORMS)
def test_a_training_takes_the_steps_of_the_cpu(
    shape: tuple[int, ...], low_modes: int, case: Case, other_device: torch.device
) -> None:
    model = random_model(case, shape=shape, low_modes=low_modes)
    models = model, deepcopy(model)
    windows = torch.stack([fields(model, 3, seed=seed) for seed in range(2)], dim=1).detach()
    here, there = trained(models[0], "cpu", windows), trained(models[1], other_device, windows)
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-7, atol=1e-9)


def test_a_network_and_its_canonical_form_work_where_it_is(other_device: torch.device) -> None:
    model, times = random_model(low_modes=2), np.array([0.0, 0.001])
    u0 = fields(model, 2).detach().numpy()
    forms = model, canonical_form(model)

    def seen(form: Model) -> tuple[np.ndarray, ...]:
        return form.simulate(u0, times, rtol=1e-4), form.rhs(u0), form.energies(u0).total.numpy()

    expected = [seen(form) for form in forms]
    with on(other_device, model):
        found = [seen(form) for form in (model, canonical_form(model))]
    again = model.simulate(u0, times, rtol=1e-4, device=other_device)
    np.testing.assert_allclose(again, expected[0][0], atol=1e-9)
    for there, here in zip(found, expected, strict=True):
        for a, b in zip(there, here, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(
    "frames", [slice(None), [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 13, 15]], ids=["even", "uneven"]
)
def test_the_regression_is_that_of_the_cpu(frames: slice | list[int], other_device: torch.device) -> None:
    whole = KDV.data(n=3, frames=16, points=16)
    x = whole.domain.coordinates[0]
    data = Trajectories.from_arrays(whole.u[:, frames], whole.t[frames], x, layout="ntx", source="KdV")
    here = start(data, case="conservative")
    with on(other_device):
        there = start(data, case="conservative")
    assert there.model.theta_m.device == torch.device("cpu")
    assert there.warm.case == here.warm.case
    assert there.warm.band == pytest.approx(here.warm.band)
    for of in (lambda warm: warm.K * warm.q, lambda warm: warm.K * warm.f.coef[2]):  # K alone has no scale
        np.testing.assert_allclose(of(there.warm), of(here.warm), atol=1e-7 * np.abs(of(here.warm)).max())


def test_forces_of_a_chain_are_learned_on_the_cpu() -> None:
    states = chain_states("fput", 2, n_frames=4)
    with pytest.raises(ValueError, match="^expected device cpu with forces of a chain, got cuda; leave"):
        fit(states, forces=PartialForces(4), device="cuda")


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
def test_a_fit_on_a_gpu_is_the_same_twice_and_that_of_the_cpu(tmp_path: Path) -> None:
    data = ALLEN_CAHN.data(n=4, frames=12, points=32)
    fits = [fit(data, schedule=SHORT, progress=False, device=device) for device in ("cuda", "cuda", "cpu")]
    weights = [torch.cat([p.detach().flatten() for p in model.parameters()]) for model in fits]
    assert {str(w.device) for w in weights} == {"cpu"}
    torch.testing.assert_close(weights[1], weights[0], rtol=0, atol=0)
    torch.testing.assert_close(weights[2], weights[0], rtol=1e-5, atol=1e-6)
    with on("cuda", fits[0]):
        fits[0].save(tmp_path)
    read = OnsagerModel.load(tmp_path)
    u0 = data.u[:2, 0]
    paths = [model.simulate(u0, data.t, device=d) for model, d in ((read, "cuda"), (read, "cpu"))]
    np.testing.assert_allclose(paths[1], paths[0], atol=1e-7)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")
def test_an_interrupted_fit_on_a_gpu_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ALLEN_CAHN.data(n=4, frames=12, points=32)
    options: dict[str, Any] = {"schedule": SHORT, "progress": False, "device": "cuda"}
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    with monkeypatch.context() as patch:
        stop_at(12, patch)
        with pytest.raises(Stopped):
            fit(data, checkpoint=tmp_path, **options)
    same(fit(data, checkpoint=tmp_path, **options), fit(data, **options))
