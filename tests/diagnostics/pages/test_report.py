"""The report: complete, self-contained, escaped, the same every time, visible in a browser."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from mesoscribe import report
from mesoscribe.diagnostics.judge.cautions import cautions
from mesoscribe.diagnostics.judge.examine import examine
from mesoscribe.diagnostics.judge.metrics import metrics as metrics_of
from mesoscribe.diagnostics.judge.summary import Making
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.diagnostics.pages.captions import FAME as FAME_FIGURES
from mesoscribe.diagnostics.pages.captions import LOOK_FOR, SCALING
from mesoscribe.diagnostics.pages.opening import statement
from mesoscribe.diagnostics.pages.report import figures
from mesoscribe.diagnostics.pages.style import inlined
from mesoscribe.diagnostics.pages.tables import error_rows, term_rows
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.learn.imitate import build
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.learn.record import FitRecord
from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.search import warm_start
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law.factor import Factor, k, kx, ky, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from tests.support.examples import random_model
from tests.support.laws import famous
from tests.support.pages import Page, parsed

POINTS, FRAMES = 32, 26
HOSTILE = "<script>alert(1)</script>\"'><img src=http://evil.example/x>&.npz"
SECTIONS = ["equation", "verdict", "warnings", "watch", "try", "terms", "fame", "errors", "checks", "figures"]
SECTIONS += ["factors", "class-test", "gauge", "scaling", "support", "making", "cite", "words"]
FIGURES = {*LOOK_FOR, *SCALING, *FAME_FIGURES}
TRUTH = Law(F=Factor.of(u**3), q=Factor.of(-(k**2)), w=Factor.of(k))
FOUND = TRUTH.with_values(np.array([1.001, -1.0005, 1.0]), np.diag([1e-8, 4e-8, 0.0]))

FAME = famous((2, 0.3), (3, 1.1e-6), (4, 1e-6), (5, 9e-7), (5, 2e-6), (7, np.inf))


@dataclass(frozen=True)
class Case1D:
    """A network from its warm start, with its record, and the data that it is judged on."""

    model: OnsagerModel
    split: Split


@pytest.fixture(scope="module")
def case() -> Case1D:
    """KdV on a few points."""
    domain = Domain((POINTS,), (2 * np.pi,))
    x = domain.coordinates[0]
    phase = np.random.default_rng(0).uniform(0, 7, (6, 2, 1))
    u0 = np.cos(x + phase[:, 0]) + 0.5 * np.cos(2 * x + phase[:, 1])
    t = 4e-3 * np.arange(FRAMES)
    data = Trajectories.from_arrays(TRUTH.simulate(u0, t), t, x, layout="ntx", source=HOSTILE)
    split = data.split(0)
    warm = warm_start(split.train, split.validation)
    model = build(warm, split.train)
    model.record = FitRecord(
        Verdict.of(warm.evidence), ((0, 1e-3),), 0, 0, 1, False, {"factorise": 0.5, "fit": 1.5}
    )
    return Case1D(model, split)


@dataclass(frozen=True)
class Notes:
    """What a distillation says."""

    notes: tuple[str, ...] = ("dropped <b>u**5</b>: it explains 1e-9 of F'",)
    laws: HallOfFame | None = FAME


def write(case: Case1D, out: Path) -> Path:
    """A report with everything in it."""
    return report(
        case.model,
        FOUND,
        case.split.test,
        out,
        truth=TRUTH,
        distillation=Notes(),
        seconds={"distill": 2.0, "refine": 3.0},
        split=case.split.as_dict(),
        command=f"mesoscribe run '{HOSTILE}' --seed 0",
        seed=0,
    )


@pytest.fixture(scope="module")
def out(case: Case1D, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report."""
    return write(case, tmp_path_factory.mktemp("report") / "run").parent


@pytest.fixture(scope="module")
def page(out: Path) -> Page:
    """The page, parsed."""
    return parsed(out / "report.html")


def test_page_is_well_formed_and_has_its_sections_in_order(page: Page) -> None:
    assert page.open == []
    ids = page.values("id")
    assert [i for i in ids if i in SECTIONS] == SECTIONS
    assert len(ids) == len(set(ids))


def test_page_fetches_nothing_and_runs_what_its_policy_names(page: Page) -> None:
    page.check_self_contained()
    assert len(page.scripts) == 1


def test_names_from_outside_are_escaped(out: Path, page: Page) -> None:
    html = (out / "report.html").read_text()
    assert re.findall("<script[^>]*", html) == [
        '<script type="application/json" id="film"',
        '<script type="application/json" id="live"',
        "<script",
    ]
    assert "<img" not in html
    assert "<b>" not in html
    assert HOSTILE in page.text
    assert Notes().notes[0] in page.text


