"""Reference systems of several fields: their equations, and energies that fall or are kept."""

import numpy as np
import pytest

from mesoscribe import simulate
from mesoscribe.symbolic.systems.coupled import COUPLED

TEXTS = {
    "sine_gordon": "u_t = v; v_t = u_xx - sin(u)",
    "schroedinger": "a_t = -0.5 b_xx + a^2 b + b^3; b_t = 0.5 a_xx - a^3 - a b^2",
    "shallow_water": "h_t = -h v_x - h_x v; v_t = 0.01 h_xxx - h_x - v v_x",
    "p_system": "r_t = v_x; v_t = -0.01 r_xxx + r_x + 2 r r_x",
    "model_c": "u_t = 0.02 u_xx + u - c u - u^3; c_t = 0.5 c_xx + 0.5 u u_xx + 0.5 u_x^2",
}


@pytest.mark.parametrize("name", TEXTS)
def test_equations_are_those_of_the_literature(name: str) -> None:
    assert COUPLED[name].law.text == TEXTS[name]


@pytest.mark.parametrize("name", COUPLED)
def test_energy_falls_or_is_kept(name: str) -> None:
    data, law = simulate(name, 1, points=32, n_frames=6), COUPLED[name].law
    assert data.fields == law.fields
    assert data.u.shape[:3] == (1, 6, 2)
    V = law.energies(data.u[0]).total.numpy()
    assert np.all(np.diff(V) < 1e-7 * np.abs(V).max())
    assert law.m or np.ptp(V) < 1e-6 * np.abs(V).max()


def test_noise_is_relative_to_each_field() -> None:
    clean, noisy = (simulate("shallow_water", 2, points=32, n_frames=4, noise=noise) for noise in (0.0, 0.1))
    off = np.std(noisy.u - clean.u, axis=(0, 1, 3)) / np.std(clean.u, axis=(0, 1, 3))
    np.testing.assert_allclose(off, 0.1, rtol=0.2)
