"""The warm start: it finds K, q and F' of members of the class, and tells others from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.readers.load import load
from mesoscribe.hybrid.regression.evidence import Evidence
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import WarmStart, _member, first_useful_frame, warm_start
from mesoscribe.hybrid.regression.selection import Regression
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.examples import ALLEN_CAHN, DRIVEN, HEAT, KDV, MIXED, OFF_CENTRE, Example, waves

MEMBERS = [
    ALLEN_CAHN,
    DRIVEN,
    KDV,
    MIXED,
    OFF_CENTRE,
    replace(KDV, name="KdV on a longer box", length=9.0, dt=8e-3),
]


def start_of(data: Trajectories) -> WarmStart:
    return warm_start(*data.parts(0, (0.75, 0.25)))


def assert_recovers(example: Example, warm: WarmStart, *, time: float = 1.0, length: float = 1.0) -> None:
    """K, q and F' in the user's units equal the member's, up to the scale that nothing determines."""
    scales = warm.scales
    low = warm.known & (warm.domain.k[0] > 0) & (warm.domain.k[0] < 4.5)
    k = warm.domain.k[0] / scales.length * length
    K = warm.K / scales.time * time
    truth = example.K(k)
    gauge = float((K[low] @ truth[low].conj()).real / (truth[low] @ truth[low].conj()).real)
    np.testing.assert_allclose(K[low], gauge * truth[low], atol=1e-2 * abs(gauge) * np.abs(truth[low]).max())
    force = np.polynomial.Polynomial(example.f)(np.polynomial.Polynomial([scales.centre, 1.0]))
    coefficients = np.pad(force.coef, (0, 8))
    q = example.q(k) + coefficients[1]
    np.testing.assert_allclose(warm.q[low] * gauge, q[low], atol=2e-2 * np.abs(q[low]).max())
    v = np.linspace(-1.5, 1.5, 31)
    coefficients[1] = 0
    coefficients[0] = coefficients[0] + example.q(np.zeros(1))[0] * scales.centre if truth[0] != 0 else 0
    expected = np.polynomial.Polynomial(coefficients)(scales.amplitude * v)
    found = scales.amplitude * gauge * (warm.f(v) - (warm.f(0.0) if truth[0] == 0 else 0.0))
    np.testing.assert_allclose(found, expected, atol=2e-2 * np.abs(expected).max())


@pytest.mark.parametrize("example", MEMBERS, ids=lambda example: example.name)
def test_recovers_the_factors_of_a_member(example: Example) -> None:
    warm = start_of(example.data())
    assert warm.case is example.case
    assert warm.evidence.in_class
    assert not warm.evidence.linear
    assert warm.evidence.explained > 0.999
    assert_recovers(example, warm)


def test_modes_that_a_symmetry_empties_teach_nothing() -> None:
    x, t = 2 * np.pi * np.arange(128) / 128, 2e-3 * np.arange(50)
    odd = (
        np.cos(x) + 0.4 * np.cos(3 * x + 1) + 0.3 * np.cos(7 * x)
    )  # u(x + π) = -u(x): even modes are rounding
    data = Trajectories.from_arrays(CATALOG["allen_cahn"].law.simulate(odd[None], t), t, x, layout="ntx")
    warm = start_of(data)
    assert warm.score < 1e-5
    assert np.abs(warm.f.coef[[0, 2]]).max() < 1e-9 * np.abs(warm.f.coef[3])


def test_modes_that_are_empty_in_held_out_data_are_judged_by_the_others() -> None:
    system = CATALOG["cahn_hilliard"].between("noflux")
    data = system.trajectories(6, seed=0, points=64, n_frames=31, noise=0.01)
    split = data.split(0)
    (held_out,) = split.validation.u  # antisymmetric about the middle, where even waves are noise
    np.testing.assert_allclose(held_out, -held_out[:, ::-1], atol=0.1)
    warm = warm_start(split.train, split.validation)
    numbers = np.flatnonzero(warm.known)
    assert (numbers % 2 == 0).sum() >= 3
    assert len(numbers) >= 7
    assert warm.f.degree() == 3


def test_linear_equation_is_known_up_to_its_product() -> None:
    warm = start_of(HEAT.data())
    assert warm.evidence.linear
    assert warm.evidence.in_class
    assert warm.case is Case.DISSIPATIVE
    low = warm.known & (warm.domain.k[0] < 4.5)
    product = (warm.K * warm.q)[low] / warm.scales.time
    np.testing.assert_allclose(product, (warm.domain.k[0][low]) ** 2, atol=1e-2)


