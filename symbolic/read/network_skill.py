"""How well a network predicts: what its factors are known to, and where in the spectrum it knows nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.ahead import ahead
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.fields import mean_squares
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.law.numbers import NUMBERS

BLIND = (
    "the network explains most of the change of no mode: u alone may not fix its change (an equation of "
    "second order in time, memory, a hidden field), or the frames are too few, too noisy or too far apart"
)


@dataclass(frozen=True)
class Skill:
    """How well a network predicts the next frames.

    Args:
        precision: how well it knows u_t, a tenth of its error relative to persistence's.
        modes: 1 where it explains all of a mode's change, 0 where it explains half or less; where it explains
            more of none, 1 for all. Of several fields together, each in units of its size.
        band: the wavenumber beyond which that is 0 on `dark_shells` shells in a row, or inf.
        note: what to say of it.
    """

    precision: float
    modes: Float[np.ndarray, "*k"]
    band: float = math.inf
    note: str = ""

    @classmethod
    def of(cls, model: OnsagerModel, network: CanonicalNetwork, data: Trajectories) -> Skill:
        """From some pairs of frames, all over the data."""
        error, moved = _errors(model, data)
        modes = _explained(*(_power(model, fields) for fields in (error, moved)))
        if not modes.any():
            return cls(NUMBERS.coarsest_precision, np.ones_like(modes), np.inf, BLIND)
        shell = np.rint(np.abs(network.k).max(0) / data.domain.k_unit).astype(int)
        seen = {int(n) for n in shell[modes > 0]}
        run = NUMBERS.dark_shells
        dark = (n for n in range(2, shell.max() + 2 - run) if seen.isdisjoint(range(n, n + run)))
        precision = _precision(error, moved)
        band = (next(dark, math.inf) - 1) * data.domain.k_unit
        return cls(precision, modes, band)

    @classmethod
    def of_fields(cls, model: OnsagerModel, data: Trajectories) -> Skill:
        """Of several fields, on all modes (*modes) of the network's domain."""
        size = np.sqrt(mean_squares(data.u, data.domain)).reshape(-1, *(1,) * data.domain.ndim)
        error, moved = (part / size for part in _errors(model, data))
        modes = _explained(*(_powers(model, fields).sum(0) for fields in (error, moved)))
        return cls(_precision(error, moved), modes if modes.any() else np.ones_like(modes))


def _explained(lost: Float[np.ndarray, "*k"], change: Float[np.ndarray, "*k"]) -> Float[np.ndarray, "*k"]:
    """1 where all of a mode's change is explained, 0 where half or less is.

    Of a damped mode that is all noise half of the change "is explained": that is nothing.
    """
    return np.clip(1 - NUMBERS.mode_unexplained * lost / np.maximum(change, 1e-300), 0.0, 1.0)


def _errors(model: OnsagerModel, data: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    """By how much a network errs on some pairs of frames, and how the field changes between these."""
    lead = max(1, min(NUMBERS.skill_lead, data.n_frames // NUMBERS.frames_per_lead))
    starts = data.n_frames - lead
    pairs = np.unique(np.linspace(0, data.n * starts - 1, NUMBERS.skill_pairs).astype(int))
    trajectory, frame = np.divmod(pairs, starts)
    before, after = data.u[trajectory, frame], data.u[trajectory, frame + lead]
    intervals = data.elapsed_in_each[trajectory, frame + lead] - data.elapsed_in_each[trajectory, frame]
    found = ahead(model, before, intervals, border=Border.ahead(data, trajectory, frame, lead))
    return found - after, before - after


def _precision(error: np.ndarray, moved: np.ndarray) -> float:
    """A tenth of the error relative to persistence's, within what can be read off at all."""
    known = np.linalg.norm(error) / max(float(np.linalg.norm(moved)), 1e-300)
    allowed = NUMBERS.finest_precision, NUMBERS.coarsest_precision
    return float(np.clip(NUMBERS.precision_share * known, *allowed))


def _power(model: OnsagerModel, fields: Float[np.ndarray, " n *grid"]) -> Float[np.ndarray, " k"]:
    """Σ |û|² over fields, of each mode that the model evolves."""
    return _powers(model, fields).ravel()[array(model.modes.first)]


def _powers(model: OnsagerModel, fields: Float[np.ndarray, " n *state"]) -> Float[np.ndarray, "*modes"]:
    """Σ |û|² over states of each mode; of several fields a row for each."""
    u_hat = model.domain.fft(tensor(resampled(fields, model.domain), like=model.theta_m))
    return array(u_hat.abs().square().sum(0))


def narrowed(model: OnsagerModel, band: float, validation: Trajectories, first_frame: int) -> float | None:
    """A band narrower than the network's, if the network itself predicts as well on it; None if not.

    Modes that no equation explains would only mislead the search for one.
    """
    scales = model.setting.scales
    member = model.member()
    narrow = member.mask & tensor(model.domain.within(band * scales.length), like=member.mask)
    if bool((narrow == member.mask).all()):
        return None
    some = slice(HYBRID.search_trajectories)
    fields = resampled(validation.u[some, first_frame:], model.domain)
    v, t = scales.to_scaled(fields), validation.elapsed_in_each[some, first_frame:] / scales.time
    members = (member, replace(member, mask=narrow))
    border = Border.of(validation, some, slice(first_frame, None))
    if border is not None:
        points, one = fields.shape[-1:], model.domain
        border = border.within(
            lambda u: scales.to_scaled(resampled(u, one)), one.resampled(points), scales.time
        )
    full, less = (score(rollout_errors(f, v, t, HYBRID.search_rtol, border)) for f in members)
    return band if less <= (1 + HYBRID.band_tie) * full else None
