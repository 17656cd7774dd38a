"""The device on which tensors are made: the CPU, or a GPU by CUDA.

Symbols of laws, fields of data and all else that starts as numbers become tensors by `tensor`, on the device
that `on` has chosen; what follows from tensors stays where they are, and comes back as an array by `array`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import Tensor, nn

NAMES = ("cpu", "cuda", "auto")
GIB = 2**30  # bytes

_HERE: ContextVar[torch.device | None] = ContextVar("device", default=None)


def here() -> torch.device:
    """The device on which tensors are made now: the CPU, unless `on` has chosen another."""
    return _HERE.get() or torch.device("cpu")


def chosen(device: str | torch.device) -> torch.device:
    """A device by its name.

    Args:
        device: "cpu"; "cuda", a GPU; "auto", a GPU where there is one and else the CPU; or one of torch's.

    Raises:
        ValueError: another name, or a GPU where there is none.
    """
    if isinstance(device, torch.device):
        return device
    if device not in NAMES:
        raise ValueError(f"expected device {', '.join(NAMES)}, got {device!r}; cpu is the default")
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        built = "this torch is built without CUDA" if torch.version.cuda is None else "torch finds no GPU"
        raise ValueError(f"expected a CUDA device, got none ({built}); leave --device out, or give cpu")
    return torch.device("cuda", torch.cuda.current_device())


@contextmanager
def on(device: str | torch.device | None, model: object = None) -> Iterator[None]:
    """Have tensors made on a device, and a model work there, until it ends.

    The same numbers come each time on one device; devices differ by rounding.

    Args:
        device: see `chosen`; None for the one that is in use, and a model where it is.
        model: moved there and, in the end, back, if it is one that has parameters.

    Raises:
        ValueError: as `chosen`.
        MemoryError: the memory of the GPU is not enough.
    """
    if device is None:
        yield
        return
    there = chosen(device)
    homes = [p.device for p in model.parameters()] if isinstance(model, nn.Module) else []
    token = _HERE.set(there)
    try:
        with _deterministic(there):
            if isinstance(model, nn.Module):
                model.to(there)
            yield
    except torch.OutOfMemoryError:
        raise MemoryError(_full(there)) from None
    finally:
        _HERE.reset(token)
        if isinstance(model, nn.Module):
            model.to(homes[0])


def tensor(
    values: Any, *, like: Tensor | None = None, dtype: torch.dtype | None = None
) -> Shaped[Tensor, "*shape"]:
    """Numbers as a tensor on the device in use, or on that of another tensor.

    Args:
        values: an array, which a tensor on the CPU shares its memory with unless it is read-only, or numbers.
        like: a tensor that it is to meet.
        dtype: of the tensor; that of the values if None.
    """
    if isinstance(values, np.ndarray) and not values.flags.writeable:
        values = values.copy()
    return torch.as_tensor(values, dtype=dtype, device=here() if like is None else like.device)


def array(values: Shaped[Tensor, "*shape"]) -> Shaped[np.ndarray, "*shape"]:
    """A tensor of any device as an array, which shares its memory with one on the CPU."""
    return values.detach().cpu().numpy()


def described() -> str:
    """The device in use and, of a GPU, its name and the most memory that tensors have taken on it."""
    if here().type != "cuda":
        return str(here())
    most, whole = torch.cuda.max_memory_allocated(), torch.cuda.get_device_properties(here()).total_memory
    name = torch.cuda.get_device_name(here())
    return f"{name}, {most / GIB:.2f} of {whole / GIB:.0f} GiB at most"


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    """The same bits each time on a GPU, where some sums are else taken in the order of arrival."""
    if device.type != "cuda":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product is taken
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _full(device: torch.device) -> str:
    """What to say where the memory of a GPU is full."""
    free, whole = torch.cuda.mem_get_info(device) if device.type == "cuda" else (0, 0)
    return (
        f"expected the work to fit the memory of {device}, got out of its {whole / GIB:.1f} GiB "
        f"({free / GIB:.1f} free of other work); take fewer trajectories, frames or points, or --device cpu"
    )
