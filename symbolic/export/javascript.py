"""The engine that carries a law forward in time in a browser: JavaScript that needs nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from mesoscribe.symbolic.export.paper import comments
from mesoscribe.symbolic.law.law import Law

SCRIPTS = Path(__file__).parent / "scripts"
SCRIPT = """\
// Simulates in a browser, or in Node.js, a law that mesoscribe has found; needs nothing else.
//
//   simulate(u0, [256], times)                   the fields at times, from u0 (row by row) at times[0]
//   new Simulator({{ law: LAW, field, shape }})    with advance(duration), change(factor, i, value), ...
//
// Numbers of points are powers of two. In Node.js: const {{ simulate }} = require("./law.js")
{notes}
{engine}
const LAW = {law};

/** Fields at increasing times, from a field u0 on the points of the box at times[0]. */
function simulate(u0, shape, times) {{
  const simulator = new Simulator({{ law: LAW, field: u0, shape }}), fields = [Float64Array.from(u0)];
  for (let i = 1; i < times.length; i++) {{
    simulator.advance(times[i] - times[i - 1]);
    if (simulator.lost) throw new Error(`expected a solution, but it is lost before t = ${{times[i]}}`);
    fields.push(Float64Array.from(simulator.field));
  }}
  return fields;
}}

if (typeof module !== "undefined") module.exports = {{ LAW, Simulator, simulate }};
"""
LAW = ("F", "q", "m", "w", "N", "lengths", "centre", "band", "hold")
ENGINE = ("fourier", "formula", "member", "stepper", "simulator")  # each needs those before it


def engine() -> str:
    """The scripts of the engine, one after the other; the last one defines `Simulator`."""
    return "\n".join((SCRIPTS / f"{name}.js").read_text("utf-8") for name in ENGINE)


def law_data(law: Law) -> dict[str, object]:
    """What the engine reads of law.json.

    Raises:
        ValueError: the law has several fields.
    """
    if law.several:
        raise ValueError(
            f"expected a law of one field for JavaScript, got one of {', '.join(law.fields)}; export to numpy"
        )
    content = json.loads(law.json())
    return {name: content[name] for name in LAW if name in content}


def javascript(law: Law) -> str:
    """A script that simulates the law, in a browser or in Node.js.

    Raises:
        ValueError: the law has several fields.
    """
    notes = (f"// {line.removeprefix('# ')}" for line in comments(law).splitlines())
    return SCRIPT.format(notes="\n".join(notes), engine=engine(), law=json.dumps(law_data(law), indent=1))
