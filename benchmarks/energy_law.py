"""The discrete energy law over random members of the class, and the energy drift of the exponential scheme.

python benchmarks/energy_law.py --members 1000
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import sympy
import torch

from mesoscribe import DiscreteGradient, Domain, Law, OnsagerModel
from mesoscribe.hybrid.dynamics.discrete_gradient import StepCounts
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, roll_out, simulate
from mesoscribe.hybrid.learn.onsager import Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.scales import Scales
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, u
from mesoscribe.symbolic.systems.catalog import CATALOG

SHAPES = ((16,), (32,), (8, 8))
STEPS = 2


def random_law(case: Case, shape: tuple[int, ...], rng: np.random.Generator) -> Member:
    """A law whose F outgrows every quadratic form: its q may have either sign."""
    lengths = tuple(rng.uniform(3, 9, len(shape)))
    waves = WAVENUMBERS[len(shape)]
    square = sum(k**2 for k in waves)
    a, b, c, d = rng.uniform(0.1, 2), rng.normal(), rng.normal(), rng.choice([0.0, 0.1])
    F = Factor.of(a * u**4 + b * u**3 + c * sympy.cos(2 * u) + d * u**6)
    q = Factor.of(2 * rng.normal() + rng.normal() / 4 * square + rng.uniform(0, 0.1) * square**2)
    m = Factor((sympy.Integer(1), square), tuple(rng.uniform(0, 2, 2)))
    w = Factor((waves[0], waves[-1] * square), tuple(rng.normal(size=2)))
    law = Law(
        F=F,
        q=q,
        m=Factor() if case is Case.CONSERVATIVE else m,
        w=Factor() if case is Case.DISSIPATIVE else w,
        lengths=lengths,
    )
    return law.member(Domain(shape, lengths))


def random_network(case: Case, shape: tuple[int, ...], rng: np.random.Generator) -> Member:
    """A network with every parameter random, one in four with a nonlocal N."""
    scales, low_modes = Scales(1.0, 1.0, 1.0), int(rng.choice([0, 0, 0, 2]))
    lengths = tuple(rng.uniform(3, 9, len(shape)))
    model = OnsagerModel(Setting(shape, lengths, scales, case, np.inf, False, -2.0, 2.0, low_modes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.as_tensor(rng.normal(size=parameter.shape)))
        n = len(model.m_scale)
        if case is not Case.CONSERVATIVE:
            model.m_scale.copy_(torch.as_tensor(rng.uniform(0, 2, n)))
        if case is not Case.DISSIPATIVE:
            model.w_scale.copy_(torch.as_tensor(rng.normal(size=n)))
    return model.member()


def state(member: Member, rng: np.random.Generator) -> np.ndarray:
    """Two random fields with a falling spectrum."""
    domain = member.domain
    noise = domain.fft(torch.as_tensor(rng.normal(size=(2, *domain.shape))))
    v = domain.ifft(noise * member.mask / (1 + torch.as_tensor(domain.k_norm / domain.k_unit) ** 2)).numpy()
    return rng.uniform(0.1, 2) * v / np.abs(v).max() + 0.3 * rng.normal()


@dataclass
class Tally:
    """What the members of one case came to: the largest change of V is relative to the sum of its |terms|."""

    members: int = 0
    violations: int = 0
    lost: int = 0
    largest: float = -np.inf
    counts: StepCounts = field(default_factory=StepCounts)

    def add(self, member: Member, scheme: DiscreteGradient, rng: np.random.Generator) -> None:
        """Simulate a few steps and judge them."""
        self.members += 1
        before = self.counts.subdivided
        try:
            u0 = state(member, rng)
            frames = simulate(member, u0, scheme.step * np.arange(STEPS + 1), scheme=scheme, rtol=1.0)
        except FloatingPointError:
            self.lost += 1
            return
        u_hat = member.domain.fft(torch.as_tensor(frames))
        with torch.no_grad():
            V, size = member.V(u_hat).numpy(), member.V_size(u_hat).numpy()
        change = np.diff(V, axis=1) / size.max(axis=1, keepdims=True)
        worst = float((change if bool((member.K.real != 0).any()) else np.abs(change)).max())
        self.largest = max(self.largest, worst)
        self.violations += worst > scheme.tolerance * (1 + self.counts.subdivided - before)

    def __str__(self) -> str:
        c = self.counts
        cells = [self.members, c.taken, c.subdivided, c.refused, c.iterations, f"{self.largest:.1e}"]
        return " | ".join(map(str, [*cells, self.violations]))


KINDS = {"laws": random_law, "networks": random_network}


def energy_law(members: int, seed: int) -> Iterator[str]:
    """A Markdown table over random members, states and steps."""
    yield "| members | | number | steps | subdivided | refused | iterations | largest rise | violations |"
    yield "|---|---|---|---|---|---|---|---|---|"
    streams = iter(np.random.SeedSequence(seed).spawn(members))
    tallies = {(kind, case): Tally() for kind in KINDS for case in Case}
    for i, stream in enumerate(streams):
        kind, case = list(tallies)[i % len(tallies)]
        rng, tally = np.random.default_rng(stream), tallies[kind, case]
        member = KINDS[kind](case, SHAPES[int(rng.integers(len(SHAPES)))], rng)
        scheme = DiscreteGradient(step=float(10 ** rng.uniform(-4, 1)), counts=tally.counts)
        tally.add(member, scheme, rng)
    for (kind, case), tally in tallies.items():
        yield f"| {kind} | {case.value} | {tally} |"


def drift(name: str, end: float, counts: tuple[int, ...]) -> Iterator[str]:
    """Errors of V at the end with fixed steps, and the order between consecutive ones."""
    law = CATALOG[name].law
    domain = Domain((32,), law.lengths)
    x = torch.as_tensor(domain.coordinates[0])
    u0 = torch.stack([torch.cos(x) + 0.5 * torch.sin(2 * x), 0.3 + torch.sin(x)])
    member = law.member(domain)

    def energy(n: int, scheme: Scheme) -> np.ndarray:
        *_, last = roll_out(member, u0, end, 1, n, scheme)
        return member.V(domain.fft(last)).numpy()

    start = member.V(domain.fft(u0)).numpy()
    exact = energy(16 * counts[-1], ETDRK4()) if law.m else start
    size = member.V_size(domain.fft(u0)).numpy()
    last = [np.nan, np.nan]
    for n in counts:
        schemes = ETDRK4(), DiscreteGradient(step=end / n)
        errors = [float(np.abs((energy(n, scheme) - exact) / size).max()) for scheme in schemes]
        orders = [np.log2(a / b) for a, b in zip(last, errors, strict=True)]
        cells = [f"{e:.1e} ({o:.2f})" for e, o in zip(errors, orders, strict=True)]
        yield f"| {name} | {end / n:.3g} | " + " | ".join(cells) + " |"
        last = errors


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| member | step | error of V, ETDRK4 (order) | discrete gradient (order) |\n|---|---|---|---|")
    for name, end, counts in (("kdv", 0.4, (64, 128, 256, 512)), ("allen_cahn", 0.02, (8, 16, 32, 64))):
        for line in drift(name, end, counts):
            print(line, flush=True)
    for line in energy_law(arguments.members, arguments.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
