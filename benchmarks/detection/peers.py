"""What users pick instead of kernad: scikit-learn's and PyOD's detectors, with their defaults.

Each is a function of training rows, test rows and a seed that gives the test rows' scores: higher is more anomalous.
Where units of the columns matter, it is there twice: with raw columns and with standardised ones.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity, LocalOutlierFactor, NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

Peer = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def mahalanobis(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
    """Squared distance to the mean by a covariance that Ledoit and Wolf's rule shrinks."""
    return LedoitWolf().fit(train).mahalanobis(test)


def nearest(count: int, mean: bool = False) -> Peer:
    """Distance to the neighbour of that rank among the training rows, or the mean of those up to it."""

    def scores(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
        distances = NearestNeighbors(n_neighbors=count).fit(train).kneighbors(test)[0]
        return distances.mean(axis=1) if mean else distances[:, -1]

    return scores


def isolation_forest(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def one_class_svm(nu: float) -> Peer:
    return lambda train, test, _: -OneClassSVM(nu=nu).fit(train).score_samples(test)


def local_outlier_factor(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
    return -LocalOutlierFactor(novelty=True).fit(train).score_samples(test)


def kernel_density(train: np.ndarray, test: np.ndarray, _: int) -> np.ndarray:
    """Round kernels of Scott's width: one number for all columns, whatever their spread."""
    return -KernelDensity(bandwidth="scott").fit(train).score_samples(test)


def gaussian_mixture(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Diagonal, of 1 to 10 components; of those that can be fitted the one with the best BIC."""
    train, fits = train.astype(np.float64), []
    for count in range(1, min(10, len(train) // 5) + 1):
        with contextlib.suppress(ValueError):  # a component that collapsed
            fits.append(GaussianMixture(count, covariance_type="diag", random_state=seed).fit(train))
    return -min(fits, key=lambda fit: fit.bic(train)).score_samples(test.astype(np.float64))


def pyod(name: str, seeded: bool = False, **options: Any) -> Peer:
    """PyOD's detector pyod.models.<name in small letters>.<name>."""

    def scores(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
        detector = getattr(importlib.import_module(f"pyod.models.{name.lower()}"), name)
        np.random.seed(seed)  # noqa: NPY002  some know no other way
        fitted = detector(**options, **({"random_state": seed} if seeded else {})).fit(train.astype(np.float64))
        return fitted.decision_function(test.astype(np.float64))

    return scores


def standardized(peer: Peer) -> Peer:
    """The same after each column was brought to mean 0 and variance 1 of the training rows."""

    def scores(train: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
        scaler = StandardScaler().fit(train)
        return peer(scaler.transform(train), scaler.transform(test), seed)

    return scores


def twice(name: str, peer: Peer) -> dict[str, Peer]:
    return {name: peer, f"{name}, standardised": standardized(peer)}


SKLEARN: dict[str, Peer] = {
    **twice("Mahalanobis, Ledoit-Wolf", mahalanobis),
    **twice("nearest neighbour", nearest(1)),
    **twice("5th neighbour", nearest(5)),
    **twice("5 neighbours, mean", nearest(5, mean=True)),
    "isolation forest": isolation_forest,
    **twice("one-class SVM", one_class_svm(0.5)),
    **twice("one-class SVM, nu = 0.05", one_class_svm(0.05)),
    **twice("local outlier factor", local_outlier_factor),
    **twice("kernel density, Scott", kernel_density),
    **twice("Gaussian mixture, BIC", gaussian_mixture),
}
PYOD: dict[str, Peer] = {
    "ECOD": pyod("ECOD"),
    "COPOD": pyod("COPOD"),
    "HBOS": pyod("HBOS"),
    "PCA": pyod("PCA", seeded=True),  # standardises by itself
    "LODA": pyod("LODA"),
    **twice("INNE", pyod("INNE", seeded=True)),
    **twice("KDE", pyod("KDE")),
    **twice("KPCA", pyod("KPCA", seeded=True)),
}
