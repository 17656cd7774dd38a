"""Train an OnsagerModel on the forces of some sites of a chain."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mesoscribe.hybrid.chain.linear_wave import FLUX, LinearWave, fit_linear
from mesoscribe.hybrid.chain.observe import resolved_band
from mesoscribe.hybrid.chain.partial_forces import ForceSamples, PartialForces, Sites, Values, partial_loss
from mesoscribe.hybrid.chain.site_forces import SiteMap, along
from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.checkpoint import Checkpoint
from mesoscribe.hybrid.learn.digest import states_digest
from mesoscribe.hybrid.learn.imitate import band_limited, build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.learn.schedule import Schedule
from mesoscribe.hybrid.learn.training import Training, train
from mesoscribe.hybrid.learn.windows import Examples
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import WarmStart
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


class Snapshots(Examples):
    """Fields on a model's points, some of their sites, and y there: (v, sites, y).

    Args:
        samples: the snapshots and their forces.
        v: the same snapshots, scaled, on the model's points.
        forces: how sites are drawn.
        rng: of the draws.
    """

    def __init__(
        self, samples: ForceSamples, v: Tensor, forces: PartialForces, rng: np.random.Generator
    ) -> None:
        self.samples, self.v, self.forces, self.rng = samples, v, forces, rng
        self.kept = None if forces.redraw else self._drawn(len(samples))

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor, Tensor]:
        sites, y = self.at(np.array([i]))
        return self.v[i], torch.as_tensor(sites[0]), torch.as_tensor(y[0])

    def pass_over(self, taken: list[list[int]]) -> None:
        """Draw the sites of these visits, and look at the forces on them again."""
        for snapshots in taken:
            self.at(np.array(snapshots))

    def at(self, snapshots: np.ndarray) -> tuple[Sites, Values]:
        """Sites of some snapshots, drawn anew unless each keeps its own, and y there."""
        sites = self._drawn(len(snapshots)) if self.kept is None else self.kept[snapshots]
        return sites, self.samples.targets(snapshots, sites)

    def _drawn(self, n: int) -> Sites:
        return self.forces.draw(n, self.samples.map.domain.points, self.rng)


class SiteForces(Training):
    """L_p over the mean of y²: 1 is no better than a wave that does not change."""

    def __init__(self, model: OnsagerModel, schedule: Schedule, site_map: SiteMap, size: float) -> None:
        super().__init__(model, schedule)
        self.map, self.size = site_map, size

    def misfit(self, batch: Sequence[Tensor]) -> Tensor:
        """L_p of a batch, relative to the size of y."""
        v, sites, y = batch
        scales, points = self.model.setting.scales, self.model.domain
        rate, change = (self.map.domain.ifft(points.fft(part)) for part in along(self.model.member().rhs, v))
        unit = scales.amplitude / scales.time
        return partial_loss(y, self.map.image(unit * rate, unit / scales.time * change), sites) / self.size

    def training_step(self, batch: Sequence[Tensor]) -> Tensor:
        """The loss of a batch of snapshots."""
        return self.penalised_loss(self.misfit(batch), f"forces on {batch[1].shape[1]} sites")

    def validation_step(self, batch: Sequence[Tensor]) -> None:
        """Log √L_p of a batch of held-out snapshots, relative to the size of y."""
        self.log_score(float(self.misfit(batch).detach().sqrt()))


def fit_forces(
    data: ChainData | Trajectories,
    forces: PartialForces,
    validation: ChainData | Trajectories | None,
    *,
    seed: int,
    case: Case | None,
    schedule: Schedule,
    progress: bool,
    checkpoint: str | Path | None,
) -> OnsagerModel:
    """Learn u_τ = -W δV/δu from the forces on some sites of each snapshot; see `mesoscribe.hybrid.learn.fit`.

    The warm start is linear least squares of ∂ξ of functions of u and of L u (`linearwave.FLUX`) on the drawn
    sites of at most 64 snapshots: no other force is looked at, and no derivative by time. Validation uses m
    sites of each held-out snapshot, the same ones throughout.

    Raises:
        ValueError: fields instead of states, more sites than there are, or an operator that a chain has not.
    """
    if case not in (None, Case.CONSERVATIVE):
        raise ValueError(f"expected a conservative fit, as a chain loses no energy, got {case}; leave it out")
    began = time.perf_counter()
    start = ForceStart.of(data, forces, validation, seed=seed)
    factorised = time.perf_counter()
    samples, model = start.draws.samples, start.model
    states = [_states(part) for part in (data, validation) if part is not None]
    saves = None
    if checkpoint is not None:
        saves = Checkpoint.of(checkpoint, states_digest(*states), schedule, seed, forces)
    module = SiteForces(model, schedule, samples.map, start.size)
    course = train(module, start.draws, start.validation, seed=seed, progress=progress, checkpoint=saves)
    looked_at = samples.forces.evaluations + start.validation.samples.forces.evaluations
    model.record = FitRecord.of(None, course, factorised - began, factorised, evaluations=looked_at)
    return model.eval()


@dataclass(frozen=True)
class ForceStart:
    """Where training on forces starts, after linear least squares on those of a few sites.

    Args:
        warm: the member of the class that was found.
        model: the network that imitates it.
        draws, validation: the snapshots to learn from, and the held-out ones with the sites that they keep.
        size: the mean of y².
    """

    warm: WarmStart
    model: OnsagerModel
    draws: Snapshots
    validation: Snapshots
    size: float

    @classmethod
    def of(
        cls,
        data: ChainData | Trajectories,
        forces: PartialForces,
        validation: ChainData | Trajectories | None,
        *,
        seed: int,
    ) -> ForceStart:
        """The start from the states of a chain: least squares for a linear wave on the forces of m sites.

        Raises:
            ValueError: fields instead of states, another chain for validation, or too few forces.
        """
        data, held_out = _states(data), None if validation is None else _states(validation)
        if held_out is None:
            data, held_out = data.parts(seed, (1 - NUMBERS.validation_share, NUMBERS.validation_share))
        samples, others = ForceSamples(data), ForceSamples(held_out)
        _check_same_chain(samples.map, others.map)
        rng = np.random.default_rng(seed)
        draws = Snapshots(samples, samples.u, forces, rng)
        chosen = rng.permutation(len(samples))[: NUMBERS.warm_snapshots]
        sites, y = draws.at(chosen)
        size = float(np.mean(y**2))
        warm = _warm(fit_linear(samples, FLUX, chosen, sites), _fields(samples), size)
        draws.v, v = (
            torch.as_tensor(band_limited(warm, _fields(part))).flatten(0, 1) for part in (samples, others)
        )
        kept = Snapshots(others, v, replace(forces, redraw=False), rng)
        return cls(
            warm,
            build(warm, _fields(samples, f"forces of a chain, F(r) = {data.force}"), seed),
            draws,
            kept,
            size,
        )


def _check_same_chain(mine: SiteMap, theirs: SiteMap) -> None:
    """Refuse to validate on another chain."""
    if mine != theirs:
        raise ValueError(
            f"expected validation states of the same chain, {mine.domain.points} sites, c = {mine.c:.6g}, "
            f"r = {mine.scale:.6g} u, got {theirs.domain.points}, {theirs.c:.6g} and {theirs.scale:.6g}; "
            f"leave them out, and a part of the data is kept back"
        )


def _states(data: ChainData | Trajectories) -> ChainData:
    """Raw states of a chain."""
    if isinstance(data, Trajectories):
        raise ValueError(
            "expected the states of a chain (ChainData), got Trajectories of a field, which holds no forces; "
            "simulate them with CHAINS[...].states(), or fit without `forces`"
        )
    return data


def _fields(samples: ForceSamples, source: str = "a chain") -> Trajectories:
    """u at the sites, all snapshots in a row: their order in time is of no account."""
    u, places = samples.u.numpy(), samples.map.domain.coordinates[0]
    return Trajectories.from_arrays(u[None], np.arange(len(u)), places, layout="ntx", source=source)


def _warm(wave: LinearWave, data: Trajectories, size: float) -> WarmStart:
    """The linear wave of the terms FLUX as a member of the class in scaled units: K = ik, and

    θ_(1) u_ξ + θ_(3) u_ξξξ + θ_(5) u_ξξξξξ + Σ_p θ_p u^(p-1) u_ξ = -ik [q û + FT{Σ_p f_p u^p}].
    """
    amplitude = float(np.sqrt(np.mean(data.u**2)))
    scales = Scales(length=1 / data.domain.k_unit, time=amplitude / float(np.sqrt(size)), amplitude=amplitude)
    domain = scales.domain(data.domain)
    linear = {term[0]: a for term, a in zip(wave.terms, wave.coefficients, strict=True) if len(term) == 1}
    powers = {len(term): a for term, a in zip(wave.terms, wave.coefficients, strict=True) if len(term) > 1}
    k = data.domain.k[0]
    q = sum(-a * (-(k**2)) ** ((order - 1) // 2) for order, a in linear.items())
    f = [0.0] * (max(powers) + 1)
    for p, a in powers.items():
        f[p] = -a / p * amplitude ** (p - 1)
    rate = wave.rate(torch.tensor(data.u)).numpy()
    band = max(resolved_band(data.u), resolved_band(rate)) * data.domain.k_unit * scales.length
    inside = domain.within(band)
    return WarmStart(
        domain,
        scales,
        1j * k * scales.time * domain.resolved,
        q * domain.resolved,
        np.polynomial.Polynomial(f),
        Case.CONSERVATIVE,
        band,
        False,
        0,
        inside,
    )
