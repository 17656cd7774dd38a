"""Hashes of data: whether they are those of another time."""

from __future__ import annotations

import hashlib

import numpy as np

from mesoscribe.hybrid.chain.states import ChainData
from mesoscribe.hybrid.data.trajectories import Trajectories


def digest(*parts: Trajectories) -> str:
    """SHA-256 of the fields, boxes and times of trajectories."""
    found = hashlib.sha256()
    for part in parts:
        times = part.dt if part.even else part.t.tolist()
        found.update(repr((part.u.shape, part.domain.lengths, times)).encode())
        found.update(np.ascontiguousarray(part.u).data)
    return found.hexdigest()


def states_digest(*parts: ChainData) -> str:
    """SHA-256 of the bonds of chains, of their force and of their units."""
    found = hashlib.sha256()
    for part in parts:
        found.update(repr((part.r.shape, str(part.force), part.epsilon, part.scale)).encode())
        found.update(np.ascontiguousarray(part.r).data)
    return found.hexdigest()
