"""What a measurement was made on, and how."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = (
    *("torch", "numpy", "scipy", "numba", "pysindy", "lightning"),
    *("neuraloperator", "py-pde", "pyfftw", "exponax", "jax"),
)


def machine() -> dict[str, object]:
    """Processor, cores, threads and versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "torch threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def peak_megabytes() -> float:
    """The most memory that this process has held, in 2^20 bytes; nan where the system does not tell.

    Not getrusage: on Linux a process begins with the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    peaks = [float(line.split()[1]) / 2**10 for line in lines if line.startswith("VmHWM")]
    return peaks[0] if peaks else float("nan")


def interleaved(jobs: Mapping[str, Callable[[], object]], *, seconds: float) -> dict[str, float]:
    """The best time of the processor of each job, in seconds, from rounds in which each runs once.

    On a shared machine a ratio of two times means something only if both ran side by side; the clock on the
    wall counts the others' turns as well, and the best is what they disturb least.

    Args:
        jobs: by name.
        seconds: of measuring in all; at least three rounds.
    """
    best = dict.fromkeys(jobs, float("inf"))
    started, rounds = time.perf_counter(), 0
    while rounds < 3 or time.perf_counter() - started < seconds:
        for name, job in jobs.items():
            before = time.process_time()
            job()
            best[name] = min(best[name], time.process_time() - before)
        rounds += 1
    return best