def test_units_of_length_and_time_do_not_matter() -> None:
    data = ALLEN_CAHN.data()
    x, t = 1e-3 * data.domain.coordinates[0], 1e3 * data.t
    scaled = Trajectories.from_arrays(data.u, t, x, layout="ntx")
    warm, reference = start_of(scaled), start_of(data)
    assert_recovers(ALLEN_CAHN, warm, time=1e3, length=1e-3)
    s = np.linalg.norm(warm.K) / np.linalg.norm(reference.K)  # of the gauge
    np.testing.assert_allclose(warm.K / s, reference.K, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(warm.q * s, reference.q, atol=1e-5 * np.abs(reference.q).max())
    assert warm.band == pytest.approx(reference.band)


@pytest.mark.parametrize("example", [KDV, MIXED], ids=lambda example: example.name)
def test_predicts_held_out_trajectories(example: Example) -> None:
    data, held_out = example.data(n=10).parts(0, (0.8, 0.2))
    warm = warm_start(data, held_out)
    v = warm.scales.to_scaled(held_out.u)
    t = (held_out.t - held_out.t[0]) / warm.scales.time
    predicted = simulate(warm.member(), v[:, 0], t, scheme=ETDRK4(), rtol=1e-6)
    persistence = np.sqrt(np.mean((v[:, -1] - v[:, 0]) ** 2))
    assert np.sqrt(np.mean((predicted[:, -1] - v[:, -1]) ** 2)) < 1e-2 * persistence


class Burgers(Member):
    """u_t = -u u_x + ν u_xx: K = ik, F' = u²/2, and a q that would have to be imaginary."""

    @property
    def linear(self) -> Tensor:
        """-ν k²."""
        return -0.3 * torch.as_tensor(self.domain.k[0]) ** 2 * self.mask + 0j


def burgers(kind: type[Member], dt: float) -> Trajectories:
    domain = Domain((64,), (2 * np.pi,))
    k = torch.as_tensor(domain.k[0])
    equation = kind.of(domain, 1j * k, 0 * k, lambda u: u**2 / 2, torch.as_tensor(domain.resolved))
    t = dt * np.arange(40)
    u = simulate(equation, waves(domain, 8, modes=3), t, scheme=ETDRK4(), rtol=1e-8)
    return Trajectories.from_arrays(u, t, domain.coordinates[0], layout="ntx")


def test_viscous_burgers_is_not_in_the_class() -> None:
    evidence = start_of(burgers(Burgers, 1e-2)).evidence
    assert not evidence.in_class


def allen_cahn_with(
    extra: Callable[[np.ndarray, np.ndarray, float], np.ndarray], bump: float = 0.0
) -> Trajectories:
    """u_t = 0.05 u_xx + u - u³ + extra(u, x, t), initial fields with a common bump."""
    domain, n = Domain((32,), (2 * np.pi,)), 10
    x, k, t = domain.coordinates[0], domain.k[0], 0.03 * np.arange(61)
    u0 = waves(domain, n, amplitude=0.7) + bump * np.exp(np.cos(x)) / np.e

    def rate(time: float, flat: np.ndarray) -> np.ndarray:
        u = flat.reshape(n, -1)
        spread = np.fft.irfft(-0.05 * k**2 * np.fft.rfft(u), n=32)
        return (spread + u - u**3 + extra(u, x, time)).ravel()

    found = solve_ivp(rate, (0, t[-1]), u0.ravel(), method="DOP853", t_eval=t, rtol=1e-8, atol=1e-10)
    u = found.y.T.reshape(len(t), n, -1).swapaxes(0, 1)
    return Trajectories.from_arrays(u, t, x, layout="ntx")


def drift(u: np.ndarray, x: np.ndarray, t: float) -> np.ndarray:
    """u_x."""
    return np.fft.irfft(1j * np.arange(17) * np.fft.rfft(u), n=32)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (lambda u, x, t: 0.5 * np.cos(x), "forcing in x"),
        (lambda u, x, t: 0.5 * np.sin(5 * t), "forcing in t"),
        (drift, "a drift"),
        (lambda u, x, t: 0.2 * drift(u, x, t) ** 2, "terms with derivatives"),
        (lambda u, x, t: -0.2 * u * drift(u, x, t) ** 2, "terms with derivatives"),
    ],
    ids=["forced in x", "forced in t", "with a drift", "with u_x²", "with u u_x²"],
)
def test_reason_of_a_rejection_is_named(
    extra: Callable[[np.ndarray, np.ndarray, float], np.ndarray], reason: str
) -> None:
    evidence = start_of(allen_cahn_with(extra)).evidence
    assert not evidence.in_class
    assert reason in " ".join(evidence.reasons)


def test_constant_drive_is_in_the_class() -> None:
    evidence = start_of(allen_cahn_with(lambda u, x, t: 0.3 + 0 * u)).evidence
    assert evidence.in_class
    assert evidence.reasons == ()


