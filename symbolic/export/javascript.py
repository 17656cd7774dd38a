"""The engine that carries a law forward in time in a browser: JavaScript that needs nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mesoscribe.symbolic.export.paper import comments
from mesoscribe.symbolic.law.factor import Factor
from mesoscribe.symbolic.law.law import Law

SCRIPTS = Path(__file__).parent / "scripts"
SCRIPT = """\
// Simulates in a browser, or in Node.js, a law that mesoscribe has found; needs nothing else.
//
//   simulate(u0, [256], times)                   the fields at times, from u0 at times[0]
//   new Simulator({{ law: LAW, field, shape }})    with advance(duration), change(factor, i, value), ...
//
// Fields are stored row by row; several fields {fields}one after the other.
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
LAW = ("F", "N", "lengths", "centre", "band", "hold")  # as in law.json
ENGINE = (
    "fourier",
    "walls",
    "formula",
    "symbols",
    "member",
    "stepper",
    "simulator",
)  # each needs those before it


def engine() -> str:
    """The scripts of the engine, one after the other; the last one defines `Simulator`."""
    return "\n".join((SCRIPTS / f"{name}.js").read_text("utf-8") for name in ENGINE)


def law_data(law: Law) -> dict[str, Any]:
    """What the engine takes: law.json, and the entries of the n×n symbols that terms of q, m, w stand for."""
    content = json.loads(law.json())
    symbols = {name: _symbol_rows(law, name) for name in "qmw"}
    kept = {name: content[name] for name in LAW if name in content}
    walls = {"parities": [[int(sign) for sign in row] for row in law.parities]} if law.parities else {}
    return {"fields": [str(field) for field in law.unknowns], **walls, **kept, **symbols}


def _symbol_rows(law: Law, name: str) -> list[dict[str, Any]]:
    """The coefficient of each term of q, m or w, and where s(k) stands; times i where it is odd."""
    factor: Factor = getattr(law, name)
    return [
        {
            "value": value,
            "entries": [{**asdict(e), "symbol": str(e.symbol)} for e in law.entries(name, term)],
        }
        for value, term in zip(factor.values, factor.terms, strict=True)
    ]


def javascript(law: Law) -> str:
    """A script that simulates the law, in a browser or in Node.js."""
    fields = f"({', '.join(law.fields)}) " if law.several else ""
    notes = (f"// {line.removeprefix('# ')}" for line in comments(law).splitlines())
    return SCRIPT.format(
        notes="\n".join(notes), engine=engine(), fields=fields, law=json.dumps(law_data(law), indent=1)
    )
