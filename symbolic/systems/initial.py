"""Random initial fields, each trajectory with a stream of its own, and the noise that is added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.domain import Domain


@dataclass(frozen=True)
class InitialField:
    """A sum of a few random Fourier modes of the box.

    Args:
        modes: how many modes, drawn without replacement from 1 … highest along each axis.
        highest: the largest mode number.
        scale: the field is brought to unit standard deviation, or to the range [-1, 1].
        amplitude: what it is multiplied by.
        mean, mean_deviation: a mean that is added, and the standard deviation of a random one.
    """

    modes: int
    highest: int
    scale: Literal["deviation", "range"] = "deviation"
    amplitude: float = 1.0
    mean: float = 0.0
    mean_deviation: float = 0.0

    def sample(self, domain: Domain, rng: np.random.Generator) -> Float[np.ndarray, "*grid"]:
        """One random field (*grid) at the points of a domain."""
        phases = [2 * math.pi * x / L for x, L in zip(domain.coordinates, domain.lengths, strict=True)]
        mesh = np.meshgrid(*phases, indexing="ij")
        numbers = [rng.choice(np.arange(1, self.highest + 1), self.modes, replace=False) for _ in mesh]
        field = np.zeros(domain.shape)
        for vector in np.stack(numbers, axis=-1):
            argument = sum(n * phase for n, phase in zip(vector, mesh, strict=True))
            field += rng.normal() * np.cos(argument) + rng.normal() * np.sin(argument)
        if self.scale == "range":
            return self.mean + self.amplitude * (2 * (field - field.min()) / np.ptp(field) - 1)
        return self.mean + self.amplitude * field / field.std() + self.mean_deviation * rng.normal()


def initial_fields(
    initial: InitialField | Sequence[InitialField], domain: Domain, n_trajectories: int, seed: int
) -> Float[np.ndarray, " n *state"]:
    """Independent initial fields (n, [field,] *grid), the i-th the same whatever their number."""
    streams = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(n_trajectories))
    if isinstance(initial, InitialField):
        return np.stack([initial.sample(domain, rng) for rng in streams])
    return np.stack([np.stack([one.sample(domain, rng) for one in initial]) for rng in streams])


def noise_stream(n_trajectories: int, seed: int) -> np.random.Generator:
    """The stream of the noise that is added to that many trajectories."""
    return np.random.default_rng(np.random.SeedSequence(seed).spawn(n_trajectories + 1)[-1])


def check_request(n_trajectories: int, noise: float) -> None:
    """Refuse numbers that make no trajectories."""
    if n_trajectories < 1 or noise < 0:
        raise ValueError(f"expected at least one trajectory and noise ≥ 0, got {n_trajectories} and {noise}")
