"""Thresholds for a false-positive rate of 5 percent, each from the training rows alone, as their makers offer them.

A source is a Method whose result is 1 for each test row that it calls anomalous.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import methods
import numpy as np
import peers
import reference
from command_line import CommandLine
from methods import FULL_RANK, OWN, ROUND, Method
from scipy.stats import chi2
from sets import Split
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

RATE = 0.05
TARGET = {
    "auto": "--auto",
    "defaults": "",
    "all, ledoit-wolf, loo": FULL_RANK,
    "all, isotropic, standardised, loo": ROUND,
}


def _conformal(kernad: CommandLine, options: str, split: Split) -> np.ndarray:
    return kernad.columns(f"{options} --target-fpr {RATE}", split)["label"]


def _own_scores(kernad: CommandLine, split: Split) -> np.ndarray:
    scores = kernad.scores("", split)
    return scores > np.quantile(kernad.training_scores(), 1 - RATE)


def _sigmoid(kernad: CommandLine, split: Split) -> np.ndarray:
    return kernad.columns("", split)["probability"] > 0.5


def _leave_one_out(split: Split) -> np.ndarray:
    fitted = reference.Reference(split.train)
    return fitted.log_densities(split.test) < np.quantile(fitted.leave_one_out(split.train), RATE)


def _kernad(kernad: CommandLine) -> list[Method]:
    version, found = kernad.version(), []
    for name, options in TARGET.items():
        if not kernad.unknown(options):
            run = partial(_conformal, kernad, options)
            found.append(Method(OWN, f"{name}, --target-fpr 0.05", run, f"{version} {options}"))
    version = f"{version} {methods.source_digest(__file__, reference.__file__)}"
    naive = "defaults, scores of the training rows themselves"
    return [
        *found,
        Method("not offered", naive, partial(_own_scores, kernad), version),
        Method("not offered", "defaults, leave-one-out in the kernel sum only", _leave_one_out, version, True),
        Method("reference", "defaults, probability > 0.5", partial(_sigmoid, kernad), version, True),
    ]


def _chi_squared(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
    """The textbook's: squared Mahalanobis distances of Gaussian rows are chi-squared."""
    return LedoitWolf().fit(train).mahalanobis(test) > chi2.ppf(1 - RATE, train.shape[1])


def _sklearn(make: Callable[[int], Any]) -> peers.Peer:
    return lambda train, test, seed: make(seed).fit(train).predict(test) == -1


def _pyod(name: str, **options: Any) -> peers.Peer:
    def called(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
        detector = getattr(importlib.import_module(f"pyod.models.{name.lower()}"), name)
        np.random.seed(seed)  # noqa: NPY002  some know no other way
        fitted = detector(contamination=RATE, **options).fit(train.astype(np.float64))
        return fitted.predict(test.astype(np.float64)) == 1

    return called


SKLEARN: dict[str, peers.Peer] = {
    "Mahalanobis, Ledoit-Wolf, chi-squared": _chi_squared,
    "isolation forest, contamination = 0.05": _sklearn(
        lambda seed: IsolationForest(contamination=RATE, random_state=seed)
    ),
    "one-class SVM, nu = 0.05": _sklearn(lambda _: OneClassSVM(nu=RATE)),
    "one-class SVM, nu = 0.05, standardised": peers.standardized(_sklearn(lambda _: OneClassSVM(nu=RATE))),
    "local outlier factor, contamination = 0.05": _sklearn(
        lambda _: LocalOutlierFactor(novelty=True, contamination=RATE)
    ),
}
PYOD: dict[str, peers.Peer] = {
    f"{name}, contamination = 0.05": _pyod(name) for name in ("KNN", "KDE", "ECOD", "COPOD", "HBOS", "PCA", "INNE")
}


def all_sources(kernad: CommandLine) -> list[Method]:
    """Those that this machine has."""
    found = _kernad(kernad)
    for family, package, callers in (("scikit-learn", "scikit-learn", SKLEARN), ("PyOD", "pyod", PYOD)):
        found += methods.of_peers(family, package, callers, methods.source_digest(__file__, peers.__file__))
    return found
