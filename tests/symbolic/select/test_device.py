"""A law is found on another device as on the CPU: judge, projection of initial fields, equations outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from mesoscribe.hybrid.learn.fit import start
from mesoscribe.hybrid.space.device import array, on
from mesoscribe.symbolic.law.factor import k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.rate_terms import Rate
from mesoscribe.symbolic.law.rates import Rates
from mesoscribe.symbolic.refine import projection as module
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.systems.catalog import CATALOG, simulate
from tests.support.numbers import change

TRANSPORT = Rates((Rate((3,), ((0,),)), Rate((1,), ((0,), (0,)))), (-0.9, -2.8))  # -0.9 u_xxx - 2.8 (u²)_x


@pytest.mark.slow
def test_a_law_is_distilled_as_on_the_cpu(other_device: torch.device, tmp_path: Path) -> None:
    data = simulate("kdv", 3, n_frames=11, points=16, seed=0)
    model = start(data).model
    library = Library((u, u**3, u**4), (sympy.Integer(1), k**2), (sympy.Integer(1),), (k, k**3))
    here = distillation(model, data, library=library)
    there = distillation(model, data, library=library, device=other_device)
    assert model.theta_m.device == torch.device("cpu")
    assert there.law.coefficients.keys() == here.law.coefficients.keys()
    found, expected = (np.array(list(d.law.coefficients.values())) for d in (there, here))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    there.law.save(tmp_path / "law.json")
    assert Law.load(tmp_path / "law.json") == there.law
    u0 = data.u[:1, 0]
    np.testing.assert_array_equal(there.law.rhs(u0), Law.load(tmp_path / "law.json").rhs(u0))


@pytest.mark.parametrize("largest", [2**30, 0])
@pytest.mark.parametrize(("name", "points"), [("kdv", 16), ("cahn_hilliard_2d", 8)])
def test_initial_fields_are_projected_out_as_on_the_cpu(
    name: str, points: int, largest: int, other_device: torch.device, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, module, dense_values=largest)
    data = simulate(name, 3, n_frames=6, points=points, seed=0, noise=0.03)
    fits = []
    for device in ("cpu", other_device):
        with on(device):
            law = CATALOG[name].law
            fits.append(Likelihood(RollOutData.of(data, law), free=True).fit(law))
    here, there = fits
    assert there.fields.device == other_device
    np.testing.assert_allclose(there.law.values(), here.law.values(), rtol=1e-5)
    np.testing.assert_allclose(array(there.fields), array(here.fields), atol=1e-4)


def test_an_equation_outside_the_class_is_fitted_as_on_the_cpu(other_device: torch.device) -> None:
    data = simulate("kdv", 2, n_frames=6, points=16, seed=0)
    found = []
    for device in ("cpu", other_device):
        with on(device):
            at = Likelihood(RollOutData.of(data, CATALOG["kdv"].law))
            found.append(at.fit(TRANSPORT).law.values())
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)
