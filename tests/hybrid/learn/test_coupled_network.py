"""Networks of several fields: structure for random parameters, imitation of members, simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.dynamics.operator import ConstantOperator
from mesoscribe.hybrid.learn.canonical import canonical_form
from mesoscribe.hybrid.learn.imitate import band_limited, build
from mesoscribe.hybrid.learn.leading_order import LeadingEntry, leading_entry
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.symbol_parameters import MatrixSymbols
from mesoscribe.hybrid.learn.training import RollOuts
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.mode_pairs import ModeIndex
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.symbols import act, adjoint, eigenvalues
from tests.support.pairs import (
    ALLEN_CAHN_PAIR,
    DRIFTING_PAIR,
    PAIRS,
    SCHRODINGER,
    Pair,
    random_network,
    smooth,
)

BOXES = pytest.mark.parametrize(
    ("n_fields", "shape"), [(2, (24,)), (3, (16,)), (2, (10, 8))], ids=["two", "three", "two in 2D"]
)
EACH_PAIR = pytest.mark.parametrize("pair", PAIRS, ids=[pair.name for pair in PAIRS])


@BOXES
def test_M_is_not_negative_W_is_skew_and_both_are_real_in_x(n_fields: int, shape: tuple[int, ...]) -> None:
    for seed in range(5):
        model = random_network(n_fields=n_fields, shape=shape, seed=seed, size=2.0)
        M, W = model.symbol_m().detach(), model.symbol_w().detach()
        torch.testing.assert_close(M, adjoint(M, model.domain))
        torch.testing.assert_close(W, -adjoint(W, model.domain))
        assert eigenvalues(M, model.domain).min() >= -1e-12 * float(M.abs().max())
        for S in (M, W, model.potential.symbol().detach()):
            assert float(S.flatten(2)[:, :, 0].imag.abs().max()) == 0
            if len(shape) == 2:  # k and -k are both stored where the last component is 0
                column = S[..., 0]
                mirrored = column[..., [-i % shape[0] for i in range(shape[0])]]
                torch.testing.assert_close(mirrored, column.conj(), rtol=0, atol=0)
                assert float(column.imag.abs().max()) > 0


@BOXES
@pytest.mark.parametrize("case", list(Case))
def test_energy_falls_by_what_M_takes_alone(case: Case, n_fields: int, shape: tuple[int, ...]) -> None:
    for seed in range(3):
        model = random_network(case, n_fields=n_fields, shape=shape, seed=seed, size=1.0)
        domain, member = model.domain, model.member()
        v = smooth(domain, 3, modes=2, seed=seed)
        with torch.no_grad():
            g = domain.fft(model.potential.gradient(v)) * member.mask
            change = domain.inner(g, domain.fft(member.rhs(v)))
            loss = domain.inner(g, act(model.symbol_m(), g, domain))
            size = domain.norm(g) * domain.norm(act(member.K, g, domain))
        assert bool(((change + loss).abs() <= 1e-10 * size).all())
        assert bool((loss >= 0).all())
        assert bool((loss == 0).all()) == (case is Case.CONSERVATIVE)


@pytest.mark.parametrize("case", list(Case))
def test_energy_of_simulations_decays_or_is_kept(case: Case) -> None:
    model = random_network(case, size=0.2)
    u0 = model.units.to_user(smooth(model.domain, 2, modes=2).numpy())
    u = model.simulate(u0, 0.02 * np.arange(6), rtol=1e-9)
    energy = model.energies(u).total.numpy()
    assert np.abs(u[:, -1] - u0).max() > 0.01
    if case is Case.CONSERVATIVE:
        np.testing.assert_allclose(energy, np.broadcast_to(energy[:, :1], energy.shape), rtol=1e-7)
    else:
        assert np.diff(energy, axis=1).max() < 0


def test_what_the_start_conserves_stays_conserved_for_every_parameter() -> None:
    """An order parameter of k² beside a field that is not conserved, as in model C."""
    domain = Domain((16,), (2 * np.pi,), n_fields=2)
    k2 = torch.as_tensor(domain.k_norm**2)
    table = [[k2, 0.2j * k2], [0.2j * k2, 1 + 0 * k2]]
    K = torch.stack([torch.stack([entry + 0j for entry in row]) for row in table])
    symbols = MatrixSymbols(ModeIndex.of(domain, domain.within(6.0)), domain)
    start = symbols.imitating(K)
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        M, W = (
            of(start[f"theta_{name}"] + torch.randn(start[f"theta_{name}"].shape, generator=generator), scale)
            for name, of, scale in (("m", symbols.m, start["m_scale"]), ("w", symbols.w, start["w_scale"]))
        )
        assert float((M + W)[0, :, 0].abs().max()) == 0
        assert float((M + W)[:, 0, 0].abs().max()) == 0
        assert float(M[1, 1, 0].real) > 0


def test_start_has_the_symbol_that_is_given() -> None:
    domain = Domain((10, 8), (2 * np.pi, 5.0), n_fields=3)
    modes = ModeIndex.of(domain, domain.within(2.4))
    symbols = MatrixSymbols(modes, domain)
    noise = torch.randn(3, 2, 3, 3, len(modes.first), generator=torch.Generator().manual_seed(0)).double()
    root, other = modes.real(noise[0]), modes.real(noise[1])
    K = torch.einsum("ijxy,kjxy->ikxy", root, root.conj()) + other - adjoint(other, domain)
    found = symbols.imitating(K)
    M, W = symbols.m(found["theta_m"], found["m_scale"]), symbols.w(found["theta_w"], found["w_scale"])
    torch.testing.assert_close(M + W, K, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(W, ConstantOperator(domain, K).W, rtol=1e-10, atol=1e-10)
    nothing = symbols.imitating(torch.zeros_like(K))
    assert not bool(symbols.K(symbols.m(nothing["theta_m"], nothing["m_scale"]), 0 * K).any())


@pytest.fixture(scope="module")
def imitations() -> dict[str, tuple[Pair, OnsagerModel, np.ndarray, np.ndarray]]:
    """Each pair, the network that imitates it, and fields of its data in the band."""
    found = {}
    for pair in PAIRS:
        data = pair.data(n=3)
        warm = pair.warm(data)
        model = build(warm, data, seed=1)
        band = model.modes_kept[0]
        found[pair.name] = pair, model, data.domain.restrict(data.u, data.domain.within(band)), data.t
        assert band_limited(warm, data).shape == (3, 20, 2, *model.domain.shape)
    return found


@EACH_PAIR
def test_network_imitates_the_right_hand_side(pair: Pair, imitations: dict) -> None:
    _, model, u, _ = imitations[pair.name]
    domain = model.box.resampled(u.shape[-1:])
    exact = pair.member(domain).rhs(torch.tensor(u))
    exact = domain.restrict(exact, domain.within(model.modes_kept[0])).numpy()
    for i in range(2):
        error = np.linalg.norm(model.rhs(u)[:, :, i] - exact[:, :, i]) / np.linalg.norm(exact[:, :, i])
        assert error < 1e-3, (i, error)


@EACH_PAIR
def test_simulation_is_that_of_the_equation(pair: Pair, imitations: dict) -> None:
    _, model, u, t = imitations[pair.name]
    found, size = model.simulate(u[:, 0], t), u.std((0, 1, 3), keepdims=True)
    assert float(np.sqrt((((found - u) / size) ** 2).mean((0, 2, 3))).max()) < 5e-3
    assert float(np.abs(found[:, -1] - found[:, 0]).max()) > 0.1


@EACH_PAIR
def test_symbols_are_those_of_the_equation_in_the_users_units_but_for_one_scale(
    pair: Pair, imitations: dict
) -> None:
    _, model, _, _ = imitations[pair.name]
    K, q = pair.symbols(model.box)
    inside = model.modes.inside.numpy()
    found, shown = model.m + model.w, model.q
    scale = np.vdot(K[..., inside], found[..., inside]) / np.vdot(K[..., inside], K[..., inside])
    np.testing.assert_allclose(found[..., inside], (scale * K)[..., inside], atol=1e-6 * np.abs(found).max())
    off = shown[0, 1][inside]
    np.testing.assert_allclose(off, (q / scale)[0, 1][inside], atol=1e-6 * np.abs(shown).max())


def test_energies_are_those_of_the_equation_but_for_one_scale_and_a_constant(imitations: dict) -> None:
    pair, model, u, _ = imitations[ALLEN_CAHN_PAIR.name]
    member = pair.member(model.box)
    true = member.V(model.box.fft(torch.tensor(u))).numpy().ravel()
    parts = model.energies(u)
    slope, constant = np.polyfit(true, parts.total.numpy().ravel(), 1)
    np.testing.assert_allclose(
        slope * true + constant, parts.total.numpy().ravel(), atol=1e-3 * np.ptp(true) * slope
    )
    np.testing.assert_allclose(model.V0(u) + model.V1(u) + model.V2(u), parts.total.numpy())
    assert np.abs(model.V2(u)).max() < 1e-2 * np.ptp(model.V1(u))  # Q is a + b k²
    assert model.F(u).shape == (*u.shape[:2], 1, u.shape[-1])
    at_zero = model.F(np.zeros((2, 1)))
    np.testing.assert_allclose(at_zero, 0, atol=1e-12)


def test_simulation_on_other_points_is_the_same_solution(imitations: dict) -> None:
    _, model, u, t = imitations[SCHRODINGER.name]
    fine = Domain((64,), model.box.lengths, n_fields=2)
    there = fine.ifft(np.pad(model.box.fft(u[:, 0]), ((0, 0), (0, 0), (0, 16))))
    found = model.simulate(there, t[:3])
    assert found.shape == (3, 3, 2, 64)
    np.testing.assert_allclose(found[..., ::2], model.simulate(u[:, 0], t[:3]), atol=1e-8)


@BOXES
def test_every_parameter_that_acts_receives_a_gradient(n_fields: int, shape: tuple[int, ...]) -> None:
    model = random_network(n_fields=n_fields, shape=shape)
    windows = torch.stack([smooth(model.domain, 4, modes=2, seed=seed) for seed in (1, 2, 3)], dim=1)
    steps = torch.full((len(windows), 2), 0.02)
    RollOuts(model, Schedule(leads=(2,), prior=0.0), 2).training_step((windows, steps)).backward()
    p = len(model.modes.first)
    idle = {  # imaginary parts at k = 0; of Θ - Θᴴ the real diagonal, and at k = 0 its imaginary part
        "theta_m": n_fields**2,
        "theta_w": n_fields * p + n_fields**2,
        "potential.theta_q": n_fields**2,
    }
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert int((parameter.grad == 0).sum()) == idle.get(name, 0), name


def test_loss_takes_each_field_relative_to_its_own_change() -> None:
    model = random_network(Case.CONSERVATIVE, size=0.0)
    with torch.no_grad():
        model.w_scale.zero_()  # nothing moves: the error of every field is its persistence
    v = smooth(model.domain, 4, modes=2)
    windows = torch.stack(
        [v, v + torch.tensor([1.0, 1e-4])[:, None] * smooth(model.domain, 4, seed=2)], dim=1
    )
    module, steps = RollOuts(model, Schedule(leads=(1,), prior=0.0), 1), torch.full((4, 1), 0.1)
    small = float(module.training_step((windows, steps)).detach())
    assert small == pytest.approx(0.5 * (1 + 1e-8 / NUMBERS.least_field_change), rel=1e-2)
    windows[:, 1, 1] = v[:, 1] + 0.1 * smooth(model.domain, 4, seed=2)[:, 1]
    assert float(module.training_step((windows, steps)).detach()) == pytest.approx(1.0)


@BOXES
@pytest.mark.parametrize("case", list(Case))
def test_canonical_form_moves_alike_and_has_the_energy(
    case: Case, n_fields: int, shape: tuple[int, ...]
) -> None:
    for seed in range(3):
        model = random_network(case, n_fields=n_fields, shape=shape, seed=seed)
        network = canonical_form(model)
        size = np.array(model.units.amplitude).reshape(-1, *(1,) * len(shape))
        u = size * smooth(model.domain, 4, modes=2, seed=seed).numpy()
        u -= u.mean(model.domain.axes, keepdims=True)  # what a linear term adds is 0
        s = next(gauge.removed for gauge in network.gauge if gauge.freedom == "scale")
        raised = model.energies(u).total - model.energies(0 * u).total
        for form, factor in ((network, s), (network.rescaled(-2.5), s / -2.5)):
            np.testing.assert_allclose(form.rhs(u), model.rhs(u), rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(form.energies(u).total, factor * raised, rtol=1e-9)


def test_canonical_F_has_no_constant_no_quadratic_term_and_no_linear_one_that_does_not_act() -> None:
    model = random_network(Case.CONSERVATIVE, n_fields=3, shape=(16,))  # K(0) is antisymmetric: of rank 2
    network, h = canonical_form(model), 1e-4
    one = h * np.eye(3)
    values = {
        (i, j): float(network.F((one[i] * a + one[j] * b)[None, :, None]).squeeze())
        for a, b in ((1, 1),)
        for i in range(3)
        for j in range(3)
    }
    ahead, behind = (network.F(sign * one[:, :, None]).squeeze() for sign in (1, -1))
    slope = (ahead - behind) / (2 * h)
    np.testing.assert_allclose(slope, network.drive, rtol=1e-5)
    for (i, j), value in values.items():
        assert abs(value - ahead[i] - ahead[j]) < 1e-2 * h**2
    at_rest = (network.m + network.w)[..., (network.k == 0).all(0)][..., 0].real
    idle = np.linalg.svd(at_rest)[2][-1]
    assert np.abs(at_rest @ idle).max() < 1e-12 * np.abs(network.w).max()
    assert abs(idle @ slope) < 1e-5 * np.abs(slope).max()
    assert any(gauge.freedom == "Casimir" for gauge in network.gauge)


def test_leading_coefficient_is_1_in_the_entry_of_lowest_order() -> None:
    k = np.arange(0.0, 9.0)[None]
    diagonal = np.stack([0.5 * k[0] ** 2, 3.0 + 0 * k[0]])
    M = np.zeros((2, 2, 9), dtype=complex)
    M[range(2), range(2)] = diagonal
    assert _rounded(leading_entry(k, M)) == LeadingEntry(1, 1, 0, 3.0)
    W = np.zeros((2, 2, 9), dtype=complex)
    W[0, 1] = W[1, 0] = -2j * k[0]
    assert _rounded(leading_entry(k, W)) == LeadingEntry(0, 1, 1, -2.0)


def _rounded(entry: LeadingEntry) -> LeadingEntry:
    return replace(entry, coefficient=round(entry.coefficient, 9))


def test_network_and_its_canonical_form_say_the_range_of_each_field() -> None:
    model = random_network()
    assert "for a from -2 to 2, b from -1 to 1" in str(model).replace("-2.0", "-2")
    low, high = canonical_form(model).values_seen
    assert (low, high) == (pytest.approx((-2.0, -1.0)), pytest.approx((2.0, 1.0)))


def test_network_of_a_start_keeps_its_case_for_every_parameter() -> None:
    for pair in (SCHRODINGER, ALLEN_CAHN_PAIR, DRIFTING_PAIR):
        data = pair.data(n=2, frames=4)
        model = build(pair.warm(data), data)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        assert bool(model.symbol_m().any()) == (pair.case is not Case.CONSERVATIVE)
        assert bool(model.symbol_w().any()) == (pair.case is not Case.DISSIPATIVE)
