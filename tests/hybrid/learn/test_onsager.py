"""The Onsager model: its structure for random parameters, its gradients, its files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.training import RollOuts
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.resample import resampled
from tests.support.examples import fields, potential_of, random_model

SHAPES = [(32,), (10, 8)]


@pytest.mark.parametrize("shape", SHAPES)
def test_m_is_even_and_not_negative_and_w_is_odd(shape: tuple[int, ...]) -> None:
    for seed in range(20):
        model = random_model(shape=shape, seed=seed, size=3.0)
        m, w = model.symbol_m().detach(), model.symbol_w().detach()
        assert float(m.min()) >= 0
        assert float(w[(0,) * len(shape)]) == 0
        if len(shape) == 2:  # k and -k are both stored where the last component is 0
            column = [-i % shape[0] for i in range(shape[0])]
            torch.testing.assert_close(m[:, 0], m[column, 0], rtol=0, atol=0)
            torch.testing.assert_close(w[:, 0], -w[column, 0], rtol=0, atol=0)
            assert float(w[:, 0].abs().max()) > 0


@pytest.mark.parametrize("low_modes", [0, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_energy_never_increases_without_W(shape: tuple[int, ...], low_modes: int) -> None:
    model = random_model(Case.DISSIPATIVE, shape=shape, low_modes=low_modes)
    frames = [fields(model, 4), *roll_out(model.member(), fields(model, 4), 0.01, 20, 2, ETDRK4())]
    energy = torch.stack([model.potential(v).total for v in frames]).detach()
    assert float(energy.diff(dim=0).max()) < 0


@pytest.mark.parametrize("low_modes", [0, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_energy_is_conserved_without_M(shape: tuple[int, ...], low_modes: int) -> None:
    model = random_model(Case.CONSERVATIVE, shape=shape, low_modes=low_modes)
    v = fields(model, 4)
    *_, last = roll_out(model.member(), v, 0.01, 20, 4, ETDRK4())
    assert float((last - v).detach().abs().max()) > 0.05
    torch.testing.assert_close(model.potential(last).total, model.potential(v).total, rtol=1e-7, atol=0)


def test_mean_is_conserved_where_K_vanishes_at_zero() -> None:
    model = random_model(conserving=True)
    v = fields(model, 4) + 0.3
    for frame in roll_out(model.member(), v, 0.01, 5, 2, ETDRK4()):
        torch.testing.assert_close(frame.mean(-1), v.mean(-1), rtol=0, atol=1e-13)


def test_simulation_on_other_points_is_the_same_solution() -> None:
    model = random_model()
    u0, t = fields(model, 2).numpy(), np.linspace(0, 0.2, 4)
    coarse = model.simulate(u0, t)
    fine0 = resampled(u0, model.domain.resampled((48,)))
    fine = model.simulate(fine0, t)
    assert fine.shape == (2, 4, 48)
    np.testing.assert_allclose(fine[..., ::3], coarse[..., ::2], atol=1e-10)


@pytest.mark.parametrize("hold", [False, True])
def test_simulation_starts_at_the_initial_field(hold: bool) -> None:
    model = random_model(hold=hold)
    u0 = np.random.default_rng(0).normal(size=(2, 48))
    u = model.simulate(u0, np.array([0.0, 0.01, 0.02]))
    np.testing.assert_allclose(u[:, 0], u0, atol=1e-12)
    outside = np.fft.rfft(u)[:, 1:, 6:24]
    expected = np.fft.rfft(u0)[:, None, 6:24] * hold
    np.testing.assert_allclose(outside, np.broadcast_to(expected, outside.shape), atol=1e-10)


def test_energies_are_in_the_users_units() -> None:
    model = random_model()
    v = fields(model, 3)
    parts = model.energies(v.numpy())
    torch.testing.assert_close(parts.total, model.potential(v).total.detach())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_parameter_receives_a_gradient(shape: tuple[int, ...]) -> None:
    model = random_model(shape=shape, low_modes=2)
    with torch.no_grad():
        potential_of(model).raw_a.add_(5)  # no mode at the floor of its symbol
    windows = torch.stack([fields(model, 4, seed=seed) for seed in (1, 2, 3)], dim=1)
    steps = torch.full((len(windows), 2), 0.05)
    RollOuts(model, Schedule(leads=(2,), prior=0.0), 2).training_step((windows, steps)).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        zero = int((parameter.grad == 0).sum())
        unused = 1 if name == "theta_w" else 0  # w(0) = 0
        if "nonlocal_part.invariants.hidden.weight" not in name:  # Im of a bispectrum with k = l may vanish
            assert zero == unused, name
        assert float(parameter.grad.abs().max()) > 0, name


@pytest.mark.parametrize("shape", SHAPES)
def test_saved_model_is_read_back_exactly(shape: tuple[int, ...], tmp_path: Path) -> None:
    model = random_model(shape=shape, low_modes=2, hold=True)
    model.save(tmp_path / "deep" / "model")
    again = OnsagerModel.load(tmp_path / "deep" / "model")
    assert again.setting == model.setting
    for (name, ours), theirs in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    u0, t = fields(model, 2).numpy(), np.array([0, 0.1, 0.2])
    np.testing.assert_array_equal(again.simulate(u0, t), model.simulate(u0, t))


def rewritten(change: Callable[[dict], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        path = folder / "model.json"
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return spoil


def truncated(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:500])


SPOILED: list[tuple[str, Callable[[Path], object]]] = [
    ("no settings", lambda folder: (folder / "model.json").unlink()),
    ("no weights", lambda folder: (folder / "weights.safetensors").unlink()),
    ("weights cut off", truncated),
    ("weights empty", lambda folder: (folder / "weights.safetensors").write_bytes(b"")),
    ("settings cut off", lambda folder: (folder / "model.json").write_text('{"format": 1,')),
    ("settings binary", lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe\x00")),
    ("settings a list", rewritten(lambda content: [1, 2])),
    ("other format", rewritten(lambda content: {**content, "format": 99})),
    ("format without a first frame", rewritten(lambda content: {**content, "format": 1})),
    ("first frame negative", rewritten(lambda content: {**content, "first_frame": -1})),
    ("first frame half", rewritten(lambda content: {**content, "first_frame": 0.5})),
    ("provenance a list", rewritten(lambda content: {**content, "provenance": []})),
    ("missing entry", rewritten(lambda content: {n: v for n, v in content.items() if n != "band"})),
    ("unknown entry", rewritten(lambda content: {**content, "colour": 1})),
    ("unknown case", rewritten(lambda content: {**content, "case": "chaotic"})),
    ("scales not named", rewritten(lambda content: {**content, "scales": 1.0})),
    ("other points", rewritten(lambda content: {**content, "band": 3.0})),
]


@pytest.mark.parametrize("spoil", [case[1] for case in SPOILED], ids=[case[0] for case in SPOILED])
def test_spoiled_files_are_refused_in_one_line(spoil: Callable[[Path], object], tmp_path: Path) -> None:
    random_model().save(tmp_path)
    spoil(tmp_path)
    with pytest.raises(ValueError, match="expected .*got") as refusal:
        OnsagerModel.load(tmp_path)
    assert "\n" not in str(refusal.value)


def test_fields_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match="expected fields"):
        random_model(shape=(10, 8)).simulate(np.zeros(8), np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="increasing times"):
        random_model().simulate(np.zeros(32), np.array([1.0, 0.0]))
