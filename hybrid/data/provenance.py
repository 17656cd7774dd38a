"""Where a network or a law comes from."""

from __future__ import annotations

import operator
from dataclasses import asdict, dataclass
from typing import Any

from mesoscribe.hybrid.data.physical_units import Units


@dataclass(frozen=True)
class Provenance:
    """Where a network or a law comes from; what is not known is left out of files.

    Args:
        source: of the data, or of the formula.
        seed: of the split and the fit.
        optimiser: what proposed the terms of a law, where it was chosen.
        units: of the data, as x=um,t=s,u=K, where they are known.

    Raises:
        TypeError: a source, an optimiser or units that are no text, a seed that is no whole number.
        ValueError: a unit that pint does not know.
    """

    source: str = ""
    seed: int | None = None
    optimiser: str | None = None
    units: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.source, str) or not isinstance(self.optimiser, str | None):
            raise TypeError(f"provenance: expected texts, got {self.source!r} and {self.optimiser!r}")
        if not isinstance(self.units, str):
            raise TypeError(f"provenance: expected a text as units, got {self.units!r}")
        Units.of(self.units)
        if self.seed is not None:
            if isinstance(self.seed, bool):
                raise TypeError(f"provenance: expected a whole number as seed, got {self.seed!r}")
            object.__setattr__(self, "seed", operator.index(self.seed))  # one of NumPy is no JSON

    def as_dict(self) -> dict[str, Any]:
        """For a file."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def of(cls, content: object) -> Provenance:
        """From a file; entries that have no place here are passed over.

        Raises:
            TypeError: it is no table, or an entry is of the wrong kind.
        """
        if not isinstance(content, dict):
            raise TypeError(f"provenance: expected entries by names, got {type(content).__name__}")
        known = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        return cls(**known)
