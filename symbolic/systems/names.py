"""Which systems there are, and whether a name is a file's: light, so that a typo is told at once."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path

SYSTEMS: tuple[str, ...] = (
    "allen_cahn",
    "allen_cahn_2d",
    "allen_cahn_3d",
    "benjamin_ono",
    "cahn_hilliard",
    "cahn_hilliard_2d",
    "drifting_allen_cahn",
    "kdv",
    "ohta_kawasaki",
    "coupled_kdv",
    "mixture",
    "mixture_2d",
    "model_c",
    "p_system",
    "schroedinger",
    "schroedinger_focusing",
    "shallow_water",
    "sine_gordon",
    "chain",
    "fene",
    "fput",
)  # the catalogue's, of one and of several fields, chains last, as a test holds


def is_file(name: str | Path) -> bool:
    """Whether a name means a file or a folder of them: it has a suffix or a path separator, or is one."""
    return bool(Path(name).suffix) or os.sep in str(name) or (name not in SYSTEMS and Path(name).is_dir())


def unknown(name: str) -> ValueError:
    """What is said of a name that no system has."""
    close = get_close_matches(name, SYSTEMS, n=1)
    meant = f"did you mean {close[0]}? Or" if close else "or"
    return ValueError(
        f"expected one of the systems {', '.join(sorted(SYSTEMS))}, got {name!r}; {meant} give a file"
    )


def folder_for(source: str, *, again: bool) -> Path:
    """A folder with the name of a system or of a file: the first of NAME, NAME-2, … that is not there.

    Args:
        source: the system or file.
        again: NAME itself, to go on with what is there or to write over it.
    """
    name = Path(Path(source).stem)
    if is_file(source) and not Path(source).suffix:
        name = Path(f"{name}-run")  # beside a folder of data, never in it
    numbered = (name, *(Path(f"{name}-{i}") for i in range(2, 10_000)))
    return name if again else next(path for path in numbered if not path.exists())
