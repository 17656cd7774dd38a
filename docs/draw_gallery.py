"""Draws docs/pictures: what docs/gallery.md shows, by the commands that stand there, and the film.

Run it after a change of either, which takes most of an hour: python docs/draw_gallery.py [NAME …]
Folders of runs stay in build/gallery; a run that is there is not made again. The film of README.md is that
of the noisy run, and the top of the report is photographed with Chromium.
"""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.mathtext import math_to_image
from PIL import Image

from mesoscribe import Law, Trajectories, simulate

DOCS = Path(__file__).resolve().parent
RUNS = DOCS.parent / "build" / "gallery"
PICTURES = DOCS / "pictures"
SHOT = ("chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1000,760")
WIDTH, COLOURS = 820, 255
LINE = 4  # terms of an equation on a line
GREY, ORANGE = "#8a8f98", "#d55e00"
FILM = "noisy"  # the run that README.md shows moving
DATA_PICTURES, LAW_PICTURES, PAUSE, HOLD = 22, 44, 8, 25
MILLISECONDS = 70


def commands() -> dict[str, list[list[str]]]:
    """The commands of the gallery, by the folder of the run that they lead to or use."""
    found: dict[str, list[list[str]]] = {}
    for line in re.findall(r"^ {4}(mesoscribe .*)$", (DOCS / "gallery.md").read_text(), re.M):
        parts = [shlex.split(part)[1:] for part in line.split(" && ")]
        last = parts[-1]
        found.setdefault(last[last.index("--out") + 1] if "--out" in last else last[1], []).extend(parts)
    return found


def carry_out(name: str, lines: list[list[str]]) -> None:
    """Make a run as a reader would, unless it is there."""
    RUNS.mkdir(parents=True, exist_ok=True)
    for words in lines:
        left = RUNS / name / ("scaling.html" if words[0] == "scaling" else "metrics.json")
        if not left.exists():
            subprocess.run([sys.executable, "-m", "mesoscribe", *words], cwd=RUNS, check=True)


def small(picture: Image.Image, path: Path) -> None:
    """Write a picture no wider than WIDTH in few colours."""
    picture = picture.convert("RGB")
    if picture.width > WIDTH:
        picture = picture.resize(
            (WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS
        )
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def terms(law: Law) -> list[str]:
    """The equation in LaTeX, cut before each sign, with a space in products."""
    return re.split(r"(?= [+-] )", law.latex().replace("u u_", "u\\, u_").replace("= - ", "= -"))


def equation(law: Law) -> Iterator[Image.Image]:
    """The equation of a law as pictures, one for each line of a few terms."""
    every = terms(law)
    for at in range(0, len(every), LINE):
        buffer = io.BytesIO()
        line = "".join(every[at : at + LINE])
        math_to_image(f"${line}$", buffer, dpi=155, format="png", color="#24292f")
        yield Image.open(buffer).convert("RGBA")


def picture(name: str) -> None:
    """Data, law and their difference of a run, below the equation that was found."""
    fields = Image.open(RUNS / name / "figures" / "pictures.png").convert("RGB")
    lines = list(equation(Law.load(RUNS / name / "law.json")))
    below = 20 + sum(line.height + 8 for line in lines)
    whole, top = Image.new("RGB", (fields.width, fields.height + below), "white"), 10
    for line in lines:
        whole.paste(line, ((whole.width - line.width) // 2, top), line)
        top += line.height + 8
    whole.paste(fields, (0, below))
    small(whole, PICTURES / f"{name}.png")


def photograph(page: Path, to: Path) -> None:
    """The top of a page as a reader sees it."""
    shot = RUNS / "shot.png"
    subprocess.run([*SHOT, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True)
    small(Image.open(shot), to)


class Scene:
    """A figure of noisy data and a law's solution that is photographed again and again.

    Args:
        data, law: a trajectory that the law did not see, and the law.
    """

    def __init__(self, data: Trajectories, law: Law) -> None:
        self.u, (self.x,), self.t = data.u[0], data.domain.coordinates, data.t
        self.predicted = law.simulate(self.u[0], self.t)
        self.figure = Figure(figsize=(7.6, 3.0), dpi=100)
        panel = self.figure.add_axes((0.07, 0.16, 0.9, 0.62))
        (self.dots,) = panel.plot(self.x[::2], self.u[0, ::2], ".", color=GREY, markersize=5)
        (self.line,) = panel.plot([], [], color=ORANGE, linewidth=2)
        low, high = self.u.min() - 0.3, self.u.max() + 0.3
        panel.set(xlabel="x", ylabel="u", xlim=(0, data.domain.lengths[0]), ylim=(low, high))
        panel.spines[["top", "right"]].set_visible(False)
        self.text = self.figure.text(0.07, 0.87, "", fontsize=17)
        self.clock = self.figure.text(0.97, 0.03, "", fontsize=11, ha="right", color=GREY)

    def shot(self, frame: int, formula: str, *, law: bool) -> Image.Image:
        """One picture: the data of a frame, a formula, and the law's solution if it is there yet."""
        self.dots.set_ydata(self.u[frame, ::2])
        self.line.set_data(*((self.x, self.predicted[frame]) if law else ([], [])))
        self.text.set_text(f"${formula}$")
        self.clock.set_text(f"t = {self.t[frame]:.3f}   dots: data" + (", line: law" if law else ""))
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png")
        return Image.open(buffer).convert("RGB").quantize(16, dither=Image.Dither.NONE)


def film(name: str, data: Trajectories) -> None:
    """Noisy data, the equation term by term, and the law's solution from the first frame of the data."""
    law = Law.load(RUNS / name / "law.json")
    scene, parts = Scene(data, law), terms(law)
    first = np.linspace(0, data.n_frames // 3, DATA_PICTURES).astype(int)
    shots = [scene.shot(frame, "u_t =\\ ?", law=False) for frame in first]
    for i in range(len(parts)):
        shots += [scene.shot(0, "".join(parts[: i + 1]), law=False)] * PAUSE
    last = np.linspace(0, data.n_frames - 1, LAW_PICTURES).astype(int)
    shots += [scene.shot(frame, "".join(parts), law=True) for frame in last]
    shots += shots[-1:] * HOLD
    how = {"save_all": True, "append_images": shots[1:], "duration": MILLISECONDS, "loop": 0}
    shots[0].save(PICTURES / "film.gif", **how, optimize=True)


def main(names: list[str]) -> None:
    """Everything, or the pictures of some runs."""
    PICTURES.mkdir(exist_ok=True)
    for name, lines in commands().items():
        if names and name not in names:
            continue
        carry_out(name, lines)
        picture(name)
        if any(words[0] == "scaling" for words in lines):
            photograph(RUNS / name / "report.html", PICTURES / "report.png")
            small(Image.open(RUNS / name / "figures" / "scaling.png"), PICTURES / "scaling.png")
        if name == FILM:
            film(name, simulate("kdv", 8, seed=0, noise=0.05).split(seed=0).test)  # as in its command


if __name__ == "__main__":
    main(sys.argv[1:])
