"""Compiled steps: the numbers of torch's to rounding, and torch's own wherever there is no compiled code."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.energy.local_energy import LocalEnergy, cubic_densities
from mesoscribe.hybrid.energy.powersum import PowerSum
from mesoscribe.hybrid.energy.table import HermiteTable
from mesoscribe.hybrid.space.domain import Domain, Parity
from tests.support.examples import member, waves

LINE = Domain((64,), (2 * np.pi,))
CUBIC = PowerSum({1: -1.0, 3: 1.0})


def table(low: float = -2.0, high: float = 2.0) -> HermiteTable:
    """That of v³ - v."""
    return HermiteTable.of_derivative(
        lambda v: v**4 / 4 - v**2 / 2, torch.linspace(low, high, 65, dtype=torch.float64)
    )


def mixed(f: Callable[[Tensor], Tensor], domain: Domain = LINE) -> Member:
    """Damped and turned."""
    return member(domain, lambda k: k**2 + 1j * k, lambda k: 0.1 * k**2 - 1, f)


def family(domain: Domain = LINE) -> Member:
    """Three members, all of them different in K, q and f."""
    k = torch.as_tensor(domain.k[0])
    scale = torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64).reshape(3, 1, 1)
    f = PowerSum({2: 0.3 * scale, 3: torch.tensor(1.1, dtype=torch.float64), 1: 0.2})
    mask = torch.as_tensor(domain.within(20.0))
    return Member.of(domain, scale * (k**2 + 1j * k), 0.1 * scale * k**2 - 1, f, mask)


def between_walls(parity: Parity, f: Callable[[Tensor], Tensor]) -> Member:
    """Damped, between two walls."""
    return member(Domain((32,), (np.pi,), ((parity,),)), lambda k: k**2, lambda k: 0.1 * k**2 - 1, f)


CASES: list[tuple[str, Member, tuple[int, ...]]] = [
    ("polynomial", mixed(CUBIC), (1, 5)),
    ("high power", mixed(PowerSum({0: 0.3, 7: 0.2})), (3,)),
    ("constant", mixed(PowerSum({0: 0.3})), (2, 2)),
    ("one field", mixed(CUBIC), ()),
    ("table", mixed(table()), (4,)),
    ("beyond the table", mixed(table(-0.5, 0.4)), (4,)),
    ("tilted table", mixed(table()).tilted(0.7), (4,)),
    ("family", family(), (3, 17)),
    ("family of one field", family(), (3, 1)),
    ("fields that a family shares", family(), (1, 4)),
    ("84 points", mixed(CUBIC, Domain((84,), (2 * np.pi,))), (2,)),
    ("many rows", mixed(CUBIC), (70,)),
    ("no-flux walls", between_walls(Parity.EVEN, PowerSum({2: 0.3, 3: 1.0})), (2, 3)),
    ("no-flux walls, table", between_walls(Parity.EVEN, table()), (3,)),
    ("zero-value walls, odd force", between_walls(Parity.ODD, CUBIC), (3,)),
]


def state(m: Member, batch: tuple[int, ...]) -> Tensor:
    """û of some fields."""
    u = waves(m.domain, int(np.prod(batch, dtype=int)), amplitude=0.4)
    return m.split(m.domain.fft(torch.as_tensor(u.reshape(*batch, *m.domain.shape))))[0]


def by_torch(step: ETDRK4Step) -> ETDRK4Step:
    """The step without its compiled twin."""
    step.__dict__["compiled"] = None
    return step


@pytest.mark.parametrize(("name", "m", "batch"), CASES, ids=[name for name, *_ in CASES])
def test_steps_and_their_errors_are_those_of_torch(name: str, m: Member, batch: tuple[int, ...]) -> None:
    with torch.no_grad():
        u_hat, step, plain = state(m, batch), ETDRK4Step(m, 0.01), by_torch(ETDRK4Step(m, 0.01))
        assert step.compiled is not None
        assert step.compiled.takes(u_hat)
        torch.testing.assert_close(step.times(u_hat, 20), plain.times(u_hat, 20), rtol=0, atol=1e-14)
        force = step.force(u_hat)
        u_hat = u_hat.expand_as(force)
        *found, error = step.estimated(u_hat, force)
        *expected, error_by_torch = plain.estimated(u_hat, force)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)
        assert error == pytest.approx(error_by_torch, rel=1e-6, abs=1e-14)


def test_roll_outs_are_those_with_gradients() -> None:
    m, u = mixed(CUBIC), torch.as_tensor(waves(LINE, 5, amplitude=0.4))
    by_automatic = list(roll_out(m, u, 0.05, 4, 3, ETDRK4()))
    with torch.no_grad():
        compiled = list(roll_out(m, u, 0.05, 4, 3, ETDRK4()))
    torch.testing.assert_close(compiled, by_automatic, rtol=0, atol=1e-14)


def test_gradients_are_never_lost() -> None:
    u = torch.as_tensor(waves(LINE, 2, amplitude=0.4)).requires_grad_()
    (last,) = roll_out(mixed(CUBIC), u, 0.05, 1, 3, ETDRK4())
    (slope,) = torch.autograd.grad(last.sum(), u)
    assert slope.abs().max() > 0


def test_a_lost_row_leaves_its_neighbours_alone() -> None:
    m = mixed(PowerSum({2: -50.0}))
    u_hat = state(m, (6,))
    apart = u_hat.clone()
    apart[2] *= 1e200
    apart[4] = torch.nan
    others = [0, 1, 3, 5]
    with torch.no_grad():
        step = ETDRK4Step(m, 1e-4)
        found = step.times(apart, 5)
        torch.testing.assert_close(found[others], step.times(u_hat, 5)[others], rtol=0, atol=0)
        assert not found[[2, 4]].isfinite().any(-1).any()
        assert step.estimated(apart, step.force(apart))[2] == np.inf


def test_values_that_are_no_numbers_are_not_looked_up() -> None:
    m = mixed(table())
    u_hat = state(m, (3,))
    u_hat[1], u_hat[2] = torch.nan, u_hat[2] * 1e300
    with torch.no_grad():
        found = ETDRK4Step(m, 1e-3).times(u_hat, 2)
    assert found[0].isfinite().all()
    assert not found[1].isfinite().any()


PLANE = Domain((16, 16), (1.0, 1.0))
FEW_OR_NONE = {
    "several fields": Member.of(
        replace(LINE, n_fields=2),
        torch.eye(2, dtype=torch.complex128)[..., None] * torch.ones(33),
        torch.eye(2, dtype=torch.float64)[..., None] * torch.ones(33),
        CUBIC,
        torch.as_tensor(LINE.resolved),
    ),
    "two dimensions": mixed(CUBIC, PLANE),
    "zero-value walls, even force": between_walls(Parity.ODD, PowerSum({2: 1.0})),
    "odd": mixed(CUBIC, Domain((63,), (1.0,))),
    "a large prime": mixed(CUBIC, Domain((46,), (1.0,))),
    "no polynomial": mixed(torch.sin),
    "a very high power": mixed(PowerSum({40: 1.0})),
    "derivatives in the energy": replace(
        mixed(CUBIC),
        energy=replace(mixed(CUBIC).energy, others=(LocalEnergy(LINE, cubic_densities(1)[:1], (0.1,)),)),
    ),
}


@pytest.mark.parametrize("m", FEW_OR_NONE.values(), ids=FEW_OR_NONE)
def test_the_rest_is_left_to_torch(m: Member) -> None:
    step = ETDRK4Step(m, 1e-3)
    assert step.compiled is None
    with torch.no_grad():
        shape = (2, *(() if m.domain.n_fields is None else (m.domain.n_fields,)), *m.domain.shape)
        u_hat = m.domain.fft(torch.full(shape, 0.1, dtype=torch.float64)) * m.mask
        torch.testing.assert_close(step.times(u_hat, 2), step(step(u_hat)))


def test_steps_of_a_length_for_each_field_are_left_to_torch() -> None:
    m, lengths = mixed(CUBIC), torch.linspace(1e-3, 3e-3, 3, dtype=torch.float64)
    fields = state(m, (3, 3))
    with torch.no_grad():
        found = ETDRK4Step(m, lengths[:, None]).times(fields, 4)
        each = [ETDRK4Step(m, float(h)).times(fields[:, i], 4) for i, h in enumerate(lengths)]
    torch.testing.assert_close(found, torch.stack(each, dim=1), rtol=0, atol=1e-14)


def test_single_precision_and_gradients_are_left_to_torch() -> None:
    m = mixed(CUBIC)
    step, u_hat = ETDRK4Step(m, 1e-3), state(m, (2,))
    assert step.compiled is not None
    assert not step.compiled.takes(u_hat.to(torch.complex64))
    assert not step.compiled.takes(u_hat[:0])
    before = dict(step.__dict__, compiled=None)
    step.__dict__.pop("compiled")
    step.times(u_hat, 1)
    assert step.__dict__.keys() == before.keys() - {"compiled"}, "gradients were enabled"


def test_numba_is_imported_by_the_first_compiled_step_only() -> None:
    code = (
        "import sys, torch\n"
        "from tests.hybrid.dynamics.test_compiled import ETDRK4Step, mixed, PLANE, CUBIC, state\n"
        "torch.set_grad_enabled(False)\n"
        "ETDRK4Step(mixed(torch.sin), 1e-3).times(state(mixed(torch.sin), ()), 1)\n"
        "before = 'numba' in sys.modules\n"
        "ETDRK4Step(mixed(CUBIC), 1e-3).times(state(mixed(CUBIC), ()), 1)\n"
        "print(before, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
