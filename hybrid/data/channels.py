"""Arrays as real fields: several arrays, the channels of one, real and imaginary parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from mesoscribe.hybrid.data.field_names import ONE, listed, numbered
from mesoscribe.hybrid.data.layout import AnyArray, arrange
from mesoscribe.hybrid.data.validate import numbers, real_parts

Arrays = ArrayLike | Mapping[str, ArrayLike] | Sequence[ArrayLike]


@dataclass(frozen=True)
class Channels:
    """Real fields on the same points and frames.

    Args:
        u: the fields (n, nt, [field,] *grid), masked where values are missing.
        names: of the fields.
        notes: which of them was complex.
    """

    u: AnyArray
    names: tuple[str, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        u: Arrays,
        lengths: Mapping[str, int],
        layout: str | None = None,
        fields: Sequence[str] = (),
    ) -> Channels:
        """From one array, or one for each field.

        Args:
            u: the array, a dict of arrays by the names of fields, or as many arrays as there are names.
            lengths: number of coordinates of t, x and, where there are, y and z.
            layout: a letter for each axis of an array, c only for those with channels; inferred if None.
            fields: names of the fields, or of complex arrays; those of the dict, or u1, u2, … if none.

        Raises:
            ValueError: as `arrange`, arrays that do not fit together, or another number of names.
        """
        arrays, apart = _by_name(u, layout, fields)
        channels: list[tuple[str, AnyArray]] = []
        for name, values in arrays.items():
            array = numbers(name, values, holes=True)
            known = not apart and layout is None and len(fields) > 1 and array.dtype.kind != "c"
            plain = apart and layout is not None and array.ndim == len(layout) - 1
            order = layout.replace("c", "") if layout is not None and plain else layout
            arranged = arrange(array, {**lengths, **({"c": len(fields)} if known else {})}, order)
            each = arranged[None] if arranged.ndim == len(lengths) + 1 else np.moveaxis(arranged, 2, 0)
            channels += zip(numbered(name, len(each)), each, strict=True)
        _check_shapes(channels)
        return cls._named([(name, *real_parts(channel)) for name, channel in channels], fields)

    @classmethod
    def _named(
        cls, channels: Sequence[tuple[str, tuple[AnyArray, ...], str]], fields: Sequence[str]
    ) -> Channels:
        """From the name of each channel, its real parts, and what to say of it."""
        total = sum(len(parts) for _, parts, _ in channels)
        if fields and len(fields) not in (len(channels), total):
            raise ValueError(
                f"expected {total} {'name' if total == 1 else 'names'} of fields, one for each of "
                f"{listed([name for name, *_ in channels])}, got {', '.join(fields)}; give as many"
            )
        own = fields if len(fields) == len(channels) else [name for name, *_ in channels]
        names: list[str] = []
        notes = []
        for name, (_, parts, said) in zip(own, channels, strict=True):
            both = (name,) if len(parts) == 1 else (f"{name}_re", f"{name}_im")
            names += both
            if len(parts) > 1:
                re, im = fields[len(names) - 2 : len(names)] if len(fields) == total else both
                said += f": {re} its real part, {im} its imaginary part"
            notes += [f"complex {name} {said}"] if said else []
        real = [part for _, parts, _ in channels for part in parts]
        stack = np.ma.stack if any(np.ma.isMaskedArray(part) for part in real) else np.stack
        u = stack(real, axis=2) if total > 1 else real[0]
        return cls(u, tuple(fields) if len(fields) == total else tuple(names), tuple(notes))


def _by_name(u: Arrays, layout: str | None, fields: Sequence[str]) -> tuple[Mapping[str, ArrayLike], bool]:
    """The arrays that are given by name, and whether they are one for each field."""
    if isinstance(u, Mapping):
        if not u:
            raise ValueError("expected an array for each field, got none; give one at least")
        return {str(name): values for name, values in u.items()}, True
    if isinstance(u, list | tuple) and len(u) == len(fields) > 1 and "c" not in (layout or ""):
        arrays = [values for values in u if isinstance(values, np.ndarray)]
        if len(arrays) == len(fields):
            return dict(zip(fields, arrays, strict=True)), True
    return {ONE[0]: cast(ArrayLike, u)}, False


def _check_shapes(channels: Sequence[tuple[str, AnyArray]]) -> None:
    """Refuse fields with different numbers of trajectories."""
    if len({channel.shape for _, channel in channels}) > 1:
        said = listed([f"{name} {channel.shape}" for name, channel in channels])
        raise ValueError(f"expected fields of one shape, got {said}; give all of them the same trajectories")
