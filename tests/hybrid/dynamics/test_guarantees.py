"""What docs/guarantees.md states beyond the energy law: minima that attract or do not, unique factors."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe import DiscreteGradient
from mesoscribe.diagnostics.measure.guarantee import Bound, guarantee
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from tests.support.examples import random_model
from tests.support.laws import LAWS

ROOT = Path(__file__).resolve().parents[3]
WELL = Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 8 - 1), m=Factor.of(1 + k**2), w=Factor.of(k))
CASES = {"dissipative": replace(WELL, w=Factor()), "mixed": WELL, "conservative": replace(WELL, m=Factor())}


def test_tests_that_the_documents_name_exist() -> None:
    named = set()
    for path in ROOT.glob("docs/*.md"):
        named |= set(re.findall(r"(tests/[\w/]+\.py)::(test_\w+)", path.read_text()))
    assert len(named) > 10
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (file, name)


@pytest.mark.parametrize("case", CASES)
def test_strict_minimum_attracts_with_dissipation_and_only_holds_without(case: str) -> None:
    law, x = CASES[case], np.arange(32) * 2 * np.pi / 32
    u0 = 1 + 0.1 * np.cos(x) + 0.05 * np.sin(2 * x) + (0.02 if law.m else 0.0)
    frames = law.simulate(u0, np.arange(0.0, 4.1, 0.4), scheme=DiscreteGradient(step=0.2))
    distance = np.linalg.norm(frames - 1, axis=-1)
    assert distance.max() < 1.2 * distance[0]
    if law.m:
        assert distance[-1] < 1e-2 * distance[0]
    else:
        assert distance.min() > 0.8 * distance[0]


@pytest.mark.parametrize("case", list(Case))
def test_networks_stay_in_the_bounded_set_below_their_energy_for_long_times(case: Case) -> None:
    model = random_model(case, band=3.0)
    rng = np.random.default_rng(0)
    u0 = 3 * rng.normal(size=(2, 3)) @ np.cos(np.arange(3)[:, None] * 2 * np.pi * np.arange(32) / 32)
    frames = model.simulate(u0, np.arange(0, 5.1, 1.0), scheme=DiscreteGradient(step=0.25))
    energy = model.energies(frames).total.numpy()
    assert np.isfinite(frames).all()
    assert np.diff(energy, axis=1).max() <= 1e-8 * np.abs(energy).max()


def linearisations(member: Member, c: float) -> torch.Tensor:
    """The coefficient of û_k in û_t about u = c, for each mode, from rhs alone."""
    h, domain = 1e-5, member.domain
    out = []
    for mode in range(1, domain.shape[0] // 2):
        wave = torch.cos(mode * domain.k_unit * torch.as_tensor(domain.coordinates[0]))
        rate = (member.rhs(c + h * wave) - member.rhs(c - h * wave)) / (2 * h)
        out.append(domain.fft(rate)[mode] / 0.5)
    return torch.stack(out)


@pytest.mark.parametrize("name", ["mixed", "KdV", "Cahn–Hilliard", "Benjamin–Ono", "nonlocal mobility"])
def test_equation_determines_its_operator_up_to_a_scale_and_its_energy_where_it_acts(name: str) -> None:
    law = LAWS[name]
    member = law.member(Domain((16,), law.lengths))
    at, other = linearisations(member, 0.3), linearisations(member, 0.8)
    K, q = member.K[1:8], member.q[1:8]
    found = (other - at) / (other - at)[0]
    torch.testing.assert_close(found, K / K[0], rtol=1e-5, atol=1e-5 * float((K / K[0]).abs().max()))
    symbol = -at / found / K[0]  # q(k) + F''(0.3), in the scale of the true operator
    torch.testing.assert_close(symbol.imag, 0 * q, rtol=0, atol=1e-5 * float(symbol.abs().max()))
    torch.testing.assert_close(
        symbol.real - symbol.real[0], q - q[0], rtol=0, atol=1e-5 * float(symbol.abs().max())
    )


def test_negative_b_bounds_the_modes_on_which_the_energy_has_a_minimum() -> None:
    law = Law(q=Factor.of(1 - k**2 / 100), m=Factor.of(1))
    assert guarantee(law, Domain((16,), law.lengths)).bound is Bound.BELOW
    assert guarantee(law, Domain((64,), law.lengths)).bound is Bound.NONE
    assert guarantee(replace(law, band=9.0), Domain((64,), law.lengths)).bound is Bound.BELOW


def test_energy_without_lower_bound_keeps_its_law_and_promises_no_bound() -> None:
    law = Law(F=Factor.of(u**3), q=Factor.of(k**2), m=Factor.of(1))
    assert guarantee(law, Domain((16,), law.lengths)).bound is Bound.NONE
    frames = law.simulate(np.full(16, -0.1), np.arange(0, 3.3, 0.8), scheme=DiscreteGradient(step=0.2))
    energy = law.energies(frames).total.numpy()
    assert np.diff(energy).max() < 0
    assert energy[-1] < 100 * energy[0]
