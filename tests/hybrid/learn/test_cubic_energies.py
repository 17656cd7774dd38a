"""Members whose energy needs a cubic N: found by the warm start, learned, distilled; others do without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mesoscribe import fit
from mesoscribe.diagnostics.measure.probes import probe
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.symbolic.law.density_terms import u_x, u_xx
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import polynomials
from mesoscribe.symbolic.read.factors import importance, read_off
from mesoscribe.symbolic.select.distill import distillation
from mesoscribe.symbolic.select.distillation import Distillation
from mesoscribe.symbolic.systems.initial import InitialField
from mesoscribe.symbolic.systems.system import System
from tests.support.examples import ALLEN_CAHN, KDV, random_model

SHORT = Schedule(leads=(1,), steps=(5,), batch=8, every=5)
RANGE = InitialField(3, 6, "range")
BOX = (2 * np.pi,)


def of(law: Law, initial: InitialField, dt: float, frames: int = 41) -> System:
    return System(law, initial, (64,), dt, frames, "")


GRADIENT = of(
    Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 / 10 - 1), m=Factor.of(1), N=Factor.of(0.03 * u * u_x**2)),
    RANGE,
    2e-2,
)
MEMBERS = {
    "Allen–Cahn, u u_x²": GRADIENT,
    "Allen–Cahn, u_x³": of(replace(GRADIENT.law, N=Factor.of(0.002 * u_x**3)), RANGE, 2e-2),
    "Swift–Hohenberg, u u_xx²": of(
        replace(GRADIENT.law, q=Factor.of(k**4 / 100 + k**2 / 10 - 1), N=Factor.of(0.003 * u * u_xx**2)),
        RANGE,
        1e-2,
    ),
    "KdV, u u_x²": of(
        Law(F=Factor.of(u**3 / 6), q=Factor.of(k**2 / 10), w=Factor.of(k), N=Factor.of(0.02 * u * u_x**2)),
        InitialField(3, 4, amplitude=0.3),
        1e-2,
    ),
    "Camassa–Holm": of(
        Law(F=Factor.of(u**3 / 2), w=Factor.of(k / (1 + k**2)), N=Factor.of(u * u_x**2 / 2)),
        InitialField(3, 3, amplitude=0.2, mean=1.0),
        1e-2,
    ),
}


def start_of(data: Trajectories) -> WarmStart:
    return warm_start(*data.parts(0, (0.75, 0.25)))


def beta_of(warm: WarmStart, law: Law) -> np.ndarray:
    """The β_j of u u_x², u_x³ and u u_xx² in the user's units, with the scale of the law."""
    scales, low = warm.scales, slice(1, 5)
    wave = law.symbol("m", warm.domain) + 1j * law.symbol("w", warm.domain)
    gauge = float(np.mean((warm.K[low] / scales.time / wave[low]).real))
    return gauge * np.array(warm.beta) * scales.length ** np.array([2, 3, 4]) / scales.amplitude


@pytest.fixture(scope="module")
def learned() -> tuple[Trajectories, WarmStart, OnsagerModel]:
    data = GRADIENT.trajectories(6, seed=0, n_frames=31)
    warm = start_of(data)
    return data, warm, build(warm, data)


def assert_found(warm: WarmStart, law: Law) -> None:
    (term,), (value,) = law.N.terms, law.N.values
    expected = [value * (term == other) for other in polynomials(1).N]
    assert beta_of(warm, law) == pytest.approx(expected, rel=1e-3)
    assert warm.case.value == law.case
    assert warm.evidence.in_class
    assert warm.score < 1e-3


def test_cubic_energy_is_found_and_no_other(learned: tuple[Trajectories, WarmStart, OnsagerModel]) -> None:
    assert_found(learned[1], GRADIENT.law)


@pytest.mark.full
@pytest.mark.parametrize("name", list(MEMBERS)[1:])
def test_each_cubic_energy_is_found_and_no_other(name: str) -> None:
    assert_found(start_of(MEMBERS[name].trajectories(5, seed=0)), MEMBERS[name].law)


