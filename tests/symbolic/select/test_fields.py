"""From two fields to their equation: regression, network, factors, search."""

import pytest

from mesoscribe import simulate
from mesoscribe.hybrid.learn.fit import start
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.read.fields import FieldsNetwork
from mesoscribe.symbolic.read.network_skill import Skill
from mesoscribe.symbolic.read.optimisers import DEFAULT
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.systems.coupled import COUPLED


@pytest.mark.slow
def test_shallow_water_is_found_from_its_trajectories() -> None:
    data, truth = (
        simulate("shallow_water", 6, points=32, n_frames=31),
        canonical_law(COUPLED["shallow_water"].law),
    )
    learn, validate = data.parts(0, (0.7, 0.3))
    begun, library = start(learn, validation=validate), polynomials(1, fields=data.fields)
    network = FieldsNetwork.of(begun.model, learn, validate)
    read = canonical_law(network.read(library, network.skill.precision, DEFAULT)[0])
    assert truth.coefficients.keys() <= read.coefficients.keys()
    noisy = simulate("shallow_water", 3, points=32, n_frames=31, noise=0.02)
    trust = Skill.of_fields(begun.model, noisy).modes  # modes from 8 on are noise
    assert trust[2:5].mean() > 0.8 > 0.2 > trust[8:].mean()
    found = distillation(begun.model, learn, validation=validate, library=library)
    assert found.law.coefficients == pytest.approx(truth.coefficients, rel=1e-4)
    assert found.laws.rival is None
    assert found.law.fields == ("h", "v")
