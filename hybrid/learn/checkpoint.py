"""Checkpoints without pickles: a training that was interrupted goes on to the same bits."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import CheckpointIO
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as packed
from torch import Tensor
from torch.utils.data import Sampler

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.learn.rank import ALONE, Rank
from mesoscribe.hybrid.learn.schedule import Schedule

FORMAT = 1
NAME = "checkpoint.safetensors"
SECONDS = 2.0  # between checkpoints: what an interruption can lose
PLAIN = (str, int, float, bool, type(None))


class Draws(Sampler[list[int]]):
    """The examples of each step, drawn with replacement: a function of the seed and of the step alone.

    Args:
        size: number of examples.
        batch, steps: how many in a step, how many steps.
        seed: of the draws.
        first: the step to begin at.
        rank: which process asks: of every step each has its part.
    """

    def __init__(
        self, size: int, batch: int, steps: int, *, seed: int, first: int = 0, rank: Rank = ALONE
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.order = torch.randint(size, (steps, batch), generator=generator)
        self.first, self.rank = first, rank

    @property
    def taken(self) -> list[list[int]]:
        """The examples of the steps before the first, those of all processes."""
        return self.order[: self.first].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.order[self.first :, self.rank.number :: self.rank.of].tolist())

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class Checkpoint:
    """Where the checkpoints of one training are kept, and what tells it from all others.

    Args:
        folder: of the checkpoint; made when the first one is written.
        fit: a hash of data, options and versions.
    """

    folder: Path
    fit: str

    @classmethod
    def of(cls, folder: str | Path, data: str, schedule: Schedule, *settings: object) -> Checkpoint:
        """The checkpoint in a folder of one particular fit.

        Args:
            folder: where it is kept.
            data: a hash of the data.
            schedule: how long the fit trains.
            settings: whatever else its result depends on: seed, case, options.
        """
        options = {**asdict(schedule), "max_minutes": None}
        whole = repr((FORMAT, torch.__version__, np.__version__, options, settings, data))
        return cls(Path(folder), hashlib.sha256(whole.encode()).hexdigest())

    @property
    def path(self) -> Path:
        """The path of the checkpoint file."""
        return self.folder / NAME

    def step(self) -> int:
        """The step to go on from, 0 if there is no checkpoint.

        Raises:
            ValueError: the file is damaged, or belongs to another fit.
        """
        if not self.path.exists():
            return 0
        state = read(self.path)
        if state.get("fit") != self.fit:
            raise ValueError(
                f"expected a checkpoint of this very fit in {self.path}, got one of other data, options or "
                f"versions; remove it, or choose another folder"
            )
        return int(state["global_step"])


class Saves(Callback):
    """Writes a checkpoint every few seconds, with the state of every generator of random numbers."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint, self.last = checkpoint, time.monotonic()
        self.random: dict[str, Any] | None = None
        self.started = False

    def on_train_batch_start(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Between two steps, after the validation if there was one; all processes at the same step."""
        due = trainer.global_step > 0 and time.monotonic() - self.last >= SECONDS
        if trainer.strategy.reduce_boolean_decision(due, all=False):
            trainer.save_checkpoint(self.checkpoint.path)
            self.last = time.monotonic()

    def on_save_checkpoint(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the hash of the fit, and the states of the generators of random numbers."""
        name, keys, *rest = np.random.get_state()  # noqa: NPY002  PySINDy draws from the global one
        numpy_state = [name, torch.as_tensor(np.asarray(keys).astype(np.int64)), *rest]
        states = {"torch": torch.get_rng_state(), "numpy": numpy_state, "python": random.getstate()}
        checkpoint |= {"fit": self.checkpoint.fit, "random": states}

    def on_load_checkpoint(
        self, trainer: lightning.Trainer, module: lightning.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Keep the random state until the loaders, which draw from it, are there."""
        self.random = checkpoint["random"]

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Put the random state back."""
        self.started = True
        if self.random is not None:
            name, keys, *rest = self.random["numpy"]
            np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
            torch.set_rng_state(self.random["torch"])
            random.setstate(self.random["python"])


@contextmanager
def restoring(saves: Saves | None) -> Iterator[None]:
    """Whatever goes wrong before the first step is the fault of the checkpoint, and told in one line."""
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        if saves is None or saves.started or not saves.checkpoint.path.exists():
            raise
        raise ValueError(
            f"expected a checkpoint that fits this training in {saves.checkpoint.path}, got: "
            f"{' '.join(str(error).split())[:200]}; remove it to start again"
        ) from None


class TensorFiles(CheckpointIO):
    """Lightning's checkpoints as safetensors: one file of tensors, the rest as JSON in its header."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a state to a file, whole or not at all."""
        tensors: dict[str, Tensor] = {}
        tree = json.dumps(_plain(checkpoint, tensors))
        header = {"format": str(FORMAT), "tree": tree, "sha256": _digest(tree, tensors)}
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, packed(tensors, header))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """The state in a checkpoint file; see `read`."""
        return read(path)

    def remove_checkpoint(self, path: Any) -> None:
        """Remove a checkpoint file, if it is there."""
        Path(path).unlink(missing_ok=True)


def read(path: str | Path) -> dict[str, Any]:
    """The state in a checkpoint.

    Raises:
        ValueError: it is not one, or its content has changed.
    """
    try:
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
        if header.get("format") != str(FORMAT) or header.get("sha256") != _digest(header["tree"], tensors):
            raise ValueError("its content has changed since it was written")
        return _state(json.loads(header["tree"]), tensors)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"expected a checkpoint in {path}, got: {' '.join(str(error).split())}; remove it to start again"
        ) from None


def _digest(tree: str, tensors: dict[str, Tensor]) -> str:
    found = hashlib.sha256(tree.encode())
    for name in sorted(tensors):
        found.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].contiguous().numpy().data)
    return found.hexdigest()


def _plain(state: Any, tensors: dict[str, Tensor]) -> Any:
    """State as JSON can hold it: tensors go to a table, lists, tuples and dicts are marked."""
    if isinstance(state, Tensor):
        name = str(len(tensors))
        tensors[name] = state.detach().cpu().clone().contiguous()
        return {"tensor": name}
    if isinstance(state, dict):
        return {"dict": [[_plain(key, tensors), _plain(value, tensors)] for key, value in state.items()]}
    if isinstance(state, list | tuple):
        kind = "list" if isinstance(state, list) else "tuple"
        return {kind: [_plain(value, tensors) for value in state]}
    if isinstance(state, PLAIN):
        return state
    raise TypeError(f"expected numbers, text, tensors and lists of them in a checkpoint, got {type(state)}")


def _state(tree: Any, tensors: dict[str, Tensor]) -> Any:
    """The inverse of `_plain`."""
    if isinstance(tree, PLAIN):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_state(key, tensors): _state(value, tensors) for key, value in content}
    values = [_state(value, tensors) for value in content]
    return tuple(values) if kind == "tuple" else values
