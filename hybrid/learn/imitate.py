"""The network that starts as a warm start, and the data on its points."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.domain import Domain
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import carried, resampled
from mesoscribe.hybrid.space.symbols import sizes, trace


def build(warm: WarmStart, data: Trajectories, seed: int | None = None) -> OnsagerModel:
    """The network that starts as the warm start: F imitates its polynomial, m, w, q its symbols, N its N.

    Of the scale (and, when M = 0, the sign) that the data leave free, the one is taken in which |K| is 1
    where the energy of the data sits and q grows upwards.

    Args:
        warm: a member of the class, of as many fields as the data.
        data: where the network is to be good; it gives the number of points and the range of F.
        seed: what the data were split by, which the model remembers.
    """
    v = band_limited(warm, data)
    points = tuple(v.shape[-data.domain.ndim :])
    setting = Setting(
        points,
        data.domain.lengths,
        warm.scales,
        warm.case,
        warm.band,
        warm.hold,
        float(v.min()),
        float(v.max()),
        NUMBERS.low_modes[data.domain.ndim - 1] if warm.beta else 0,
        warm.first_frame,
        Provenance(data.source, seed, units=str(data.units)),
        data.fields,
        data.boundary,
    )
    model = OnsagerModel(setting)
    domain, inside = model.domain, model.modes.inside
    power = np.mean(np.abs(domain.fft(v)) ** 2, axis=tuple(range(v.ndim - domain.ndim)))
    weight = torch.as_tensor(power) + 1e-12 * float(power.max())
    K, q = (
        torch.as_tensor(carried(symbol, warm.domain, domain) * inside.numpy()) for symbol in (warm.K, warm.q)
    )
    gauge = float((weight * sizes(K, domain))[inside].sum() / weight[inside].sum())
    top = torch.as_tensor(domain.k_norm**2) * inside
    if warm.case is Case.CONSERVATIVE and float((trace(q, domain) * top).sum()) < 0:
        gauge = -gauge
    shift = model.potential.imitate(q * gauge, weight)
    _imitate_force(model, warm, v, gauge, shift)
    if model.potential.nonlocal_part is not None:
        fields = torch.as_tensor(v[:, :: max(1, v.shape[1] // NUMBERS.nonlocal_frames)])
        model.potential.nonlocal_part.imitate(gauge * torch.tensor(warm.beta, dtype=torch.float64), fields)
    model.imitate(torch.complex(K.real / gauge, K.imag / gauge))  # complex division rounds differently
    return model


def _imitate_force(model: OnsagerModel, warm: WarmStart, v: np.ndarray, gauge: float, shift: float) -> None:
    """∂F/∂v ≈ gauge times that of the warm start, less the shift that the quadratic energy has taken over."""
    if warm.F is None:
        nodes = torch.linspace(model.low, model.high, NUMBERS.table_nodes, dtype=torch.float64)
        f = torch.as_tensor(warm.f(nodes.numpy())) * gauge - shift * nodes
    else:
        nodes = values_of_fields(v, model.domain)
        along = nodes.reshape(*nodes.shape, *(1,) * model.domain.ndim)
        f = warm.F.gradient(along).reshape(nodes.shape) * gauge - shift * nodes
    model.potential.pointwise.imitate(nodes, f)


def values_of_fields(v: Float[np.ndarray, "n nt *state"], domain: Domain) -> Float[Tensor, "values field"]:
    """Values of several fields at a point: some of the data, and as many about them.

    Those about them lie on the rays from the mean of the data, up to `force_margin` beyond.

    Args:
        v: trajectories (n, nt, field, *grid).
        domain: their box.
    """
    values = np.moveaxis(v, domain.state_axes[0], -1).reshape(-1, v.shape[domain.state_axes[0]])
    some = values[np.linspace(0, len(values) - 1, NUMBERS.field_samples // 2).astype(int)]
    mean, golden = values.mean(0), 0.5 * (5**0.5 - 1)
    share = (1 + 2 * NUMBERS.force_margin) * (golden * np.arange(1, len(some) + 1) % 1)
    return torch.as_tensor(np.concatenate([some, mean + share[:, None] * (some - mean)]))


def band_limited(warm: WarmStart, data: Trajectories) -> np.ndarray:
    """Scaled data (n, nt, [field,] *grid) on just enough points for the band and products of its modes."""
    domain = warm.domain
    v = domain.restrict(warm.scales.to_scaled(data.u), domain.within(warm.band))
    unit = warm.domain.lengths
    wanted = [2 * int(np.ceil(NUMBERS.points_per_mode * warm.band * L / (2 * np.pi) / 2)) for L in unit]
    points = tuple(min(n, max(NUMBERS.least_points, w)) for n, w in zip(domain.shape, wanted, strict=True))
    return resampled(v, domain.resampled(points))
