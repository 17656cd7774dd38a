"""Weak-in-time regression data: products of test functions with the modes of u, u², u³, …

Multiply û_t = λ û + Σ_p c_p FT{v^p} by a test function φ and integrate by parts:

    -∫ φ' û dt = λ ∫ φ û dt + Σ_p c_p ∫ φ FT{v^p} dt,    p = 0, 2, 3, …

so that no time derivative of data is taken; of second order ∫ φ'' û dt stands on the left, and -∫ φ' û dt is
one of the columns on the right. For n fields λ is a matrix, and c_p a vector for each monomial
Π_i v_i^{p_i} of total degree 0, 2, 3, … in the place of v^p. Gradients of local energies, FT{δ/δv ∫D dx},
stand beside the powers where they are asked for. φ(s) = (1 - s²)^4 on windows of 2h + 1 frames, at any times.
Source: Messenger and Bortz, "Weak SINDy for partial differential equations", J. Comput. Phys. 443 (2021)
110525.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float, Shaped
from torch import Tensor

from mesoscribe.hybrid.energy.local_energy import Density, LocalEnergy
from mesoscribe.hybrid.regression import monomials
from mesoscribe.hybrid.regression.monomials import highest_degree, in_gradient
from mesoscribe.hybrid.space import linear_algebra
from mesoscribe.hybrid.space.boundary import Parities
from mesoscribe.hybrid.space.device import array, tensor
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.fields import alone, of_product, phase
from mesoscribe.hybrid.space.intervals import common_interval
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.pieces import pieces
from mesoscribe.hybrid.space.transforms import Array

FEWEST = 32  # windows in a piece: the next one repeats frames


def test_functions(  # no test
    t: Float[np.ndarray, "w frames"],
    order: int = 1,  # noqa: PT028
) -> Float[np.ndarray, "w frames c"]:
    """Weights of the frames of windows at times t in ∫φ·, -∫φ'· and so on, φ normalised to 1.

    Derivatives of φ are changed as little as possible so that both rules agree exactly on polynomials of t up
    to degree 8 (or 2h, the most that the frames of a window allow): integration by parts then holds on few
    and on uneven frames too.

    Args:
        t: times of the frames of each window.
        order: the highest derivative of φ, 1 or 2.
    """
    half_width = t.shape[-1] // 2
    half = (t[:, -1:] - t[:, :1]) / 2 * max(1.0, 2 / half_width)  # 3 frames: the ends of 5 weigh nothing
    s, each = (t - (t[:, -1:] + t[:, :1]) / 2) / half, np.gradient(t, axis=-1) / half
    p, rest = NUMBERS.test_power, 1 - s**2
    phi = each * rest**p
    slopes = (2 * p * s * rest ** (p - 1), 4 * p * (p - 1) * s**2 * rest ** (p - 2) - 2 * p * rest ** (p - 1))
    degrees = np.arange(min(2 * half_width, NUMBERS.exact_degree) + 1)
    powers = s[:, None] ** degrees[:, None]
    moments, factor, found = (powers @ phi[..., None])[..., 0], np.ones(len(degrees)), [phi]
    for n, slope in enumerate(slopes[:order], start=1):
        factor = factor * np.maximum(degrees - n + 1, 0)
        wanted = factor * np.pad(moments[:, :-n], ((0, 0), (n, 0)))
        weights = each * slope
        missed = wanted[..., None] - powers @ weights[..., None]
        weights += (np.linalg.pinv(powers) @ missed)[..., 0]
        found.append(weights / half**n)
    return np.stack(found, axis=-1) / phi.sum(-1)[:, None, None]


test_functions.__test__ = False  # type: ignore[attr-defined]


def in_windows(
    columns: Shaped[Array, "nt k"], half_width: int, weights: Float[Array, "#w frames"]
) -> Shaped[Array, "w k"]:
    """Weighted sums over windows of 2h + 1 frames, half overlapping: a frame of each at a time."""
    last, shift = len(columns) - 2 * half_width, time_shift(half_width)
    frames = enumerate(weights.T[..., None])
    return reduce(add, (weight * columns[j : j + last : shift] for j, weight in frames))


def time_shift(half_width: int) -> int:
    """Frames from one window to the next."""
    return max(1, half_width // NUMBERS.window_shifts)


@dataclass(frozen=True)
class Gram:
    """Products ⟨X_a, X_b⟩ over windows for each trajectory and mode, X = (-∫φ'û, ∫φû, ∫φFT{1}, ∫φFT{v²}, …).

    Everything that a regression needs of the data: any model of the class is judged from it alone.

    Args:
        values: complex (trajectory, mode, column, column): -∫φ'û_i and ∫φû_i of each field, the monomials of
            `in_gradient`, which for one field are the powers, then one for each local energy.
        k: wavenumber components (dimension, mode).
        n_windows: windows for each trajectory, or block of them, on average.
        local: the local energies whose gradients are the last columns, numbers into their table.
        n_fields: how many fields there are.
        order: of the equation in time; of second order ∫φ''û stands before -∫φ'û, and is what is explained.
        parities: of each field along each axis. Columns are divided by their phases between walls.
    """

    values: Complex[np.ndarray, "n k a a"]
    k: Float[np.ndarray, "d k"]
    n_windows: int
    local: tuple[int, ...] = ()
    n_fields: int = 1
    order: int = 1
    parities: Parities = ()

    @property
    def _linear(self) -> int:
        """Columns that are linear in the fields."""
        return self.n_fields * (self.order + 1)

    @property
    def powers(self) -> int:
        """The highest power of v: of several fields, the highest total degree."""
        return highest_degree(self.n_fields, self.values.shape[-1] - self._linear - len(self.local))

    def truncated(self, powers: int, local: Sequence[int] = ()) -> Gram:
        """These products, without powers of v above `powers` and local energies that are not named."""
        n = self.n_fields
        kept, all_powers = (self._linear + len(in_gradient(n, p)) for p in (powers, self.powers))
        if not local:
            return replace(self, values=self.values[..., :kept, :kept], local=())
        columns = [*range(kept), *(all_powers + self.local.index(i) for i in local)]
        return replace(self, values=self.values[..., columns, :][..., columns], local=tuple(local))

    def equation(self, field: int) -> Gram:
        """The products of the equation of one field alone, y first, with the regressors of all."""
        columns = [field, *range(self.n_fields, self.values.shape[-1])]
        return replace(self, values=self.values[..., columns, :][..., columns])

    def on(self, modes: np.ndarray) -> Gram:
        """The data of some modes."""
        return replace(self, values=self.values[:, modes], k=self.k[:, modes])

    @classmethod
    def joined(cls, parts: Sequence[Gram]) -> Gram:
        """The data of all trajectories of several parts; windows are then counted on average."""
        values = np.concatenate([part.values for part in parts])
        windows = sum(part.n_windows * len(part.values) for part in parts) / len(values)
        return replace(parts[0], values=values, n_windows=round(windows))

    @property
    def summed(self) -> Gram:
        """The data of all trajectories as those of one."""
        windows = self.n_windows * len(self.values)
        return replace(self, values=self.values.sum(0, keepdims=True), n_windows=windows)

    def of(self, trajectories: np.ndarray) -> Gram:
        """The data of some trajectories."""
        return replace(self, values=self.values[trajectories])


def features(
    trajectory: Float[np.ndarray, " nt *state"],
    domain: Domain,
    t: Float[np.ndarray, " nt"],
    *,
    powers: int,
    half_width: int,
    mask: np.ndarray,
    densities: tuple[Density, ...] = (),
    order: int = 1,
) -> Iterator[Complex[Tensor, "w k a"]]:
    """X of a trajectory at times t, some of its windows at a time: windows, modes of the mask, columns."""
    shift, inside = time_shift(half_width), tensor(mask)
    n = domain.n_fields or 1
    boxes = [alone(domain, i) for i in range(n)]
    products = [of_product(domain, p) for p in in_gradient(n, powers)]
    windows = np.lib.stride_tricks.sliding_window_view(t, 2 * half_width + 1)[::shift]
    alike = common_interval(np.diff(t)) is not None
    weights = tensor(test_functions(windows[:1] if alike else windows, order))

    def modes(box: Domain, field: Tensor) -> Tensor:
        u_hat, turned = box.fft(field)[:, inside], phase(box, domain)
        return u_hat if turned == 1 else u_hat / turned

    for some in pieces(len(windows), shift * domain.state_size, FEWEST):
        weak, *derivatives = (weights if alike else weights[some]).movedim(-1, 0)
        piece = tensor(trajectory[some.start * shift : (some.stop - 1) * shift + 2 * half_width + 1])
        fields = (piece,) if domain.n_fields is None else piece.unbind(1)
        higher = [modes(*each) for each in zip(products, monomials.values(fields, powers), strict=True)]
        u_hat = [modes(*each) for each in zip(boxes, fields, strict=True)]
        if densities:
            forces = LocalEnergy(domain, densities).forces(domain.fft(piece))
            higher += [force[:, inside] for force in forces]
        rates = [in_windows(column, half_width, weight) for weight in derivatives[::-1] for column in u_hat]
        columns = [in_windows(column, half_width, weak) for column in (*u_hat, *higher)]
        yield torch.stack([*rates, *columns], dim=-1)


def gram(
    v: Float[np.ndarray, "n nt *state"],
    domain: Domain,
    t: Float[np.ndarray, "*n nt"],
    *,
    powers: int,
    half_width: int,
    mask: np.ndarray,
    densities: tuple[Density, ...] = (),
    shared: Complex[Tensor, "w k a"] | None = None,
    order: int = 1,
) -> Gram:
    """The Gram data of trajectories v at times t on the modes of the mask, 0 where a column is rounding.

    Times are the same for all (nt,), or those of each trajectory (n, nt).

    Of very many trajectories neighbours are summed: a block of them stands for one, and memory is bounded.
    A symmetry of a field, such as u(x + L/2) = -u(x), empties every second mode. With `shared`, of
    X - shared: of what the trajectories do not have in common.
    """
    columns: dict[str, Any] = {"powers": powers, "half_width": half_width, "densities": densities}
    columns["order"] = order

    def products(one: int) -> tuple[Complex[np.ndarray, "k a a"], int]:
        n_windows, found = 0, []
        for x in features(v[one], domain, times[one], mask=mask, **columns):
            x = x if shared is None else x - shared[n_windows : n_windows + len(x)]
            found.append(linear_algebra.products(x))
            n_windows += len(x)
        total = array(reduce(add, found))
        return _without_rounding(total) * domain.multiplicity[mask, None, None], n_windows

    values, windows, times = [], [], np.broadcast_to(t, v.shape[:2])
    for some in np.array_split(np.arange(len(v)), min(len(v), NUMBERS.most_blocks)):
        each = map(products, some)
        total, n_windows = reduce(lambda one, other: (one[0] + other[0], one[1] + other[1]), each)
        values.append(total)
        windows.append(n_windows)
    k = np.stack([component[mask] for component in domain.k])
    local, count = tuple(range(len(densities))), round(np.mean(windows))
    return Gram(np.stack(values), k, count, local, domain.n_fields or 1, order, domain.parities)


def _without_rounding(products: Complex[np.ndarray, "k a a"]) -> Complex[np.ndarray, "k a a"]:
    """Products of columns, those of a mode 0 where it is rounding beside the largest mode of its column."""
    size = np.sqrt(np.einsum("kaa->ka", products).real)
    present = size > NUMBERS.column_rounding * size.max(axis=0)
    return products * (present[:, :, None] & present[:, None, :])
