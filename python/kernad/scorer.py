"""Scoring again and again, as a production line does."""

from __future__ import annotations

from typing import Any

from kernad import _core
from kernad._arrays import ArrayLike, as_classifier_rows, as_rows
from kernad._calls import threads_for, whole_number
from kernad.classifier import KDEClassifier
from kernad.stages import GaussianKDE


class Scorer:
    """Log-densities of a fitted model, with threads and memory that are there before the row is.

    Results are those of ``compute_kde_scores(rows, as_log_likelihood=True)`` and ``log_density``, bit for bit; a call
    takes less time when there are few rows. The model as it is now is kept, whatever becomes of the object. Threads
    that share one scorer take turns: for speed give each its own.

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
        self._of_classifier = isinstance(model, KDEClassifier)
        self._core = _core.Scorer(model._core, threads_for(whole_number(num_threads, "num_threads", 0, 1024)))

    def log_density(self, features: ArrayLike) -> Any:
        """Natural logarithm of the density of each row of M x D: M float64 values, finite for every finite row.

        Raises:
            ValueError: another number of columns than in training, NaN or infinity.
        """
        as_model_rows = as_classifier_rows if self._of_classifier else as_rows
        rows, wrap = as_model_rows(features, "features")
        return wrap(self._core.log_density(rows))

    __call__ = log_density
