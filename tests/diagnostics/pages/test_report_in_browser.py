"""The report as a reader has it: in a real browser, on a phone, in print, with its film and its simulator."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest

from mesoscribe.symbolic.law.law import Law
from tests.support.browser import Browser, browsing


@pytest.fixture(scope="module")
def seen(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The report in a browser."""
    with browsing(tmp_path_factory.mktemp("browser")) as browser:
        browser.open(finished_run / "out" / "report.html")
        yield browser


@pytest.fixture(scope="module")
def law(finished_run: Path) -> Law:
    """What was found."""
    return Law.load(finished_run / "out" / "law.json")


def test_browser_shows_the_equation_first_and_complains_of_nothing(seen: Browser) -> None:
    assert seen.complaints == []
    assert seen.requests == []
    top, bottom = seen.value(
        "(({top, bottom}) => [top, bottom])(document.querySelector('#equation math').getBoundingClientRect())"
    )
    assert 0 < top < bottom < 700
    picture = matplotlib.image.imread(io.BytesIO(seen.photograph()))
    assert 0.002 < (picture[..., :3].mean(-1) < 0.5).mean() < 0.5


def test_nothing_scrolls_sideways_on_a_phone(seen: Browser) -> None:
    seen.resize(420)
    assert seen.value("document.documentElement.scrollWidth") <= 420
    seen.resize(1280)


def test_film_plays_and_follows_its_slider(seen: Browser) -> None:
    seen.value("scrollTo(0, document.getElementById('watch').offsetTop)")
    seen.value("player.play(true)")
    first = seen.value("player.at")
    assert seen.value("new Promise((done) => setTimeout(() => done(player.at), 300))") != first
    seen.value("player.slider.value = 5; player.slider.dispatchEvent(new Event('input'))")
    assert seen.value("[player.playing, player.at]") == [False, 5]
    assert seen.value("player.label.textContent") == "t = 0.005"


def test_reader_runs_the_law_changes_it_and_begins_again(seen: Browser, law: Law) -> None:
    click, at = "laboratory.parts.{}.click()", "laboratory.simulator.time"
    seen.value("scrollTo(0, document.getElementById('try').offsetTop)")
    seen.value(click.format("play"))
    assert seen.value(f"new Promise((done) => setTimeout(() => done({at}), 400))") > 0
    seen.value(click.format("play"))
    slider = "laboratory.sliders[0]"
    seen.value(f"{slider}.value = 1.5; {slider}.dispatchEvent(new Event('input'))")
    assert seen.value("laboratory.simulator.coefficients('F')[0]") == pytest.approx(1.5 * law.F.values[0])
    assert "150" in seen.value("document.querySelector('.now').textContent")
    seen.value(click.format("restore"))
    seen.value(click.format("reset"))
    assert seen.value(at) == 0
    before = seen.value("[...laboratory.simulator.field]")
    box = seen.value("(({left, top}) => [left, top])(laboratory.canvases[0].getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        where = {"x": box[0] + 300, "y": box[1] + 20, "button": "left", "buttons": 1, "clickCount": 1}
        seen.ask("Input.dispatchMouseEvent", type=kind, **where)
    assert max(np.subtract(seen.value("[...laboratory.simulator.field]"), before)) > 0.1
    assert seen.complaints == []


def test_print_has_no_controls_and_all_details(seen: Browser) -> None:
    seen.media("print")
    assert seen.value("document.getElementById('try').offsetHeight") == 0
    assert seen.value("document.querySelector('#gauge dl').getBoundingClientRect().height") > 0
    seen.media()


def test_buttons_copy_the_equation(seen: Browser, law: Law) -> None:
    texts = seen.value(
        "[...document.querySelectorAll('[data-copy]')].map((b) => b.hidden ? '' : b.dataset.copy)"
    )
    assert texts[0] == law.latex()
    assert texts[2] == law.text
    made: dict[str, Any] = {}
    exec(texts[1], made)
    assert set(map(str, made["equation"].rhs.as_coefficients_dict())) == set(
        map(str, law.equation.rhs.as_coefficients_dict())
    )
