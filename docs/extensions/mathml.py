"""Formulas as MathML, made when the pages are built: no script and no network is needed to show them."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def visit_inline(page: Any, node: nodes.math) -> None:
    """A formula in a sentence."""
    page.body.append(convert(node.astext()))
    raise nodes.SkipNode


def visit_display(page: Any, node: nodes.math_block) -> None:
    """A formula on lines of its own."""
    page.body.append(f'<div class="formula">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the renderer that conf.py names."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
