"""The network that starts as a warm start, and the data on its points."""

from __future__ import annotations

import numpy as np
import torch

from mesoscribe.hybrid.data.provenance import Provenance
from mesoscribe.hybrid.data.trajectories import Trajectories
from mesoscribe.hybrid.learn.onsager import OnsagerModel, Setting
from mesoscribe.hybrid.regression.rank_one import Case
from mesoscribe.hybrid.regression.warm_start import WarmStart
from mesoscribe.hybrid.space.numbers import NUMBERS
from mesoscribe.hybrid.space.resample import carried, resampled


def build(warm: WarmStart, data: Trajectories, seed: int | None = None) -> OnsagerModel:
    """The network that starts as the warm start: F imitates its polynomial, m, w, q its symbols, N its N.

    Of the scale (and, when M = 0, the sign) that the data leave free, the one is taken in which |K| is 1
    where the energy of the data sits and q grows upwards.
    """
    v = band_limited(warm, data)
    points = tuple(v.shape[2:])
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
        Provenance(data.source, seed),
    )
    model = OnsagerModel(setting)
    inside = model.modes.inside
    power = np.mean(np.abs(model.domain.fft(v)) ** 2, axis=(0, 1))
    weight = torch.as_tensor(power) + 1e-12 * float(power.max())
    within = model.modes.inside.numpy()
    K, q = (
        torch.as_tensor(carried(symbol, warm.domain, model.domain) * within) for symbol in (warm.K, warm.q)
    )
    gauge = float((weight * K.abs())[inside].sum() / weight[inside].sum())
    top = model.potential.k_squared * inside
    if warm.case is Case.CONSERVATIVE and float((q * top).sum()) < 0:
        gauge = -gauge
    shift = model.potential.imitate(q * gauge, weight)
    nodes = torch.linspace(model.low, model.high, NUMBERS.table_nodes, dtype=torch.float64)
    f = torch.as_tensor(warm.f(nodes.numpy())) * gauge - shift * nodes
    model.potential.pointwise.imitate(nodes, f)
    if model.potential.nonlocal_part is not None:
        fields = torch.as_tensor(v[:, :: max(1, v.shape[1] // NUMBERS.nonlocal_frames)])
        model.potential.nonlocal_part.imitate(gauge * torch.tensor(warm.beta, dtype=torch.float64), fields)
    with torch.no_grad():
        model.m_scale.copy_(model.modes.gather(K.real / gauge))
        model.w_scale.copy_(model.modes.gather(K.imag / gauge))
    return model


def band_limited(warm: WarmStart, data: Trajectories) -> np.ndarray:
    """Scaled data on just enough points to carry the band and the products of its modes."""
    domain = warm.domain
    v = domain.restrict(warm.scales.to_scaled(data.u), domain.within(warm.band))
    unit = warm.domain.lengths
    wanted = [2 * int(np.ceil(NUMBERS.points_per_mode * warm.band * L / (2 * np.pi) / 2)) for L in unit]
    points = tuple(min(n, max(NUMBERS.least_points, w)) for n, w in zip(domain.shape, wanted, strict=True))
    return resampled(v, domain.resampled(points))
