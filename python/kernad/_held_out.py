"""Shared by the estimators for scikit-learn and PyOD: scores that treat training rows like new rows."""

from __future__ import annotations

import hashlib
import os
import warnings
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from kernad._arrays import ArrayLike, ExactRows, as_classifier_rows, as_weights, to_numpy
from kernad._calls import callers_level, whole_number
from kernad._errors import FitWarning, InvalidInput, InvalidParameter
from kernad.classifier import KDEClassifier
from kernad.explanation import Explanation
from kernad.functions import sample_rows


class HeldOutScores:
    """Log-densities of a fitted classifier; those of its training rows come from fits without them.

    A training row's density contains its own kernel, so training rows score above new rows that are just as normal: a
    threshold taken from such scores calls too many new rows outliers, up to all of them. Here a row that is equal to a
    training row, value by value, gets the score that the fit on the other folds gave it. With folds=None nothing is
    refitted, and every row gets the classifier's own score.

    folds="auto" is 10, and warns where so few rows cannot promise a share as small as ``contamination`` of new rows; a
    number of folds that was asked for raises InvalidParameter there.
    """

    def __init__(self, classifier: KDEClassifier, X: ArrayLike, folds: int | str | None, contamination: Any) -> None:
        self.classifier = classifier
        self._held_out: dict[bytes, float] = {}
        rows, _ = as_classifier_rows(X, "X")
        if folds is not None:
            scores = _held_out(classifier, rows, folds, contamination).tolist()
            used = sample_rows(len(rows), classifier.max_training_points, classifier.seed)
            for key, score in zip(_keys(rows[used]), scores, strict=True):
                self._held_out.setdefault(key, score)  # the first of equal rows decides
        self.of_training_rows = self(rows)

    def __call__(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        rows, _ = as_classifier_rows(X, "X")
        scores: npt.NDArray[np.float64] = self.classifier.compute_kde_scores(rows, as_log_likelihood=True)
        if self._held_out:
            for i, key in enumerate(_keys(rows)):
                scores[i] = self._held_out.get(key, scores[i])
        return scores


def repeated(X: npt.NDArray[Any], sample_weight: ArrayLike | None) -> npt.NDArray[Any]:
    """Each row repeated by its weight. Raises InvalidInput for weights that are not whole numbers of 0 or more."""
    if sample_weight is None:
        return X
    weights = as_weights(sample_weight, len(X))
    wrong = np.flatnonzero(~((weights >= 0) & (weights == np.floor(weights)) & np.isfinite(weights)))
    if wrong.size:
        raise InvalidInput(
            f"sample_weight of row {wrong[0]} is {weights[wrong[0]]}; valid: whole numbers of 0 or more "
            "(kernad.KDEClassifier takes fractions)"
        )
    if not weights.any():
        raise InvalidInput("every weight in sample_weight is zero; two rows or more have to count")
    return np.repeat(X, weights.astype(np.int64), axis=0)


def _held_out(
    classifier: KDEClassifier, rows: ExactRows, folds: int | str, contamination: Any
) -> npt.NDArray[np.float64]:
    rate = float(contamination) if isinstance(contamination, Real) else None  # PyOD also takes rules that learn it
    if isinstance(folds, str) and folds != "auto":
        raise InvalidParameter(f"folds is {folds!r}; valid: 'auto', None, or a whole number of at least 2")
    if folds != "auto":
        return classifier._calibrate(rows, whole_number(folds, "folds", 2), rate)
    scores = classifier._calibrate(rows, 10)
    smallest = 1 / (len(scores) + 1)
    if rate is not None and rate < smallest:
        text = f"{len(scores)} rows cannot promise that {rate} of new normal rows are outliers; the smallest share is"
        warnings.warn(FitWarning(f"{text} 1/{len(scores) + 1} = {smallest:.3g}"), stacklevel=callers_level())
    return scores


def _keys(rows: ExactRows) -> list[bytes]:
    """Equal for equal rows, of either type: -0 is 0."""
    exact = np.ascontiguousarray(rows, dtype=np.float64) + 0.0
    return [hashlib.blake2b(row, digest_size=16).digest() for row in exact]


class Decisions:
    """The methods of an estimator that holds a fitted ``classifier_``."""

    classifier_: KDEClassifier
    _scores: HeldOutScores

    def _rows(self, X: ArrayLike) -> npt.NDArray[Any]:
        """X, validated by the conventions of the estimator's library."""
        raise NotImplementedError

    def p_values(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """Conformal p-value of each row: small is anomalous (``KDEClassifier.p_values``). Needs ``folds``."""
        check_is_fitted(self, "classifier_")
        rows = self._rows(X)
        values: npt.NDArray[np.float64] = self.classifier_.p_values(self._scores(rows))
        return self._like(rows, values)

    @staticmethod
    def _like(rows: ArrayLike, result: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The result as the same kind of array as the checked rows: torch tensors with scikit-learn's dispatch."""
        alike: npt.NDArray[Any] = to_numpy(rows, "X")[1](result)
        return alike

    def explain(self, row: ArrayLike, nearest: int = 5) -> Explanation:
        """Why one row has its score: see ``KDEClassifier.explain``."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.explain(row, nearest)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``classifier_``, with its threshold, as a model file: see ``KDEClassifier.save``."""
        check_is_fitted(self, "classifier_")
        self.classifier_.save(path)
