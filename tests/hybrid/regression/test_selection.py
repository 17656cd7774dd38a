"""The simplest of models that are as good as the best."""

from __future__ import annotations

import numpy as np

from mesoscribe.hybrid.regression.selection import simplest

GOOD, BAD, LOST = np.array([1.0, 1.1]), np.array([5.0, 5.1]), np.array([np.nan, np.inf])


def test_simplest_that_is_no_worse_is_taken() -> None:
    assert simplest([("linear", BAD), ("cubic", GOOD), ("quintic", GOOD * 0.999)])[0] == "cubic"


def test_models_whose_scores_are_not_finite_are_none() -> None:
    assert simplest([("lost", LOST), ("linear", BAD), ("cubic", GOOD)])[0] == "cubic"
    assert simplest([("first", LOST), ("second", LOST)])[0] == "first"
