"""Arguments and options of the commands, but for those of a run; light, so that --help waits for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from mesoscribe.diagnostics.runs.completion import data_files, names_or_files, names_or_folders, run_folders
from mesoscribe.terminal import say_version

NameOrFile = Annotated[
    str,
    Argument(
        help="A catalogue system, a file (.h5, .npz, .npy, .mat, .csv, .nc, .zarr, .tif) or a folder.",
        autocompletion=names_or_files,
    ),
]
Folder = Annotated[Path, Argument(help="A folder that fit or run has written.", autocompletion=run_folders)]
LawNumber = Annotated[int, Argument(help="The number of a law, as laws prints it.")]
Out = Annotated[
    Path | None, Option("--out", help="The folder to write; one with the name of SOURCE if left out.")
]
Data = Annotated[
    Path | None, Option("--data", help="Another file than the one of the fit.", autocompletion=data_files)
]
Force = Annotated[bool, Option("--force", help="Overwrite what is there.")]
Resume = Annotated[bool, Option("--resume", help="Go on with an interrupted run; begin where there is none.")]
FORMS = (
    "latex, align, markdown, srepr, numpy, pypde, torch, exponax, dedalus, fenicsx, julia, matlab, "
    "javascript, visualpde, json"
)
To = Annotated[
    str | None,
    Option("--to", help=f"One of {FORMS}; all if left out.", autocompletion=lambda: FORMS.split(", ")),
]
FormOut = Annotated[Path | None, Option("--out", help="The file or, without --to, folder to write.")]
SecondOrder = Annotated[bool, Option("--second-order", help="Ask whether it moves by u_tt + M u_t = -dV/du.")]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only.")]
Threads = Annotated[
    int | None, Option("--threads", min=1, help="Of torch, on large fields; all if left out.")
]
SystemOrFolder = Annotated[
    str,
    Argument(help="A catalogue system or, with --from, a folder of run.", autocompletion=names_or_folders),
]
OutFile = Annotated[Path, Option("--out", help="The file to write, .nc or .npz.")]
Start = Annotated[
    Path | None, Option("--from", help="A file: first frames and times.", autocompletion=data_files)
]
Network = Annotated[bool, Option("--network", help="With --from: the network, not the law.")]
File = Annotated[Path, Argument(help="The file.", autocompletion=data_files)]
Folders = Annotated[
    list[Path], Argument(help="Folders that run has written, at least two.", autocompletion=run_folders)
]
COMPARED = Path("compare")
CompareOut = Annotated[Path, Option("--out", help="The folder to write.")]
Version = Annotated[bool, Option("--version", help="Say the version.", is_eager=True, callback=say_version)]
Members = Annotated[int, Option("--members", min=2, help="How many fits.")]
Jobs = Annotated[int, Option("--jobs", min=1, help="How many at a time.")]
Devices = Annotated[int, Option("--devices", min=1, help="Processes that train the network together.")]
Cluster = Annotated[
    str | None,
    Option("--cluster", help="Of dask: address or file of its scheduler, or local, this machine's cores."),
]
EnsembleOut = Annotated[Path | None, Option("--out", help="A JSON file to write as well.")]
