"""Runs that are killed (SIGKILL) at random moments and resumed: does every one end with the same law.json?

    python benchmarks/kills.py --kills 100

A run (fit and distillation; the report, which takes longest, changes no law) is a process forked from
this one after the imports, so that a kill falls into its work. It is killed after a time drawn evenly
from 0 to 1.2 times what is left to do, resumed, killed again and so on, until it ends before it is
killed; then the next one begins. As long as it trains, what is left to do is the training.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from mesoscribe import simulate
from mesoscribe.diagnostics.runs.folder import finished, whole
from mesoscribe.diagnostics.runs.manifest import INCOMPLETE, MANIFEST, verify
from mesoscribe.diagnostics.runs.plan import Plan
from mesoscribe.diagnostics.runs.stages import Console, distil, learn
from mesoscribe.hybrid.learn import checkpoint
from mesoscribe.hybrid.learn.checkpoint import NAME

PLAN: dict[str, Any] = {"steps": 120, "seed": 0}
BETWEEN = 0.1  # seconds between checkpoints: the training takes one or two


def started(file: Path, out: Path) -> int:
    """The process id of a run that goes on from whatever there is in a folder."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        plan, console = Plan(str(file), {}, **PLAN), Console(True, 1)
        if not finished(out, plan, "law.json"):
            with whole(out, resume=True) as folder:
                distil(plan, folder, console, learn(plan, folder, console, "kills", distilled=True))
        status = 0
    finally:
        os._exit(status)


def ended(process: int, seconds: float) -> int | None:
    """The exit status of a process, or None if it had to be killed after some seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    return None if os.waitpid(process, 0)[1] == signal.SIGKILL else 0


def state(out: Path) -> str:
    """What a killed run has left."""
    work = out / INCOMPLETE
    if not out.exists():
        return "nothing yet"
    if (out / MANIFEST).exists():
        return "complete"
    if (work / MANIFEST).exists():
        return "moving the results"
    content = json.loads((work / "run.json").read_text()) if (work / "run.json").exists() else {}
    if "fit" in content:
        return "trained"
    return "training" if (work / "checkpoint" / NAME).exists() else "nothing yet"


def main() -> None:
    """Kill, resume, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chosen, checkpoint.SECONDS = random.Random(options.seed), BETWEEN
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        data = simulate("allen_cahn", 4, points=32, n_frames=12, dt=1e-3)
        data.save(base / "data.npz")
        began = time.monotonic()
        assert ended(started(base / "data.npz", base / "whole"), 600) == 0
        seconds = time.monotonic() - began
        fit = json.loads((base / "whole/run.json").read_text())["fit"]["seconds"]["fit"]
        law = (base / "whole/law.json").read_bytes()
        left: collections.Counter[str] = collections.Counter()
        runs = same = 0
        while sum(left.values()) < options.kills:
            out, runs = base / f"out{runs}", runs + 1
            while True:
                training = state(out) in ("nothing yet", "training")
                delay = chosen.uniform(0, 1.2 * (fit if training else seconds - fit))
                status = ended(started(base / "data.npz", out), delay)
                if status is not None:
                    break
                left[state(out)] += 1
            verify(out)
            same += status == 0 and (out / "law.json").read_bytes() == law
            print(f"{runs} runs ended, {same} with the same law.json, {dict(left)}", flush=True)
    kills = sum(left.values())
    print(f"{kills} kills, {kills} resumes, {runs} runs, {same} with the bytes of the uninterrupted law.json")
    print(f"what was left: {dict(left)}; a whole run took {seconds:.0f} s")


if __name__ == "__main__":
    main()
