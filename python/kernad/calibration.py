"""From a log-density to a decision: p-values against held-out scores of normal rows, and thresholds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, ExactRows, Wrap, as_scores, as_weights
from kernad._calls import Progress, Reporter, threads_for, whole_number
from kernad._columns import Missing, of_present
from kernad._errors import InvalidParameter
from kernad._labels import read_labels
from kernad._types import Doubles, Tensor
from kernad.sketch import Sketch


@dataclass(frozen=True)
class Calibration:
    """The scores among which new rows are ranked: log-densities of normal rows, each by a model that did not use it."""

    log_densities: npt.NDArray[np.float64] = field(repr=False)
    """n values, ascending."""
    folds: int
    """The number of refits that gave them; 0: they are of rows that the model was not fitted on."""
    smallest_fpr: float
    """The smallest false-positive rate that n rows can guarantee: 1 / (n + 1)."""


@dataclass(frozen=True)
class Threshold:
    """Rows whose log-density is at most ``log_density`` are called anomalous."""

    rule: str
    """How it was chosen: "target_fpr", "log_density", "probability" or "f1_max"."""
    value: float
    """The argument of the rule; for "f1_max" the log-density that it found."""
    log_density: float
    """In nats."""


def benjamini_hochberg(p_values: ArrayLike, fdr: float) -> Any:
    """Which rows of a batch to call anomalous, so that on average at most the share ``fdr`` of them is normal.

    Args:
        p_values: M of ``KDEClassifier.p_values``.
        fdr: the false-discovery rate, in (0, 1).

    Returns:
        M bools, True for anomalous.

    Raises:
        ValueError: a p-value outside [0, 1], or an fdr outside (0, 1).

    Source: Benjamini and Hochberg (1995); Bates et al. (2023) prove it for conformal p-values.
    """
    values, wrap = as_scores(p_values, "p_values")
    return wrap(_core.benjamini_hochberg(values, float(fdr)).view(np.bool_))


def require_no_weights(sample_weight: ArrayLike | None) -> None:
    """Raises InvalidParameter for weights given with a sketch, whose rows are already a sample."""
    if sample_weight is not None:
        raise InvalidParameter("a Sketch takes no sample_weight; add rows as often as they count")


class Calibrated:
    """The part of KDEClassifier that turns scores into decisions."""

    _core: _core.KDEClassifier
    num_threads: int

    def compute_kde_scores(
        self, features: ArrayLike, as_log_likelihood: bool | None = False, *, missing: Missing = "refuse"
    ) -> Any:
        """See KDEClassifier."""
        raise NotImplementedError

    def _rows(self, values: ArrayLike, what: str, missing: Missing = "refuse") -> tuple[ExactRows, Wrap]:
        raise NotImplementedError

    @property
    def calibration(self) -> Calibration | None:
        """The result of the last ``calibrate`` or ``calibrate_from``, or of the file; None if there is none."""
        values = self._core.calibration()
        return None if values is None else Calibration(**values)

    @property
    def threshold(self) -> Threshold | None:
        """The threshold that was set last; None if there is none. A fit removes it, a file keeps it."""
        values = self._core.threshold()
        return None if values is None else Threshold(**values)

    def calibrate(
        self,
        embeddings: ArrayLike,
        *,
        folds: int = 10,
        target_fpr: float | None = None,
        sample_weight: ArrayLike | None = None,
        progress: Progress = None,
    ) -> None:
        """Cross-conformal calibration: each training row is scored by a fit on the folds without it.

        From then on, scores judge a row also by what the densities do not see: where the axes leave out a part of it, a
        log-density may be lower than before.

        Args:
            embeddings: those that the classifier was fitted on.
            folds: how many refits (>= 2; at most one a row). Costs about as many fits.
            target_fpr: the threshold's false-positive rate, in (0, 1). Without it a rate set before is kept.
            sample_weight: those of ``fit``, which must be whole numbers. Copies of a row may be in several folds, as
                repeated rows are.
            progress: ``callback(done, total)`` after each fold, or True for a tqdm bar.

        Raises:
            NotFittedError: there is no model.
            ValueError: embeddings of another shape than in ``fit``, or a rate that so few rows cannot promise; the
                message names the smallest that they can. Nothing is changed then.
        """
        rate = None if target_fpr is None else float(target_fpr)
        with Reporter(progress, "calibrate") as reporter:
            self._calibrate(embeddings, folds, rate, reporter, sample_weight)

    def _calibrate(
        self,
        embeddings: ArrayLike,
        folds: int,
        rate: float | None = None,
        reporter: Reporter | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> npt.NDArray[np.float64]:
        """``calibrate``; returns the held-out log-density of each row that the fit used, in order."""
        folds = whole_number(folds, "folds", 2)
        callback = None if reporter is None else reporter.callback
        threads = threads_for(self.num_threads)
        if isinstance(embeddings, Sketch):
            require_no_weights(sample_weight)
            return self._core.calibrate(embeddings._of(), folds, rate, threads, callback)
        rows, _ = self._rows(embeddings, "embeddings")
        if sample_weight is None:
            return self._core.calibrate(rows, folds, rate, threads, callback)
        weights = as_weights(sample_weight, len(rows))
        return self._core.calibrate_weighted(rows, weights, folds, rate, threads, callback)

    def calibrate_from(self, normals: ArrayLike, *, target_fpr: float | None = None) -> None:
        """Calibrate on normal rows that the classifier was not fitted on.

        The false-positive rate is then exact, and near that where the model judges what its axes leave out. Scores change as by ``calibrate``.

        Args:
            normals: M x D, M >= 1.
            target_fpr: as of ``calibrate``.

        Raises:
            NotFittedError: there is no model.
            ValueError: as of ``compute_kde_scores``, and a rate that so few rows cannot promise.
        """
        rows, _ = self._rows(normals, "normals")
        rate = None if target_fpr is None else float(target_fpr)
        self._core.calibrate_from(rows, rate, threads_for(self.num_threads))

    def set_threshold(
        self,
        log_density: float | None = None,
        *,
        target_fpr: float | None = None,
        probability: float | None = None,
    ) -> None:
        """Set the threshold, by exactly one of the arguments.

        Args:
            log_density: in nats.
            target_fpr: the share of new normal rows that may be called anomalous; needs a calibration.
            probability: the log-density that has this anomaly probability, in (0, 1).

        Raises:
            NotFittedError: there is no model, or for target_fpr no calibration.
            ValueError: outside its range, or a rate that so few rows cannot promise.
            TypeError: not exactly one is given.
        """
        given = {"log_density": log_density, "target_fpr": target_fpr, "probability": probability}
        rules = [(rule, value) for rule, value in given.items() if value is not None]
        if len(rules) != 1:
            raise TypeError(f"{len(rules)} of log_density, target_fpr and probability are given; one is needed")
        self._core.set_threshold(rules[0][0], float(rules[0][1]))

    def set_threshold_f1(self, features: ArrayLike, labels: ArrayLike, *, normal_label: str | float | None = None) -> None:
        """Set the threshold with the largest F1 on labelled rows; among ties, the one that calls the fewest anomalous.

        Args:
            features: M x D.
            labels: M, of both kinds, as of ``kernad.evaluate``.
            normal_label: as there.
        """
        scores, _ = as_scores(self.compute_kde_scores(features, as_log_likelihood=True), "scores")
        self._core.set_threshold_f1(scores, read_labels(labels, normal_label))

    @overload
    def p_values(self, scores: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def p_values(self, scores: ArrayLike, *, missing: Missing = "refuse") -> Doubles: ...
    def p_values(self, scores: Any, *, missing: Missing = "refuse") -> Any:
        """Conformal p-value of each log-density: small is anomalous, and a new normal row has P(p <= a) <= a.

        Args:
            scores: M log-densities of ``compute_kde_scores(features, as_log_likelihood=True)``.
            missing: ``"skip"``: NaN of NaN.

        Returns:
            M float64 values, from 1 / (n + 1) to 1 for n calibration rows.

        Raises:
            NotFittedError: there is no model, or it is not calibrated.
            ValueError: for NaN.
        """
        values, wrap = as_scores(scores, "scores")
        return wrap(of_present(values, missing, self._core.p_values))

    @overload
    def labels(self, scores: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def labels(self, scores: ArrayLike, *, missing: Missing = "refuse") -> npt.NDArray[Any]: ...
    def labels(self, scores: Any, *, missing: Missing = "refuse") -> Any:
        """Whether each log-density is at most the threshold: M bools, True for anomalous.

        With ``missing="skip"``, M float64 values: 0, 1, and NaN of NaN, which is neither.

        Raises:
            NotFittedError: there is no model, or it has no threshold.
            ValueError: for NaN.
        """
        values, wrap = as_scores(scores, "scores")
        return wrap(of_present(values, missing, lambda there: self._core.labels(there).view(np.bool_)))

    @overload
    def predict_labels(self, features: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def predict_labels(self, features: ArrayLike, *, missing: Missing = "refuse") -> npt.NDArray[Any]: ...
    def predict_labels(self, features: Any, *, missing: Missing = "refuse") -> Any:
        """``labels`` of the rows' log-densities. Errors are of both."""
        return self.labels(self.compute_kde_scores(features, as_log_likelihood=True, missing=missing), missing=missing)
