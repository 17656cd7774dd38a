"""Figures that a notebook shows, and trajectories as one."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from mesoscribe.hybrid.data.physical_units import Units
from mesoscribe.hybrid.space.domain import Domain

SHOWN = 3  # trajectories, or frames of a trajectory in more dimensions


class Picture(Figure):
    """A figure that a notebook shows, whether pyplot was imported or not."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


Drawn = TypeVar("Drawn", bound=Figure)
QUANTITY = re.compile(r"(?:lead time |step d)?\$?(\|?\w+\|?)\$?")  # labels that are one quantity


def with_units(figure: Drawn, units: Units) -> Drawn:
    """The figure with the units of t, x, y, k and the fields at its axes, where these are known."""
    x = units.unit("x")
    wave = {} if x is None else dict.fromkeys(("k", "|k|"), "1" if x == "1" else f"rad/({x})")
    for panel in figure.axes:
        for axis in (panel.xaxis, panel.yaxis):
            found = QUANTITY.fullmatch(axis.get_label_text())
            unit = None if found is None else wave.get(found[1], units.unit(found[1]))
            if unit is not None and unit != "1":
                axis.set_label_text(f"{axis.get_label_text()} ({unit})")
    return figure


def in_a_plane(u: Float[np.ndarray, "*batch_grid"], domain: Domain) -> Float[np.ndarray, "*batch_plane"]:
    """Fields as a picture holds them: of three dimensions the plane z = L/2, in the middle of the box."""
    return u[..., domain.shape[-1] // 2] if domain.ndim == 3 else u


def plane(domain: Domain) -> Domain:
    """The box of `in_a_plane`."""
    return Domain(domain.shape[:2], domain.lengths[:2])


def field_figure(
    fields: Sequence[tuple[str, Float[np.ndarray, "n nt *grid"]]],
    t: Float[np.ndarray, " nt"],
    domain: Domain,
) -> Picture:
    """The first trajectories, space against time; in more dimensions three frames of the first one.

    Args:
        fields: each by its name, a row for each.
        t: times of the frames.
        domain: the box.
    """
    flat = domain.ndim == 1
    at = f", z = {domain.coordinates[2][domain.shape[2] // 2]:.4g}" if domain.ndim == 3 else ""
    frames = np.linspace(0, len(t) - 1, SHOWN).astype(int)
    columns = min(SHOWN, len(fields[0][1])) if flat else SHOWN
    figure = Picture(figsize=(1 + 3 * columns, 0.2 + 3 * len(fields)), layout="constrained")
    grid = figure.subplots(len(fields), columns, squeeze=False)
    titles = [f"trajectory {i}" for i in range(columns)] if flat else [f"t = {t[i]:.4g}{at}" for i in frames]
    up = (float(t[0]), float(t[-1])) if flat else (0.0, domain.lengths[1])
    for row, (name, u) in zip(grid, fields, strict=True):
        shown = u[:SHOWN] if flat else np.swapaxes(in_a_plane(u[0][frames], domain), 1, 2)
        size = float(np.abs(shown).max())
        low = -size if shown.min() < 0 else float(shown.min())
        for panel, field in zip(row, shown, strict=True):
            extent = (0.0, domain.lengths[0], *up)
            look = {"origin": "lower", "aspect": "auto", "interpolation": "none", "cmap": "RdBu_r"}
            image = panel.imshow(field, extent=extent, vmin=low, vmax=size, **look)
        row[0].set_ylabel("t" if flat else "y")
        figure.colorbar(image, ax=row, label=name)
    for panel, title in zip(grid[0], titles, strict=True):
        panel.set_title(title)
    for panel in grid[-1]:
        panel.set_xlabel("x")
    return figure
