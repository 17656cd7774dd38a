"""How many threads torch and the linear algebra of NumPy and SciPy use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

LARGE = 2**18  # values


@contextmanager
def threads_for(values: int) -> Iterator[None]:
    """One thread where operations are on fewer than LARGE values, as many as there have been on others.

    On few values threads wait for each other longer than they work: a step of KdV on 34 trajectories of 256
    points takes four times as long with two, its warm start five times where the other core is busy. As many
    as before once it ends.
    """
    if values >= LARGE:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _linear_algebra().limit(limits=1, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _linear_algebra() -> ThreadpoolController:
    """The libraries of linear algebra, looked for once."""
    return ThreadpoolController()
