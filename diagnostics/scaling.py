"""How energies grow with the amplitude of the field: V[A·u0] against A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from diagnostics.probes import Probe, probe
from hybrid.onsager import OnsagerModel
from hybrid.trajectories import Trajectories
from symbolic.canonical import CanonicalNetwork
from symbolic.law import Law

SMALLEST = 1e-2
N_AMPLITUDES = 41
N_FIELDS = 16
MOST_VALUES = 2**18  # of fields whose energy is computed at once
NEGLIGIBLE = 1e-10  # a component below this share of the largest one is zero
ROUNDING = 1e-13  # of V[u*], which is subtracted
SHORTEST = 3.0  # ratio of the ends of a window that is worth an exponent
STEADY = 0.25  # a local exponent that varies by more is no single power
RULE = (
    "The window is the longest run of amplitudes on which the component is above rounding "
    f"({NEGLIGIBLE:g} of the largest component), keeps its sign, grows, and has a local exponent that "
    f"varies by less than {STEADY:g}; it must span a factor of {SHORTEST:g}. V[u*] is subtracted; each field "
    "counts with the sign that it has at the largest amplitude."
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
    """

    name: str
    amplitudes: Float[np.ndarray, " a"]
    values: Float[np.ndarray, " a"]
    local: Float[np.ndarray, " a"]
    window: tuple[float, float] | None
    exponent: float
    r_squared: float
    note: str

    @property
    def meaningful(self) -> bool:
        """Whether there is an exponent."""
        return self.window is not None

    def __str__(self) -> str:
        if self.window is None:
            return f"{self.name:>3}  {self.note}"
        low, high = self.window
        note = f"  {self.note}" if self.note else ""
        return (
            f"{self.name:>3}  {self.exponent:6.3f}  R² {self.r_squared:.5f}  A {low:.3g} to {high:.3g}{note}"
        )


@dataclass(frozen=True)
class AmplitudeScaling:
    """How each component of an energy grows with amplitude.

    Args:
        subject: whose energy.
        components: in the order V0, V1, V2, V (network); F, Q, V (canonical); all of them (law).
        rule: how windows are chosen.
    """

    subject: str
    components: tuple[ComponentScaling, ...]
    rule: str = RULE

    def __getitem__(self, name: str) -> ComponentScaling:
        """A component by name."""
        return {component.name: component for component in self.components}[name]

    def __str__(self) -> str:
        return "\n".join([f"exponents of the {self.subject}", *(f"  {c}" for c in self.components)])


def _largest_amplitude(v0: np.ndarray, v: np.ndarray) -> float:
    """The factor up to which every field scaled by it stays within the range of the data."""
    limits = [v.max() / v0.max()] if v0.max() > 0 else []
    limits += [v.min() / v0.min()] if v0.min() < 0 else []
    return float(min(limits, default=1.0))


def _window(good: Bool[np.ndarray, " s"], slopes: Float[np.ndarray, " s"]) -> tuple[int, int]:
    """First and last point of the longest run of good steps whose slopes agree to STEADY."""
    best = (0, 0)
    for first in range(len(slopes)):
        last, low, high = first, np.inf, -np.inf
        while last < len(slopes) and good[last]:
            low, high = min(low, slopes[last]), max(high, slopes[last])
            if high - low > STEADY:
                break
            last += 1
        best = max(best, (first, last), key=lambda run: run[1] - run[0])
    return best


def _line(x: Float[np.ndarray, " a"], y: Float[np.ndarray, " a"]) -> tuple[float, float]:
    """Slope and R² of the straight line through the points."""
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), 1 - float(np.sum((slope * x + intercept - y) ** 2) / np.sum((y - y.mean()) ** 2))


def _component(
    name: str, A: Float[np.ndarray, " a"], values: Float[np.ndarray, " a"], floor: Float[np.ndarray, " a"]
) -> ComponentScaling:
    """The window, the line through it and what is to be said about it."""
    x, y = np.log(A), np.log(np.where(values != 0, np.abs(values), np.nan))
    slopes = np.diff(y) / np.diff(x)
    above = np.abs(values) > floor
    same_sign = np.sign(values[1:]) == np.sign(values[:-1])
    good = above[1:] & above[:-1] & same_sign & (slopes > 0)
    poles = A[1:][above[1:] & above[:-1] & ~same_sign]
    change = f"changes sign at A ≈ {', '.join(f'{pole:.2g}' for pole in poles)}" if len(poles) else ""
    first, last = _window(good, slopes)
    if not above.any() or A[last] < SHORTEST * A[first]:
        why = change or "no power of A over a wide enough range"
        reason = f"means nothing: {why if above.any() else f'below {NEGLIGIBLE:g} of the energy'}"
        return ComponentScaling(name, A, values, np.gradient(y, x), None, np.nan, np.nan, reason)
    exponent, r_squared = _line(x[first : last + 1], y[first : last + 1])
    steep, flat = slopes[good].max(), slopes[good].min()
    crossover = (
        f"elsewhere the local exponent is {flat:.2f} to {steep:.2f}" if steep - flat > 2 * STEADY else ""
    )
    note = "; ".join(filter(None, (change, crossover)))
    window = (float(A[first]), float(A[last]))
    return ComponentScaling(name, A, values, np.gradient(y, x), window, exponent, r_squared, note)


def _measure(
    probed: Probe, v0: Float[np.ndarray, "..."], A: Float[np.ndarray, " a"]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Each component against amplitude, mean over fields with aligned signs, and its size at u*."""
    at_centre = probed.components(probed.centre + 0 * v0[:1])
    parts = np.array_split(A, min(A.size, 1 + A.size * v0.size // MOST_VALUES))
    scaled = (np.multiply.outer(part, v0).reshape(-1, *v0.shape[1:]) for part in parts)
    rows = [probed.components(probed.centre + fields) for fields in scaled]
    values = {}
    for name, offset in at_centre.items():
        each = np.concatenate([row[name] for row in rows]).reshape(A.size, len(v0)) - offset
        values[name] = (each * np.sign(each[-1])).mean(1) * (np.sign(each[-1].mean()) or 1.0)
    return values, {name: float(np.abs(offset).max()) for name, offset in at_centre.items()}


def amplitude_scaling(
    subject: OnsagerModel | CanonicalNetwork | Law,
    data: Trajectories,
    *,
    n_amplitudes: int = N_AMPLITUDES,
    n_fields: int = N_FIELDS,
) -> AmplitudeScaling:
    """Exponents of the components of V[u* + A (u0 - u*)] against A, u0 the first frames of the data.

    A runs from 0.01 to where a field would leave the range of the data.

    Args:
        subject: a network (its raw energies), its canonical form, or a law.
        data: trajectories whose first frames are scaled.
        n_amplitudes: how many amplitudes; n_fields: how many first frames at most.
    """
    probed = probe(subject, data.grid)
    v = data.u - probed.centre
    v0 = v[:n_fields, 0]
    A = np.geomspace(SMALLEST, _largest_amplitude(v0, v), n_amplitudes)
    values, offsets = _measure(probed, v0, A)
    largest = np.max([np.abs(row) for row in values.values()], axis=0)
    components = (
        _component(name, A, row, NEGLIGIBLE * largest + ROUNDING * offsets[name])
        for name, row in values.items()
    )
    return AmplitudeScaling(probed.name, tuple(components))
