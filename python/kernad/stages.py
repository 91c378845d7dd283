"""The classifier's two statistical stages by themselves: PCA and the Gaussian density."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, as_rows, as_weights
from kernad._calls import threads_for, whole_number
from kernad._options import to_texts, to_values


class PCA:
    """Principal component analysis: the k directions along which the data vary most.

    A count beyond the data's numerical rank is cut to the rank. Signs are fixed: the entry of largest magnitude in
    each direction is positive. Statistics are float64; features are float32, in the caller's kind of array.

    Args:
        n_components: a count >= 1, or the share of the variance in (0, 1) that those kept explain together, or "all".
        num_threads: as of KDEClassifier.

    Raises:
        ValueError: n_components or num_threads is out of range.

    Source: Jolliffe, Principal Component Analysis, 2nd ed., ch. 3.
    """

    def __init__(self, n_components: int | float | str = 16, *, num_threads: int = 0) -> None:
        self.num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        texts = to_texts({"n_pca_components": n_components})
        self.n_components: int | float | str = to_values(texts)["n_pca_components"]
        self._core = _core.PCA(texts)

    def fit(self, dataset: ArrayLike) -> None:
        """Learn mean and directions from N x D rows (N >= 2), which stay unchanged.

        Raises:
            ValueError: empty, NaN or infinite input, a finite value beyond float32, or all rows identical.
        """
        rows, _ = as_rows(dataset, "embeddings")
        self._core.fit(rows, threads_for(self.num_threads))

    def transform(self, features: ArrayLike) -> Any:
        """``(x - mean) @ singular_vectors``: N x k, float32.

        Raises:
            NotFittedError: before fit.
            ValueError: a wrong number of columns, a value that is not finite, or a result beyond float32.
        """
        rows, wrap = as_rows(features, "embeddings")
        return wrap(self._core.transform(rows, threads_for(self.num_threads)))

    forward = transform
    __call__ = transform

    def fit_transform(self, dataset: ArrayLike) -> Any:
        """``fit``, then ``transform`` of the same rows."""
        self.fit(dataset)
        return self.transform(dataset)

    def inverse_transform(self, features: ArrayLike) -> Any:
        """``features @ singular_vectors.T + mean``: N x k back to N x D. Raises as ``transform`` does."""
        rows, wrap = as_rows(features, "features")
        return wrap(self._core.inverse_transform(rows, threads_for(self.num_threads)))

    @property
    def is_fitted(self) -> bool:
        """Whether fit has been called with success. The properties below raise NotFittedError when it has not."""
        return self._core.is_fitted

    @property
    def num_components(self) -> int:
        """k, the components kept."""
        return self._core.num_components

    @property
    def rank(self) -> int:
        """Numerical rank of the centred data."""
        return self._core.rank

    @property
    def singular_vectors(self) -> npt.NDArray[np.float64]:
        """D x k; the columns are orthonormal."""
        return self._core.singular_vectors

    @property
    def singular_values(self) -> npt.NDArray[np.float64]:
        """k, of the centred data, descending."""
        return self._core.singular_values

    @property
    def explained_variance_ratio(self) -> npt.NDArray[np.float64]:
        """k, each the share of the total variance."""
        return self._core.explained_variance_ratio

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """D, of the training rows."""
        return self._core.mean


class GaussianKDE:
    """Gaussian kernel density estimation in the log domain, by default with Scott's rule.

    p(x) = 1/N sum_i N(x; x_i, h^2 C), with C the covariance (divisor N - 1) and h = N^(-1/(k+4)). Directions without
    variance are dropped.

    Args:
        dataset: N x k rows to fit at once, if given.
        bandwidth, covariance, local_alpha, num_threads, pruning: as of KDEClassifier.

    Source: Scott, Multivariate Density Estimation, 2nd ed., eq. 6.44; Silverman 1986, section 4.2.1.
    """

    def __init__(
        self,
        dataset: ArrayLike | None = None,
        *,
        bandwidth: float | str = "scott",
        covariance: str = "full",
        local_alpha: float = 0.0,
        num_threads: int = 0,
        pruning: bool = True,
    ) -> None:
        self.num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        self._core = _core.GaussianKDE(
            to_texts({"bandwidth": bandwidth, "covariance": covariance, "local_alpha": local_alpha})
        )
        self.pruning = pruning
        if dataset is not None:
            self.fit(dataset)

    def fit(self, dataset: ArrayLike, *, sample_weight: ArrayLike | None = None) -> None:
        """Learn from N x k rows (N >= 2), which stay unchanged.

        Args:
            dataset: N x k.
            sample_weight: how often each row counts, N numbers of 0 or more: a weight of 3 is three equal rows, one of
                0 none. N in Scott's rule is their sum; scipy's is ``neff = w.sum() ** 2 / (w**2).sum()``, and weights
                of ``w * neff / w.sum()`` give its density.

        Raises:
            ValueError: empty, NaN or infinite input, all rows identical; weights that are negative or not finite, and
                fractions with ``bandwidth="loo"`` or ``local_alpha``.
        """
        rows, _ = as_rows(dataset, "features")
        threads = threads_for(self.num_threads)
        if sample_weight is None:
            self._core.fit(rows, threads)
        else:
            self._core.fit_weighted(rows, as_weights(sample_weight, len(rows)), threads)

    def log_density(self, features: ArrayLike) -> Any:
        """Natural logarithm of the density of each row of M x k: M float64 values, finite for every finite row.

        Raises:
            NotFittedError: before fit.
            ValueError: a wrong number of columns, NaN or infinity.
        """
        rows, wrap = as_rows(features, "queries")
        return wrap(self._core.log_density(rows, threads_for(self.num_threads)))

    def forward(self, features: ArrayLike) -> Any:
        """The density of each row: exp(log_density), 0 where that underflows, at most the largest double."""
        rows, wrap = as_rows(features, "queries")
        return wrap(self._core.density(rows, threads_for(self.num_threads)))

    predict = forward
    __call__ = forward

    @property
    def pruning(self) -> bool:
        """Whether duplicates are summed once and rows too far from a query to matter are left out (at most 1e-5 nats).

        May be set at any time; a fitted model's references are then arranged anew.
        """
        return self._core.pruning

    @pruning.setter
    def pruning(self, value: bool) -> None:
        self._core.pruning = bool(value)

    @property
    def is_fitted(self) -> bool:
        """Whether fit has been called with success. The properties below raise NotFittedError when it has not."""
        return self._core.is_fitted

    @property
    def rank(self) -> int:
        """Directions kept, r <= k."""
        return self._core.rank

    @property
    def bandwidth_factor(self) -> float:
        """h."""
        return self._core.bandwidth_factor

    @property
    def shrinkage(self) -> float:
        """Of the kernel covariance towards a round one, 0 to 1."""
        return self._core.shrinkage

    @property
    def bw_transform(self) -> npt.NDArray[np.float64]:
        """k x r: W with W W^T = (h^2 C)^-1 (the pseudo-inverse where directions are dropped)."""
        return self._core.bw_transform

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """k, subtracted before whitening."""
        return self._core.mean

    @property
    def dataset(self) -> npt.NDArray[np.float32]:
        """N x r: the rows, whitened: (x - mean) W."""
        return self._core.dataset

    @property
    def log_norm(self) -> float:
        """Logarithm of the kernel's constant."""
        return self._core.log_norm
