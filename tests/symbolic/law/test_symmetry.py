"""Symmetries are found in the coefficients of a law, and a library can impose them."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoscribe.symbolic.law.density_terms import u_x, u_xx, u_xy, u_y, u_yy
from mesoscribe.symbolic.law.factor import Factor, columns, k, kx, ky, kz, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.symmetry import symmetries
from mesoscribe.symbolic.systems.catalog import CATALOG

ALLEN_CAHN_2D = CATALOG["allen_cahn_2d"].law


def holding(law: Law) -> set[str]:
    return {symmetry.name for symmetry in symmetries(law) if symmetry.holds}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("allen_cahn", {"u → -u", "x → -x"}),
        ("kdv", set()),
        ("drifting_allen_cahn", {"u → -u"}),
        ("cahn_hilliard_2d", {"u → -u", "(x, y) → (-x, -y)", "rotations"}),
        ("allen_cahn_3d", {"u → -u", "(x, y, z) → (-x, -y, -z)", "rotations"}),
    ],
)
def test_symmetries_of_known_laws(name: str, expected: set[str]) -> None:
    assert holding(CATALOG[name].law) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(-1, 1))
def test_powers_of_the_laplacian_are_isotropic(a: float, b: float, c: float) -> None:
    q = Factor.of(sympy.expand(a + b * (kx**2 + ky**2) + c * (kx**2 + ky**2) ** 2))
    assert "rotations" in holding(Law(F=Factor.of(u**4), q=q, m=Factor.of(1), lengths=(1.0, 2.0)))


def test_directions_that_differ_are_told_from_chance() -> None:
    q = Factor((kx**2, ky**2), (1.0, 1.05))
    law = Law(F=Factor.of(u**4), q=q, m=Factor.of(1), lengths=(1.0, 1.0))
    assert "rotations" not in holding(law)
    for std_error, holds in ((0.05, True), (0.005, False)):
        measured = law.with_values(law.values(), np.diag([0, std_error**2, std_error**2, 0]))
        assert ("rotations" in holding(measured)) is holds


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_library_can_impose_symmetries(ndim: int) -> None:
    library = polynomials(ndim, isotropic=True).even()
    assert all(sympy.simplify(term.subs(u, -u) - term) == 0 for term in library.F)
    assert library.w == ()
    if ndim > 1:
        angle = np.linspace(0, 2 * np.pi, 9)
        around = columns(
            (*library.q, *library.m),
            {kx: 1.3 * np.cos(angle), ky: 1.3 * np.sin(angle)} | ({kz: 0 * angle} if ndim > 2 else {}),
        )
        np.testing.assert_allclose(around, np.broadcast_to(around[:1], around.shape), rtol=1e-12)
    else:
        assert k**2 in library.m


def test_rotations_in_space_are_those_in_each_plane() -> None:
    squares = {kx**2: 1.0, ky**2: 1.0, kz**2: 1.0}
    for odd_one in squares:
        q = Factor(tuple(squares), tuple(1.5 if s == odd_one else 1.0 for s in squares))
        assert "rotations" not in holding(Law(F=Factor.of(u**4), q=q, m=Factor.of(1), lengths=(1.0,) * 3))
    N = Factor.of(u_x**2 * u_yy - 2 * u_x * u_y * u_xy + u_y**2 * u_xx)  # of a plane alone
    law = Law(q=Factor.of(1), m=Factor.of(1), N=N, lengths=(1.0,) * 3)
    assert "rotations" not in holding(law)
    assert "rotations" in holding(Law(q=Factor.of(1), m=Factor.of(1), N=N, lengths=(1.0,) * 2))
