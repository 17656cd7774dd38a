"""Self-contained pages: the templates, and figures inlined with what to look for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mesoscribe.diagnostics.pages.style import inlined

TEMPLATES = Path(__file__).parent / "templates"


def page(template: str, **content: Any) -> str:
    """A page: what is not Markup is escaped, and what is missing is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**content)


def shown(drawings: Mapping[str, str], look_for: Mapping[str, tuple[str, str]]) -> list[dict[str, str]]:
    """The figures of a page in order: SVG with a title and what to look for.

    Args:
        drawings: SVG by name.
        look_for: title and text by name.
    """
    return [
        {"name": name, "title": title, "text": text, "svg": Markup(inlined(drawings[name], name))}
        for name, (title, text) in look_for.items()
        if name in drawings
    ]
