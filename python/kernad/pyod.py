"""A PyOD detector over the classifier. Needs PyOD."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._arrays import ArrayLike
from kernad._options import attributes_of, with_components_for
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

try:
    from pyod.models.base import BaseDetector
    from sklearn.utils import check_array
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("kernad.pyod needs PyOD: pip install pyod") from error


class KDE(BaseDetector):  # type: ignore[misc]
    """Kernel-density detector by PyOD's conventions: scores are negative log-densities, higher is more anomalous.

    Args:
        contamination: share of outliers in the training data, in (0, 0.5]; sets ``threshold_``.
        n_pca_components: as of ``kernad.KDEClassifier``, but a count beyond the training rows is cut to them.
        feature_scaling_method, max_training_points, seed: as of ``kernad.KDEClassifier``.
        num_threads, standardize, bandwidth, covariance, local_alpha, auto: as of ``kernad.KDEClassifier``.

    Attributes:
        decision_scores_: scores of the training rows.
        threshold_: the score above which a row is an outlier.
        labels_: 1 for training rows above it, else 0.
        classifier_: the fitted ``kernad.KDEClassifier``.

    ``predict``, ``predict_proba``, ``predict_confidence`` and ``fit_predict`` are PyOD's own.
    """

    def __init__(
        self,
        contamination: float = 0.1,
        n_pca_components: int | float | str = 16,
        feature_scaling_method: FeatureScalingMethod | str = "scale",
        max_training_points: int = 40000,
        seed: int = 0,
        num_threads: int = 0,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: str = "full",
        local_alpha: float = 0.0,
        auto: bool = False,
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
        self.auto = auto

    def fit(self, X: ArrayLike, y: Any = None) -> KDE:
        """Learn the density of X (N x D); y is ignored.

        Raises:
            ValueError: data that are empty, not finite or all alike, or a parameter out of range.
        """
        X = check_array(X, dtype=[np.float32, np.float64])
        self._set_n_classes(y)
        options = with_components_for(len(X), attributes_of(self))
        self.classifier_ = KDEClassifier(**options, num_threads=self.num_threads)
        self.classifier_.fit(X)
        self.decision_scores_ = self._scores(X)
        self._process_decision_scores()
        return self

    def decision_function(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """Negative log-density of each row, in nats: finite, higher is more anomalous.

        Raises:
            NotFittedError: scikit-learn's, before fit.
            ValueError: another number of columns, NaN or infinity, or a value beyond float32.
        """
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        return self._scores(check_array(X, dtype=[np.float32, np.float64]))

    def _scores(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        scores: npt.NDArray[np.float64] = -self.classifier_.compute_kde_scores(X, as_log_likelihood=True)
        return scores
