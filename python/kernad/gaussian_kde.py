"""The classifier's last stage as a class of its own: the Gaussian density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, as_weights, float32_rows, to_numpy
from kernad._calls import threads_for, whole_number
from kernad._columns import Missing, float32_training_rows, model_rows, of_complete_rows
from kernad._errors import InvalidInput
from kernad._options import to_texts, to_values
from kernad._pruning import Pruned
from kernad._stage_state import reading_pickle, restore, state_of
from kernad._types import Covariance, Doubles, Tensor

if TYPE_CHECKING:
    from typing_extensions import Self


class GaussianKDE(Pruned):
    """Gaussian kernel density estimation in the log domain, by default with Scott's rule.

    p(x) = 1/N sum_i N(x; x_i, h^2 C), with C the covariance (divisor N - 1) and h = N^(-1/(k+4)). Directions without
    variance are dropped.

    Args:
        dataset: N x k rows to fit at once, if given.
        bandwidth, covariance, local_alpha, num_threads, pruning: as of KDEClassifier.

    Source: Scott, Multivariate Density Estimation, 2nd ed., eq. 6.44; Silverman 1986, section 4.2.1.
    """

    _core: _core.GaussianKDE

    def __init__(
        self,
        dataset: ArrayLike | None = None,
        *,
        bandwidth: float | str = "scott",
        covariance: Covariance = "full",
        local_alpha: float = 0.0,
        num_threads: int = 0,
        pruning: bool = True,
    ) -> None:
        self.num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        self._texts = to_texts({"bandwidth": bandwidth, "covariance": covariance, "local_alpha": local_alpha})
        self.local_alpha = float(local_alpha)
        """The exponent of each row's own bandwidth."""
        self._core = _core.GaussianKDE(self._texts)
        self.pruning = pruning
        self.column_names: tuple[str, ...] = ()
        """Names of the columns fitted on; later rows are matched by them."""
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

        Warns:
            FitWarning: a column is so far from zero that float32 keeps too few of its digits.
        """
        rows, names = float32_training_rows(dataset, "features")
        threads = threads_for(self.num_threads)
        if sample_weight is None:
            self._core.fit(rows, threads)
        else:
            self._core.fit_weighted(rows, as_weights(sample_weight, len(rows)), threads)
        self.column_names = tuple(names)

    @overload
    def log_density(self, features: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def log_density(self, features: ArrayLike, *, missing: Missing = "refuse") -> Doubles: ...
    def log_density(self, features: Any, *, missing: Missing = "refuse") -> Any:
        """Natural logarithm of the density of each row of M x k: M float64 values, finite for every finite row.

        With ``missing="skip"`` a row with NaN has the result NaN, and a DataWarning gives the number of such rows.

        Raises:
            NotFittedError: before fit.
            ValueError: a wrong number of columns, or others by their names, NaN or infinity.
        """
        rows, wrap = model_rows(features, "queries", float32_rows, self.column_names, missing=missing)
        threads = threads_for(self.num_threads)
        return wrap(of_complete_rows(rows, "queries", missing, lambda r: self._core.log_density(r, threads)))

    @overload
    def forward(self, features: Tensor) -> Tensor: ...
    @overload
    def forward(self, features: ArrayLike) -> Doubles: ...
    def forward(self, features: Any) -> Any:
        """The density of each row: exp(log_density), 0 if that underflows, at most the largest double."""
        rows, wrap = model_rows(features, "queries", float32_rows, self.column_names)
        return wrap(self._core.density(rows, threads_for(self.num_threads)))

    predict = forward
    __call__ = forward

    def sample(self, count: int = 1, *, random_state: Any = None) -> npt.NDArray[np.float64]:
        """Rows drawn from the density: count x k.

        Args:
            count: how many, >= 0.
            random_state: an int, a NumPy Generator or RandomState; None: other rows at each call.

        Raises:
            NotFittedError: before fit.
            InvalidInput: the rows have bandwidths of their own (``local_alpha``).
        """
        number = whole_number(count, "count", 0)
        whitening = self.bw_transform
        if self.local_alpha:
            raise InvalidInput("rows cannot be drawn from a density with bandwidths of each row's own (local_alpha)")
        kept = (np.random.Generator, np.random.RandomState)
        random = random_state if isinstance(random_state, kept) else np.random.default_rng(random_state)
        weights = self._core.weights
        rows = random.choice(self._core.size, number, p=weights / weights.sum() if len(weights) else None)
        whitened = self.dataset[rows] + random.normal(size=(number, self.rank))
        drawn: npt.NDArray[np.float64] = whitened @ np.linalg.pinv(whitening) + self.mean
        return drawn

    @property
    def covariance(self) -> npt.NDArray[np.float64]:
        """k x k: h^2 C, the kernels' covariance."""
        inverse = np.linalg.pinv(self.bw_transform)
        covariance: npt.NDArray[np.float64] = inverse.T @ inverse
        return covariance

    @staticmethod
    def cov(tensor: ArrayLike) -> Any:
        """The unbiased covariance (k x k) of k x N values, which stay unchanged: the reference's method."""
        array, wrap = to_numpy(tensor, "tensor")
        if array.ndim != 2 or array.shape[1] < 2:
            raise InvalidInput(f"tensor: the array has shape {array.shape}; k x N is needed, with N of at least 2")
        return wrap(np.atleast_2d(np.cov(array)))

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
        """Shrinkage of the kernel covariance towards a spherical one, 0 to 1."""
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

    def __repr__(self) -> str:
        options = "".join(f"{name}={value!r}, " for name, value in to_values(self._texts).items())
        what = f"{self._core.size} x {self._core.dimension}" if self.is_fitted else "not fitted"
        return f"{type(self).__name__}({options}{what})"

    def __getstate__(self) -> dict[str, Any]:
        return state_of(self) | {"pruning": self.pruning}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            self._core = _core.GaussianKDE(state["attributes"]["_texts"])
            self.pruning = state["pruning"]
            restore(self, state)

    def __copy__(self) -> Self:
        """Shares the fitted state, which is immutable."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, _core=self._core.copy())
        return other
