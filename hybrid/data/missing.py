"""How many values of a field may be missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Shaped

from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.hybrid.space.numbers import NUMBERS


def checked_holes(
    names: Sequence[str], u: Shaped[np.ndarray, "n nt *state"]
) -> Bool[np.ndarray, "n nt *state"]:
    """Where fields lack values, once these can be told from the others.

    Args:
        names: of the fields.
        u: masked where values are missing; several fields have an axis after that of frames.

    Raises:
        ValueError: more are missing.
    """
    holes = np.ma.getmaskarray(u)
    for name, one in zip(names, np.moveaxis(holes, 2, 0) if len(names) > 1 else [holes], strict=True):
        if one.sum() > NUMBERS.most_missing * one.size:
            refuse_missing(name, int(one.sum()), one.size)
    return holes


def missing_note(holes: Bool[np.ndarray, "n nt *state"]) -> str:
    """What is said of missing values."""
    counts = f"{counted(int(holes.sum()), 'missing value')} ({100 * holes.mean():.2g} %)"
    return f"{counts}, left out of the likelihood and interpolated elsewhere"


def refuse_missing(name: str, missing: int, size: int) -> None:
    """Refuse an array that lacks values.

    Raises:
        ValueError: always.
    """
    raise ValueError(
        f"expected a value everywhere in {name}, got {missing} missing of {size} (masked, NaN or the fill "
        f"value of the file); leave out the frames or points that hold them, or fill them in"
    )
