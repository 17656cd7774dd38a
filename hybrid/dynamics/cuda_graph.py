"""A map that is applied often, replayed as a CUDA graph: one launch in the place of one for each kernel.

On few values a GPU waits for the next of the sixty kernels of a step longer than it works on one. A graph
has the same kernels in the same order, so it gives the same bits. Source: Gray, "Getting started with CUDA
graphs", NVIDIA developer blog (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor

from mesoscribe.hybrid.space.numbers import NUMBERS

Tensors = tuple[Tensor, ...]
Captured = tuple[torch.cuda.CUDAGraph, Tensors, Tensors]


class Replay:
    """x ↦ f(x) of one f, as it is the first times and on the CPU, and then as a CUDA graph.

    Only without gradients and on few values; where CUDA refuses to capture f it stays as it is. f gives
    tensors of x and of tensors that stay in their places.

    Args:
        able: whether f may be captured: whether it asks for no numbers, for which the GPU has to be waited.
    """

    def __init__(self, able: bool = True) -> None:
        self.able, self.calls = able, 0
        self.captured: Captured | None = None

    def __call__(self, f: Callable[..., Tensors], *x: Tensor) -> Tensors:
        """f(x)."""
        small = max(each.numel() for each in x) <= NUMBERS.graph_values
        if not (self.able and small and x[0].is_cuda) or torch.is_grad_enabled():
            return f(*x)
        self.calls += 1
        if self.calls == NUMBERS.graph_after:
            self.captured = _captured(f, x)
        if self.captured is None:
            return f(*x)
        graph, start, end = self.captured
        if any(a.shape != b.shape or a.dtype != b.dtype for a, b in zip(x, start, strict=True)):
            return f(*x)
        for given, place in zip(x, start, strict=True):
            place.copy_(given)
        graph.replay()
        return tuple(each.clone() for each in end)  # at once: other graphs work in the same memory


def _captured(f: Callable[..., Tensors], x: Tensors) -> Captured | None:
    """The graph of f, its arguments and its results; None where CUDA refuses."""
    graph, start = torch.cuda.CUDAGraph(), tuple(each.clone() for each in x)
    now = torch.cuda.current_stream(x[0].device)
    try:
        stream, owner = _apart(x[0].device)
        stream.wait_stream(now)
        with torch.cuda.stream(stream):
            f(*start)  # what is made once is made before
            graph.capture_begin(pool=owner.pool())
            try:
                end = f(*start)
            finally:
                graph.capture_end()
        now.wait_stream(stream)
    except RuntimeError:
        return None
    return graph, start, end


@cache
def _apart(device: torch.device) -> tuple[torch.cuda.Stream, torch.cuda.CUDAGraph]:
    """A stream to capture on, and a graph that holds the memory in which all others work in turn."""
    stream, owner = torch.cuda.Stream(device), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        owner.capture_begin()
        torch.zeros(1, device=device)
        owner.capture_end()
    return stream, owner
