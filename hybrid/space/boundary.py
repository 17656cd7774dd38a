"""What fields do at the ends of an axis, as users say it: the one place for the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from mesoscribe.hybrid.space.domain import Domain, Parity

Parities = tuple[tuple[Parity, ...], ...]  # a row for each field, an entry for each axis
Boundary = str | Mapping[str, str]
WORDS: Mapping[str, Parity] = MappingProxyType(
    {"periodic": Parity.PERIODIC, "noflux": Parity.EVEN, "zero": Parity.ODD}
)
NAMES = {parity: word for word, parity in WORDS.items()}
AXES = ("x", "y", "z")


def parities_of(boundary: Boundary, ndim: int, fields: Sequence[str]) -> Parities:
    """The parity of each field along each axis, a row for each field.

    Args:
        boundary: a word for everything, periodic, noflux (u_x = 0) or zero (u = 0), or words for some axes,
            "x=noflux,y=periodic", some fields, "h=noflux,v=zero", or both, "h.x=noflux,v.x=zero"; what is not
            named is periodic. A dict of these names as well.
        ndim: number of dimensions.
        fields: names of the fields.

    Raises:
        ValueError: a word or a name that is not known, or fields with walls on different axes.
    """
    table = [[Parity.PERIODIC] * ndim for _ in fields]
    axes = AXES[:ndim]
    for key, word in _pairs(boundary):
        field, _, axis = key.rpartition(".")
        if not field and axis in fields and axis not in axes:
            field, axis = axis, ""
        if word not in WORDS or (field and field not in fields) or (axis and axis not in axes):
            names = ", ".join((*axes, *(fields if len(fields) > 1 else ())))
            raise ValueError(
                f"expected {', '.join(WORDS)} or window as boundary, or such as x=noflux with the names "
                f"{names}, got {boundary!r}; choose among these"
            )
        for row in (i for i, name in enumerate(fields) if field in ("", name)):
            for column in (j for j, name in enumerate(axes) if axis in ("", name)):
                table[row][column] = WORDS[word]
    rows = tuple(map(tuple, table))
    if len({tuple(parity != Parity.PERIODIC for parity in row) for row in rows}) > 1:
        raise ValueError(
            f"expected all fields between walls along the same axes, got boundary {spelled(rows, fields)}; "
            f"give each field noflux or zero there"
        )
    return rows


def _pairs(boundary: Boundary) -> list[tuple[str, str]]:
    """Names and words; the empty name stands for everything."""
    if isinstance(boundary, Mapping):
        return [(str(key).strip(), str(word).strip()) for key, word in boundary.items()]
    parts = (part.rpartition("=") for part in str(boundary).replace(" ", "").split(","))
    return [(key, word) for key, _, word in parts]


def walled_axes(parities: Parities) -> tuple[int, ...]:
    """The axes, from 0, between walls."""
    return tuple(axis for axis, parity in enumerate(parities[0]) if parity != Parity.PERIODIC)


def spelled(parities: Parities, fields: Sequence[str]) -> str:
    """The shortest text that `parities_of` reads as these parities."""
    rows = dict(zip(fields, parities, strict=True))
    if len(set(parities)) == 1:
        return _axes(parities[0], "")
    return ",".join(_axes(row, f"{name}.") for name, row in rows.items())


def _axes(row: Sequence[Parity], prefix: str) -> str:
    """Words of one row: one for all axes where they are the same."""
    if len(set(row)) == 1:
        return f"{prefix[:-1]}={NAMES[row[0]]}" if prefix else NAMES[row[0]]
    return ",".join(f"{prefix}{axis}={NAMES[parity]}" for axis, parity in zip(AXES, row, strict=False))


def described(domain: Domain) -> str:
    """The ends of a box in words: periodic, between no-flux walls, …"""
    said = {Parity.EVEN: "no-flux walls", Parity.ODD: "zero-value walls", Parity.PERIODIC: "periodic"}
    rows = set(domain.parities)
    if not domain.walled:
        return "periodic"
    if len(rows) > 1:
        return f"between walls along {', '.join(AXES[axis + domain.ndim] for axis in domain.walled)}"
    (row,) = rows
    if len(set(row)) == 1:
        return f"between {said[row[0]]}"
    each = zip(AXES, row, strict=False)
    return ", ".join(
        f"periodic along {a}" if p == Parity.PERIODIC else f"between {said[p]} along {a}" for a, p in each
    )
