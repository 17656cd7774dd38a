"""The engine that carries a law forward in time in a browser: JavaScript that needs nothing else."""

from __future__ import annotations

from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"
ENGINE = ("fourier", "formula", "member", "stepper", "simulator")  # each needs those before it


def engine() -> str:
    """The scripts of the engine, one after the other; the last one defines `Simulator`."""
    return "\n".join((SCRIPTS / f"{name}.js").read_text("utf-8") for name in ENGINE)
