"""Trajectories: what they hold, what they refuse, how they are split."""

from __future__ import annotations

import warnings
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoscribe.hybrid.data.layout import arrange, infer_layout
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load

T = np.linspace(0, 0.5, 6)
X = np.arange(16) / 16 * 3.0
Y = np.arange(8) / 8 * 2.0


def wave(x: np.ndarray, t: np.ndarray = T, length: float = 3.0, n: int = 2) -> np.ndarray:
    """Travelling waves (n, nt, nx), one period on the length."""
    phase = 2 * np.pi * x / length - t[:, None]
    return np.stack([np.sin(phase + i) + 0.3 * np.cos(2 * phase) for i in range(n)])


def plane(n: int = 2) -> np.ndarray:
    """Waves in two dimensions (n, nt, nx, ny)."""
    return wave(X, n=n)[..., None] * np.cos(2 * np.pi * (Y - 0.1) / 2)


def many(n: int = 5, nt: int = 6) -> Trajectories:
    return Trajectories.from_arrays(wave(X, np.arange(nt) * 0.1, n=n), np.arange(nt) * 0.1, X, layout="ntx")


def test_box_is_the_number_of_points_times_the_spacing() -> None:
    data = Trajectories.from_arrays(plane(), T, X + 5, Y, layout="ntxy")
    assert data.domain.shape == (16, 8)
    assert data.domain.lengths == pytest.approx((3.0, 2.0), rel=1e-14)
    assert data.dt == pytest.approx(0.1, rel=1e-14)
    assert (data.n, data.n_frames) == (2, 6)
    assert data.u.dtype == np.float64
    np.testing.assert_array_equal(data.u, plane())
    np.testing.assert_array_equal(data.t, T)


