"""scipy.stats.gaussian_kde's own tests (scipy/stats/tests/test_kdeoth.py) on kernad.GaussianKDE."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.stats
from common import leave_out

import kernad


class gaussian_kde:  # noqa: N801
    """scipy's interface, columns for rows, as far as kernad has what is asked for."""

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        self.dataset = np.atleast_2d(np.asarray(dataset))
        self.d, self.n = self.dataset.shape
        if self.d > self.n:
            raise ValueError("Number of dimensions is greater than number of samples; rows are columns here")
        self.weights = (
            np.ones(self.n) / self.n if weights is None else np.asarray(weights, dtype=float) / np.sum(weights)
        )
        self.neff = 1 / (self.weights**2).sum()
        self.set_bandwidth(bw_method)

    def set_bandwidth(self, bw_method: Any = None) -> None:
        bandwidth = bw_method(self) if callable(bw_method) else "scott" if bw_method is None else bw_method
        self._kde = kernad.GaussianKDE(bandwidth=bandwidth)
        equal = (self.weights == self.weights[0]).all()
        self._kde.fit(self.dataset.T, sample_weight=None if equal else self.weights * self.neff)
        self.factor, self.covariance = self._kde.bandwidth_factor, self._kde.covariance

    def logpdf(self, points: Any) -> Any:
        points = np.atleast_2d(np.asarray(points))
        if len(points) != self.d:
            points = points.reshape(self.d, 1) if points.shape == (1, self.d) else points
            if len(points) != self.d:
                raise ValueError(f"points have dimension {len(points)}, dataset has dimension {self.d}")
        return self._kde.log_density(points.T)

    def evaluate(self, points: Any) -> Any:
        return np.exp(self.logpdf(points))

    __call__ = pdf = evaluate

    def resample(self, size: int, seed: Any = None) -> Any:
        return self._kde.sample(size, random_state=seed).T


scipy.stats.gaussian_kde = gaussian_kde

WITHIN = "asks for 14 digits of a density, and for integrals; kernad promises 1e-4 nats (docs/numerics.md)"
PRIVATE = "a subclass that overrides scipy's private parts"
REASONS = {
    "test_kde_1d": WITHIN,
    "test_kde_2d": WITHIN,
    "test_kde_1d_weighted": WITHIN,
    "test_kde_2d_weighted": WITHIN,
    "test_gaussian_kde_subclassing": PRIVATE,
    "test_gaussian_kde_monkeypatch": PRIVATE,
    "test_marginal_1_axis": "marginal densities",
    "test_marginal_2_axis": "marginal densities",
    "test_marginal_iv": "marginal densities",
    **{
        f"test_kde_output_dtype[{wide}-{bandwidth}]": "results in the type of the input; kernad's are float64"
        for wide in ("float96", "float128")
        for bandwidth in ("float32", "float64", "float96", "float128", "int32", "int64", "scott", "silverman")
    },
}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    leave_out(items, REASONS)
