"""Draws docs/architecture.svg from the imports: rooms as boxes, an arrow from a room to one that imports it.

Run it after a change of imports: python docs/draw_architecture.py [FILE]
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path

from rooms import FACE, GAP, GUTTER, HEIGHT, LABEL, MARGIN, WIDTH, Room, arrows, place, read_rooms

PICTURE = Path(__file__).resolve().with_name("architecture.svg")
COLOURS = {"hybrid": "#0d7d87", "symbolic": "#6a4fb3", "diagnostics": "#b3641b", FACE: "#3c4653"}
ABOUT = {
    "hybrid": "learns the network from trajectories",
    "symbolic": "distils the network into a law",
    "diagnostics": "judges both and writes the report",
}
LEGEND = (
    "An arrow leads from a room to",
    "one that imports it. Those that",
    "follow from others are left out.",
)
PAD = 14  # between a panel and its rooms
PORTS = 14  # between arrows that leave or enter the same box


def passage(start: Room, end: Room, rooms: dict[str, Room], used: list[tuple[float, int]]) -> float | None:
    """Where an arrow passes the rows between its ends: a lane or gutter that is free in all of them."""
    rows = range(start.level + 1, end.level)
    if not rows:
        return None
    full = {room.lane for room in rooms.values() if room.level in rows}
    lanes = 1 + max(room.lane for room in rooms.values())
    pitch = WIDTH + GUTTER
    free = [MARGIN + lane * pitch + WIDTH / 2 for lane in range(lanes) if lane not in full]
    free += [MARGIN + lane * pitch - GUTTER / 2 for lane in range(1, lanes)]
    best = min(
        free, key=lambda x: abs(x - start.x) + abs(x - end.x) + 60 * sum((x, row) in used for row in rows)
    )
    used += [(best, row) for row in rows]
    return best


def curve(points: list[tuple[float, float]]) -> str:
    """A line through points, vertical in each."""
    (x, y), *rest = points
    path = f"M{x:g} {y:g}"
    for next_x, next_y in rest:
        bend = (y + next_y) / 2
        path += (
            f"L{next_x:g} {next_y:g}"
            if next_x == x
            else f"C{x:g} {bend:g} {next_x:g} {bend:g} {next_x:g} {next_y:g}"
        )
        x, y = next_x, next_y
    return path


def spread(place_: int, count: int) -> float:
    """The offset of one of several arrows at the edge of a box."""
    return PORTS * (place_ - (count - 1) / 2)


def draw_arrows(rooms: dict[str, Room]) -> Iterator[str]:
    """All arrows, in the colour of the room that they come from."""
    pairs, used = arrows(rooms), list[tuple[float, int]]()
    via = {
        (a.name, b.name): passage(a, b, rooms, used)
        for a, b in sorted(pairs, key=lambda p: p[1].level - p[0].level)
    }

    def towards(a: Room, b: Room, end: Room) -> float:
        x = via[a.name, b.name]
        return end.x if x is None else x

    for a, b in pairs:
        leaving = sorted((q for p, q in pairs if p is a), key=lambda q: (towards(a, q, q), q.name))
        entering = sorted((p for p, q in pairs if q is b), key=lambda p: (towards(p, b, p), p.name))
        x0 = a.x + spread(leaving.index(b), len(leaving))
        x1 = b.x + spread(entering.index(a), len(entering))
        points = [(x0, a.top + HEIGHT)]
        x = via[a.name, b.name]
        if x is not None:
            x = x0 if abs(x - x0) < WIDTH / 4 else x
            points += [(x, a.top + HEIGHT + GAP), (x, b.top - GAP)]
        points.append((x1, b.top - 7))
        colour = COLOURS[a.package]
        yield f'<path d="{curve(points)}" stroke="{colour}" marker-end="url(#{a.package})"/>'


def text(x: float, y: float, words: str, style: str) -> str:
    """A line of text."""
    return f'<text x="{x:g}" y="{y:g}" class="{style}">{escape(words)}</text>'


def draw_panel(package: str, rooms: list[Room]) -> Iterator[str]:
    """The ground on which the rooms of a package stand, with its name over the last lane, clear of arrows."""
    last = min(rooms, key=lambda room: (-room.lane, room.level))
    entered = last.needs and last.level == min(room.level for room in rooms)
    left = min(room.x for room in rooms) - WIDTH / 2 - PAD
    top = min(room.top for room in rooms) - LABEL - (GAP if entered else 0)
    width = last.x + WIDTH / 2 + PAD - left
    height = max(room.top for room in rooms) + HEIGHT + PAD - top
    colour = COLOURS[package]
    yield (
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="14" fill="{colour}" '
        'fill-opacity="0.08"/>'
    )
    name = text(last.x - WIDTH / 2, top + 22, f"{package}/", "package")
    about = text(last.x - WIDTH / 2, top + 39, ABOUT[package], "about")
    yield f'<g fill="{colour}">{name}{about}</g>'


def draw_room(room: Room) -> Iterator[str]:
    """A box with its name and what its __init__.py says."""
    left, colour = room.x - WIDTH / 2, COLOURS[room.package]
    yield (
        f'<rect x="{left:g}" y="{room.top:g}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff" '
        f'stroke="{colour}" stroke-opacity="0.55"/>'
    )
    yield f'<g fill="{colour}">{text(left + 12, room.top + 22, room.name.rpartition(".")[2], "room")}</g>'
    for i, line in enumerate(textwrap.wrap(room.sentence.rstrip("."), 33)):
        yield text(left + 12, room.top + 40 + 14 * i, line, "line")


def picture() -> str:
    """The SVG."""
    rooms = read_rooms()
    place(rooms)
    width = 2 * MARGIN + WIDTH + (WIDTH + GUTTER) * max(room.lane for room in rooms.values())
    right = width - MARGIN - WIDTH
    height = MARGIN + HEIGHT + max(room.top for room in rooms.values())
    heads = [
        f'<marker id="{name}" viewBox="0 0 10 10" refX="4" refY="5" '
        'markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0.8L10 5L0 9.2z" fill="{colour}"/></marker>'
        for name, colour in COLOURS.items()
    ]
    panels = [
        line for p in ABOUT for line in draw_panel(p, [room for room in rooms.values() if room.package == p])
    ]
    boxes = [line for room in rooms.values() for line in draw_room(room)]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">",
        "<title>Rooms of mesoscribe; an arrow leads from a room to one that imports it</title>",
        "<style>.package{font-size:17px;font-weight:700}.about{font-size:12px}.room{font-size:15px;font-weight:700}"
        ".line{font-size:11px;fill:#333c47}.legend{font-size:13px;fill:#4b5563}</style>",
        f"<defs>{''.join(heads)}</defs>",
        f'<rect width="{width:g}" height="{height:g}" rx="18" fill="#fdfdfc"/>',
        *panels,
        f'<g fill="none" stroke-width="1.8" stroke-opacity="0.85">{"".join(draw_arrows(rooms))}</g>',
        *boxes,
        *(text(right, MARGIN + 20 + 20 * i, line, "legend") for i, line in enumerate(LEGEND)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if sys.argv[1:] else PICTURE).write_text(picture(), encoding="utf-8")
