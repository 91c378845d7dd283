"""The reference implementation's arithmetic, imitated in NumPy: its principal components, scaling and density.

What it does wrong is done here, too: `norm` mode compares queries with points that the covariance has shifted, and
float32 loses every density below 1e-45, so that all far rows have one score.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

COMPONENTS = 16
GOLDEN_COMPONENTS = 6


def _projection(train: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    mean = train.mean(axis=0)
    return mean, np.linalg.svd(train - mean, full_matrices=False)[2][:components].T


def _lengths(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1, keepdims=True)


class Reference:
    """Fitted on rows x columns; finite log-densities unless float32 is asked for."""

    def __init__(self, train: np.ndarray, norm: bool = False, components: int = COMPONENTS) -> None:
        train = train.astype(np.float64)
        self._mean, self._axes = _projection(train, components)
        self._norm = norm
        features = (train - self._mean) @ self._axes
        self._longest = _lengths(features).max()
        features = self._scaled(features)
        count, dimension = features.shape
        covariance = np.cov(features.T)
        if norm:
            features = features - features.mean(axis=0)  # in place there: queries are not shifted
        self._bandwidth = count ** (-1 / (dimension + 4))
        self._whitening = np.linalg.cholesky(np.linalg.inv(covariance) / self._bandwidth**2)
        self._points = features @ self._whitening
        self._log_norm = np.log(np.diag(self._whitening)).sum() - dimension / 2 * np.log(2 * np.pi)

    def _scaled(self, features: np.ndarray) -> np.ndarray:
        return features / (_lengths(features) if self._norm else self._longest)

    def _exponents(self, rows: np.ndarray) -> np.ndarray:
        """-half the squared distance of each row to each training row, whitened."""
        whitened = self._scaled((rows.astype(np.float64) - self._mean) @ self._axes) @ self._whitening
        squares = (whitened**2).sum(axis=1)[:, None] + (self._points**2).sum(axis=1) - 2 * whitened @ self._points.T
        return -np.maximum(squares, 0) / 2

    def log_densities(self, rows: np.ndarray) -> np.ndarray:
        """In the log domain: what the reference means."""
        return self._log_norm + _log_mean_exp(self._exponents(rows))

    def log_densities_in_float32(self, rows: np.ndarray) -> np.ndarray:
        """As it computes them: -inf where the density underflows."""
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            kernels = np.exp(self._exponents(rows).astype(np.float32)) * np.float32(np.exp(self._log_norm))
            return np.log(kernels.mean(axis=1))

    def leave_one_out(self, train: np.ndarray) -> np.ndarray:
        """The log-density of each training row by the kernels of the others; components and covariance keep it."""
        exponents = self._exponents(train)
        np.fill_diagonal(exponents, -np.inf)
        count = len(train)
        return self._log_norm + _log_mean_exp(exponents) + np.log(count / (count - 1))


def _log_mean_exp(exponents: np.ndarray) -> np.ndarray:
    largest = exponents.max(axis=1, keepdims=True)
    return largest[:, 0] + np.log(np.exp(exponents - largest).mean(axis=1))


def check(golden: Path) -> None:
    """Raises when the imitation is not what the reference itself gave, on tests/reference/golden."""
    for method in ("scale", "norm"):
        with np.load(golden / f"{method}.npz") as data:
            given, expected = Reference(data["train"], method == "norm", GOLDEN_COMPONENTS), data["log_likelihood"]
            if not np.allclose(given.log_densities(data["test"]), expected, rtol=0, atol=1e-6):
                raise RuntimeError(f"the imitation of the reference is not what it gives in {method} mode")
