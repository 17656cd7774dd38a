"""What a user simulates: a member of the class, wherever its terms get their parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.data.pictures import Picture
from mesoscribe.hybrid.data.validate import numbers
from mesoscribe.hybrid.dynamics.border import Border
from mesoscribe.hybrid.dynamics.factors import Factors, factors_figure
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, simulate
from mesoscribe.hybrid.energy.energy import Energies, Energy
from mesoscribe.hybrid.space.device import array, on, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import resampled
from mesoscribe.hybrid.space.scales import PerField, Scales

LocalSymbol = float | Tensor  # a number, or a symmetric n×n matrix for n fields


class Model(ABC):
    """A member of the class that is given to users: a network, a warm start, a law.

    It says what its box, units and terms are; what follows from these is written here once.
    """

    called: ClassVar[str] = "model"  # in the legend of a figure

    @property
    @abstractmethod
    def box(self) -> Domain:
        """The user's box, at any number of points."""

    @property
    @abstractmethod
    def units(self) -> Scales:
        """Units of x, t and u in which the member is written."""

    @property
    @abstractmethod
    def modes_kept(self) -> tuple[float, bool]:
        """The largest wavenumber evolved, in the user's unit, and whether modes beyond stay as they are."""

    @property
    @abstractmethod
    def local_symbol(self) -> tuple[LocalSymbol, LocalSymbol]:
        """a and b of ½ a u² in V0 and ½ b |∇u|² in V1, in the member's units; see `Energy.parts`."""

    @abstractmethod
    def energy(self, domain: Domain) -> Energy:
        """V on a domain; models that have points of their own (a network) use those."""

    @abstractmethod
    def member(self, domain: Domain) -> Member:
        """û_t = -K FT{δV/δu} on a domain; models that have points of their own (a network) use those."""

    @property
    def values_seen(self) -> tuple[PerField, PerField]:
        """The smallest and largest u that the model is known to be for; one about u* where none are."""
        return self.units.centre - 1, self.units.centre + 1

    def factors(self, u: Float[np.ndarray, " n"]) -> Factors:
        """F and V0 at values of u, q, V2, m and w at the modes of the model's box, in the user's units.

        Raises:
            ValueError: there are several fields, of which these are no curves.
        """
        if self.box.n_fields is not None:
            raise ValueError(
                f"expected one field to draw curves of, got {self.box.n_fields}; print the model"
            )
        energy, member = self.energy(self.box), self.member(self.box)
        a, b = (float(coefficient) for coefficient in self.local_symbol)
        return Factors.of(self.called, u, energy, member, self.units, (a, b))

    def plot(self, *others: Model, u: tuple[float, float] | None = None) -> Picture:
        """F and V0 over u, q, V2, m and w over |k|; with other models F, q, m and w of all.

        Args:
            others: models that are drawn in the same panels, such as the law beside its network.
            u: the smallest and largest value of the field; those that this model was made for if None.
        """
        low, high = self.values_seen if u is None else u
        values = np.linspace(low, high, NUMBERS.canonical_nodes)
        return factors_figure([one.factors(values) for one in (self, *others)])

    def domain_of(self, u: Float[np.ndarray, "*batch_state"]) -> Domain:
        """The model's box at as many points as fields u (*batch, [field,] *grid) have.

        Raises:
            ValueError: u has too few dimensions.
        """
        ndim = self.box.ndim
        if u.ndim < ndim:
            raise ValueError(f"expected fields (*batch, *grid) in {ndim} dimensions, got shape {u.shape}")
        return self.box.resampled(u.shape[u.ndim - ndim :])

    def _scaled(
        self, u: Float[np.ndarray, "*batch_state"], domain: Domain
    ) -> Float[np.ndarray, "*batch_own"]:
        """Fields in the member's units, on its points."""
        return resampled(self.units.to_scaled(u), domain)

    def simulate(
        self,
        u0: Float[np.ndarray, "*batch_state"],
        t: Float[np.ndarray, "*#batch nt"] | Sequence[float],
        *,
        scheme: Scheme | None = None,
        rtol: float = NUMBERS.rtol,
        device: str | torch.device | None = None,
        border: Border | None = None,
    ) -> Float[np.ndarray, "*batch_nt_state"]:
        """Fields (*batch, nt, [field,] *grid) at times t (nt,), from u0 (*batch, [field,] *grid) at t[0].

        Args:
            u0: initial fields, in the user's unit.
            t: increasing times, in the user's unit; each of a batch may have its own, t (*batch, nt).
            scheme: the one-step method; ETDRK4, which adapts its steps, if None.
            rtol: local error allowed in each frame, relative to the norm of each field.
            device: "cpu", "cuda" or "auto"; where the model is if None.
            border: on a window of a larger field, the data at these times that it is held to along the edges
                (`Border.of`); the box is periodic without.

        Raises:
            ValueError: u0 has too few dimensions, t does not increase, or there is no such device.
            FloatingPointError: the solution is lost; the message names the time.
        """
        u0 = np.asarray(numbers("u0", u0), dtype=float)
        domain = self.domain_of(u0)
        with on(device, self):
            member = self.member(domain)
            v0 = self._scaled(u0, member.domain)
            about = member.in_units(self.units.time).about(tensor(v0, like=member.q))
            moving = replace(about, hold=False)
            held = (
                None
                if border is None
                else border.within(partial(self._scaled, domain=member.domain), member.domain)
            )
            frames = simulate(moving, v0, t, scheme=scheme or ETDRK4(), rtol=rtol, border=held)
        u = self.units.to_user(resampled(frames, member.domain.resampled(domain.shape)))
        band, hold = self.modes_kept
        if hold:
            outside = domain.restrict(u0, ~domain.within(band))
            u = u + np.expand_dims(outside, -len(domain.state_axes) - 1)
        np.moveaxis(u, -len(domain.state_axes) - 1, 0)[0] = u0
        return u

    def rhs(self, u: Float[np.ndarray, "*batch_state"]) -> Float[np.ndarray, "*batch_state"]:
        """u_t of fields u (*batch, [field,] *grid), in the user's units."""
        u = np.asarray(u, dtype=float)
        domain = self.domain_of(u)
        member = self.member(domain)
        with torch.no_grad():
            rate = array(member.rhs(tensor(self._scaled(u, member.domain), like=member.q)))
        return self.units.rate_to_user(resampled(rate, member.domain.resampled(domain.shape)))

    def energies(self, u: Float[np.ndarray, "*batch_state"]) -> Energies:
        """V0 = ∫ F + ½ a u², V1 = ∫ ½ b|∇u|², V2 = all else, of fields (*batch, [field,] *grid).

        Each (*batch), in the user's units: u² × volume for one field, q u² × volume for several.
        """
        u = np.asarray(u, dtype=float)
        energy = self.energy(self.domain_of(u))
        unit = self.units.energy_density * self.units.length**self.box.ndim
        with torch.no_grad():
            v_hat = energy.domain.fft(tensor(self._scaled(u, energy.domain), like=energy.quadratic.q))
            parts = energy.parts(v_hat, *self.local_symbol)
        return Energies(*(unit * part.cpu() for part in (parts.V0, parts.V1, parts.V2)))

    def V0(self, u: Float[np.ndarray, "*batch_state"]) -> Float[np.ndarray, "*batch"]:
        """∫ F(u) + ½ a u² dx of fields (*batch, [field,] *grid), in the user's units."""
        return self.energies(u).V0.numpy()

    def V1(self, u: Float[np.ndarray, "*batch_state"]) -> Float[np.ndarray, "*batch"]:
        """∫ ½ b |∇u|² dx of fields (*batch, [field,] *grid), in the user's units."""
        return self.energies(u).V1.numpy()

    def V2(self, u: Float[np.ndarray, "*batch_state"]) -> Float[np.ndarray, "*batch"]:
        """V2 = V - V0 - V1 of fields (*batch, [field,] *grid), in the user's units: the nonlocal energy."""
        return self.energies(u).V2.numpy()
