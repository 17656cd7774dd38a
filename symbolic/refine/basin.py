"""Into the right minimum: a profile along the coefficient that strong noise leaves least certain.

Waves of a dispersive field turn by ω(k) t. A coefficient that is off by δ turns those of the highest mode by
a whole phase after t ~ 1/(k³ δ), and initial fields that are fitted with it lock there: the likelihood has a
minimum every few per cent. So coefficients are held on a line, in steps by which no visible mode turns much,
the initial fields are fitted, from filtered fields each time, and the step that leaves least is where all
become free. Where no mode turns much there is one minimum, and no line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.fit import E, Fit
from mesoscribe.symbolic.refine.projection import Projection
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import roll_outs

PROFILE = "profile over a coefficient"


class Likelihood(Protocol):
    """What a profile asks of the likelihood of noisy trajectories."""

    @property
    def data(self) -> RollOutData:
        """The trajectories."""
        ...

    def fewer(self, n: int) -> Likelihood:
        """Of at most n of the trajectories."""
        ...

    def start(self, law: E, fields: Tensor, known: Projection | None, accuracy: float) -> Fit[E]:
        """A law and initial fields before any step."""
        ...

    def at(
        self,
        law: E,
        fields: Tensor,
        scale: Float[np.ndarray, " p"],
        substeps: int,
        known: Projection | None,
        order: Sequence[int] | None = None,
    ) -> Fit[E]:
        """Residual and slopes at a point, the initial fields projected out."""
        ...


def in_basin(likelihood: Likelihood, law: E, accuracy: float) -> Fit[E]:
    """A law and initial fields from which steps lead into the lowest minimum near the law.

    Args:
        likelihood: of noisy trajectories, with filtered fields.
        law: where to look; accuracy: of the stepper.
    """
    n = max(1, NUMBERS.profile_values // likelihood.data.u[0].numel())
    some = likelihood.fewer(n)
    point = _at_filtered(some, law, NUMBERS.slope_accuracy)
    best = law
    if not point.lost and (step := _step(some, point, law)) is not None:
        best = _lowest(some, point, step)
    return _at_filtered(likelihood, best, accuracy)


def _at_filtered(likelihood: Likelihood, law: E, accuracy: float) -> Fit[E]:
    filtered = likelihood.data.filtered
    assert filtered is not None
    return likelihood.start(law, filtered[:, 0], None, accuracy)


def _step(likelihood: Likelihood, point: Fit[E], law: E) -> Float[np.ndarray, " p"] | None:
    """A step of the profile, along what is known least of the coefficients; None if none is needed."""
    values = law.values()
    known = np.diag(values**2) if law.covariance is None else np.asarray(law.covariance)
    size = np.where((values != 0) & (np.diag(known) > 0), np.abs(values), np.inf)
    shares, directions = np.linalg.eigh(known / np.outer(size, size))
    along = directions[:, -1] * np.where(np.isfinite(size), np.abs(values), 0.0)
    step = NUMBERS.phase_step / max(_fastest(likelihood, point, along), 1e-300)
    unsure = NUMBERS.significant * np.sqrt(max(float(shares[-1]), 0.0))
    return None if step > min(NUMBERS.widest_step, unsure) else np.asarray(step * along)


def _lowest(likelihood: Likelihood, point: Fit[E], step: Float[np.ndarray, " p"]) -> E:
    """The law that leaves least on a line of steps, each from its neighbour; finer steps come last."""
    found = {0.0: _beside(likelihood, point, point.law, step)}

    def lowest() -> float:
        return min(found, key=lambda n: found[n][0])

    def look(n: float, near: float) -> None:
        if n not in found:
            law = found[near][1]
            moved = law.with_values(law.values() + (n - near) * step)
            found[n] = _beside(likelihood, point, moved, step)

    for sign in (1, -1):
        last = 0
        for n in range(1, NUMBERS.profile_steps + 1):
            if n > last + NUMBERS.profile_ahead or not time_for(PROFILE, f"{n} steps"):
                break
            look(sign * n, sign * (n - 1))
            last = n if lowest() == sign * n else last
    for finer in NUMBERS.finer_steps:
        best = lowest()
        for sign in (1, -1):
            if time_for(PROFILE, "finer steps"):
                look(best + sign * finer, best)
    return found[lowest()][1]


def _beside(likelihood: Likelihood, point: Fit[E], law: E, step: Float[np.ndarray, " p"]) -> tuple[float, E]:
    """|r|² of a law at a place of the line, and the law; fields and all else of it are fitted.

    Of the coefficients what is neither along the line nor the pivot.
    """
    filtered = likelihood.data.filtered
    assert filtered is not None
    along = step / np.where(point.units > 0, point.units, np.inf)
    fixed = np.stack([along / max(float(np.linalg.norm(along)), 1e-300), point.products.held])
    others = np.linalg.svd(fixed)[2][np.linalg.matrix_rank(fixed) :].T
    fields, known, least = filtered[:, 0], None, (np.inf, law)
    for _ in range(NUMBERS.held_steps):
        there = likelihood.at(law, fields, point.units, point.substeps, known)
        if there.lost or there.moves is None:
            break
        whole = there.products.whole
        pull, curvature = others.T @ whole[1:, 0], others.T @ whole[1:, 1:] @ others
        amounts = -others @ np.linalg.lstsq(curvature, pull, rcond=None)[0]
        left = there.products.squares + float(whole[0, 1:] @ amounts)
        if not left < least[0]:
            break
        law, known = law.with_values(law.values() + amounts * point.units), there.known
        least = left, law
        each = tensor(np.concatenate([[1.0], amounts]), like=fields)
        fields = fields - torch.tensordot(each, there.moves, dims=1)
    return least


def _fastest(likelihood: Likelihood, point: Fit[E], along: Float[np.ndarray, " p"]) -> float:
    """By how much a change of the coefficients turns the visible mode that it turns most, in radians."""
    data, law = likelihood.data, point.law
    values = law.values()
    more = values + NUMBERS.small_turn * along
    fft = data.domain.fft
    moved, plain = (
        fft(roll_outs(law.with_values(v).member(data.domain), point.fields, data, point.substeps))
        for v in (more, values)
    )
    axes = (0, 1)
    turned = (moved - plain).abs().square().sum(axes) / plain.abs().square().sum(axes).clamp(min=1e-300)
    assert data.prior is not None
    seen = (data.prior**2 < 1 + 1 / NUMBERS.sure_power) & data.mask
    return float(np.sqrt(array(turned[seen]).max(initial=0.0)) / NUMBERS.small_turn)
