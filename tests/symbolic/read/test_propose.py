"""Symbolic regression proposes terms of F; they are candidates like others, and PySR is optional."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import sympy
from typer.testing import CliRunner

from mesoscribe import fit
from mesoscribe.cli import main
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.read import forms
from mesoscribe.symbolic.read.factors import Importance
from mesoscribe.symbolic.read.propose import PySR, candidates, widened_by
from mesoscribe.symbolic.select import centre
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.systems.catalog import System
from mesoscribe.symbolic.systems.initial import InitialField

TRAINED = Schedule(leads=(1, 3), steps=(100, 100), batch=16, every=50)  # it starts from a polynomial
INSTALLED = find_spec("pysr") is not None
v = sympy.Symbol("u")  # not the one of laws: it has no assumptions, as those of PySR


@pytest.mark.parametrize(
    ("slope", "terms"),
    [
        (1.0003 * sympy.sin(v) - 0.2 * v + 3, {sympy.cos(u)}),
        (2 * sympy.exp(-v) - 5 * v**3, {sympy.exp(-u), u**4}),
        (v * (v - 1.5 * sympy.cos(v)), {u**3, u * sympy.sin(u), sympy.cos(u)}),
        (sympy.exp(sympy.sin(v)) + v**2, {u**3}),  # the first has no integral in closed form
        (sympy.Float(1.0), set()),
    ],
)
def test_slope_becomes_terms_of_the_energy(slope: sympy.Expr, terms: set[sympy.Expr]) -> None:
    assert set(candidates(slope)) == terms


@pytest.mark.slow
def test_proposal_is_asked_for_where_the_library_lacks_a_term_and_judged_like_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without fitted shapes, of which the cosine is one."""
    monkeypatch.setattr(forms, "parametric", lambda library, *_: (library, {}))
    monkeypatch.setattr(centre, "try_closed_forms", lambda *_: {})
    truth = Law(F=Factor.of(-sympy.cos(u)), q=Factor.of(k**2 / 10), m=Factor.of(1))
    initial = InitialField(3, 4, amplitude=1.5)
    data = System(truth, initial, (64,), 2e-2, 21, "").trajectories(6, seed=0)
    model = fit(data, seed=0, schedule=TRAINED, progress=False)
    asked = []

    def proposer(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> sympy.Expr:
        asked.append((x, y, weights))
        return 0.9 * sympy.sin(v) - 0.3 * v

    found = distillation(model, data, proposer=proposer, seed=0)
    assert found.law.coefficients == pytest.approx(truth.coefficients, rel=1e-5)
    said = found.notes[0]
    assert said.startswith("symbolic regression proposed F' = ")
    assert said.endswith("candidates of F from it: cos(u)")
    x, y, weights = asked[0]
    straight = np.stack([np.sin(x), x], axis=-1) * np.sqrt(weights)[:, None]
    left = np.linalg.lstsq(straight, y * np.sqrt(weights), rcond=None)[1]
    assert left.item() < 1e-4 * np.sum(weights * y**2)
    library = polynomials(1).wider("trigonometric")
    distillation(model, data, library=library, proposer=proposer, seed=0)
    assert len(asked) == 1


def test_proposer_is_given_the_force_of_a_driven_network_as_it_is() -> None:
    """F' = 2 + u³, where K(0) is not 0: the drive is in it once."""
    driven = Law(F=Factor.of(2 * u + u**4 / 4), q=Factor.of(k**2 / 10 + 3), m=Factor.of(1))
    data = System(driven, InitialField(3, 4, amplitude=0.5), (32,), 2e-2, 11, "").trajectories(6, seed=0)
    train, validation = data.parts(0, (0.75, 0.25))
    network = canonical_form(build(warm_start(train, validation), train))
    assert abs(network.drive) > 1
    seen = []

    def proposer(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> sympy.Expr:
        seen.append(np.interp(network.centre, x, y))
        return sympy.sin(v)

    n = len(network.nodes)
    weights = Importance(np.ones(n), *(np.ones(network.k.shape[1]),) * 2, np.zeros((1, 8)), network.m)
    widened_by(proposer, polynomials(1), network, weights)
    assert seen == pytest.approx([network.drive], rel=1e-3)


@pytest.mark.skipif(INSTALLED, reason="pysr is installed")
def test_pysr_that_is_not_installed_is_named_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the package pysr, which is not installed; pip install"):
        PySR()
    result = CliRunner().invoke(main, ["run", "kdv", "--pysr", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "pip install pysr" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not INSTALLED, reason="pysr, which needs Julia, is not installed")
def test_pysr_finds_a_sine() -> None:
    x = np.linspace(-2, 2, 200)
    found = PySR(iterations=5)(x, np.sin(x) - 0.3 * x, np.ones(200))
    assert sympy.cos(u) in candidates(found)
