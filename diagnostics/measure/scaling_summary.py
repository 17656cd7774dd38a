"""What amplitude scaling says in words: what dominates where, what the gauge did, what means nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.alignment import relative_scale
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.scaling import AmplitudeScaling, ComponentScaling, exponents
from mesoscribe.diagnostics.measure.sweep import Sweep, sweep
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.law import Law

MEANING = {
    "F": "the pointwise energy ∫F",
    "Q": "the quadratic energy",
    "N": "the nonlocal energy ∫N",
    **{name: name for name in ("V0", "V1", "V2")},
}


@dataclass(frozen=True)
class ScalingSummary:
    """Exponents of network and law, and what they say.

    Args:
        scalings: of the raw network, its canonical form and the law.
        dominance: which component is largest at which amplitudes, a sentence for each subject.
        gauge: raw beside canonical exponents, and what was fixed.
        meaningless: exponents that mean nothing, or less than they seem, and why.
    """

    scalings: tuple[AmplitudeScaling, ...]
    dominance: tuple[str, ...]
    gauge: tuple[str, ...]
    meaningless: tuple[str, ...]

    def __str__(self) -> str:
        words = (f"- {line}" for line in (*self.dominance, *self.gauge, *self.meaningless))
        return "\n".join([*map(str, self.scalings), *words])

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class _Swept:
    """Sweeps of a raw network, its canonical form and its law.

    Args:
        network: the canonical form.
        raw, canonical, closed: the sweeps.
        noise: what network and law differ by in each canonical component.
    """

    network: CanonicalNetwork
    raw: Sweep
    canonical: Sweep
    closed: Sweep
    noise: dict[str, Float[np.ndarray, " a"]]

    @classmethod
    def of(cls, model: OnsagerModel, law: Law, data: Trajectories) -> _Swept:
        """Sweep network, canonical network and law over the same fields."""
        network = canonical_form(model)
        raw, canonical, closed = (sweep(subject, data) for subject in (model, network, law))
        return cls(network, raw, canonical, closed, _noise(canonical, closed, relative_scale(network, law)))

    @property
    def scale(self) -> float:
        """What canonical energies are divided by in raw ones."""
        return next(gauge.removed for gauge in self.network.gauge if gauge.freedom == "scale")

    @property
    def scalings(self) -> tuple[AmplitudeScaling, ...]:
        """The exponents of each sweep."""
        of_V = {name: self.noise["V"] / abs(self.scale) for name in self.raw.each} if self.noise else {}
        return exponents(self.raw, of_V), exponents(self.canonical, self.noise), exponents(self.closed)


def scalings(model: OnsagerModel, law: Law, data: Trajectories) -> tuple[AmplitudeScaling, ...]:
    """Exponents of a network, raw and canonical, and of its law, without the words of `scaling_summary`."""
    return _Swept.of(model, law, data).scalings


@threads_by_data
def scaling_summary(model: OnsagerModel, law: Law, data: Trajectories) -> ScalingSummary:
    """Exponents of a network, raw and canonical, and of its law, with the noise that both show together.

    The noise of a canonical component is how much network and law differ in it; that of a raw one, how much
    they differ in V.

    Args:
        model, law: what was found.
        data: trajectories whose first frames are scaled.
    """
    swept = _Swept.of(model, law, data)
    found, shares = swept.scalings, _shares(swept.raw, swept.canonical, swept.scale)
    return ScalingSummary(
        found,
        tuple(dominance(scaling) for scaling in found),
        tuple(_gauge(swept.network, found, shares)),
        (*_meaningless(found), *_beyond(law, data)),
    )


def _noise(canonical: Sweep, law: Sweep, s: float) -> dict[str, Float[np.ndarray, " a"]]:
    """How much network and law differ in each component; nothing if they are swept about different u*."""
    same = np.allclose(canonical.amplitudes, law.amplitudes)
    return canonical.apart(law, s) if same else {}


def dominance(scaling: AmplitudeScaling) -> str:
    """Which part of V is largest at which amplitudes, and how it grows there."""
    names = {part.name for part in scaling.components}
    canonical = [name for name in ("F", "Q", "N") if name in names]
    parts = [scaling[name] for name in (canonical if "F" in names else ("V0", "V1", "V2"))]
    leader = np.argmax([np.abs(part.values) for part in parts], axis=0)
    ends = [0, *(np.flatnonzero(np.diff(leader)) + 1), len(leader)]
    stretches = [
        _stretch(parts[leader[first]], slice(first, end)) for first, end in zip(ends, ends[1:], strict=False)
    ]
    return f"{scaling.subject}: {'; '.join(stretches)}."


def _stretch(part: ComponentScaling, at: slice) -> str:
    """A part where it is the largest one."""
    A, local = part.amplitudes[at], part.local[at]
    power = np.nanmedian(local) if np.isfinite(local).any() else np.nan
    return f"{MEANING[part.name]} is largest from A = {A[0]:.2g} to {A[-1]:.2g}, as A^{power:.2f}"


def _shares(raw: Sweep, canonical: Sweep, scale: float) -> Float[np.ndarray, " a"]:
    """The part of the raw V0 that is not the canonical F: what the data do not assign to V0."""
    F = canonical.each["F"] / scale
    rest = np.abs(raw.each["V0"] - F).mean(1)
    total = rest + np.abs(F).mean(1)
    return np.divide(rest, total, out=np.zeros_like(rest), where=total > 0)


def _gauge(
    network: CanonicalNetwork, scalings: tuple[AmplitudeScaling, ...], shares: Float[np.ndarray, " a"]
) -> Iterator[str]:
    """Raw beside canonical, why they differ, and what was fixed."""
    raw, F = scalings[0]["V0"], scalings[1]["F"]
    A = F.amplitudes
    at = [f"{100 * shares[i]:.3g} % at A = {A[i]:.2g}" for i in (0, len(A) // 2, -1)]
    yield (
        f"Exponent of V0 as learned: {_short(raw)}; of the pointwise energy in canonical form: {_short(F)}. "
        f"What the data do not assign to V0 (a constant, a linear and a quadratic term of F) makes up "
        f"{', '.join(at)} of V0 as learned."
    )
    yield from (str(fixed) for fixed in network.gauge)


def _short(part: ComponentScaling) -> str:
    return part.quoted or f"none ({part.note.removeprefix('means nothing: ')})"


def _meaningless(scalings: tuple[AmplitudeScaling, ...]) -> Iterator[str]:
    for scaling in scalings:
        for part in scaling.components:
            if part.note:
                yield f"{scaling.subject}, {part.name}: {part.note}."


def _beyond(law: Law, data: Trajectories) -> Iterator[str]:
    """Changes of sign that the law would have at amplitudes that the data do not reach."""
    swept = sweep(law, data, beyond=NUMBERS.far_amplitude)
    reached = plain(float(swept.amplitudes[0]), 2)
    for part in exponents(swept).components:
        signs = np.sign(part.values)
        turns = np.flatnonzero(signs[1:] * signs[:-1] < 0)
        if len(turns):
            pole = plain(float(part.amplitudes[turns[0] + 1]), 2)
            yield (
                f"law, {part.name}: changes sign at A ≈ {pole}, beyond the data (A ≤ {reached}); its local "
                "exponent has a pole there."
            )
