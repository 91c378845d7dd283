"""One method on one split, as figures."""

from __future__ import annotations

from dataclasses import dataclass

import measures
import numpy as np
from methods import Method
from results import Result
from sets import Split


@dataclass(frozen=True)
class Run:
    method: str
    family: str
    group: str
    set: str
    seed: int
    auroc: float
    average_precision: float
    seconds: float

    @staticmethod
    def of(method: Method, split: Split, result: Result) -> Run:
        """From a method that gives scores."""
        areas = (measure(result.values, split.labels) for measure in (measures.auroc, measures.average_precision))
        return Run(str(method), method.family, split.group, split.name, split.seed, *areas, result.seconds)


@dataclass(frozen=True)
class Decision:
    source: str
    group: str
    set: str
    seed: int
    fpr: float
    tpr: float

    @staticmethod
    def of(method: Method, split: Split, called: np.ndarray) -> Decision:
        """From a source of thresholds."""
        rates = (float((called[split.labels == label] != 0).mean()) for label in (0, 1))
        return Decision(str(method), split.group, split.name, split.seed, *rates)
