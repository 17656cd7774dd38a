"""A refusal, in one place, of data with several fields where one is needed."""

from __future__ import annotations

from mesoscribe.hybrid.data.field_names import listed
from mesoscribe.hybrid.data.sampled import SampledFields


def one_field(data: SampledFields, purpose: str) -> None:
    """Refuse data with several fields.

    Args:
        data: trajectories.
        purpose: what one field is needed for, such as "resample them".

    Raises:
        ValueError: there are several fields; it names them, and how to choose one.
    """
    if data.domain.n_fields is not None:
        name = data.fields[0]
        raise ValueError(
            f"expected one field to {purpose}, got {listed(data.fields)}; choose one with --u {name}, or "
            f'data.field("{name}") in Python'
        )
