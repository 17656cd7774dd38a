"""The discrete gradient scheme with several fields: order two, and its energy law for steps of any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mesoscribe import DiscreteGradient
from mesoscribe.hybrid.dynamics.average_force import AverageForce, average_of_fields
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from tests.support.pairs import DRIFTING_PAIR, PAIRS, SCHRODINGER, Pair, random_network, smooth

BOX = Domain((16,), (2 * np.pi,), n_fields=2)
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])


def energies(member: Member, u: np.ndarray) -> np.ndarray:
    return member.V(member.domain.fft(torch.as_tensor(u))).detach().numpy()


@pytest.mark.parametrize("pair", [SCHRODINGER, DRIFTING_PAIR], ids=lambda pair: pair.name)
def test_converges_with_order_two(pair: Pair) -> None:
    member, u0, t = pair.member(BOX), smooth(BOX, 2).numpy(), np.array([0.0, 0.04])
    best = simulate(member, u0, t, scheme=ETDRK4(), rtol=1e-11)
    answers = [simulate(member, u0, t, scheme=DiscreteGradient(step=0.04 / n), rtol=1e-9) for n in (4, 8, 16)]
    errors = np.array([np.linalg.norm(u - best) for u in answers])
    assert abs(np.log2(errors[1] / errors[2]) - 2) < 0.1, errors


@EACH_PAIR
@pytest.mark.parametrize("h", [0.01, 1.0])
def test_energy_law_holds_at_every_step(pair: Pair, h: float) -> None:
    member, scheme = pair.member(BOX), DiscreteGradient(step=h)
    u = simulate(member, smooth(BOX, 2).numpy(), h * np.arange(3), scheme=scheme, rtol=1e-9)
    change = np.diff(energies(member, u), axis=1)
    allowed = 1e-10 * float(member.V_size(BOX.fft(torch.as_tensor(u))).max())
    assert scheme.counts.refused == 0
    if pair.case is Case.CONSERVATIVE:
        assert np.abs(change).max() <= allowed
    else:
        assert change.max() < 0


@pytest.mark.parametrize("case", list(Case))
def test_energy_law_holds_for_random_networks(case: Case) -> None:
    model, h = random_network(case, shape=(16,)), 0.05
    u0 = model.units.to_user(smooth(model.domain, 2, modes=2).numpy())
    u = model.simulate(u0, h * np.arange(3), scheme=DiscreteGradient(step=h))
    change = np.diff(model.energies(u).total.numpy(), axis=1)
    v_hat = model.domain.fft(torch.as_tensor(model.units.to_scaled(u)))
    size = float(model.member().V_size(v_hat).detach().max())
    assert change.max() <= 1e-10 * size
    assert (np.abs(change).max() <= 1e-10 * size) == (case is Case.CONSERVATIVE)


@pytest.mark.parametrize("amplitude", [1e-3, 1.0, 30.0])
def test_product_with_the_change_is_the_change_of_the_energy(amplitude: float) -> None:
    """Also where quadrature has not converged, of F = log cosh of steep sums."""

    def F(u: torch.Tensor) -> torch.Tensor:
        a, b = u.unbind(-2)
        return (torch.log(torch.cosh(2 * a - b)) + torch.cos(a + 3 * b)).unsqueeze(-2)

    a, b = amplitude * smooth(BOX, 2, seed=0), amplitude * smooth(BOX, 2, seed=1)
    average, slope = average_of_fields(F, a, b, BOX)
    rise = F(b) - F(a)
    found = (average * (b - a)).sum(-2, keepdim=True)
    torch.testing.assert_close(found, rise, rtol=0, atol=1e-9 * max(1.0, amplitude))
    assert slope.shape == (2, 2, 2, 16)


def test_slope_is_the_derivative_of_the_average() -> None:
    member = SCHRODINGER.member(BOX)
    a, b = (BOX.fft(smooth(BOX, 1, seed=seed)) for seed in (0, 1))
    F, h = member.energy.pointwise.F, 1e-6
    assert F is not None
    ends = BOX.ifft(a), BOX.ifft(b)
    slope = AverageForce.of(member, a, b).slope
    for j in range(2):
        move = h * torch.eye(2, dtype=torch.float64)[j][:, None]
        after, before = (average_of_fields(F, ends[0], ends[1] + s * move, BOX)[0] for s in (1, -1))
        torch.testing.assert_close(slope[:, :, j], (after - before) / (2 * h), rtol=1e-6, atol=1e-8)
