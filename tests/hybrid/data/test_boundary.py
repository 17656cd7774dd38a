"""What fields do at the ends of their axes: given, found, contradicted, written and read back."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.readers.load import load
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import check_case
from mesoscribe.hybrid.space.boundary import parities_of, spelled
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.transforms import at_middles

EVEN, ODD, PERIODIC = Parity.EVEN, Parity.ODD, Parity.PERIODIC
L, N = 3.0, 64
CELLS, POINTS = (np.arange(N) + 0.5) * L / N, np.linspace(0, L, N + 1)
T = np.arange(10.0)
WAVES = {"noflux": np.cos, "zero": np.sin}


def waves(x: np.ndarray, kind: str, noise: float = 0.0, n: int = 6) -> np.ndarray:
    """Sums of four waves between walls at 0 and L, slowly decaying, (n, nt, x)."""
    rng = np.random.default_rng(0)
    k = np.arange(1, 5)
    shapes = WAVES[kind](np.pi * k[:, None] * x / L)
    u = np.einsum("nk,tk,kx->ntx", rng.normal(size=(n, 4)), np.exp(-0.05 * T[:, None] * k), shapes)
    return np.asarray(u + noise * u.std() * rng.normal(size=u.shape))


@pytest.mark.parametrize(
    ("text", "fields", "rows"),
    [
        ("noflux", ("u",), ((EVEN, EVEN),)),
        ("x=noflux,y=periodic", ("u",), ((EVEN, PERIODIC),)),
        ("x=zero", ("u",), ((ODD, PERIODIC),)),
        ("h=noflux,v=zero", ("h", "v"), ((EVEN, EVEN), (ODD, ODD))),
        ("h.x=noflux,v.x=zero", ("h", "v"), ((EVEN, PERIODIC), (ODD, PERIODIC))),
    ],
)
def test_words_are_parities_and_back(text: str, fields: tuple[str, ...], rows: object) -> None:
    found = parities_of(text, 2, fields)
    assert found == rows
    assert parities_of(spelled(found, fields), 2, fields) == rows


@pytest.mark.parametrize("bad", ["closed", "z=noflux", "w=noflux", "u.y=zero"])
def test_unknown_words_and_names_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="expected periodic, noflux, zero"):
        parities_of(bad, 1, ("u",))
    with pytest.raises(ValueError, match="all fields between walls along the same axes"):
        parities_of("h=noflux", 1, ("h", "v"))


@pytest.mark.parametrize("kind", WAVES)
def test_points_on_walls_are_moved_to_the_middles_exactly(kind: str) -> None:
    moved = at_middles(waves(POINTS, kind), -1, 1 if kind == "noflux" else -1)
    np.testing.assert_allclose(moved, waves(CELLS, kind), atol=1e-13)


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("x", [CELLS, POINTS], ids=["cells", "points"])
@pytest.mark.parametrize("kind", WAVES)
def test_walls_are_found_and_said(kind: str, x: np.ndarray, noise: float) -> None:
    with pytest.warns(UserWarning, match=f"taken as --boundary {kind}"):
        data = Trajectories.from_arrays(waves(x, kind, noise), T, x)
    assert data.boundary == kind
    assert data.domain.shape == (N,)
    assert data.domain.lengths == pytest.approx((L,))
    assert f"taken as --boundary {kind}" in " ".join(data.notes)
    if not noise:
        np.testing.assert_allclose(data.u, waves(CELLS, kind), atol=1e-12)


def test_noise_leaves_a_hint() -> None:
    with pytest.warns(UserWarning, match="does not look periodic along x"):
        data = Trajectories.from_arrays(waves(CELLS, "noflux", 0.05), T, CELLS)
    assert data.boundary == "periodic"
    assert "give --boundary x=noflux if there are" in data.notes[0]


def test_windows_of_periodic_waves_are_not_taken_for_walls() -> None:
    x = np.arange(40) * 0.05
    u = np.stack([np.cos(3 * x - 0.3 * T[:, None] + phase) for phase in range(6)])
    with pytest.warns(UserWarning, match="does not look periodic"):
        data = Trajectories.from_arrays(u, T, x)
    assert data.boundary == "periodic"


@pytest.mark.parametrize("kind", WAVES)
def test_walls_that_the_field_contradicts_are_cautioned(kind: str) -> None:
    other = {"noflux": "zero", "zero": "noflux"}[kind]
    with pytest.warns(UserWarning, match="does not look as if between"):
        data = Trajectories.from_arrays(waves(CELLS, kind, 0.01), T, CELLS, boundary=other)
    assert data.boundary == other
    assert len(data.open_boundaries) == 1


@pytest.mark.parametrize("kind", WAVES)
def test_given_walls_say_nothing_more(kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Trajectories.from_arrays(waves(CELLS, kind), T, CELLS, boundary=kind).notes == ()


@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_files_keep_walls(suffix: str, tmp_path: Path) -> None:
    u = np.stack([waves(CELLS, "noflux"), waves(CELLS, "zero")], axis=2)
    data = Trajectories.from_arrays(
        u, T, CELLS - 1.0, fields="h,v", layout="ntcx", boundary="h=noflux,v=zero"
    )
    data.save(tmp_path / f"a{suffix}")
    again = load(tmp_path / f"a{suffix}")
    assert again.boundary == data.boundary == "h=noflux,v=zero"
    assert again.domain == data.domain
    assert again.field("v").boundary == "zero"
    np.testing.assert_array_equal(again.u, data.u)
    assert "between walls along x" in repr(again)


def test_missing_values_next_to_walls_are_interpolated() -> None:
    u = waves(CELLS, "zero")
    holes = u.copy()
    holes[:, 3, [0, 1, 20]] = np.nan
    data = Trajectories.from_arrays(holes, T, CELLS, boundary="zero", walls="cells")
    np.testing.assert_allclose(data.u, u, atol=1e-4)


def test_what_walls_do_not_admit_is_refused_before_any_fit() -> None:
    check_case(Case.CONSERVATIVE, Domain((16,), (1.0,), ((EVEN,), (ODD,)), n_fields=2))
    with pytest.raises(ValueError, match="dissipative case for one field between walls"):
        check_case(Case.CONSERVATIVE, Domain((16,), (1.0,), ((EVEN,),)))
    check_case(Case.CONSERVATIVE, Domain((16, 16), (1.0, 1.0), ((EVEN, PERIODIC),)))
