"""A closed-form member of the class, known or discovered: one object to read, print, simulate and save."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from jaxtyping import Float

from hybrid.flow import Flow, band_mask
from hybrid.grid import Grid
from hybrid.potential import Energies
from hybrid.steppers import ETDRK4, Scheme, simulate
from symbolic.factor import WAVENUMBERS, Factor, columns, pointwise, u

FORMAT = 1
FACTORS = ("F", "q", "m", "w")
Parameter = tuple[str, int]


@dataclass(frozen=True)
class Law:
    """u_t = -(M + W) δV/δu with V = |box| Σ_k ½ q(k)|û_k|² + ∫ F(u) dx, in closed form:

        û_t = -(m(k) + i w(k)) [q(k) û + FT{F'(u)}].

    In canonical form F has no constant and no quadratic term, and the first coefficient of m (of w, if M = 0)
    is 1. With a centre u*, u stands for u - u* everywhere.

    Args:
        F: energy density beyond its quadratic part, terms in u.
        q: symbol of the quadratic energy, even terms in k (1D) or kx, ky (2D).
        m: symbol of M, even, m ≥ 0.  w: symbol of W over i, odd.
        lengths: the box.
        band: largest wavenumber evolved, None for all; hold: keep the others instead of removing them.
        centre: u*.
        covariance: of all coefficients in the order of `parameters`, where it was estimated.
        provenance: where the law comes from.
    """

    F: Factor = Factor()
    q: Factor = Factor()
    m: Factor = Factor()
    w: Factor = Factor()
    lengths: tuple[float, ...] = (2 * math.pi,)
    band: float | None = None
    hold: bool = False
    centre: float = 0.0
    covariance: tuple[tuple[float, ...], ...] | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.m or self.w):
            raise ValueError("expected an operator M or W, got neither; a law needs at least one")
        allowed = {"F": {u}, **dict.fromkeys("qmw", set(self.wavenumbers))}
        for name in FACTORS:
            strange = getattr(self, name).expr.free_symbols - allowed[name]
            if strange:
                raise ValueError(f"expected {name} in terms of {allowed[name]}, got {strange}")

    @property
    def ndim(self) -> int:
        """Dimensions of space."""
        return len(self.lengths)

    @property
    def wavenumbers(self) -> tuple[sympy.Symbol, ...]:
        """k in 1D; kx, ky in 2D."""
        return WAVENUMBERS[self.ndim]

    @property
    def mobility(self) -> sympy.Expr:
        """m(k)."""
        return self.m.expr

    @property
    def skew(self) -> sympy.Expr:
        """w(k); the operator W has the symbol i w(k)."""
        return self.w.expr

    @property
    def case(self) -> str:
        """Which operators act: dissipative, conservative or mixed."""
        return "mixed" if self.m and self.w else "dissipative" if self.m else "conservative"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """(factor, index) of every coefficient."""
        return tuple((name, i) for name in FACTORS for i in range(len(getattr(self, name))))

    @property
    def scale(self) -> Parameter:
        """The coefficient that canonical form fixes at 1: the lowest order of m, or of w where M = 0."""
        name = "m" if self.m else "w"
        factor: Factor = getattr(self, name)
        probe = dict.fromkeys(self.wavenumbers, sympy.Rational(1, 1000))
        sizes = [abs(float(term.subs(probe))) for term in factor.terms]
        return name, int(np.argmax(sizes))

    @property
    def coefficients(self) -> dict[str, float]:
        """Every coefficient by factor and term, such as "F: u**3"."""
        return {f"{n}: {getattr(self, n).terms[i]}": getattr(self, n).values[i] for n, i in self.parameters}

    def values(self) -> Float[np.ndarray, " p"]:
        """All coefficients in the order of `parameters`."""
        return np.array([getattr(self, name).values[i] for name, i in self.parameters])

    def with_values(self, values: Float[np.ndarray, " p"], covariance: np.ndarray | None = None) -> Law:
        """The same form with other coefficients, and standard errors from their covariance if given."""
        errors: list[float | None] = [None] * len(values)
        if covariance is not None:
            errors = [math.sqrt(c) if c > 0 else None for c in np.diag(covariance)]
        changed: dict[str, Any] = {}
        for name in FACTORS:
            at = [j for j, (owner, _) in enumerate(self.parameters) if owner == name]
            changed[name] = getattr(self, name).with_values(
                [float(values[j]) for j in at], [errors[j] for j in at]
            )
        table = None if covariance is None else tuple(tuple(float(c) for c in row) for row in covariance)
        return replace(self, **changed, covariance=table)

    def without(self, parameter: Parameter) -> Law:
        """The law with one term removed."""
        name, drop = parameter
        factor: Factor = getattr(self, name)
        keep = [i for i in range(len(factor)) if i != drop]
        smaller = Factor(tuple(factor.terms[i] for i in keep), tuple(factor.values[i] for i in keep))
        return replace(self, **{name: smaller}, covariance=None)

    @cached_property
    def force(self) -> sympy.Expr:
        """F'(u)."""
        return sympy.diff(self.F.expr, u)

    def symbol(self, name: str, grid: Grid) -> Float[np.ndarray, "..."]:
        """q, m or w on the modes of a grid."""
        return self._symbols(name, grid) @ np.array(getattr(self, name).values)

    def _symbols(self, name: str, grid: Grid) -> Float[np.ndarray, "*modes c"]:
        return columns(getattr(self, name).terms, dict(zip(self.wavenumbers, grid.k, strict=True)))

    def flow(self, grid: Grid, device: torch.device | str = "cpu") -> Flow:
        """The equation of motion on a grid of this box, for u - u*."""
        m, w, q = (torch.as_tensor(self.symbol(name, grid), device=device) for name in "mwq")
        return Flow(grid, torch.complex(m, w), q, pointwise(self.force), self._mask(grid, device), self.hold)

    def _mask(self, grid: Grid, device: torch.device | str = "cpu") -> torch.Tensor:
        return torch.as_tensor(band_mask(grid, math.inf if self.band is None else self.band), device=device)

    def family(self, grid: Grid, values: Float[np.ndarray, "b p"]) -> Flow:
        """The equations of motion of laws of this form with several sets of coefficients at once.

        Its fields have a leading axis for the sets, (b, n, *grid).
        """
        space = (1,) * grid.ndim
        own = {
            name: [j for j, (owner, _) in enumerate(self.parameters) if owner == name] for name in FACTORS
        }

        def symbol(name: str) -> torch.Tensor:
            table = np.moveaxis(self._symbols(name, grid) @ values[:, own[name]].T, -1, 0)
            return torch.as_tensor(table)[:, None]

        terms = [pointwise(sympy.diff(term, u)) for term in self.F.terms]
        coefficients = [torch.as_tensor(values[:, j]).reshape(-1, 1, *space) for j in own["F"]]

        def f(v: torch.Tensor) -> torch.Tensor:
            total = torch.zeros_like(v)
            for c, term in zip(coefficients, terms, strict=True):
                total = total + c * term(v)
            return total

        K = torch.complex(symbol("m"), symbol("w"))
        return Flow(grid, K, symbol("q"), f, self._mask(grid), self.hold)

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
        if u0.ndim < self.ndim:
            raise ValueError(f"expected u0 (*batch, *grid) in {self.ndim} dimensions, got shape {u0.shape}")
        grid = Grid(u0.shape[u0.ndim - self.ndim :], self.lengths)
        frames = simulate(self.flow(grid), u0 - self.centre, t, scheme=scheme or ETDRK4(), rtol=rtol)
        return frames + self.centre

    def rhs(self, field: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        """u_t of fields (*batch, *grid)."""
        grid = Grid(field.shape[field.ndim - self.ndim :], self.lengths)
        return self.flow(grid).rhs(torch.as_tensor(field - self.centre)).numpy()

    def energies(self, field: Float[np.ndarray, "..."]) -> Energies:
        """V0 = ∫ F + ½ q_0 u², V1 = ∫ ½ b|∇u|², V2 = the rest of the quadratic energy, each (*batch)."""
        v = np.asarray(field, dtype=float) - self.centre
        grid = Grid(v.shape[v.ndim - self.ndim :], self.lengths)
        power = np.abs(np.fft.rfftn(v, axes=grid.axes, norm="forward")) ** 2 * grid.multiplicity
        a, b = self._local_symbol()
        q = self.symbol("q", grid)
        rest = q - a - b * grid.k_norm**2
        F = pointwise(self.F.expr)(torch.as_tensor(v)).numpy()
        V0 = grid.volume * (0.5 * a * v**2 + F).mean(grid.axes)
        V1, V2 = (0.5 * grid.volume * (s * power).sum(grid.axes) for s in (b * grid.k_norm**2, rest))
        return Energies(*(torch.as_tensor(part) for part in (V0, V1, V2)))

    def _local_symbol(self) -> tuple[float, float]:
        """a and b: the coefficients of 1 and of |k|² in q (in 2D, of the terms common to all directions)."""
        values = dict(zip(self.q.terms, self.q.values, strict=True))
        b = min((values.get(s**2, 0.0) for s in self.wavenumbers), key=abs)
        return values.get(sympy.Integer(1), 0.0), b

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        body = {name: getattr(self, name).to_json() for name in FACTORS}
        plain = ("lengths", "band", "hold", "centre", "covariance", "provenance")
        return {"format": FORMAT, **body, **{name: getattr(self, name) for name in plain}}

    def save(self, path: str | Path) -> None:
        """Write law.json: formulas as text, read back without being evaluated."""
        path = Path(path)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(self.to_json(), indent=1) + "\n")
        os.replace(temporary, path)

    @classmethod
    def load(cls, path: str | Path) -> Law:
        """Read what `save` wrote.

        Raises:
            ValueError: the file is missing, is not a law, or holds a formula that is not understood.
        """
        try:
            content = json.loads(Path(path).read_text())
        except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"expected a law in {path}, got: {error}") from None
        return cls.from_json(content)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Law:
        """From the content of a file."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"expected a law of format {FORMAT}; distil again")
        try:
            lengths = tuple(float(length) for length in content["lengths"])
            symbols = {"F": (u,), **dict.fromkeys("qmw", WAVENUMBERS[len(lengths)])}
            factors = {name: Factor.from_json(content[name], symbols[name]) for name in FACTORS}
            covariance = content["covariance"]
            return cls(
                **factors,
                lengths=lengths,
                band=content["band"],
                hold=bool(content["hold"]),
                centre=float(content["centre"]),
                covariance=None if covariance is None else tuple(tuple(row) for row in covariance),
                provenance=content["provenance"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"expected a complete law, got one without or with a wrong {error}") from None
