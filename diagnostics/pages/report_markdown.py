"""The report as Markdown, for a notebook, a repository or a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mesoscribe.diagnostics.judge.cautions import cautions
from mesoscribe.diagnostics.judge.checks import checks
from mesoscribe.diagnostics.judge.summary import Making, Summary
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.pages.cite import CITED, bibtex
from mesoscribe.diagnostics.pages.tables import NOTHING, conserved_rows, error_rows, fame_rows
from mesoscribe.symbolic.export.markdown import bullets, cell, table
from mesoscribe.symbolic.law.coefficient_units import coefficient_units
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.digits import plain, with_error
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.latex import equation_latex, factors_latex, potential_latex
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.plain_text import equation_text
from mesoscribe.symbolic.select.choice import HallOfFame


def report_markdown(summary: Summary, making: Making, figures: Mapping[str, tuple[str, str]]) -> str:
    """The report as a page of Markdown beside its figures.

    Args:
        summary, making: what is said.
        figures: title and what to look for of those that were drawn, by name.
    """
    name = Path(summary.data.source).name or summary.data.source
    parts = {
        "Checks": _checks(summary),
        "Equation": _formulas(summary),
        "Terms": _terms(summary),
        "Relative RMSE of roll-outs": _errors(summary),
        "What is conserved": _conserved(summary),
        "Bonds": "" if summary.bonds is None else bullets(summary.bonds.lines),
        "Hall of fame": "" if summary.laws is None else _fame(summary.laws),
        "Figures": "\n\n".join(_figures(figures)),
        "Beware": bullets(cautions(summary)),
        "How it was made": bullets(_making(summary, making)),
        "How to cite": f"{bullets(CITED)}\n\n```bibtex\n{bibtex(making.versions['mesoscribe'])}```",
    }
    head = f"# The mesoscopic equation of {cell(name)}\n\n**{summary.headline}.** "
    sections = (f"## {title}\n\n{text}\n" for title, text in parts.items() if text)
    verdict = f"{cell(summary.evidence)}\n\n{cell(str(summary.structure))}\n\n"
    return head + verdict + "\n".join(sections)


def _checks(summary: Summary) -> str:
    rows = [(check.sign, check.name, check.number, check.rule) for check in checks(summary)]
    return table([("", "check", "measured", "good"), *rows])


def _formulas(summary: Summary) -> str:
    law = summary.law
    one = complex_equation(law)
    both = [equation_latex(law), *([] if one is None else [one.latex])]
    formulas = [*both, potential_latex(law), *factors_latex(law)]
    known = [] if summary.truth is None else [f"True: {cell(equation_text(summary.truth))}"]
    return "\n\n".join([cell(equation_text(law)), *known, *(f"$${formula}$$" for formula in formulas)])


def _terms(summary: Summary) -> str:
    true = {} if summary.truth is None else {row.name: row.value for row in equation_terms(summary.truth)}
    beside = {name: plain(value) for name, value in true.items()}
    units = coefficient_units(summary.law) or ("",) * len(summary.terms)
    rows = [
        (row.name, f"{with_error(row.value, row.std_error)} {unit}".rstrip(), beside.pop(row.name, NOTHING))
        for row, unit in zip(summary.terms, units, strict=True)
    ]
    rows += [(name, "absent", value) for name, value in beside.items()]
    return table([("term", "value", "true"), *rows])


def _errors(summary: Summary) -> str:
    steps = [*map(str, NUMBERS.quoted_steps), f"last ({summary.data.n_frames - 1})"]
    return table([("step", *steps), *((name, *cells) for name, cells in error_rows(summary))])


def _conserved(summary: Summary) -> str:
    head = ("quantity", "by the law", "change in the data", "in roll-outs", "relative to", "because")
    names = ("text", "kept", "data", "law", "relative_to", "why")
    return table([head, *(tuple(row[name] for name in names) for row in conserved_rows(summary.conserved))])


def _fame(laws: HallOfFame[Law]) -> str:
    rows = [("", "law", "terms", "E", "score", "equation"), *fame_rows(laws)]
    return f"{cell(laws.rule)}\n\n{table(rows)}"


def _figures(figures: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Links to the pictures beside the page."""
    for name, (title, text) in figures.items():
        yield f"![{title}](figures/{name}.png)\n\n{text}"


def _making(summary: Summary, making: Making) -> Iterator[str]:
    if making.command is not None:
        yield f"command: {making.command}"
    if making.seed is not None:
        yield f"seed: {making.seed}"
    yield f"data: {summary.data.source}"
    yield "seconds: " + ", ".join(f"{stage} {value:.1f}" for stage, value in making.seconds.items())
    yield "versions: " + ", ".join(f"{name} {value}" for name, value in making.versions.items())