def test_data_cannot_be_changed_afterwards() -> None:
    u = wave(X)
    data = Trajectories.from_arrays(u, T, X)
    u[:] = 0
    data.t[:] = 0
    data.dataset["u"] = data.dataset["u"] * 0
    data.dataset.attrs["notes"].append("edited")
    assert data.u.max() > 1
    assert data.t[-1] == 0.5
    assert data.notes == ()
    with pytest.raises(ValueError, match="read-only"):
        data.u[0, 0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        data._dataset = data.dataset  # type: ignore[misc]
    assert torch.tensor(data.u).shape == (2, 6, 16)


def test_axes_come_back_from_every_layout() -> None:
    u = plane(n=3)
    for layout in ("ntxy", "xytn", "ytnx", "tnyx"):
        order = ["ntxy".index(letter) for letter in layout]
        np.testing.assert_array_equal(
            Trajectories.from_arrays(u.transpose(order), T, X, Y, layout=layout).u, u
        )
    one = Trajectories.from_arrays(wave(X)[0].T[:, None], T, X, layout="xct")
    np.testing.assert_array_equal(one.u[0], wave(X)[0])


@settings(max_examples=200, deadline=None)
@given(
    lengths=st.lists(st.integers(3, 9), min_size=2, max_size=3),
    further=st.lists(st.sampled_from([1, 2, 5]), max_size=2),
    seed=st.integers(0, 1000),
)
def test_inferred_layout_is_the_only_one_that_fits(lengths: list[int], further: list[int], seed: int) -> None:
    sizes = dict(zip("txy", lengths, strict=False))
    shape = tuple(np.random.default_rng(seed).permutation([*lengths, *further]).tolist())
    large = [size for size in further if size > 1]
    distinct = len(set(lengths)) == len(lengths) and not set(lengths) & set(further)
    if distinct and (not large or (len(large) == 1 and shape[0] == large[0])):
        layout = infer_layout(shape, sizes)
        assert all(shape[layout.index(letter)] == size for letter, size in sizes.items())
        assert arrange(np.zeros(shape), sizes).shape == (max(large, default=1), *lengths)
    else:
        with pytest.raises(ValueError, match="give the layout"):
            infer_layout(shape, sizes)


def test_single_precision_coordinates_are_even() -> None:
    t = (np.arange(101) * 1e-3 + 40).astype(np.float32)
    x = np.linspace(-30, 30, 64, endpoint=False, dtype=np.float32)
    data = Trajectories.from_arrays(wave(x, t.astype(float), 60.0), t, x)
    assert data.domain.lengths[0] == pytest.approx(60, rel=1e-6)
    assert data.dt == pytest.approx(1e-3, rel=1e-3)


def test_constant_field_is_allowed_and_left_alone() -> None:
    data = Trajectories.from_arrays(np.ones((2, 6, 16)), T, X)
    assert data.domain.shape == (16,)
    assert data.notes == ()


def test_imaginary_part_of_rounding_is_dropped_with_a_note() -> None:
    data = Trajectories.from_arrays(wave(X) + 1e-16j, T, X)
    np.testing.assert_array_equal(data.u, wave(X))
    assert "complex" in data.notes[0]


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_repeated_endpoint_is_dropped(shift: float) -> None:
    x = np.linspace(0, 3, 17) + shift
    data = Trajectories.from_arrays(wave(x).astype(np.float32), T, x)
    assert data.domain.shape == (16,)
    assert data.domain.lengths == pytest.approx((3.0,))
    assert "repeats" in data.notes[0]


def test_repeated_endpoint_is_dropped_in_noise_and_in_both_dimensions() -> None:
    u = plane() + 0.2 * np.random.default_rng(0).standard_normal((2, 6, 16, 8))
    closed = np.pad(u, ((0, 0), (0, 0), (0, 1), (0, 1)), mode="wrap")
    data = Trajectories.from_arrays(closed, T, np.append(X, 3.0), np.append(Y, 2.0))
    np.testing.assert_array_equal(data.u, u)
    assert len(data.notes) == 2


def standing(x: np.ndarray) -> np.ndarray:
    return np.exp(-T)[:, None] * np.cos(2 * np.pi * x / 3) + 0.2 * np.cos(4 * np.pi * x / 3)


NOT_REPEATED = {
    "even about the middle of a cell": standing(X + X[1] / 2),
    "pulse that vanishes at both ends": np.exp(-((X - 1.5) ** 2) / 0.02) * (1 + T[:, None]),
    "first frame only": np.concatenate([wave(X[:-1] * 16 / 15)[0][:1, [*range(15), 0]], wave(X)[0][1:]]),
}


@pytest.mark.parametrize("u", NOT_REPEATED.values(), ids=NOT_REPEATED.keys())
def test_equal_ends_that_are_two_points_are_kept(u: np.ndarray) -> None:
    data = Trajectories.from_arrays(u, T, X)
    assert data.domain.shape == (16,)
    assert data.notes == ()


FINE = np.arange(200) / 200
NOT_PERIODIC = {
    "jumps": FINE * np.ones((6, 1)) + 0.1 * T[:, None] * np.sin(2 * np.pi * FINE),
    "has a kink": np.sin(np.pi * FINE) * np.exp(-T)[:, None],
}


@pytest.mark.parametrize(("fault", "u"), NOT_PERIODIC.items())
def test_fields_that_do_not_close_are_warned_about(fault: str, u: np.ndarray) -> None:
    with pytest.warns(UserWarning, match=f"does not look periodic along x: it {fault}"):
        data = Trajectories.from_arrays(u, T, FINE)
    assert fault in data.notes[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.select(frames=slice(0, 4))


PERIODIC = {
    "noise": np.random.default_rng(1).standard_normal((6, 200)),
    "front on the boundary": np.roll(np.tanh((FINE - 0.5) / 0.004) * np.sin(np.pi * FINE), 100)
    * np.ones((6, 1)),
    "initial frame alone jumps": np.where(
        np.arange(6)[:, None] == 0, FINE, np.sin(2 * np.pi * FINE - T[:, None])
    ),
}


@pytest.mark.parametrize("u", PERIODIC.values(), ids=PERIODIC.keys())
def test_periodic_fields_are_not_warned_about(u: np.ndarray) -> None:
    assert Trajectories.from_arrays(u, T, FINE).notes == ()


def test_select_takes_trajectories_and_frames() -> None:
    data = many()
    part = data.select([3, 1], slice(1, None, 2))
    np.testing.assert_array_equal(part.u, data.u[[3, 1], 1::2])
    assert part.dt == pytest.approx(0.2)
    assert data.select(2).n == 1
    assert data.select(slice(1, 4)).n == 3
    with pytest.raises(ValueError, match="trajectories between 0 and 4, got"):
        data.select([5])
    with pytest.raises(ValueError, match="3 frames, got 5 of 2"):
        data.select(frames=slice(0, 2))


@settings(max_examples=40, deadline=None)
@given(n=st.integers(3, 40), seed=st.integers(0, 2**31))
def test_every_trajectory_is_in_one_part_of_a_split(n: int, seed: int) -> None:
    u = np.arange(n)[:, None, None] + 0.1 * wave(X, T[:3], n=n)
    data = Trajectories.from_arrays(u, T[:3], X, layout="ntx")
    split, again = data.split(seed), data.split(seed)
    parts = (split.train_part, split.validation_part, split.test_part)
    assert sorted(i for part in parts for i in part.trajectories) == list(range(n))
    assert min(split.train.n, split.validation.n, split.test.n) >= 1
    assert split.as_dict() == again.as_dict()
    np.testing.assert_array_equal(split.test.u, data.u[list(split.test_part.trajectories)])


def test_split_of_48_has_the_stated_sizes_and_depends_on_the_seed() -> None:
    data = many(48)
    split = data.split(0)
    assert (split.train.n, split.validation.n, split.test.n) == (34, 7, 7)
    assert split.test_part != data.split(1).test_part


def test_one_trajectory_is_split_in_time() -> None:
    split = many(1, 20).split()
    assert [split.train_part.frames, split.validation_part.frames, split.test_part.frames] == [
        (0, 14),
        (14, 17),
        (17, 20),
    ]
    assert split.test.t[0] == pytest.approx(1.7)
    with pytest.raises(ValueError, match="at least 3 frames in each part"):
        many(1, 10).split()


def test_of_two_trajectories_one_is_cut_in_the_middle() -> None:
    split = many(2, 10).split(seed=4)
    assert split.train.n_frames == 10
    assert split.validation_part.trajectories == split.test_part.trajectories != split.train_part.trajectories
    assert (split.validation_part.frames, split.test_part.frames) == ((0, 5), (5, 10))


def test_own_test_data_are_the_test_part() -> None:
    data, other = many(6), many(2, 9)
    split = data.split(test=other)
    assert split.test is other
    assert split.train.n + split.validation.n == 6
    assert split.as_dict()["test"] == {"trajectories": [0, 1], "frames": [0, 9], "source": "memory"}
    assert many(1, 20).split(test=other).validation_part.frames == (16, 20)
    assert many(2).split(test=other).validation.n == 1
    longer = Trajectories.from_arrays(wave(X), T, X * 2)
    with pytest.raises(ValueError, match="test data on the box"):
        data.split(test=longer)
    with pytest.raises(ValueError, match="test data on the box"):
        data.split(test=data.select(frames=slice(0, 6, 2)))


@pytest.mark.parametrize("fractions", [(0.7, 0.3, 0.0), (0.5, 0.2, 0.2), (0.02, 0.49, 0.49)])
def test_impossible_fractions_are_refused(fractions: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="expected .*fractions"):
        many(4).split(fractions=fractions)


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
@pytest.mark.parametrize("notes", [(), ("one",), ("one", "two")])
def test_saved_data_are_read_back(tmp_path: Path, suffix: str, notes: tuple[str, ...]) -> None:
    data = Trajectories.from_arrays(plane(), T, X, Y, source="here", notes=notes)
    data.save(tmp_path / f"data{suffix}")
    back = load(tmp_path / f"data{suffix}")
    np.testing.assert_array_equal(back.u, data.u)
    np.testing.assert_array_equal(back.t, data.t)
    assert back.domain == data.domain
    assert back.notes == notes
    assert back.source.endswith("(here)")
    data.save(tmp_path / f"data{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"data{suffix}"]


def test_saving_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = many()
    with pytest.raises(ValueError, match="ending in .nc or .npz, got .*data.txt"):
        data.save(tmp_path / "data.txt")
    with pytest.raises(FileNotFoundError, match="existing folder"):
        data.save(tmp_path / "none" / "data.nc")

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space left"):
        data.save(tmp_path / "data.npz")
    assert list(tmp_path.iterdir()) == []


def test_prints_what_a_physicist_asks() -> None:
    text = repr(Trajectories.from_arrays(wave(X), T, X, source="waves", notes=["a note"]))
    for words in ("2 of 6 frames", "dt = 0.1", "box   3,", "16 points", "rms", "from  waves", "a note"):
        assert words in text


def bad(index: tuple[int | slice, ...], value: float) -> np.ndarray:
    u = wave(X)
    u[index] = value
    return u


BAD = [
    (bad((1, slice(5)), np.nan), T, X, {}, "expected a value everywhere in u, got 80 missing of"),
    (bad((0, 2, 3), np.inf), T, X, {}, "finite values of u, got inf in trajectory 0, frame 2"),
    (wave(X), T[::-1], X, {}, "time to increase.*sort the data"),
    (wave(X), T[[0, 1, 1, 2, 3, 4]], X, {}, "at index 1; leave one of the two out"),
    (wave(X), T, X + 1e-3 * (np.arange(16) == 3), {}, "evenly spaced x"),
    (wave(X), np.where(T > 0.4, np.nan, T), X, {}, "finite values of time, got nan"),
    (wave(X)[:, :2], T[:2], X, {"layout": "ntx"}, "of 3 frames, got 2 of 2"),
    (wave(X[:3]), T, X[:3], {}, "at least 4 points along x, got 3"),
    (wave(X)[:0], T, X, {"layout": "ntx"}, "at least one trajectory"),
    (wave(X), T[:-1], X, {}, "an axis for each of t, x, got shape"),
    (wave(X), T[:-1], X, {"layout": "ntx"}, "expected 5 points along axis 1 of u, one for each time"),
    (wave(X)[:, :, :6], T, X[:6], {}, "could be ntx or nxt.*give the layout"),
    (np.moveaxis(wave(X), 0, 2), T, X, {}, "could be txc or txn.*give the layout"),
    (np.stack([wave(X)] * 3, -1), T, X, {}, "at most one axis besides t, x, got .* such as ntxc"),
    (wave(X), T, X, {"layout": "nt"}, "expected a layout with each of t, x once"),
    (wave(X), T, X, {"layout": "ntxx"}, "expected a layout with each of t, x once"),
    (wave(X), T, X, {"layout": "tx"}, "2 axes for the layout 'tx', got shape"),
    (wave(X).astype(str), T, X, {}, "numbers in u, got an array of <U"),
    (wave(X), T, np.add.outer(X, X), {}, "x as a vector of real coordinates"),
    (wave(X), T * 1j, X, {}, "time as a vector of real coordinates"),
]


@pytest.mark.parametrize(("u", "t", "x", "options", "message"), BAD, ids=[case[-1][:30] for case in BAD])
def test_bad_arrays_are_refused_in_one_line(
    u: np.ndarray, t: np.ndarray, x: np.ndarray, options: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        Trajectories.from_arrays(u, t, x, **options)  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


def test_dataset_is_checked_too() -> None:
    good = many().dataset
    np.testing.assert_array_equal(Trajectories(good.transpose()).u, good["u"])
    assert Trajectories(good.drop_attrs()).source == "memory"
    with pytest.raises(ValueError, match="a variable u .trajectory, time, x. with coordinates time, x"):
        Trajectories(xr.Dataset({"v": good["u"]}))
    with pytest.raises(ValueError, match="a variable u"):
        Trajectories(good.drop_vars("x"))
    with pytest.raises(ValueError, match="got a complex u"):
        Trajectories(good.assign(u=good["u"] * 1j))
