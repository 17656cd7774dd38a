"""What amplitude scaling says in words: what dominates where, what the gauge did, what means nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesoscribe.diagnostics.measure.alignment import relative_scale
from mesoscribe.diagnostics.measure.exponents import AmplitudeScaling, ComponentScaling
from mesoscribe.diagnostics.measure.numbers import NUMBERS
from mesoscribe.diagnostics.measure.scaling import exponents
from mesoscribe.diagnostics.measure.sweep import Sweep, directions, sweep
from mesoscribe.hybrid.data.threads import threads_by_data
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.canonical import CanonicalNetwork, canonical_form
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.symbolic.law.digits import plain
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.refine.velocity import with_velocities_of

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
        raw: raw beside canonical exponents, a sentence for each direction in which fields are scaled.
        fixed: the freedoms that were fixed.
        meaningless: exponents that mean nothing, or less than they seem, and why.
    """

    scalings: tuple[AmplitudeScaling, ...]
    dominance: tuple[str, ...]
    raw: tuple[str, ...]
    fixed: tuple[str, ...]
    meaningless: tuple[str, ...]

    @property
    def gauge(self) -> tuple[str, ...]:
        """Raw beside canonical exponents, and what was fixed."""
        return (*self.raw, *self.fixed)

    def __str__(self) -> str:
        words = (f"- {line}" for line in (*self.dominance, *self.gauge, *self.meaningless))
        return "\n".join([*map(str, self.scalings), *words])

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class _Swept:
    """Sweeps of a raw network, its canonical form and its law, over the same fields in one direction.

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
    def of(cls, model: OnsagerModel, law: Law, data: Trajectories) -> tuple[_Swept, ...]:
        """Sweep network, canonical network and law; of several fields each alone and all together."""
        network = canonical_form(model)
        scale = relative_scale(network, law)

        def along(fields: Sequence[str]) -> _Swept:
            raw, canonical, closed = (
                sweep(subject, data, along=fields, about=network.centre) for subject in (model, network, law)
            )
            return cls(network, raw, canonical, closed, _noise(canonical, closed, scale))

        return tuple(along(fields) for fields in directions(data.fields))

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
    return _scalings(_Swept.of(model, law, data))


def _scalings(swept: Sequence[_Swept]) -> tuple[AmplitudeScaling, ...]:
    """The exponents of all sweeps, one direction after the other."""
    return tuple(scaling for one in swept for scaling in one.scalings)


@threads_by_data
def scaling_summary(model: OnsagerModel, law: Law, data: Trajectories) -> ScalingSummary:
    """Exponents of a network, raw and canonical, and of its law, with the noise that both show together.

    The noise of a canonical component is how much network and law differ in it; that of a raw one, how much
    they differ in V.

    Args:
        model, law: what was found.
        data: trajectories whose first frames are scaled.
    """
    data = with_velocities_of(law, data)
    swept = _Swept.of(model, law, data)
    found = _scalings(swept)
    return ScalingSummary(
        found,
        tuple(dominance(scaling) for scaling in found),
        tuple(map(_raw_beside_canonical, swept)),
        tuple(map(str, swept[0].network.gauge)),
        (*_meaningless(found), *(line for one in swept for line in _beyond(law, data, one))),
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
    return f"{scaling.name}: {'; '.join(stretches)}."


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


def _raw_beside_canonical(swept: _Swept) -> str:
    """Raw beside canonical exponents, and why they differ."""
    raw, F = swept.scalings[0]["V0"], swept.scalings[1]["F"]
    A, shares = F.amplitudes, _shares(swept.raw, swept.canonical, swept.scale)
    at = [f"{100 * shares[i]:.3g} % at A = {A[i]:.2g}" for i in (0, len(A) // 2, -1)]
    direction = swept.scalings[0].direction
    return (
        f"{f'{direction}: exponent' if direction else 'Exponent'} of V0 as learned: {_short(raw)}; of the "
        f"pointwise energy in canonical form: {_short(F)}. What the data do not assign to V0 (a constant, a "
        f"linear and a quadratic term of F) makes up {', '.join(at)} of V0 as learned."
    )


def _short(part: ComponentScaling) -> str:
    return part.quoted or f"none ({part.note.removeprefix('means nothing: ')})"


def _meaningless(scalings: tuple[AmplitudeScaling, ...]) -> Iterator[str]:
    for scaling in scalings:
        for part in scaling.components:
            if part.note:
                yield f"{scaling.name}, {part.name}: {part.note}."


def _beyond(law: Law, data: Trajectories, seen: _Swept) -> Iterator[str]:
    """Changes of sign that the law would have at amplitudes that the data do not reach."""
    along, about = seen.closed.along, seen.network.centre
    swept = sweep(law, data, along=along, about=about, beyond=NUMBERS.far_amplitude)
    reached, found = plain(float(swept.amplitudes[0]), 2), exponents(swept)
    for part in found.components:
        signs = np.sign(part.values) * (np.abs(part.values) > swept.rounding(part.name))
        turns = np.flatnonzero(signs[1:] * signs[:-1] < 0)
        if len(turns):
            pole = plain(float(part.amplitudes[turns[0] + 1]), 2)
            yield (
                f"{found.name}, {part.name}: changes sign at A ≈ {pole}, beyond the data (A ≤ {reached}); "
                "its local exponent has a pole there."
            )
