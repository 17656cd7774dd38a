"""Self-contained pages: the templates, and figures inlined with what to look for."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mesoscribe.diagnostics.pages.style import inlined
from mesoscribe.symbolic.export.javascript import engine

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = Path(__file__).parent / "scripts"
OF_REPORT = ("canvas", "player", "laboratory", "page")  # each needs those before it


def report_script() -> str:
    """All that a report runs: the engine, the film, the simulator."""
    return "\n".join([engine(), *((SCRIPTS / f"{name}.js").read_text("utf-8") for name in OF_REPORT)])


def page(template: str, *, script: str = "", **content: Any) -> str:
    """A page: what is not Markup is escaped, and what is missing is an error.

    Args:
        template: a file in templates/.
        script: all that the page may run; its policy names the hash of it, and nothing else.
        content: what the template shows.
    """
    digest = hashlib.sha256(script.encode()).digest()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _json
    return environment.get_template(template).render(
        script=Markup(script), script_hash=base64.b64encode(digest).decode(), **content
    )


def _json(value: Any) -> Markup:
    """JSON that no name in it can end: < is written as its number."""
    return Markup(json.dumps(value, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


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
