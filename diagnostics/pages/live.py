"""What a page needs to carry a law forward in time: the law, initial fields, the equations' terms."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from markupsafe import Markup

from mesoscribe.diagnostics.pages.tables import mathml
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.symbolic.export.javascript import law_data
from mesoscribe.symbolic.law.equation import coefficient_formulas, field_of, written_out_in
from mesoscribe.symbolic.law.latex import latex
from mesoscribe.symbolic.law.law import Law

MOST_POINTS = {1: 512, 2: 128}  # along an axis: what a browser carries forward 30 times a second
MANY_FIELDS = (
    3  # of so many, or with reflections at walls, it carries forward half of these in two dimensions
)
FEWEST_POINTS = {1: 128, 2: 8}  # fewer make a curve with corners
RESOLVED = 0.999  # of the Nyquist wavenumber
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
class Line:
    """The equation of one field: its left side, and its terms without coefficients."""

    left: Markup
    bodies: tuple[Markup, ...]


@dataclass(frozen=True)
class Live:
    """A law for the simulator of a page.

    Args:
        data: for the scripts, as JSON: law, initial fields, shape, duration, formulas of the coefficients,
            which fields are shown.
        lines: the equations, field by field; none if they are too long.
        sliders: the coefficients that may be changed: all but the one that is 1 by convention.
        hidden: names of fields that were not measured and are not shown.
    """

    data: Mapping[str, Any]
    lines: tuple[Line, ...]
    sliders: tuple[Slider, ...]
    hidden: tuple[str, ...] = ()

    @property
    def starts(self) -> int:
        """How many trajectories there are to begin with."""
        return len(self.data["starts"])

    @property
    def shown(self) -> list[tuple[int, str]]:
        """Place and name of each field that is shown."""
        return [(i, self.data["law"]["fields"][i]) for i in self.data["shown"]]

    @staticmethod
    def refusal(law: Law) -> str | None:
        """Why a page does not carry a law forward in time, or None."""
        return SPATIAL if law.ndim > 2 else None

    @classmethod
    def of(cls, law: Law, data: Trajectories) -> Live:
        """The law, with first frames of some data as initial fields, on a power of two of points."""
        law = law.plain
        many = len(law.fields) >= MANY_FIELDS or bool(data.domain.walled)
        shape = [points(n, law.ndim, many) for n in data.domain.shape]
        starts = resampled(np.asarray(data.u[: OFFERED[law.ndim], 0]), data.domain.resampled(shape))
        content = law_data(law)
        if law.band is None and law.ndim == 1:
            content["band"] = RESOLVED * data.domain.nyquist  # the modes of the data, on more points
        terms = coefficient_formulas(law)
        lines = [[term for term in terms if term[0] == of] for of in dict.fromkeys(of for of, _, _ in terms)]
        if not written_out_in(max(map(len, lines), default=0)):
            lines = []
        settings = {
            "law": content,
            "parameters": law.parameters,
            "terms": [str(coefficient) for line in lines for _, _, coefficient in line],
            "shape": shape,
            "duration": float(data.elapsed_in_each[0, -1]),
            "starts": [base64.b64encode(start.astype("<f4").tobytes()).decode() for start in starts],
            "shown": [i for i, name in enumerate(data.fields) if name in data.measured],
        }
        hidden = tuple(name for name in data.fields if name not in data.measured)
        one = field_of(law).func.__name__  # v where the law is about u - u*
        written = tuple(_line(line[0][0] or one, [body for _, body, _ in line]) for line in lines)
        return cls(settings, written, _sliders(law), hidden)


def points(n: int, ndim: int, many: bool = False) -> int:
    """The power of two that holds n points along an axis, or the largest one allowed, half of it of many."""
    most = MOST_POINTS[ndim] // (2 if ndim > 1 and many else 1)
    return min(most, 2 ** max(n - 1, FEWEST_POINTS[ndim] - 1).bit_length())


def _line(name: str, bodies: Sequence[sympy.Expr]) -> Line:
    """name_t = ... in MathML."""
    shown = (mathml(latex(body)) if body != 1 else Markup("") for body in bodies)
    return Line(mathml(rf"{name}_{{t}} ="), tuple(shown))


def _sliders(law: Law) -> tuple[Slider, ...]:
    free = (place for place in law.parameters if place != law.scale)
    return tuple(
        Slider(factor, i, mathml(rf"{factor} \! : \; {latex(getattr(law, factor).terms[i])}"))
        for factor, i in free
    )