@pytest.mark.slow
def test_cubic_energy_is_found_through_noise_of_one_percent() -> None:
    warm = start_of(GRADIENT.trajectories(12, seed=0, noise=1e-2))
    assert beta_of(warm, GRADIENT.law) == pytest.approx([0.03, 0, 0], rel=0.2)
    assert warm.evidence.in_class


@pytest.mark.parametrize("example", [ALLEN_CAHN, KDV], ids=lambda example: example.name)
def test_members_that_need_no_N_have_none(example: object) -> None:
    data = example.data()  # type: ignore[attr-defined]
    warm = start_of(data)
    assert warm.beta == ()
    model = build(warm, data)
    assert model.potential.nonlocal_part is None
    assert model.setting.low_modes == 0


def test_network_starts_as_its_warm_start_and_N_is_linear_there(
    learned: tuple[Trajectories, WarmStart, OnsagerModel], tmp_path: Path
) -> None:
    data, warm, model = learned
    N = model.potential.nonlocal_part
    assert N is not None
    v = torch.as_tensor(warm.scales.to_scaled(data.u[:, ::10]))
    u_hat = model.domain.fft(v)
    member = warm.member()
    (local,) = member.energy.others
    ours, theirs = member.K * local.force(u_hat), model.member().K * N.force(u_hat).detach()
    torch.testing.assert_close(theirs, ours * member.mask, rtol=0, atol=1e-9 * float(ours.abs().max()))
    assert (
        float(N(u_hat).detach().abs().max())
        <= model.domain.volume * float(N.bound) * 2 / NUMBERS.nonlocal_bound
    )
    model.save(tmp_path)
    again = OnsagerModel.load(tmp_path).potential.nonlocal_part
    assert again is not None
    assert torch.equal(again.force(u_hat).detach(), N.force(u_hat).detach())


def test_N_is_bounded_by_its_bound() -> None:
    model = random_model(low_modes=3, size=2.0)
    N = model.potential.nonlocal_part
    assert N is not None
    u_hat = 1e6 * model.domain.fft(torch.randn(5, 32, dtype=torch.float64))
    assert float(N(u_hat).detach().abs().max()) <= model.domain.volume * float(N.bound)
    assert bool(torch.isfinite(N.force(u_hat).detach()).all())


def test_terms_of_N_are_read_off_the_network(
    learned: tuple[Trajectories, WarmStart, OnsagerModel],
) -> None:
    data, _, model = learned
    network = canonical_form(model)
    weights = importance(model, network, data)
    law, selections = read_off(model, network, weights, polynomials(1), 1e-5, None, network.centre)
    assert law.N.terms == (u * u_x**2,)
    assert law.N.values == pytest.approx((0.03,), rel=1e-3)
    assert selections["N"].residual < 1e-6
    even, _ = read_off(model, network, weights, polynomials(1).even(), 1e-5, None, network.centre)
    assert not even.N
    assert network.N is not None
    v = data.u[:2, ::20].reshape(-1, 64)
    energy = GRADIENT.law.energies(v).total - replace(GRADIENT.law, N=Factor()).energies(v).total
    np.testing.assert_allclose(
        network.N.value(data.domain.fft(torch.as_tensor(v))), energy.numpy(), rtol=1e-3, atol=1e-6
    )
    ours, theirs = (probe(subject, data.domain).components(v) for subject in (network, GRADIENT.law))
    for name in ("F", "Q", "N", "V"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=1e-4)


def distilled(system: System) -> Distillation:
    parts = system.trajectories(6, seed=0).split(seed=0)
    model = fit(parts.train, validation=parts.validation, seed=0, schedule=SHORT, progress=False)
    return distillation(model, parts.train, validation=parts.validation)


@pytest.mark.full
def test_law_with_N_is_found_with_its_exact_support_and_coefficients() -> None:
    found, truth = distilled(GRADIENT), GRADIENT.law
    assert found.law.coefficients == pytest.approx(truth.coefficients, rel=1e-4)
    assert found.law.case == truth.case
    assert found.law.N.std_errors != (None,)
