"""Figures that a notebook shows, and trajectories as one."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from mesoscribe.hybrid.space.domain import Domain

SHOWN = 3  # trajectories, or frames of a trajectory in two dimensions


class Picture(Figure):
    """A figure that a notebook shows, whether pyplot was imported or not."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def field_figure(u: Float[np.ndarray, "n nt *grid"], t: Float[np.ndarray, " nt"], domain: Domain) -> Picture:
    """The first trajectories, space against time; in two dimensions three frames of the first one."""
    flat = domain.ndim == 1
    frames = np.linspace(0, len(t) - 1, SHOWN).astype(int)
    shown = u[:SHOWN] if flat else np.swapaxes(u[0][frames], 1, 2)
    titles = [f"trajectory {i}" for i in range(len(shown))] if flat else [f"t = {t[i]:.4g}" for i in frames]
    up = (float(t[0]), float(t[-1])) if flat else (0.0, domain.lengths[1])
    size = float(np.abs(shown).max())
    low = -size if shown.min() < 0 else float(shown.min())
    figure = Picture(figsize=(1 + 3 * len(shown), 3.2), layout="constrained")
    for panel, field, title in zip(
        figure.subplots(1, len(shown), squeeze=False)[0], shown, titles, strict=True
    ):
        extent = (0.0, domain.lengths[0], *up)
        look = {"origin": "lower", "aspect": "auto", "interpolation": "none", "cmap": "RdBu_r"}
        image = panel.imshow(field, extent=extent, vmin=low, vmax=size, **look)
        panel.set(title=title, xlabel="x")
    figure.axes[0].set_ylabel("t" if flat else "y")
    figure.colorbar(image, ax=figure.axes, label="u")
    return figure
