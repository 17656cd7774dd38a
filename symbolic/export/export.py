"""A law leaves the tool: one text for each purpose, and its equation on a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.symbolic.export.dedalus_script import dedalus_script
from mesoscribe.symbolic.export.exponax_script import exponax_script
from mesoscribe.symbolic.export.fenicsx_script import fenicsx_script
from mesoscribe.symbolic.export.javascript import javascript
from mesoscribe.symbolic.export.julia_script import julia_script
from mesoscribe.symbolic.export.matlab_script import matlab_script
from mesoscribe.symbolic.export.numpy_script import numpy_script
from mesoscribe.symbolic.export.paper import align, latex_document, markdown
from mesoscribe.symbolic.export.pypde_script import pypde_script
from mesoscribe.symbolic.export.sympy_text import srepr_text
from mesoscribe.symbolic.export.torch_module import torch_module
from mesoscribe.symbolic.export.visualpde import visualpde_link
from mesoscribe.symbolic.law.coefficient_units import coefficient_units
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.equation import equation_terms
from mesoscribe.symbolic.law.law import Law


@dataclass(frozen=True)
class Exporter:
    """One form in which a law leaves the tool.

    Args:
        text: the law as text; ValueError where it cannot be expressed.
        file: the name of a file of it.
        what: in a few words.
        several: whether it can hold a law of several fields.
        walls: whether it can hold a law between walls.
        most_dimensions: of space.
    """

    text: Callable[[Law], str]
    file: str
    what: str
    several: bool = False
    walls: bool = False
    most_dimensions: int = 3


EXPORTERS: Mapping[str, Exporter] = {
    "latex": Exporter(
        latex_document, "law.tex", "a document: equation, energy, operators, coefficients", True, True
    ),
    "align": Exporter(align, "law_align.tex", "an align* block for your own document", True, True),
    "markdown": Exporter(markdown, "law.md", "the document as a page of Markdown", True, True),
    "srepr": Exporter(srepr_text, "law_srepr.txt", "SymPy's srepr, read back by SymPy alone", True, True),
    "numpy": Exporter(numpy_script, "law_numpy.py", "a script that needs NumPy and SciPy only", True, True),
    "pypde": Exporter(
        pypde_script, "law_pypde.py", "a py-pde script, for laws without nonlocal operators", True, True
    ),
    "torch": Exporter(
        torch_module, "law_torch.py", "a torch.nn.Module with right-hand side and stepper", True
    ),
    "exponax": Exporter(exponax_script, "law_exponax.py", "a stepper of exponax (JAX)"),
    "dedalus": Exporter(
        dedalus_script, "law_dedalus.py", "a Dedalus 3 script, for derivatives and means", True
    ),
    "fenicsx": Exporter(
        fenicsx_script, "law_fenicsx.py", "a weak form in UFL with a FEniCSx solver, for local laws"
    ),
    "julia": Exporter(
        julia_script, "law_julia.jl", "a Julia program without packages", True, most_dimensions=2
    ),
    "matlab": Exporter(
        matlab_script, "law_matlab.m", "a function for MATLAB or GNU Octave, no toolbox", True
    ),
    "javascript": Exporter(
        javascript,
        "law.js",
        "a script for browsers and Node.js that needs nothing else",
        several=True,
        walls=True,
        most_dimensions=2,
    ),
    "visualpde": Exporter(
        visualpde_link,
        "law_visualpde.txt",
        "a link that opens it in VisualPDE, for local laws with damping",
        True,
        most_dimensions=2,
    ),
    "json": Exporter(Law.json, "law.json", "what Law.load reads", True, True),
}


def exported(law: Law, to: str) -> str:
    """The law as text.

    Raises:
        ValueError: there is no such exporter, or it cannot express this law.
    """
    if to not in EXPORTERS:
        raise ValueError(f"expected one of {', '.join(EXPORTERS)}, got {to!r}; choose one of these")
    if law.several and not EXPORTERS[to].several:
        fit = ", ".join(name for name, form in EXPORTERS.items() if form.several)
        raise ValueError(f"expected a law of one field for {to}, got {', '.join(law.fields)}; choose {fit}")
    most = EXPORTERS[to].most_dimensions
    if law.ndim > most:
        raise ValueError(
            f"expected a law in at most {most} dimensions for {to}, whose transforms are of these, got "
            f"{law.ndim}; export to numpy or torch"
        )
    if law.parities and not EXPORTERS[to].walls:
        fit = ", ".join(name for name, form in EXPORTERS.items() if form.walls)
        raise ValueError(
            f"expected a periodic box for {to}, whose program knows no walls, got the boundary "
            f"{law.boundary}; choose {fit}"
        )
    return EXPORTERS[to].text(law.plain)


def export(law: Law, out: str | Path, *, to: str | None = None, force: bool = False) -> list[str]:
    """Write the law to the file `out` in one form, or to the folder `out` in every form that can express it.

    Args:
        law: the law.  out: the file or folder.
        to: a name in EXPORTERS, None for all of them.
        force: overwrite files of these names.

    Returns:
        A line for each form: where it is, or why it is not.

    Raises:
        ValueError: there is no such exporter, it cannot express this law, or a file is there already.
    """
    out = Path(out)
    if to is not None:
        texts, lines = {out: exported(law, to)}, [f"{out}: {EXPORTERS[to].what}"]
    else:
        texts, lines = _all_forms(law, out)
    taken = [str(path) for path in texts if path.exists()]
    if taken and not force:
        raise ValueError(f"expected new files, got {', '.join(taken)}; choose another place, or add --force")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    return lines


def _all_forms(law: Law, folder: Path) -> tuple[dict[Path, str], list[str]]:
    """The text of each file, and a line for each form."""
    texts, lines = {}, []
    for name, exporter in EXPORTERS.items():
        path = folder / exporter.file
        try:
            texts[path] = exported(law, name)
            lines.append(f"{path}: {exporter.what}")
        except ValueError as error:
            lines.append(f"no {name}: {error}")
    return texts, lines


def term_lines(law: Law, truth: Law | None = None) -> list[str]:
    """A line for each term: value, standard error and, where it is known, the true value and the error."""
    true = {} if truth is None else {row.name: row.value for row in equation_terms(truth)}
    units = coefficient_units(law)
    columns = ("term", "found", "std error", *(() if truth is None else ("true", "rel. error")))
    rows = [(*columns, *(("unit",) if units else ()))]
    for row, *unit in zip(equation_terms(law), *([units] if units else []), strict=True):
        error = "-" if row.std_error is None else f"{row.std_error:.1e}"
        rows.append(
            (
                row.name,
                plain(row.value, 8),
                error,
                *_beside(row.value, true.pop(row.name, None), truth),
                *(f"  {own}" for own in unit),
            )
        )
    rows += [(name, "absent", "-", plain(value), "missed") for name, value in true.items()]
    width = max(11, *(len(name) for name, *_ in rows)) + 1
    return [f"{name:<{width}}" + "".join(f"{cell:>14}" for cell in cells) for name, *cells in rows]


def _beside(value: float, true: float | None, truth: Law | None) -> tuple[str, ...]:
    """The true value and the relative error, where the truth is known."""
    if truth is None:
        return ()
    return ("-", "spurious") if true is None else (plain(true), f"{abs(value / true - 1):.1e}")
