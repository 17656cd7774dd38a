"""Steps as CUDA graphs: the same bits, only where nothing is asked of the GPU, in the memory of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from mesoscribe.hybrid.dynamics import cuda_graph as module
from mesoscribe.hybrid.dynamics.cuda_graph import Replay
from mesoscribe.hybrid.dynamics.etdrk4 import ETDRK4Step
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, roll_out
from mesoscribe.hybrid.space.device import array, on, tensor
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from tests.support.elsewhere import elsewhere, staying
from tests.support.examples import fields, random_model
from tests.support.laws import LAWS, smooth
from tests.support.numbers import change

GPU = [pytest.mark.cuda, pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU")]
ENOUGH = 2 * NUMBERS.graph_after  # steps: some replayed
WALLED = Domain((16,), (3.0,), parities=((Parity.EVEN,),))


def law(name: str) -> tuple[Member, Tensor]:
    """A law of the list and fields to start from."""
    u0 = smooth(LAWS[name])
    return LAWS[name].member(LAWS[name].domain_of(u0)), tensor(u0 - LAWS[name].centre)


def walled() -> tuple[Member, Tensor]:
    """An equation between walls."""
    k = tensor(WALLED.k[0])
    inside = tensor(WALLED.resolved)
    equation = Member.of(WALLED, torch.ones_like(k) + 0j, k**2, lambda u: u**3 - u, inside)
    return equation, tensor(np.cos(np.pi * WALLED.coordinates[0] / 3.0)[None])


def network() -> tuple[Member, Tensor]:
    """A network without a nonlocal part, on the device in use."""
    model = random_model().to(tensor(0.0).device)
    return model.member(), tensor(array(fields(random_model(), 3)))


CASES: dict[str, Callable[[], tuple[Member, Tensor]]] = {
    **{name: lambda name=name: law(name) for name in LAWS},  # type: ignore[misc]
    "between walls": walled,
    "network": network,
}


def stepped(step: ETDRK4Step, u_hat: Tensor, times: int) -> Tensor:
    """After so many steps, without gradients."""
    with torch.no_grad():
        for _ in range(times):
            u_hat = step(u_hat)
    return u_hat


@pytest.mark.parametrize("case", CASES)
def test_a_step_brings_nothing_to_the_device_and_asks_for_nothing(case: str) -> None:
    with elsewhere() as device, on(device):
        member, u = CASES[case]()
        step, u_hat = ETDRK4().prepare(member, 1e-4), member.split(member.domain.fft(u))[0]
        stepped(step, u_hat, 1)  # symbols of derivatives are brought once
        with staying():
            stepped(step, u_hat, 1)
            with torch.no_grad():
                step._estimated(u_hat, u_hat)


def test_a_force_that_asks_is_told_from_others() -> None:
    assert not ETDRK4().prepare(random_model(low_modes=2).member(), 1e-4).replay.able
    model = random_model(low_modes=2)
    u = array(fields(model, 2))
    with elsewhere() as device, on(device, model), torch.no_grad():
        member, u_hat = model.member(), model.domain.fft(tensor(u))
        member.force(u_hat)
        with staying(), pytest.raises(RuntimeError, match="would have to be waited for"):
            member.force(u_hat)
        del member


def test_nothing_is_captured_on_the_cpu() -> None:
    member, u = law("KdV")
    step = ETDRK4().prepare(member, 1e-4)
    stepped(step, member.domain.fft(u), ENOUGH)
    assert step.replay.captured is None


@pytest.fixture
def gpu() -> Iterator[None]:
    """Work on the GPU."""
    with on("cuda"):
        yield


class TestOnAGPU:
    pytestmark = GPU

    @pytest.mark.parametrize("case", CASES)
    def test_a_graph_gives_the_bits_of_the_step(self, case: str, gpu: None) -> None:
        member, u = CASES[case]()
        u_hat = member.split(member.domain.fft(u))[0]
        step = ETDRK4().prepare(member, 1e-4)
        found = stepped(step, u_hat, ENOUGH)
        assert step.replay.captured is not None
        plain = ETDRK4().prepare(member, 1e-4)
        plain.replay = Replay(able=False)
        torch.testing.assert_close(found, stepped(plain, u_hat, ENOUGH), rtol=0, atol=0)
        assert not torch.equal(found, stepped(plain, u_hat, ENOUGH - 1))

    def test_frames_of_a_roll_out_are_those_without_graphs(
        self, gpu: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        member, u = law("KdV")
        rolls = []
        for largest in (2**20, 0):
            change(monkeypatch, module, graph_values=largest)
            with torch.no_grad():
                rolls.append(torch.stack([*roll_out(member, u, 1e-4, 20, 3, ETDRK4())]))
        torch.testing.assert_close(*rolls, rtol=0, atol=0)

    def test_a_simulation_with_graphs_is_that_without(
        self, gpu: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        u0, found = smooth(LAWS["KdV"]), []
        for largest in (2**20, 0):
            change(monkeypatch, module, graph_values=largest)
            found.append(LAWS["KdV"].simulate(u0, np.linspace(0.0, 0.01, 21)))
        np.testing.assert_array_equal(found[1], found[0])

    def test_two_graphs_in_turn_do_not_disturb_each_other(self, gpu: None) -> None:
        member, u = law("KdV")
        u_hat = member.domain.fft(u)
        steps = [ETDRK4().prepare(member, dt) for dt in (1e-4, 2e-4)]
        ends = [stepped(step, u_hat, ENOUGH) for step in steps]
        kept = [end.clone() for end in ends]
        for _ in range(3):
            for step in steps:
                stepped(step, u_hat, 1)
        torch.testing.assert_close(ends, kept, rtol=0, atol=0)

    def test_gradients_are_those_of_the_step_itself(self, gpu: None) -> None:
        member, u = law("KdV")
        gradients = []
        for first in (0, ENOUGH):
            step, at = ETDRK4().prepare(member, 1e-4), u.clone().requires_grad_()
            stepped(step, member.domain.fft(u), first)
            step(member.domain.fft(at)).abs().square().sum().backward()
            gradients.append(at.grad)
        torch.testing.assert_close(*gradients, rtol=0, atol=0)

    def test_many_graphs_take_the_memory_of_one(self, gpu: None) -> None:
        member, u = law("KdV")
        u_hat, reserved = member.domain.fft(u), []
        for _ in range(60):
            stepped(ETDRK4().prepare(member, 1e-4), u_hat, ENOUGH)
            reserved.append(torch.cuda.memory_reserved())
        assert reserved[-1] == reserved[9]

    def test_what_cuda_refuses_is_done_as_it_is(self, gpu: None) -> None:
        def asks(x: Tensor) -> tuple[Tensor]:
            return (x * float(x.sum()),)

        replay, x = Replay(), torch.ones(2, device="cuda") / 2
        with torch.no_grad():
            for _ in range(ENOUGH):
                torch.testing.assert_close(replay(asks, x)[0], x)
        assert replay.captured is None
        member, u = law("KdV")
        step = ETDRK4().prepare(member, 1e-4)
        found = stepped(step, member.domain.fft(u), ENOUGH)
        assert bool(torch.isfinite(torch.view_as_real(found)).all())
