"""From networks to laws: the factors are the network's own, the coefficients exact, nothing is left over."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from mesoscribe import distill
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.factors import Importance, importance, read_off
from mesoscribe.symbolic.read.network_skill import Skill
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.select.distillation import Distillation
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws import LAWS, smooth
from tests.support.runs import Learned


@dataclass(frozen=True)
class Run:
    """A trained network, and what was distilled from it."""

    data: Trajectories
    model: OnsagerModel
    distilled: Distillation

    @property
    def network(self) -> CanonicalNetwork:
        """The canonical form."""
        return canonical_form(self.model)

    def read(self, model: OnsagerModel) -> Law:
        """The factors of another network, as they stand, weighted by these data."""
        network = canonical_form(model)
        return read_off(
            model, network, importance(model, network, self.data), polynomials(1), 1e-4, None, network.centre
        )[0]


def run(learned: Learned) -> Run:
    return Run(learned.data, learned.model, distillation(learned.model, learned.data, seed=0))


@pytest.fixture(scope="module")
def kdv(learned: Callable[[str], Learned]) -> Run:
    return run(learned("kdv"))


@pytest.fixture(scope="module")
def allen_cahn(learned: Callable[[str], Learned]) -> Run:
    return run(learned("allen_cahn"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
def test_law_is_found_with_its_exact_support_and_coefficients(
    name: str, request: pytest.FixtureRequest
) -> None:
    found, truth = request.getfixturevalue(name).distilled.law, CATALOG[name].law
    assert found.coefficients == pytest.approx(truth.coefficients, rel=1e-4)
    assert found.case == truth.case
    assert found.covariance is not None
    assert canonical_law(found) == found


@pytest.mark.slow
def test_law_is_the_chosen_one_of_the_hall_of_fame(allen_cahn: Run) -> None:
    distilled = allen_cahn.distilled
    assert distilled.laws.chosen.law == distilled.law
    assert distilled.laws.picked is None
    for entry in distilled.laws.entries:
        assert canonical_law(entry.law) == entry.law
        assert entry.law.covariance is not None
    assert set(distilled.selections) == {"F", "q", "m", "w"}
    assert distilled.notes == ()
    assert distilled.completeness.complete
    assert {"scale", "quadratic energy", "constant"} <= {gauge.freedom for gauge in distilled.gauge}
    assert distilled.gauge == allen_cahn.network.gauge
    assert set(distilled.seconds) == {"distill", "refine", "non-members"}


@pytest.mark.slow
def test_law_is_as_accurate_on_its_data_as_the_solver(kdv: Run, allen_cahn: Run) -> None:
    for run in (kdv, allen_cahn):
        rolled = run.distilled.law.simulate(run.data.u[:, 0], run.data.t, rtol=1e-9)
        assert np.abs(rolled - run.data.u).max() < 1e-5 * np.abs(run.data.u).max()


@pytest.mark.slow
def test_distilling_again_gives_the_same_bits_and_leaves_the_network(allen_cahn: Run) -> None:
    before = copy.deepcopy(allen_cahn.model.state_dict())
    assert distill(allen_cahn.model, allen_cahn.data, seed=0) == allen_cahn.distilled.law
    for name, tensor in allen_cahn.model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


OTHERS: list[tuple[str, Callable[[torch.Tensor], torch.Tensor], Callable[[float], Law]]] = [
    ("quintic", lambda v: 2 * v**5, lambda A: Law(F=Factor.of(u**6 / (3 * A**4)), w=Factor.of(k))),
    (
        "cubic and quartic",
        lambda v: v**2 - 3 * v**3,
        lambda A: Law(F=Factor.of(u**3 / (3 * A) - 0.75 * u**4 / A**2), w=Factor.of(k)),
    ),
]


@pytest.mark.parametrize("name", ["kdv", "allen_cahn"])
@pytest.mark.parametrize(("f", "expected"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_network_is_the_source_of_F(
    name: str,
    f: Callable[[torch.Tensor], torch.Tensor],
    expected: Callable[[float], Law],
    request: pytest.FixtureRequest,
) -> None:
    source: Run = request.getfixturevalue(name)
    model = copy.deepcopy(source.model)
    nodes = torch.linspace(model.low, model.high, 512, dtype=torch.float64)
    model.potential.pointwise.imitate(nodes, f(nodes))
    removed = {gauge.freedom: gauge.removed for gauge in canonical_form(model).gauge}
    truth = expected(model.setting.scales.amplitude).F
    wanted = {term: removed["scale"] * value for term, value in zip(truth.terms, truth.values, strict=True)}
    found = source.read(model).F
    assert set(found.terms) == set(wanted)
    assert dict(zip(found.terms, found.values, strict=True)) == pytest.approx(wanted, rel=1e-2)
    assert set(source.read(source.model).F.terms) != set(found.terms)


def network_of(law: Law, case: Case, shape: tuple[int, ...]) -> OnsagerModel:
    """The network whose factors are those of a law."""
    domain = Domain(shape, law.lengths)
    band = 0.9 * domain.nyquist
    model = OnsagerModel(Setting(shape, law.lengths, Scales(1.0, 1.0, 1.0), case, band, False, -1.5, 1.5))
    weight = torch.ones(domain.modes_shape, dtype=torch.float64)
    shift = model.potential.imitate(torch.as_tensor(law.symbol("q", domain)), weight)
    nodes = torch.linspace(model.low, model.high, 512, dtype=torch.float64)
    with torch.no_grad():
        model.m_scale.copy_(model.modes.gather(torch.as_tensor(law.symbol("m", domain))))
        model.w_scale.copy_(model.modes.gather(torch.as_tensor(law.symbol("w", domain))))
    force = law.member(domain).f(nodes)
    model.potential.pointwise.imitate(nodes, force - shift * nodes)
    return model


@pytest.mark.parametrize(
    ("name", "case", "shape"),
    [
        ("Cahn–Hilliard", Case.DISSIPATIVE, (64,)),
        ("Benjamin–Ono", Case.CONSERVATIVE, (64,)),
        ("mixed", Case.MIXED, (64,)),
        ("Ohta–Kawasaki", Case.DISSIPATIVE, (64,)),
        ("Allen–Cahn 2D", Case.DISSIPATIVE, (24, 32)),
        ("Zakharov–Kuznetsov", Case.CONSERVATIVE, (24, 32)),
    ],
)
def test_factors_of_a_known_network_are_read_off(name: str, case: Case, shape: tuple[int, ...]) -> None:
    law = LAWS[name]
    model = network_of(law, case, shape)
    network = canonical_form(model)
    domain = Domain(shape, law.lengths)
    fields = np.stack([smooth(law, 4, seed=seed, modes=8) for seed in range(3)], axis=1)
    data = Trajectories.from_arrays(
        fields, np.arange(3.0), *domain.coordinates, layout="ntx" if domain.ndim == 1 else "ntxy"
    )
    weights = importance(model, network, data)
    found, _ = read_off(model, network, weights, polynomials(domain.ndim), 1e-4, None, network.centre)
    truth = canonical_law(law)
    assert found.coefficients == pytest.approx(truth.coefficients, rel=5e-2)


def test_importance_is_where_the_data_are(allen_cahn: Run) -> None:
    weights: Importance = importance(allen_cahn.model, allen_cahn.network, allen_cahn.data)
    nodes = allen_cahn.network.nodes
    assert weights.u.sum() == pytest.approx(1)
    assert weights.u.min() > 0
    density = np.histogram(allen_cahn.data.u, np.linspace(nodes[0], nodes[-1], len(nodes) + 1))[0]
    assert np.corrcoef(weights.u, density)[0, 1] > 0.99
    low = np.abs(allen_cahn.network.k[0]) <= 10
    assert weights.q[low].sum() > 0.5 * weights.q.sum()


def test_precision_is_within_its_bounds(allen_cahn: Run) -> None:
    skill = Skill.of(allen_cahn.model, allen_cahn.network, allen_cahn.data)
    assert NUMBERS.finest_precision <= skill.precision <= NUMBERS.coarsest_precision


@pytest.mark.slow
def test_symmetries_can_be_imposed(allen_cahn: Run) -> None:
    library = polynomials(1, isotropic=True).even()
    law = distill(allen_cahn.model, allen_cahn.data, library=library, seed=0)
    assert law.coefficients == pytest.approx(CATALOG["allen_cahn"].law.coefficients, rel=1e-4)
    assert law.case == "dissipative"
