"""What several tests use."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads are 30 times slower on busy cores
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # two files are tested side by side

import torch  # noqa: E402

OFFICIAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "official"


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    """Two files are tested side by side, whatever the environment says or a test has set."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def official() -> Callable[[str], Path]:
    """The path of a named file of the official data, or a skip where it is absent."""

    def path(name: str) -> Path:
        if not (OFFICIAL / name).is_file():
            pytest.skip(f"the official file {name} is not in {OFFICIAL}")
        return OFFICIAL / name

    return path


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many inputs the fuzz tests mutate."""
    parser.addoption("--fuzz", type=int, default=100, help="mutations of each kind in test_fuzz.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests first, so that both processes end at about the same time."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])
