"""Noisy trajectories suggest the right form, with coefficients that noise biases little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.select.weak_forms import weak_laws
from mesoscribe.symbolic.systems.catalog import CATALOG


@pytest.mark.parametrize(("name", "noise"), [("kdv", 0.2), ("kdv", 0.5)])
def test_form_is_found_in_noise(name: str, noise: float) -> None:
    system = CATALOG[name]
    data = system.trajectories(6, points=64, noise=noise, seed=1)
    truth = replace(system.law, lengths=data.domain.lengths)
    found = weak_laws(data, 0, truth, polynomials(1))[0]
    assert found.coefficients.keys() == truth.coefficients.keys()
    ratio = found.values() / truth.values()
    np.testing.assert_allclose(ratio, 1.0, atol=0.1)


def test_weak_noise_suggests_nothing() -> None:
    data = CATALOG["kdv"].trajectories(2, points=64, n_frames=40)
    assert not weak_laws(data, 0, CATALOG["kdv"].law, polynomials(1))
