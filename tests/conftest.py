"""What several tests use, and how the tests are run."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import jaxtyping
import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads are 30 times slower on busy cores
for library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # two files are tested side by side

import torch  # noqa: E402

if TYPE_CHECKING:
    from tests.support.runs import Learned

OFFICIAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "official"


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many inputs the fuzz tests mutate, and whether the shapes of annotations are checked."""
    parser.addoption("--fuzz", type=int, default=100, help="mutations of each kind in test_fuzz.py")
    parser.addoption("--shapes", action="store_true", help="check the shapes that annotations promise")


def pytest_configure(config: pytest.Config) -> None:
    """Shapes are checked by what jaxtyping adds to a module as it is imported, so before any test is."""
    if config.getoption("shapes"):
        from tests.support import shapes

        shapes.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with many slow tests first, so that both processes end at about the same time."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    """Two files are tested side by side, whatever the environment says or a test has set."""
    torch.set_num_threads(1)


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """For wrong shapes on purpose: the package's own refusal is what the test looks at."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(params=["elsewhere", pytest.param("cuda", marks=pytest.mark.cuda)])
def other_device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """A device that is not the CPU: one that only behaves like that, and a GPU where there is one."""
    if request.param == "cuda":
        if not torch.cuda.is_available():
            pytest.skip("torch finds no GPU")
        yield torch.device("cuda", 0)
        return
    from tests.support.elsewhere import elsewhere

    with elsewhere() as device:
        yield device


@pytest.fixture(scope="session")
def shared_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run of the tests have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def learned(shared_base: Path) -> Callable[[str], Learned]:
    """A trained network of a system, "kdv" or "allen_cahn", and its data."""
    from tests.support import runs  # imports the package: not before the shapes are asked for

    return cache(partial(runs.learned, base=shared_base))


@pytest.fixture(scope="session")
def finished_run(shared_base: Path) -> Path:
    """A folder with `data.npz`, the run `out` that was made of it, and what it said in `said.txt`."""
    from tests.support import runs

    return runs.finished_run(shared_base)


@pytest.fixture(scope="session")
def official() -> Callable[[str], Path]:
    """The path of a named file of the official data, or a skip where it is absent."""

    def path(name: str) -> Path:
        if not (OFFICIAL / name).is_file():
            pytest.skip(f"the official file {name} is not in {OFFICIAL}")
        return OFFICIAL / name

    return path
