"""Units: a member of the class is the same in both, for one field and for several."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.space.device import array
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.scales import Scales

LINE, PLANE = ((16,), (3.0,)), ((8, 12), (3.0, 5.0))
ONE = Scales(0.7, 0.2, 1.7, 0.4)
TWO = {1: Scales(0.7, 0.2, (1.7, 0.3), (0.4, -2.0)), 2: Scales(0.7, 0.2, (1.7, 0.3), (0.4, -2.0), ndim=2)}


def coupled(box: Domain) -> tuple[Tensor, Tensor]:
    """K and q of two fields: K = M + W, M ≥ 0 and W = i k_x S, q Hermitian."""
    k = [torch.as_tensor(k) for k in box.k]
    k2 = torch.as_tensor(box.k_norm) ** 2
    M = torch.tensor([[1.0, 0.3], [0.3, 0.5]]).double()
    S, C = torch.tensor([[0.2, 1.0], [1.0, -0.4]]).double(), torch.tensor([[0.5, 0.1], [0.1, 0.8]]).double()
    spread = (..., *(None,) * box.ndim)
    K = M[spread] * (1 + k2) + 1j * S[spread] * k[0]
    return K, C[spread] + 0.05 * torch.eye(2)[spread] * k2 + 0j


def force(w: Tensor, ndim: int) -> Tensor:
    """∂F/∂w of F = ¼ w_1⁴ + ½ w_1² w_2² + ¼ w_2⁴."""
    a, b = w.unbind(-ndim - 1)
    return torch.stack([a**3 + a * b**2, b**3 + a**2 * b], -ndim - 1)


def energy(w: Tensor, ndim: int) -> Tensor:
    """F of `force`, with an axis of one in the place of the fields."""
    return 0.25 * w.square().sum(-ndim - 1, keepdim=True) ** 2


def members(shape: tuple[int, ...], lengths: tuple[float, ...]) -> tuple[Member, Member, Scales]:
    """A member of two fields, about their centres, in the user's units and in scaled ones."""
    box, ndim = Domain(shape, lengths, n_fields=2), len(shape)
    scales, (K, q) = TWO[ndim], coupled(box)
    a = torch.tensor(scales.amplitude, dtype=torch.float64).reshape(2, *(1,) * ndim)
    mask = torch.as_tensor(box.resolved)
    user = Member.of(box, K, q, lambda w: force(w, ndim), mask, F=lambda w: energy(w, ndim))
    scaled = Member.of(
        scales.domain(box),
        scales.K_to_scaled(K),
        scales.q_to_scaled(q),
        lambda v: a * force(a * v, ndim),
        mask,
        F=lambda v: energy(a * v, ndim),
    )
    return user, scaled, scales


@pytest.mark.parametrize(("shape", "lengths"), [LINE, PLANE], ids=["1D", "2D"])
def test_two_fields_move_alike_in_both_units(shape: tuple[int, ...], lengths: tuple[float, ...]) -> None:
    user, scaled, scales = members(shape, lengths)
    u = np.random.default_rng(0).normal(size=(3, 2, *shape))
    w = u - np.reshape(scales.centre, (2, *(1,) * len(shape)))
    v = scales.to_scaled(u)
    expected = array(user.rhs(torch.as_tensor(w)))
    np.testing.assert_allclose(
        scales.rate_to_user(array(scaled.rhs(torch.as_tensor(v)))), expected, rtol=1e-10
    )
    there, here = (
        np.stack([array(z) for z in roll_out(member, torch.as_tensor(start), dt, 3, 2, ETDRK4())], axis=1)
        for member, start, dt in ((scaled, v, 2e-4 / scales.time), (user, w, 2e-4))
    )
    assert np.abs(here[:, -1] - w).max() > 0.05
    np.testing.assert_allclose(scales.to_user(there) - (u - w)[:, None], here, atol=1e-10)
    V, V_s = (array(m.V(m.domain.fft(torch.as_tensor(z)))) for m, z in ((user, w), (scaled, v)))
    np.testing.assert_allclose(scales.energy_density * scales.length ** len(shape) * V_s, V, rtol=1e-12)


def test_one_field_moves_alike_in_both_units() -> None:
    box = Domain(*LINE)
    k2 = torch.as_tensor(box.k_norm**2)
    K, q, a = 1 + k2 + 0j, 0.1 * k2 - 1, ONE.amplitude
    mask = torch.as_tensor(box.resolved)
    user = Member.of(box, K, q, lambda w: w**3, mask, F=lambda w: w**4 / 4)
    parts = (ONE.domain(box), ONE.K_to_scaled(K), ONE.q_to_scaled(q), lambda v: a**2 * v**3, mask)
    scaled = Member.of(*parts, F=lambda v: a**2 * v**4 / 4)
    u = np.random.default_rng(0).normal(size=(3, 16))
    v, w = torch.as_tensor(ONE.to_scaled(u)), torch.as_tensor(u - ONE.centre)
    np.testing.assert_allclose(ONE.rate_to_user(array(scaled.rhs(v))), array(user.rhs(w)), rtol=1e-10)
    V, V_s = array(user.V(box.fft(w))), array(scaled.V(scaled.domain.fft(v)))
    np.testing.assert_allclose(ONE.energy_density * ONE.length * V_s, V, rtol=1e-12)


