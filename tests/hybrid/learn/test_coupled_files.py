"""Files of networks of several fields: read back exactly, refused where they are spoiled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.learn.onsager import OnsagerModel
from tests.support.pairs import random_network, smooth


@pytest.mark.parametrize("shape", [(24,), (10, 8)])
def test_saved_network_is_read_back_exactly(shape: tuple[int, ...], tmp_path: Path) -> None:
    model = random_network(shape=shape, hold=True)
    model.save(tmp_path)
    again = OnsagerModel.load(tmp_path)
    assert again.setting == model.setting
    assert again.fields == ("a", "b")
    content = json.loads((tmp_path / "model.json").read_text())
    assert content["n_fields"] == 2
    assert content["fields"] == ["a", "b"]
    for (name, ours), theirs in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    u0, t = smooth(model.domain, 2, modes=2).numpy(), np.array([0, 0.01, 0.02])
    np.testing.assert_array_equal(again.simulate(u0, t), model.simulate(u0, t))


def changed(**entries: object) -> Callable[[dict], dict]:
    return lambda content: {**content, **entries}


SPOILED: dict[str, Callable[[dict], dict]] = {
    "another number of fields": changed(n_fields=3),
    "a name twice": changed(fields=["a", "a"]),
    "no names": changed(fields=None),
    "names that are numbers": changed(fields=[1, 2]),
    "one amplitude": lambda content: {
        **content,
        "scales": {**content["scales"], "amplitude": 1.0, "centre": 0.0},
    },
    "low modes": changed(low_modes=2),
    "another dimension": lambda content: {**content, "scales": {**content["scales"], "ndim": 2}},
    "too many": changed(n_fields=40, fields=[f"u{i}" for i in range(40)]),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED.keys())
def test_spoiled_files_are_refused_in_one_line(spoil: Callable[[dict], dict], tmp_path: Path) -> None:
    random_network().save(tmp_path)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(ValueError, match="expected .*got") as refusal:
        OnsagerModel.load(tmp_path)
    assert "\n" not in str(refusal.value)


def test_data_of_one_field_have_a_network_without_an_axis() -> None:
    setting = random_network().setting
    assert setting.n_fields == 2
    assert replace(setting, fields=("u",)).n_fields is None
