"""Threads: one on small fields, as many as before on others and afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.threads import LARGE, threads_for


def blas() -> set[int]:
    """Threads of the libraries of linear algebra that can have two: another package's may know one only."""
    return {library["num_threads"] for library in threadpool_info() if library["filepath"] in ABLE}


ABLE: set[str] = set()


@pytest.fixture(autouse=True)
def two() -> Iterator[None]:
    torch.set_num_threads(2)
    with threadpool_limits(2, user_api="blas"):
        known = [library for library in threadpool_info() if library["user_api"] == "blas"]
        ABLE.update(library["filepath"] for library in known if library["num_threads"] == 2)
        assert any("numpy" in path or "scipy" in path for path in ABLE)
        yield
    torch.set_num_threads(1)


def test_small_fields_have_one_thread_and_large_ones_all() -> None:
    with threads_for(LARGE - 1):
        assert (torch.get_num_threads(), blas()) == (1, {1})
        with threads_for(LARGE):  # what surrounds it knows better
            assert torch.get_num_threads() == 1
    assert (torch.get_num_threads(), blas()) == (2, {2})
    with threads_for(LARGE):
        assert (torch.get_num_threads(), blas()) == (2, {2})


def test_threads_come_back_after_an_error() -> None:
    with pytest.raises(ValueError, match="mine"), threads_for(1):
        raise ValueError("mine")
    assert (torch.get_num_threads(), blas()) == (2, {2})


@pytest.mark.parametrize(("points", "threads"), [(16, 1), (LARGE // 2, 2)])
def test_a_function_goes_by_the_trajectories_that_it_is_given(points: int, threads: int) -> None:
    data = Trajectories.from_arrays(np.zeros((2, 3, points)), t=[0.0, 1.0, 2.0], x=np.arange(points))

    @threads_by_data
    def seen(seed: int, data: Trajectories) -> int:
        return torch.get_num_threads()

    assert seen(0, data=data) == threads
    with pytest.raises(TypeError, match="missing"):
        seen(0)  # type: ignore[call-arg]