@pytest.mark.parametrize("scales", [ONE, *TWO.values()], ids=["one field", "1D", "2D"])
@pytest.mark.parametrize("kind", [torch.as_tensor, np.asarray], ids=["tensors", "arrays"])
def test_symbols_come_back_from_scaled_units(scales: Scales, kind: object) -> None:
    several = (2, 2) if scales.several else ()
    symbol = kind(np.random.default_rng(0).normal(size=(3, *several, *(5,) * scales.ndim)))  # type: ignore[operator]
    for back, there in (
        (scales.K_to_user, scales.K_to_scaled),
        (scales.q_to_user, scales.q_to_scaled),
    ):
        found = back(there(symbol))
        assert type(found) is type(symbol)
        np.testing.assert_allclose(np.asarray(found), np.asarray(symbol), rtol=1e-14)
        assert not np.allclose(np.asarray(there(symbol)), np.asarray(symbol)) or not scales.several


def test_each_field_has_its_own_size_and_centre() -> None:
    x, t = np.arange(16) * 2 * math.pi / 16, np.arange(40)[:, None] * 0.01
    h, v = 5 + 0.1 * np.sin(x - t), 1e-3 * np.cos(x - 3 * t)
    box = Domain((16,), (2 * math.pi,), n_fields=2)
    scales = Scales.of(np.stack([h, v], 1)[None], box, 0.01)
    alone = [Scales.of(u[None], Domain((16,), (2 * math.pi,)), 0.01) for u in (h, v)]
    assert scales.amplitude == tuple(one.amplitude for one in alone)
    assert scales.centre == tuple(one.centre for one in alone) == (pytest.approx(5), 0.0)
    assert scales.time == alone[1].time == pytest.approx(1 / 3, rel=1e-3)  # of the fastest
    scaled = scales.to_scaled(np.stack([h, v], 1))
    np.testing.assert_allclose(scaled.std((0, 2)), 1, rtol=1e-3)
    np.testing.assert_allclose(scales.to_user(scaled), np.stack([h, v], 1), rtol=1e-14)
    np.testing.assert_allclose(scales.to_user(np.array([[0.0, 0.0], [1.0, 2.0]]), ndim=0)[0], scales.centre)


def test_scales_come_back_from_json() -> None:
    assert "ndim" not in ONE.as_dict()
    for scales in (ONE, *TWO.values()):
        assert Scales(**json.loads(json.dumps(scales.as_dict()))) == scales


def test_box_keeps_fields_and_walls() -> None:
    walls = Domain((16,), (3.0,), ((Parity.EVEN,), (Parity.ODD,)), n_fields=2)
    scaled = TWO[1].domain(walls)
    assert (scaled.parities, scaled.n_fields) == (walls.parities, 2)
    assert scaled.lengths == pytest.approx((3.0 / 0.7,))


@pytest.mark.parametrize(("amplitude", "centre"), [((1.0, 2.0), (0.0, 0.0, 0.0)), (1.0, (0.0, 0.0))])
def test_scales_of_different_numbers_of_fields_are_refused(amplitude: object, centre: object) -> None:
    with pytest.raises(ValueError, match="an amplitude and a centre for each field, got"):
        Scales(1.0, 1.0, amplitude, centre)


def test_field_that_is_0_or_does_not_change_has_no_scales() -> None:
    box = Domain((16,), (2 * math.pi,), n_fields=2)
    moving = np.sin(np.arange(16) * 2 * math.pi / 16 - np.arange(5)[:, None])
    still = moving[:1] + 0 * moving
    assert len(Scales.of(np.stack([moving, still], 1)[None], box, 0.1).amplitude) == 2
    for pair in ((moving, 0 * moving), (still, still)):
        with pytest.raises(ValueError, match="expected fields that change in time"):
            Scales.of(np.stack(pair, 1)[None], box, 0.1)


@pytest.mark.parametrize("amplitude", [1 / 3, (1 / 3, 0.7)])
def test_differences_are_scaled_to_the_last_digit(amplitude: float | tuple[float, float]) -> None:
    scales, change = Scales(1.0, 1.0, amplitude), np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    expected = change / np.reshape(amplitude, (-1, 1))
    np.testing.assert_array_equal(scales.scaled_change(change), expected)
    np.testing.assert_array_equal(scales.scaled_change(torch.as_tensor(change)).numpy(), expected)
