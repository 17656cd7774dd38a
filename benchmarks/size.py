"""How large the packages are: lines of code, module constants that hold a number, files outside a room.

python benchmarks/size.py
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

PACKAGES = ("hybrid", "symbolic", "diagnostics", "mesoscribe", "mesoscribe.py", "mesoscribe_options.py")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
NUMBER = re.compile(r"^_?[A-Z][A-Z_0-9]*(, _?[A-Z][A-Z_0-9]*)* *(?::[^=]+)?= *-?\(?[0-9.]", re.M)


def sources(root: Path) -> list[Path]:
    """The modules of the packages."""
    found = [path for name in PACKAGES for path in [root / name, *(root / name).rglob("*.py")]]
    return sorted({path.resolve() for path in found if path.suffix == ".py" and path.is_file()})


def lines_of_code(text: str) -> int:
    """Lines that hold code: not blank, not a comment, not a docstring."""
    docs: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docs |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped and token.type != tokenize.ENDMARKER:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - docs)


def main(root: Path) -> None:
    """Print the sizes."""
    total, constants, outside = 0, 0, []
    for path in sources(root):
        text = path.read_text()
        total += lines_of_code(text)
        constants += len(NUMBER.findall(text))
        parts = path.relative_to(root.resolve()).parts
        if len(parts) == 2 and parts[0] != "mesoscribe" and path.name != "__init__.py":
            outside.append("/".join(parts))
    print(f"lines of code {total}; module constants with a number {constants}; outside rooms {len(outside)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
