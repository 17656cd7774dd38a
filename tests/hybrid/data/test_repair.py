"""Values that are no measurement are replaced, with a note; all others stay as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mesoscribe import distill, fit, load
from mesoscribe.hybrid.data.interpolation import interpolated
from mesoscribe.hybrid.data.repair import repaired
from mesoscribe.hybrid.data.screening import screen
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.hybrid.data.test_screening import as_data, hard, waves

BOXES = [Domain((24,), (2 * np.pi,)), Domain((20, 24), (2 * np.pi, 3.0))]


@pytest.mark.parametrize("box", BOXES, ids=["1D", "2D"])
def test_interpolation_has_an_error_of_eighth_order(box: Domain) -> None:
    errors = []
    for fine in (box, box.resampled(tuple(2 * n for n in box.shape))):
        waves_of_axes = [
            np.sin(2 * np.pi * x / L) for x, L in zip(fine.coordinates, fine.lengths, strict=True)
        ]
        u = np.broadcast_to(math.prod(np.meshgrid(*waves_of_axes, indexing="ij")), (1, 5, *fine.shape))
        bad = np.zeros(u.shape, dtype=bool)
        bad[(0, 2, *(3 * n // 8 for n in fine.shape))] = True
        errors.append(abs(float((interpolated(np.where(bad, 9.0, u), bad, fine) - u)[bad][0])))
    assert 7.5 < np.log2(errors[0] / errors[1]) < 8.5


def test_good_data_are_returned_as_they_are() -> None:
    data = as_data(waves(noise=0.05))
    assert repaired(data) is data


def test_bad_values_and_stuck_points_are_replaced_and_counted() -> None:
    u = waves()
    spoiled = u.copy()
    at = (np.array([0, 2, 5]), np.array([0, 14, 29]), np.array([3, 40, 63]))
    spoiled[at] += 8.0
    spoiled[:, :, 17] = 0.0
    data = repaired(as_data(spoiled))
    assert data.notes == (
        "3 bad values replaced by interpolation",
        "1 stuck point replaced by interpolation",
    )
    touched = np.zeros(u.shape, dtype=bool)
    touched[at] = touched[:, :, 17] = True
    np.testing.assert_array_equal(data.u[~touched], u[~touched])
    np.testing.assert_allclose(data.u[touched], u[touched], atol=1e-4)
    assert screen(data) == ()
    assert not data.u.flags.writeable
    np.testing.assert_array_equal(data.missing, touched)


@pytest.mark.parametrize("name", ["allen_cahn", "kdv"])
def test_bad_values_near_each_other_are_all_found(name: str) -> None:
    """Of 1 % some are neighbours, and each hides the other."""
    clean = CATALOG[name].trajectories(6, seed=0, points=64, n_frames=41)
    rng = np.random.default_rng(0)
    bad = rng.random(clean.u.shape) < 0.01
    spikes = 5 * clean.u.std() * rng.choice([-1.0, 1.0], clean.u.shape)
    found = repaired(clean.with_values(np.where(bad, clean.u + spikes, clean.u)))
    np.testing.assert_array_equal(found.missing, bad)
    np.testing.assert_allclose(found.u, clean.u, atol=0.1 * clean.u.std())


def test_node_of_the_field_is_not_stuck() -> None:
    x, t = np.arange(24) / 24, np.linspace(0, 1, 20)[:, None]
    data = as_data((np.exp(-t) * np.sin(2 * np.pi * x) * (x > 0))[None])
    assert repaired(data) is data
    assert screen(data) == ()


def test_bad_values_may_lie_beside_each_other() -> None:
    u = waves()
    bad = np.zeros(u.shape, dtype=bool)
    bad[1, 10, 20:23] = True
    found = interpolated(np.where(bad, 1e3, u), bad, as_data(u).domain)
    np.testing.assert_allclose(found[bad], u[bad], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param("outlier_ac_0.h5", marks=pytest.mark.full), "dead_ac_0.h5"])
def test_the_equation_of_blemished_data_is_that_of_good_ones(name: str) -> None:
    parts = repaired(load(hard(name))).split(seed=0)
    model = fit(parts.train, validation=parts.validation, seed=0, progress=False)
    law = distill(model, parts.train, validation=parts.validation)
    found = {"F: u**4": 0.25, "q: 1": -1.0, "q: k**2": 0.05, "m: 1": 1.0}
    assert law.coefficients == pytest.approx(found, rel=1e-4)
