"""From a network to a Law: sparse factors, refined on the trajectories, without what does not count."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.deadline import current, doing, time_for
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.factors import pivot_of, usable
from mesoscribe.symbolic.read.forms import Network, ReadOff
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser
from mesoscribe.symbolic.read.propose import Proposer, widened_by
from mesoscribe.symbolic.read.sparse import Selection
from mesoscribe.symbolic.refine.refine import Refinement, refine
from mesoscribe.symbolic.refine.rollouts import RollOutData, predicted, substeps_for
from mesoscribe.symbolic.select.band import widened
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.eliminate import eliminate
from mesoscribe.symbolic.select.explained import Explained, explained
from mesoscribe.symbolic.select.pareto import Pareto, Tried


@dataclass(frozen=True)
class Distillation:
    """A law that was distilled from a network, with every step on the way.

    Args:
        law: the result, in canonical form.
        network: the canonical form of the network it was read from.
        selections: the sparse regression of each factor.
        refinement: the last refinement.
        dropped: terms that were selected and then found to make no difference.
        pareto: number of coefficients and error on validation roll-outs of every law about the same centre
            that was tried.
        completeness: whether it says all that the network knows.
        notes: what else a reader should know.
        seconds: of reading the factors off ("distill") and of refining them ("refine").
    """

    law: Law
    network: CanonicalNetwork
    selections: dict[str, Selection]
    refinement: Refinement
    dropped: tuple[str, ...]
    pareto: Pareto
    completeness: Completeness
    notes: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def gauge(self) -> tuple[Gauge, ...]:
        """The freedoms that data cannot determine, as they were fixed in canonical form."""
        return self.network.gauge

    @property
    def tried(self) -> tuple[Tried, ...]:
        """Every law that was put to the test."""
        return self.pareto.tried

    @property
    def front(self) -> tuple[Tried, ...]:
        """The Pareto front: laws that no other one with as few coefficients beats, from simple to rich."""
        return self.pareto.front


def distill(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    pays: float = NUMBERS.pays,
    optimiser: Optimiser = DEFAULT,
    proposer: Proposer | None = None,
    seed: int = 0,
) -> Law:
    """The closed-form law of a network, refined on trajectories; `distillation` returns the steps as well."""
    return distillation(
        model,
        data,
        validation=validation,
        library=library,
        pays=pays,
        optimiser=optimiser,
        proposer=proposer,
        seed=seed,
    ).law


@threads_by_data
def distillation(
    model: OnsagerModel,
    data: Trajectories,
    *,
    validation: Trajectories | None = None,
    library: Library | None = None,
    pays: float = NUMBERS.pays,
    optimiser: Optimiser = DEFAULT,
    proposer: Proposer | None = None,
    seed: int = 0,
) -> Distillation:
    """Read the factors off a network, refine them on data, drop what makes no difference on validation data.

    Within a `mesoscribe.hybrid.space.deadline.Deadline` it ends in time with the law that it has; a note says
    what is not converged.

    Args:
        model: the network, the source of the form and of the first coefficients.
        data: trajectories for the refinement; without `validation` some are kept back.
        validation: trajectories that decide which terms stay.
        library: candidate terms, polynomials if None.
        pays: by which factor a term must reduce the error of validation roll-outs to stay; a smaller one,
            such as 1.2, leaves more terms and a closer law.
        optimiser: what proposes the terms of each factor (`symbolic.read.optimisers`), such as SR3().
        proposer: asked for further terms of F where the library does not hold it (`symbolic.read.propose`).
        seed: of the split.

    Raises:
        ValueError: the network has no dynamics to read, or pays is below 1.
    """
    if not pays >= 1:
        raise ValueError(
            f"expected pays of at least 1, got {pays}; {NUMBERS.pays:g} asks much of a term, 1.2 little"
        )
    if validation is None:
        data, validation = data.parts(seed, (1 - HYBRID.validation_share, HYBRID.validation_share))
    started = time.perf_counter()
    doing("reading the network")
    network = Network.of(model, data, validation)
    known = time.perf_counter() - started
    library = library or polynomials(model.domain.ndim)
    found = _distilled(network, data, validation, library, pays, optimiser)
    if proposer is not None and not found.completeness.complete and time_for("further candidates"):
        wider, note = widened_by(proposer, library, network.canonical, network.weights)
        again = found if wider == library else _distilled(network, data, validation, wider, pays, optimiser)
        found = replace(again, notes=(note, *again.notes))
    notes = found.notes + ((str(current()),) if current().cut else ())
    seconds = {**found.seconds, "distill": known + found.seconds["distill"]}
    return replace(found, notes=notes, seconds=seconds)


def _distilled(
    network: Network,
    data: Trajectories,
    validation: Trajectories,
    library: Library,
    pays: float,
    optimiser: Optimiser,
) -> Distillation:
    """The law of a network with the candidates of one library."""
    started = time.perf_counter()
    forms = network.forms(library, optimiser)
    read = time.perf_counter()
    ends = [
        _Ended.of(about, network, data, validation, library, pays)
        for i, about in enumerate(forms)
        if not i or time_for("forms about another centre")
    ]
    end = _simplest_end(ends, pays)
    outcome = end.refined_further(data, validation, network.first)
    final, insignificant = outcome.refinement, outcome.insignificant
    law = with_rate_error(canonical_law(final.law), data.dt_error)
    completeness = Completeness.of(law, network.model, end.selections, validation, network.first)
    notes = [f"{name} was dropped: validation roll-outs hardly miss it" for name in end.dropped]
    notes += [
        f"{name} was dropped: no different from 0 once the initial fields are refined"
        for name in insignificant
    ]
    notes += outcome.notes
    notes += [] if completeness.complete else [str(completeness)]
    seconds = {"distill": read - started, "refine": time.perf_counter() - read}
    return Distillation(
        law,
        network.canonical,
        end.selections,
        final,
        end.dropped + insignificant,
        end.pareto,
        completeness,
        tuple(notes),
        seconds,
    )


@dataclass(frozen=True)
class _Ended:
    """What elimination leaves of the forms about one centre.

    Args:
        refinement, dropped, pareto: its end.
        selections: of the form that it started from.
        error: root mean square misfit of validation roll-outs, in units of the field.
        candidates: the terms that it could have.
    """

    refinement: Refinement
    dropped: tuple[str, ...]
    pareto: Pareto
    selections: dict[str, Selection]
    error: float
    candidates: Library

    @classmethod
    def of(
        cls,
        read: list[ReadOff],
        network: Network,
        data: Trajectories,
        validation: Trajectories,
        library: Library,
        pays: float,
    ) -> _Ended:
        """Eliminate what does not pay, starting from forms read at several precisions."""
        forms = list({tuple(law.coefficients): (law, chosen) for law, chosen in read}.values())
        train, held_out = (RollOutData.of(part, forms[0][0], network.first) for part in (data, validation))
        starts = [(law, pivot_of(law, network.canonical, network.weights)) for law, _ in forms]
        F = usable(library.F, network.canonical, forms[0][0].centre)
        candidates = replace(library.with_isotropic(), F=F)
        end = eliminate(
            starts, train.shortened(), held_out, clusters=data.n, pays=pays, candidates=candidates
        )
        law = end.refinement.law
        gap = predicted(law, held_out, substeps_for(law, held_out)) - held_out.u[:, 1:]
        error = float(gap.square().mean().sqrt().nan_to_num(np.inf))
        return cls(end.refinement, end.dropped, end.pareto, forms[end.start][1], error, candidates)

    @property
    def terms(self) -> int:
        """How many coefficients it has."""
        return len(self.refinement.law.parameters)

    def refined_further(self, data: Trajectories, validation: Trajectories, first: int) -> Explained:
        """The law refined on the band that predicts best.

        Where data are noisy the initial fields are refined with it.
        """
        law, refinement, pivot = self.refinement.law, self.refinement, self.refinement.pivot
        wider = widened(law, pivot, data, validation, first)
        if wider.band != law.band:
            fields = RollOutData.of(data, wider, first).shortened()
            refinement = refine(wider, fields, pivot=pivot, clusters=data.n)
        return explained(refinement, data, first, self.candidates)


def _simplest_end(ends: list[_Ended], pays: float) -> _Ended:
    """The law with the fewest terms among those that predict about as well as the best."""
    best = min(ends, key=lambda end: end.error)

    def allowed(end: _Ended) -> float:
        fewer = best.terms - end.terms
        asked = 1.0 if fewer <= 0 else pays ** min(fewer, NUMBERS.paying_terms)
        return best.error * max(NUMBERS.as_well, asked)

    return min((end for end in ends if end is best or end.error <= allowed(end)), key=lambda end: end.terms)
