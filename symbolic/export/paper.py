"""A law on paper: a LaTeX document, an align block, a Markdown page."""

from __future__ import annotations

from mesoscribe.hybrid.space.boundary import described
from mesoscribe.symbolic.export.markdown import bullets, cell
from mesoscribe.symbolic.law.coefficient_units import coefficient_units, unit_latex, unit_sentences, units_of
from mesoscribe.symbolic.law.complex_equation import complex_equation
from mesoscribe.symbolic.law.digits import latex_number, plain, with_error
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.latex import (
    aligned,
    derivative_latex,
    equation_latex,
    factors_latex,
    latex,
    name_latex,
    potential_latex,
)
from mesoscribe.symbolic.law.law import Law

STRUCTURE = r"u_t = -(M + W) \, \frac{\delta V}{\delta u}"
OPERATORS = r"\hat u_t = -(m + i w) \, \left[q \, \hat u + \mathcal{F}\{F'(u)\}\right]"
WITH_N = r"\hat u_t = -(m + i w) \, \left[q \, \hat u + \mathcal{F}\{F'(u) + \delta N / \delta u\}\right]"
OF_SEVERAL = (
    r"\mathbf{u}_t = -(M + W) \, \frac{\delta V}{\delta \mathbf{u}}, \quad \mathbf{u} = (%s)",
    r"\hat{\mathbf{u}}_t = -(m + w) \, \left[q \, \hat{\mathbf{u}} + "
    r"\mathcal{F}\{\partial F / \partial \mathbf{u}\}\right]",
)
VERT = r"\vert "  # a bar would end the cell of a Markdown table
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "/": r"/\allowbreak{}",
    **{c: rf"\{c}" for c in "&%$#_{}"},
    **dict.fromkeys("<>\"'`|", "?"),
}
DOCUMENT = r"""\documentclass{article}
\usepackage{amsmath,longtable}
\allowdisplaybreaks
\begin{document}
\section*{Equation}
%(block)s
It has the form
\[%(structure)s,\]
on each mode
\[%(operators)s.\]
%(remarks)s

%(table)s
\end{document}
"""
TABLE = r"""\begin{center}
\begin{tabular}{lll}
\hline
Term & Coefficient & Standard error \\
\hline
\rule{0pt}{2.6ex}%s
\hline
\end{tabular}
\end{center}"""
LONG_TABLE = r"""\begin{longtable}{lll}
\hline
Term & Coefficient & Standard error \\
\hline
\endhead
\rule{0pt}{2.6ex}%s
\hline
\end{longtable}"""
ON_A_PAGE = 30  # rows; a longer table breaks across pages, and its columns are found by a second run of LaTeX
PAGE = """# Equation

%(verdict)s$$%(equation)s$$

of the form $%(structure)s$, on each mode $%(operators)s$, with

%(factors)s

%(remarks)s

| Term | Coefficient | Standard error |
|---|---|---|
%(rows)s
"""
ALIGN = r"""\begin{align*}
%s
\end{align*}
"""


def _form(law: Law) -> dict[str, str]:
    """The equation by its operators, in space and on each mode."""
    if law.several:
        in_space, on_modes = OF_SEVERAL
        return {"structure": in_space % ", ".join(map(name_latex, law.fields)), "operators": on_modes}
    return {"structure": STRUCTURE, "operators": WITH_N if law.N else OPERATORS}


def remarks(law: Law) -> list[str]:
    """What the formulas do not say, a sentence each."""
    box = " by ".join(plain(s) for s in law.lengths)
    where = f"a box of {box}, {described(law.box)}" if law.parities else f"a periodic box of {box}"
    sentences = [f"{law.case.capitalize()} on {where}."]
    if law.centre:
        sentences.append(f"v = u - {plain(law.centre, 15)} is written for the field; u in F stands for v.")
    if law.N:
        sentences.append("N is integrated over the box before it is differentiated.")
    if law.band is not None:
        what = "held at their initial values" if law.hold else "removed"
        along = " along any axis" if law.ndim > 1 else ""
        sentences.append(f"Modes above the wavenumber {plain(law.band)}{along} are {what}.")
    return sentences


