"""Symbolic regression of F' where no library holds it: what it proposes becomes a candidate like others.

A proposer takes points u, the network's F' there and weights, and returns an expression of u. Its additive
terms, integrated and without their numbers, are added to the library; whether they stay is decided as for any
other term, on validation roll-outs.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, runtime_checkable

import numpy as np
import sympy
from jaxtyping import Float

from mesoscribe.hybrid.learn.canonical import CanonicalNetwork
from mesoscribe.symbolic.law.factor import u
from mesoscribe.symbolic.law.library import Library
from mesoscribe.symbolic.law.numbers import NUMBERS
from mesoscribe.symbolic.read.factors import Importance

Points = Float[np.ndarray, " n"]
OPERATORS = ("+", "-", "*", "/")
FUNCTIONS = ("sin", "cos", "exp")


@runtime_checkable
class Proposer(Protocol):
    """Proposes a formula y(x) from points, such as symbolic regression does."""

    def __call__(self, x: Points, y: Points, weights: Points) -> sympy.Expr:
        """An expression of one symbol, close to y at the points x."""
        ...


@dataclass(frozen=True)
class PySR:
    """Symbolic regression by PySR (not installed with mesoscribe; it needs Julia).

    Source: Cranmer, "Interpretable machine learning for science with PySR and SymbolicRegression.jl",
    arXiv 2305.01582.

    Args:
        iterations: of its search.
        size: the largest number of nodes of an expression.
        seed: of its search, which runs on one core so that it can be repeated.

    Raises:
        ValueError: PySR is not installed.
    """

    iterations: int = NUMBERS.pysr_iterations
    size: int = NUMBERS.pysr_size
    seed: int = 0

    def __post_init__(self) -> None:
        if find_spec("pysr") is None:
            raise ValueError(
                "expected the package pysr, which is not installed; pip install pysr (it fetches Julia), or "
                "name candidates yourself with --terms"
            )

    def __call__(self, x: Points, y: Points, weights: Points) -> sympy.Expr:
        """The expression that PySR would choose."""
        with tempfile.TemporaryDirectory() as folder:
            search = import_module("pysr").PySRRegressor(
                niterations=self.iterations,
                maxsize=self.size,
                binary_operators=list(OPERATORS),
                unary_operators=list(FUNCTIONS),
                random_state=self.seed,
                deterministic=True,
                parallelism="serial",
                progress=False,
                verbosity=0,
                output_directory=folder,
            )
            search.fit(x[:, None], y, weights=weights, variable_names=["u"])
            return search.sympy()


def candidates(slope: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """Terms of F from an expression for F': each additive term integrated, its number left out.

    Constant and linear terms of F' are left to the drive and to q; what has no integral in closed form is
    left out.
    """
    of_u = slope.subs({symbol: u for symbol in slope.free_symbols})
    found = []
    for term in sympy.Add.make_args(sympy.expand(of_u)):
        _, rest = term.as_coeff_Mul()
        if rest in (u, sympy.Integer(1)):
            continue
        integral = sympy.integrate(rest, u)
        if not integral.has(sympy.Integral):
            found += [part.as_coeff_Mul()[1] for part in sympy.Add.make_args(sympy.expand(integral))]
    return tuple(dict.fromkeys(term for term in found if term.has(u)))


def widened_by(
    proposer: Proposer, library: Library, network: CanonicalNetwork, weights: Importance
) -> tuple[Library, str]:
    """The library with what a proposer finds in a network's F', and what to say of it."""
    found = proposer(network.nodes + network.centre, network.f, weights.u)
    terms = candidates(found)
    wider = library
    for term in terms:
        try:
            wider = wider.wider(str(term))
        except ValueError:  # a function that laws do not know
            continue
    new = [str(term) for term in wider.F if term not in library.F]
    outcome = (
        f"candidates of F from it: {', '.join(new)}" if new else "it gives no candidate that laws can hold"
    )
    return wider, f"symbolic regression proposed F' = {found}; {outcome}"
