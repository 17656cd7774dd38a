"""Laws between walls: an independent solver, refusals, files, programs."""

from __future__ import annotations

import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mesoscribe.diagnostics.runs.discover import discover
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.symbolic.export.export import exported
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.rate_terms import rates
from mesoscribe.symbolic.systems.catalog import CATALOG, simulate
from mesoscribe.symbolic.systems.initial import initial_fields

EVEN, ODD, PERIODIC = Parity.EVEN, Parity.ODD, Parity.PERIODIC
L = 2.0
REACTION = Law(F=Factor.of(u**4 / 4 + 0.2 * u**3), q=Factor.of(0.05 * k**2 - 1), m=Factor.of(1))
T = np.linspace(0.0, 1.0, 3)


def law(parity: Parity) -> Law:
    """u_t = 0.05 u_xx + u - 0.6 u² - u³, whose F' is not odd."""
    return replace(REACTION, lengths=(L,), parities=((parity,),))


def start(x: np.ndarray, parity: Parity) -> np.ndarray:
    """A field of two waves."""
    wave = np.cos if parity == EVEN else np.sin
    return np.asarray(0.5 * wave(np.pi * x / L) - 0.3 * wave(3 * np.pi * x / L))


def by_finite_differences(parity: Parity, points: int) -> np.ndarray:
    """The solution at 24 of the points by second differences with a cell beyond each wall, and by LSODA."""
    dx = L / points
    x = (np.arange(points) + 0.5) * dx

    def rhs(_: float, v: np.ndarray) -> np.ndarray:
        padded = np.concatenate([parity * v[:1], v, parity * v[-1:]])
        return np.asarray(0.05 * np.diff(padded, 2) / dx**2 + v - 0.6 * v**2 - v**3)

    end = solve_ivp(rhs, (0.0, 1.0), start(x, parity), method="LSODA", rtol=1e-9, atol=1e-11).y[:, -1]
    return np.asarray(end.reshape(24, -1)[:, points // 48])


@pytest.mark.parametrize("parity", [EVEN, ODD], ids=["no flux", "zero value"])
def test_simulation_is_what_finite_differences_converge_to(parity: Parity) -> None:
    x = (np.arange(72) + 0.5) * L / 72
    mine = law(parity).simulate(start(x, parity), T)[-1, 1::3]
    coarse, fine = (by_finite_differences(parity, n) for n in (24, 72))
    errors = [np.abs(found - mine).max() for found in (coarse, fine)]
    assert errors[0] / errors[1] == pytest.approx(9, rel=0.15)
    assert np.abs((9 * fine - coarse) / 8 - mine).max() < 0.1 * errors[1]


@pytest.mark.parametrize(
    ("factors", "parities", "what"),
    [
        ({"w": Factor.of(k)}, ((EVEN,),), "got k in w between walls along x"),
        ({"w": Factor.of(k**3)}, ((ODD,),), "got k\\*\\*3 in w"),
        ({"w": Factor.of(kx)}, ((EVEN, PERIODIC),), "got kx in w"),
        ({"m": Factor.of(kx * ky)}, ((PERIODIC, ODD),), "got kx\\*ky in m .*along y"),
    ],
)
def test_terms_that_walls_turn_around_are_refused(factors: dict, parities: tuple, what: str) -> None:
    box = (L,) * len(parities[0])
    with pytest.raises(ValueError, match=what):
        Law(q=Factor.of(1), lengths=box, parities=parities, **{"m": Factor.of(1), **factors})


def test_waves_run_along_a_channel() -> None:
    channel = Law(q=Factor.of(1), w=Factor.of(ky), lengths=(L, L), parities=((EVEN, PERIODIC),))
    x, y = (channel.box.resampled((16, 16)).coordinates[axis] for axis in (0, 1))
    field = np.cos(np.pi * x / L)[:, None] * np.sin(2 * np.pi * (y - T[:, None, None]) / L)
    np.testing.assert_allclose(channel.simulate(field[0], T), field, atol=1e-8)


def test_candidates_between_walls_are_those_that_act() -> None:
    assert polynomials(1).between(((EVEN,),)).w == ()
    assert polynomials(1).between(((PERIODIC,),)) == polynomials(1)
    assert set(polynomials(2).between(((EVEN, PERIODIC),)).w) == {ky, ky * (kx**2 + ky**2)}
    box = Domain((16,), (L,), ((EVEN,),))
    assert {str(rate) for rate in rates(box)} >= {"u", "u_xx", "u^2", "u_x^2"}
    assert not {"u_x", "(u^2)_x"} & {str(rate) for rate in rates(box)}


@pytest.mark.parametrize("parity", [EVEN, ODD])
def test_files_and_the_numpy_program_keep_walls(parity: Parity, tmp_path: Path) -> None:
    mine = law(parity)
    mine.save(tmp_path / "law.json")
    assert Law.load(tmp_path / "law.json") == mine
    program = types.ModuleType("program")
    exec(exported(mine, "numpy"), program.__dict__)
    field = start(mine.box.resampled((64,)).coordinates[0], parity)
    np.testing.assert_allclose(program.rhs(field), mine.rhs(field), atol=1e-12)
    with pytest.raises(ValueError, match="expected a periodic box for torch, .* choose .*numpy, pypde"):
        exported(mine, "torch")


@pytest.mark.full
@pytest.mark.parametrize(("parity", "points"), [(EVEN, 40), (ODD, 48)], ids=["no flux", "zero value"])
def test_pypde_has_the_same_walls(parity: Parity, points: int) -> None:
    pytest.importorskip("pde")
    program = types.ModuleType("program")
    exec(exported(law(parity), "pypde"), program.__dict__)
    off = []
    for n in (points, 2 * points):
        field = start(law(parity).box.resampled((n,)).coordinates[0], parity)
        off.append(np.abs(program.rhs(field) - law(parity).rhs(field)).max())
    assert off[0] / off[1] > 3


def test_a_system_whose_operator_walls_do_not_admit_is_refused() -> None:
    with pytest.raises(ValueError, match="reflections at the walls .* got k in w"):
        simulate("kdv", 2, boundary="noflux")
    with pytest.raises(ValueError, match="expected no boundary with a chain"):
        simulate("fput", 2, boundary="noflux")


def test_fields_of_the_catalogue_are_zero_or_flat_at_walls() -> None:
    for kind, parity in (("zero", ODD), ("noflux", EVEN)):
        system = CATALOG["allen_cahn"].between(kind)
        box = system.law.box.resampled((256,))
        field = initial_fields(system.initial, box, 3, 0)
        ends = field[:, 0] if parity == ODD else np.diff(field)[:, 0]
        assert np.abs(ends).max() < 0.07
        data = simulate("allen_cahn", 2, boundary=kind, points=64, n_frames=4)
        assert data.boundary == kind
        assert data.notes == ()


@pytest.mark.full
@pytest.mark.parametrize(("name", "kind"), [("allen_cahn", "noflux"), ("allen_cahn", "zero")])
def test_the_law_between_walls_is_found(name: str, kind: str) -> None:
    data = simulate(name, 8, seed=10, boundary=kind, points=64, n_frames=31)
    found = discover(data, quiet=True, seed=0)
    truth = CATALOG[name].between(kind).law
    assert found.law.boundary == kind
    assert found.law.coefficients.keys() == truth.coefficients.keys()
    assert found.law.values() == pytest.approx(truth.values(), rel=1e-4)
    assert found.law.case == "dissipative"


@pytest.mark.full
def test_reflected_data_have_the_same_law() -> None:
    data = simulate("allen_cahn", 8, seed=10, boundary="noflux", points=32, n_frames=21)
    whole = np.concatenate([data.u, data.u[..., ::-1]], axis=-1)
    x = np.arange(64) * data.domain.spacing[0]
    reflected = Trajectories.from_arrays(whole, data.t, x, boundary="periodic")
    mine, theirs = (discover(part, quiet=True, seed=0).law for part in (data, reflected))
    assert mine.coefficients.keys() == theirs.coefficients.keys()
    assert mine.values() == pytest.approx(theirs.values(), rel=1e-3)
