"""From a network to a Law: sparse factors, and the law that stands on the likelihood of the data."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import sympy

from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.deadline import current, doing, time_for
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.series import cut_off, series
from mesoscribe.symbolic.read.factors import usable
from mesoscribe.symbolic.read.forms import Network, ReadOff
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser
from mesoscribe.symbolic.read.parametric import parametric
from mesoscribe.symbolic.read.propose import Proposer, widened_by
from mesoscribe.symbolic.read.sparse import Selection
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.rollouts import RollOutData, signal_band
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.modes import erased, on_all_modes
from mesoscribe.symbolic.select.rivals import rival
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import settle_shapes, with_errors

ONE = sympy.Integer(1)


@dataclass(frozen=True)
class Distillation:
    """A law that was distilled from a network, with every step on the way.

    Args:
        law: the result, in canonical form.
        laws: every law that was fitted, with its error and the choice among them: the hall of fame.
        network: the canonical form of the network it was read from.
        selections: the sparse regression of each factor.
        completeness: whether it says all that the network knows.
        notes: what else a reader should know.
        seconds: of reading the factors off ("distill") and of fitting laws ("refine").
    """

    law: Law
    laws: HallOfFame[Law]
    network: CanonicalNetwork
    selections: dict[str, Selection]
    completeness: Completeness
    notes: tuple[str, ...]
    seconds: dict[str, float]

    @property
    def gauge(self) -> tuple[Gauge, ...]:
        """The freedoms that data cannot determine, as they were fixed in canonical form."""
        return self.network.gauge


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
    """Read the factors off a network, and find the law around them on which the data stand.

    Within a `mesoscribe.hybrid.space.deadline.Deadline` it ends in time with the law that it has; a note says
    what is not converged.

    Args:
        model: the network, the source of the form and of the first coefficients.
        data: trajectories that laws are fitted to; without `validation` some are kept back.
        validation: trajectories on which law and network are compared; laws are fitted to them as well, and
            judged on pieces that are left out.
        library: candidate terms, polynomials if None.
        pays: by which factor a term must reduce the error beyond the noise to stay; a smaller one, such as
            1.2, leaves more terms and a closer law.
        optimiser: what proposes the terms of each factor (`symbolic.read.optimisers`), such as SR3().
        proposer: asked for further terms of F where the library does not hold it (`symbolic.read.propose`).
        seed: of the split.

    Raises:
        ValueError: the network has no dynamics to read, or pays is below 1.
    """
    if not pays >= 1:
        raise ValueError(f"expected pays of at least 1, got {pays}; 2 asks much of a term, 1.2 little")
    if validation is None:
        data, validation = data.parts(seed, (1 - HYBRID.validation_share, HYBRID.validation_share))
    started = time.perf_counter()
    doing("reading the network")
    network = Network.of(model, data, validation)
    known = time.perf_counter() - started
    library = library or polynomials(model.domain.ndim)
    found = _distilled(network, data, validation, library, pays, optimiser)
    lacking = not found.completeness.complete or series(found.law, library)
    if proposer is not None and lacking and time_for("further candidates"):
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
    wider, offered = parametric(library, network.canonical, network.weights, network.precision)
    forms = network.forms(wider, optimiser)
    read = time.perf_counter()
    new = {term for name in "Fqmw" for term in getattr(wider, name) if term not in getattr(library, name)}
    ends = [
        _End.of(about, network, data, validation, wider, new, pays)
        for i, about in enumerate(forms)
        if not i or time_for("forms about another centre")
    ]
    end = min(ends, key=lambda one: one.score(ends[0].size))
    found = end.final(data, validation, network.first)
    law = with_rate_error(canonical_law(found), data.dt_error)
    law = law.without_errors(cut_off(law, wider))
    completeness = Completeness.of(law, network.model, end.selections, validation, network.first)
    notes = (*offered, *series(law, wider), *(() if completeness.complete else (str(completeness),)))
    seconds = {"distill": read - started, "refine": time.perf_counter() - read}
    laws = replace(
        end.search.fame.with_law(law, data.dt_error),
        rival=rival(end.search.chosen, end.every, pays, free=end.search.likelihood.free),
    )
    return Distillation(law, laws, network.canonical, end.selections, completeness, notes, seconds)


@dataclass(frozen=True)
class _End:
    """Where the search around the forms about one centre ended.

    Args:
        search: every law that was fitted.
        library: the candidates with no shape that was fitted.
        every: the data that they were fitted to some of.
        selections: of the form that the law is closest to.
        size: root mean square of the field about the centre.
    """

    search: Search[Law]
    library: Library
    every: RollOutData
    selections: dict[str, Selection]
    size: float

    @classmethod
    def of(
        cls,
        read: list[ReadOff],
        network: Network,
        data: Trajectories,
        validation: Trajectories,
        library: Library,
        new: Collection[sympy.Expr],
        pays: float,
    ) -> _End:
        """Search around forms read at several precisions."""
        forms = {frozenset(law.coefficients): (law, chosen) for law, chosen in read}
        first, as_read = network.first, next(iter(forms.values()))[0]
        band = signal_band(data.u[:, first:], data.domain)
        starts = [replace(law, band=band, hold=False) for law, _ in forms.values()]
        F = usable(library.F, network.canonical, as_read.centre)
        candidates = replace(library.with_isotropic(), F=F)

        def searched(starts: list[Law]) -> tuple[RollOutData, Search[Law]]:
            every = RollOutData.of(data, starts[0], first, validation).windows(NUMBERS.shot_frames)
            found = Search.laws(Likelihood(every), candidates, pays).run(
                starts, plainest(starts[0], every, candidates)
            )
            return every, found

        every, search = searched(starts)
        if narrow := erased(search.chosen.law, as_read, data, validation, first):
            every, search = searched([narrow])
        settle_shapes(search, new)
        terms = set(search.chosen.law.coefficients)
        closest = min(forms, key=lambda form: len(terms ^ form))
        plain = {n: tuple(t for t in getattr(candidates, n) if t not in new) for n in "Fqmw"}
        return cls(
            search,
            replace(candidates, **plain),
            every,
            forms[closest][1],
            float(every.size.square().mean().sqrt()),
        )

    def score(self, size: float) -> float:
        """What the choice among laws minimises, of errors in units of a field that all centres share."""
        fame = self.search.fame
        error = max(float(fame.errors[fame.best]) * self.size / size, NUMBERS.visible_error)
        return float(np.log(error) + fame.chosen.terms * np.log(fame.pays))

    def final(self, data: Trajectories, validation: Trajectories, first: int) -> Law:
        """The law fitted to all data, on all modes unless roll-outs on these are worse."""
        likelihood = self.search.likelihood
        narrow = self.search.chosen.law
        wide = narrow if narrow.hold else on_all_modes(narrow, validation, first)
        law = narrow if likelihood.free else wide
        every = RollOutData.of(data, law, first, validation).windows(NUMBERS.shot_frames)
        likelihood = replace(likelihood, data=every.limited(NUMBERS.refined_values))
        fit = likelihood.fit(law, sure=True)
        if fit.lost:
            return self.search.chosen.with_errors
        return replace(with_errors(likelihood, fit, self.library), band=wide.band)


def plainest(law: Law, data: RollOutData, library: Library) -> list[Law]:
    """Relaxation, diffusion and transport, on the box, the band and about the centre of a law.

    Of each that the library allows, so much that the longest wave changes once over the time of the data.
    """
    rate, longest = 1 / (data.dt * (data.u.shape[1] - 1)), data.domain.k_unit
    square, along, none = sympy.Add(*(k**2 for k in law.wavenumbers)), law.wavenumbers[0], Factor()
    q, offered = Factor((ONE,), (1.0,)), (*library.with_isotropic().m, *library.w)
    starts = [
        (Factor((ONE,), (rate,)), none),
        (Factor((square,), (rate / longest**2,)), none),
        (none, Factor((along,), (rate / longest,))),
    ]
    allowed = [(m, w) for m, w in starts if {*m.terms, *w.terms} <= {*offered}]
    return [replace(law, F=none, q=q, m=m, w=w, N=none, covariance=None) for m, w in allowed]
