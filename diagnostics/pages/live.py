"""What a page needs to carry a law forward in time: the law, initial fields, the equation's terms."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from mesoscribe.diagnostics.pages.tables import mathml
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.export.javascript import law_data
from mesoscribe.symbolic.law.equation import coefficient_formulas, field_of, written_out_in
from mesoscribe.symbolic.law.latex import latex
from mesoscribe.symbolic.law.law import Law

MOST_POINTS = {1: 512, 2: 128}  # along an axis: what a browser carries forward 30 times a second
FEWEST_POINTS = {1: 128, 2: 8}  # fewer make a curve with corners
RESOLVED = 0.999  # of the Nyquist wavenumber
SEVERAL = "This page carries no law of several fields forward in time: there is no simulator."
SPATIAL = "A browser carries no field of three dimensions forward fast enough: there is no simulator."
OFFERED = {1: 8, 2: 2}  # initial fields, by dimension


@dataclass(frozen=True)
class Slider:
    """A coefficient of a law that the reader may change.

    Args:
        factor, index: where it stands in law.json.
        label: the factor and its term, as MathML.
    """

    factor: str
    index: int
    label: Markup


@dataclass(frozen=True)
class Live:
    """A law of one field for the simulator of a page.

    Args:
        data: for the scripts, as JSON: law, initial fields, shape, duration, formulas of the coefficients.
        left: the left side of the equation; bodies: its terms without coefficients, none if it is too long.
        sliders: the coefficients that may be changed: all but the one that is 1 by convention.
    """

    data: Mapping[str, Any]
    left: Markup
    bodies: tuple[Markup, ...]
    sliders: tuple[Slider, ...]

    @property
    def fields(self) -> int:
        """How many initial fields there are to choose from."""
        return len(self.data["fields"])

    @staticmethod
    def refusal(law: Law) -> str | None:
        """Why a page does not carry a law forward in time, or None."""
        if law.several:
            return SEVERAL
        if law.ndim > 2:
            return SPATIAL
        if law.parities:
            return (
                f"There is no simulator: that of this page solves equations on periodic boxes, and this law "
                f"lives between walls ({law.boundary}). Law.simulate and the scripts for NumPy and py-pde "
                f"carry it forward."
            )
        return None

    @classmethod
    def of(cls, law: Law, data: Trajectories) -> Live:
        """The law, with first frames of some data as initial fields, on a power of two of points."""
        shape = [points(n, law.ndim) for n in data.domain.shape]
        starts = resampled(np.asarray(data.u[: OFFERED[law.ndim], 0]), data.domain.resampled(shape))
        content = law_data(law)
        if law.band is None and law.ndim == 1:
            content["band"] = RESOLVED * data.domain.nyquist  # the modes of the data, on more points
        terms = coefficient_formulas(law)
        terms = terms if written_out_in(len(terms)) else ()
        settings = {
            "law": content,
            "parameters": law.parameters,
            "terms": [str(coefficient) for _, _, coefficient in terms],
            "shape": shape,
            "duration": float(data.t[-1] - data.t[0]),
            "fields": [base64.b64encode(start.astype("<f4").tobytes()).decode() for start in starts],
        }
        left = mathml(rf"{field_of(law).func.__name__}_{{t}} =")
        bodies = tuple(mathml(latex(body)) if body != 1 else Markup("") for _, body, _ in terms)
        return cls(settings, left, bodies, _sliders(law))


def points(n: int, ndim: int) -> int:
    """The power of two that holds n points along an axis, or the largest one allowed."""
    return min(MOST_POINTS[ndim], 2 ** max(n - 1, FEWEST_POINTS[ndim] - 1).bit_length())


def _sliders(law: Law) -> tuple[Slider, ...]:
    free = (place for place in law.parameters if place != law.scale)
    return tuple(
        Slider(factor, i, mathml(rf"{factor} \! : \; {latex(getattr(law, factor).terms[i])}"))
        for factor, i in free
    )
