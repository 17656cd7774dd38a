"""The verdict that a law carries: what was said of it, and what to beware of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judgement:
    """What was said of a law and the data that it was judged on.

    Args:
        kind: `verdict_kind`, such as "member".
        headline: the verdict in a line.
        cautions: all that a reader should beware of, a sentence each.
    """

    kind: str
    headline: str
    cautions: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The entries of law.json, named as in metrics.json."""
        return {"verdict_kind": self.kind, "headline": self.headline, "cautions": list(self.cautions)}

    @classmethod
    def of(cls, content: dict[str, Any]) -> Judgement | None:
        """From law.json or metrics.json; None where nothing was said.

        Raises:
            KeyError, TypeError: an entry is missing or no text.
        """
        if "verdict_kind" not in content:
            return None
        kind, headline, cautions = (content[name] for name in ("verdict_kind", "headline", "cautions"))
        if not isinstance(cautions, list) or not all(isinstance(s, str) for s in (kind, headline, *cautions)):
            raise TypeError("verdict: expected texts and a list of texts")
        return cls(kind, headline, tuple(cautions))
