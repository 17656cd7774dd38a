"""Units of times, points and fields, as people write them; what pint knows is a unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

ASCII = {"µ": "u", "μ": "u", "Å": "angstrom", "°": "deg", "Ω": "ohm", "**": "^", "Δ": "delta_", " ": ""}
COORDINATES = "xyzt"
CF_POWER = re.compile(r"(?<=[A-Za-z])(-?\d+)\b")  # m s-1 is m s**-1 in the CF conventions
CODE = re.compile(r"[^\w\s*/^().µμÅ°Ω%+-]|[A-Za-z]\.|\b\d+[A-Za-z]")  # no unit; a.u. are years to pint


@dataclass(frozen=True)
class Units:
    """Units of t, x, y and the fields, by name, as they were written.

    Args:
        by_name: the unit of each name that has one; y has that of x where it has none of its own.
    """

    by_name: Mapping[str, str]

    @classmethod
    def of(cls, given: str | Mapping[str, str] | Units | None) -> Units:
        """From text such as "x=um,t=s,u=K", or a mapping.

        Raises:
            ValueError: it is neither, or pint does not know a unit.
        """
        if isinstance(given, Units):
            return given
        pairs = [part.partition("=") for part in given.split(",")] if isinstance(given, str) and given else []
        if not all(name.strip() and unit.strip() for name, _, unit in pairs):
            raise ValueError(f"expected units as name=unit, got {given!r}; write for example x=um,t=s,u=K")
        named = {n.strip(): u.strip() for n, _, u in pairs} if isinstance(given, str) else dict(given or {})
        for name, unit in named.items():
            if parsed(unit) is None:
                raise ValueError(
                    f"expected a unit that pint knows for {name}, got {unit!r}; write for example um, s, "
                    f"K or kg/m^3, or 1 for none"
                )
        return cls(dict(sorted(named.items(), key=lambda pair: COORDINATES.find(pair[0]) % 9)))  # fields last

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def __str__(self) -> str:
        return ",".join(f"{name}={unit}" for name, unit in self.by_name.items())

    def unit(self, name: str) -> str | None:
        """The unit of t, x, y or a field as it was written, None where it is not known."""
        return self.by_name.get(name, self.by_name.get("x") if name == "y" else None)

    @property
    def sentence(self) -> str:
        """Such as "x in um, t in s, u in K"."""
        return ", ".join(f"{name} in {unit}" for name, unit in self.by_name.items())

    def product(self, powers: Mapping[str, float]) -> str:
        """The unit of Π name^power in ASCII, such as um^2/s; a name without a unit stays, as [u]^-2."""
        total, rest = parsed("1"), []
        for name, power in powers.items():
            unit = self.unit(name)
            if power and unit is None:
                rest.append(f"[{name}]" if power == 1 else f"[{name}]^{power:g}")
            elif power and unit is not None:
                total = total * parsed(unit) ** (int(power) if power == int(power) else power)
        known = ascii_unit(total)
        return " ".join([*([known] if known != "1" or not rest else []), *rest])


def parsed(text: str) -> Any:
    """The unit of pint in a text, None where it knows none; m s-1, as the CF conventions have it, is one."""
    if CODE.search(text):
        return None
    for written in (text, CF_POWER.sub(r"**\1", text)):
        try:
            return _registry().Unit(written)
        except Exception:  # pint raises errors of many kinds, those of Python's tokens among them
            continue
    return None


def ascii_unit(unit: Any) -> str:
    """A unit of pint in plain text: um^2/s, 1 where it has none."""
    shown = f"{unit:~C}"
    for sign, plain in ASCII.items():
        shown = shown.replace(sign, plain)
    return (shown if shown.isascii() else f"{unit:C}".replace("**", "^")) or "1"


@lru_cache(maxsize=1)
def _registry() -> Any:
    """All units of pint; they are loaded only where a unit is given, which takes a second."""
    from pint import UnitRegistry

    return UnitRegistry()
