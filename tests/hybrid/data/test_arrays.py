"""Arrays from outside: of one shape, and not changed by those who gave them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mesoscribe import Trajectories, load
from mesoscribe.hybrid.data.arrays import frozen

T, X = 0.1 * np.arange(6), 0.5 * np.arange(16)
U = np.random.default_rng(0).normal(size=(3, 6, 1)) * np.cos(2 * np.pi * X / 8)
Given = Callable[[Any, Any, Any], Trajectories]
WAYS: dict[str, Given] = {
    "from_arrays": lambda u, t, x: Trajectories.from_arrays(u, t, x, layout="ntx"),
    "load": lambda u, t, x: load({"u": u, "t": t, "x": x}, layout="ntx"),
}
BY_BOTH = pytest.mark.parametrize("given", WAYS.values(), ids=WAYS.keys())
RAGGED: dict[str, tuple[Any, str]] = {
    "arrays": ([U[0], U[1, :4]], r"got \(6, 16\), \(4, 16\); cut them"),
    "lists": ([U[0].tolist(), U[1, :4].tolist()], r"got \(6, 16\), \(4, 16\); cut them"),
    "within": ([[[0.0] * 16, [0.0] * 15], U[0]], r"got \(16,\), \(15,\), \(6, 16\); cut|got an uneven one"),
    "many": ([U[0, :n] for n in range(1, 7)], r"got .*\(4, 16\), …; cut them"),
}
NESTED = ("lists", "within")  # from_arrays reads a list of arrays: test_unequal.py


@pytest.mark.parametrize(
    ("name", "given"),
    [(name, given) for name in RAGGED for way, given in WAYS.items() if way == "load" or name in NESTED],
)
def test_trajectories_of_several_shapes_are_refused_in_one_line(name: str, given: Given) -> None:
    ragged, said = RAGGED[name]
    with pytest.raises(ValueError, match=f"expected trajectories of one shape in u, {said}") as refusal:
        given(ragged, T, X)
    assert "\n" not in str(refusal.value)


@BY_BOTH
@pytest.mark.parametrize("read_only", ["no", "view", "array", "broadcast"])
def test_what_is_given_may_change_later(read_only: str, given: Given) -> None:
    base, t, x = U.copy(), T.copy(), X.copy()
    u = np.broadcast_to(base[:1], U.shape) if read_only == "broadcast" else base[:]
    if read_only == "array":
        u = base
    if read_only != "no":
        for array in (u, t, x):
            array.setflags(write=False)
    data = given(u, t, x)
    before = data.u.copy(), data.t.copy(), data.domain.lengths
    for array in (base, t, x):
        array.setflags(write=True)
        array[:] = 7.0
    np.testing.assert_array_equal(data.u, before[0])
    np.testing.assert_array_equal(data.t, before[1])
    assert data.domain.lengths == before[2]
    assert not data.u.flags.writeable


def test_dataset_that_is_given_may_change_later() -> None:
    data = WAYS["from_arrays"](U, T, X)
    base = U.copy()
    view = base[:]
    view.setflags(write=False)
    again = Trajectories(data.dataset.assign(u=(("trajectory", "time", "x"), view)))
    base[:] = 7.0
    np.testing.assert_array_equal(again.u, U)


def test_part_of_data_shares_their_memory() -> None:
    data = WAYS["from_arrays"](U, T, X)
    assert np.shares_memory(data.select(slice(0, 2), slice(0, 4)).u, data.u)


def test_only_arrays_that_nobody_can_change_are_frozen() -> None:
    array = U.copy()
    array.setflags(write=False)
    assert frozen(array)
    assert frozen(array[1:])
    view = U.copy()[:]
    view.setflags(write=False)
    assert not frozen(view)
    assert not frozen(np.frombuffer(bytearray(8)))
