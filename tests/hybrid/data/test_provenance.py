"""Where a law comes from: typed, and written as far as it is known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mesoscribe.hybrid.data.provenance import Provenance


@pytest.mark.parametrize("seed", [None, 3, np.int64(3), np.uint8(3)])
def test_what_is_known_is_written_and_read_back(seed: Any) -> None:
    made = Provenance("kdv.h5", seed, "sr3")
    written = json.loads(json.dumps(made.as_dict()))
    assert written == {"source": "kdv.h5", "optimiser": "sr3", **({} if seed is None else {"seed": 3})}
    assert Provenance.of(written) == made
    assert Provenance().as_dict() == {}


def test_entries_of_others_are_passed_over() -> None:
    assert Provenance.of({"source": "a", "list": [1, None]}) == Provenance("a")


@pytest.mark.parametrize(
    "content", [3, [], None, {"source": 3}, {"seed": 0.5}, {"seed": "0"}, {"seed": True}, {"optimiser": []}]
)
def test_what_is_none_is_refused(content: object) -> None:
    with pytest.raises(TypeError, match="provenance|integer"):
        Provenance.of(content)
