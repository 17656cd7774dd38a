"""The form that a scientist would write: about u = 0 where that is simpler, with functions asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from mesoscribe import OnsagerModel, Trajectories, fit
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.select.distillation import Distillation
from mesoscribe.symbolic.systems.catalog import CATALOG, System
from mesoscribe.symbolic.systems.initial import InitialField

SHORT = Schedule(leads=(1, 3), steps=(20, 20), batch=16, every=20)
LONG = Schedule(leads=(1, 3), steps=(100, 100), batch=16, every=50)  # it starts from a polynomial


def learned(
    law: Law, initial: InitialField, dt: float, schedule: Schedule
) -> tuple[OnsagerModel, Trajectories]:
    """A quick fit to trajectories of a law."""
    data = System(law, initial, (64,), dt, 41, "").trajectories(8, seed=0)
    return fit(data, seed=0, schedule=schedule, progress=False), data


@pytest.mark.slow
@pytest.mark.parametrize("about", [0.0, 2.0])
def test_the_simpler_form_wins_the_one_in_u_or_the_one_about_the_mean(about: float) -> None:
    v = u - about
    truth = Law(F=Factor.of(sympy.expand(v**4 / 4 - v**2 / 2)), q=Factor.of(k**2 / 10), m=Factor.of(1))
    model, data = learned(truth, InitialField(3, 5, amplitude=0.3, mean=2.5), 1e-2, SHORT)
    law = distillation(model, data, seed=0).law
    assert law.centre in (0.0, pytest.approx(model.setting.scales.centre))
    fields = data.u[0, ::10]
    np.testing.assert_allclose(
        law.rhs(fields), truth.rhs(fields), atol=1e-6 * np.abs(truth.rhs(fields)).max()
    )
    if about == 0.0:
        assert law.centre == 0.0
        assert set(law.F.terms) == {u**4}
    else:
        assert len(law.parameters) <= 6


@pytest.fixture(scope="module")
def pendulums() -> tuple[OnsagerModel, Trajectories]:
    law = Law(F=Factor.of(-sympy.cos(u)), q=Factor.of(k**2 / 10), m=Factor.of(1))
    return learned(law, InitialField(3, 4, amplitude=1.5), 2e-2, LONG)


@pytest.mark.slow
def test_a_sine_is_found_where_the_library_holds_it(pendulums: tuple[OnsagerModel, Trajectories]) -> None:
    found = distillation(*pendulums, library=polynomials(1).wider("trigonometric"), seed=0)
    assert found.law.coefficients == pytest.approx({"F: cos(u)": -1.0, "q: k**2": 0.1, "m: 1": 1.0}, rel=1e-6)
    assert found.completeness.complete


@pytest.mark.slow
def test_a_sine_is_found_in_noise_where_its_series_does_as_well(
    pendulums: tuple[OnsagerModel, Trajectories],
) -> None:
    data = pendulums[1]
    noisy = data.u + 0.01 * data.u.std() * np.random.default_rng(0).normal(size=data.u.shape)
    data = Trajectories.from_arrays(noisy, data.t, data.domain.coordinates[0], layout="ntx")
    model = fit(data, seed=0, schedule=replace(SHORT, steps=(1, 1), every=1), progress=False)
    found = distillation(model, data, library=polynomials(1), seed=0)
    (term,) = found.law.F.terms
    assert isinstance(term, sympy.cos)
    assert float(term.args[0].coeff(u)) == pytest.approx(1.0, rel=1e-2)
    assert found.law.q.terms == (k**2,)
    assert any("in the place of a series" in note for note in found.notes)


@pytest.mark.slow
def test_a_sine_is_found_by_its_shape_where_the_library_lacks_it(
    pendulums: tuple[OnsagerModel, Trajectories],
) -> None:
    found = distillation(*pendulums, library=polynomials(1), seed=0)
    (term,) = found.law.F.terms
    assert isinstance(term, sympy.cos)
    assert float(term.args[0].coeff(u)) == pytest.approx(1.0, rel=1e-6)
    assert found.law.values() == pytest.approx([-1.0, 0.1, 1.0], rel=1e-6)
    assert any("cos(u) is a candidate of F" in note for note in found.notes)


@pytest.mark.full
@pytest.mark.slow
def test_a_function_is_said_to_be_missing_where_no_candidate_holds_it() -> None:
    law = Law(F=Factor.of(sympy.sqrt(1 + 9 * u**2) / 3), q=Factor.of(k**2 / 10), m=Factor.of(1))
    model, data = learned(law, InitialField(3, 4, amplitude=1.5), 2e-2, LONG)
    found: Distillation = distillation(model, data, library=polynomials(1), seed=0)
    assert not found.completeness.complete
    assert any("candidates" in note for note in found.notes)
    assert found.completeness.law > 1e-6


@pytest.mark.full
@pytest.mark.parametrize("own", [False, True], ids=["shared", "of each"])
def test_frames_at_random_times_give_the_same_law(own: bool) -> None:
    made = CATALOG["allen_cahn"].trajectories(8, seed=0, points=32, n_frames=201, dt=3e-4)
    rng = np.random.default_rng(1)
    each = [np.sort(np.append(0, rng.choice(np.arange(1, 201), 40, replace=False))) for _ in range(8)]
    at = np.stack(each if own else each[:1] * 8)
    u = made.u[np.arange(8)[:, None], at] + 0.01 * rng.normal(size=(8, 41, 32))
    data = Trajectories.from_arrays(u, made.t[at], made.domain.coordinates[0], layout="ntx")
    assert not data.even
    assert data.own_times == own
    model = fit(data, seed=0, schedule=SHORT, progress=False)
    law, truth = distillation(model, data, seed=0).law, CATALOG["allen_cahn"].law
    assert law.coefficients.keys() == truth.coefficients.keys()
    off = np.array([law.coefficients[name] / truth.coefficients[name] - 1 for name in truth.coefficients])
    assert np.abs(off).max() < 0.02
