"""Values that a file stores packed or leaves out, by the conventions of NetCDF (CF 1.11, 2.5.1 and 8.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mesoscribe.hybrid.data.layout import AnyArray
from mesoscribe.hybrid.data.validate import numbers

CONVENTIONS = ("scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned")
SIGNS = {"true": "u", "false": "i"}  # of integers, by NetCDF's attribute _Unsigned


def unpacked(values: AnyArray, attrs: Mapping[str, Any]) -> AnyArray:
    """u = scale_factor·stored + add_offset, with what equals _FillValue or missing_value masked as missing.

    Raises:
        ValueError: attributes that are no numbers.
    """
    values = _with_sign(values, attrs)
    stated = {name: np.ravel(numbers(name, attrs[name])) for name in CONVENTIONS[:4] if name in attrs}
    fills = [fill for name in CONVENTIONS[2:4] for fill in stated.get(name, ())]
    missing = _missing(values, fills)
    scale, offset = stated.get("scale_factor"), stated.get("add_offset")
    if scale is not None and scale.size:
        values = values * np.float64(scale[0])
    if offset is not None and offset.size:
        values = values + np.float64(offset[0])
    return np.ma.MaskedArray(values, missing) if missing.any() else values


def _with_sign(values: AnyArray, attrs: Mapping[str, Any]) -> AnyArray:
    """Integers with a sign or without, whatever their stored type is, as the attribute _Unsigned says."""
    said = attrs.get("_Unsigned", "")
    sign = SIGNS.get(said.decode() if isinstance(said, bytes) else str(said))
    return values.astype(f"{sign}{values.dtype.itemsize}") if sign and values.dtype.kind in "iu" else values


def _missing(values: AnyArray, fills: list[Any]) -> AnyArray:
    """Where values are fill values; one that is not a number is found where numbers are checked."""
    return np.isin(values, np.array([fill for fill in fills if fill == fill]).astype(values.dtype))


def masked_fill(values: AnyArray, encoding: Mapping[str, Any]) -> AnyArray:
    """Values in which a reader has put NaN where the file has its fill value, masked there."""
    fills = [fill for name in CONVENTIONS[2:4] for fill in np.ravel(encoding.get(name, ()))]
    if values.dtype.kind != "f" or not any(fill == fill for fill in fills):
        return values
    return np.ma.MaskedArray(values, np.isnan(values)) if np.isnan(values).any() else values
