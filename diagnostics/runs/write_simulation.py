"""Trajectories from the command line: of a system by name, or of what a run has found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.runs.manifest import verify
from mesoscribe.diagnostics.runs.options import Sampling
from mesoscribe.diagnostics.runs.plan import Plan, read, refuse_misplaced
from mesoscribe.diagnostics.runs.run_json import content_of
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.data.validate import SPACE
from mesoscribe.hybrid.data.window import WINDOW
from mesoscribe.hybrid.data.writers import WRITERS
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.readers.store import printable
from mesoscribe.hybrid.space.boundary import spelled
from mesoscribe.hybrid.space.device import on
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.names import is_file


def write_simulation(
    source: str,
    out: Path,
    made: dict[str, Any],
    *,
    start: Path | None = None,
    network: bool = False,
    seed: int = 0,
    force: bool = False,
    device: str = "cpu",
) -> str:
    """Write trajectories into a file, and say what they are.

    Args:
        source: a system by name or, with `start`, a folder of `run`.
        out: the file.
        made: options of `symbolic.simulate`.
        start: a file whose first frames and times are taken.
        network: the network of the folder, not its law.
        seed: of the initial fields.
        force: overwrite the file.
        device: cpu, cuda or auto.

    Raises:
        ValueError: options that do not go together, a file that is there, another box.
    """
    if out.suffix.lower() not in WRITERS:
        raise ValueError(f"expected a name ending in {' or '.join(WRITERS)}, got {out}; change the suffix")
    if out.exists() and not force:
        raise ValueError(f"expected a new file, got {out}; choose another, or add --force")
    if start is not None:
        refuse_misplaced(str(start.resolve()), "a file", Sampling, made)
        data = follow(Path(source), start, network, device)
    elif is_file(source) or network:
        raise ValueError(f"expected --from FILE to simulate {source}, got none; give a file to start from")
    else:
        with on(device):
            data = Plan(source, {k: v for k, v in made.items() if v is not None}, seed=seed).data()
    data.save(out)
    return printable(f"{data}\nin {out}")


def _boundary_of(folder: Path) -> dict[str, Any]:
    """The option by which the data of a run were read as a window, if they were."""
    plan = content_of(folder).get("plan")
    options = plan.get("options") if isinstance(plan, dict) else None
    return {"boundary": WINDOW} if isinstance(options, dict) and options.get("boundary") == WINDOW else {}


def follow(folder: Path, start: Path, network: bool, device: str = "cpu") -> Trajectories:
    """What a law or network predicts from the first frames of a file, at its times.

    Where it was learned from windows of a larger field, it is held to the file along the edges of its window.
    """
    verify(folder)
    predictor = OnsagerModel.load(folder / "model") if network else Law.load(folder / "law.json")
    lengths = predictor.setting.lengths if isinstance(predictor, OnsagerModel) else predictor.lengths
    data = read(
        start, _boundary_of(folder) or {"boundary": spelled(predictor.box.parities, predictor.fields)}
    )
    box = data.domain.lengths
    if len(box) != len(lengths) or any(
        abs(a / b - 1) > NUMBERS.same_box for a, b in zip(box, lengths, strict=True)
    ):
        raise ValueError(
            f"expected fields on the box {lengths}, got {box} in {start}; resample or rescale them"
        )
    space = [data.on_window.dataset[axis].values for axis in SPACE[: data.domain.ndim]]
    field = data.inside(predictor.simulate(data.u[:, 0], data.t, device=device, border=Border.of(data)))
    layout = "nt" + "c" * (len(data.fields) > 1) + "".join(SPACE[: len(space)])
    name = f"{'network' if network else 'law'} of {folder}, from {start}"
    ends: dict[str, Any] = {"boundary": data.boundary, "walls": "cells"} if data.domain.walled else {}
    ends |= {"boundary": WINDOW} if data.window else {}
    return Trajectories.from_arrays(
        field, data.t, *space, fields=data.fields, layout=layout, source=name, **ends
    )
