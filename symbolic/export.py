"""A law on paper: a line of text, a LaTeX document, a Markdown page."""

from __future__ import annotations

from dataclasses import dataclass

from symbolic.digits import latex_number, plain, with_error
from symbolic.equation import equation_terms, field_of
from symbolic.latex import equation_latex, factor_latex, latex, potential_latex
from symbolic.law import Law

STRUCTURE = r"u_t = -(M + W) \, \frac{\delta V}{\delta u}"
VERT = r"\vert "  # a bar would end the cell of a Markdown table
SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: rf"\{c}" for c in "&%$#_{}"},
    **dict.fromkeys("<>\"'`|", "?"),
}
DOCUMENT = r"""\documentclass{article}
\usepackage{amsmath,booktabs}
\begin{document}
\section*{Equation}
\begin{equation*}
%(equation)s
\end{equation*}
of the form $%(structure)s$ with
\begin{gather*}
%(factors)s
\end{gather*}
%(remarks)s

\begin{tabular}{lll}
\toprule
Term & Coefficient & Standard error \\
\midrule
%(rows)s
\bottomrule
\end{tabular}
\end{document}
"""
PAGE = """# Equation

$$%(equation)s$$

of the form $%(structure)s$ with

%(factors)s

%(remarks)s

| Term | Coefficient | Standard error |
|---|---|---|
%(rows)s
"""


def equation_text(law: Law) -> str:
    """The equation on one line, such as u_t = -6.00012(34) u u_x - 1.00001(2) u_xxx."""
    shown = f"{field_of(law).func.__name__}_t ="
    for i, row in enumerate(equation_terms(law)):
        number = with_error(abs(row.value), row.std_error)
        body = "" if row.expr == 1 else row.name.replace("**", "^").replace("*", " ")
        sign = (" -" if i == 0 else " - ") if row.value < 0 else " " if i == 0 else " + "
        shown += f"{sign}{body if number == '1' and body else f'{number} {body}'.rstrip()}"
    return shown


def term_lines(law: Law, truth: Law | None = None) -> list[str]:
    """A line for each term: value, standard error and, where it is known, the true value and the error."""
    true = {} if truth is None else {row.name: row.value for row in equation_terms(truth)}
    columns = ("term", "found", "std error", *(() if truth is None else ("true", "rel. error")))
    rows = [columns]
    for row in equation_terms(law):
        error = "-" if row.std_error is None else f"{row.std_error:.1e}"
        rows.append(
            (row.name, plain(row.value, 8), error, *_beside(row.value, true.pop(row.name, None), truth))
        )
    rows += [(name, "absent", "-", plain(value), "missed") for name, value in true.items()]
    width = max(11, *(len(name) for name, *_ in rows)) + 1
    return [f"{name:<{width}}" + "".join(f"{cell:>14}" for cell in cells) for name, *cells in rows]


def _beside(value: float, true: float | None, truth: Law | None) -> tuple[str, ...]:
    """The true value and the relative error, where the truth is known."""
    if truth is None:
        return ()
    return ("-", "spurious") if true is None else (plain(true), f"{abs(value / true - 1):.1e}")


@dataclass(frozen=True)
class _Parts:
    """The formulas of a law in LaTeX."""

    equation: str
    factors: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, law: Law) -> _Parts:
        wave = "k" if law.ndim == 1 else "k_x, k_y"
        symbols = [f"{name}({wave}) = {factor_latex(getattr(law, name))}" for name in "mwq"]
        rows = (
            (latex(row.expr), latex_number(plain(row.value, 8)), row.std_error) for row in equation_terms(law)
        )
        shown = ((t, v, "" if e is None else f"${latex_number(f'{e:.1e}')}$") for t, v, e in rows)
        return cls(equation_latex(law), (potential_latex(law), *symbols), tuple(shown))


def _remarks(law: Law, source: str) -> str:
    """What the formulas do not say; the source is already fit for the page."""
    said = [f"{law.case.capitalize()} on a periodic box of {' by '.join(plain(s) for s in law.lengths)}."]
    if law.centre:
        said.append(f"v = u - {plain(law.centre)}.")
    if law.band is not None:
        what = "held" if law.hold else "removed"
        said.append(f"Modes above the wavenumber {plain(law.band)} are {what}.")
    if law.covariance is not None:
        said.append("Digits in brackets: standard error in the last digits shown, clustered by trajectory.")
    return " ".join([*said, *([f"Found from {source}."] if source else [])])


def _source(law: Law) -> str:
    """Where the law comes from, in printable ASCII on one line."""
    text = " ".join(str(law.provenance.get("source", "")).split())
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def latex_document(law: Law) -> str:
    """A LaTeX document that compiles on its own."""
    parts = _Parts.of(law)
    source = "".join(SPECIAL.get(c, c) for c in _source(law))
    return DOCUMENT % {
        "equation": parts.equation,
        "structure": STRUCTURE,
        "factors": " \\\\\n".join(parts.factors),
        "remarks": _remarks(law, rf"\texttt{{{source}}}" if source else ""),
        "rows": "\n".join(rf"${term}$ & ${value}$ & {error} \\" for term, value, error in parts.rows),
    }


def markdown(law: Law) -> str:
    """A page of Markdown with its formulas in LaTeX."""
    parts = _Parts.of(law)
    source = _source(law).replace("`", "?")
    return PAGE % {
        "equation": parts.equation,
        "structure": STRUCTURE,
        "factors": "\n\n".join(f"$${factor}$$" for factor in parts.factors),
        "remarks": _remarks(law, f"`{source}`" if source else ""),
        "rows": "\n".join(f"| ${t.replace('|', VERT)}$ | ${v}$ | {error} |" for t, v, error in parts.rows),
    }
