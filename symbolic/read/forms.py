"""The forms that a network suggests: its factors read off about two centres, at several precisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.factors import Importance, importance, read_off, usable
from mesoscribe.symbolic.read.network_skill import Skill, narrowed
from mesoscribe.symbolic.read.optimisers import Optimiser
from mesoscribe.symbolic.read.parametric import Offer, parametric
from mesoscribe.symbolic.read.sparse import Selection

ReadOff = tuple[Law, dict[str, Selection]]  # a law, and the sparse regression of each factor


@dataclass(frozen=True)
class Network:
    """A network as a source of forms.

    Args:
        model: the network; canonical: its canonical form.
        weights: what each point of each factor contributes on the data.
        precision: to which it knows its factors.
        band: the largest wavenumber that its laws evolve; its own if None.
        first: the first frame that belongs to the equation, as the fit found.
        notes: what to say of it.
    """

    model: OnsagerModel
    canonical: CanonicalNetwork
    weights: Importance
    precision: float
    band: float | None
    first: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: OnsagerModel, data: Trajectories, validation: Trajectories) -> Network:
        """The network's canonical form, and how well and on which band it is known, from its errors on data.

        Raises:
            ValueError: it has no dynamics to read, or the data end early.
        """
        canonical, first = canonical_form(model), model.setting.first_frame
        check_frames(first, data, validation)
        skill = Skill.of(model, canonical, data)
        band = narrowed(model, skill.band, validation, first)
        within = np.abs(canonical.k).max(0) <= (band or np.inf) * (1 + 1e-9)
        weights = importance(model, canonical, data, skill.modes * within)
        notes = (skill.note,) if skill.note else ()
        return cls(model, canonical, weights, skill.precision, band, first, notes)

    def usable(self, terms: tuple[sympy.Expr, ...], centre: float) -> tuple[sympy.Expr, ...]:
        """The terms of F that are real and finite where the data are, and that act, about a centre."""
        return usable(terms, self.canonical, centre)

    def widened(self, library: Library) -> tuple[Library, tuple[Offer, ...]]:
        """The library with terms of a fitted shape where a factor needs them, and these offers."""
        return parametric(library, self.canonical, self.weights, self.precision)

    @property
    def gauge(self) -> tuple[Gauge, ...]:
        """The freedoms that data cannot determine, as they were fixed in canonical form."""
        return self.canonical.gauge

    def forms(
        self, library: Library, optimiser: Optimiser, offers: Sequence[Offer] = ()
    ) -> list[list[ReadOff]]:
        """Forms about 0 and, where it is another, about the mean; of each centre from fine to coarse.

        In 2D those with symbols of |k| follow. Then, of each term of a fitted shape, those whose factor is
        what it was offered for: while its shape is a guess, a sparse regression takes other terms besides.
        """
        alone = [replace(library, **{offer.factor: offer.terms}) for offer in offers]
        return [
            [
                read_off(
                    self.model,
                    self.canonical,
                    self.weights,
                    some,
                    self.precision * coarser,
                    self.band,
                    centre,
                    optimiser,
                )
                for some in dict.fromkeys((library, library.isotropic(), *alone))
                for coarser in NUMBERS.coarser
            ]
            for centre in dict.fromkeys((0.0, self.canonical.centre))
        ]


def check_frames(first: int, *parts: Trajectories) -> None:
    """Refuse trajectories that end before two frames after those that no equation describes.

    Raises:
        ValueError: they do.
    """
    shortest = min(part.n_frames for part in parts)
    if shortest <= first + 1:
        raise ValueError(
            f"expected at least {first + 2} frames, as the network was fitted from frame {first} on, got "
            f"{shortest}; give longer trajectories"
        )
