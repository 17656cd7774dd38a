"""Sparse factors of several fields, read off a network: F, and the n×n symbols q, m and w."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.dynamics.gauge import Gauge
from mesoscribe.hybrid.learn.onsager import OnsagerModel
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.numbers import NUMBERS as HYBRID
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.hybrid.space.symbols import adjoint
from mesoscribe.symbolic.law.entries import matrices
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.second_order import SecondOrderLaw, second_order_library
from mesoscribe.symbolic.read.factors import on_the_box
from mesoscribe.symbolic.read.force_curve import ForceCurve
from mesoscribe.symbolic.read.forms import ReadOff, check_frames
from mesoscribe.symbolic.read.network_skill import Skill
from mesoscribe.symbolic.read.optimisers import Optimiser
from mesoscribe.symbolic.read.parametric import Offer, offered
from mesoscribe.symbolic.read.sparse import Selection, select


@dataclass(frozen=True)
class FieldsNetwork:
    """A network of several fields as a source of forms.

    Args:
        model: the network.
        v: some fields of the data, scaled, on the network's modes (s, field, *grid).
        skill: how well it knows its factors, and on which modes.
        first: the first frame that belongs to the equation, as the fit found.
        second_order: whether the second field is the velocity of the first, and was not measured.
    """

    model: OnsagerModel
    v: Float[Tensor, "s f *grid"]
    skill: Skill
    first: int
    band: float | None = None
    notes: tuple[str, ...] = ()
    gauge: tuple[Gauge, ...] = ()
    second_order: bool = False

    @classmethod
    def of(cls, model: OnsagerModel, data: Trajectories, validation: Trajectories) -> FieldsNetwork:
        """How well a network is known, from its errors on data.

        Raises:
            ValueError: the data end early.
        """
        first = model.setting.first_frame
        check_frames(first, data, validation)
        frames = data.u.reshape(-1, *data.u.shape[2:])
        some = frames[:: max(1, len(frames) // NUMBERS.importance_fields)]
        v = tensor(model.units.to_scaled(resampled(some, model.domain)))
        inside = model.domain.restrict(v, model.member().mask)
        hidden = data.measured != data.fields  # velocities that were estimated say little of a network
        everywhere = np.ones(model.domain.modes_shape)
        skill = Skill(NUMBERS.finest_precision, everywhere) if hidden else Skill.of_fields(model, data)
        return cls(model, inside, skill, first, second_order=hidden)

    def usable(self, terms: tuple[sympy.Expr, ...], centre: float) -> tuple[sympy.Expr, ...]:
        """All terms of F: those that are not finite where the data are show in no fit."""
        return terms

    def widened(self, library: Library) -> tuple[Library, tuple[Offer, ...]]:
        """The library, or what second order allows of it, with terms of F of a fitted shape where needed.

        Such terms are of one field each; those of q, m and w are fitted for one field only.
        """
        library = second_order_library(library) if self.second_order else library
        some = ForceCurve.of(self.model, self.v, library.unknowns, HYBRID.canonical_nodes)
        fields = library.unknowns[:1] if self.second_order else library.unknowns
        curves = {"F": (some.judged(library.F), (), some.curve(library.F))}
        return offered(library, curves, {"F": some.families(fields)}, self.skill.precision)

    def forms(
        self, library: Library, optimiser: Optimiser, offers: Sequence[Offer] = ()
    ) -> list[list[ReadOff]]:
        """Forms from fine to coarse precision; then those in which F is what a term was offered for."""
        every = (library, *(replace(library, F=offer.terms) for offer in offers))
        precisions = [self.skill.precision * coarser for coarser in NUMBERS.coarser]
        return [[self.read(some, precision, optimiser) for some in every for precision in precisions]]

    def read(self, library: Library, precision: float, optimiser: Optimiser) -> ReadOff:
        """The sparse factors, as they stand before any look at the trajectories."""
        with torch.no_grad():
            member = self.model.member()
            v_hat = member.domain.fft(self.v)
            g_hat = member.energy.gradient(v_hat)
        symbols = _Symbols.of(self.model, library, v_hat, g_hat, self.skill.modes)
        force = ForceCurve.of(self.model, self.v, library.unknowns, NUMBERS.read_points)
        F, bends = force.read(library.F, precision, optimiser)
        bends = bends.reshape(*bends.shape, *(1,) * self.model.domain.ndim)
        targets = {"q": symbols.q + bends, "m": symbols.M, "w": symbols.W}
        chosen = {n: symbols.select(n, target, precision, optimiser) for n, target in targets.items()}
        found = {"F": F, **chosen}
        factors = {
            name: Factor(
                tuple(getattr(library, name)[i] for i in selection.support),
                tuple(float(selection.coefficients[i]) for i in selection.support),
            )
            for name, selection in found.items()
        }
        if not factors["m"] and not factors["w"]:  # none is clear at this precision
            factors["m"] = Factor.of(sympy.Add(*(field**2 for field in library.unknowns)))
        law = on_the_box(self.model, factors, None, 0.0, library.fields)
        return (SecondOrderLaw.of(law) if self.second_order else law), found


@dataclass(frozen=True)
class _Symbols:
    """The symbols of a network in the user's units, and the candidates for them, on the modes evolved.

    Args:
        library: the candidates.
        k: wavenumbers of the modes; inside: which are evolved.
        q, M, W: the symbols (n, n, *modes).
        unit: the scaled unit of K over that of the user (n, n, *ones).
        power, push: mean |K v̂|² and |ĝ|² of each mode, in proportion to the trust in it.
    """

    library: Library
    k: tuple[np.ndarray, ...]
    inside: np.ndarray
    q: np.ndarray
    M: np.ndarray
    W: np.ndarray
    unit: np.ndarray
    power: np.ndarray
    push: np.ndarray

    @classmethod
    def of(
        cls,
        model: OnsagerModel,
        library: Library,
        v_hat: Tensor,
        g_hat: Tensor,
        trust: Float[np.ndarray, "*modes"],
    ) -> _Symbols:
        """From the network's equation of motion, some fields and gradients, and the trust in each mode."""
        with torch.no_grad():
            member = model.member()
        units, domain = model.units, member.domain
        K, q = (units.K_to_user(member.K), units.q_to_user(member.q))
        M, W = (0.5 * (K + sign * adjoint(K, domain)) for sign in (1, -1))
        power, push = (trust * array(z.abs().square().mean((0, 1))) for z in (v_hat, g_hat))
        a, n = np.array(units.amplitude), len(units.amplitude)
        return cls(
            library=library,
            k=model.setting.domain.k,
            inside=array(member.mask),
            q=array(q),
            M=array(M),
            W=array(W),
            unit=np.outer(a, a).reshape(n, n, *(1,) * domain.ndim),
            power=power * array(member.K.abs().square().sum((0, 1))),
            push=push,
        )

    def select(
        self, name: str, target: Complex[np.ndarray, "n n *modes"], precision: float, optimiser: Optimiser
    ) -> Selection:
        """The sparse symbol q, m or w: real and imaginary parts of all its entries at once."""
        terms, wave = getattr(self.library, name), WAVENUMBERS[self.library.ndim]
        table = matrices(terms, self.library.unknowns, wave, self.k, skew=name == "w")
        scale = self.unit if name == "q" else 1 / self.unit

        def rows(values: np.ndarray) -> np.ndarray:
            part = values[:, :, self.inside]
            return np.concatenate([part.real, part.imag]).reshape(-1, *values.shape[2 + len(self.k) :])

        weight = np.broadcast_to(self.power if name == "q" else self.push, target.shape)
        weight = np.concatenate([weight[:, :, self.inside]] * 2).ravel()
        return select(
            rows(table * scale[..., None]),
            rows(target * scale),
            weight,
            samples=2 * int(self.inside.sum()),
            precision=precision,
            optimiser=optimiser,
        )
