"""Fields at the points of grids in VTK files, by meshio where it is installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import SPACE


def grid(path: Path) -> dict[str, AnyArray]:
    """Scalar fields (x[, y]) of a file at the points of a grid, with its coordinates x and y.

    Raises:
        ValueError: meshio is not there, or the points are those of no grid.
    """
    try:
        import meshio  # not all who have other files want it
    except ImportError:
        raise ValueError("meshio is not installed, which reads it; pip install meshio") from None
    mesh = meshio.read(path)
    varying = [column for column in np.asarray(mesh.points, float).T if np.ptp(column) > 0]
    if not 1 <= len(varying) <= len(SPACE):
        raise ValueError(f"its points spread along {len(varying)} axes, 1 to {len(SPACE)} are read")
    axes = [_levels(column) for column in varying]
    shape = tuple(len(levels) for levels, _ in axes)
    place = np.ravel_multi_index(tuple(index for _, index in axes), shape)
    if not np.array_equal(np.sort(place), np.arange(np.prod(shape))):
        raise ValueError(
            f"its {len(place)} points make no grid of {' × '.join(map(str, shape))}; sample it on one"
        )
    order = np.argsort(place)
    fields = {
        name: np.asarray(values)[order].reshape(shape)
        for name, values in mesh.point_data.items()
        if np.ndim(values) == 1 or np.shape(values)[1:] == (1,)
    }
    return {**fields, **{name: levels for name, (levels, _) in zip(SPACE, axes, strict=False)}}


def _levels(column: Float[np.ndarray, " points"]) -> tuple[Float[np.ndarray, " n"], np.ndarray]:
    """The different values of a coordinate, to single precision, and which of them each point has."""
    rounded = np.round(column / (1e-6 * np.ptp(column))).astype(int)
    _, first, index = np.unique(rounded, return_index=True, return_inverse=True)
    return column[first], index
