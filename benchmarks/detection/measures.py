"""Figures of merit of scores: areas, ranks, and how certain a difference of means is."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

TIE = 0.001  # of AUROC: a smaller difference is a tie


def auroc(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of pairs of an anomaly and a normal row that are ranked correctly; ties count half. Scores may be infinite.
    """
    return float(roc_auc_score(labels, rankdata(scores)))


def average_precision(scores: np.ndarray, labels: np.ndarray) -> float:
    return float(average_precision_score(labels, rankdata(scores)))


def interval(differences: np.ndarray, groups: np.ndarray, draws: int = 10_000) -> tuple[float, float]:
    """95 percent bootstrap interval of the mean over sets, drawn within groups: what other sets might have given."""
    random, sums = np.random.default_rng(0), np.zeros(draws)
    for group in np.unique(groups):
        of_group = differences[groups == group]
        sums += random.choice(of_group, size=(draws, len(of_group))).sum(axis=1)
    low, high = np.quantile(sums / len(differences), (0.025, 0.975))
    return float(low), float(high)


def beaten_by(value: float, others: np.ndarray) -> float:
    """How many others are better; ties count half."""
    others = others[~np.isnan(others)]
    return float((others > value + TIE).sum() + 0.5 * (np.abs(others - value) <= TIE).sum())
