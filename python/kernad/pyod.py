"""A PyOD detector over the classifier. Needs PyOD."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._arrays import ArrayLike, to_rows
from kernad._columns import in_order, require_finite
from kernad._errors import InvalidInput, InvalidParameter
from kernad._options import attributes_of
from kernad._types import Components, Covariance, Doubles, Scaling
from kernad.classifier import KDEClassifier

try:
    from pyod.models.base import BaseDetector
    from sklearn.utils import check_array
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("kernad.pyod needs PyOD: pip install pyod") from error

from kernad._held_out import Decisions, HeldOutScores, fit_few, percentile, whole_weights


class KDE(Decisions, BaseDetector):  # type: ignore[misc]
    """Kernel-density detector by PyOD's conventions: scores are negative log-densities, higher is more anomalous.

    Args:
        contamination: share of the training rows, in (0, 0.5], that lie above ``threshold_``, and as nearly as they can
            tell of new normal rows.
        n_pca_components: as of ``kernad.KDEClassifier``, but a count beyond the training rows is cut to what they have,
            with a FitWarning.
        feature_scaling_method, max_training_points, seed: as of ``kernad.KDEClassifier``.
        num_threads, standardize, bandwidth, covariance, local_alpha, all_rows, auto: as of ``kernad.KDEClassifier``.
        folds: as of ``kernad.sklearn.KDEAnomalyDetector``: refits by which each training row is scored by a fit without
            it. None: by the fit on all rows, its own kernel included; more new normal rows than ``contamination`` then
            lie above ``threshold_``.
        algorithm, leaf_size, metric, metric_params: of PyOD's own KDE, so that its calls run. The first two change no
            result there nor here; ``metric`` must be Euclidean ("minkowski", "euclidean", "l2"), without parameters.
            ``bandwidth`` is a factor of the data's spread (docs/estimation.md), there it is in their unit.

    Attributes:
        decision_scores_: scores of the training rows, each by a fit without it unless ``folds`` is None.
        threshold_: the score above which a row is an outlier.
        labels_: 1 for training rows above it, else 0.
        classifier_: the fitted ``kernad.KDEClassifier``.

    ``predict``, ``predict_proba``, ``predict_confidence`` and ``fit_predict`` are PyOD's own.
    """

    def __init__(
        self,
        contamination: float = 0.1,
        *,
        n_pca_components: Components | None = 16,
        feature_scaling_method: Scaling = "scale",
        max_training_points: int = 40000,
        seed: int = 0,
        num_threads: int = 0,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: Covariance = "full",
        local_alpha: float = 0.0,
        all_rows: bool = False,
        auto: bool = False,
        folds: int | str | None = "auto",
        algorithm: str = "auto",
        leaf_size: int = 30,
        metric: str = "minkowski",
        metric_params: Any = None,
    ) -> None:
        super().__init__(contamination=contamination)
        self.n_pca_components = n_pca_components
        self.feature_scaling_method = feature_scaling_method
        self.max_training_points = max_training_points
        self.seed = seed
        self.num_threads = num_threads
        self.standardize = standardize
        self.bandwidth = bandwidth
        self.covariance = covariance
        self.local_alpha = local_alpha
        self.all_rows = all_rows
        self.auto = auto
        self.folds = folds
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.metric_params = metric_params

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> KDE:
        """Learn the density of X (N x D); y is ignored.

        sample_weight says how often each row counts: N whole numbers of 0 or more. ``threshold_`` is that of rows repeated
        so often; ``decision_scores_`` and ``labels_`` have each row once.

        Raises:
            ValueError: data that are empty, not finite, all alike, or with ``folds`` too few or too much alike for a
                fit without one of the folds; or a parameter out of range.
        """
        self._check_peer_options()
        given = to_rows(X, "X")
        X = self._checked(given.array, given.names)
        weights = whole_weights(sample_weight, len(X))
        self._set_n_classes(y)
        classifier = fit_few(attributes_of(self), self.num_threads, X, weights)
        classifier.column_names = given.names
        self._scores = HeldOutScores(classifier, X, self.folds, self.contamination, weights)
        self.decision_scores_ = -self._scores.of_training_rows
        self._process_decision_scores()
        if weights is not None:
            self._weigh_decision_scores(weights)
        classifier.set_threshold(log_density=float(np.nextafter(-self.threshold_, -np.inf)))  # itself an outlier there
        self.classifier_ = classifier
        return self

    def _weigh_decision_scores(self, weights: Doubles) -> None:
        """What PyOD derives from ``decision_scores_``, with each as often as it weighs."""
        if isinstance(self.contamination, Real):
            self.threshold_ = percentile(self.decision_scores_, 1 - float(self.contamination), weights)
            self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        self._mu = np.average(self.decision_scores_, weights=weights)
        self._sigma = np.sqrt(np.average((self.decision_scores_ - self._mu) ** 2, weights=weights))

    def decision_function(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """Negative log-density of each row, in nats: finite, higher is more anomalous.

        Raises:
            NotFittedError: scikit-learn's, before fit.
            ValueError: another number of columns, NaN or infinity, or a value beyond float32.
        """
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        return -self._scores(self._rows(X))

    def _rows(self, X: ArrayLike) -> npt.NDArray[Any]:
        names = self.classifier_.column_names
        given = to_rows(X, "X")
        return self._checked(in_order(given, names, "X"), names or given.names)

    @staticmethod
    def _checked(array: npt.NDArray[Any], names: Sequence[str]) -> npt.NDArray[Any]:
        require_finite(array, names, "X")
        if array.dtype.kind not in "fiub":
            raise InvalidInput(f"X: the array holds {array.dtype}; real numbers are needed")
        narrow = array.dtype.itemsize <= (4 if array.dtype.kind == "f" else 2)  # float32 holds its values
        rows: npt.NDArray[Any] = check_array(array, dtype=np.float32 if narrow else np.float64)
        return rows

    def _check_peer_options(self) -> None:
        share = self.contamination
        if not 0 < float(share) <= 0.5 if isinstance(share, Real) else not hasattr(share, "eval"):
            raise InvalidParameter(
                f"contamination is {share!r}; valid: a number above 0, at most 0.5, or a thresholder of pythresh"
            )
        if self.metric not in ("minkowski", "euclidean", "l2") or self.metric_params:
            raise InvalidParameter(
                f"metric is {self.metric!r}, metric_params {self.metric_params!r}; valid: 'minkowski', 'euclidean' or "
                "'l2', without parameters"
            )
        if self.algorithm not in ("auto", "ball_tree", "kd_tree"):
            raise InvalidParameter(f"algorithm is {self.algorithm!r}; valid: 'auto', 'ball_tree', 'kd_tree'")
