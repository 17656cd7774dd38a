"""What a report costs its reader: size, time until it can be used, time of a picture of its simulator.

    OMP_NUM_THREADS=1 PYTHONPATH=. python benchmarks/report_page.py kdv/report.html allen_cahn_2d/report.html

The work of a picture is that of the browser's main thread, whatever else the machine does; the time until
the page can be used is on the clock.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.support.browser import Browser, browsing

PICTURES = 60


def thread_seconds(browser: Browser) -> float:
    """Time that the main thread of the page has worked."""
    metrics = browser.ask("Performance.getMetrics")["metrics"]
    return next(float(metric["value"]) for metric in metrics if metric["name"] == "ThreadTime")


def measured(browser: Browser, page: Path) -> str:
    """A line about a page, opened for the second time: the first one also starts the browser."""
    browser.open(page)
    browser.open(page)
    clock = browser.value("performance.getEntriesByType('navigation')[0].domComplete") / 1000
    browser.value("player.play(false)")
    pictures = f"for (let i = 0; i < {PICTURES}; i++) laboratory.tick()"
    browser.value(pictures)
    before = thread_seconds(browser)
    browser.value(f"laboratory.reset(); {pictures}")
    picture = (thread_seconds(browser) - before) / PICTURES
    points = " x ".join(map(str, browser.value("laboratory.settings.shape")))
    return (
        f"{page}: {page.stat().st_size / 1e6:.2f} MB, usable after {clock:.2f} s, "
        f"{1000 * picture:.1f} ms of work for a picture of {points} points"
    )


def main() -> None:
    """Measure some pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    pages = parser.parse_args().pages
    with tempfile.TemporaryDirectory() as folder, browsing(Path(folder) / "profile") as browser:
        browser.ask("Performance.enable", timeDomain="threadTicks")
        for page in pages:
            print(measured(browser, page.resolve()))


if __name__ == "__main__":
    main()
