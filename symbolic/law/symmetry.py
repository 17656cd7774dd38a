"""Symmetries of a law: what its coefficients say, and how far they are from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import sympy
from jaxtyping import Float
from scipy.stats import chi2

from mesoscribe.hybrid.energy.local_energy import derivatives_along
from mesoscribe.symbolic.law.density_terms import COORDINATES, FIELDS
from mesoscribe.symbolic.law.factor import WAVENUMBERS
from mesoscribe.symbolic.law.form import Form
from mesoscribe.symbolic.law.numbers import NUMBERS


@dataclass(frozen=True)
class Symmetry:
    """A symmetry of u_t = -(M + W) δV/δu, tested on the coefficients of a law.

    Args:
        name: what leaves the equation as it is.
        departure: size of the part of the coefficients that breaks it, relative to all of them.
        p: probability that coefficients with these standard errors depart as much by chance; None without
            errors, or where nothing departs.
    """

    name: str
    departure: float
    p: float | None

    @property
    def holds(self) -> bool:
        """Whether the departure is small, or no larger than chance makes it."""
        return self.departure < NUMBERS.symmetric or (
            self.p is not None and self.p > NUMBERS.symmetric_by_chance
        )

    def __str__(self) -> str:
        if self.departure == 0.0:
            return f"symmetric under {self.name}"
        chance = "" if self.p is None else f", p = {self.p:.2g}"
        verdict = "symmetric" if self.holds else "not symmetric"
        return f"{verdict} under {self.name}: relative departure {self.departure:.2g}{chance}"


def symmetries(law: Form) -> tuple[Symmetry, ...]:
    """The sign of u, reflections and, beyond 1D, rotations; of several fields those of `_of_fields`.

    u → -u (about the centre) needs an even F and N, x → -x needs W = 0 and an even number of derivatives in
    N, rotations need W = 0, symbols of |k| and an N of rotation invariants.
    """
    if law.several:
        return tuple(_tested(law, name, broken) for name, broken in _of_fields(law))
    zero, fields = sympy.Integer(0), FIELDS[law.ndim]
    turned = [s for s, order in fields.items() if sum(order) % 2]
    tests: dict[str, Broken] = {
        "u → -u": lambda name, term: _odd(term, fields) if name in "FN" else zero,
        _reflection(law.ndim): lambda name, term: (
            term if name == "w" else _odd(term, turned) if name == "N" else zero
        ),
    }
    if law.ndim > 1:
        tests["rotations"] = lambda name, term: term if name == "w" else _turned(term, law.ndim)
    return tuple(_tested(law, name, broken) for name, broken in tests.items())


Broken = Callable[[str, sympy.Expr], sympy.Expr]


def _of_fields(law: Form) -> Iterator[tuple[str, Broken]]:
    """The sign of all fields, and of each; x → -x, alone and with the sign of a field; the exchange of two
    fields, and rotations in their plane; in 2D rotations of space.

    A term s(k) u_i u_j of q, m or w turns into -s u_i u_j under x → -x where s is odd. Where it stands for an
    antisymmetric matrix, which rotations in the plane of the two fields leave as it is, an exchange of them
    changes its sign.
    """
    zero, unknowns, wave = sympy.Integer(0), law.unknowns, law.wavenumbers
    mirror = {s: -s for s in wave}

    def flipped(turned: Sequence[sympy.Symbol], mirrored: bool = False) -> Broken:
        at = {s: -s for s in turned} | (mirror if mirrored else {})
        return lambda _, term: term - term.subs(at, simultaneous=True)

    names = [str(field) for field in unknowns]
    signs = ", ".join(f"-{name}" for name in names)
    yield f"({', '.join(names)}) → ({signs})", flipped(unknowns)
    yield from ((f"{name} → -{name}", flipped([field])) for name, field in zip(names, unknowns, strict=True))
    space = _reflection(law.ndim)
    yield space, flipped((), True)
    pairs = zip(names, unknowns, strict=True)
    yield from ((f"{space} with {name} → -{name}", flipped([field], True)) for name, field in pairs)

    def antisymmetric(name: str, term: sympy.Expr, a: sympy.Symbol, b: sympy.Symbol) -> bool:
        if name == "F" or not {a, b} <= term.free_symbols:
            return False
        return any(entry.odd == (name != "w") for entry in law.entries(name, term))

    for i, j in combinations(range(len(unknowns)), 2):
        a, b = unknowns[i], unknowns[j]

        def exchanged(name: str, term: sympy.Expr, a: sympy.Symbol = a, b: sympy.Symbol = b) -> sympy.Expr:
            other = term.subs({a: b, b: a}, simultaneous=True)
            return term + other if antisymmetric(name, term, a, b) else term - other

        yield f"{a} ↔ {b}", exchanged
        yield f"rotations in the plane of {a} and {b}", partial(_turned_fields, antisymmetric, a, b)
    if law.ndim > 1:
        yield "rotations", lambda name, term: _turned(term, law.ndim) if name in "qmw" else zero


def _turned_fields(
    antisymmetric: Callable[..., bool], a: sympy.Symbol, b: sympy.Symbol, name: str, term: sympy.Expr
) -> sympy.Expr:
    """The change of a term under a small rotation of two fields, per angle."""
    if antisymmetric(name, term, a, b):
        return sympy.Integer(0)
    return sympy.expand(a * term.diff(b) - b * term.diff(a))


def rotations_of_fields(law: Form) -> dict[tuple[int, int], Symmetry]:
    """Whether rotations in the plane of two fields leave a law as it is, for each pair of them."""
    if not law.several:
        return {}
    tests = [pair for pair in _of_fields(law) if pair[0].startswith("rotations in")]
    pairs = combinations(range(len(law.fields)), 2)
    return {pair: _tested(law, *test) for pair, test in zip(pairs, tests, strict=True)}


def _odd(term: sympy.Expr, symbols: Iterable[sympy.Symbol]) -> sympy.Expr:
    """Twice the part of a term that changes its sign with these symbols."""
    return term - term.subs({s: -s for s in symbols}, simultaneous=True)


def _reflection(ndim: int) -> str:
    """The reflection of all axes, such as (x, y) → (-x, -y)."""
    names = [str(x) for x in COORDINATES[:ndim]]
    before, after = ", ".join(names), ", ".join(f"-{name}" for name in names)
    return f"{before} → {after}" if ndim == 1 else f"({before}) → ({after})"


def _turned(term: sympy.Expr, ndim: int) -> sympy.Expr:
    """The change of a term under a small rotation in each plane of two axes, per angle: a symbol for each."""
    changes = (
        sympy.Symbol(f"angle{a}{b}") * _turned_in(term, ndim, a, b) for a, b in combinations(range(ndim), 2)
    )
    return sympy.Add(*changes)


def _turned_in(term: sympy.Expr, ndim: int, a: int, b: int) -> sympy.Expr:
    """The change in one plane: k_a → -k_b, k_b → k_a, and ∂_a, ∂_b in the same way."""
    wave = {s: order for s, order in zip(WAVENUMBERS[ndim], derivatives_along(ndim, 1), strict=True)}
    total = sympy.Integer(0)
    for symbols in (wave, FIELDS[ndim]):
        of = {order: s for s, order in symbols.items()}
        for s in term.free_symbols & symbols.keys():
            order = symbols[s]
            for sign, here, there in ((-1, a, b), (1, b, a)):
                if order[here]:
                    moved = [n - (i == here) + (i == there) for i, n in enumerate(order)]
                    total += sign * order[here] * of[tuple(moved)] * term.diff(s)
    return sympy.simplify(total)


def _tested(law: Form, name: str, broken: Broken) -> Symmetry:
    """The symmetry by the part of each term that breaks it, a linear map from coefficients to monomials."""
    parts = [sympy.expand(broken(owner, getattr(law, owner).terms[i])) for owner, i in law.parameters]
    split = [dict((rest, float(c)) for c, rest in map(_parted, sympy.Add.make_args(part))) for part in parts]
    owners = [owner for owner, _ in law.parameters]
    rows = sorted(
        {(owner, rest) for owner, part in zip(owners, split, strict=True) for rest in part}, key=str
    )
    A = np.array(
        [
            [part.get(rest, 0.0) * (mine == owner) for mine, part in zip(owners, split, strict=True)]
            for owner, rest in rows
        ]
    )
    size = np.abs(A) @ np.abs(law.values())
    contrast = A @ law.values()
    relative = np.abs(contrast) / np.where(size > 0, size, 1.0)
    return Symmetry(name, float(relative.max(initial=0.0)), _chance(law, A, contrast))


def _parted(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    number, rest = term.as_coeff_Mul()
    return number, rest


def _chance(law: Form, A: Float[np.ndarray, "r p"], contrast: Float[np.ndarray, " r"]) -> float | None:
    """Probability of a contrast at least as large, by the covariance of the coefficients."""
    if law.covariance is None or not np.any(contrast):
        return None
    covariance = A @ np.array(law.covariance) @ A.T
    rank = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if rank == 0:
        return 0.0
    return float(chi2.sf(contrast @ np.linalg.pinv(covariance, hermitian=True) @ contrast, rank))