def source_line(law: Law) -> str:
    """Where the law comes from, in printable ASCII on one line."""
    text = " ".join(law.provenance.source.split())
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def comments(law: Law, sign: str = "#") -> str:
    """What the formulas do not say and where they come from, as comments, which begin with a sign."""
    source = source_line(law)
    notes = [*remarks(law), *unit_sentences(law), *([f"Found from {source}"] if source else [])]
    return "".join(f"{sign} {note}\n" for note in notes)


def _notation(formulas: str) -> list[str]:
    """What the operators in formulas stand for that are not derivatives, a sentence each."""
    meanings = {
        r"\mathcal{T}": r"$\mathcal{T}_{s}[g]$ has the transform $s(k) \, \hat g$, 0 where $s$ is infinite.",
        r"\langle": r"$\langle g \rangle$ is the mean over the box.",
    }
    return [meaning for operator, meaning in meanings.items() if operator in formulas]


def _remarks(law: Law, source: str, formulas: str) -> str:
    """All that there is to print; the source is already fit for the page."""
    brackets = "Digits in brackets: standard error in the last digits shown, clustered by trajectory."
    known = [] if law.covariance is None else [brackets]
    found = [f"Found from {source}."] if source else []
    units = [f"${name}$ in ${unit_latex(unit) or 1}$" for name, unit in units_of(law).by_name.items()]
    stated = [f"Units: {', '.join(units)}."] if units else []
    one = complex_equation(law)
    both = [] if one is None else [f"As one complex equation ${one.latex}$."]
    return " ".join([*remarks(law), *both, *stated, *_notation(formulas), *known, *found])


def _rows(law: Law) -> list[tuple[str, str, str]]:
    """Term, with its rate where there are several, coefficient and standard error in LaTeX."""
    out, rows = [], equation_terms(law)
    for row, unit in zip(rows, coefficient_units(law) or ("1",) * len(rows), strict=True):
        value = latex_number(with_error(row.value, row.std_error))
        value += rf" \, {unit_latex(unit)}" if unit != "1" else ""
        error = "" if row.std_error is None else f"${latex_number(f'{row.std_error:.1e}')}$"
        rate = f"{derivative_latex(row.of, 't')}: " if row.of else ""
        out.append((rate + latex(row.expr), value, error))
    return out


def align(law: Law) -> str:
    """Equation, energy and factors as an align* environment, for a document that loads amsmath."""
    return ALIGN % aligned(law)


def latex_document(law: Law) -> str:
    """A LaTeX document that compiles on its own."""
    source = "".join(SPECIAL.get(c, c) for c in source_line(law))
    block = align(law).rstrip()
    rows = [rf"${term}$ & ${value}$ & {error} \\" for term, value, error in _rows(law)]
    return DOCUMENT % {
        "block": block,
        **_form(law),
        "remarks": _remarks(law, rf"\texttt{{{source}}}" if source else "", block),
        "table": (TABLE if len(rows) <= ON_A_PAGE else LONG_TABLE) % "\n".join(rows),
    }


def _verdict(law: Law) -> str:
    """The verdict and what to beware of, where a law was judged."""
    said = law.judgement
    parts = () if said is None else (f"**{cell(said.headline)}.**", bullets(said.cautions))
    return "".join(f"{part}\n\n" for part in parts if part)


def markdown(law: Law) -> str:
    """A page of Markdown with its formulas in LaTeX."""
    source = source_line(law).replace("`", "?")
    equation, energy = equation_latex(law), potential_latex(law)
    return PAGE % {
        "verdict": _verdict(law),
        "equation": equation,
        **_form(law),
        "factors": "\n\n".join(f"$${factor}$$" for factor in (energy, *factors_latex(law))),
        "remarks": _remarks(law, f"`{source}`" if source else "", equation + energy),
        "rows": "\n".join(f"| ${t.replace('|', VERT)}$ | ${v}$ | {error} |" for t, v, error in _rows(law)),
    }