def test_initial_fields_that_look_alike_are_no_forcing() -> None:
    data = allen_cahn_with(lambda u, x, t: 0 * u, bump=1.0)
    shared = start_of(data).evidence.shared
    assert shared is not None
    assert not shared.significant


def test_forcing_is_found_in_noise() -> None:
    data = allen_cahn_with(lambda u, x, t: 0.5 * np.cos(2 * x))
    noisy = data.u + 0.1 * data.u.std() * np.random.default_rng(0).normal(size=data.u.shape)
    evidence = start_of(Trajectories.from_arrays(noisy, data.t, data.domain.coordinates[0])).evidence
    assert "forcing in x" in " ".join(evidence.reasons)


def test_one_held_out_trajectory_is_enough_to_reject() -> None:
    data = burgers(Burgers, 1e-2)
    evidence = warm_start(data.select(slice(0, 6)), data.select(slice(6, 7))).evidence
    assert not evidence.in_class
    example = burgers(Member, 2e-3)
    assert warm_start(example.select(slice(0, 6)), example.select(slice(6, 7))).evidence.in_class


@pytest.mark.parametrize(
    ("ratio", "z", "blocks", "in_class"),
    [
        (20.0, 10.0, 8, False),
        (20.0, 10.0, 2, None),
        (20.0, 2.0, 8, None),
        (1.0, 0.0, 8, True),
        (1.0, 0.0, 3, None),
        (0.1, -5.0, 8, None),
    ],
)
def test_few_blocks_reject_by_students_t_or_cannot_tell(
    ratio: float, z: float, blocks: int, in_class: bool | None
) -> None:
    evidence = Evidence(ratio, z, blocks, 0.99, 0.01, linear=False)
    assert evidence.in_class is in_class
    assert evidence.reasons == () if in_class else evidence.reasons
    assert any("too few" in reason for reason in evidence.reasons) == (in_class is None)


def test_one_trajectory_is_judged_by_stretches_of_time() -> None:
    member, outside = (
        start_of(burgers(kind, dt).select(slice(0, 1))).evidence
        for kind, dt in ((Member, 2e-3), (Burgers, 1e-2))
    )
    assert member.blocks >= HYBRID.fewest_blocks
    assert member.in_class
    assert not outside.in_class


def test_inviscid_burgers_is_in_the_class() -> None:
    warm = start_of(burgers(Member, 2e-3))
    assert warm.evidence.in_class
    assert warm.case is Case.CONSERVATIVE


def test_first_frame_is_skipped_only_where_high_modes_collapse() -> None:
    data = KDV.data()
    domain = data.domain
    assert first_useful_frame(data.u, data.t, domain) == 0
    rng = np.random.default_rng(0)
    noisy = data.u.copy()
    noisy[:, 0] += 0.05 * rng.normal(size=noisy[:, 0].shape)
    assert first_useful_frame(noisy, data.t, domain) == 1


def test_case_asked_for_is_the_case_returned() -> None:
    warm = warm_start(*KDV.data().parts(0, (0.75, 0.25)), case=Case.MIXED)
    assert warm.case is Case.MIXED


@pytest.mark.slow
def test_official_kdv_has_the_symbol_ik(official: Callable[[str], Path]) -> None:
    warm = start_of(load(official("kdv_train.hdf5")).select(slice(0, 16)))
    assert warm.case is Case.CONSERVATIVE
    assert warm.evidence.in_class
    np.testing.assert_allclose((warm.K[1:7] / warm.K[1]).real, np.arange(1, 7), rtol=1e-2)


def test_constant_data_are_refused() -> None:
    domain = Domain((16,), (1.0,))
    u = np.broadcast_to(np.sin(2 * np.pi * domain.coordinates[0]), (4, 20, 16))
    data = Trajectories.from_arrays(u, np.arange(20.0), domain.coordinates[0], layout="ntx")
    with pytest.raises(ValueError, match="fields that change in time"):
        start_of(data)


def test_drive_of_the_mean_is_found_to_rounding() -> None:
    warm = start_of(DRIVEN.data(n=10))
    assert warm.score < 1e-7
    assert abs(warm.f(0.0)) > 0.01 * abs(warm.f(1.0) - warm.f(0.0))


def test_constant_force_is_left_out_where_it_acts_on_nothing() -> None:
    data = KDV.data()
    scales = data.scales
    domain, v = scales.domain(data.domain), scales.to_scaled(data.u)
    frames = Frames(v, data.t / scales.time)
    regression = Regression(frames, frames, domain, half_width=2)
    factors, _ = regression.best(None)
    warm = _member(regression, replace(factors, f=np.array([1e5, *factors.f[1:]])), domain, scales, 0)
    assert warm.K[0] == 0
    np.testing.assert_array_equal(warm.f.coef, [0.0, 0.0, *factors.f[1:]])
