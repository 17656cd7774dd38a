"""The rooms of the code, which imports which, and where each stands in docs/architecture.svg."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FACE = "mesoscribe"
LANES = {
    "hybrid": [["energy", "readers"], ["space", "data", "dynamics", "regression", "learn"], ["chain"]],
    "symbolic": [["read", "refine", "select"], ["law", "systems"], ["export"]],
    "diagnostics": [[], [], [], ["measure", "judge", "pages", "runs"]],
    FACE: [[], [], [], [FACE]],
}
WIDTH, HEIGHT, GUTTER, GAP, MARGIN, LABEL = 200, 80, 44, 56, 36, 44


@dataclass
class Room:
    """A box of the picture."""

    name: str
    needs: set[str] = field(default_factory=set)
    lane: int = 0
    level: int = 0

    @property
    def package(self) -> str:
        """The package that the room belongs to."""
        return self.name.partition(".")[0]

    @property
    def x(self) -> float:
        """The middle of the box."""
        return MARGIN + self.lane * (WIDTH + GUTTER) + WIDTH / 2

    @property
    def top(self) -> float:
        """The upper edge of the box."""
        labels = 1 if self.package == "hybrid" else 2
        return MARGIN + LABEL * labels + self.level * (HEIGHT + GAP)

    @property
    def sentence(self) -> str:
        """What its __init__.py says first."""
        folder = ROOT / self.name.replace(".", "/")
        return (ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or "").partition("\n")[0]


def room_of(module: str) -> str:
    """The room of a module, given by its full name; what is in no package belongs to the face."""
    _, package, *rest = [*module.split("."), ""]
    return f"{package}.{rest[0]}" if package in LANES and package != FACE else FACE


def imported(path: Path) -> Iterator[str]:
    """Rooms from which a file imports, wherever in the file; the names of options lie below all rooms."""
    for node in ast.walk(ast.parse(path.read_text())):
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if module.startswith("mesoscribe.") and module != f"{FACE}.options":
            yield room_of(module)


def read_rooms() -> dict[str, Room]:
    """Every room and those that it imports."""
    rooms: dict[str, Room] = {}
    for package in LANES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if len(parts) == 2 and package != FACE:
                continue  # the face of a package
            name = FACE if package == FACE else f"{package}.{parts[1]}"
            rooms.setdefault(name, Room(name)).needs.update(set(imported(path)) - {name})
    return rooms


def beneath(rooms: dict[str, Room], name: str) -> set[str]:
    """All that a room imports, also by way of others."""
    needs = rooms[name].needs
    return needs.union(*(beneath(rooms, need) for need in needs)) if needs else set()


def arrows(rooms: dict[str, Room]) -> list[tuple[Room, Room]]:
    """From imported to importing room, without those that follow from others."""
    pairs = []
    for room in rooms.values():
        direct = room.needs - set().union(*(beneath(rooms, need) for need in room.needs))
        pairs += [(rooms[name], room) for name in sorted(direct)]
    return pairs


def lane_of(room: Room) -> int:
    """The lane that LANES gives to a room."""
    name = room.name.rpartition(".")[2]
    for lane, names in enumerate(LANES[room.package]):
        if name in names:
            return lane
    raise ValueError(f"expected a lane for the room {room.name}, got none; name it in LANES of {__file__}")


def place(rooms: dict[str, Room]) -> None:
    """Each room in its lane, below all that it imports; symbolic/ as a whole below hybrid/."""
    taken: set[tuple[int, int]] = set()
    order = list(LANES)
    for room in sorted(
        rooms.values(), key=lambda r: (order.index(r.package), len(beneath(rooms, r.name)), r.name)
    ):
        above = {rooms[need].level for need in room.needs}
        if room.package == "symbolic":
            above |= {r.level for r in rooms.values() if r.package == "hybrid"}
        room.lane, room.level = lane_of(room), 1 + max(above, default=-1)
        while (room.lane, room.level) in taken:
            room.level += 1
        taken.add((room.lane, room.level))
