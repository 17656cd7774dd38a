"""A closed-form member of the class, known or discovered: one object to read, print, simulate and save."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sympy
import torch
from jaxtyping import Float

from mesoscribe.hybrid.data.files import write_whole
from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.dynamics.member import Member, band_mask
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, Scheme, simulate
from mesoscribe.hybrid.energy.local_energy import LocalEnergy
from mesoscribe.hybrid.energy.potential import Energies
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.law import law_json
from mesoscribe.symbolic.law.equation import equation, potential
from mesoscribe.symbolic.law.factor import Factor, columns, combination
from mesoscribe.symbolic.law.form import Form
from mesoscribe.symbolic.law.latex import equation_latex

WIDER = 1.5


@dataclass(frozen=True)
class Law(Form):
    """u_t = -(M + W) δV/δu with V = |box| Σ_k ½ q(k)|û_k|² + ∫ F(u) + N(u, ∂u, …) dx, in closed form:

        û_t = -(m(k) + i w(k)) [q(k) û + FT{F'(u) + δ/δu ∫N}]    for |k| ≤ band.

    In canonical form F has no constant and no quadratic term, and the first coefficient of m (of w, if M = 0)
    is 1. It lives on its box at any number of points, those of the field it is given.

    Args:
        F, q, m, w, N, lengths, centre, covariance: see Form.
        band: largest wavenumber evolved, None for all; hold: keep the others instead of removing them.
        provenance: where the law comes from.
    """

    band: float | None = None
    hold: bool = False
    provenance: Provenance = Provenance()

    @property
    def equation(self) -> sympy.Eq:
        """u_t = … in SymPy."""
        return equation(self)

    @property
    def potential(self) -> sympy.Expr:
        """The density of V in SymPy."""
        return potential(self)

    def latex(self) -> str:
        """u_t = … in LaTeX, with the standard error of each coefficient in its last digits."""
        return equation_latex(self)

    def symbol(self, name: str, domain: Domain) -> Float[np.ndarray, "..."]:
        """q, m or w on the modes of a grid."""
        return self._columns(name, domain) @ np.array(getattr(self, name).values)

    def _columns(self, name: str, domain: Domain) -> Float[np.ndarray, "*modes c"]:
        return columns(getattr(self, name).terms, dict(zip(self.wavenumbers, domain.k, strict=True)))

    def member(self, domain: Domain, device: torch.device | str = "cpu") -> Member:
        """The equation of motion on a grid of this box, for u - u*."""
        m, w, q = (torch.as_tensor(self.symbol(name, domain), device=device) for name in "mwq")
        f, F = (combination(terms, self.F.values) for terms in (self.slopes, self.F.terms))
        member = Member(domain, torch.complex(m, w), q, f, self._mask(domain, device), self.hold, F=F)
        return member.with_local(self.densities, self.N.values)

    def _mask(self, domain: Domain, device: torch.device | str = "cpu") -> torch.Tensor:
        return torch.as_tensor(band_mask(domain, math.inf if self.band is None else self.band), device=device)

    def family(self, domain: Domain, values: Float[np.ndarray, "b p"]) -> Member:
        """The equations of motion of laws of this form with several sets of coefficients at once.

        Its fields have a leading axis for the sets, (b, n, *grid).
        """

        def symbol(name: str) -> torch.Tensor:
            table = np.moveaxis(self._columns(name, domain) @ values[:, self.places(name)].T, -1, 0)
            return torch.as_tensor(table)[:, None]

        of_sets = (-1, 1, *(1,) * domain.ndim)

        def coefficients(name: str) -> list[torch.Tensor]:
            return [torch.as_tensor(values[:, j]).reshape(of_sets) for j in self.places(name)]

        f = combination(self.slopes, coefficients("F"))
        K = torch.complex(symbol("m"), symbol("w"))
        member = Member(domain, K, symbol("q"), f, self._mask(domain), self.hold)
        return member.with_local(self.densities, coefficients("N"))

    def on_wider_band(self, domain: Domain) -> Law:
        """The law on a band that is wider by half, without one where that holds all modes of the grid."""
        assert self.band is not None
        band = WIDER * self.band
        complete = bool((band_mask(domain, band) == domain.resolved).all())
        return replace(self, band=None if complete else band)

    def simulate(
        self,
        u0: Float[np.ndarray, "..."],
        t: Float[np.ndarray, " nt"],
        *,
        scheme: Scheme | None = None,
        rtol: float = 1e-7,
    ) -> Float[np.ndarray, "..."]:
        """Fields (*batch, nt, *grid) at times t (nt,), starting from u0 (*batch, *grid) at t[0].

        Raises:
            ValueError: u0 has too few dimensions, or t does not increase.
            FloatingPointError: the solution is lost; the message names the time.
        """
        u0 = np.asarray(u0, dtype=float)
        v0 = u0 - self.centre
        member = self.member(self._grid(u0)).about(torch.as_tensor(v0))
        frames = simulate(member, v0, t, scheme=scheme or ETDRK4(), rtol=rtol)
        return frames + self.centre

    def rhs(self, field: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """u_t of fields (*batch, *grid)."""
        return self.member(self._grid(field)).rhs(torch.as_tensor(field - self.centre)).numpy()

    def _grid(self, field: np.ndarray) -> Domain:
        """The points of a field (*batch, *grid) on this box."""
        if field.ndim < self.ndim:
            raise ValueError(
                f"expected fields (*batch, *grid) in {self.ndim} dimensions, got shape {field.shape}"
            )
        return Domain(field.shape[field.ndim - self.ndim :], self.lengths)

    def energies(self, field: Float[np.ndarray, "..."]) -> Energies:
        """V0 = ∫ F + ½ a u², V1 = ∫ ½ b|∇u|², V2 = the rest of the quadratic energy and ∫N, each (*batch)."""
        v = np.asarray(field, dtype=float) - self.centre
        domain = self._grid(v)
        power = np.abs(np.fft.rfftn(v, axes=domain.axes, norm="forward")) ** 2 * domain.multiplicity
        a, b = self.local_symbol
        q = self.symbol("q", domain)
        rest = q - a - b * domain.k_norm**2
        F = combination(self.F.terms, self.F.values)(torch.as_tensor(v)).numpy()
        V0 = domain.volume * (0.5 * a * v**2 + F).mean(domain.axes)
        V1, V2 = (0.5 * domain.volume * (s * power).sum(domain.axes) for s in (b * domain.k_norm**2, rest))
        if self.N:
            local = LocalEnergy(domain, self.densities)
            V2 = V2 + local.energy(domain.fft(torch.as_tensor(v)), self.N.values).numpy()
        return Energies(*(torch.as_tensor(part) for part in (V0, V1, V2)))

    @property
    def local_symbol(self) -> tuple[float, float]:
        """a and b: the coefficients of 1 and of |k|² in q (in 2D, of the terms common to all directions)."""
        apart = Factor.of(self.q.expr)
        values = dict(zip(apart.terms, apart.values, strict=True))
        b = min((values.get(s**2, 0.0) for s in self.wavenumbers), key=abs)
        return values.get(sympy.Integer(1), 0.0), b

    def json(self) -> str:
        """The content of law.json: formulas as text, read back without being evaluated."""
        return law_json.text(self, band=self.band, hold=self.hold, provenance=self.provenance)

    def save(self, path: str | Path) -> None:
        """Write law.json."""
        write_whole(path, self.json())

    @classmethod
    def load(cls, path: str | Path) -> Law:
        """Read what `save` wrote.

        Raises:
            ValueError: the file is missing, is not a law, or holds a formula that is not understood.
        """
        return law_json.read(path, cls)
