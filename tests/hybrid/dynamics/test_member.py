"""Members between walls, with several fields and in three dimensions: exact solutions, energy, structure."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out, simulate
from mesoscribe.hybrid.energy.energy import Energy, PointwiseEnergy, QuadraticEnergy
from mesoscribe.hybrid.energy.local_energy import Density, LocalEnergy
from mesoscribe.hybrid.space.domain import Domain, Parity

EVEN, ODD, PERIODIC = Parity.EVEN, Parity.ODD, Parity.PERIODIC
SOURCES = torch.Generator().manual_seed(0)


def heat(box: Domain) -> Member:
    """u_t = Δu."""
    k2 = torch.as_tensor(box.k_norm**2)
    return Member.of(box, 1 + 0j * k2, k2, torch.zeros_like, torch.as_tensor(box.resolved))


@pytest.mark.parametrize(
    ("box", "wave", "rate"),
    [
        (Domain((16,), (2.0,), ((EVEN,),)), lambda x: np.cos(1.5 * math.pi * x), (1.5 * math.pi) ** 2),
        (Domain((16,), (2.0,), ((ODD,),)), lambda x: np.sin(math.pi * x), math.pi**2),
        (
            Domain((8, 12), (1.0, 2.0), ((ODD, PERIODIC),)),
            lambda x, y: np.sin(math.pi * x) * np.cos(math.pi * y),
            2 * math.pi**2,
        ),
        (
            Domain((6, 8, 10), (1.0, 1.0, 2.0)),
            lambda x, y, z: np.cos(2 * math.pi * (x - y) + math.pi * z),
            9 * math.pi**2,
        ),
    ],
    ids=["no flux", "zero value", "channel", "3D"],
)
def test_waves_of_the_heat_equation_decay(box: Domain, wave: object, rate: float) -> None:
    u0 = wave(*np.meshgrid(*box.coordinates, indexing="ij"))  # type: ignore[operator]
    t = np.array([0.0, 0.01, 0.03])
    u = simulate(heat(box), u0[None], t, scheme=ETDRK4(), rtol=1e-9)
    np.testing.assert_allclose(u[0], np.exp(-rate * t).reshape(-1, *(1,) * box.ndim) * u0, atol=1e-12)


def front(x: np.ndarray, u0: float, t: float) -> np.ndarray:
    """u = 1/√(1 + (u0⁻² - 1) e^(-2t)), the solution of u_t = u - u³ from a constant."""
    return 1 / np.sqrt(1 + (u0**-2 - 1) * math.exp(-2 * t)) + 0 * x


def test_constant_fields_between_walls_follow_the_reaction() -> None:
    box = Domain((16,), (2.0,), ((EVEN,),))
    k2 = torch.as_tensor(box.k_norm**2)
    allen_cahn = Member.of(box, 1 + 0j * k2, k2 - 1, lambda u: u**3, torch.as_tensor(box.resolved))
    u = simulate(allen_cahn, np.full((1, 16), 0.3), np.array([0.0, 1.5]), scheme=ETDRK4(), rtol=1e-10)
    np.testing.assert_allclose(u[0, 1], front(box.coordinates[0], 0.3, 1.5), rtol=1e-9)


def test_walls_are_half_of_a_periodic_box_of_twice_the_length() -> None:
    walls, ring = Domain((24,), (3.0,), ((EVEN,),)), Domain((48,), (6.0,))
    u0 = 0.2 + 0.5 * np.cos(math.pi * walls.coordinates[0] / 3) + 0.3 * np.cos(walls.coordinates[0] * math.pi)
    frames = []
    for box, start in ((walls, u0), (ring, np.concatenate([u0, u0[::-1]]))):
        k2 = torch.as_tensor(box.k_norm**2)
        member = Member.of(box, k2 + 0j, 0.1 * k2 - 1, lambda u: u**3, torch.as_tensor(box.resolved))
        frames.append(simulate(member, start[None], np.array([0.0, 0.1]), scheme=ETDRK4(), rtol=1e-9)[0, 1])
    np.testing.assert_allclose(frames[0], frames[1][:24], atol=1e-8)


def pair(box: Domain, K: list[list[Tensor | float]], q: list[list[Tensor | float]]) -> tuple[Tensor, Tensor]:
    """Symbols of two fields from their entries."""
    one = torch.ones(box.modes_shape, dtype=torch.complex128)
    return tuple(torch.stack([torch.stack([one * e for e in row]) for row in table]) for table in (K, q))  # type: ignore[return-value]


def coupled(box: Domain, skew: float = 0.5, mobility: float = 0.3) -> Member:
    """Two fields with F = ¼ (u² + v²)², M > 0 and W = s ((0, 1), (-1, 0))."""
    k2 = torch.as_tensor(box.k_norm**2)
    K, q = pair(box, [[mobility, skew], [-skew, mobility]], [[0.1 * k2 - 1, 0.05], [0.05, 0.2 * k2 - 1]])

    def F(u: Tensor) -> Tensor:
        return 0.25 * (u**2).sum(-box.ndim - 1, keepdim=True) ** 2

    def f(u: Tensor) -> Tensor:
        return u * (u**2).sum(-box.ndim - 1, keepdim=True)

    return Member.of(box, K, q, f, torch.as_tensor(box.resolved), F=F)


PAIRS = [
    Domain((16,), (5.0,), n_fields=2),
    Domain((8, 8), (5.0, 4.0), ((EVEN, PERIODIC),), n_fields=2),
    Domain((6, 6, 6), (3.0, 4.0, 5.0), n_fields=2),
]
EACH = pytest.mark.parametrize("box", PAIRS, ids=["1D", "2D channel", "3D"])


def smooth(box: Domain, *batch: int) -> Tensor:
    u = torch.randn(*batch, 2, *box.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return 0.5 * box.restrict(u, box.within(2.5 * box.k_unit))


def test_the_wave_equation_is_a_member_with_two_fields() -> None:
    box = Domain((32,), (2 * math.pi,), n_fields=2)
    K, q = pair(box, [[0.0, -1.0], [1.0, 0.0]], [[torch.as_tensor(box.k_norm**2), 0.0], [0.0, 1.0]])
    member = Member.of(box, K, q, torch.zeros_like, torch.as_tensor(box.resolved))
    x, t = box.coordinates[0], np.linspace(0, 2, 5)
    u = simulate(member, np.stack([np.sin(3 * x), 0 * x]), t, scheme=ETDRK4(), rtol=1e-9)
    assert u.shape == (5, 2, 32)
    np.testing.assert_allclose(u[:, 0], np.cos(3 * t)[:, None] * np.sin(3 * x), atol=1e-11)
    np.testing.assert_allclose(u[:, 1], -3 * np.sin(3 * t)[:, None] * np.sin(3 * x), atol=1e-11)


@EACH
def test_gradient_is_the_derivative_of_the_energy(box: Domain) -> None:
    member = coupled(box)
    u = smooth(box, 2).requires_grad_()
    (slope,) = torch.autograd.grad(member.V(box.fft(u)).sum(), u)
    gradient = box.ifft(member.energy.gradient(box.fft(u.detach())))
    expected = box.restrict(slope * box.points / box.volume, box.resolved)
    torch.testing.assert_close(box.restrict(gradient, box.resolved), expected, rtol=0, atol=1e-12)


@EACH
def test_energy_falls_by_what_M_takes_and_W_takes_nothing(box: Domain) -> None:
    member, u = coupled(box), smooth(box, 3)
    u_hat = box.fft(u)
    g = member.energy.gradient(u_hat) * member.mask
    operator = member.operator
    change = box.inner(g, box.fft(member.rhs(u)))
    loss = box.inner(g, ConstantOperator(box, operator.M).applied(g, u_hat))
    torch.testing.assert_close(change, -loss)
    work = box.inner(g, ConstantOperator(box, operator.W).applied(g, u_hat))
    assert float(work.abs().max()) < 1e-12 * float(loss.max())
    assert bool((loss > 0).all())
    assert operator.dissipates()
    assert not coupled(box, mobility=-0.3).operator.dissipates()


@EACH
def test_etdrk4_converges_with_order_four_for_two_fields(box: Domain) -> None:
    member, u = coupled(box), smooth(box, 2)
    ends = [list(roll_out(member, u, 1.0, 1, n, ETDRK4()))[-1] for n in (8, 16, 32)]
    errors = [float((a - b).abs().max()) for a, b in zip(ends[:-1], ends[1:], strict=True)]
    assert 3.5 < math.log2(errors[0] / errors[1]) < 4.6


def test_two_fields_that_do_not_couple_are_two_members() -> None:
    box, line = Domain((32,), (5.0,), n_fields=2), Domain((32,), (5.0,))
    k2 = torch.as_tensor(box.k_norm**2)
    K, q = pair(box, [[1.0, 0.0], [0.0, k2]], [[k2 - 1, 0.0], [0.0, 0.1 * k2 - 1]])
    both = Member.of(box, K, q, lambda u: u**3, torch.as_tensor(box.resolved))
    u0 = smooth(box, 3).numpy()
    t = np.array([0.0, 0.2, 0.4])
    found = simulate(both, u0, t, scheme=ETDRK4(), rtol=1e-9)
    for i, (k_of, q_of) in enumerate(((1 + 0j * k2, k2 - 1), (k2 + 0j, 0.1 * k2 - 1))):
        one = Member.of(line, k_of, q_of, lambda u: u**3, torch.as_tensor(line.resolved))
        np.testing.assert_allclose(
            found[:, :, i], simulate(one, u0[:, i], t, scheme=ETDRK4(), rtol=1e-9), atol=1e-8
        )


def test_one_field_with_an_axis_of_its_own_is_the_field_without() -> None:
    hidden, shown = Domain((24,), (5.0,)), Domain((24,), (5.0,), n_fields=1)
    k = torch.as_tensor(hidden.k[0])
    K, q = k**2 + 1j * k, 0.1 * k**2 - 1
    mask = torch.as_tensor(hidden.resolved)
    one = Member.of(hidden, K, q, lambda u: u**3, mask, F=lambda u: u**4 / 4)
    same = Member.of(shown, K[None, None], q[None, None], lambda u: u**3, mask, F=lambda u: u**4 / 4)
    u = smooth(Domain((24,), (5.0,), n_fields=2), 3)[:, 0]
    torch.testing.assert_close(same.rhs(u[:, None])[:, 0], one.rhs(u))
    torch.testing.assert_close(same.V(shown.fft(u[:, None])), one.V(hidden.fft(u)))
    a, b = (list(roll_out(m, v, 0.1, 2, 3, ETDRK4()))[-1] for m, v in ((one, u), (same, u[:, None])))
    torch.testing.assert_close(b[:, 0], a)


@pytest.mark.parametrize("slope", [0.7, -2.0])
@EACH
def test_a_slope_may_lie_in_either_part(box: Domain, slope: float) -> None:
    member, u = coupled(box), smooth(box, 2)
    moved = member.tilted(slope)
    torch.testing.assert_close(moved.rhs(u), member.rhs(u))
    torch.testing.assert_close(moved.V(box.fft(u)), member.V(box.fft(u)))
    torch.testing.assert_close(member.about(u).rhs(u), member.rhs(u))


def test_parts_of_the_energy_add_up() -> None:
    box = PAIRS[0]
    member = coupled(box)
    u_hat = box.fft(smooth(box, 3))
    parts = member.energy.parts(u_hat, -1.0, 0.1)
    torch.testing.assert_close(parts.total, member.energy.value(u_hat))


def test_local_energies_between_walls_have_their_gradient_and_forbid_what_walls_turn_around() -> None:
    box = Domain((24,), (3.0,), ((EVEN,),))
    u_u_x_squared = Density(((1.0, ((0,), (1,), (1,))),))
    N = LocalEnergy(box, (u_u_x_squared,), (0.3,))
    u = box.restrict(torch.randn(24, dtype=torch.float64, generator=SOURCES), box.within(4.0))
    u.requires_grad_()
    (slope,) = torch.autograd.grad(N.value(box.fft(u)), u)
    gradient = box.ifft(N.force(box.fft(u.detach())))
    torch.testing.assert_close(gradient, slope * box.points / box.volume, rtol=0, atol=1e-10)
    zero = QuadraticEnergy(box, torch.zeros(box.modes_shape, dtype=torch.float64))
    energy = Energy(zero, PointwiseEnergy(box, torch.zeros_like, torch.zeros_like), (N,))
    torch.testing.assert_close(energy.gradient(box.fft(u.detach())), N.force(box.fft(u.detach())))
    with pytest.raises(ValueError, match="reflections of axes"):
        LocalEnergy(box, (Density(((1.0, ((1,), (1,), (1,))),)),))
