"""How much memory the stages of a run take, from the shapes of its data: told before they begin."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.hybrid.data.trajectories import Split
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.pieces import PIECE
from mesoscribe.symbolic.law.numbers import NUMBERS as SYMBOLIC
from mesoscribe.symbolic.refine.projection import matrices_fit

DOUBLE = 8  # bytes
GIB = 2**30


def needed(split: Split) -> dict[str, float]:
    """GiB that each stage takes at most beside the program and the data, by its name.

    regression  tables of a² complex products for each mode and block of trajectories, a few of them at once,
                the columns of a piece of windows, and a piece of the file where not all of it is in memory.
    law         roll-outs of a piece of trajectories for each coefficient on offer, and the derivatives by
                initial fields that are kept.
    """
    train, domain = split.train, split.train.domain
    fields = domain.n_fields or 1
    columns = HYBRID.highest_power + 3 if fields == 1 else HYBRID.coupled_columns + 2 * fields
    blocks = sum(min(part.n, HYBRID.most_blocks) for part in (train, split.validation))
    modes = int(domain.within(float("inf")).sum())
    tables = NUMBERS.product_tables * 2 * blocks * modes * columns**2
    piece = 2 * columns * PIECE + (0 if train.rest is None else NUMBERS.piece_copies * HYBRID.piece_values)
    values = min(train.u.size, SYMBOLIC.refined_values)
    rolled = min(values, SYMBOLIC.rolled_values) * SYMBOLIC.most_laws * NUMBERS.rolled_copies
    frames = min(train.n_frames, SYMBOLIC.shot_frames)
    each = domain.unknowns(domain.resolved) * frames * domain.state_size
    n = values / (frames * domain.state_size)
    matrices = each * n if matrices_fit(each, n, many=fields > 1) else 0.0
    return {"regression": DOUBLE * (tables + piece) / GIB, "law": DOUBLE * (rolled + matrices) / GIB}


def machine() -> float:
    """GiB of the machine; inf where that is not known."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    except (AttributeError, OSError, ValueError):
        return float("inf")


def memory_line(split: Split) -> str:
    """What the stages take, in a sentence; empty where it is little of the machine."""
    stages: Mapping[str, float] = needed(split)
    whole = machine()
    if max(stages.values()) < NUMBERS.visible_memory * whole:
        return ""
    said = ", ".join(f"{name} {size:.2g} GiB" for name, size in stages.items())
    short = (
        "; the machine may not hold that: learn from fewer points or trajectories"
        if max(stages.values()) > whole
        else ""
    )
    return f"memory      at most, beside the data: {said} of {whole:.3g}{short}"
