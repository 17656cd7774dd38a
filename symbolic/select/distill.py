"""From a network to a Law: sparse factors, and the law that stands on the likelihood of the data."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import sympy

from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.deadline import current, doing, time_for
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.factor import Factor, not_negative
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library, polynomials
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.rates import Rates, rates
from mesoscribe.symbolic.law.series import series
from mesoscribe.symbolic.read.factors import usable
from mesoscribe.symbolic.read.forms import Network, ReadOff
from mesoscribe.symbolic.read.optimisers import DEFAULT, Optimiser
from mesoscribe.symbolic.read.parametric import parametric
from mesoscribe.symbolic.read.propose import Proposer, widened_by
from mesoscribe.symbolic.read.sparse import Selection
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.rollouts import RollOutData, signal_band, white_noise
from mesoscribe.symbolic.select.choice import HallOfFame, Rival
from mesoscribe.symbolic.select.completeness import Completeness
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import settle_shapes

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
    completeness = Completeness.of(law, network.model, end.selections, validation, network.first)
    notes = (*offered, *series(law, wider), *(() if completeness.complete else (str(completeness),)))
    seconds = {"distill": read - started, "refine": time.perf_counter() - read}
    laws = replace(end.search.fame.with_law(law, data.dt_error), rival=end.rival(pays))
    return Distillation(law, laws, network.canonical, end.selections, completeness, notes, seconds)


@dataclass(frozen=True)
class _End:
    """Where the search around the forms about one centre ended.

    Args:
        search: every law that was fitted.
        every: the data that they were fitted to some of.
        selections: of the form that the law is closest to.
        size: root mean square of the field about the centre.
    """

    search: Search[Law]
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
        band, hold = compared_modes(next(iter(forms.values()))[0], data, validation, network.first)
        starts = [replace(law, band=band, hold=hold) for law, _ in forms.values()]
        every = RollOutData.of(data, starts[0], network.first, validation).windows(NUMBERS.shot_frames)
        F = usable(library.F, network.canonical, starts[0].centre)
        candidates = replace(library.with_isotropic(), F=F)
        search = Search.laws(Likelihood(every), candidates, pays).run(starts, plainest(starts[0]))
        settle_shapes(search, new)
        terms = set(search.chosen.law.coefficients)
        closest = min(forms, key=lambda form: len(terms ^ form))
        return cls(search, every, forms[closest][1], float(every.size.square().mean().sqrt()))

    def score(self, size: float) -> float:
        """What the choice among laws minimises, of errors in units of a field that all centres share."""
        fame = self.search.fame
        error = max(float(fame.errors[fame.best]) * self.size / size, NUMBERS.visible_error)
        return float(np.log(error) + fame.chosen.terms * np.log(fame.pays))

    def rival(self, pays: float) -> Rival | None:
        """The equation without energy or operator that is better than the best law; None if none is."""
        law = self.search.chosen
        if law.beyond_noise < NUMBERS.visible_error or not time_for("equations that no member has"):
            return None
        search = Search.equations(Likelihood(self.every), pays)
        search = search.run([Rates(rates(law.law.ndim)[:1], (NUMBERS.misfit_share,), law.law.band)])
        return Rival.of(search.fame, search.likelihood.fit(law.law).products.held_out, law.law.free)

    def final(self, data: Trajectories, validation: Trajectories, first: int) -> Law:
        """The law fitted to all data, on all modes unless roll-outs on these are worse."""
        likelihood = self.search.likelihood
        narrow = self.search.chosen.law
        wide = narrow if narrow.hold else on_all_modes(narrow, validation, first)
        law = narrow if likelihood.free else wide
        every = RollOutData.of(data, law, first, validation).windows(NUMBERS.shot_frames)
        fit = replace(likelihood, data=every.limited(NUMBERS.refined_values)).fit(law, sure=True)
        return replace(fit.with_errors, band=wide.band)


def plainest(law: Law) -> list[Law]:
    """Relaxation, diffusion and transport, on the box, the band and about the centre of a law."""
    q, none = Factor.of(ONE), Factor()
    square = Factor.of(sympy.Add(*(k**2 for k in law.wavenumbers)))
    pairs = ((q, none), (square, none), (none, Factor.of(law.wavenumbers[0])))
    return [replace(law, F=none, q=q, m=m, w=w, N=none, covariance=None) for m, w in pairs]


def compared_modes(
    law: Law, data: Trajectories, validation: Trajectories, first: int
) -> tuple[float | None, bool]:
    """The band on which laws are compared with data, and whether the modes beyond stay as they are.

    All that hold a signal; only those that the network evolves, or some more, if the law that was read off it
    predicts better so, by more than noise: what a solver erases no equation explains.
    """
    while law.band is not None and predicts_as_well(
        wider := law.on_wider_band(data.domain), law, validation, first
    ):
        law = wider
    wide = replace(law, band=signal_band(data.u[:, first:], data.domain), hold=False)
    if predicts_as_well(wide, law, validation, first):
        return wide.band, False
    return law.band, law.hold


def on_all_modes(law: Law, data: Trajectories, first: int) -> Law:
    """A law without a band, unless it predicts worse without."""
    wide = replace(law, band=None)
    if law.m and not not_negative(wide.symbol("m", data.domain)):
        return law
    return wide if predicts_as_well(wide, law, data, first) else law


def predicts_as_well(law: Law, other: Law, data: Trajectories, first: int) -> bool:
    """Whether roll-outs of a law err no more than another's, but for noise, which the other may remove."""
    u = data.u[: HYBRID.search_trajectories, first:] - law.centre
    mine, others = (
        score(rollout_errors(one.member(data.domain), u, data.dt, HYBRID.search_rtol)) for one in (law, other)
    )
    noise = white_noise(u, data.domain) / float(np.mean(u**2))
    return bool(mine**2 <= ((1 + HYBRID.band_tie) * others) ** 2 + 2 * noise)
