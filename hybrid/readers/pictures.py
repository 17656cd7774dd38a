"""Frames in picture files: grey values, y up; a TIFF may hold several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageSequence

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.readers.store import Entry, Store


def picture(path: Path) -> Shaped[np.ndarray, "y x"]:
    """The grey values of a picture, the lowest row first.

    Raises:
        ValueError: it has colours, or several frames.
    """
    with Image.open(path) as file:
        if getattr(file, "n_frames", 1) > 1:
            raise ValueError(f"{path.name} has several frames; give it by itself")
        return _grey(file, path.name)


def stack(path: Path) -> Store:
    """The frames of one TIFF, each a field in the plane."""
    with Image.open(path) as file:
        frames = np.stack([_grey(frame, path.name) for frame in ImageSequence.Iterator(file)])
    entry = Entry(frames.shape, str(frames.dtype), frames.__getitem__)
    return Store(str(path), {"u": entry}, {"layout": "tyx"})


def _grey(frame: Image.Image, name: str) -> AnyArray:
    """Grey values; of a picture with channels these must be equal."""
    values = np.asarray(frame if frame.mode != "P" else frame.convert("RGB"))
    if values.ndim == 3:
        colours = values[..., : 1 if frame.mode == "LA" else 3]
        if (colours != colours[..., :1]).any():
            raise ValueError(f"{name} has colours ({frame.mode}), which are no values; save grey ones")
        values = colours[..., 0]
    return values[::-1].astype(values.dtype if values.dtype.kind in "iuf" else np.uint8)