def test_page_says_what_was_found(page: Page) -> None:
    assert sum(tag == "math" for tag, _ in page.elements) > 6
    assert sum(tag == "svg" for tag, _ in page.elements) == len(FIGURES) - 1
    assert "In the class; conservative law" in page.text
    assert "It predicts the held-out trajectory to " in page.text
    assert "6 trajectories: " in page.text
    assert "|Im q|/|q|" in page.text
    assert "V is conserved along every solution. V is unbounded" in page.text
    assert FAME.rule in page.text
    for words in ("persistence", "Casimir", "network, canonical", "distill 2.0", "numpy", "removed"):
        assert words in page.text


def test_hall_of_fame_is_shown_with_its_choice(out: Path, page: Page) -> None:
    text = (out / "report.md").read_text()
    section = text.partition("## Hall of fame")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(FAME.entries)
    assert [row[0] for row in rows] == ["| ✓" if i == FAME.best else "| " for i in range(len(rows))]
    assert [row[1:3] for row in rows] == [[str(i + 1), str(e.terms)] for i, e in enumerate(FAME.entries)]
    assert (rows[1][3], rows[-1][3]) == (f"{FAME.errors[1]:.2e}", "–")
    html = (out / "report.html").read_text()
    of_page = re.findall(r'<td class="light good">(.?)</td><td>(\d+)</td>', html)
    assert of_page == [("✓" if i == FAME.best else "", str(i + 1)) for i in range(len(rows))]
    assert all(entry.law.text in page.text for entry in FAME.entries)


def test_metrics_have_the_promised_format(case: Case1D, out: Path) -> None:
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["source"] == HOSTILE
    assert metrics["in_class"] is True
    assert metrics["verdict"].startswith("In the class; conservative law.")
    assert metrics["reasons"] == []
    assert set(metrics["seconds"]) == {"factorise", "fit", "distill", "refine", "report"}
    for errors in (metrics["persistence"], *(metrics[n]["relative_rmse"] for n in ("network", "law"))):
        assert list(errors) == ["1", "5", "20", "last"]
        assert all(isinstance(error, float) for error in errors.values())
    assert [row["term"] for row in metrics["law"]["terms"]] == ["u_xxx", "u*u_x"]
    assert all(set(row) == {"term", "value", "std_error"} for row in metrics["law"]["terms"])
    assert metrics["split"] == json.loads(json.dumps(case.split.as_dict()))


def test_pages_name_every_figure_and_no_other() -> None:
    text = (Path(__file__).resolve().parents[3] / "docs/howto/figures.md").read_text()
    assert set(re.findall(r"`figures/(\w+)\.svg`", text)) == FIGURES


def test_figures_are_written_and_nothing_half_written_is_left(out: Path) -> None:
    names = FIGURES - {"match"}  # one conservative trajectory has one energy
    assert {path.name for path in (out / "figures").iterdir()} == {
        f"{n}.{kind}" for n in names for kind in ("svg", "png")
    }
    assert {path.name for path in out.iterdir()} == {"report.html", "report.md", "metrics.json", "figures"}


def test_two_runs_give_the_same_bytes_but_for_the_seconds(case: Case1D, out: Path, tmp_path: Path) -> None:
    again = write(case, tmp_path).parent
    first, second = (json.loads((folder / "metrics.json").read_text()) for folder in (out, again))
    assert first.pop("seconds").keys() == second.pop("seconds").keys()
    assert first == second
    for path in (out / "figures").iterdir():
        assert path.read_bytes() == (again / "figures" / path.name).read_bytes()


def test_errors_of_found_coefficients_missed_and_spurious_terms_are_shown(case: Case1D) -> None:
    other = Law(F=Factor.of(u**4), q=Factor.of(-2 * k**2), w=Factor.of(k))
    rows = term_rows(examine(case.model, FOUND, case.split.test, truth=other))
    assert [(row["true"], row["error"]) for row in rows] == [
        ("-2", "5.0e-01"),
        ("–", "spurious"),
        ("-12", "missed"),
    ]


def test_model_without_record_is_said_to_be_untested(case: Case1D) -> None:
    summary = examine(case.model, FOUND, case.split.test)
    metrics = metrics_of(summary, Making())
    assert metrics["in_class"] is None
    assert "Not tested" in summary.headline
    assert metrics["split"] == {"train": None, "validation": None, "test": None}


