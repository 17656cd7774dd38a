"""What was found, as a notebook shows it: equation, verdict, coefficients, errors."""

from __future__ import annotations

from markupsafe import Markup

from mesoscribe.diagnostics.judge.cautions import cautions
from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.pages.opening import light
from mesoscribe.diagnostics.pages.tables import error_rows, mathml, step_names
from mesoscribe.hybrid.data.arrays import counted
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.latex import equation_latex
from mesoscribe.symbolic.law.law import Law

COLOURS = {"good": "#1a7f37", "doubtful": "#9a6700", "bad": "#cf222e"}  # green, amber, red


def law_html(law: Law) -> Markup:
    """The equation of a law, with errors in the last digits of its coefficients; the complex one as well."""
    one = complex_equation(law)
    formulas = [equation_latex(law), *([] if one is None else [one.latex])]
    return Markup('<div style="font-size:1.4em;overflow-x:auto;overflow-y:hidden">{}</div>').format(
        Markup("").join(mathml(formula, block=True) for formula in formulas)
    )


def found_html(summary: Summary, law: Law) -> str:
    """Equation, verdict, cautions and the table of errors."""
    state, sign = light(summary.kind)
    said = cautions(summary)
    warned = Markup("").join(Markup("<li>{}</li>").format(one) for one in said)
    rows = [("error of roll-outs, step", step_names(summary)), *error_rows(summary)]
    table = Markup("").join(
        Markup("<tr><th style='text-align:left'>{}</th>{}</tr>").format(
            name, Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
        )
        for name, cells in rows
    )
    return str(
        Markup('{}<p><span style="color:{}">{}</span> {}</p>{}<table>{}</table>').format(
            law_html(law),
            COLOURS[state],
            sign,
            summary.headline,
            Markup("<details><summary>{}</summary><ul>{}</ul></details>").format(
                counted(len(said), "caution"), warned
            ),
            table,
        )
    )
