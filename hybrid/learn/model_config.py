"""What a network is built from, besides its weights."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.boundary import Parities, parities_of
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.scales import Scales

FORMAT, WITH_WALLS = 2, 3
MOST_POINTS, MOST_MODES, MOST_FIELDS = 2**24, 16, 16  # that are read from a file
MOST_BOUNDARY = 4096  # characters
ONE_FIELD = ("u",)
PERIODIC = "periodic"
EXTREME = 1e50  # of the box in scaled units, where it is near 1


@dataclass(frozen=True)
class Setting:
    """What a model is built from, besides its weights.

    Args:
        shape, lengths: its points and the user's box.
        scales: units of x, t, u.
        case: which operators act.
        band: largest wavenumber evolved, in scaled units; hold: the others are kept, not removed.
        low, high: range of v in the data.
        low_modes: modes along each axis that enter the network of N; 0 where N = 0.
        first_frame: of the data that the equation describes; those before show how high modes were erased.
        provenance: where it comes from.
        fields: the names of the fields, in the order of their axis; one name is one field without an axis.
        boundary: what they do at the ends of each axis, as `parities_of` reads it.
    """

    shape: tuple[int, ...]
    lengths: tuple[float, ...]
    scales: Scales
    case: Case
    band: float
    hold: bool
    low: float
    high: float
    low_modes: int = 0
    first_frame: int = 0
    provenance: Provenance = Provenance()
    fields: tuple[str, ...] = ONE_FIELD
    boundary: str = PERIODIC

    @property
    def n_fields(self) -> int | None:
        """How many fields there are; None for one, which has no axis."""
        return len(self.fields) if len(self.fields) > 1 else None

    @property
    def domain(self) -> Domain:
        """The user's box, at the model's points."""
        return Domain(self.shape, self.lengths, self.parities, self.n_fields)

    @property
    def parities(self) -> Parities:
        """What each field does at the ends of each axis."""
        return parities_of(self.boundary, len(self.shape), self.fields)

    def to_json(self) -> dict[str, Any]:
        """For a file; `fields` and `n_fields` where there are several, or one that has a name of its own.

        With walls it has a format of its own, which older versions refuse.
        """
        own = {"scales": self.scales.as_dict(), "provenance": self.provenance.as_dict()}
        content = {"format": FORMAT, **asdict(self), **own}
        names = {"n_fields": len(self.fields), "fields": content.pop("fields")}
        if self.boundary == PERIODIC:
            del content["boundary"]
        else:
            content["format"] = WITH_WALLS
        return content if self.fields == ONE_FIELD else {**content, **names}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Setting:
        """The settings that model.json holds.

        Raises:
            ValueError: the file has another format or lacks an entry.
        """
        if not isinstance(content, dict) or content.get("format") not in (FORMAT, WITH_WALLS):
            found = content.get("format") if isinstance(content, dict) else type(content).__name__
            raise ValueError(f"expected a model of format {FORMAT}, got {found}; fit again")
        values = {name: value for name, value in content.items() if name != "format"}
        try:
            n_fields, names = values.pop("n_fields", 1), values.pop("fields", ONE_FIELD)
            values["fields"] = tuple(names)
            if n_fields != len(names):
                raise ValueError(f"{n_fields} fields with the names {names}")
            values["scales"] = Scales(**values["scales"])
            values["case"] = Case(values["case"])
            values["provenance"] = Provenance.of(values["provenance"])
            values["shape"], values["lengths"] = tuple(values["shape"]), tuple(values["lengths"])
            setting = cls(**values)
            setting._check()
            return setting
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"expected the settings of a model, got an unusable file ({error})") from None

    def _check(self) -> None:
        """Refuse what no fit writes, before anything is built of it."""
        if not isinstance(self.boundary, str) or len(self.boundary) > MOST_BOUNDARY:
            raise ValueError("expected a boundary in words")
        amplitudes, centres = (
            c if isinstance(c, tuple) else (c,) for c in (self.scales.amplitude, self.scales.centre)
        )
        scales = (self.scales.length, self.scales.time, *amplitudes)
        numbers = (*self.lengths, *scales, *centres, self.band, self.low, self.high)
        counts = (*self.shape, self.low_modes, self.first_frame)
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in counts):
            raise ValueError(f"expected whole numbers of points, modes and frames, got {counts}")
        if not all(isinstance(v, int | float) and math.isfinite(v) for v in numbers):
            raise ValueError("expected finite numbers")
        if min(scales) <= 0 or self.band <= 0 or self.low >= self.high or not isinstance(self.hold, bool):
            raise ValueError("expected positive units and band, a range of u, and whether modes are held")
        if not all(1 / EXTREME < length < EXTREME for length in self.domain.lengths):
            raise ValueError(f"expected units that suit the box, got {self.domain.lengths} of them")
        if self.domain.points > MOST_POINTS or not 0 <= self.low_modes <= MOST_MODES:
            raise ValueError(
                f"expected at most {MOST_POINTS} points and {MOST_MODES} low modes, got {counts}"
            )
        self._check_fields(len(amplitudes))
        if self.first_frame < 0:
            raise ValueError(f"expected a first frame of 0 or more, got {self.first_frame}")

    def _check_fields(self, amplitudes: int) -> None:
        """Refuse names that are none, and units of another number of fields."""
        n = len(self.fields)
        if not all(isinstance(name, str) for name in self.fields) or len(set(self.fields)) != n:
            raise ValueError(f"expected a name for each field, each another, got {self.fields}")
        if not 1 <= n <= MOST_FIELDS or amplitudes != n:
            raise ValueError(
                f"expected at most {MOST_FIELDS} fields, each with its amplitude, got {n} names and "
                f"{amplitudes} amplitudes"
            )
        if n > 1 and (self.low_modes or self.scales.ndim != len(self.shape)):
            raise ValueError("expected of several fields no low modes, and units for the axes of the box")
