"""sklearn.neighbors.KernelDensity's own tests (sklearn/neighbors/tests/test_kde.py) on kernad.GaussianKDE."""

from __future__ import annotations

from typing import Any

import numpy as np
import sklearn.neighbors
from common import leave_out
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

import kernad


class KernelDensity(BaseEstimator):
    """scikit-learn's interface: a bandwidth in the unit of the data, the same in every direction."""

    def __init__(
        self,
        *,
        bandwidth: Any = 1.0,
        algorithm: str = "auto",
        kernel: str = "gaussian",
        metric: str = "euclidean",
        atol: float = 0,
        rtol: float = 0,
        breadth_first: bool = True,
        leaf_size: int = 40,
        metric_params: Any = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.algorithm = algorithm
        self.kernel = kernel
        self.metric = metric
        self.atol = atol
        self.rtol = rtol
        self.breadth_first = breadth_first
        self.leaf_size = leaf_size
        self.metric_params = metric_params

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> KernelDensity:
        X = np.asarray(X, dtype=np.float64)
        count, columns = X.shape
        rules = {
            "scott": count ** (-1 / (columns + 4)),
            "silverman": (count * (columns + 2) / 4) ** (-1 / (columns + 4)),
        }
        self.bandwidth_ = rules.get(self.bandwidth, self.bandwidth)
        if sample_weight is not None:  # which may be of any size there
            sample_weight = np.asarray(sample_weight, dtype=np.float64)
            sample_weight = sample_weight * count / np.abs(sample_weight).sum()
        first = kernad.GaussianKDE(bandwidth=1.0, covariance="isotropic")
        first.fit(X, sample_weight=sample_weight)
        spread = np.sqrt(first.covariance[0, 0])  # of a bandwidth of 1: the data's own
        self.kde_ = kernad.GaussianKDE(bandwidth=self.bandwidth_ / spread, covariance="isotropic")
        self.kde_.fit(X, sample_weight=sample_weight)
        return self

    def score_samples(self, X: Any) -> Any:
        check_is_fitted(self)
        return self.kde_.log_density(X)

    def score(self, X: Any, y: Any = None) -> float:
        return float(self.score_samples(X).sum())

    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        check_is_fitted(self)
        return self.kde_.sample(n_samples, random_state=random_state)


sklearn.neighbors.KernelDensity = KernelDensity

REASONS = {
    **{
        f"test_kernel_density[{bandwidth}-{kernel}]": "kernels other than the Gaussian"
        for bandwidth in ("0.01", "0.1", "1", "scott", "silverman")
        for kernel in ("tophat", "epanechnikov", "exponential", "linear", "cosine")
    },
    "test_kernel_density_sampling": "kernels other than the Gaussian",
    "test_kde_algorithm_metric_choice": "metrics and trees to choose",
    "test_kde_sample_weights": "metrics and trees to choose",
}


def pytest_collection_modifyitems(items: list[Any]) -> None:
    leave_out(items, REASONS)
