"""law.json: the factors of a law as text, read back without being evaluated."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import sympy

from mesoscribe.hybrid.data.field_names import checked_names
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.space.boundary import parities_of
from mesoscribe.symbolic.law.density_terms import FIELDS
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, u
from mesoscribe.symbolic.law.form import FACTORS, Form
from mesoscribe.symbolic.law.judgement import Judgement
from mesoscribe.symbolic.law.parse import parse

FORMAT, WITH_N, WITH_FIELDS, WITH_WALLS = 1, 2, 3, 4
Read = TypeVar("Read")


def text(form: Form, *, provenance: Provenance, judgement: Judgement | None, **settings: object) -> str:
    """A form and settings as JSON; one with N, of several fields or with walls has a format of its own."""
    settings |= {} if judgement is None else judgement.as_dict()
    body = {name: _rows(getattr(form, name)) for name in FACTORS if name != "N" or form.N}
    plain = {"lengths": form.lengths, "centre": form.centre, "covariance": form.covariance}
    settings["provenance"] = provenance.as_dict()
    kind: dict[str, Any] = {"format": WITH_N if form.N else FORMAT}
    if form.several:
        kind = {"format": WITH_FIELDS, "fields": list(form.fields)}
    if form.parities:
        kind = {"format": WITH_WALLS, "boundary": form.boundary, "fields": list(form.fields)}
        body |= {"N": _rows(form.N)}
    return json.dumps({**kind, **body, **plain, **settings}, indent=1) + "\n"


def read(path: str | Path, build: Callable[..., Read]) -> Read:
    """The law in a file, built from its arguments.

    Raises:
        ValueError: the file is missing, is not a law, or holds a formula that is not understood.
    """
    try:
        return build(**arguments(json.loads(Path(path).read_text("utf-8"))))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"expected a law in {path}, got: {error}; distil again") from None
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(
            f"expected a complete law in {path}, got one without or with a wrong {error}; distil again"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path} is not a law: {error}") from None


def _rows(factor: Factor) -> list[dict[str, Any]]:
    rows = zip(factor.terms, factor.values, factor.std_errors, strict=True)
    return [{"term": str(t), "value": v, "std_error": e} for t, v, e in rows]


def _factor(rows: Any, symbols: tuple[Any, ...]) -> Factor:
    terms = tuple(parse(row["term"], symbols) for row in rows)
    errors = tuple(None if row["std_error"] is None else float(row["std_error"]) for row in rows)
    if not all(error is None or 0 <= error < math.inf for error in errors):
        raise ValueError("expected finite standard errors, 0 or more; distil again")
    return Factor(terms, tuple(float(row["value"]) for row in rows), errors)


def arguments(content: Any) -> dict[str, Any]:
    """Of a law, by name, from the content of a law.json."""
    formats = (FORMAT, WITH_N, WITH_FIELDS, WITH_WALLS)
    if not isinstance(content, dict) or content.get("format") not in formats:
        raise ValueError(f"expected one of the formats {', '.join(map(str, formats))}; distil again")
    lengths = tuple(float(length) for length in content["lengths"])
    derivatives, wave = tuple(FIELDS[len(lengths)]), WAVENUMBERS[len(lengths)]
    symbols = {"F": (u,), **dict.fromkeys("qmw", wave), "N": derivatives}
    fields: tuple[str, ...] = ("u",)
    walls = content["format"] == WITH_WALLS
    if content["format"] == WITH_FIELDS or (walls and content["fields"] != ["u"]):
        fields = names_of_fields(content["fields"])
        own = tuple(sympy.Symbol(name, real=True) for name in fields)
        symbols |= {"F": own, **dict.fromkeys("qmw", (*wave, *own))}
    rows = content if content["format"] in (WITH_N, WITH_WALLS) else {"N": [], **content}
    factors = {name: _factor(rows[name], symbols[name]) for name in FACTORS}
    band, centre = content["band"], float(content["centre"])
    return {
        **factors,
        "lengths": lengths,
        "centre": centre,
        "fields": fields,
        "parities": parities_of(str(content["boundary"]), len(lengths), fields) if walls else (),
        "covariance": _covariance(content["covariance"], sum(len(factor) for factor in factors.values())),
        "band": None if band is None else float(band),
        "hold": bool(content["hold"]),
        "provenance": Provenance.of(content["provenance"]),
        "judgement": Judgement.of(content),
    }


def names_of_fields(names: Any) -> tuple[str, ...]:
    """Names of several fields that a formula can hold.

    Raises:
        ValueError: there is one, or a name that a formula cannot hold or that stands for something else.
    """
    if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"expected names of several fields, each once, such as h and v, got {names!r:.60}")
    return checked_names(names)


def _covariance(rows: Any, size: int) -> tuple[tuple[float, ...], ...] | None:
    if rows is None:
        return None
    table = np.array(rows, dtype=float).reshape(-1)
    if table.size != size**2 or not np.all(np.isfinite(table)):
        raise ValueError(f"expected a finite covariance of {size} coefficients, got {table.size} numbers")
    return tuple(tuple(float(c) for c in row) for row in table.reshape(size, size))
