"""What the tab key knows: light, so that it waits for no import."""

from __future__ import annotations

import os
from pathlib import Path

from mesoscribe.symbolic.systems.names import SYSTEMS

SUFFIXES = (".h5", ".hdf5", ".npz", ".npy", ".mat", ".csv", ".nc", ".zarr", ".tif", ".tiff")
ACTIVE = "\"'`$\\"  # what a shell may read as its own


def _beside(begun: str) -> list[str]:
    """What is in the folder that a name on the command line has got to, as that name would go on."""
    prefix = begun[: begun.rfind(os.sep) + 1]
    try:
        found = [prefix + name for name in sorted(os.listdir(prefix or "."))]
    except OSError:
        return []
    return [name for name in found if name.isprintable() and not set(name) & set(ACTIVE)]


def data_files(incomplete: str) -> list[str]:
    """Files of trajectories; where there are none, the shell goes on with its own."""
    return [name for name in _beside(incomplete) if Path(name).suffix.lower() in SUFFIXES]


def run_folders(incomplete: str) -> list[str]:
    """Folders that a run has written; where there are none, the shell goes on with its own."""
    return [name for name in _beside(incomplete) if (Path(name) / "manifest.json").is_file()]


def names_or_files(incomplete: str) -> list[str]:
    """Systems by name, and files of trajectories."""
    return [*SYSTEMS, *data_files(incomplete)]


def names_or_folders(incomplete: str) -> list[str]:
    """Systems by name, and folders that a run has written."""
    return [*SYSTEMS, *run_folders(incomplete)]
