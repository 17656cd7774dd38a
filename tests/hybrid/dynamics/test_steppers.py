"""Time steppers: exact solutions, measured order, errors that name the time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.dynamics.discrete_gradient import DiscreteGradient
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, roll_out, simulate
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.examples import ALLEN_CAHN, KDV, MIXED, Example, member, waves


def soliton(x: np.ndarray, c: float, centre: float) -> np.ndarray:
    """u = (c/2) sech²(√c/2 (x - x0)) of u_t + 6uu_x + u_xxx = 0, which moves at speed c."""
    return c / 2 / np.cosh(np.sqrt(c) / 2 * (x - centre)) ** 2


@pytest.mark.slow
def test_kdv_soliton_returns_after_one_turn() -> None:
    c, length = 4.0, 24.0
    domain = Domain((96,), (length,))
    u0 = soliton(domain.coordinates[0], c, length / 2)
    assert u0[0] < 1e-8
    u = simulate(KDV.member(domain), u0, np.linspace(0, length / c, 13), scheme=ETDRK4(), rtol=1e-6)
    assert np.abs(u[-1] - u0).max() < 1e-6
    assert np.abs(u[6] - u0).max() > 1.0


def test_linear_equation_is_exact_in_one_step() -> None:
    domain = Domain((32,), (5.0,))
    mixed = member(domain, lambda k: 0.1 * k**2 + 1j * k, lambda k: 1 + k**2, torch.zeros_like)
    u0 = torch.as_tensor(waves(domain, 3))
    u = next(roll_out(mixed, u0, 0.7, 1, 1, ETDRK4()))
    k = torch.as_tensor(domain.k[0])
    exact = domain.ifft(torch.exp(-(0.1 * k**2 + 1j * k) * (1 + k**2) * 0.7) * domain.fft(u0) * mixed.mask)
    torch.testing.assert_close(u, exact, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("example", "t"), [(KDV, 0.1), (ALLEN_CAHN, 0.2)], ids=["kdv", "allen_cahn"])
def test_etdrk4_converges_with_order_four(example: Example, t: float) -> None:
    domain = Domain((32,), (example.length,))
    equation, u0 = (
        example.member(domain),
        torch.as_tensor(waves(domain, 2, modes=2, amplitude=example.amplitude)),
    )
    counts = [32, 64, 128, 512]
    *answers, best = (next(roll_out(equation, u0, t, 1, n, ETDRK4())) for n in counts)
    errors = [float((u - best).norm()) for u in answers]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert abs(orders[-1] - ETDRK4().order) < 0.1, (orders, errors)


def test_held_modes_stay_and_removed_modes_vanish() -> None:
    domain = Domain((32,), (2 * np.pi,))
    u0 = waves(domain, 1, modes=8)[0]
    low = torch.as_tensor(domain.k[0] <= 4)
    for hold in (True, False):
        whole = KDV.member(domain)
        part = Member.of(domain, whole.K, whole.q, whole.f, low, hold)
        modes = np.fft.rfft(simulate(part, u0, np.array([0, 0.01, 0.02]), scheme=ETDRK4(), rtol=1e-8))
        kept = hold * np.fft.rfft(u0)[5:16]
        np.testing.assert_allclose(modes[1:, 5:16], [kept, kept], atol=1e-12)


def test_mean_is_conserved_where_K_vanishes_at_zero() -> None:
    domain = Domain((32,), (2 * np.pi,))
    u = simulate(
        MIXED.member(domain), 0.2 + waves(domain, 3), np.linspace(0, 0.02, 4), scheme=ETDRK4(), rtol=1e-8
    )
    np.testing.assert_allclose(u.mean(-1), 0.2, atol=1e-13)


@pytest.mark.parametrize("example", [KDV, ALLEN_CAHN], ids=lambda example: example.name)
def test_two_roll_outs_make_one(example: Example) -> None:
    domain, rtol = Domain((64,), (example.length,)), 1e-7
    u0, t = waves(domain, 2, modes=3, amplitude=example.amplitude), np.linspace(0, 0.2, 9)
    whole = simulate(example.member(domain), u0, t, scheme=ETDRK4(), rtol=rtol)
    first = simulate(example.member(domain), u0, t[:5], scheme=ETDRK4(), rtol=rtol)
    second = simulate(example.member(domain), first[:, -1], t[4:], scheme=ETDRK4(), rtol=rtol)
    joined = np.concatenate([first, second[:, 1:]], axis=1)
    np.testing.assert_allclose(joined, whole, rtol=0, atol=10 * rtol * np.abs(whole).max())
    np.testing.assert_array_equal(whole[:, 0], u0)


def test_uneven_frames_and_single_fields_agree_with_batches() -> None:
    domain = Domain((32,), (2 * np.pi,))
    u0, t = waves(domain, 3), np.array([0.0, 0.01, 0.05, 0.06])
    batch = simulate(KDV.member(domain), u0, t, scheme=ETDRK4(), rtol=1e-9)
    single = simulate(KDV.member(domain), u0[1], t, scheme=ETDRK4(), rtol=1e-9)
    assert batch.shape == (3, 4, 32)
    np.testing.assert_allclose(single, batch[1], atol=1e-7)


@pytest.mark.parametrize("each", [False, True], ids=["alike", "each its own"])
def test_roll_outs_at_uneven_frames_are_those_of_simulate(each: bool) -> None:
    domain = Domain((32,), (2 * np.pi,))
    u0 = waves(domain, 2)
    t = np.array([[0.0, 0.01, 0.05, 0.06], [0.0, 0.03, 0.04, 0.07]])[: 1 + each]
    steps = torch.as_tensor(np.diff(t)) if each else torch.as_tensor(np.diff(t[0]))
    member = KDV.member(domain)
    rolled = torch.stack([*roll_out(member, torch.as_tensor(u0), steps, 3, 80, ETDRK4())], dim=1)
    for i, u in enumerate(u0):
        whole = simulate(member, u, t[i if each else 0], scheme=ETDRK4(), rtol=1e-9)
        np.testing.assert_allclose(rolled[i], whole[1:], atol=1e-6)


@pytest.mark.parametrize("scheme", [ETDRK4(), DiscreteGradient(1e-2)], ids=["adaptive", "one by one"])
def test_fields_with_times_of_their_own_are_those_of_each_alone(scheme: Scheme) -> None:
    domain = Domain((32,), (2 * np.pi,))
    u0, member = waves(domain, 3), CATALOG["kdv"].law.member(domain)
    t = np.array([[0.0, 0.01, 0.05, 0.06], [1.0, 1.03, 1.04, 1.07], [0.0, 0.001, 0.002, 0.003]])
    found = simulate(member, u0, t, scheme=scheme, rtol=1e-9)
    for one, u, times in zip(found, u0, t, strict=True):
        np.testing.assert_allclose(one, simulate(member, u, times, scheme=scheme, rtol=1e-9), atol=1e-7)
    with pytest.raises(ValueError, match=r"times of each field of a batch \(3,\), got \(2, 4\)"):
        simulate(member, u0, t[:2], scheme=scheme, rtol=1e-9)


def test_plane_waves_in_two_dimensions_move_as_in_one() -> None:
    line, plane = Domain((32,), (2 * np.pi,)), Domain((32, 6), (2 * np.pi, 1.0))
    u0, t = waves(line, 2, modes=2), np.linspace(0, 0.05, 4)
    one = simulate(MIXED.member(line), u0, t, scheme=ETDRK4(), rtol=1e-9)
    two = simulate(MIXED.member(plane), u0[..., None].repeat(6, -1), t, scheme=ETDRK4(), rtol=1e-9)
    np.testing.assert_allclose(two, one[..., None].repeat(6, -1), atol=1e-8)


def test_rhs_is_the_derivative_of_the_roll_out() -> None:
    domain = Domain((32,), (2 * np.pi,))
    equation, u = MIXED.member(domain), torch.as_tensor(waves(domain, 2, modes=3))
    h = 1e-5
    ahead = [next(roll_out(equation, u, n * h, 1, 4, ETDRK4())) for n in (1, 2)]
    slope = (4 * ahead[0] - ahead[1] - 3 * u) / (2 * h)
    torch.testing.assert_close(equation.rhs(u), slope, rtol=0, atol=1e-3 * float(slope.abs().max()))


def test_read_only_fields_are_accepted() -> None:
    domain = Domain((32,), (2 * np.pi,))
    u0 = waves(domain, 2)
    u0.setflags(write=False)
    simulate(KDV.member(domain), u0, np.array([0, 1e-3]), scheme=ETDRK4(), rtol=1e-6)


def test_blow_up_names_the_time() -> None:
    domain = Domain((16,), (1.0,))
    square = member(domain, np.ones_like, np.zeros_like, lambda u: -(u**2))  # u_t = u²: u = 1/(1 - t)
    with pytest.raises(FloatingPointError, match=r"beyond t = (1|0\.99\d*):"):
        simulate(square, np.ones(16), np.array([0.0, 0.3, 0.6, 0.9, 1.2]), scheme=ETDRK4(), rtol=1e-6)
    nan = member(domain, np.ones_like, np.zeros_like, lambda u: u * torch.nan)
    with pytest.raises(FloatingPointError, match="t = "):
        simulate(nan, np.ones(16), np.array([0.0, 0.3]), scheme=ETDRK4(), rtol=1e-6)


@pytest.mark.parametrize(
    ("u0", "t", "message"),
    [
        (np.ones(8), [0.0, 1.0], r"shape \(\*batch, \(16,\)\), got \(8,\)"),
        (np.ones(16), [0.0, 0.0], "increasing times"),
        (np.ones(16), [1.0, 0.0], "increasing times"),
        (np.ones(16), [], "increasing times"),
    ],
)
def test_bad_input_is_refused(u0: np.ndarray, t: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(KDV.member(Domain((16,), (1.0,))), u0, np.array(t), scheme=ETDRK4(), rtol=1e-6)
