"""Every law that was tried, what it costs and errs, and which of them is the law."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Generic

import numpy as np
from jaxtyping import Float, Int

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.symbolic.law.canonical import canonical_law, with_rate_error
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.refine.fit import E
from mesoscribe.symbolic.select.entry import Entry, Rival


def _finite(value: float) -> float | None:
    """A number for JSON; None where it is infinite."""
    return float(value) if math.isfinite(value) else None


def price(error: Float[np.ndarray, " l"] | float, terms: Int[np.ndarray, " l"] | int, pays: float) -> Any:
    """log E + n log(pays): what the choice minimises."""
    with np.errstate(divide="ignore"):
        return np.log(error) + terms * math.log(pays)


@dataclass(frozen=True)
class HallOfFame(Generic[E]):
    """All laws that were fitted to one set of data, from simple to rich, and the choice among them.

    With E² = held-out misfit² - noise, the error beyond the noise, and n terms, the law with the smallest
    log E + n log(pays) is chosen, of those whose terms are all significantly different from 0.

    Args:
        entries: the laws.
        noise: squared misfit that noise alone leaves.
        values: how many values the laws are compared on; n coefficients cost n/values of the misfit.
        pays: by which factor a term must reduce E.
        rival: an equation of no member that is better than the law.
        picked: the law that a user has chosen instead, by its place.
        doubles: terms of the best law that others could stand for as well, in words.
        against: what else speaks against it in what it leaves of the data, in words.
    """

    entries: tuple[Entry[E], ...]
    noise: float
    values: float
    pays: float = NUMBERS.pays
    rival: Rival | None = None
    picked: int | None = None
    doubles: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @cached_property
    def _squares(self) -> Float[np.ndarray, " l"]:
        """Mean squared held-out misfit of each law that may be chosen."""
        squares = np.array([entry.squared if entry.admissible else np.inf for entry in self.entries])
        return np.where(np.isfinite(squares), squares, np.inf)

    @cached_property
    def _least(self) -> float:
        """The smallest E that could be seen: its coefficients cost the best law as much, or rounding does."""
        best = int(self._squares.argmin())
        own = float(self._squares[best]) * self.entries[best].terms / self.values
        return math.sqrt(max(own, NUMBERS.visible_error**2))

    @cached_property
    def errors(self) -> Float[np.ndarray, " l"]:
        """E of each law: of the best one no less than could be seen, of others by what they add.

        Infinite of those that are not admissible.
        """
        x = float(self._squares.min())
        if not math.isfinite(x):
            return self._squares
        return np.sqrt(max(x - self.noise * self._unsure, self._least**2) + (self._squares - x))

    def error_of(self, law: E) -> float:
        """E of the law with the terms of another; infinite if there is none."""
        terms = law.coefficients.keys()
        at = [i for i, entry in enumerate(self.entries) if entry.law.coefficients.keys() == terms]
        return float(self.errors[at[0]]) if at else math.inf

    @property
    def _unsure(self) -> float:
        """By which factor the noise may be larger than it was found to be."""
        return 1 + NUMBERS.significant * math.sqrt(NUMBERS.spread_of_noise / self.values)

    @property
    def explained(self) -> bool:
        """Whether the chosen law leaves nothing beyond the noise that could be seen."""
        return bool(self._squares[self.at] - self.noise * self._unsure <= self._least**2)

    @property
    def beyond_noise(self) -> float:
        """What the chosen law leaves beyond the noise, relative to the field; 0 if chance may leave it."""
        return 0.0 if self.explained else float(self.errors[self.at])

    @cached_property
    def scores(self) -> Float[np.ndarray, " l"]:
        """log E + n log(pays): the smaller, the better; infinite with a term that may be 0."""
        terms = np.array([entry.terms for entry in self.entries])
        doubted = np.array([not entry.established for entry in self.entries])
        scores = price(self.errors, terms, self.pays)
        certain = bool(np.isfinite(scores[~doubted]).any())
        return np.where(doubted & certain, np.inf, scores)

    @cached_property
    def best(self) -> int:
        """The law that the rule chooses."""
        return int(self.scores.argmin())

    @property
    def at(self) -> int:
        """The place of the law: of the one that was picked, or the best."""
        return self.best if self.picked is None else self.picked

    @property
    def chosen(self) -> Entry[E]:
        """The law."""
        return self.entries[self.at]

    def picking(self, number: int) -> HallOfFame[E]:
        """With another law chosen, by the number that it is printed with; the best one leaves it to the rule.

        Raises:
            ValueError: there is no such law.
        """
        if not 1 <= number <= len(self.entries):
            raise ValueError(
                f"expected a law from 1 to {len(self.entries)}, got {number}; mesoscribe laws DIR prints them"
            )
        return replace(self, picked=None if number - 1 == self.best else number - 1)

    @property
    def front(self) -> tuple[int, ...]:
        """Laws that no other one with as few coefficients beats, from simple to rich."""
        least, found = math.inf, []
        for i in sorted(range(len(self.entries)), key=lambda i: (self.entries[i].terms, self.errors[i])):
            if self.errors[i] < least:
                least = float(self.errors[i])
                found.append(i)
        return tuple(found)

    @property
    def leads(self) -> tuple[int, ...]:
        """Laws that would win if a further term left nothing that could be seen, the closest first."""
        could = price(self._least, np.array([entry.terms + 1 for entry in self.entries]), self.pays)
        return tuple(int(i) for i in self.errors.argsort(kind="stable") if could[i] < self.scores.min())

    @property
    def doubted(self) -> tuple[int, ...]:
        """Laws that would win if none of their terms could be 0, the best first."""
        prices = price(self.errors, np.array([entry.terms for entry in self.entries]), self.pays)
        return tuple(int(i) for i in prices.argsort(kind="stable") if prices[i] < self.scores.min())

    @property
    def rule(self) -> str:
        """How the choice was made."""
        return (
            "Each law is fitted, and judged on pieces of the data that were left out. E is its error there "
            f"beyond the noise, relative to the field; a term stays if it makes E more than {self.pays:g} "
            "times smaller, and is different from 0 beyond doubt. Laws with another score inf, unless all do."
        ) + ("" if self.picked is None else f" Law {self.at + 1} was picked; the rule chose {self.best + 1}.")

    def with_law(self: HallOfFame[Law], law: Law, rate_error: float = 0.0) -> HallOfFame[Law]:
        """All in canonical form, the chosen law as it was refined last; see `with_rate_error`."""
        canonical = (with_rate_error(canonical_law(entry.law), rate_error) for entry in self.entries)
        laws = [law if i == self.at else one for i, one in enumerate(canonical)]
        entries = (replace(entry, law=one) for entry, one in zip(self.entries, laws, strict=True))
        return replace(self, entries=tuple(entries))

    def save(self: HallOfFame[Law], path: str | Path) -> None:
        """Write laws.json, which `load` reads."""
        rows = [
            {
                "equation": entry.law.text,
                "terms": entry.terms,
                "error": _finite(error),
                "score": _finite(score),
                "held_out": [_finite(float(h)) for h in entry.held_out],
                "admissible": entry.admissible,
                "established": entry.established,
                "law": json.loads(entry.law.json()),
            }
            for entry, error, score in zip(self.entries, self.errors, self.scores, strict=True)
        ]
        content = {
            "chosen": self.at,
            "picked": self.picked,
            "noise": self.noise,
            "values": self.values,
            "pays": self.pays,
            "rival": None if self.rival is None else asdict(self.rival),
            "doubles": list(self.doubles),
            "against": list(self.against),
            "rule": self.rule,
            "laws": rows,
        }
        write_whole(path, json.dumps(content, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | Path) -> HallOfFame[Law]:
        """Read what `save` wrote.

        Raises:
            ValueError: the file is missing, or holds something else.
        """
        try:
            content = json.loads(Path(path).read_text("utf-8"))
            entries = tuple(
                Entry(
                    Law.of(row["law"]),
                    np.array([math.inf if h is None else float(h) for h in row["held_out"]]),
                    bool(row["admissible"]),
                    bool(row["established"]),
                )
                for row in content["laws"]
            )
            noise, values, pays = (float(content[name]) for name in ("noise", "values", "pays"))
            picked = None if content["picked"] is None else range(len(entries))[content["picked"]]
            usable = 0 <= noise < math.inf and 0 < values < math.inf and 1 <= pays < math.inf
            known = all(len(entry.held_out) and bool(np.all(entry.held_out >= 0)) for entry in entries)
            if not (entries and usable and known):
                raise ValueError(f"{len(entries)} laws, noise {noise:g}, {values:g} values, pays {pays:g}")
            better = content["rival"]
            rival = better and Rival(str(better["equation"]), float(better["error"]), float(better["law"]))
            doubles, against = (tuple(map(str, content.get(name, ()))) for name in ("doubles", "against"))
            return HallOfFame(entries, noise, values, pays, rival, picked, doubles, against)
        except (OSError, KeyError, TypeError, IndexError, ValueError, OverflowError, RecursionError) as error:
            raise ValueError(
                f"expected the laws of a distillation in {path}, got {error!r}; distil again"
            ) from None

    def __str__(self) -> str:
        rows = [
            f"{'>' if i == self.at else ' '}{i + 1:>3}{entry.terms:>7}{error:>11.2e}{score:>9.2f}  "
            f"{entry.law.text}"
            for i, (entry, error, score) in enumerate(
                zip(self.entries, self.errors, self.scores, strict=True)
            )
        ]
        return "\n".join([f"{'law':>4}{'terms':>7}{'E':>11}{'score':>9}  equation", *rows])

    __repr__ = __str__
