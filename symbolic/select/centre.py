"""The law about one centre: a search around the forms that were read, and a last fit to all data."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

import sympy

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.second_order import SecondOrderLaw
from mesoscribe.symbolic.read.fields import FieldsNetwork
from mesoscribe.symbolic.read.forms import Network, ReadOff
from mesoscribe.symbolic.read.sparse import Selection
from mesoscribe.symbolic.refine.likelihood import Likelihood
from mesoscribe.symbolic.refine.noise import signal_band
from mesoscribe.symbolic.refine.roll_out_data import RollOutData
from mesoscribe.symbolic.refine.rollouts import predicted
from mesoscribe.symbolic.select.choice import price
from mesoscribe.symbolic.select.closed_forms import try_closed_forms
from mesoscribe.symbolic.select.modes import erased, on_all_modes
from mesoscribe.symbolic.select.search import Search
from mesoscribe.symbolic.select.shapes import Shapes, with_errors
from mesoscribe.symbolic.select.weak_fields import weak_laws_of_fields
from mesoscribe.symbolic.select.weak_forms import weak_laws

ONE = sympy.Integer(1)


@dataclass(frozen=True)
class Centre:
    """What was found about one centre u*.

    Args:
        search: every law that was fitted.
        library: the candidates with no shape that was fitted.
        every: the data that they were fitted to some of.
        read: the form that the law is closest to, as it was read; selections: of it.
        size: root mean square of the field about the centre.
        closed: functions that were tried in the place of a series, and what to say of them.
    """

    search: Search[Law]
    library: Library
    every: RollOutData
    read: Law
    selections: dict[str, Selection]
    size: float
    closed: dict[str, str]

    @classmethod
    def of(
        cls,
        read: list[ReadOff],
        network: Network | FieldsNetwork,
        data: Trajectories,
        validation: Trajectories,
        library: Library,
        new: Collection[sympy.Expr],
        pays: float,
    ) -> Centre:
        """Search around forms read at several precisions."""
        forms = {frozenset(law.coefficients): (law, chosen) for law, chosen in read}
        first, as_read = network.first, next(iter(forms.values()))[0]
        seen = data.seen
        band = signal_band(seen.u[:, first:], seen.elapsed_in_each[:, first:], seen.domain)
        starts = [replace(law, band=band, hold=False) for law, _ in forms.values()]
        F = network.usable(library.F, as_read.centre)
        candidates, shapes = replace(library.with_isotropic(), F=F), Shapes(new)

        def searched(starts: list[Law]) -> tuple[RollOutData, Search[Law]]:
            every = RollOutData.of(data, starts[0], first, validation).shots
            if starts[0].several:
                starts = by_price(starts, every, pays)
            found = Search.laws(Likelihood(every), candidates, pays, shapes).run(
                starts, plainest(starts[0], every, candidates)
            )
            return every, found

        of_weak = weak_laws_of_fields(data, first, starts, candidates)
        others = of_weak or weak_laws(data, first, starts[0], candidates)
        every, search = searched(others + starts)
        hidden = seen is not data  # roll-outs from velocities that were estimated tell nothing of a band
        told = hidden or every.filtered is not None
        narrow = None if told else erased(search.chosen.law, as_read, data, validation, first)
        if narrow is not None:
            every, search = searched([narrow])
        closed = {} if data.window else try_closed_forms(search, shapes, candidates)
        terms = search.terms(search.chosen.law)
        closest = min(forms, key=lambda form: len(terms ^ form))
        plain = {n: tuple(t for t in getattr(candidates, n) if t not in new) for n in "Fqmw"}
        return cls(
            search,
            replace(candidates, **plain),
            every,
            *forms[closest],
            float(every.size.square().mean().sqrt()),
            closed,
        )

    def price(self, size: float) -> float:
        """What the choice among laws minimises, of errors in units of a field that all centres share."""
        fame = self.search.fame
        error = max(float(fame.errors[fame.best]) * self.size / size, NUMBERS.visible_error)
        return float(price(error, fame.chosen.terms, fame.pays))

    def final(self, data: Trajectories, validation: Trajectories, first: int) -> tuple[Law, tuple[str, ...]]:
        """The law fitted to all data, on all modes unless roll-outs on these are worse; its fitted shapes."""
        likelihood = self.search.likelihood
        strong = likelihood.data.filtered is not None
        narrow = self.search.chosen.with_errors if strong else self.search.chosen.law
        wide = narrow if narrow.hold or strong else on_all_modes(narrow, validation, first)
        law = narrow if likelihood.free else wide
        every = RollOutData.of(data, law, first, validation).shots
        likelihood = replace(likelihood, data=every.limited(NUMBERS.refined_values))
        near = self.search.chosen
        same = likelihood.free and near.fields.shape == likelihood.data.u[:, 0].shape
        fit = likelihood.fit(law, near if same and not strong else None, sure=True)
        fit = self.search.shaping.settled(likelihood, fit, sure=True)
        if fit.lost:
            return self.search.chosen.with_errors, ()
        found, shapes = with_errors(likelihood, fit, self.library)
        return replace(found, band=wide.band), shapes


def by_price(laws: list[Law], data: RollOutData, pays: float) -> list[Law]:
    """Laws as they were read, by what the choice minimises: the error beyond noise over the next frames.

    Those whose roll-outs are lost are left out, unless all are.
    """
    short = data.windows(NUMBERS.next_frames + 1).limited(NUMBERS.searched_values)

    def error(law: Law) -> float:
        off = short.norm(predicted(law, short, 1) - short.u[:, 1:])
        return math.sqrt(max(off**2 / short.u[:, 1:].numel() - short.noise, NUMBERS.visible_error**2))

    prices = {law: price(error(law), law.free, pays) for law in laws}
    kept = [law for law in laws if math.isfinite(prices[law])] or laws
    return sorted(kept, key=lambda law: prices[law])


def plainest(law: Law, data: RollOutData, library: Library) -> list[Law]:
    """Relaxation, diffusion and transport, on the box, the band and about the centre of a law.

    Of each that the library allows, so much that the longest wave changes once over the time of the data.
    """
    rate, longest = 1 / data.duration, data.domain.k_unit
    if isinstance(law, SecondOrderLaw):
        return [*law.plainest(rate, longest)]
    square, along, none = sympy.Add(*(k**2 for k in law.wavenumbers)), law.wavenumbers[0], Factor()
    each = [field**2 for field in law.unknowns] if law.several else [ONE]
    offered = (*library.with_isotropic().m, *library.w)

    def of_each(symbol: sympy.Expr, value: float) -> Factor:
        return Factor(tuple(symbol * one for one in each), (value,) * len(each))

    q = of_each(ONE, 1.0)
    starts = [
        (of_each(ONE, rate), none),
        (of_each(square, rate / longest**2), none),
        (none, of_each(along, rate / longest)),
    ]
    allowed = [(m, w) for m, w in starts if {*m.terms, *w.terms} <= {*offered}]
    return [replace(law, F=none, q=q, m=m, w=w, N=none, covariance=None) for m, w in allowed]
