"""Chains by name: their fields, their theory, the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from mesoscribe import Law, Trajectories, load, simulate
from mesoscribe.cli import main
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.hybrid.chain.splitting import BLANES_MOAN
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.systems.catalog import chain_states
from mesoscribe.symbolic.systems.chains import CHAINS, theory, user_chain
from mesoscribe.symbolic.systems.long_wave import LongWave

SMALL: dict[str, Any] = {"n_trajectories": 2, "n_frames": 4}
LENNARD_JONES = "((1 + r)**-7 - (1 + r)**-13)/6"
NAMES = pytest.mark.parametrize("name", sorted(CHAINS))


def invoke(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def predicted(data: Trajectories) -> LongWave:
    """The long-wave theory of data that come from a chain."""
    found = theory(data)
    assert found is not None
    return found


@NAMES
def test_chains_have_the_sampling_of_the_reference_files(name: str, official: Callable[[str], Path]) -> None:
    data, reference = simulate(name, **SMALL), load(official(f"{name}_train.hdf5"))
    assert data.dt == pytest.approx(reference.dt)
    np.testing.assert_allclose(data.domain.lengths, reference.domain.lengths)
    np.testing.assert_allclose(data.u[:, 0].std(-1), 1, rtol=1e-3)
    assert data.provenance["chain"]["courant"] <= 0.05


@NAMES
def test_simulation_of_a_chain_is_reproducible_from_its_seed(name: str) -> None:
    first, again, other = (simulate(name, seed=seed, noise=0.01, **SMALL).u for seed in (3, 3, 4))
    np.testing.assert_array_equal(again, first)
    assert np.abs(other - first).max() > 0.1


def test_raw_states_can_be_kept() -> None:
    raw = CHAINS["fput"].states(2, n_frames=4, seed=5)
    assert raw.r.shape == raw.v.shape == (2, 4, 128)
    np.testing.assert_array_equal(raw.trajectories().u, simulate("fput", seed=5, **SMALL).u)


def test_states_and_fields_of_a_name_are_those_of_the_same_chain() -> None:
    options: dict[str, Any] = {"n_frames": 4, "seed": 5, "sites": 48, "force_law": "exp(r) - 1"}
    np.testing.assert_array_equal(
        chain_states("chain", 2, **options).trajectories().u, simulate("chain", 2, **options).u
    )


def test_a_field_has_no_states() -> None:
    with pytest.raises(ValueError, match="expected the name of a chain, fput, fene, chain, got kdv"):
        chain_states("kdv", 1)


def test_noise_has_its_level() -> None:
    clean, noisy = (simulate("fput", noise=noise, **SMALL).u for noise in (0.0, 0.05))
    assert (noisy - clean).std() == pytest.approx(0.05 * clean.std(), rel=0.05)


@pytest.mark.parametrize("force_law", ["exp(r) - 1", LENNARD_JONES, "r + r**3", "2*r - 40*r**2"])
def test_fields_of_any_force_have_a_nonlinear_coefficient_near_their_speed(force_law: str) -> None:
    data = simulate("chain", force_law=force_law, **SMALL)
    wave = predicted(data)
    assert 0.5 < abs(wave.nonlinear) / wave.c <= 1


def test_a_later_power_of_the_force_may_limit_the_amplitude() -> None:
    data = simulate("chain", force_law="r + r**2/1000 + 100*r**3", **SMALL)
    facts = data.provenance["chain"]
    assert 200 * facts["scale"] ** 2 == pytest.approx(facts["epsilon"] ** 2)


@pytest.mark.parametrize("name", ["fput", "fene", "chain"])
def test_theory_predicts_a_chain_up_to_the_next_order(name: str) -> None:
    """The error of a frame falls with ε²; that of a chain of its size is a few per cent of the change."""
    force_law = "exp(r) - 1" if name == "chain" else None
    data = simulate(name, 2, n_frames=6, force_law=force_law)
    law = predicted(data).law()
    error = law.simulate(data.u[:, 0], data.t) - data.u
    assert np.abs(error[:, -1]).max() < 0.05 * np.abs(data.u[:, -1] - data.u[:, 0]).max()


def test_theory_knows_the_integrator_and_the_scale() -> None:
    coarse, fine = (simulate("fput", courant=courant, **SMALL) for courant in (0.5, 0.01))
    used = coarse.provenance["chain"]["courant"]
    assert float(predicted(coarse).dispersion) == pytest.approx((1 - used**2) / 24)
    exact = replace(CHAINS["fput"], courant=0.5, integrator=BLANES_MOAN).trajectories(2, n_frames=4)
    assert float(predicted(exact).dispersion) == pytest.approx(1 / 24)
    assert float(predicted(fine).nonlinear) == pytest.approx(1)
    assert theory(simulate("kdv", 1, n_frames=3, points=16)) is None


def test_theory_is_read_from_a_file(tmp_path: Path) -> None:
    data = simulate("chain", force_law=LENNARD_JONES, **SMALL)
    data.save(tmp_path / "chain.nc")
    assert str(theory(load(tmp_path / "chain.nc"))) == str(theory(data))


REFUSED: dict[str, tuple[dict, str]] = {
    "few sites": (
        {"name": "fput", "sites": 40},
        "expected at least 48 sites for waves up to mode 6, 8 to the",
    ),
    "step": ({"name": "fput", "courant": 1.5}, "expected a step with 0 < cΔt < 0.9"),
    "no force": ({"name": "chain"}, "expected a force law with the name chain and with no other, got None"),
    "two forces": ({"name": "fput", "force_law": "r"}, "and with no other, got 'r' with fput"),
    "not analytic": ({"name": "chain", "force_law": "r + r*Abs(r)"}, "expected a force law that is analytic"),
    "unstable": ({"name": "chain", "force_law": "r**2 - r"}, r"expected F'\(0\) > 0, got -1"),
    "code": ({"name": "chain", "force_law": "__import__('os')"}, "expected a formula of numbers"),
    "other symbol": ({"name": "chain", "force_law": "a*r"}, "expected a formula of numbers"),
    "no chain": ({"name": "kdv", "sites": 64}, "expected sites with a chain, got kdv"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused_in_one_line(case: str) -> None:
    settings, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as caught:
        simulate(n_trajectories=1, **settings)
    assert "\n" not in str(caught.value)


def test_finitely_extensible_chain_is_not_overstretched() -> None:
    with pytest.raises(ValueError, match=r"expected bonds with -0.001 < r < 0.001, where F = .* is analytic"):
        user_chain("r + 1e-9*r**2/(1 - (1000*r)**2)").states(1)


def test_command_line_simulates_a_force_law(tmp_path: Path) -> None:
    out = tmp_path / "toda.nc"
    done = invoke("simulate", "chain", "--force-law", "exp(r) - 1", "--sites", 48, "--courant", 0.2,
                  "--trajectories", 2, "--frames-count", 4, "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "F = exp(r) - 1" in done.output
    assert "drift of energy" in done.output
    assert load(out).u.shape == (2, 4, 48)


STRETCHED = "r + 1e-9*r**2/(1 - (1000*r)**2)"
MISTAKES: dict[str, tuple[tuple[object, ...], str]] = {
    "no force law": (("chain",), "expected a force law"),
    "not analytic": (("chain", "--force-law", "sqrt(r)"), "analytic at r = 0"),
    "force law with a file": (("x.npz", "--force-law", "r"), "expected no --force-law with a file"),
    "overstretched": (("chain", "--force-law", STRETCHED), "expected bonds with -0.001 < r < 0.001"),
    "unstable step": (("fput", "--courant", 1.5), "expected a step with 0 < cΔt < 0.9"),
    "no step": (("fput", "--courant", 0), "expected a step with 0 < cΔt < 0.9"),
    "few sites for the modes": (("fput", "--sites", 40), "expected at least 48 sites for waves up to mode 6"),
    "hardly any sites": (("fput", "--sites", 4), "expected at least 48 sites for waves up to mode 6"),
    "forces of a file": (("x.npz", "--forces", 8), "expected the name of a chain with --forces, fput, fene"),
    "forces of a field": (("kdv", "--forces", 8), "got kdv: a field holds no forces; leave --forces out"),
    "forces with noise": (("fput", "--forces", 8, "--noise", 0.1), "expected no --noise with --forces"),
    "no forces": (("fput", "--sites", 48, "--trajectories", 3, "--forces", 0), "at least one site"),
    "forces on more sites": (
        ("fput", "--sites", 48, "--trajectories", 3, "--courant", 0.5, "--forces", 49),
        "expected at most 48 sites, all that the chain has, got 49; ask for fewer",
    ),
    "forces that dissipate": (
        ("fput", "--sites", 48, "--trajectories", 3, "--courant", 0.5, "--forces", 8, "--case", "mixed"),
        "expected a conservative fit, as a chain loses no energy, got mixed",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_command_line_refuses_chains_in_one_line(case: str, tmp_path: Path) -> None:
    arguments, message = MISTAKES[case]
    done = invoke("run", *arguments, "--quiet", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_no_equation_is_the_truth_of_a_chain() -> None:
    assert Plan("fput", {}).truth is None
    assert Plan("chain", {"force_law": "exp(r) - 1"}).truth is None


@pytest.mark.full
def test_a_force_law_leads_to_an_equation_in_one_run(tmp_path: Path) -> None:
    out = tmp_path / "toda"
    done = invoke("run", "chain", "--force-law", "exp(r) - 1", "--sites", 64, "--trajectories", 6,
                  "--steps", 8, "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    found = {row.name: row.value for row in equation_terms(Law.load(out / "law.json"))}
    leading = {name: found[name] for name in ("u*u_x", "u_xxx")}
    assert leading == pytest.approx({"u*u_x": -1, "u_xxx": -1 / 24}, rel=0.03)
    rows = {
        row["term"]: row["next_order"] for row in json.loads((out / "metrics.json").read_text())["theory"]
    }
    assert {name: rows[name] for name in leading} == pytest.approx(leading, rel=0.02)
    page = (out / "report.html").read_text()
    assert "Long-wave theory" in page
    assert "F(r) = exp(r) - 1" in page


@pytest.mark.full
@pytest.mark.slow
def test_forces_on_a_few_sites_lead_to_an_equation(tmp_path: Path) -> None:
    """The forces that were evaluated are told by fit, in run.json, in metrics.json and in the report."""
    out = tmp_path / "fput"
    said = []
    for arguments in (
        ("fit", "fput", "--forces", 4, "--sites", 48, "--trajectories", 4, "--steps", 8, "--out", out),
        ("distill", out),
        ("report", out),
    ):
        done = invoke(*arguments)
        assert done.exit_code == 0, done.output
        said.append(done.output)
    used = json.loads((out / "run.json").read_text())["fit"]["evaluations"]
    bonds = 3 * 101 * 48  # of trajectories that train and validate
    assert 64 * 4 < used < bonds
    assert f"{used} of {bonds} bond forces evaluated" in said[0]
    found = {row.name: row.value for row in equation_terms(Law.load(out / "law.json"))}
    leading = {name: found[name] for name in ("u*u_x", "u_xxx")}
    assert leading == pytest.approx({"u*u_x": -1, "u_xxx": -1 / 24}, rel=0.06)
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["force_evaluations"] == used
    assert metrics["in_class"] is None
    assert metrics["verdict"].startswith("Not tested against the class; conservative law")
    assert f"{used} distinct forces of bonds" in (out / "report.html").read_text()
