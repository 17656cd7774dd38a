"""What a fit leaves behind besides the model."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mesoscribe.hybrid.regression.evidence import Verdict
from mesoscribe.hybrid.space.deadline import current


@dataclass(frozen=True)
class Course:
    """The validations of a training, and how it ended.

    Args:
        history: optimiser step and validation score of each validation, the warm start's first.
        best_step: the step whose weights were kept.
        capped: the time cap ended it.
    """

    history: tuple[tuple[int, float], ...]
    best_step: int
    capped: bool


@dataclass(frozen=True)
class FitRecord:
    """How a fit went: the verdict on the class, the scores, seconds, and whether a time cap fired.

    Args:
        verdict: on the class, with its evidence; None where there was no test, as of forces.
        history: optimiser step and validation score of each validation, the warm start's first.
        best_step: the step whose weights were kept.
        steps: optimiser steps taken.
        substeps: integrator steps a frame.
        capped: the time cap ended the fit, so that another machine may give another model.
        seconds: of each stage.
        evaluations: distinct forces of bonds that were looked at, where a chain's forces were learned from.
    """

    verdict: Verdict | None
    history: tuple[tuple[int, float], ...]
    best_step: int
    steps: int
    substeps: int
    capped: bool
    seconds: dict[str, float]
    evaluations: int = 0

    def __str__(self) -> str:
        scores = dict(self.history)
        return (
            f"{self.steps} steps of training, the best after {self.best_step}: error of validation roll-outs "
            f"{scores[self.best_step]:.3g}, {scores[0]:.3g} at the start"
            + ("; the time cap ended it" if self.capped else "")
        )

    __repr__ = __str__

    @classmethod
    def of(
        cls,
        verdict: Verdict | None,
        course: Course,
        regression: float,
        since: float,
        *,
        substeps: int = 1,
        evaluations: int = 0,
    ) -> FitRecord:
        """The record of a training that has just ended.

        Args:
            verdict: on the class.
            course: its validations.
            regression: seconds of the factorisation before it.
            since: when the training began (time.perf_counter).
            substeps: integrator steps a frame.
            evaluations: distinct forces of bonds that were looked at.
        """
        return cls(
            verdict=verdict,
            history=course.history,
            best_step=course.best_step,
            steps=course.history[-1][0],
            substeps=substeps,
            capped=course.capped or bool(current().cut),
            seconds={"factorise": regression, "fit": time.perf_counter() - since},
            evaluations=evaluations,
        )
