"""A scikit-learn outlier estimator over the classifier. Needs scikit-learn 1.6 or newer."""

from __future__ import annotations

import copy
import warnings
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._arrays import ArrayLike, to_rows
from kernad._calls import callers_level, whole_number
from kernad._columns import require_finite
from kernad._errors import FitWarning, InvalidInput, InvalidParameter
from kernad._options import attributes_of
from kernad._tables import Table, as_table
from kernad._types import Components, Covariance, Scaling
from kernad.classifier import KDEClassifier
from kernad.sketch import Sketch

try:
    from joblib import effective_n_jobs
    from sklearn.base import BaseEstimator, OutlierMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise ImportError("kernad.sklearn needs scikit-learn 1.6 or newer: pip install scikit-learn") from error

from kernad._held_out import Decisions, HeldOutScores, fit_few, percentile, require_folds, whole_weights

_MADE = ("classifier_", "offset_", "_scores")
"""What a fit leaves; after ``partial_fit`` it is made on first use."""


class KDEAnomalyDetector(Decisions, OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Kernel-density outlier detection: PCA, scaling and a Gaussian density with Scott's bandwidth.

    Works in Pipeline, GridSearchCV and cross_val_score; for those, labels are +1 (normal) and -1 (outlier), and
    ``scoring="roc_auc"`` ranks by ``decision_function``; without scoring, ``score`` is the mean log-density. ``fit``
    learns every row it is given as normal, and so does ``partial_fit``, block by block.

    Args:
        n_pca_components: components to keep, a count, a share of variance in (0, 1), or "all" (None is the same). A
            count beyond the data's rows, columns or rank is cut to what they have, with a FitWarning (none if columns
            are fewer than the default).
        feature_scaling_method: "scale" or "norm".
        max_training_points: of more rows a seeded sample is used.
        contamination: share of normal rows, in (0, 0.5], that ``predict`` calls outliers: of the training rows, and as
            nearly as they can tell of new ones.
        random_state: seed of the sample: an int, or a RandomState that gives one; None is 0: a fit is always
            reproducible.
        folds: refits, at most one a row, by which each training row is scored by a fit without it; costs about as many
            fits. "auto" is 10, and warns where so few rows cannot promise ``contamination`` of new rows; a number is
            refused there. None: by the fit on all rows, its own kernel included; of new normal rows more than
            ``contamination`` are then called outliers, and with many components and few rows all of them.
        n_jobs: threads; None or -1: as KDEClassifier's num_threads = 0; below that, as joblib counts.
        standardize, bandwidth, covariance, local_alpha, all_rows, auto: as of KDEClassifier.

    Attributes:
        classifier_: the fitted KDEClassifier.
        offset_: log-density below which a row is an outlier; ``classifier_`` has it as its threshold.
        n_features_in_: columns seen in fit.
        feature_names_in_: their names, when they came in a data frame.
    """

    classifier_: KDEClassifier
    offset_: float
    _sketch: Sketch

    def __init__(
        self,
        n_pca_components: Components | None = 16,
        feature_scaling_method: Scaling = "scale",
        max_training_points: int = 40000,
        *,
        contamination: float = 0.1,
        random_state: Any = None,
        folds: int | str | None = "auto",
        n_jobs: int | None = None,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: Covariance = "full",
        local_alpha: float = 0.0,
        all_rows: bool = False,
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
        self.all_rows = all_rows
        self.auto = auto

    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> KDEAnomalyDetector:
        """Learn the density of X (N x D, N >= 2), then the threshold below which ``contamination`` of the rows lie.

        sample_weight says how often each row counts: N whole numbers of 0 or more.

        Raises:
            ValueError: a parameter out of range, or data that are empty, not finite, all alike, or with ``folds``
                too few or too much alike for a fit without one of the folds.
        """
        self._require_contamination()
        self.__dict__.pop("_sketch", None)  # begins anew
        X = self._read(X, reset=True, ensure_min_samples=2)
        weights = whole_weights(sample_weight, len(X))
        self._learn(X, weights, **self._settings(self._seed()))
        return self

    def partial_fit(self, X: ArrayLike, y: Any = None, sample_weight: None = None) -> KDEAnomalyDetector:
        """Add a block of rows (n x D, n >= 1) to those of earlier calls; scores then equal those of ``fit`` on all of
        them, to the bit, however they are cut into blocks.

        Keeps a ``kernad.Sketch``: at most ``max_training_points`` rows. The model is made when it is first used after a
        call (by ``predict``, ``score_samples``, ``classifier_``, ``offset_``, ...), with the parameters as they were in
        the last call; only then are data refused that cannot be fitted. ``fit`` begins anew, ``clone`` forgets the
        rows, a pickle keeps them. y is ignored, as in ``fit``.

        Where rows were sampled, ``offset_`` is that of the sampled rows, and a FitWarning says so: ``fit`` takes it
        from the scores of all rows, which are not kept here.

        Raises:
            ValueError: sample_weight; ``max_training_points``, ``random_state`` or ``all_rows`` changed since the first
                call (other parameters may be: they hold for the next model); another number of columns, other names,
                NaN or infinity (with the row's number, counted over all calls), or a parameter out of range. Nothing
                is added then.

        Warns:
            FitWarning: after ``fit``, which keeps no rows: partial_fit begins anew.
        """
        if sample_weight is not None:
            raise InvalidParameter(
                "partial_fit takes no sample_weight; give rows as often as they count, or all rows and weights to fit"
            )
        self._require_contamination()
        begun = "_sketch" in self.__dict__
        sketch = self._sketch_to_extend() if begun else self._new_sketch()
        settings = self._settings(sketch.seed)
        KDEClassifier(**settings["options"])  # refuses what is out of range
        require_folds(self.folds)
        rows = self._read(X, reset=not begun, first=sketch.rows_seen, ensure_all_finite=False)
        try:
            sketch.add(rows)
        except InvalidInput as error:  # which has the row's number, but calls X by its own names
            raise InvalidInput(f"X: {str(error).removeprefix('rows: ').removeprefix('embeddings: ')}") from None
        self._sketch, self._next = sketch, settings
        for name in _MADE:
            self.__dict__.pop(name, None)
        return self

    def _new_sketch(self) -> Sketch:
        if "classifier_" in self.__dict__:
            text = "partial_fit begins anew, without the rows of fit, which keeps none to add others to; give all rows"
            text += " to partial_fit, from the first on"
            warnings.warn(FitWarning(text, "begins_anew"), stacklevel=callers_level())
        seed = self._seed()
        self._random_state = self.random_state
        return Sketch(max_training_points=self.max_training_points, seed=seed, all_rows=self.all_rows)

    def _sketch_to_extend(self) -> Sketch:
        """That of earlier calls. Raises InvalidParameter if a parameter that it depends on has changed."""
        sketch = self._sketch
        if self.random_state is not self._random_state and self._seed() != sketch.seed:  # a RandomState is drawn once
            raise _changed("random_state", self.random_state, self._random_state)
        for name in ("max_training_points", "all_rows"):
            if getattr(self, name) != getattr(sketch, name):
                raise _changed(name, getattr(self, name), getattr(sketch, name))
        return sketch

    def _require_contamination(self) -> None:
        if not isinstance(self.contamination, Real) or not 0 < self.contamination <= 0.5:
            raise InvalidParameter(f"contamination is {self.contamination!r}; valid: a number above 0, at most 0.5")

    def _settings(self, seed: int) -> dict[str, Any]:
        """The arguments of ``_learn``, as the parameters are now."""
        options = attributes_of(self) | {"seed": seed}
        return {"options": options, "threads": self._threads(), "folds": self.folds, "share": self.contamination}

    def _learn(
        self, rows: Any, weights: Any, *, options: dict[str, Any], threads: int, folds: int | str | None, share: Any
    ) -> None:
        """Fit the rows, or a Sketch of them, and take the threshold below which that share of them lies."""
        classifier = fit_few(options, threads, rows, weights)
        if hasattr(self, "feature_names_in_"):
            classifier.column_names = self.feature_names_in_
        scores = HeldOutScores(classifier, rows, folds, share, weights)
        offset = percentile(scores.of_training_rows, share, weights)
        classifier.set_threshold(log_density=float(np.nextafter(offset, -np.inf)))  # itself an outlier there
        self.classifier_, self._scores, self.offset_ = classifier, scores, offset

    def __getattr__(self, name: str) -> Any:
        """What ``partial_fit`` left to be made."""
        if name not in _MADE or "_sketch" not in self.__dict__:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)
        if self._sketch.rows_seen < 2:
            raise InvalidInput("partial_fit has seen 1 row; two or more are needed")
        self._learn(self._sketch, None, **self._next)
        return self.__dict__[name]

    def __sklearn_is_fitted__(self) -> bool:
        return "classifier_" in self.__dict__ or "_sketch" in self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_sketch" in state:
            self._sketch = copy.copy(state["_sketch"])  # a copy must not add to the rows of the original

    def score_samples(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """Log-density of each row in nats: float64, finite, higher is more normal.

        With ``folds`` a training row is scored by the fit without it, as if it were new.

        Raises:
            NotFittedError: scikit-learn's, before fit.
            ValueError: another number of columns, other names, NaN or infinity, or a value beyond float32.
        """
        check_is_fitted(self)
        return self._like(rows := self._rows(X), self._scores(rows))

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Mean log-density of the rows in nats; y is ignored. GridSearchCV's score without ``scoring``."""
        return float(self.score_samples(X).mean())

    def decision_function(self, X: ArrayLike) -> npt.NDArray[np.float64]:
        """``score_samples(X) - offset_``: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: ArrayLike) -> npt.NDArray[np.int64]:
        """+1 for normal rows, -1 for outliers."""
        check_is_fitted(self)
        rows = self._rows(X)
        return self._like(rows, np.where(self._scores(rows) < self.offset_, -1, 1))

    def _rows(self, X: ArrayLike) -> npt.NDArray[Any]:
        return self._read(X, reset=False)

    def _read(self, X: ArrayLike, reset: bool, first: int = 0, **checks: Any) -> npt.NDArray[Any]:
        """X as scikit-learn reads it, except where that would read what is no number, values under a mask, or the
        columns of a frame in the wrong order. first: the number of its first row, for messages."""
        what = f"X, a block that begins at row {first}" if first else "X"  # where rows are counted within it
        table = as_table(X, what)
        if table is not None:
            require_finite(table.values, table.names, "X", lambda i: str(first + i))
        readable = X if table is None or hasattr(X, "shape") else table.values
        rows: npt.NDArray[Any] = validate_data(self, readable, reset=reset, **checks)
        if isinstance(X, (np.ndarray, list, tuple)) and table is None:
            to_rows(X, what)  # objects, of which scikit-learn reads texts and times as numbers
        self._check_labels(table, reset)
        return rows

    def _check_labels(self, table: Table | None, reset: bool) -> None:
        """scikit-learn compares labels of columns that are texts, and no others."""
        labels = () if table is None else table.names or table.positions
        if reset:
            self._labels = labels
            return
        expected = self._labels
        if table is not None and table.positions and not expected:
            expected = tuple(str(i) for i in range(len(labels)))
        if labels and expected and labels != expected and not hasattr(self, "feature_names_in_"):
            raise InvalidInput(f"X: the columns are {', '.join(labels)}; in fit they were {', '.join(expected)}")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = True  # torch tensors in, torch tensors out
        return tags

    def _threads(self) -> int:
        if self.n_jobs is None or self.n_jobs == -1:
            return 0
        count = whole_number(self.n_jobs, "n_jobs", -(2**31), 1024)
        if count == 0:
            raise InvalidParameter("n_jobs is 0; valid: None or -1 (all), 1 to 1024, or below -1 as joblib counts")
        return int(effective_n_jobs(count))

    def _seed(self) -> Any:
        if isinstance(self.random_state, np.random.RandomState):
            return self.random_state.randint(2**31 - 1)
        return 0 if self.random_state is None else whole_number(self.random_state, "random_state", 0, 2**64 - 1)


def _changed(name: str, now: object, before: object) -> InvalidParameter:
    return InvalidParameter(
        f"{name} is {now!r}, and was {before!r} in the first partial_fit; it cannot change between calls. fit, or"
        " partial_fit of a clone, begins anew"
    )
