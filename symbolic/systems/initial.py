"""Random initial fields, each trajectory with a stream of its own, and the noise that is added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.fields import alone


@dataclass(frozen=True)
class InitialField:
    """A sum of a few random Fourier modes of the box; between walls cosines or sines of half the wavenumber.

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
        """One random field (*grid) at the points of a domain of one field."""
        if domain.walled:
            return self._between_walls(domain, rng)
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

    def _between_walls(self, domain: Domain, rng: np.random.Generator) -> Float[np.ndarray, "*grid"]:
        """One random field: products of as many waves along each axis, of the parity that it has there.

        Where u is 0 at a wall it has no mean of its own, and its size is that of the largest value.
        """
        zero = Parity.ODD in domain.parities[0]
        numbers = [rng.choice(np.arange(1, self.highest + 1), self.modes, replace=False) for _ in domain.axes]
        field = np.zeros(domain.shape)
        for vector in np.stack(numbers, axis=-1):
            wave = np.full((), rng.normal())
            for n, x, L, parity in zip(
                vector, domain.coordinates, domain.lengths, domain.parities[0], strict=True
            ):
                if parity == Parity.PERIODIC:
                    along = np.cos(2 * math.pi * n * x / L + 2 * math.pi * rng.random())
                else:
                    along = (np.cos if parity == Parity.EVEN else np.sin)(math.pi * n * x / L)
                wave = np.multiply.outer(wave, along)
            field += wave
        if zero:
            return self.amplitude * field / (np.abs(field).max() if self.scale == "range" else field.std())
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
    boxes = [alone(domain, i) for i in range(len(initial))]
    pairs = list(zip(initial, boxes, strict=True))
    return np.stack([np.stack([one.sample(box, rng) for one, box in pairs]) for rng in streams])


def noise_stream(n_trajectories: int, seed: int) -> np.random.Generator:
    """The stream of the noise that is added to that many trajectories."""
    return np.random.default_rng(np.random.SeedSequence(seed).spawn(n_trajectories + 1)[-1])


def check_request(n_trajectories: int, noise: float) -> None:
    """Refuse numbers that make no trajectories."""
    if n_trajectories < 1 or noise < 0:
        raise ValueError(f"expected at least one trajectory and noise ≥ 0, got {n_trajectories} and {noise}")
