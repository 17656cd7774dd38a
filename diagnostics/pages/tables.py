"""The rows of a report's tables and its formulas, as text and MathML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latex2mathml.converter import convert
from markupsafe import Markup

from mesoscribe.diagnostics.judge.summary import Summary
from mesoscribe.diagnostics.judge.verdict import quoted
from mesoscribe.diagnostics.measure.conserved import Drift
from mesoscribe.diagnostics.measure.errors import RolloutError
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.pages.opening import counted_trajectories
from mesoscribe.symbolic.law.coefficient_units import coefficient_units
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.digits import latex_number, plain, with_error
from mesoscribe.symbolic.law.equation import EquationTerm, equation_terms
from mesoscribe.symbolic.law.latex import equation_parts, factor_latex, latex, potential_latex
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.select.choice import HallOfFame
from mesoscribe.symbolic.systems.theory import TheoryRow

NOTHING = "–"
PLAIN_ABOVE = 0.01
OPERATORS = {"m": "m(k)", "w": "w(k)", "q": "q(k)"}


def mathml(formula: str, *, block: bool = False) -> Markup:
    """LaTeX that we wrote ourselves as MathML, which needs no script and no network."""
    return Markup(convert(formula, display="block" if block else "inline"))


def number(text: str) -> Markup:
    """1.2(3)e-05 as 1.2(3) × 10⁻⁵."""
    return mathml(latex_number(text))


@dataclass(frozen=True)
class Formulas:
    """The formulas of a law, for pages; each equation in parts, between which a line may end.

    Two fields with a rotation in their plane have a complex equation as well.
    """

    equations: tuple[tuple[Markup, ...], ...]
    energy: Markup
    operators: tuple[Markup, ...]

    @classmethod
    def of(cls, law: Law) -> Formulas:
        """The formulas of a law."""
        wave = {1: "k", 2: "k_x, k_y", 3: "k_x, k_y, k_z"}[law.ndim]
        operators = [
            mathml(rf"{name.replace('(k)', f'({wave})')} = {factor_latex(getattr(law, factor))}", block=True)
            for factor, name in OPERATORS.items()
        ]
        one = complex_equation(law)
        equations = [*equation_parts(law), *([] if one is None else [[one.latex]])]
        return cls(
            tuple(tuple(map(mathml, parts)) for parts in equations),
            mathml(potential_latex(law), block=True),
            tuple(operators),
        )


def _relative(value: float, true: float) -> str:
    if not true:
        return NOTHING
    return f"{abs(value - true) / abs(true):.1e}" if value != true else "0"


def term_rows(summary: Summary) -> list[dict[str, str]]:
    """Each term found, its value and error, and the true one where it is known."""
    true_terms = equation_terms(summary.truth) if summary.truth is not None else []
    true = {row.name: row for row in true_terms}
    units = coefficient_units(summary.law) or ("",) * len(summary.terms)
    rows = [
        {**_term_row(row, true.get(row.name), summary.truth is not None), "unit": unit}
        for row, unit in zip(summary.terms, units, strict=True)
    ]
    found = {row.name for row in summary.terms}
    missed = (row for row in true_terms if row.name not in found)
    absent = {"value": "absent", "error": "missed", "unit": ""}
    return rows + [{"term": _term(row), "true": plain(row.value), **absent} for row in missed]


def theory_rows(summary: Summary) -> list[dict[str, str]]:
    """Each term found beside the long-wave equation of the chain, and those of it that were not found."""
    if summary.theory is None:
        return []
    found = {row.expr: row for row in summary.terms}
    return [_theory_row(row, found.get(row.expr)) for row in summary.theory.rows]


def _theory_row(row: TheoryRow, found: EquationTerm | None) -> dict[str, str]:
    cells = {"term": mathml(latex(row.expr)), "leading": plain(row.leading)}
    if found is None or row.next_order is None:
        return {
            **cells,
            "value": "absent",
            "next_order": NOTHING,
            "difference": NOTHING,
        }
    return {
        **cells,
        "value": number(with_error(found.value, found.std_error)),
        "next_order": plain(row.next_order),
        "difference": _relative(found.value, row.next_order),
    }


def _term(row: EquationTerm) -> Markup:
    """The term, with the rate that it is part of where there are several fields."""
    return mathml(rf"{row.of}_{{t}}\colon\; {latex(row.expr)}" if row.of else latex(row.expr))


def _term_row(row: EquationTerm, true: EquationTerm | None, known: bool) -> dict[str, str]:
    error = NOTHING if true is None else _relative(row.value, true.value)
    return {
        "term": _term(row),
        "value": number(with_error(row.value, row.std_error)),
        "true": NOTHING if true is None else plain(true.value),
        "error": "spurious" if known and true is None else error,
    }


def coefficient_rows(law: Law) -> list[tuple[str, Markup, Markup]]:
    """Factor, term and value of each coefficient in canonical form."""
    rows = []
    for parameter in law.parameters:
        name, i = parameter
        factor = getattr(law, name)
        value = number(with_error(factor.values[i], factor.std_errors[i]))
        rows.append(
            (name, mathml(latex(factor.terms[i])), value + (" (fixed)" if parameter == law.scale else ""))
        )
    return rows


def error_cell(value: float | None, reached: bool) -> str:
    """An error in a table; None is one that is infinite, or of a frame that the data do not reach."""
    if value is None:
        return "lost" if reached else NOTHING
    if not value:
        return "0"
    return f"{value:.2e}" if value < PLAIN_ABOVE else f"{value:#.3g}".rstrip(".")


def step_names(summary: Summary) -> list[str]:
    """The quoted steps, heads of the columns of `error_rows`."""
    return [*map(str, NUMBERS.quoted_steps), f"last ({summary.data.n_frames - 1})"]


def error_rows(summary: Summary) -> list[tuple[str, list[str]]]:
    """Persistence, network and law at the quoted steps."""
    rows: dict[str, RolloutError] = {**summary.errors, **summary.later_errors}
    out = []
    for name, error in rows.items():
        reached = [step == "last" or int(step) <= error.last for step in quoted(error)]
        cells = [error_cell(value, r) for value, r in zip(quoted(error).values(), reached, strict=True)]
        out.append((name, cells))
    return out


def fame_rows(laws: HallOfFame[Law] | None) -> list[tuple[str, str, str, str, str, str]]:
    """Each law that was fitted: whether it is chosen, number, coefficients, error, score and equation."""
    if laws is None:
        return []
    numbers = zip(laws.errors, laws.scores, strict=True)
    return [
        (
            "✓" if i == laws.at else "",
            str(i + 1),
            str(entry.terms),
            error_cell(error, True) if entry.admissible else NOTHING,
            f"{score:.2f}" if entry.admissible else NOTHING,
            entry.law.text,
        )
        for i, (entry, (error, score)) in enumerate(zip(laws.entries, numbers, strict=True))
    ]


def conserved_rows(drifts: Sequence[Drift]) -> list[dict[str, Any]]:
    """Each quantity: its formula, whether the law conserves it and why, its change in data and law."""
    return [
        {
            "name": drift.quantity.name,
            "text": drift.quantity.text,
            "formula": mathml(drift.quantity.formula) if drift.quantity.generator else "",
            "kept": drift.quantity.kept.value,
            "data": error_cell(drift.data, True),
            "law": error_cell(drift.law, True),
            "relative_to": drift.relative_to,
            "why": drift.quantity.why,
        }
        for drift in drifts
    ]


def split_rows(split: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each part of a split in words."""
    rows = []
    for part, content in split.items():
        numbers, (first, end) = content["trajectories"], content["frames"]
        source = f" of {content['source']}" if "source" in content else ""
        listed = ", ".join(map(str, numbers))
        used = counted_trajectories(len(numbers))
        rows.append((part, f"{used}{source}, frames {first} to {end - 1}: {listed}"))
    return rows
