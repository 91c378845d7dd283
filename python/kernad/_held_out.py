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
from kernad._options import with_components_for
from kernad._types import Doubles
from kernad.classifier import KDEClassifier
from kernad.explanation import Explanation
from kernad.functions import sample_rows
from kernad.sketch import Sketch


class HeldOutScores:
    """Log-densities of a fitted classifier; those of its training rows come from fits without them.

    A training row's density contains its own kernel, so training rows score above new rows that are just as normal: a
    threshold taken from such scores calls too many new rows outliers, up to all of them. Here a row that is equal to a
    training row, value by value, gets the score that the fit on the other folds gave it. With folds=None nothing is
    refitted, and every row gets the classifier's own score.

    folds="auto" is 10, and warns where so few rows cannot promise a share as small as ``contamination`` of new rows; a
    number of folds that was asked for raises InvalidParameter there.
    """

    def __init__(
        self,
        classifier: KDEClassifier,
        X: ArrayLike | Sketch,
        folds: int | str | None,
        contamination: Any,
        weights: Doubles | None = None,
    ) -> None:
        self.classifier = classifier
        self._held_out: dict[bytes, float] = {}
        is_sketch = isinstance(X, Sketch)
        rows = X._exact_rows() if is_sketch else as_classifier_rows(X, "X")[0]
        if folds is not None:
            scores = _held_out(classifier, X if is_sketch else rows, folds, contamination, weights).tolist()
            used = rows if is_sketch else rows[_rows_used(classifier, len(rows), weights)]
            for key, score in zip(_keys(used), scores, strict=True):
                self._held_out.setdefault(key, score)  # the first of equal rows decides
        if isinstance(X, Sketch):
            _warn_of_sampled_offset(X)
        self.of_training_rows = self(rows)

    def __call__(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        rows, _ = as_classifier_rows(X, "X")
        scores: npt.NDArray[np.float64] = self.classifier.compute_kde_scores(rows, as_log_likelihood=True)
        if self._held_out:
            for i, key in enumerate(_keys(rows)):
                scores[i] = self._held_out.get(key, scores[i])
        return scores


def whole_weights(sample_weight: ArrayLike | None, rows: int) -> Doubles | None:
    """How often each row counts; None: once. Raises InvalidInput for what is no whole number of 0 or more."""
    if sample_weight is None:
        return None
    weights = as_weights(sample_weight, rows)
    wrong = np.flatnonzero(~((weights >= 0) & (weights == np.floor(weights)) & np.isfinite(weights)))
    if wrong.size:
        raise InvalidInput(
            f"sample_weight of row {wrong[0]} is {weights[wrong[0]]}; valid: whole numbers of 0 or more "
            "(kernad.KDEClassifier takes fractions)"
        )
    if not weights.any():
        raise InvalidInput("every weight in sample_weight is zero; two rows or more have to count")
    return weights


def percentile(values: Doubles, share: float, weights: Doubles | None) -> float:
    """``numpy.percentile(values, 100 * share)`` of values that are repeated as often as they weigh, without memory for
    the copies."""
    if weights is None:
        return float(np.percentile(values, 100 * share))
    order = np.argsort(values)
    last = np.cumsum(weights[order])  # one past the last place of each value
    place = (last[-1] - 1) * (100 * share / 100)  # as numpy rounds it
    below = np.floor(place)
    low, high = values[order[np.searchsorted(last, [below, min(below + 1, last[-1] - 1)], side="right")]]
    part = place - below
    return float(low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part))


def _warn_of_sampled_offset(sketch: Sketch) -> None:
    """A FitWarning where the threshold will not be that of all rows, because the sketch has not kept them."""
    if sketch.rows_seen > sketch.max_training_points:
        text = f"offset_ is that of {sketch.max_training_points} sampled rows; with fit it is that of all"
        text += f" {sketch.rows_seen}"
        warnings.warn(FitWarning(text, "sampled_offset"), stacklevel=callers_level())


def require_folds(folds: int | str | None) -> None:
    """Raises InvalidParameter, or TypeError, for what no number of rows makes valid."""
    if isinstance(folds, str) and folds != "auto":
        raise InvalidParameter(f"folds is {folds!r}; valid: 'auto', None, or a whole number of at least 2")
    if folds is not None and folds != "auto":
        whole_number(folds, "folds", 2)


def _rows_used(classifier: KDEClassifier, rows: int, weights: Doubles | None) -> npt.NDArray[Any]:
    """The rows that the fit used, as often as it used them, in its order."""
    last = None if weights is None else np.cumsum(weights)
    count = rows if last is None else int(last[-1])
    used = sample_rows(count, classifier.max_training_points, classifier.seed)
    return used if last is None else np.searchsorted(last, used, side="right")


def fit_few(
    options: dict[str, Any], num_threads: int, X: npt.NDArray[Any] | Sketch, weights: Doubles | None
) -> KDEClassifier:
    """A classifier fitted on the rows, or a sketch of them, with as many components as they have if that is fewer than
    asked for, which a FitWarning says."""
    if isinstance(X, Sketch):
        count, columns = X.rows_seen, X._of().columns
    else:
        count, columns = len(X) if weights is None else int(weights.sum()), X.shape[1]
    options, wanted = with_components_for(count, columns, options)
    classifier = KDEClassifier(**options, num_threads=num_threads)
    classifier.fit(X, sample_weight=weights)
    if wanted is not None:
        report = classifier.report()
        text = f"n_pca_components cut from {wanted} to {report.components}: the data have {report.columns} columns and "
        warnings.warn(FitWarning(f"{text}rank {report.rank}", "components_cut"), stacklevel=callers_level())
    return classifier


def _held_out(
    classifier: KDEClassifier, rows: ExactRows | Sketch, folds: int | str, contamination: Any, weights: Doubles | None
) -> Doubles:
    rate = float(contamination) if isinstance(contamination, Real) else None  # PyOD also takes rules that learn it
    require_folds(folds)
    if folds != "auto":
        return classifier._calibrate(rows, whole_number(folds, "folds", 2), rate, None, weights)
    scores = classifier._calibrate(rows, 10, sample_weight=weights)
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
