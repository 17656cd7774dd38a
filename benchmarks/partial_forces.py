"""What forces on a few random sites of each snapshot give, and cost, beside the forces on all.

python benchmarks/partial_forces.py --seeds 20 --network-seeds 3

The chain is FPUT, F = r + r². Snapshots are waves of its long-wave equation up to τ = 1, set on N sites: a
chain takes N⁴ operations to get there by itself, and forces are functions of where its sites are, not of how
they came there. An error is the larger of those of the coefficients of u u_x and u_xxx, relative to the fit
to all forces of all snapshots; rms over seeds. Evaluations are distinct forces of bonds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from mesoscribe import Domain, OnsagerModel, PartialForces, Schedule, fit, rollout_error
from mesoscribe.hybrid.chain.force import fput
from mesoscribe.hybrid.chain.linear_wave import LinearWave, Term, fit_linear
from mesoscribe.hybrid.chain.partial_forces import BondForces, ForceSamples, partial_loss
from mesoscribe.hybrid.chain.simulation import Chain, right_moving
from mesoscribe.hybrid.chain.site_forces import along
from mesoscribe.hybrid.chain.splitting import BLANES_MOAN, VERLET
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.systems.chains import CHAINS, WAVES
from mesoscribe.symbolic.systems.initial import initial_fields
from mesoscribe.symbolic.systems.long_wave import long_wave

SIZES = (128, 256, 512, 1024)
FEW, FULL = (1, 2, 3, 4, 6, 8, 16, 32, 64), (1, 2, 3, 4, 6, 8)  # snapshots
TARGET, SITES, DRAWS, QUOTED = 0.03, 8, 20_000, [1, 5, 20, 100]
LAW: tuple[Term, ...] = ((0, 1), (3,))
WIDE: tuple[Term, ...] = (*LAW, (0,), (1,), (2,), (4,), (5,), (0, 0), (0, 2), (0, 3), (1, 1), (1, 2))
WIDE += ((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3))
SCHEDULE = Schedule(leads=(1,), steps=(100,), every=25)


def waves(sites: int, n: int = 16, n_frames: int = 21, seed: int = 0) -> ChainData:
    """Waves of the long-wave equation on a chain."""
    chain, tau = Chain(fput(), sites), np.linspace(0, 1, n_frames)
    u0 = initial_fields(WAVES, Domain((128,), (chain.length,)), n, seed)
    u = resampled(long_wave(chain.force).law().simulate(u0, tau), Domain((sites,), (chain.length,)))
    r, t = chain.scale * u, tau / chain.epsilon**3
    return ChainData(r, right_moving(chain.force, r), t, chain.epsilon, chain.force, chain.scale, 0.0, VERLET)


def everywhere(samples: ForceSamples) -> tuple[np.ndarray, np.ndarray]:
    """All snapshots, and all sites of each."""
    return np.arange(len(samples)), np.tile(np.arange(samples.map.domain.points), (len(samples), 1))


def table(title: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Print a table in Markdown, each row when it is there."""
    head = list(head)
    print(f"\n{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def estimator(sites: int, snapshots: int = 4) -> list[object]:
    """The loss, the mean and deviation of L_p over DRAWS, theory's deviation, and what zero-filling gives."""
    samples = ForceSamples(waves(sites, n=1, n_frames=snapshots))
    wave = LinearWave(samples.map.domain, LAW, np.array([-0.9, -0.04]))
    image = samples.map.image(*along(wave.rate, samples.u)).detach()
    y = torch.as_tensor(samples.targets(*everywhere(samples)))
    squares, unforced = (y - image) ** 2, (samples.map.free_part(samples.u) - image) ** 2
    rng, values, filled = np.random.default_rng(0), np.empty(DRAWS), np.empty(DRAWS)
    for i in range(DRAWS):
        at = torch.as_tensor(PartialForces(SITES).draw(snapshots, sites, rng))
        values[i] = partial_loss(y.gather(-1, at), image, at)
        filled[i] = unforced.scatter(-1, at, squares.gather(-1, at)).mean()
    variance = float((1 - SITES / sites) * squares.var(-1).mean() / SITES / snapshots)
    mean = f"{values.mean():.5f} ± {values.std(ddof=1) / np.sqrt(DRAWS):.5f}"
    return [
        sites,
        f"{squares.mean():.5f}",
        mean,
        f"{values.var(ddof=1):.4e}",
        f"{variance:.4e}",
        f"{filled.mean():.3g}",
    ]


def bias(data: ChainData) -> Iterator[str]:
    """The share of y that u_ττ is, and how far it moves the coefficients after each sweep."""
    samples = ForceSamples(data)
    at = everywhere(samples)
    rate, change = along(fit_linear(samples, WIDE, *at).rate, samples.u)
    dropped = samples.map.between(rate) - samples.map.image(rate, change)
    yield f"{100 * float(dropped.std() / rate.std()):.3f} %"
    fits = [fit_linear(samples, LAW, *at, sweeps=sweeps).coefficients for sweeps in (0, 1, 2, 8)]
    yield from (f"{error(found, fits[-1]):.1e}" for found in fits[:-1])
    yield ", ".join(f"{value:.5f}" for value in fits[-1])


def error(found: np.ndarray, reference: np.ndarray) -> float:
    """The larger relative error of the first two coefficients."""
    return float(np.abs(found[:2] / reference[:2] - 1).max())


@dataclass(frozen=True)
class Point:
    """Evaluations, and the errors of seeds."""

    evaluations: float
    errors: tuple[float, ...]

    @property
    def rms(self) -> float:
        """Over seeds."""
        return float(np.sqrt(np.mean(np.square(self.errors))))

    def __str__(self) -> str:
        return f"{self.evaluations:.0f}: {self.rms:.1e}" if np.isfinite(self.rms) else "–"


class Study:
    """Linear fits to a chain's forces.

    Args:
        terms: of the law, u u_x and u_xxx first.
        noise: of each bond's force, as a share of what y is without it.
    """

    def __init__(self, data: ChainData, terms: tuple[Term, ...], noise: float = 0.0) -> None:
        self.data, self.terms = data, terms
        self.samples = ForceSamples(data)
        at = everywhere(self.samples)
        self.reference = fit_linear(self.samples, terms, *at).coefficients
        self.sigma = noise * self.samples.targets(*at).std() / abs(self.samples.map.per_force) / np.sqrt(2)

    def point(self, snapshots: int, sites: int, seeds: int) -> Point:
        """The error with some snapshots; none where they give fewer forces than terms."""
        if snapshots * sites < len(self.terms):
            return Point(0, (np.inf,))
        errors, evaluations, bonds = [], 0, self.data.r.reshape(-1, self.data.sites)
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            self.samples.forces = BondForces(bonds, partial(self._noisy, rng=rng))
            chosen = rng.permutation(len(self.samples))[:snapshots]
            drawn = PartialForces(sites).draw(snapshots, self.data.sites, rng)
            found = fit_linear(self.samples, self.terms, chosen, drawn).coefficients
            errors.append(error(found, self.reference))
            evaluations += self.samples.forces.evaluations
        return Point(evaluations / seeds, tuple(errors))

    def _noisy(self, r: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return self.data.force(r) + self.sigma * rng.normal(size=r.shape)


def linear(title: str, terms: tuple[Term, ...], noise: float, seeds: int) -> None:
    """The curves of the linear model, and where they reach TARGET."""
    reached: list[list[object]] = []

    def rows() -> Iterator[list[object]]:
        for sites in SIZES:
            study = Study(waves(sites), terms, noise)
            few, full = ([study.point(n, m, seeds) for n in ns] for m, ns in ((SITES, FEW), (sites, FULL)))
            yield [sites, f"{SITES} random", *few]
            yield [sites, "all", *full, *["" for _ in FEW[len(FULL) :]]]
            first = [next((f"{p.evaluations:.0f}" for p in c if p.rms <= TARGET), "–") for c in (few, full)]
            reached.append([sites, *first])

    table(
        f"{title}; evaluations: error, by number of snapshots",
        ["N", "sites", *(f"of {n}" for n in FEW)],
        rows(),
    )
    table(f"{title}; evaluations to {TARGET:.0%}", ["N", f"{SITES} random sites", "all sites"], reached)


def projected(model: OnsagerModel, u: np.ndarray) -> np.ndarray:
    """The coefficients of u u_x and u_xxx that come closest to a network's right-hand side on fields u."""
    scales = model.setting.scales
    domain = model.setting.domain.resampled(model.domain.shape)
    u = resampled(u, domain)
    with torch.no_grad():
        rate = scales.amplitude / scales.time * model.member().rhs(torch.as_tensor(scales.to_scaled(u)))
    columns = LinearWave(domain, LAW, np.zeros(2)).columns(torch.as_tensor(u))
    return np.linalg.lstsq(columns.numpy().reshape(-1, 2), rate.numpy().ravel(), rcond=None)[0]


def part(data: ChainData, n: int, seed: int) -> ChainData:
    """Three frames each of some trajectories."""
    rng = np.random.default_rng(seed)
    rows, frames = rng.permutation(data.r.shape[0])[:n], slice(rng.integers(7), None, 7)
    return replace(data, r=data.r[rows, frames], v=data.v[rows, frames], t=data.t[frames])


def networks(seeds: int) -> Iterator[list[object]]:
    """Rows of the network's table."""
    for sites in SIZES:
        data = waves(sites)
        fields = data.r[:, ::5].reshape(-1, sites) / data.scale

        def learned(states: ChainData, m: int, redraw: bool, seed: int = 0) -> OnsagerModel:
            forces = PartialForces(m, redraw=redraw)
            return fit(states, forces=forces, seed=seed, schedule=SCHEDULE, progress=False)

        reference = projected(learned(data, sites, False), fields)
        cases = [("8 random, kept", SITES, False, n) for n in (2, 8)]
        cases += [("8 random, redrawn", SITES, True, 2), ("all", sites, False, 2)]
        for name, m, redraw, n in cases:
            models = [learned(part(data, n, seed), m, redraw, seed) for seed in range(seeds)]
            errors = tuple(error(projected(model, fields), reference) for model in models)
            used = float(np.mean([model.record.evaluations for model in models if model.record]))
            yield [sites, name, 3 * n, *str(Point(used, errors)).split(": ")]


def rollouts() -> Iterator[list[object]]:
    """Errors of networks on test trajectories of a chain in (nearly) exact time."""
    states = replace(CHAINS["fput"], integrator=BLANES_MOAN, courant=0.3).states(12)
    split = states.trajectories().split(0)
    fields: dict[str, object] = {"data": split.train, "validation": split.validation}
    raw = dict(zip(fields, map(states.part, (split.train_part, split.validation_part)), strict=True))
    redrawn, kept = ({**raw, "forces": PartialForces(SITES, redraw)} for redraw in (True, False))
    for name, training_data in {
        "roll-outs": fields,
        "forces, redrawn": redrawn,
        "forces, kept": kept,
    }.items():
        model = fit(**training_data, progress=False)  # type: ignore[arg-type]
        used = model.record.evaluations if model.record else 0
        yield [name, used, *(f"{e:.1e}" for e in rollout_error(model, split.test).mean[QUOTED])]


def main() -> None:
    """Print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, seeds in (("--seeds", 20), ("--network-seeds", 3)):
        parser.add_argument(name, type=int, default=seeds)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    head = ("N", "full loss", "mean of L_p", "variance", "(1 - m/N) S²/(m B)", "zero-filled")
    table(f"L_p over {DRAWS} draws, m = {SITES}, B = 4 snapshots", head, map(estimator, (64, 128, 1024)))
    head = ("N", "share of u_ττ", "0 sweeps", "1 sweep", "2 sweeps", "u u_x, u_xxx")
    cases = [(str(sites), waves(sites)) for sites in (64, *SIZES)]
    cases.append(("128, simulated", CHAINS["fput"].states(12, n_frames=21, dt=0.05)))
    table("Bias of the dropped u_ττ", head, ([name, *bias(data)] for name, data in cases))
    linear("Two terms", LAW, 0.0, arguments.seeds)
    linear("16 terms", WIDE, 0.0, arguments.seeds)
    linear("Two terms, each force with noise of 30 % of y", LAW, 0.3, arguments.seeds)
    table("Network", ("N", "sites", "snapshots", "evaluations", "error"), networks(arguments.network_seeds))
    table("Roll-outs", ("learned from", "evaluations", *(f"step {n}" for n in QUOTED)), rollouts())


if __name__ == "__main__":
    main()
