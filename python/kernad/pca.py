"""The classifier's first stage as a class of its own: principal components."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, as_rows, float32_rows
from kernad._calls import threads_for, whole_number
from kernad._columns import float32_training_rows, model_rows
from kernad._options import to_texts, to_values
from kernad._stage_state import reading_pickle, restore, state_of
from kernad._types import Components, Tensor


class PCA:
    """Principal component analysis: the k directions along which the data vary most.

    A count beyond the data's numerical rank is cut to the rank. Signs are fixed: the entry of largest magnitude in
    each direction is positive. Statistics are float64; features are float32, in the caller's kind of array.

    Args:
        n_components: a count >= 1, or the share of the variance in (0, 1) that those kept explain together, or "all" (None
            is the same).
        num_threads: as of KDEClassifier.

    Raises:
        ValueError: n_components or num_threads is out of range.

    Source: Jolliffe, Principal Component Analysis, 2nd ed., ch. 3.
    """

    def __init__(self, n_components: Components | None = 16, *, num_threads: int = 0) -> None:
        self.num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        texts = to_texts({"n_pca_components": n_components})
        self.n_components: int | float | str = to_values(texts)["n_pca_components"]
        self.column_names: tuple[str, ...] = ()
        """Names of the columns fitted on; later rows are matched by them."""
        self._core = _core.PCA(texts)

    def fit(self, dataset: ArrayLike) -> None:
        """Learn mean and directions from N x D rows (N >= 2), which stay unchanged.

        Raises:
            ValueError: empty, NaN or infinite input, a finite value beyond float32, or all rows identical.

        Warns:
            FitWarning: a column is so far from zero that float32 keeps too few of its digits.
        """
        rows, names = float32_training_rows(dataset, "embeddings")
        self._core.fit(rows, threads_for(self.num_threads))
        self.column_names = tuple(names)

    @overload
    def transform(self, features: Tensor) -> Tensor: ...
    @overload
    def transform(self, features: ArrayLike) -> npt.NDArray[np.float32]: ...
    def transform(self, features: Any) -> Any:
        """``(x - mean) @ singular_vectors``: N x k, float32.

        Raises:
            NotFittedError: before fit.
            ValueError: a wrong number of columns, a value that is not finite, or a result beyond float32.
        """
        rows, wrap = model_rows(features, "embeddings", float32_rows, self.column_names)
        return wrap(self._core.transform(rows, threads_for(self.num_threads)))

    forward = transform
    __call__ = transform

    @overload
    def fit_transform(self, dataset: Tensor) -> Tensor: ...
    @overload
    def fit_transform(self, dataset: ArrayLike) -> npt.NDArray[np.float32]: ...
    def fit_transform(self, dataset: Any) -> Any:
        """``fit``, then ``transform`` of the same rows."""
        self.fit(dataset)
        return self.transform(dataset)

    @overload
    def inverse_transform(self, features: Tensor) -> Tensor: ...
    @overload
    def inverse_transform(self, features: ArrayLike) -> npt.NDArray[np.float32]: ...
    def inverse_transform(self, features: Any) -> Any:
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

    def __repr__(self) -> str:
        what = f"{self.num_components} components" if self.is_fitted else "not fitted"
        return f"{type(self).__name__}(n_components={self.n_components!r}, {what})"

    def __getstate__(self) -> dict[str, Any]:
        return state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            self._core = _core.PCA(to_texts({"n_pca_components": state["attributes"]["n_components"]}))
            restore(self, state)
