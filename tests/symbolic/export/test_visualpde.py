"""The link to VisualPDE: what it is told is the law, in the format that its own links have."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy

from benchmarks.members import MEMBERS
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.symbolic.export.lz_string import ALPHABET, compressed
from mesoscribe.symbolic.export.visualpde import ADDRESS, visualpde_link, visualpde_options
from mesoscribe.symbolic.law.factor import Factor, k, u
from mesoscribe.symbolic.law.law import Law
from mesoscribe.symbolic.systems.catalog import CATALOG
from tests.support.laws_of_fields import LAWS, smooth

SYSTEMS = {**CATALOG, **MEMBERS}


def unpacked(packed: str) -> str:
    """The text that lz-string's decompressFromEncodedURIComponent gives."""
    bits = [ALPHABET.index(c) >> (5 - i) & 1 for c in packed for i in range(6)]

    def read(width: int) -> int:
        taken = [bits.pop(0) for _ in range(width)]
        return sum(bit << i for i, bit in enumerate(taken))

    first = chr(read(16 if read(2) else 8))
    words, word, text, width, room = {3: first}, first, first, 3, 4
    while True:
        code = read(width)
        if code == 2:
            return text
        if code < 2:
            words[len(words) + 3], code = chr(read(16 if code else 8)), len(words) + 3
            room -= 1
        if room == 0:
            room, width = 2**width, width + 1
        found = words.get(code, word + word[0])
        text += found
        words[len(words) + 3] = word + found[0]
        word, room = found, room - 1
        if room == 0:
            room, width = 2**width, width + 1


def rate(options: dict[str, object], u: np.ndarray, domain: Domain) -> np.ndarray:
    """u_t as VisualPDE's equations say it, its derivatives by Fourier transforms."""

    def along(field: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(domain.ifft(1j * domain.k[axis] * domain.resolved * domain.fft(field)))

    def spread(strength: np.ndarray, field: np.ndarray) -> np.ndarray:
        parts = [along(strength * along(field, axis), axis) for axis in range(domain.ndim)]
        return np.sum(parts, axis=0)

    names = ("u_x", "u_y")[: domain.ndim]
    known = {"u": u, **{name: along(u, axis) for axis, name in enumerate(names)}}
    symbols = dict(zip(known, sympy.symbols(list(known)), strict=True))

    def value(text: object) -> np.ndarray:
        formula = sympy.lambdify(list(symbols.values()), sympy.sympify(str(text), locals=symbols))
        return np.broadcast_to(formula(*known.values()), u.shape)

    species = {"U": u}
    for before, letter in zip("UV", "VW"[: int(str(options["n"])) - 1], strict=False):
        species[letter] = spread(value(options[f"d{letter}{before}"]), species[before])
    given = [spread(value(options[f"dU{letter}"]), field) for letter, field in species.items()]
    return np.asarray(value(options["rU"]) + np.sum(given, axis=0))


@pytest.mark.parametrize(
    "name", ["allen_cahn", "cahn_hilliard_2d", "quintic", "phase-field crystal", "Allen–Cahn, driven"]
)
def test_options_are_the_law(name: str) -> None:
    law = SYSTEMS[name].law
    link = visualpde_link(law)
    options = json.loads(unpacked(link.removeprefix(ADDRESS)))
    domain = Domain((48,) * law.ndim, law.lengths)
    x = np.meshgrid(*domain.coordinates, indexing="ij")
    waves = (np.cos(2 * np.pi * c / law.lengths[0] + j) for j, c in enumerate(x))
    u = law.centre + 0.4 * np.sum(list(waves), axis=0)
    expected = law.rhs(u)
    assert np.abs(rate(options, u, domain) - expected).max() < 1e-8 * np.abs(expected).max()
    assert options["na"] == options["n"] - 1


def test_the_packing_is_that_of_lz_string() -> None:
    assert compressed("hello") == "BYUwNmD2Q"
    text = json.dumps({"é": "∇·(D ∇u)", "a": list(range(200))})
    assert unpacked(compressed(text)) == text


def rates(options: dict[str, object], fields: np.ndarray, domain: Domain) -> np.ndarray:
    """The rates of fields (n, *grid) as VisualPDE's equations say them; algebraic species come last."""

    def along(field: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(domain.ifft(1j * domain.k[axis] * domain.resolved * domain.fft(field)))

    letters = "UVWQ"[: int(str(options["n"]))]
    known = {letter.lower(): field for letter, field in zip(letters, fields, strict=False)}
    known |= {
        f"{name}_{'xy'[axis]}": along(f, axis) for name, f in known.items() for axis in range(domain.ndim)
    }

    def value(text: object) -> np.ndarray:
        symbols = {name: sympy.Symbol(name) for name in known}
        formula = sympy.lambdify(list(symbols.values()), sympy.sympify(str(text), locals=symbols))
        return np.broadcast_to(formula(*known.values()), domain.shape)

    species = dict(zip(letters, fields, strict=False))

    def right_side(letter: str) -> np.ndarray:
        total = value(options[f"r{letter}"])
        for other, field in list(species.items()):
            strength = value(options[f"d{letter}{other}"])
            total = total + sum(along(strength * along(field, axis), axis) for axis in range(domain.ndim))
        return total

    for letter in letters[len(fields) :]:
        species[letter] = right_side(letter)
    return np.array([right_side(letter) for letter in letters[: len(fields)]])


@pytest.mark.parametrize("name", ["model_c", "mixture", "mixture_2d", "second order in time", "drift"])
def test_options_are_the_law_of_several_fields(name: str) -> None:
    a, b = sympy.symbols("a b", real=True)
    drift = Law(
        F=Factor.of(a**2 * b**2 / 4 + b**4 / 4),
        q=Factor.of(a**2 + b**2 / 2 + a * b / 4),
        m=Factor.of((1 + k**2) * a**2 + k**2 * b**2 / 2 + k**2 * a * b / 3),
        w=Factor.of(k * a * b + k * b**2 / 2 + a * b / 5),
        fields=("a", "b"),
    )
    law = {**LAWS, "drift": drift}[name].plain
    options = visualpde_options(law)
    fields = smooth(law, 32, waves=2)
    assert options["na"] == {"mixture": 2, "mixture_2d": 2}.get(name, 0)
    found = rates(options, fields, Domain(fields.shape[1:], law.lengths))
    assert np.abs(found - law.rhs(fields)).max() < 1e-8 * np.abs(law.rhs(fields)).max()


@pytest.mark.parametrize("name", ["schroedinger", "shallow_water", "three fields", "nonlocal", "odd entries"])
def test_fields_that_visualpde_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="or numpy instead"):
        visualpde_link(LAWS[name])


@pytest.mark.parametrize("name", ["kdv", "benjamin_ono", "ohta_kawasaki", "inviscid Burgers"])
def test_what_visualpde_cannot_hold_is_refused(name: str) -> None:
    law: Law = SYSTEMS[name].law
    with pytest.raises(ValueError, match="export to javascript"):
        visualpde_link(law)


def test_a_small_coefficient_keeps_its_digits() -> None:
    law = Law(F=Factor((u**3,), (3e-7,)), q=Factor.of(k**2), m=Factor.of(1))
    assert visualpde_options(law)["rU"] == "-0.0000009*(u)^(2)"
