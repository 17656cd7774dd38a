"""A device that is not there: tensors that compute on the CPU, but refuse to meet tensors of the CPU.

Code for a GPU runs to its end on it, with the numbers of the CPU; what makes a tensor on the CPU in the
middle of it, or takes one for an array without bringing it back, fails as with CUDA. torch calls it "meta".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

ELSEWHERE = torch.device("meta")
CPU = torch.device("cpu")
MOVES = ("aten::_to_copy", "aten::copy_")
WAITS = ("aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal")
STAYING = ContextVar("staying", default=False)


class There(Tensor):
    """A tensor on the device that is not there, which holds its numbers on the CPU."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> There:
        """Of a tensor on the CPU."""
        held = held.resolve_conj().resolve_neg()
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), dtype=held.dtype, device=ELSEWHERE
        )
        made.held = held
        return made

    def __tensor_flatten__(self) -> tuple[list[str], None]:
        return ["held"], None

    @staticmethod
    def __tensor_unflatten__(inner: dict[str, Tensor], *_: object) -> There:
        return There(inner["held"])

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        """An operation on such tensors."""
        return _run(func, args, kwargs or {})


class _Numbers(TorchFunctionMode):
    """Numbers become tensors on the CPU first: torch would make them without content."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.as_tensor, torch.tensor) and kwargs.get("device") == ELSEWHERE:
            if isinstance(args[0], There):
                return args[0] if kwargs.get("dtype") is None else args[0].to(kwargs["dtype"])
            return func(*args, **{**kwargs, "device": CPU}).to(ELSEWHERE)
        return func(*args, **kwargs)


class _Elsewhere(TorchDispatchMode):
    """Makes tensors on the device where it is asked for."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _mapped(change: Callable[[Any], Any], x: Any) -> Any:
    """Operands or results, each changed."""
    if isinstance(x, (tuple, list)):
        return type(x)([_mapped(change, each) for each in x])
    return {key: _mapped(change, each) for key, each in x.items()} if isinstance(x, dict) else change(x)


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """An operation on the numbers that are held, and its result where its operands are."""
    there, strangers, asked = 0, 0, kwargs.get("device")

    def held(x: Any) -> Any:
        nonlocal there, strangers
        if isinstance(x, There):
            there += 1
            return x.held
        strangers += isinstance(x, Tensor) and x.dim() > 0  # as CUDA, which takes numbers
        return x

    of, options = _mapped(held, args), _mapped(held, kwargs)
    if asked is None and not there:
        return func(*args, **kwargs)
    name = func._schema.name
    if there and strangers and name not in MOVES:
        raise RuntimeError(f"{func}: a tensor on the CPU meets one on another device")
    if asked is not None:
        options["device"] = CPU
    brought = asked is not None and (there > 0) != (torch.device(asked).type == ELSEWHERE.type)
    chosen = name.startswith("aten::index") and any(x.dtype == torch.bool for x in _tensors(of[1]))
    if STAYING.get() and (name in WAITS or chosen or (brought and name in MOVES)):
        raise RuntimeError(f"{func}: a GPU would have to be waited for")
    result = func(*of, **options)
    if name.endswith("_"):  # in place: the operand itself
        return args[0]
    if asked is not None and torch.device(asked).type != ELSEWHERE.type:
        return result
    return _mapped(lambda x: There(x) if isinstance(x, Tensor) else x, result)


def _tensors(x: Any) -> list[Tensor]:
    """All tensors among operands."""
    found: list[Tensor] = []
    _mapped(lambda each: found.append(each) if isinstance(each, Tensor) else None, x)
    return found


@contextmanager
def staying() -> Iterator[None]:
    """Nothing may be brought to the device, taken from it or waited for: no CUDA graph could hold that."""
    token = STAYING.set(True)
    try:
        yield
    finally:
        STAYING.reset(token)


@contextmanager
def elsewhere() -> Iterator[torch.device]:
    """The device, for as long as the context lasts."""
    with _Elsewhere(), _Numbers():
        yield ELSEWHERE
