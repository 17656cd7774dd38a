"""Peak memory of reading files that grow.

PYTHONPATH=. python benchmarks/files.py --folder FOLDER

Writes HDF5 files of up to some GiB, the same few trajectories again and again, and reads each in a process of
its own.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import h5py

from benchmarks.machine import peak_megabytes
from mesoscribe import load, simulate
from mesoscribe.hybrid.space.numbers import NUMBERS

POINTS, FRAMES, DIFFERENT = 1024, 201, 8


def write(path: Path, gib: float) -> None:
    """Trajectories of Allen–Cahn's equation in a file of some GiB."""
    data = simulate("allen_cahn", DIFFERENT, points=POINTS, n_frames=FRAMES, seed=0)
    n = max(1, round(gib * 2**30 / (8 * POINTS * FRAMES)))
    with h5py.File(path, "w") as file:
        u = file.create_dataset("u", (n, FRAMES, POINTS), "f8", chunks=(1, FRAMES, POINTS))
        for i in range(n):
            u[i] = data.u[i % DIFFERENT] * (-1) ** (i // DIFFERENT)
        file["t"], file["x"] = data.t, data.domain.coordinates[0]


def read(path: Path, memory: float) -> None:
    """Read it, and say what it took."""
    started = time.perf_counter()
    data = load(path, memory=memory)
    seconds = time.perf_counter() - started
    size, held = path.stat().st_size / 2**30, data.u.nbytes / 2**30
    print(f"| {size:.2f} | {data.n} | {held:.2f} | {seconds:.0f} | {peak_megabytes():.0f} |")


def main() -> None:
    """Write and read files of each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--gib", type=float, nargs="+", default=[0.2, 0.5, 2.0, 5.0])
    parser.add_argument("--memory", type=float, default=NUMBERS.memory)
    parser.add_argument("--read", type=Path)
    arguments = parser.parse_args()
    if arguments.read is not None:
        read(arguments.read, arguments.memory)
        return
    print("| file, GiB | trajectories read | GiB read | s | peak, MB |\n|---|---|---|---|---|", flush=True)
    for gib in arguments.gib:
        path = arguments.folder / "large.h5"
        write(path, gib)
        again = [sys.executable, __file__, "--read", str(path), "--memory", str(arguments.memory)]
        subprocess.run(again, check=True)
        path.unlink()


if __name__ == "__main__":
    main()
