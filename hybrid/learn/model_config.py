"""What a network is built from, besides its weights."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from mesoscribe.hybrid.data.scales import Scales
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.space.domain import Domain

FORMAT = 1
MOST_POINTS, MOST_MODES = 2**24, 16  # that are read from a file
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
        provenance: how it was made.
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
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def domain(self) -> Domain:
        """The user's box, at the model's points."""
        return Domain(self.shape, self.lengths)

    def to_json(self) -> dict[str, Any]:
        """Format and settings, as model.json holds them."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Setting:
        """The settings that model.json holds.

        Raises:
            ValueError: the file has another format or lacks an entry.
        """
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            found = content.get("format") if isinstance(content, dict) else type(content).__name__
            raise ValueError(f"expected a model of format {FORMAT}, got {found}; fit again")
        values = {name: value for name, value in content.items() if name != "format"}
        try:
            values["scales"] = Scales(**values["scales"])
            values["case"] = Case(values["case"])
            values["shape"], values["lengths"] = tuple(values["shape"]), tuple(values["lengths"])
            setting = cls(**values)
            setting._check()
            return setting
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"expected the settings of a model, got an unusable file ({error})") from None

    def _check(self) -> None:
        """Refuse what no fit writes, before anything is built of it."""
        scales = (self.scales.length, self.scales.time, self.scales.amplitude)
        numbers = (*self.lengths, *scales, self.scales.centre, self.band, self.low, self.high)
        counts = (*self.shape, self.low_modes)
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in counts):
            raise ValueError(f"expected whole numbers of points and modes, got {counts}")
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
        if not isinstance(self.provenance, dict):
            raise ValueError("expected a provenance by names")
