"""Laws between walls that are read from data: fields of different parity, and two dimensions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp

from mesoscribe.diagnostics.runs.discover import discover
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.space.domain import Parity
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.coupled import COUPLED

h, p, v = sympy.symbols("h p v", real=True)
WALLS = "h=noflux,v=zero"
POINTS = 32
TUBE = Law(
    F=Factor.of(p * v**2 / 2),
    q=Factor.of(p**2 + v**2),
    m=Factor.of(0.2 * v**2),
    w=Factor.of(k * p * v),
    lengths=(math.pi,),
    fields=("p", "v"),
    parities=((Parity.EVEN,), (Parity.ODD,)),
)


def closed_tube(n: int) -> Trajectories:
    """p_t = -((1 + p) v)_x, v_t = -p_x - v v_x - 0.2 (1 + p) v by matrices of 18 waves, and by LSODA."""
    x, modes = (np.arange(48) + 0.5) * np.pi / 48, np.arange(19)
    cosine, sine = np.cos(x[:, None] * modes), np.sin(x[:, None] * modes[1:])
    even, odd = np.linalg.pinv(cosine), np.linalg.pinv(sine)
    slope_even, slope_odd = -(sine * modes[1:]) @ even[1:], (cosine[:, 1:] * modes[1:]) @ odd
    rng, t = np.random.default_rng(0), np.linspace(0.0, 1.5, 31)

    def rhs(_: float, y: np.ndarray) -> np.ndarray:
        p, v = y.reshape(2, -1)
        flux = (1 + p) * v
        v_t = slope_even @ p + v * (slope_odd @ v) + 0.2 * flux
        return -np.concatenate([slope_odd @ flux, sine @ (odd @ v_t)])

    fields = []
    for a, b in 0.05 * rng.normal(size=(n, 2, 2)):
        start = np.concatenate([cosine[:, 1:3] @ a, sine[:, :2] @ b])
        fields.append(solve_ivp(rhs, (0, 1.5), start, method="LSODA", t_eval=t, rtol=1e-10, atol=1e-13).y)
    values = np.stack(fields).reshape(n, 2, 48, -1).transpose(0, 3, 1, 2)
    return Trajectories.from_arrays(values, t, x, fields="p,v", layout="ntcx", boundary="p=noflux,v=zero")


def test_libraries_hold_what_reflections_leave_as_it_is() -> None:
    library = polynomials(1, fields=("h", "v")).between(COUPLED["shallow_water"].between(WALLS).law.parities)
    assert h * v**2 in library.F
    assert h**3 in library.F
    assert v**3 not in library.F
    assert h**2 * v not in library.F


@pytest.mark.slow
def test_operators_between_fields_of_different_parity_are_regressed() -> None:
    data = COUPLED["shallow_water"].between(WALLS).trajectories(6, seed=0, points=POINTS, n_frames=31)
    split = data.split(0)
    start = warm_start(split.train, split.validation)
    assert start.case is Case.CONSERVATIVE
    K, k = start.scales.K_to_user(start.K), data.domain.k[0]
    low = k < 4
    np.testing.assert_allclose((K[0, 1] / K[0, 1, 1] * k[1])[low], k[low], rtol=1e-4)
    np.testing.assert_allclose(K[0, 1][low], K[1, 0][low], rtol=1e-4, atol=1e-12)
    assert np.abs(K[0, 1].real).max() < 1e-6 * np.abs(K[0, 1]).max()
    assert np.abs(K[[0, 1], [0, 1]]).max() == 0
    assert start.F is not None
    sizes = {p: abs(float(w)) for p, w in zip(start.F.powers, start.F.weights, strict=True) if w}
    assert max(sizes, key=lambda p: sizes[p]) == (1, 2)  # h v²
    assert sizes.keys() <= {(3, 0), (1, 2), (4, 0), (2, 2), (0, 4), (1, 0)}


@pytest.mark.full
def test_a_closed_tube_of_an_independent_solver_is_found() -> None:
    found, truth = discover(closed_tube(6), quiet=True, seed=0), canonical_law(TUBE)
    assert found.law.boundary == "p=noflux,v=zero"
    assert found.law.coefficients == pytest.approx(truth.coefficients, rel=1e-4)


@pytest.mark.full
@pytest.mark.parametrize("boundary", ["noflux", "x=noflux,y=periodic"])
def test_allen_cahn_in_two_dimensions_between_walls(boundary: str) -> None:
    system = CATALOG["allen_cahn_2d"]
    law = replace(system.law, F=Factor.of(2.5 * u**4), q=Factor.of(kx**2 + ky**2 - 10))
    system = replace(system, law=law, shape=(32, 32), dt=1e-2, n_frames=21).between(boundary)
    found = discover(system.trajectories(5, seed=0), quiet=True, seed=0)
    assert found.law.boundary == boundary
    rows, truth = ({str(r.expr): r.value for r in equation_terms(law)} for law in (found.law, system.law))
    assert rows == pytest.approx(truth, rel=1e-4)
