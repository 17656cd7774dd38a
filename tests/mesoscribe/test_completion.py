"""The tab key: systems, files of trajectories and folders of runs, asked for as a shell asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesoscribe import options
from mesoscribe.diagnostics.runs import completion
from mesoscribe.hybrid.readers.formats import OPENERS
from mesoscribe.symbolic.export.export import EXPORTERS
from mesoscribe.symbolic.systems.catalog import CATALOG
from mesoscribe.symbolic.systems.chains import CHAINS
from mesoscribe.symbolic.systems.coupled import COUPLED
from tests.support.programs import python

PROGRAM = "from mesoscribe.cli import main; main(prog_name='mesoscribe')"


def asked(folder: Path, shell: str, **variables: str) -> str:
    """What the program answers a shell."""
    done = python(PROGRAM, folder, _MESOSCRIBE_COMPLETE=shell, **variables)
    assert done.stderr == ""
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of trajectories and others, a folder of a run, a name that a shell would run."""
    for name in (
        "mine.npz",
        "my data.h5",
        "my notes.txt",
        "my$(id).npz",
        "deep/a.nc",
        "my_run/manifest.json",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


ANSWERS = {
    "run k": ["kdv"],
    "run ": [*completion.SYSTEMS, "mine.npz", "my data.h5"],
    "fit f": ["fene", "fput"],
    "fit deep/": ["deep/a.nc"],
    "run ./m": ["./mine.npz", "./my data.h5"],
    "run nowhere/": [],
    "simulate allen": ["allen_cahn", "allen_cahn_2d", "allen_cahn_3d"],
    "simulate my": ["my_run"],
    "simulate my_run --from my": ["my data.h5"],
    "report m": ["my_run"],
    "export my_run --to p": ["pypde"],
    "che": ["check"],
}


@pytest.mark.parametrize("line", ANSWERS)
def test_bash_is_told_what_may_come_next(line: str, folder: Path) -> None:
    said = asked(
        folder, "complete_bash", COMP_WORDS=f"mesoscribe {line}", COMP_CWORD=str(1 + line.count(" "))
    )
    assert said.splitlines() == (ANSWERS[line] or [""])


def test_zsh_is_told_the_same(folder: Path) -> None:
    said = asked(folder, "complete_zsh", _TYPER_COMPLETE_ARGS="mesoscribe run my")
    assert said.strip() == "_arguments '*: :((\"my data.h5\"))'"


def test_what_the_tab_key_knows_is_what_there_is() -> None:
    assert sorted(completion.SYSTEMS) == sorted((*CATALOG, *COUPLED, *CHAINS, "chain"))
    assert sorted(completion.SUFFIXES) == sorted(OPENERS)
    assert options.FORMS.split(", ") == [*EXPORTERS]
