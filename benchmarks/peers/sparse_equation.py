"""PySINDy alone as a predictor: the equation it finds, chosen on validation data and rolled out."""

from __future__ import annotations

import re
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from benchmarks.pysindy_alone import equations
from mesoscribe.hybrid.data.trajectories import Split, Trajectories
from mesoscribe.hybrid.dynamics.error import relative_rmse, score
from mesoscribe.hybrid.dynamics.member import Member
from mesoscribe.hybrid.dynamics.steppers import ETDRK4, simulate
from mesoscribe.hybrid.regression.warm_start import first_useful_frame
from mesoscribe.hybrid.space.domain import Domain

ORDER, DEGREE = 3, 3  # of the library, the same for all data
TRAJECTORIES = 8  # that it regresses on: the columns of all would fill the memory
HELD_OUT, LONGEST = 4, 21  # trajectories and frames of the roll-outs that choose
FINEST = 5  # a frame is divided into at most 2^FINEST steps: what needs more is lost
TERM = re.compile(r"(?P<factor>x0(?:\^(?P<power>\d+))?(?=x0_|$))?(?:x0_(?P<order>1+))?")


@dataclass(frozen=True)
class SumOfTerms(Member):
    """u_t = Σ c u^p ∂^n u of û, with the terms of p = 0 as its linear part.

    Args:
        rates: λ(k).  products: c, p and (i k)^n of the others.
    """

    rates: Complex[Tensor, " k"] | None = None
    products: tuple[tuple[float, int, Complex[Tensor, " k"]], ...] = ()

    @property
    def linear(self) -> Complex[Tensor, " k"]:
        """λ(k) on the evolved modes."""
        assert self.rates is not None
        return self.rates * self.mask

    def force(self, u_hat: Complex[Tensor, "..."]) -> Complex[Tensor, "..."]:
        """The transform of the products."""
        u = self.domain.ifft(u_hat)
        total = torch.zeros_like(u)
        for c, power, symbol in self.products:
            total = total + c * u**power * self.domain.ifft(symbol * u_hat)
        return self.domain.fft(total)


def parsed(name: str) -> tuple[int, int]:
    """How often u is multiplied and how often it is differentiated in a term such as x0^2x0_11."""
    match = TERM.fullmatch(name)
    if match is None:
        raise ValueError(f"expected a term such as x0^2x0_11, got {name}")
    power = int(match["power"] or 1) if match["factor"] else 0
    return power, len(match["order"] or "")


@dataclass(frozen=True)
class SparseEquation:
    """u_t = Σ c u^p ∂^n u as found by PySINDy.

    Args:
        terms: c by PySINDy's name of the term.
        lengths: the box.
        by: the way of taking derivatives.
    """

    terms: dict[str, float]
    lengths: tuple[float, ...]
    by: str = ""

    def member(self, domain: Domain) -> SumOfTerms:
        """The equation of motion on a grid."""
        ik = 1j * torch.as_tensor(domain.k[0])
        mask = torch.as_tensor(domain.within(np.inf))
        linear, products = torch.zeros_like(ik), []
        for name, c in self.terms.items():
            power, order = parsed(name)
            if order == 0:  # u^p = u^(p-1) u
                power -= 1
            if power == 0:
                linear = linear + c * ik**order
            else:
                products.append((c, power, ik**order))
        one = torch.ones_like(ik.imag)
        plain = Member.of(domain, -(one + 0j), one, torch.zeros_like, mask)
        return SumOfTerms(plain.energy, plain.operator, mask, rates=linear, products=tuple(products))

    def simulate(
        self, u0: Float[np.ndarray, "*batch ..."], t: Float[np.ndarray, " nt"], /
    ) -> Float[np.ndarray, "*batch nt ..."]:
        """Fields at times t, starting from u0 at t[0].

        Raises:
            FloatingPointError: the solution is lost; the message names the time.
        """
        domain = Domain(u0.shape[u0.ndim - len(self.lengths) :], self.lengths)
        return simulate(self.member(domain), u0, t, scheme=ETDRK4(), rtol=1e-5, max_level=FINEST)


def judged(found: SparseEquation, data: Trajectories) -> float:
    """The project's score of roll-outs; inf where one is lost."""
    part = data.select(slice(HELD_OUT), slice(LONGEST))
    try:
        frames = found.simulate(part.u[:, 0], part.t)
    except FloatingPointError:
        return np.inf
    return score(relative_rmse(frames, part.u, part.domain))


def best_equation(parts: Split) -> tuple[SparseEquation, float]:
    """The equation whose validation roll-outs are best, over all ways and thresholds, and its seconds.

    The same library for all data; the frame that teaches the erasure of high modes is left out, as in `fit`.
    """
    started = time.process_time()
    skip = first_useful_frame(parts.train.u, parts.train.t, parts.train.domain)
    data = parts.train.select(slice(TRAJECTORIES), slice(skip, None))
    best, best_score = SparseEquation({}, data.domain.lengths), np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for way, terms, _ in equations(data, ORDER, DEGREE):
            if not terms:
                continue
            found = replace(best, terms=terms, by=way)
            value = judged(found, parts.validation)
            if value < best_score:
                best, best_score = found, value
    return best, time.process_time() - started
