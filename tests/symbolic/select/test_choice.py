"""The choice among laws: a term pays or goes, chance decides nothing, and all comes back from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mesoscribe.diagnostics.pages.plots import pareto_figure
from mesoscribe.diagnostics.pages.style import svg
from mesoscribe.symbolic.law.canonical import canonical_law
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import Entry, HallOfFame
from tests.support.laws import LAWS

CLUSTERS, VALUES = 8, 8000.0
SCATTER = np.exp(0.02 * np.random.default_rng(0).normal(size=CLUSTERS))  # of clusters, that all laws share


def law(terms: int, leading: float = 1.0) -> Law:
    """A law with so many coefficients that data determine."""
    powers = range(3, terms + 2)
    return Law(F=Factor.of(sum((u**p for p in powers), 0 * u)), q=Factor.of(k**2), m=Factor.of(leading))


def entry(terms: int, squared: float, *, scatter: np.ndarray | float = 1.0, admissible: bool = True) -> Entry:
    """A law with so many coefficients and mean squared held-out misfit."""
    held_out = SCATTER * scatter
    return Entry(law(terms), squared * held_out / held_out.mean(), admissible)


def fame(*entries: Entry, noise: float = 0.0, pays: float = 1.5) -> HallOfFame:
    return HallOfFame(entries, noise, VALUES, pays)


def terms(laws: HallOfFame) -> int:
    return laws.chosen.terms


@pytest.mark.parametrize(("factor", "chosen"), [(1.45, 3), (1.55, 4), (100.0, 4)])
def test_on_clean_data_a_term_stays_if_it_makes_the_error_so_much_smaller(factor: float, chosen: int) -> None:
    assert terms(fame(entry(3, (factor * 1e-3) ** 2), entry(4, 1e-6))) == chosen


@pytest.mark.parametrize(("factor", "chosen"), [(2.2, 3), (2.3, 5)])
def test_two_terms_must_pay_for_both(factor: float, chosen: int) -> None:
    laws = fame(entry(3, (factor * 1e-3) ** 2), entry(4, (factor * 0.999e-3) ** 2), entry(5, 1e-6))
    assert terms(laws) == chosen


def test_no_law_is_judged_by_the_last_one() -> None:
    """A chain of steps each of which costs little is not taken, where all together cost much."""
    chain = [entry(n, 1e-6 * 1.4 ** (2 * (8 - n))) for n in range(3, 9)]
    assert terms(fame(*chain)) == 3
    assert terms(fame(*chain[:1], *chain[3:], entry(9, 1e-11))) == 9


@pytest.mark.parametrize("pays", [1.0, 1.2, 3.0])
def test_price_of_a_term_is_the_users(pays: float) -> None:
    for factor, chosen in ((1.02 * pays, 4), (0.98 * pays, 3)):
        assert terms(fame(entry(3, (factor * 1e-3) ** 2), entry(4, 1e-6), pays=pays)) == chosen


def test_in_noise_significance_decides() -> None:
    """A term is worth 5 % of what noise leaves, and is certain or not."""
    best = entry(4, 1.0)
    assert terms(fame(entry(3, 1.05), best, noise=1.0)) == 4
    assert terms(fame(entry(3, 1.05), replace(best, established=False), noise=1.0)) == 3
    assert terms(fame(entry(3, 1.0001), best, noise=1.0)) == 3


def test_errors_beyond_the_noise_count_no_noise() -> None:
    laws = fame(entry(3, 1.5), entry(4, 1.1), entry(5, 1.0), noise=1.0)
    assert laws.errors[2] == pytest.approx(math.sqrt(5 / VALUES))
    assert laws.errors[0] ** 2 - laws.errors[2] ** 2 == pytest.approx(0.5)
    assert laws.errors[1] ** 2 - laws.errors[2] ** 2 == pytest.approx(0.1)
    np.testing.assert_allclose(laws.scores, np.log(laws.errors) + np.array([3, 4, 5]) * np.log(1.5))


def test_order_of_laws_and_unit_of_fields_change_nothing() -> None:
    entries = [entry(3, 1.2), entry(4, 1.0), entry(5, 0.9999), entry(2, 5.0)]
    laws = fame(*entries, noise=0.9)
    assert terms(fame(*reversed(entries), noise=0.9)) == terms(laws)
    scaled = [replace(one, held_out=1e-3 * one.held_out) for one in entries]
    assert terms(fame(*scaled, noise=0.9e-3)) == terms(laws)


def test_law_that_gains_energy_or_was_lost_is_never_chosen() -> None:
    lost = Entry(law(2), np.full(CLUSTERS, np.inf), admissible=False)
    laws = fame(lost, entry(3, 1e-12, admissible=False), entry(4, 1e-6), entry(5, 0.9e-6))
    assert terms(laws) == 4
    assert math.isinf(laws.errors[1])


def test_law_with_a_term_that_may_be_0_is_chosen_only_where_there_is_no_other() -> None:
    doubtful = replace(entry(4, 1e-12), established=False)
    assert terms(fame(entry(3, 1e-6), doubtful)) == 3
    assert terms(fame(entry(3, 1e-6, admissible=False), doubtful)) == 4
    assert terms(fame(replace(entry(3, 1e-6), established=False), doubtful)) == 4


def test_laws_that_one_doubtful_term_keeps_from_winning_are_known() -> None:
    """They, without it, are where a search goes on; a doubtful law that is no better is not."""
    better, worse = (replace(entry(4, x), established=False) for x in (1e-12, 1e-6))
    assert fame(entry(3, 1e-6), better).doubted == (1,)
    assert fame(entry(3, 1e-6), worse).doubted == ()
    assert fame(entry(3, 1e-6), replace(better, admissible=False)).doubted == ()
    assert fame(better).doubted == ()


def test_rounding_pays_for_nothing() -> None:
    assert terms(fame(entry(3, 1e-17), entry(4, 1e-20))) == 3


FAME = fame(entry(5, 1.05e-6), entry(3, 1e-4), entry(4, 1e-6), entry(2, 1.0), entry(4, 2e-6))


def test_front_is_what_no_law_with_as_few_terms_beats() -> None:
    assert [FAME.entries[i].terms for i in FAME.front] == [2, 3, 4]
    assert FAME.front[-1] == FAME.best == 2


def test_another_law_can_be_picked_and_left_to_the_rule_again() -> None:
    picked = FAME.picking(2)
    assert (picked.chosen, picked.best) == (FAME.entries[1], FAME.best)
    assert "Law 2 was picked; the rule chose 3." in picked.rule
    assert picked.picking(3) == FAME
    assert "picked" not in FAME.rule
    for number in (0, 6, -1):
        with pytest.raises(ValueError, match=f"expected a law from 1 to 5, got {number}"):
            FAME.picking(number)


def test_what_is_printed_is_what_was_computed() -> None:
    head, *rows = str(FAME).splitlines()
    assert head.split() == ["law", "terms", "E", "score", "equation"]
    for i, row in enumerate(rows):
        number, n, error, score, equation = row.replace(">", " ").split(maxsplit=4)
        assert (int(number), int(n)) == (i + 1, FAME.entries[i].terms)
        assert float(error) == pytest.approx(FAME.errors[i], rel=1e-2)
        assert float(score) == pytest.approx(FAME.scores[i], abs=0.01)
        assert equation.startswith("u_t = ")
    assert [row.startswith(">") for row in rows] == [i == FAME.best for i in range(5)]
    assert str(FAME.picking(1)).splitlines()[1].startswith(">")
    assert "1.5 times smaller" in FAME.rule


def test_laws_come_back_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "laws.json"
    lost = Entry(law(2), np.array([np.inf, *SCATTER[1:]]), admissible=False)
    doubtful = replace(FAME, entries=(*FAME.entries, replace(entry(6, 1e-12), established=False)))
    told = replace(FAME, doubles=("q: 1 could as well be k**2",), against=("q: 1 acts more strongly",))
    lossy = replace(FAME, entries=(lost, *FAME.entries), noise=1e-7)
    for laws in (FAME, FAME.picking(1), doubtful, lossy, told):
        laws.save(path)
        again = HallOfFame.load(path)
        assert [one.law for one in again.entries] == [one.law for one in laws.entries]
        for one, other in zip(again.entries, laws.entries, strict=True):
            np.testing.assert_array_equal(one.held_out, other.held_out)
        assert (again.at, again.picked, again.best) == (laws.at, laws.picked, laws.best)
        assert (again.noise, again.values, again.pays) == (laws.noise, laws.values, laws.pays)
        assert (again.doubles, again.against) == (laws.doubles, laws.against)
        assert json.loads(path.read_text())["chosen"] == laws.at
        assert str(again) == str(laws)


@pytest.mark.parametrize("name", ["KdV", "mixed", "gradient coefficient"])
def test_laws_are_kept_in_canonical_form_with_their_errors(name: str, tmp_path: Path) -> None:
    canonical = canonical_law(LAWS[name])
    n, scale = len(canonical.parameters), [3.0 if p[0] in "mw" else 1 / 3 for p in canonical.parameters]
    raw = canonical.with_values(canonical.values() * scale, 1e-6 * np.eye(n))
    last = canonical.with_values(canonical.values(), 1e-8 * np.eye(n))
    laws = HallOfFame((Entry(raw, SCATTER), Entry(raw, 0.1 * SCATTER)), 0.0, VALUES)
    path = tmp_path / "laws.json"
    laws.with_law(last, 1e-3).save(path)
    one, two = (entry.law for entry in HallOfFame.load(path).entries)
    assert two == last
    assert one.coefficients == pytest.approx(canonical.coefficients, rel=1e-12)
    assert canonical_law(one) == one
    assert one.covariance is not None
    rate = next(i for i, (factor, _) in enumerate(one.parameters) if factor in "mw")
    assert np.array(one.covariance)[rate, rate] >= (1e-3 * one.values()[rate]) ** 2


def forged(change: Callable[[Any], object]) -> Callable[[Any], Any]:
    """A file that was changed by hand."""

    def changed(content: Any) -> Any:
        change(content)
        return content

    return changed


FORGED: dict[str, Callable[[Any], Any]] = {
    "a number": lambda content: 3,
    "nothing": lambda content: {},
    "no laws": forged(lambda c: c.update(laws=[])),
    "noise that is none": forged(lambda c: c.update(noise=math.nan)),
    "negative noise": forged(lambda c: c.update(noise=-1.0)),
    "no values": forged(lambda c: c.update(values=0)),
    "a price below 1": forged(lambda c: c.update(pays=0.5)),
    "a text": forged(lambda c: c.update(pays="much")),
    "a law that is not there": forged(lambda c: c.update(picked=17)),
    "a picked name": forged(lambda c: c.update(picked="best")),
    "no clusters": forged(lambda c: [row.update(held_out=[]) for row in c["laws"]]),
    "a negative square": forged(lambda c: c["laws"][0]["held_out"].__setitem__(0, -1.0)),
    "a square that is none": forged(lambda c: c["laws"][0]["held_out"].__setitem__(0, math.nan)),
    "a formula to evaluate": forged(lambda c: c["laws"][0]["law"]["F"][0].update(term="__import__('os')")),
    "an infinite coefficient": forged(lambda c: c["laws"][0]["law"]["F"][0].update(value=math.inf)),
    "a huge number": forged(lambda c: c.update(values=10**400)),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_file_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "laws.json"
    FAME.save(path)
    path.write_text(json.dumps(FORGED[name](json.loads(path.read_text()))))
    with pytest.raises(ValueError, match="expected the laws of a distillation in .*; distil again"):
        HallOfFame.load(path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00"])
def test_something_else_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "laws.json"
    with pytest.raises(ValueError, match="expected the laws of a distillation"):
        HallOfFame.load(path)
    path.write_text(text)
    with pytest.raises(ValueError, match="expected the laws of a distillation"):
        HallOfFame.load(path)


def test_figure_marks_the_choice_and_shows_every_law_once() -> None:
    laws = fame(*FAME.entries, entry(7, 1.0, admissible=False))
    (axes,) = pareto_figure(laws.picking(1)).axes
    lines = {line.get_label(): np.asarray(line.get_xydata()) for line in axes.lines}
    np.testing.assert_allclose(lines["chosen"], [[5.0, laws.errors[0]]])
    assert sorted(lines["tried"][:, 0]) == [2.0, 3.0, 4.0, 4.0, 5.0]
    assert [x for x, _ in lines["lost"]] == [7.0]
    np.testing.assert_allclose(lines["front"], [[FAME.entries[i].terms, FAME.errors[i]] for i in FAME.front])


def test_choice_that_was_lost_still_has_a_figure() -> None:
    lost = fame(Entry(law(2), np.full(CLUSTERS, np.inf), admissible=False))
    assert np.isinf(lost.errors).all()
    assert lost.best == 0
    assert svg(pareto_figure(lost))
    assert svg(pareto_figure(fame(lost.entries[0], entry(3, 1e-6)).picking(1)))
