"""Roll-outs on windows, held to the data along the edges: exact solutions that are not periodic there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.border import Border, extent, free_part, hold, missed_between_frames
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law

ALLEN_CAHN = Law(F=Factor.of(u**4 / 4), q=Factor.of(k**2 - 1), m=Factor.of(1))


def fronts(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """u_t = u_xx + u - u³: fronts that form, (3, nt, points)."""
    found = []
    for A, C, B in ((1.0, 0.4, 8.0), (0.6, 1.5, 4.0), (1.8, 1.0, 15.0)):
        up, down = A * np.exp(x / np.sqrt(2)), C * np.exp(-x / np.sqrt(2))
        found.append((up - down) / (up + down + B * np.exp(-1.5 * t[:, None])))
    return np.stack(found)


def window(frames: int = 21) -> Trajectories:
    x, t = np.linspace(-6, 6, 64), np.linspace(0, 2, frames)
    return Trajectories.from_arrays(fronts(x, t), t, x, boundary="window")


def law_of(data: Trajectories) -> Law:
    return replace(ALLEN_CAHN, lengths=data.domain.lengths)


def test_the_true_law_follows_an_exact_solution_that_does_not_close() -> None:
    data = window()
    found = law_of(data).simulate(data.u[:, 0], data.t, border=Border.of(data))
    assert np.abs(free_part(data, found - data.u)).max() < 2e-5
    alone = law_of(data).simulate(data.u[:, 0], data.t)
    assert np.abs(free_part(data, alone - data.u)).max() > 1e-3


def test_what_the_edges_miss_falls_as_the_fourth_power_of_the_frame_spacing_and_is_foretold() -> None:
    missed = []
    for frames in (11, 21, 41):
        data = window(frames)
        edge = np.arange(data.domain.points) < data.window
        border = Border.of(data)
        assert border is not None
        middle = 0.5 * (data.t[1:] + data.t[:-1])
        x = data.on_window.dataset["x"].values
        between = torch.stack([border.data(n, 0.5) for n in range(frames - 1)], dim=1).numpy()
        off = data.inside(between) - fronts(x, middle)
        told = missed_between_frames(data.u, np.tile(data.t, (3, 1)), edge, 0.0)
        missed.append((float(np.mean(off**2)) ** 0.5, told**0.5))
    for coarse, fine in zip(missed, missed[1:], strict=False):
        assert coarse[0] > 8 * fine[0]
    assert missed[1][1] == pytest.approx(missed[1][0], rel=2.0)


def test_a_wrong_law_errs_inside_and_is_held_at_the_edges() -> None:
    data = window()
    wrong = replace(law_of(data), q=Factor.of(2 * k**2 - 1))
    found = wrong.simulate(data.u[:, 0], data.t, border=Border.of(data)) - data.u
    assert np.abs(found[..., data.window + 5 : -5]).max() < 0.02 * np.abs(free_part(data, found)).max()


def test_values_at_frames_are_those_of_the_data() -> None:
    data = window()
    border = Border.of(data)
    assert border is not None
    for share, frame in ((0.0, 4), (1.0, 5)):
        np.testing.assert_allclose(border.data(4, share).numpy(), data.u[:, frame], atol=1e-14)


def test_nothing_is_held_far_inside_and_everything_outside() -> None:
    data = window()
    pull = hold(data.domain, extent(data))
    assert (pull[data.window :] == pull.max()).all()
    assert (pull[10:-42] == 0).all()
    assert pull[0] == pull.max()


def test_a_periodic_box_has_no_border_and_a_bare_window_is_refused() -> None:
    x = np.arange(32) * np.pi / 16
    periodic = Trajectories.from_arrays(np.sin(x - np.linspace(0, 1, 9)[:, None])[None], np.arange(9.0), x)
    assert Border.of(periodic) is None
    with pytest.raises(ValueError, match="expected a window that is continued to a box"):
        Border.of(window().on_window)
