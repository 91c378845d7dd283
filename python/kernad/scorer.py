"""Repeated scoring, as on a production line."""

from __future__ import annotations

import copy
from typing import Any, overload

from kernad import _core
from kernad._arrays import ArrayLike, exact_rows, float32_rows
from kernad._calls import threads_for, whole_number
from kernad._columns import Missing, model_rows, of_complete_rows
from kernad._stage_state import reading_pickle
from kernad._types import Doubles, Tensor
from kernad.classifier import KDEClassifier
from kernad.gaussian_kde import GaussianKDE


class Scorer:
    """Log-densities of a fitted model, with threads and memory kept between calls.

    Results are those of ``compute_kde_scores(rows, as_log_likelihood=True)`` and ``log_density``, bit for bit; with few
    rows, a call takes less time. The scorer keeps the model as it is now, even if the object changes later. Threads
    that share one scorer take turns: for speed, give each its own.

    Args:
        model: a fitted KDEClassifier or GaussianKDE.
        num_threads: as of KDEClassifier.

    Raises:
        NotFittedError: there is no model.
        TypeError: for anything else than such a model.

    Example:
        >>> import numpy as np, kernad
        >>> rows = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
        >>> classifier = kernad.KDEClassifier(n_pca_components=4)
        >>> classifier.fit(rows)
        True
        >>> scorer = kernad.Scorer(classifier)
        >>> float(scorer.log_density(rows[:1])[0]) == float(classifier.compute_kde_scores(rows[:1], True)[0])
        True
    """

    def __init__(self, model: KDEClassifier | GaussianKDE, *, num_threads: int = 0) -> None:
        if not isinstance(model, (KDEClassifier, GaussianKDE)):
            raise TypeError(f"model is a {type(model).__name__}; a KDEClassifier or GaussianKDE is needed")
        self._num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        self._model = copy.copy(model)  # shares the fitted state
        self._open()

    def _open(self) -> None:
        model = self._model
        self._core = _core.Scorer(model._core, threads_for(self._num_threads))
        self._convert = exact_rows if isinstance(model, KDEClassifier) else float32_rows
        self._names = model._core.column_names if isinstance(model, KDEClassifier) else model.column_names
        self._left_out = model._core.left_out_columns if isinstance(model, KDEClassifier) else ()

    @overload
    def log_density(self, features: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def log_density(self, features: ArrayLike, *, missing: Missing = "refuse") -> Doubles: ...
    def log_density(self, features: Any, *, missing: Missing = "refuse") -> Any:
        """Natural logarithm of the density of each row of M x D: M float64 values, finite for every finite row.

        With ``missing="skip"`` a row with NaN has the score NaN, and a DataWarning gives the number of such rows.

        Raises:
            ValueError: another number of columns than in training, or others by their names, NaN or infinity.
        """
        rows, wrap = model_rows(features, "features", self._convert, self._names, self._left_out, missing)
        return wrap(of_complete_rows(rows, "features", missing, self._core.log_density))

    __call__ = log_density

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._model!r})"

    def __getstate__(self) -> dict[str, Any]:
        """All attributes, a subclass's own as well, except those that follow from the model."""
        made = ("_core", "_convert", "_names", "_left_out")
        return {key: value for key, value in self.__dict__.items() if key not in made}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            self.__dict__.update(state)
            self._open()