def test_lost_law_and_short_data_are_null(case: Case1D) -> None:
    explosive = Law(F=Factor.of(-1e8 * u**4), m=Factor.of(1))
    short = case.split.test.select(frames=slice(0, 4))
    summary = examine(case.model, explosive, short)
    metrics = json.loads(json.dumps(metrics_of(summary, Making()), allow_nan=False))
    assert metrics["law"]["relative_rmse"] == {"1": None, "5": None, "20": None, "last": None}
    assert dict(error_rows(summary))["law"] == ["lost", "–", "–", "lost"]
    assert any("was lost" in warning for warning in cautions(summary))
    assert "breaks down after 0 frames of 3" in statement(summary)
    assert figures(summary).keys() == {
        "errors",
        "slope",
        "symbols",
        "pictures",
        "pictures_network",
        "energy",
        "onestep",
        "scaling",
    }


def constant(value: float) -> RolloutError:
    """An error that does not grow."""
    times = np.arange(7.0)
    return RolloutError(times, np.full(7, value), np.zeros(7))


def warned(case: Case1D, record: FitRecord | None = None, **errors: float) -> str:
    """Warnings for these errors."""
    table = {name: constant(value) for name, value in errors.items()}
    summary = examine(case.model, replace(FOUND, band=5.0), case.split.test, record=record)
    return " ".join(cautions(replace(summary, errors=table, rolled={})))


def test_warnings_name_what_is_wrong(case: Case1D) -> None:
    record = case.model.record
    assert record is not None
    assert warned(case, record, persistence=0.1, network=0.01, law=0.01) == ""
    assert warned(case, persistence=0.1, network=0.01, law=0.01) == "Not tested against the class."
    assert "network does not beat persistence at step 1 and step 5 and the last step" in warned(
        case, persistence=0.1, network=0.2, law=0.01
    )
    assert "more than 2 times worse" in warned(case, persistence=0.1, network=0.01, law=0.03)
    assert "law does not beat persistence" in warned(case, persistence=0.1, network=0.01, law=np.inf)
    record = replace(record, capped=True)
    assert "time cap" in warned(case, record, persistence=0.1, network=0.01, law=0.01)
    assert record.verdict is not None
    evidence = replace(record.verdict.evidence, ratio=50.0, z=90.0)
    outside = replace(record, verdict=Verdict.of(evidence))
    assert "nearest one, not the equation" in warned(case, outside, persistence=0.1, network=0.01, law=0.01)


def test_fields_outside_the_supported_range_are_named(case: Case1D) -> None:
    test = case.split.test
    large = Trajectories.from_arrays(3 * test.u, test.t, test.domain.coordinates[0], layout="ntx")
    words = cautions(examine(case.model, FOUND, large))
    assert any("outside the supported range" in word for word in words)


def test_walls_are_the_first_thing_to_beware_of(case: Case1D) -> None:
    test = case.split.test
    x = test.domain.coordinates[0]
    with pytest.warns(UserWarning, match="does not look periodic"):
        walls = Trajectories.from_arrays(test.u + x, test.t, x, layout="ntx")
    words = cautions(replace(examine(case.model, FOUND, test), data=walls))
    assert words[0].startswith("not periodic: the result is not to be trusted unless its boundary is given")


def test_late_start_is_reported_beside_frame_zero(case: Case1D) -> None:
    late = OnsagerModel(replace(case.model.setting, first_frame=1))
    late.load_state_dict(case.model.state_dict())
    summary = examine(late, FOUND, case.split.test)
    assert [name for name, _ in error_rows(summary)][3:] == ["network, from frame 1", "law, from frame 1"]


def test_report_in_two_dimensions(tmp_path: Path) -> None:
    model = random_model(Case.DISSIPATIVE, shape=(12, 10))
    lengths = model.setting.lengths
    law = Law(F=Factor.of(u**4), q=Factor.of(kx**2 + ky**2), m=Factor.of(1), lengths=lengths)
    domain = model.setting.domain
    x, y = (np.asarray(c) for c in domain.coordinates)
    t = 0.01 * np.arange(4)
    wave = np.cos(2 * np.pi * x / lengths[0])[:, None] * np.cos(2 * np.pi * y / lengths[1])
    data = Trajectories.from_arrays(law.simulate(np.stack([wave, 0.5 * wave]), t), t, x, y, layout="ntxy")
    html = report(model, law, data, tmp_path, truth=law).read_text()
    assert html.count("<svg") == len(FIGURES) - 1  # no hall of fame
    assert "Hall of fame" not in html + (tmp_path / "report.md").read_text()
    assert "<image" in html
    errors = json.loads((tmp_path / "metrics.json").read_text())["law"]["relative_rmse"]
    assert errors["1"] < 1e-6
    assert errors["5"] is None


def test_svg_in_a_page_has_its_own_names() -> None:
    drawing = '<?xml?><svg><g id="m" style="fill: #24292f"/><use xlink:href="#m" clip-path="url(#p)"/></svg>'
    named = (
        '<svg><g id="a-m" style="fill: currentColor"/><use xlink:href="#a-m" clip-path="url(#a-p)"/></svg>'
    )
    assert inlined(drawing, "a") == named
