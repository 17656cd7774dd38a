"""Libraries of candidate terms: one tuple of SymPy terms gives names, columns and formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, combinations_with_replacement

import sympy

from mesoscribe.hybrid.space.boundary import Parities
from mesoscribe.symbolic.law.density_terms import CUBIC, FIELDS, density_of, u_x
from mesoscribe.symbolic.law.entries import Entry, entries
from mesoscribe.symbolic.law.factor import WAVENUMBERS, Factor, u
from mesoscribe.symbolic.law.form import FACTORS
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.law.parse import parse
from mesoscribe.symbolic.law.walls import acts, density_acts, force_acts


def _families() -> Mapping[str, tuple[sympy.Expr, ...]]:
    exp, log, sin, cos, one = sympy.exp, sympy.log, sympy.sin, sympy.cos, sympy.Integer(1)
    low, high = u * log(u), (1 - u) * log(1 - u)
    below, above = (1 + u) * log(1 + u), (1 - u) * log(1 - u)
    return {
        "trigonometric": (cos(u), sin(u), cos(2 * u), sin(2 * u)),
        "exponential": (exp(u), exp(-u), exp(2 * u), exp(-2 * u)),
        "rational": (log(1 + u**2), sympy.atan(u), one / (1 + u**2), u / (1 + u**2)),
        "logarithmic": (low + high, low - high, below + above),
    }


FAMILIES = _families()


@dataclass(frozen=True)
class Library:
    """Candidates for the factors of a law.

    Args:
        F: terms of the energy density beyond the quadratic one, functions of u.
        q, m: even functions of the wavenumber.
        w: odd functions of the wavenumber.
        N: cubic terms in u and its derivatives, for networks that have an N.
        fields: names of the fields. Of several F is a function of all, and terms of q, m and w are s(k) times
            two fields (`symbolic.law.entries`).
    """

    F: tuple[sympy.Expr, ...]
    q: tuple[sympy.Expr, ...]
    m: tuple[sympy.Expr, ...]
    w: tuple[sympy.Expr, ...]
    N: tuple[sympy.Expr, ...] = ()
    fields: tuple[str, ...] = ("u",)

    @property
    def several(self) -> bool:
        """Whether it is for several fields."""
        return len(self.fields) > 1

    @property
    def unknowns(self) -> tuple[sympy.Symbol, ...]:
        """The fields as SymPy symbols."""
        return tuple(sympy.Symbol(name, real=True) for name in self.fields)

    @property
    def ndim(self) -> int:
        """Number of space dimensions that the symbols are written for: 1 (k), 2 (kx, ky), 3 (and kz)."""
        used = sympy.Add(*self.q, *self.m, *self.w).free_symbols
        return max((n for n, wave in WAVENUMBERS.items() if n > 1 and wave[-1] in used), default=1)

    def wider(self, *terms: str) -> Library:
        """This library with further terms.

        Args:
            terms: names in FAMILIES, or terms as text: of F, such as "u*log(u)" or "sin(3*u)", of another
                factor with its name before it, such as "q: k**-4" (kx, ky in 2D, kz beside them in 3D).

        Raises:
            ValueError: a term that is not understood, or q or m that are not even, or w that is not odd.
        """
        held: dict[str, list[sympy.Expr]] = {name: list(getattr(self, name)) for name in FACTORS}
        for text in terms:
            name, _, formula = text.rpartition(":")
            name = name.strip() or "F"
            if name not in held:
                raise ValueError(
                    f"expected a term of {', '.join(held)}, got one of {name[:20]!r}; as 'q: k**-4'"
                )
            family = FAMILIES.get(formula.strip(), ()) if name == "F" else ()
            found = [term.subs(u, field) for field in self.unknowns for term in family]
            held[name] += found or (self._term(name, formula.strip()),)
        return replace(self, **{name: tuple(dict.fromkeys(held[name])) for name in held})

    def _term(self, name: str, text: str) -> sympy.Expr:
        """A term of a factor from its text, without its number."""
        wave = WAVENUMBERS[self.ndim]
        symbols = {"F": self.unknowns, "N": tuple(FIELDS[self.ndim])}
        term = parse(text, symbols.get(name, (*wave, *(self.unknowns if self.several else ()))))
        if self.several and name in "qmw":
            entries(term, self.unknowns, wave, skew=name == "w")
            return term.as_coeff_Mul()[1]
        if name == "N":
            density_of(term, self.ndim)
        if not term.free_symbols and name in "Fw":
            raise ValueError(f"expected a term of {name} that is not constant, got {text!r}; leave it out")
        sign = {"q": 1, "m": 1, "w": -1}.get(name, 0)
        flipped = term.subs({s: -s for s in wave}, simultaneous=True)
        if sign and sympy.simplify(flipped - sign * term) != 0:
            parity = "an even" if sign > 0 else "an odd"
            raise ValueError(f"expected {parity} function of {wave} for {name}, got {text!r}; correct it")
        return term.as_coeff_Mul()[1]

    def isotropic(self) -> Library:
        """Beyond 1D only symbols q and m of |k|: such as k_x² + k_y² where k_x² and k_y² are candidates."""
        if self.ndim == 1 or self.several:
            return self
        radial = polynomials(self.ndim, isotropic=True)
        kept = {
            name: tuple(
                dict.fromkeys(
                    (
                        *(
                            t
                            for t in getattr(radial, name)
                            if {*Factor.of(t).terms} <= {*getattr(self, name)}
                        ),
                        *(t for t in getattr(self, name) if _is_radial(t, self.ndim)),
                    )
                )
            )
            for name in "qm"
        }
        return replace(self, **kept)

    def with_isotropic(self) -> Library:
        """Beyond 1D with symbols of |k| beside the others."""
        radial = self.isotropic()
        both = {name: dict.fromkeys((*getattr(self, name), *getattr(radial, name))) for name in "qm"}
        return replace(self, q=tuple(both["q"]), m=tuple(both["m"]))

    @property
    def local(self) -> Library:
        """Only symbols that are polynomials of the wavenumber: operators that are derivatives."""
        wave = WAVENUMBERS[self.ndim]
        kept = {name: tuple(t for t in getattr(self, name) if t.is_polynomial(*wave)) for name in "qmw"}
        return replace(self, **kept)

    def on_window(self) -> Library:
        """This library, for a piece of a larger field.

        Raises:
            ValueError: a symbol that is no polynomial of the wavenumber.
        """
        for name in "qmw":
            for term in set(getattr(self, name)) - set(getattr(self.local, name)):
                raise ValueError(
                    f"expected polynomials of k for {name} on a window, got {term}: its operator reaches "
                    f"beyond the edges, where nothing is known; leave it out, or give data on a periodic box"
                )
        return self

    def even(self) -> Library:
        """Only energies that u → -u leaves as they are."""
        flip = {s: -s for s in (self.unknowns if self.several else FIELDS[self.ndim])}
        kept = {
            name: tuple(
                t for t in getattr(self, name) if sympy.simplify(t.subs(flip, simultaneous=True) - t) == 0
            )
            for name in "FN"
        }
        return replace(self, **kept)

    def between(self, parities: Parities) -> Library:
        """Only terms that act between the walls of a box; all of them where it is periodic."""
        if not any(parity for row in parities for parity in row):
            return self
        wave = WAVENUMBERS[self.ndim]
        kept = {
            name: tuple(t for t in getattr(self, name) if acts(self._entries(name, t), wave, parities))
            for name in "qmw"
        }
        N = tuple(t for t in self.N if density_acts(density_of(t, self.ndim), parities))
        F = tuple(t for t in self.F if force_acts(t, self.unknowns, parities))
        return replace(self, **kept, N=N, F=F)

    def _entries(self, name: str, term: sympy.Expr) -> tuple[Entry, ...]:
        """The entries of the symbol that a term stands for."""
        if not self.several:
            return (Entry(0, 0, term, name == "w", 1),)
        return entries(term, self.unknowns, WAVENUMBERS[self.ndim], skew=name == "w")


def _is_radial(term: sympy.Expr, ndim: int) -> bool:
    """Whether rotations leave a term as it is."""
    turned = (a * term.diff(b) - b * term.diff(a) for a, b in combinations(WAVENUMBERS[ndim], 2))
    return not any(sympy.simplify(change) != 0 for change in turned)


def polynomials(ndim: int = 1, *, isotropic: bool = False, fields: tuple[str, ...] = ("u",)) -> Library:
    """Powers of u up to the eighth; powers of the wavenumber up to the sixth, |k| and 1/k² with them.

    In 1D w may be |k|/k as well, the Hilbert transform. Of several fields products of their powers, and
    symbols for each pair of them.

    Args:
        ndim: dimensions of space.
        isotropic: only symbols that rotations (in 1D, reflections) leave as they are, so that W = 0.
        fields: names of the fields.
    """
    if len(fields) > 1:  # one is called u, whatever the data call it
        return _of_fields(ndim, fields, isotropic=isotropic)
    N = tuple(term for term in CUBIC[ndim] if not (isotropic and term == u_x**3))
    F = (u, *(u**p for p in range(3, NUMBERS.library_power + 1)))
    wave = WAVENUMBERS[ndim]
    squared = sympy.Add(*(s**2 for s in wave))
    radial = (
        sympy.Integer(1),
        sympy.sqrt(squared),
        *(squared**p for p in range(1, NUMBERS.wave_powers[ndim - 1] + 1)),
    )
    if isotropic:
        return Library(F, (*radial, 1 / squared), radial, (), N)
    if ndim == 1:
        (k,) = wave
        return Library(F, (*radial, k**-2), radial, (k, sympy.Abs(k) / k, k * sympy.Abs(k), k**3, k**5), N)
    squares = [s**2 for s in wave]
    quartic = (a * b for a, b in combinations_with_replacement(squares, 2))
    even_terms = (*radial[:2], *squares, *quartic)
    odd_terms = (*wave, *(s * squared for s in wave))
    return Library(F, (*even_terms, 1 / squared), even_terms, odd_terms, N)


def _of_fields(ndim: int, fields: tuple[str, ...], *, isotropic: bool) -> Library:
    """Candidates for several fields: monomials of them, and symbols of the lowest orders for each pair."""
    unknowns, wave = tuple(sympy.Symbol(name, real=True) for name in fields), WAVENUMBERS[ndim]
    pairs = list(combinations_with_replacement(unknowns, 2))
    squared = sympy.Add(*(s**2 for s in wave))
    even = (sympy.Integer(1), sympy.sqrt(squared), squared, squared**2)
    odd = () if isotropic else tuple(s * power for power in (1, squared) for s in wave)
    degrees = (1, *range(3, NUMBERS.fields_power[min(len(fields), 3) - 2] + 1))
    F = tuple(sympy.Mul(*some) for n in degrees for some in combinations_with_replacement(unknowns, n))
    across = [(one, other) for one, other in pairs if one != other]
    hermitian = tuple(s * one * other for s in even for one, other in pairs)
    skew = (
        *(s * one * other for s in odd for one, other in pairs),
        *(s * one * other for s in even for one, other in across),
    )
    return Library(F, hermitian, hermitian, skew, (), fields)
