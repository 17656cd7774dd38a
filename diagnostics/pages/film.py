"""A trajectory and its prediction as a film."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.animation
import numpy as np
from jaxtyping import Float
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.pages.plots import limits
from mesoscribe.diagnostics.pages.style import own_settings, panels
from mesoscribe.hybrid.data.pictures import in_a_plane
from mesoscribe.hybrid.space.domain import Domain

EVERY = 60  # milliseconds a picture
Update = Callable[[int], list[Artist]]


class Film(matplotlib.animation.FuncAnimation):
    """An animation that a notebook plays."""

    def _repr_html_(self) -> str:
        with own_settings():
            return str(self.to_jshtml(default_mode="loop"))

    def __del__(self) -> None:
        """One that nobody has played is no mistake, of which Matplotlib would warn."""


def film(
    truth: Float[np.ndarray, " nt *grid"],
    predicted: Float[np.ndarray, " nt *grid"],
    times: Float[np.ndarray, " nt"],
    domain: Domain,
) -> Film:
    """Data and law over time: two curves over x in 1D, else two pictures, in 3D of the middle plane."""
    shown = np.unique(np.linspace(0, len(times) - 1, NUMBERS.film_pictures).astype(int))
    with own_settings():
        if domain.ndim == 1:
            figure, update = _curves(truth, predicted, times, domain)
        else:
            truth, predicted = (in_a_plane(u, domain) for u in (truth, predicted))
            figure, update = _pictures(truth, predicted, times, domain)
        return Film(figure, update, frames=[int(i) for i in shown], interval=EVERY)


def _curves(
    truth: np.ndarray, predicted: np.ndarray, times: np.ndarray, domain: Domain
) -> tuple[Figure, Update]:
    """Both fields over x."""
    figure, (panel,) = panels(1, 1, width=6.4, height=3.4)
    (x,), (low, high) = domain.coordinates, _range(truth)
    (measured,) = panel.plot(x, truth[0], color="0.6", linewidth=3, label="data")
    (law,) = panel.plot(x, predicted[0], color="C3", label="law")
    panel.set(xlabel="$x$", ylabel="$u$", xlim=(0, domain.lengths[0]), ylim=(low, high))
    panel.legend(loc="upper right")

    def update(i: int) -> list[Artist]:
        measured.set_ydata(truth[i])
        law.set_ydata(predicted[i])
        panel.set_title(f"$t = {times[i]:.4g}$")
        return [measured, law]

    return figure, update


def _pictures(
    truth: np.ndarray, predicted: np.ndarray, times: np.ndarray, domain: Domain
) -> tuple[Figure, Update]:
    """Both fields side by side."""
    figure, axes = panels(1, 2, width=7.0, height=3.6, sharey=True)
    low, high = limits(truth)
    extent = (0.0, domain.lengths[0], 0.0, domain.lengths[1])
    images = [
        panel.imshow(u[0].T, origin="lower", extent=extent, cmap="RdBu_r", vmin=low, vmax=high)
        for panel, u in zip(axes, (truth, predicted), strict=True)
    ]
    axes[0].set_ylabel("$y$")

    def update(i: int) -> list[Artist]:
        for panel, image, u, name in zip(axes, images, (truth, predicted), ("data", "law"), strict=True):
            image.set_data(u[i].T)
            panel.set(title=f"{name}, $t = {times[i]:.4g}$", xlabel="$x$")
        return [*images]

    return figure, update


def _range(field: np.ndarray) -> tuple[float, float]:
    """What a curve needs, with some room."""
    low, high = float(field.min()), float(field.max())
    room = 0.08 * max(high - low, 1e-12)
    return low - room, high + room
