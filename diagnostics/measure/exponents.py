"""Exponents of energies against amplitude, as they are handed on and printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.numbers import NUMBERS

RULE = (
    "The window is the longest run of amplitudes on which the component is above rounding "
    f"({NUMBERS.negligible_component:g} of the largest component) and {NUMBERS.above_noise:g} times above "
    "the noise where that is known, keeps its sign, grows, and has a local exponent that varies by less than "
    f"{NUMBERS.exponent_varies:g}; it must span a factor of {NUMBERS.window_ratio:g}. V[u*] is subtracted; "
    "each field counts with the sign that it has at the largest amplitude. In brackets: "
    f"{np.ptp(NUMBERS.percentiles):g} % of {NUMBERS.resamples} resamples of the initial fields."
)


@dataclass(frozen=True, eq=False)
class ComponentScaling:
    """One component of an energy against the amplitude.

    Args:
        name: such as V0.
        amplitudes: A.
        values: the component of u* + A (u0 - u*) less that of u*, mean over fields.
        local: d log|V| / d log A, NaN where the component vanishes.
        window: smallest and largest amplitude of the fit; None where there is nothing to fit.
        exponent, r_squared: of the straight line through log|V| over log A in the window, NaN without one.
        note: why an exponent means nothing, or less than it seems; empty where it is sound.
        interval: 95 % of the exponents over initial fields; None for one field, or where their signs differ.
        noise: what the values are uncertain by; zeros where that is not known.
    """

    name: str
    amplitudes: Float[np.ndarray, " a"]
    values: Float[np.ndarray, " a"]
    local: Float[np.ndarray, " a"]
    window: tuple[float, float] | None
    exponent: float
    r_squared: float
    note: str
    interval: tuple[float, float] | None
    noise: Float[np.ndarray, " a"]

    @property
    def meaningful(self) -> bool:
        """Whether an exponent could be estimated."""
        return self.window is not None

    @property
    def quoted(self) -> str:
        """The exponent with its interval, such as 3.001 [2.998, 3.004]."""
        between = "" if self.interval is None else f" [{self.interval[0]:.3f}, {self.interval[1]:.3f}]"
        return f"{self.exponent:.3f}{between}" if self.meaningful else ""

    def __str__(self) -> str:
        if self.window is None:
            return f"{self.name:>3}  {self.note}"
        low, high = self.window
        note = f"  {self.note}" if self.note else ""
        return f"{self.name:>3}  {self.quoted:<22} R² {self.r_squared:.5f}  A {low:.3g} to {high:.3g}{note}"

    __repr__ = __str__


@dataclass(frozen=True)
class AmplitudeScaling:
    """How each component of an energy grows with amplitude.

    Args:
        subject: whose energy.
        components: in the order V0, V1, V2, V (network); F, Q, V (canonical); all of them (law).
        along: the fields that are scaled.
        centre: u* of each field, where those that are not scaled rest.
        rule: how windows are chosen.
    """

    subject: str
    components: tuple[ComponentScaling, ...]
    along: tuple[str, ...]
    centre: Mapping[str, float]
    rule: str = RULE

    @property
    def direction(self) -> str:
        """What is scaled, of several fields: such as "a alone" or "a and b together"; nothing of one."""
        if len(self.centre) == 1:
            return ""
        names = [*filter(None, [", ".join(self.along[:-1])]), self.along[-1]]
        return f"{' and '.join(names)} {'together' if len(self.along) > 1 else 'alone'}"

    @property
    def at_rest(self) -> str:
        """u* in words, such as "u* = 0" or "h* = 1, v* = 0"."""
        return ", ".join(f"{name}* = {value:.4g}" for name, value in self.centre.items())

    @property
    def reach(self) -> str:
        """The smallest and the largest amplitude."""
        A = self.components[0].amplitudes
        return f"A from {A[0]:.2g} to {A[-1]:.2g}"

    @property
    def name(self) -> str:
        """The subject and, of several fields, what is scaled."""
        return ", ".join(filter(None, (self.subject, self.direction)))

    def __getitem__(self, name: str) -> ComponentScaling:
        """The scaling of a component, by its name."""
        return {component.name: component for component in self.components}[name]

    def __str__(self) -> str:
        return "\n".join([f"exponents of the {self.name}", *(f"  {c}" for c in self.components)])

    __repr__ = __str__
