"""Several fields on one box: what is held, by which names, and that each is treated by its own size."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe.diagnostics.runs.ensemble import ensemble
from mesoscribe.hybrid.data.noise import white_noise
from mesoscribe.hybrid.data.one_field import one_field
from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.data.screening import screen
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load
from mesoscribe.symbolic.systems.chains import theory
from tests.hybrid.data.test_screening import waves

T, X, Y = np.arange(30) * 0.1, np.arange(64) * 2 * np.pi / 64, np.arange(8) * 0.5
H, V = 5 + waves(), 1e-4 * waves()[:, :, ::-1]  # fields of very different size
PLANE = np.cos(2 * np.pi * (Y - 0.1) / 4)


def data(h: Any = H, v: Any = V, **options: Any) -> Trajectories:
    return Trajectories.from_arrays({"h": h, "v": v}, T, X, **{"layout": "ntx", **options})


def test_fields_have_an_axis_names_and_a_box() -> None:
    both = data()
    assert both.fields == ("h", "v")
    assert both.u.shape == (6, 30, 2, 64)
    assert both.dataset["u"].dims == ("trajectory", "time", "field", "x")
    assert both.dataset["field"].values.tolist() == ["h", "v"]
    assert (both.domain.n_fields, both.domain.shape) == (2, (64,))
    assert not both.u.flags.writeable
    np.testing.assert_array_equal(both.u[:, :, 1], V)
    assert both.scales.amplitude == tuple(one.scales.amplitude for one in both.each)


def test_one_field_is_as_it_was() -> None:
    one = Trajectories.from_arrays(H, T, X)
    assert one.fields == ("u",)
    assert one.domain.n_fields is None
    assert one.dataset["u"].dims == ("trajectory", "time", "x")
    assert "field" not in one.dataset.coords
    assert one.each == (one,)
    assert isinstance(one.scales.amplitude, float)


STACK = np.stack([H, V], axis=2)
GIVEN: dict[str, tuple[Any, dict[str, Any], tuple[str, ...]]] = {
    "channels": (STACK, {"layout": "ntcx"}, ("u1", "u2")),
    "channels with names": (STACK, {"layout": "ntcx", "fields": ("h", "v")}, ("h", "v")),
    "channels last": (np.moveaxis(STACK, 2, 3), {"layout": "ntxc", "fields": "h,v"}, ("h", "v")),
    "channels, found by their number": (np.moveaxis(STACK, 2, 3), {"fields": "h,v"}, ("h", "v")),
    "arrays": ((H, V), {"fields": ("h", "v")}, ("h", "v")),
    "a list of arrays": ([H, V], {"fields": ("h", "v"), "layout": "ntx"}, ("h", "v")),
    "a dict": ({"h": H, "v": V}, {}, ("h", "v")),
    "a dict with other names": ({"h": H, "v": V}, {"fields": "a,b"}, ("a", "b")),
    "complex": (H + 1j * V, {}, ("u_re", "u_im")),
    "complex with a name": (H + 1j * V, {"fields": "psi"}, ("psi_re", "psi_im")),
    "complex with two names": (H + 1j * V, {"fields": ("p", "q")}, ("p", "q")),
}


@pytest.mark.parametrize(("u", "options", "names"), GIVEN.values(), ids=GIVEN.keys())
def test_fields_are_given_in_many_ways(u: Any, options: dict[str, Any], names: tuple[str, ...]) -> None:
    found = Trajectories.from_arrays(u, T, X, **options)
    assert found.fields == names
    np.testing.assert_array_equal(found.u, STACK)
    assert bool(found.notes) == np.iscomplexobj(u)


def test_complex_arrays_are_said_and_stand_beside_real_ones() -> None:
    found = Trajectories.from_arrays({"E": H + 1j * V, "n": V, "m": V + 1e-12j * V}, T, X, fields="psi,n,m")
    assert found.fields == ("psi_re", "psi_im", "n", "m")
    assert found.notes == (
        "complex psi read as two fields: psi_re its real part, psi_im its imaginary part",
        "complex m read as real: its imaginary part is at most 1e-12 of the real one",
    )


def test_two_dimensions_and_a_list_of_trajectories() -> None:
    u = STACK[..., None] * PLANE
    plane = Trajectories.from_arrays(u, T, X, Y, layout="ntcxy")
    assert plane.dataset["u"].dims == ("trajectory", "time", "field", "x", "y")
    np.testing.assert_array_equal(plane.field("u2").u, u[:, :, 1])
    listed = Trajectories.from_arrays([*STACK[:2]], T, X, layout="ntcx", fields="h,v")  # two trajectories
    np.testing.assert_array_equal(listed.u, STACK[:2])


def test_parts_keep_fields() -> None:
    both = data()
    part = both.select([4, 1], slice(2, 9))
    assert part.fields == ("h", "v")
    np.testing.assert_array_equal(part.u, both.u[[4, 1], 2:9])
    split = both.split(seed=1)
    assert split.train.fields == split.test.fields == ("h", "v")
    assert all(piece.domain == both.domain for piece in both.parts(0, (0.5, 0.5)))
    assert both.noting("a note").fields == ("h", "v")
    assert both.split(test=part.select(frames=slice(0, 5))).test.n == 2
    with pytest.raises(ValueError, match="expected test data of h and v, got h; name them alike"):
        both.split(test=both.field("h"))


def test_field_is_taken_by_its_name() -> None:
    both = data()
    v = both.field("v")
    assert (v.fields, v.domain.n_fields, v.dt) == (("v",), None, both.dt)
    np.testing.assert_array_equal(v.u, V)
    assert v.field("v").fields == ("v",)
    turned = both.select(fields=("v", "h"))
    np.testing.assert_array_equal(turned.u, both.u[:, :, ::-1])
    with pytest.raises(ValueError, match="expected the name of a field, h and v, got w"):
        both.field("w")


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_files_keep_fields_names_and_missing_values(tmp_path: Path, suffix: str) -> None:
    holes = np.zeros(H.shape, bool)
    holes[2, 4, 10:13] = True
    both = data(v=np.where(holes, np.nan, V))
    both.save(tmp_path / f"a{suffix}")
    back = load(tmp_path / f"a{suffix}")
    assert back.fields == ("h", "v")
    np.testing.assert_array_equal(back.u, both.u)
    assert back.missing is not None
    np.testing.assert_array_equal(back.missing[:, :, 1], holes)
    assert not back.missing[:, :, 0].any()
    assert load(tmp_path / f"a{suffix}", u="v").fields == ("v",)
    both.field("v").save(tmp_path / f"b{suffix}")
    assert load(tmp_path / f"b{suffix}").fields == ("v",)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"fields": "h,1v"}, "got '1v', which is no ASCII identifier"),
    ({"fields": "h,ψ"}, "got 'ψ', which is no ASCII identifier"),
    ({"fields": "h,lambda"}, "got 'lambda', which is no ASCII identifier"),
    ({"fields": "h,h"}, "got 'h', which is there twice"),
    ({"fields": "h,kx"}, "got 'kx', which is a coordinate or a wavenumber"),
    ({"fields": "h,gamma"}, "got 'gamma', which is a name of SymPy"),
    ({"fields": "h,E"}, "got 'E', which is a name of SymPy"),
    ({"fields": "h,h_xx"}, "got 'h_xx', which is how a derivative of another one is written"),
    ({"fields": "h,v,w"}, "expected 2 names of fields, one for each of h and v, got h, v, w"),
    ({"h": STACK, "layout": "ntcx", "fields": "h1,h2,h1"}, "got 'h1', which is there twice"),
    ({"layout": "ntcxy"}, "a layout with each of t, x once"),
    ({"v": V[:2]}, r"expected fields of one shape, got h \(6, 30, 64\) and v \(2, 30, 64\)"),
    ({"v": V + np.inf}, "expected finite values of v, got inf in trajectory 0, frame 0"),
    ({"v": V * 1e-200}, "expected v of at most"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_names_and_fields_are_refused_in_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        data(**options)
    assert "\n" not in str(refusal.value)


def test_array_that_lacks_an_axis_of_its_layout_is_refused() -> None:
    with pytest.raises(ValueError, match="4 axes for the layout 'ntxc', got shape"):
        Trajectories.from_arrays(H, T, X, layout="ntxc")
    found = Trajectories.from_arrays({"w": STACK, "h": H}, T, X, layout="ntcx")
    assert found.fields == ("w1", "w2", "h")


def test_velocities_along_axes_are_names() -> None:
    assert data(fields="v_x,v_y").fields == ("v_x", "v_y")


def test_channels_are_told_from_trajectories_by_names_alone() -> None:
    last = np.moveaxis(STACK, 2, 3)
    with pytest.raises(ValueError, match="such as ntxc where c is an axis of several fields"):
        Trajectories.from_arrays(last, T, X)
    with pytest.raises(ValueError, match="an axis for each of c, t, x|an axis for each of t, x, c"):
        Trajectories.from_arrays(last, T, X, fields="a,b,d")
    with pytest.raises(
        ValueError, match="expected 2 names of fields, one for each of u1 and u2, got a, b, d"
    ):
        Trajectories.from_arrays(last, T, X, layout="ntxc", fields="a,b,d")


def test_endpoint_is_dropped_where_fields_repeat_it_and_none_says_otherwise() -> None:
    closed = np.concatenate([H, H[..., :1]], axis=-1)
    x = np.arange(65) * 2 * np.pi / 64
    other = np.concatenate([V, V[..., 5:6]], axis=-1)
    pulse = np.exp(-((x - 3) ** 2) / 0.01) * (1 + 0.1 * T[:, None]) + 0 * closed
    for v, points in ((pulse, 64), (0 * closed, 64), (closed, 64), (other, 65)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = Trajectories.from_arrays({"h": closed, "v": v}, T, x)
        assert found.domain.shape == (points,)
        assert ("dropped the last point along x, which repeats the first" in found.notes) == (points == 64)
        assert found.dataset["field"].values.tolist() == ["h", "v"]


def test_missing_values_go_with_a_dropped_endpoint() -> None:
    x, holes = np.arange(65) * 2 * np.pi / 64, np.zeros((6, 30, 65), bool)
    holes[1, 7, 20] = True
    closed = [np.concatenate([u, u[..., :1]], axis=-1) for u in (H, V)]
    found = Trajectories.from_arrays({"h": closed[0], "v": np.where(holes, np.nan, closed[1])}, T, x)
    assert found.missing is not None
    assert np.argwhere(found.missing).tolist() == [[1, 7, 1, 20]]
    np.testing.assert_allclose(found.u[1, 7, 1, 20], V[1, 7, 20], atol=1e-3 * V.std())


def test_the_field_that_does_not_close_is_named() -> None:
    ramp = 1e-6 * (X + 0.1 * T[:, None] * np.sin(X)) + 0 * V
    with pytest.warns(UserWarning, match="v does not look periodic along x: it jumps"):
        found = data(v=ramp)
    assert len(found.open_boundaries) == 1


def test_missing_values_of_a_small_field_are_interpolated_by_itself() -> None:
    holes = np.random.default_rng(0).random(V.shape) < 0.02
    found = data(v=np.where(holes, np.nan, V))
    np.testing.assert_array_equal(found.u[:, :, 0], H)
    alone = Trajectories.from_arrays(np.where(holes, np.nan, V), T, X, layout="ntx")
    np.testing.assert_array_equal(found.u[:, :, 1], alone.u)


@pytest.mark.parametrize("spoilt", ["h", "v"])
def test_bad_values_are_found_in_the_field_that_has_them(spoilt: str) -> None:
    fields = {"h": H.copy(), "v": V.copy()}
    fields[spoilt][2, 14, 40] += 8 * (1 if spoilt == "h" else 1e-4)
    fields[spoilt][:, :, 17] = fields[spoilt].mean()
    found = data(**fields)
    kinds = [(finding.kind, finding.count, str(finding)[:3]) for finding in screen(found)]
    assert kinds == [("outliers", 1, f"{spoilt}: "), ("stuck points", 1, f"{spoilt}: ")]
    mended = repaired(found)
    assert mended.notes == (
        "1 bad value replaced by interpolation",
        "1 stuck point replaced by interpolation",
    )
    assert mended.missing is not None
    assert mended.missing.sum(axis=(0, 1, 3)).tolist() == [181 * (spoilt == "h"), 181 * (spoilt == "v")]
    np.testing.assert_allclose(mended.field("v").u, V, atol=1e-4 * V.std())
    assert screen(mended) == ()
    assert repaired(data()).notes == ()


def test_noise_is_that_of_each_field() -> None:
    rng = np.random.default_rng(0)
    both = data(H + 0.1 * rng.normal(size=H.shape), V + 3e-5 * rng.normal(size=V.shape))
    found = white_noise(both.u, T[None], both.domain)
    np.testing.assert_allclose(found, [1e-2, 9e-10], rtol=0.1)
    one = both.field("v")
    assert white_noise(one.u, T[None], one.domain) == [white_noise(one.u, T[None], one.domain)]


def test_each_field_is_printed_with_its_range() -> None:
    text = repr(data())
    assert f"\n  h     {H.min():.6g} to {H.max():.6g}, rms" in text
    assert f"\n  v     {V.min():.6g} to {V.max():.6g}, rms" in text
    assert "\n  u " not in text


def test_what_takes_one_field_refuses_several_in_words() -> None:
    both = data(provenance={"chain": {"force": "r + r**2"}})
    sentence = r'got h and v; choose one with --u h, or data.field\("h"\) in Python'
    with pytest.raises(ValueError, match=f"expected one field to test it, {sentence}"):
        one_field(both, "test it")
    assert one_field(both.field("h"), "test it") is None  # type: ignore[func-returns-value]
    entries: list[tuple[Any, str]] = [
        (lambda: ensemble(both), "learn them again and again"),
    ]
    for entry, purpose in entries:
        with pytest.raises(ValueError, match=f"expected one field to {purpose}, {sentence}"):
            entry()
    chain = Trajectories.from_arrays(
        {"h": H, "v": V},
        T,
        X,
        provenance={"chain": {"force": "r + r**2", "scale": 1, "epsilon": 0.1, "order": 4, "courant": 0.05}},
    )
    with pytest.raises(ValueError, match="expected one field to compare it with the theory of long waves"):
        theory(chain)
