"""A scikit-learn outlier estimator over the classifier. Needs scikit-learn 1.6 or newer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._arrays import ArrayLike
from kernad._errors import InvalidParameter
from kernad._options import attributes_of, with_components_for
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

try:
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("kernad.sklearn needs scikit-learn 1.6 or newer: pip install scikit-learn") from error


class KDEAnomalyDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Kernel-density outlier detection: PCA, scaling and a Gaussian density with Scott's bandwidth.

    Works in Pipeline, GridSearchCV and cross_val_score; for those, labels are +1 (normal) and -1 (outlier), and
    ``scoring="roc_auc"`` ranks by ``decision_function``. ``fit`` learns every row it is given as normal.

    Args:
        n_pca_components: components to keep, a count, a share of variance in (0, 1), or "all". A count beyond the data's
            rows, columns or rank is cut to what they have, with a FitWarning.
        feature_scaling_method: "scale" or "norm".
        max_training_points: of more rows a seeded sample is used.
        contamination: share of the training rows, in (0, 0.5], that ``predict`` calls outliers. A training row's
            density contains its own kernel, so more of new normal rows fall below ``offset_``; with many components
            and few rows all of them: give ``folds``.
        folds: refits of a cross-conformal calibration, after which ``contamination`` is the share of new normal rows
            that ``predict`` calls outliers (``KDEClassifier.calibrate``). None: the share of the training rows.
        random_state: seed of the sample, an int; None is 0: a fit is always reproducible.
        n_jobs: threads; None or -1: as KDEClassifier's num_threads = 0.
        standardize, bandwidth, covariance, local_alpha, auto: as of KDEClassifier.

    Attributes:
        classifier_: the fitted KDEClassifier.
        offset_: log-density below which a row is an outlier.
        n_features_in_: columns seen in fit.
        feature_names_in_: their names, when they came in a data frame.
    """

    def __init__(
        self,
        n_pca_components: int | float | str = 16,
        feature_scaling_method: FeatureScalingMethod | str = "scale",
        max_training_points: int = 40000,
        contamination: float = 0.1,
        random_state: int | None = None,
        folds: int | None = None,
        n_jobs: int | None = None,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: str = "full",
        local_alpha: float = 0.0,
        auto: bool = False,
    ) -> None:
        self.n_pca_components = n_pca_components
        self.feature_scaling_method = feature_scaling_method
        self.max_training_points = max_training_points
        self.contamination = contamination
        self.random_state = random_state
        self.folds = folds
        self.n_jobs = n_jobs
        self.standardize = standardize
        self.bandwidth = bandwidth
        self.covariance = covariance
        self.local_alpha = local_alpha
        self.auto = auto

    def fit(self, X: ArrayLike, y: Any = None) -> KDEAnomalyDetector:
        """Learn the density of X (N x D, N >= 2), then the threshold that leaves ``contamination`` of it below.

        Raises:
            ValueError: a parameter out of range, or data that are empty, not finite, all alike, or with ``folds``
                too few for the contamination.
        """
        if not 0 < self.contamination <= 0.5:
            raise InvalidParameter(f"contamination is {self.contamination}; valid: above 0, at most 0.5")
        X = validate_data(self, X, dtype=[np.float32, np.float64], ensure_min_samples=2)
        classifier = self._make_classifier(len(X))
        classifier.fit(X)
        self.classifier_ = classifier
        if self.folds is None:
            scores = classifier.compute_kde_scores(X, as_log_likelihood=True)
            self.offset_ = float(np.percentile(scores, 100 * self.contamination))
        else:
            classifier.calibrate(X, folds=self.folds, target_fpr=self.contamination)
            assert classifier.threshold is not None
            # At the threshold is an outlier there, and only below offset_ here.
            self.offset_ = float(np.nextafter(classifier.threshold.log_density, np.inf))
        return self

    def score_samples(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """Log-density of each row in nats: float64, finite, higher is more normal.

        Raises:
            NotFittedError: scikit-learn's, before fit.
            ValueError: another number of columns, NaN or infinity, or a value beyond float32.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float32, np.float64], reset=False)
        scores: npt.NDArray[np.float64] = self.classifier_.compute_kde_scores(X, as_log_likelihood=True)
        return scores

    def decision_function(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """``score_samples(X) - offset_``: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> npt.NDArray[np.int64]:
        """+1 for normal rows, -1 for outliers."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _make_classifier(self, rows: int) -> KDEClassifier:
        options = attributes_of(self) | {"seed": self.random_state or 0}
        threads = 0 if self.n_jobs in (None, -1) else self.n_jobs
        return KDEClassifier(**with_components_for(rows, options), num_threads=threads)
