"""From trajectories to a first member of the class, its band of modes and the verdict on the class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.error import rollout_errors, score
from mesoscribe.hybrid.energy.local_energy import Density, acting, cubic_densities, quartic_densities
from mesoscribe.hybrid.regression.bands import best_band
from mesoscribe.hybrid.regression.continuation import Continued, continued
from mesoscribe.hybrid.regression.coupled_search import warm_start_fields
from mesoscribe.hybrid.regression.folds import Frames
from mesoscribe.hybrid.regression.forcing import clearest
from mesoscribe.hybrid.regression.further import Gather, further_products
from mesoscribe.hybrid.regression.local_start import warm_start_window
from mesoscribe.hybrid.regression.rank_one import Case, Factors
from mesoscribe.hybrid.regression.second_order_search import SecondOrderFound, warm_start_second_order
from mesoscribe.hybrid.regression.selection import Regression
from mesoscribe.hybrid.regression.warm_start import WarmStart, first_useful_frame
from mesoscribe.hybrid.regression.weak_form import Gram
from mesoscribe.hybrid.space.cluster import HERE, Workers
from mesoscribe.hybrid.space.deadline import time_for
from mesoscribe.hybrid.space.domain import Domain, Parity
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.scales import Scales


def _spread(regression: Regression, domain: Domain, values: np.ndarray) -> np.ndarray:
    """Values of the regressed modes on all modes of the domain, the others 0."""
    full = np.zeros(domain.modes_shape, dtype=values.dtype)
    full[domain.within(np.inf)] = values
    return full


def _member(
    regression: Regression, factors: Factors, domain: Domain, scales: Scales, first_frame: int
) -> WarmStart:
    def symbol(values: np.ndarray, errors: np.ndarray, parity: int) -> Continued:
        return continued(regression.train.k, values, errors, regression.known, parity, domain.walled)

    m, w = symbol(factors.K.real, factors.K_error, 0), symbol(factors.K.imag, factors.K_error, 1)
    q = symbol(factors.q, factors.q_error, 0)
    K = factors.case.project(np.maximum(m.values, 0.0) + 1j * w.values)
    K = _spread(regression, domain, K)
    if not regression.known[0]:
        K[(0,) * domain.ndim] = 0.0
    K[(0,) * domain.ndim] = K[(0,) * domain.ndim].real
    leaves = Parity.ODD in domain.parities[0]  # through walls where u = 0: no mode holds the mean
    drive = (
        factors.f[0] if leaves or K[(0,) * domain.ndim] else 0.0
    )  # where the mean is conserved, f(0) is rounding
    q_values = _spread(regression, domain, q.values)
    known = _spread(regression, domain, regression.known)
    sure = w.trusted & m.trusted & q.trusted & w.same_sign & m.same_sign
    unsure = ~_spread(regression, domain, sure) & domain.within(np.inf)
    f = np.polynomial.Polynomial([drive, *factors.polynomial().coef[1:]])
    components = np.maximum.reduce([np.abs(k) for k in domain.k])
    band = max(NUMBERS.least_band * domain.k_unit, float(components[known].max()))
    trusted = float(components[unsure].min(initial=np.inf))
    start = WarmStart(domain, scales, K, q_values, f, factors.case, band, False, first_frame, known, trusted)
    beta = tuple(factors.beta.get(j, 0.0) for j in regression.local)
    return replace(start, beta=beta if any(beta) else ())


@dataclass(frozen=True)
class _Found:
    """The best member of a search over window widths.

    Args:
        start: the member, with its evidence, on the modes that were measured.
        regression, factors: where it comes from.
        score: of short roll-outs.
    """

    start: WarmStart
    regression: Regression
    factors: Factors
    score: float


@dataclass(frozen=True)
class _Search:
    """Scaled trajectories to learn from and held out, with their times, and what is asked of a member.

    Args:
        train, held_out: fields and times.
        scales, domain: units and scaled box.
        first_frame: frames of the data that were left out before.
        case: which operators may act, None for any.
    """

    train: Frames
    held_out: Frames
    scales: Scales
    domain: Domain
    first_frame: int
    case: Case | None

    @property
    def trial(self) -> Frames:
        """Trajectories for roll-outs."""
        return self.held_out.some(NUMBERS.search_trajectories)

    def regression(
        self, half_width: int, cut: float, densities: tuple[Density, ...], further: Gram | None = None
    ) -> Regression:
        """The regressions at one width of the test functions."""
        return Regression(
            self.train,
            self.held_out,
            self.domain,
            half_width=half_width,
            slower_than=cut,
            densities=densities,
            further=further,
        )

    def with_rest(self, found: _Found, gather: Gather) -> _Found:
        """The member by the data that memory does not hold as well, at its width of the windows."""
        options = found.regression.options
        further = gather(options)
        if further is None:
            return found
        of = options["half_width"], found.regression.cut, options["densities"]
        regression = self.regression(*of, further)
        factors, _ = regression.best(self.case)
        value, start = self.scored(regression, factors)
        before = found.start.evidence
        evidence = replace(regression.evidence(factors), shared=before.shared)
        kept = before if before.derivatives else evidence  # which more terms than these were weighed against
        return _Found(replace(start, evidence=kept), regression, factors, value)

    def scored(self, regression: Regression, factors: Factors) -> tuple[float, WarmStart]:
        """The score of short roll-outs of a member, and the member."""
        candidate = _member(regression, factors, self.domain, self.scales, self.first_frame)
        short, times = self.held_out.some(NUMBERS.search_trajectories, NUMBERS.short_frames)
        errors = rollout_errors(candidate.member(), short, times, NUMBERS.search_rtol)
        return score(errors), candidate

    def best(self, densities: tuple[Density, ...] = ()) -> _Found:
        """The member, without or with an N of these densities, that predicts best."""
        tried: list[tuple[float, WarmStart, Regression, Factors]] = []
        seen, cut = [], np.inf
        frames = min(part.n_frames for part in (self.train, self.held_out))
        for half_width in [h for h in NUMBERS.half_widths if 2 * h < frames] or [1]:
            if not time_for("regressions", f"windows of {2 * half_width} frames") and tried:
                break
            regression = self.regression(half_width, cut, densities)
            cut, (factors, _) = regression.cut, regression.best(self.case)
            tried.append((*self.scored(regression, factors), regression, factors))
            seen.append(regression.shared())
        value, best, regression, factors = min(tried, key=lambda entry: entry[0])
        evidence = replace(regression.evidence(factors), shared=clearest(seen))
        return _Found(replace(best, evidence=evidence), regression, factors, value)

    def with_N(self, plain: _Found) -> _Found:
        """The best member with a cubic N where the plain one leaves much that N explains, else the latter.

        It must predict better by `nonlocal_gain`, and be in the class: no N rescues what is outside.
        """
        if not time_for("regressions with a nonlocal energy"):
            return plain
        width, cut = plain.regression.options["half_width"], plain.regression.cut
        ndim = self.domain.ndim
        cubic, quartic = (
            acting(some, self.domain) for some in (cubic_densities(ndim), quartic_densities(ndim))
        )
        beyond = self.regression(width, cut, (*cubic, *quartic))
        if not beyond.local_matters(plain.factors):
            return _doubted(plain, beyond) if beyond.few else plain
        wider = self.regression(width, cut, cubic)
        factors = wider.with_local(plain.factors, self.case)
        if factors is not None and self.scored(wider, factors)[0] <= plain.score:
            found = self.best(cubic)
            better = NUMBERS.nonlocal_gain * found.score < plain.score and bool(found.start.beta)
            if better and found.start.evidence.one_operator:
                return found
        return _doubted(plain, beyond)


def _doubted(plain: _Found, beyond: Regression) -> _Found:
    """A member, with the evidence against it where terms with derivatives explain much that it does not.

    They speak against it if what it leaves is more than `little_variance`: below, they are the next
    order of an expansion whose first is in the class. Where trajectories are few, and too few to fit such
    terms, it cannot be told whether they are needed.
    """
    evidence, against = plain.start.evidence, beyond.evidence(plain.factors)
    needed = against.ratio > NUMBERS.in_class * max(evidence.ratio, 1.0)
    weaker = against.one_operator and not evidence.one_operator
    unfit = beyond.few and bool(evidence.in_class) and NUMBERS.in_class * against.ratio < 1
    little = against.explained > 1 - NUMBERS.little_variance
    if little or not (unfit or (needed and not weaker)):
        return plain
    found = replace(against, shared=beyond.shared(), derivatives=True)
    return replace(plain, start=replace(plain.start, evidence=found))


def check_case(case: Case | None, domain: Domain) -> None:
    """Refuse W for one field where all axes lie between walls: there an odd symbol turns its parity around.

    Raises:
        ValueError: the case needs W.
    """
    if case not in (None, Case.DISSIPATIVE) and domain.n_fields is None and not domain.periodic:
        raise ValueError(
            f"expected the dissipative case for one field between walls, got {case}: W has an odd symbol, "
            f"which turns even fields into odd ones; leave --case out, or give --boundary periodic"
        )


@threads_by_data
def warm_start(
    train: Trajectories, validation: Trajectories, *, case: Case | None = None, workers: Workers = HERE
) -> WarmStart:
    """The member of the class that predicts validation trajectories best, before any network is trained.

    Window width, powers and operators are chosen on held-out weak residuals and short roll-outs, the band of
    modes (and whether those outside are removed or held) on full roll-outs. V2 gets an N only where
    held-out data remain unexplained without one. All that is chosen on what is in memory; what the member is
    then made from is all of the source, piece by piece (`Trajectories.rest`), shared among the workers.
    """
    if train.window:
        return warm_start_window(train, validation, case)
    if train.measured != train.fields:
        return warm_start_second_order(train, validation, case)
    scales = train.scales
    domain = scales.domain(train.domain)
    check_case(case, domain)
    skip = first_useful_frame(scales.to_scaled(train.u), train.elapsed, domain)
    skip = skip if min(train.n_frames, validation.n_frames) - skip > 2 * NUMBERS.half_widths[0] else 0

    def scaled(part: Trajectories) -> Frames:
        return Frames(scales.to_scaled(part.u[:, skip:]), part.elapsed[..., skip:] / scales.time)

    gather: Gather | None = None
    if train.rest is not None:
        gather = partial(further_products, train.rest, scales, skip, workers=workers)
    if domain.n_fields is not None:
        return warm_start_fields(scaled(train), scaled(validation), domain, scales, skip, case, gather)
    search = _Search(scaled(train), scaled(validation), scales, domain, skip, case)
    found = search.with_N(search.best())
    found = found if gather is None else search.with_rest(found, gather)
    start = best_band(found.start, *search.trial)
    enough = min(part.n_frames for part in (search.train, search.held_out)) >= NUMBERS.second_order_frames
    left = 1 - start.evidence.explained
    if not enough or left < NUMBERS.second_order_asked or not time_for("regressions of second order in time"):
        return start
    other = SecondOrderFound.of(search.train, search.held_out, domain)
    looks = left > NUMBERS.second_order_left and other.looks
    evidence = replace(start.evidence, second_order=looks, order_open=other.possible)
    return replace(start, evidence=evidence)
