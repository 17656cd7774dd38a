"""Functions of trajectories use as many threads as one of their frames is worth."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.threads import threads_for

P = ParamSpec("P")
R = TypeVar("R")


def threads_by_data(work: Callable[P, R]) -> Callable[P, R]:
    """A function that uses the threads for one frame of the trajectories that it is given first.

    One thread where it is given the states of a chain: forces are learned from a few sites at a time.
    """
    arguments = signature(work)

    @wraps(work)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        given = arguments.bind(*args, **kwargs).arguments.values()
        sizes = [one.u[:, 0].size for one in given if isinstance(one, Trajectories)]
        with threads_for(sizes[0] if sizes else 0):
            return work(*args, **kwargs)

    return within
