"""The lights of a report: each can be green and red, and has the number behind it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesoscribe import simulate
from mesoscribe.diagnostics.judge.cautions import cautions, undetermined
from mesoscribe.diagnostics.judge.checks import SIGNS, Check, State, checks
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.judge.metrics import metrics
from mesoscribe.diagnostics.judge.summary import Making, Summary
from mesoscribe.diagnostics.judge.verdict import Supported, VerdictKind
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.diagnostics.measure.onestep import one_step
from mesoscribe.diagnostics.pages.captions import LOOK_FOR
from mesoscribe.diagnostics.pages.page import TEMPLATES
from mesoscribe.diagnostics.pages.report_markdown import report_markdown
from mesoscribe.diagnostics.runs.terminal_summary import check_line
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.symbolic.export.export import term_lines
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.latex import equation_latex
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.select.entry import Entry
from mesoscribe.symbolic.systems.catalog import CATALOG

KDV, ALLEN_CAHN = CATALOG["kdv"].law, CATALOG["allen_cahn"].law
NAMES = (
    "class test",
    "unexplained",
    "network against persistence",
    "law against network",
    "energy along roll-outs, law",
    "energy along roll-outs, network",
    "mean of u",
    "range of u",
    "energy change of one step",
    "the same again from the seed",
)


@pytest.fixture(scope="module")
def summary() -> Summary:
    """The network of a warm start and the true law of KdV."""
    parts = simulate("kdv", 8, points=32, n_frames=26, dt=4e-3, seed=0).split(0)
    warm = warm_start(parts.train, parts.validation)
    model = build(warm, parts.train)
    record = FitRecord(Verdict.of(warm.evidence), ((0, 1e-3),), 0, 0, 1, False, {})
    return examine(model, KDV, parts.train, record=record)


def of(summary: Summary, name: str) -> Check:
    """A check by its name."""
    return next(check for check in checks(replace(summary)) if check.name == name)


def errors(value: float) -> RolloutError:
    """An error that does not grow."""
    return RolloutError(np.arange(26.0), np.full(26, value), np.zeros(26))


def test_coefficients_that_are_smaller_than_their_errors_are_cautioned() -> None:
    at = np.abs(KDV.values())
    assert undetermined(KDV) == ()
    assert undetermined(KDV.with_values(KDV.values(), np.diag((at / 5) ** 2))) == ()
    off = at / 5 + 2 * at * np.eye(len(at))[-1]
    assert undetermined(KDV.with_values(KDV.values(), np.diag(off**2))) == (list(KDV.coefficients)[-1],)


def test_true_law_passes_every_check(summary: Summary) -> None:
    assert tuple(check.name for check in checks(summary)) == NAMES
    assert [str(check) for check in checks(summary) if check.state is not State.GOOD] == []
    assert all(any(c.isdigit() for c in check.number) for check in checks(summary))


@pytest.mark.parametrize(
    ("network", "law", "states"),
    [
        (0.05, 0.05, "good good"),
        (0.5, 2.0, "doubtful doubtful"),
        (1.5, 30.0, "bad bad"),
        (1.5, np.inf, "bad bad"),
        (np.inf, 1.0, "bad unknown"),
    ],
)
def test_errors_are_judged_against_persistence_and_network(
    network: float, law: float, states: str, summary: Summary
) -> None:
    table = {"persistence": errors(1.0), "network": errors(network), "law": errors(law)}
    seen = replace(summary, errors=table)
    found = (of(seen, "network against persistence"), of(seen, "law against network"))
    assert " ".join(check.state for check in found) == states


def test_what_a_law_leaves_outweighs_the_class_test(summary: Summary) -> None:
    assert (summary.kind, summary.in_class) == (VerdictKind.MEMBER, True)
    poor = replace(summary, fit=replace(summary.fit, share=0.28, std_error=0.02, in_time=0.9))
    assert (poor.kind, poor.in_class) == (VerdictKind.UNEXPLAINED, None)
    assert poor.headline.startswith("Unexplained: the law leaves 28 % of the change over 10 frames")
    assert of(poor, "unexplained").state is State.BAD
    assert "memory" in poor.fit.looks
    by_chance = replace(poor, fit=replace(poor.fit, std_error=0.2))
    assert by_chance.kind is VerdictKind.MEMBER
    lost = replace(summary, fit=replace(summary.fit, share=np.inf, std_error=0.0))
    assert lost.kind is VerdictKind.UNEXPLAINED
    assert replace(summary, record=None).kind is VerdictKind.CANNOT_TELL


def test_second_order_is_named_where_it_implies_less_noise_and_the_law_leaves_some(summary: Summary) -> None:
    assert summary.record is not None
    assert summary.class_test is not None
    evidence = replace(summary.class_test.evidence, order_open=True)
    seen = replace(summary, record=replace(summary.record, verdict=Verdict.of(evidence)))
    assert not any("--second-order" in caution for caution in cautions(seen))
    poor = replace(seen, fit=replace(seen.fit, share=0.28, std_error=0.02))
    (said,) = (caution for caution in cautions(poor) if "--second-order" in caution)
    assert "may explain what is left" in said


def test_verdict_of_the_class_test_is_repeated_with_its_number(summary: Summary) -> None:
    assert summary.record is not None
    assert summary.class_test is not None
    evidence = replace(summary.class_test.evidence, ratio=50.0, z=90.0)
    outside = replace(summary.record, verdict=Verdict.of(evidence), capped=True)
    check = of(replace(summary, record=outside), "class test")
    assert check.state is State.BAD
    assert "over that of a free fit 50, z = 90" in check.number
    assert of(replace(summary, record=outside), "the same again from the seed").state is State.DOUBTFUL
    assert of(replace(summary, record=None), "class test").state is State.UNKNOWN


def test_no_verdict_is_green_where_the_field_does_not_close(summary: Summary) -> None:
    u = summary.data.u + 30 * summary.data.domain.coordinates[0]
    with pytest.warns(UserWarning, match="does not look periodic"):
        walls = Trajectories.from_arrays(u, summary.data.t, summary.data.domain.coordinates[0], layout="ntx")
    check = of(replace(summary, data=walls), "class test")
    assert check.state is State.DOUBTFUL
    assert "does not look periodic" in check.number


@pytest.mark.parametrize(
    ("rise", "state"), [(1e-7, "good"), (1e-5, "doubtful"), (1e-2, "bad"), (np.nan, "bad")]
)
def test_energy_that_changes_is_seen(rise: float, state: str, summary: Summary) -> None:
    trace = summary.traces["law"]
    values = np.ones_like(trace.values)
    values[0, 3:] += rise
    seen = replace(summary, traces={"law": replace(trace, values=values)})
    assert of(seen, "energy along roll-outs, law").state == state


def test_energy_may_fall_where_it_dissipates(summary: Summary) -> None:
    trace = summary.traces["law"]
    falling = replace(trace, values=np.linspace(1, 0, trace.values.shape[1]) + 0 * trace.values)
    seen = replace(summary, traces={"law": falling})
    assert of(seen, "energy along roll-outs, law").state is State.BAD
    dissipative = replace(seen, structure=replace(seen.structure, case="dissipative"))
    assert of(dissipative, "energy along roll-outs, law").state is State.GOOD


def test_mean_that_drifts_in_the_data_is_seen(summary: Summary) -> None:
    data = summary.data
    drift = np.linspace(0, 1, data.n_frames)[None, :, None]
    moved = Trajectories.from_arrays(data.u + drift, data.t, data.domain.coordinates[0], layout="ntx")
    assert of(replace(summary, data=moved), "mean of u").state is State.BAD
    assert of(replace(summary, law=ALLEN_CAHN), "mean of u").state is State.UNKNOWN


@pytest.mark.parametrize(("factor", "state"), [(1.0, "good"), (1.2, "doubtful"), (3.0, "bad")])
def test_fields_outside_the_range_are_seen(factor: float, state: str, summary: Summary) -> None:
    low, high = summary.data.u.min(), summary.data.u.max()
    tested = replace(summary, supported=(Supported("u", low / factor, high / factor),))
    assert of(tested, "range of u").state is State.GOOD, "held-out data that the law explains test it there"
    poor = replace(tested, fit=replace(tested.fit, share=0.28, std_error=0.02))
    assert of(poor, "range of u").state == state
    assert any("outside the supported range" in caution for caution in cautions(poor)) == (factor > 1)
    assert not any("outside the supported range" in caution for caution in cautions(tested))
    roll = tested.rolled["law"]
    far = replace(tested, rolled={"law": replace(roll, frames=factor * roll.frames)})
    assert any("(roll-out of the law), outside" in caution for caution in cautions(far)) == (factor > 1)


def test_energy_changes_in_proportion_to_the_step_where_it_dissipates() -> None:
    data = simulate("allen_cahn", 3, points=64, n_frames=5, seed=0)
    step = one_step(ALLEN_CAHN, data)
    assert step.exponent == pytest.approx(1, abs=0.01)
    assert step.r_squared > 0.9999


def test_energy_changes_with_the_order_of_the_scheme_plus_one_where_it_is_conserved() -> None:
    data = simulate("kdv", 3, points=64, n_frames=5, dt=4e-3, seed=0)
    step = one_step(KDV, data)
    assert step.expected == 5
    assert step.exponent == pytest.approx(5, abs=0.2)


def test_energy_that_no_step_changes_has_no_exponent(summary: Summary) -> None:
    linear = Law(q=Factor.of(k**2), w=Factor.of(k))
    step = one_step(linear, summary.data)
    assert not step.measured
    assert of(replace(summary, step=step), "energy change of one step").state is State.UNKNOWN


def test_rule_of_one_step_states_what_is_asked(summary: Summary) -> None:
    below, enough = (replace(summary, step=replace(summary.step, exponent=e)) for e in (4.49, 4.644))
    name = "energy change of one step"
    assert [of(seen, name).state for seen in (below, enough)] == [State.DOUBTFUL, State.GOOD]
    assert of(enough, name).rule == "exponent 4.5 or more, 5 or more in theory; R² above 0.99"


def test_only_checks_that_apply_are_counted(summary: Summary) -> None:
    rows = [check.as_dict() for check in checks(replace(summary, law=ALLEN_CAHN))]
    assert sum(row["state"] == "unknown" for row in rows) == 1
    assert check_line(rows) == f"checks: 9 of {len(NAMES) - 1} good; nothing to check: mean of u"


def test_law_that_loses_to_persistence_is_no_member(summary: Summary) -> None:
    lost = replace(summary, errors={**summary.errors, "law": errors(np.inf)})
    assert (lost.kind, lost.in_class) == (VerdictKind.CANNOT_TELL, None)
    assert lost.headline.startswith("Cannot tell: the law does not beat persistence at step 1 and step 5")
    assert "In the class" not in metrics(lost, Making())["verdict"]
    hidden = replace(lost, noise=1.0)  # no step shows a change beyond such noise
    assert hidden.kind is VerdictKind.MEMBER
    assert any("does not beat persistence" in caution for caution in cautions(hidden))


def test_few_trajectories_cannot_tell(summary: Summary) -> None:
    assert summary.record is not None
    assert summary.class_test is not None
    evidence = replace(summary.class_test.evidence, blocks=2, ratio=50.0, z=20.0)
    few = replace(summary, record=replace(summary.record, verdict=Verdict.of(evidence)))
    assert few.kind is VerdictKind.CANNOT_TELL
    assert "too few independent trajectories for the class test: give more" in cautions(few)[0]
    assert of(few, "class test").state is State.DOUBTFUL
    unexplained = replace(few, fit=replace(few.fit, share=0.3, std_error=0.01))
    assert unexplained.kind is VerdictKind.UNEXPLAINED


def test_linear_equation_is_warned_of_by_the_law_itself(summary: Summary) -> None:
    assert summary.record is not None
    assert summary.class_test is not None
    evidence = replace(summary.class_test.evidence, linear=True)
    seen = replace(summary, record=replace(summary.record, verdict=Verdict.of(evidence)))
    assert not any("is linear" in caution for caution in cautions(seen))
    linear = replace(seen, law=Law(F=Factor.of(u + u**2), q=Factor.of(k**2), m=Factor.of(1)))
    assert any("is linear" in caution for caution in cautions(linear))


def test_waves_that_keep_their_shape_tell_their_speed_only(summary: Summary) -> None:
    wave = replace(summary, law=Law(F=Factor(), q=Factor.of(1), w=Factor.of(1.5 * k)))
    assert any("only the speed is known" in caution for caution in cautions(wave))
    other = replace(summary, law=Law(F=Factor(), q=Factor.of(1), w=Factor.of(1.5 * k**3)))
    assert not any("only the speed is known" in caution for caution in cautions(other))


def test_noise_to_which_phases_lock_is_warned_of(summary: Summary) -> None:
    moves = replace(summary, law=KDV, noise=0.5)
    assert any("phases of waves can lock" in caution for caution in cautions(moves))
    still = replace(moves, law=Law(F=Factor.of(u**4), q=Factor.of(k**2), m=Factor.of(1)))
    for quiet in (replace(moves, noise=0.02), still):
        assert not any("phases of waves can lock" in caution for caution in cautions(quiet))


def test_law_that_errs_beyond_the_noise_explains_nothing(summary: Summary) -> None:
    def left(held_out: float) -> Summary:
        entry = Entry(KDV, np.full(8, 1e-6 + held_out**2))
        return replace(summary, laws=HallOfFame((entry,), noise=1e-6, values=1e4))

    assert left(0.0).kind is VerdictKind.MEMBER
    assert left(0.005).kind is VerdictKind.MEMBER
    assert any("errs 0.005 of the field beyond the noise" in caution for caution in cautions(left(0.005)))
    assert left(0.05).kind is VerdictKind.UNEXPLAINED
    assert "the law leaves 5 % of the field beyond the noise" in left(0.05).headline
    assert of(left(0.05), "unexplained").state is State.BAD


def test_what_speaks_against_a_member_in_noise_is_told(summary: Summary) -> None:
    fame = HallOfFame((Entry(KDV, np.full(8, 1e-6)),), noise=1e-6, values=1e4)
    against = replace(summary, laws=replace(fame, against=("q: k**2 acts more strongly at some times",)))
    assert against.kind is VerdictKind.MEMBER
    assert any("k**2 acts more strongly at some times" in caution for caution in cautions(against))
    assert not any("acts more strongly" in one for one in cautions(replace(summary, laws=fame)))


def test_law_with_a_term_that_may_be_0_cannot_tell(summary: Summary) -> None:
    entry = Entry(KDV, np.full(8, 1e-6), established=False)
    doubted = replace(summary, laws=HallOfFame((entry,), noise=1e-6, values=1e4))
    assert doubted.kind is VerdictKind.CANNOT_TELL
    assert "every law that was found has a term that may be 0" in cautions(doubted)[0]


def test_exact_law_beats_persistence(summary: Summary) -> None:
    assert replace(summary, errors={**summary.errors, "law": errors(0.0)}).kind is VerdictKind.MEMBER


def test_test_data_decide_over_data_that_the_law_was_found_on(summary: Summary) -> None:
    entry = Entry(KDV, np.full(8, 1e-6))
    doubted = replace(summary, laws=HallOfFame((entry,), noise=1e-6, values=1e4))
    assert doubted.kind is VerdictKind.MEMBER
    poor = replace(summary.fit, share=0.3, std_error=0.01)
    assert replace(doubted, fit=poor).kind is VerdictKind.UNEXPLAINED


def test_long_equation_is_shown_by_its_factors(summary: Summary) -> None:
    powers = Factor(tuple(u**n for n in range(3, 9)), (1.0,) * 6)
    law = Law(F=powers, q=Factor.of(k**2 + k**4), m=Factor.of(k**2 + k**4))
    terms = tuple(equation_terms(law))
    assert 26 <= len(terms) <= 50
    seen = replace(summary, law=law, terms=terms)
    assert any(f"the equation has {len(terms)} terms" in caution for caution in cautions(seen))
    assert equation_text(law).startswith("u_t = -(M + W) dV/du with F = ")
    assert equation_latex(law) == r"u_{t} = -(M + W) \, \delta V / \delta u"
    assert len(term_lines(law)) == 1 + len(terms)
    assert equation_text(KDV) == "u_t = -u_xxx - 6 u u_x"


def test_wrong_exponent_is_doubtful(summary: Summary) -> None:
    seen = replace(summary, step=replace(summary.step, exponent=2.0))
    assert of(seen, "energy change of one step").state is State.DOUBTFUL


def test_page_of_markdown_says_the_same(summary: Summary) -> None:
    making = Making("mesoscribe run '<b>kdv</b>' --seed 0", 0, {}, {"fit": 1.0})
    noted = replace(summary, notes=("dropped <i>u</i>",))
    text = report_markdown(noted, making, LOOK_FOR)
    for check in checks(summary):
        assert f"| {check.sign} | {check.name} |" in text
    for words in ("$$u_{t} = - u_{xxx} - 6 u u_{x}$$", "| persistence |", "figures/errors.png", "2605.16211"):
        assert words in text
    assert "<b>" not in text
    assert "<i>" not in text
    known = report_markdown(replace(summary, truth=Law(F=Factor.of(u**4), w=Factor.of(k))), making, {})
    assert "| u\\*\\*2\\*u\\_x | absent | -12 |" in known


def test_lights_differ_in_sign_not_in_colour_alone() -> None:
    assert len(set(SIGNS.values())) == len(State)
    css = (TEMPLATES / "report.css.j2").read_text()
    assert all(f".light.{state}" in css for state in State)
    assert "prefers-color-scheme: dark" in css
    assert "@media print" in css
