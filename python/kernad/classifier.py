"""The classifier: embeddings -> PCA -> scaling -> Gaussian KDE -> log-density -> anomaly probability."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import (
    ArrayLike,
    ExactRows,
    Wrap,
    as_classifier_rows,
    as_rows,
    as_scores,
    as_weights,
    exact_rows,
    to_numpy,
)
from kernad._calls import Progress, Reporter, callers_level, threads_for, whole_number
from kernad._columns import Missing, model_rows, of_complete_rows, of_present, training_rows
from kernad._errors import FitWarning
from kernad._html import as_html
from kernad._named_rows import labels_of
from kernad._options import Option, shown, to_texts
from kernad._pruning import Pruned
from kernad._stored import Stored
from kernad._types import Components, Covariance, Doubles, FeatureScalingMethod, FitReport, Note, Scaling, Tensor
from kernad.calibration import Calibrated, require_no_weights
from kernad.explanation import Explanation, Neighbours
from kernad.sketch import Sketch

BLOCK_ROWS = 4096
"""Number of rows scored between two calls of a progress callback."""


class KDEClassifier(Calibrated, Stored, Pruned):
    """Kernel-density anomaly classifier for deep-feature embeddings.

    A drop-in for anomalib's ``KDEClassifier``: the same constructor, methods, defaults and names, computed by the C++
    core in the log domain, so that outliers get finite, ordered scores. Several threads may call one object at once:
    the GIL is released, and a concurrent ``fit`` does not affect scores that are being computed.

    Arrays may be anything with the buffer, ``__array__`` or DLPack protocol. Native float32 with contiguous rows is
    used in place, everything else is converted to float32 (for float64, after columns far from zero, such as time
    stamps, have been moved near it, so that they keep their differences); input is never changed. Results are float64
    NumPy arrays; for torch tensors they are float64 torch tensors on the same device.

    Columns that have names in training (a data frame, an Arrow table, a structured array) are matched by name later, in
    any order; rows without names are taken by position. Labels of a pandas frame that are no texts are names as well,
    unless they are the positions 0, 1, 2, ...

    Args:
        n_pca_components: principal components to keep (a count >= 1), or the share of the variance in (0, 1) that
            they must explain together, or ``"all"`` that the data have (None is the same).
        feature_scaling_method: ``FeatureScalingMethod.SCALE`` (divide by the longest training row) or ``NORM`` (every
            row to unit length), or their names.
        max_training_points: if there are more rows than this (>= 2), a seeded sample is used.
        seed: of the sample. The same seed selects the same rows on every machine.
        standardize: bring each column to standard deviation 1 first.
        bandwidth: ``"scott"``, ``"silverman"``, ``"loo"`` (leave-one-out likelihood), or a number, the factor h.
        covariance: of the kernels: ``"full"``, ``"ledoit-wolf"``, ``"oas"`` (both shrunk towards a spherical one) or
            ``"isotropic"``.
        local_alpha: scales each kernel's width by (distance to its 5th neighbour)^local_alpha, 0 to 4; 0: equal widths.
            docs/estimation.md has the formulas.
        all_rows: where a sample is used, take the principal components, means and standard deviations of columns from
            all rows. Kernels and bandwidth stay those of the sample (docs/scale.md).
        auto: choose all of the above except the sampling from the training rows: two densities judge together
            (docs/estimation.md). The options that it chooses must be left at their defaults.
        num_threads: threads a call may use; 0: the number in ``KERNAD_NUM_THREADS``, else in ``OMP_NUM_THREADS``, else
            one in a daemonic multiprocessing worker, else all CPUs. Results do not depend on it.
        pruning: sum duplicate rows only once, and skip rows too far from a query to matter if that is faster. A
            log-density is then at most 1e-5 below the full sum's.

    Raises:
        ValueError: for a parameter outside its range (InvalidParameter).
        TypeError: for one of the wrong type.

    Source: the method is anomalib's (deep-feature kernel density estimation); Scott's rule is from Scott, Multivariate
    Density Estimation, 2nd ed., eq. 6.44.

    Example:
        >>> import numpy as np, kernad
        >>> rows = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
        >>> classifier = kernad.KDEClassifier(n_pca_components=4)
        >>> classifier.fit(rows)
        True
        >>> classifier.predict(np.stack([rows[0], rows[0] + 100])).round(3)
        array([0.636, 1.   ])
    """

    def __init__(
        self,
        n_pca_components: Components | None = 16,
        feature_scaling_method: Scaling = FeatureScalingMethod.SCALE,
        max_training_points: int = 40000,
        *,
        seed: int = 0,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: Covariance = "full",
        local_alpha: float = 0.0,
        all_rows: bool = False,
        auto: bool = False,
        num_threads: int = 0,
        pruning: bool = True,
    ) -> None:
        self.num_threads = whole_number(num_threads, "num_threads", 0, 1024)
        self._core = _core.KDEClassifier(
            to_texts(
                {
                    "n_pca_components": n_pca_components,
                    "feature_scaling_method": feature_scaling_method,
                    "max_training_points": max_training_points,
                    "seed": seed,
                    "standardize": standardize,
                    "bandwidth": bandwidth,
                    "covariance": covariance,
                    "local_alpha": local_alpha,
                    "all_rows": all_rows,
                    "auto": auto,
                }
            )
        )
        self.pruning = pruning

    n_pca_components = Option["int | float | str"]("Components asked for: a count, a share of the variance, or 'all'.")
    feature_scaling_method = Option[FeatureScalingMethod]("How features are scaled.")
    max_training_points = Option[int]("Most rows that a fit uses.")
    seed = Option[int]("Seed of the sample of training rows.")
    standardize = Option[bool]("Whether columns are brought to standard deviation 1.")
    bandwidth = Option["float | str"]("The bandwidth factor asked for, or the name of its rule.")
    covariance = Option[str]("What the kernels' covariance is made of.")
    local_alpha = Option[float]("The exponent of each row's own bandwidth.")
    all_rows = Option[bool]("Whether components and column scales are those of all rows where a sample is used.")
    auto = Option[bool]("Whether two densities, chosen from the training rows, judge together.")

    @property
    def is_fitted(self) -> bool:
        """Whether there is a model."""
        return self._core.is_fitted

    @property
    def max_length(self) -> float:
        """Longest training row after PCA, in the embeddings' unit. Raises NotFittedError."""
        return self.report().max_length

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns that the model was fitted on; empty if they have none. Raises NotFittedError.

        They may be set; scores do not change.
        """
        return tuple(self._core.column_names)

    @column_names.setter
    def column_names(self, names: Sequence[str]) -> None:
        self._core.set_column_names([str(name) for name in names], self._core.left_out_columns)

    def fit(self, embeddings: ArrayLike, *, sample_weight: ArrayLike | None = None, progress: Progress = None) -> bool:
        """Learn the density of normal examples.

        Args:
            embeddings: N x D, of normal examples only; all finite. Or a Sketch of them.
            sample_weight: how often each row counts, N numbers of 0 or more: a weight of 3 equals three copies of the
                row, to the bit, and one of 0 none. Fractions cannot be combined with ``bandwidth="loo"``,
                ``local_alpha``, ``auto``, a sample or a Sketch. docs/estimation.md has the formulas.
            progress: ``callback(done, total)`` after each stage of the fit (checked, PCA, scaled, density), or True
                for a tqdm bar. An exception from it ends the fit, and the old model stays.

        Returns:
            False, and there is then no model, if there are fewer rows than both ``n_pca_components`` and columns; else
            True.

        Raises:
            ValueError: no rows, no columns, NaN or infinity (with row and column), a finite value beyond float32,
                all rows identical, or weights that are negative, not finite or invalid with these options. A model
                fitted earlier stays.

        Warns:
            FitWarning: components were cut to the data's rank, directions left out, or rows sampled.
        """
        with Reporter(progress, "fit") as reporter:
            fitted = self._fit(embeddings, sample_weight, reporter)
        if fitted:
            self._warn_of_notes()
        return fitted

    def _fit(self, embeddings: ArrayLike, sample_weight: ArrayLike | None, reporter: Reporter) -> bool:
        threads = threads_for(self.num_threads)
        if isinstance(embeddings, Sketch):
            require_no_weights(sample_weight)
            return self._core.fit(embeddings._of(), threads, reporter.callback, list(embeddings.column_names))
        rows, names = training_rows(embeddings, "embeddings", exact_rows)
        if sample_weight is None:
            return self._core.fit(rows, threads, reporter.callback, names)
        return self._core.fit_weighted(rows, as_weights(sample_weight, len(rows)), threads, reporter.callback, names)

    def pre_process(self, feature_stack: ArrayLike, max_length: Any = None) -> tuple[Any, Any]:
        """Scale PCA features by ``feature_scaling_method``.

        Args:
            feature_stack: N x k; not changed.
            max_length: the length to divide by in scale mode (finite, > 0). Default: the longest row of
                feature_stack.

        Returns:
            The scaled features (N x k, float32) and the max_length used (float; a tensor for a tensor).

        Raises:
            ValueError: values that are not finite, a max_length out of range, or in scale mode only zero rows.
        """
        rows, wrap = as_rows(feature_stack, "features")
        given = None if max_length is None else float(max_length)
        scaled, length = self._core.pre_process(rows, given, threads_for(self.num_threads))
        result = wrap(scaled)
        return result, length if result is scaled else wrap(np.array(length))

    @overload
    def compute_kde_scores(
        self,
        features: Tensor,
        as_log_likelihood: bool | None = False,
        *,
        progress: Progress = None,
        missing: Missing = "refuse",
    ) -> Tensor: ...
    @overload
    def compute_kde_scores(
        self,
        features: ArrayLike,
        as_log_likelihood: bool | None = False,
        *,
        progress: Progress = None,
        missing: Missing = "refuse",
    ) -> Doubles: ...
    def compute_kde_scores(
        self,
        features: Any,
        as_log_likelihood: bool | None = False,
        *,
        progress: Progress = None,
        missing: Missing = "refuse",
    ) -> Any:
        """Density of each row, or its natural logarithm.

        Args:
            features: M x D; M may be 0.
            as_log_likelihood: the logarithm, in nats, which is finite for every finite row. Densities themselves
                vanish to 0 below about exp(-745) and saturate at the largest double.
            progress: ``callback(done, total)`` every few thousand rows, or True for a tqdm bar. The scores are the
                same bits as without.
            missing: ``"skip"``: a row with NaN has the score NaN, and a DataWarning counts such rows.

        Returns:
            M float64 values; higher is more normal.

        Raises:
            NotFittedError: there is no model.
            ValueError: another number of columns than in training, or others by their names, NaN or infinity (with row
                and column), or a finite value beyond float32.
        """
        rows, wrap = self._rows(features, "features", missing)
        with Reporter(progress, "score") as reporter:

            def scores(complete: ExactRows) -> npt.NDArray[np.float64]:
                if reporter.callback is None:
                    return self._scores(complete, bool(as_log_likelihood))
                return self._scores_in_blocks(complete, bool(as_log_likelihood), reporter)

            return wrap(of_complete_rows(rows, "features", missing, scores))

    @overload
    @staticmethod
    def compute_probabilities(scores: Tensor, *, missing: Missing = "refuse") -> Tensor: ...
    @overload
    @staticmethod
    def compute_probabilities(scores: ArrayLike, *, missing: Missing = "refuse") -> Doubles: ...
    @staticmethod
    def compute_probabilities(scores: Any, *, missing: Missing = "refuse") -> Any:
        """Anomaly probability ``1 / (1 + exp(0.05 (score - 12)))`` of each log-density.

        Args:
            scores: M log-densities in nats; infinities give the limits 0 and 1.
            missing: ``"skip"``: NaN for NaN.

        Returns:
            M float64 values in [0, 1]; higher is more anomalous.

        Raises:
            ValueError: for NaN, or anything but one number a row.
        """
        values, wrap = as_scores(scores, "scores")
        return wrap(of_present(values, missing, _core.KDEClassifier.probabilities))

    @overload
    def predict(self, features: Tensor, *, progress: Progress = None, missing: Missing = "refuse") -> Tensor: ...
    @overload
    def predict(self, features: ArrayLike, *, progress: Progress = None, missing: Missing = "refuse") -> Doubles: ...
    def predict(self, features: Any, *, progress: Progress = None, missing: Missing = "refuse") -> Any:
        """Anomaly probability of each row: ``compute_probabilities`` of its log-density.

        Shapes, arguments and errors are those of ``compute_kde_scores``.
        """
        scores = self.compute_kde_scores(features, as_log_likelihood=True, progress=progress, missing=missing)
        return self.compute_probabilities(scores, missing=missing)

    @overload
    def forward(self, features: Tensor) -> Tensor: ...
    @overload
    def forward(self, features: ArrayLike) -> Doubles: ...
    def forward(self, features: Any) -> Any:
        """The same as ``predict``."""
        return self.predict(features)

    @overload
    def __call__(self, features: Tensor) -> Tensor: ...
    @overload
    def __call__(self, features: ArrayLike) -> Doubles: ...
    def __call__(self, features: Any) -> Any:
        """The same as ``predict``."""
        return self.forward(features)

    def explain(self, row: ArrayLike, nearest: int = 5) -> Explanation:
        """Why one row has its score: the nearest training rows, and components' and columns' shares of its deviation.

        Args:
            row: D values, or 1 x D.
            nearest: number of training rows to return (>= 0), at most all of them.

        Raises:
            NotFittedError: there is no model.
            ValueError: more or less than one row; else as of ``compute_kde_scores``.

        Source: docs/explanation.md has the formulas.

        Example:
            >>> import numpy as np, kernad
            >>> rows = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
            >>> classifier = kernad.KDEClassifier(n_pca_components=8)
            >>> classifier.fit(rows)
            True
            >>> odd = rows[0].copy()
            >>> odd[5] = 30
            >>> why = classifier.explain(odd)
            >>> int(why.columns.argmax())
            5
        """
        rows, _ = self._rows(_as_one_row(row), "row")
        count = whole_number(nearest, "nearest", 0)
        found = self._core.explain(rows, count, threads_for(self.num_threads))
        neighbours = Neighbours(
            found.pop("neighbour_rows").astype(np.int64), found.pop("distances"), found.pop("weights")
        )
        return Explanation(neighbours=neighbours, **found)

    def report(self) -> FitReport:
        """The report of the last fit, or what follows from a checkpoint's shapes. Raises NotFittedError."""
        report = self._core.report()
        report["notes"] = tuple(Note(text, code) for code, text in report["notes"])
        return FitReport(**report)

    def _rows(self, values: ArrayLike, what: str, missing: Missing = "refuse") -> tuple[ExactRows, Wrap]:
        """Rows for a fitted model: columns in its order, if they have names."""
        if not self.is_fitted:
            return as_classifier_rows(values, what)  # the core says what is wrong
        return model_rows(values, what, exact_rows, self._core.column_names, self._core.left_out_columns, missing)

    def _scores(self, rows: ExactRows, as_log_likelihood: bool) -> npt.NDArray[np.float64]:
        return self._core.scores(rows, as_log_likelihood, threads_for(self.num_threads))

    def _scores_in_blocks(
        self, rows: ExactRows, as_log_likelihood: bool, reporter: Reporter
    ) -> npt.NDArray[np.float64]:
        assert reporter.callback is not None
        result = self._scores(rows[:0], as_log_likelihood)  # errors that concern all rows come first
        result = np.empty(len(rows), dtype=result.dtype)
        for start in range(0, len(rows), BLOCK_ROWS):
            stop = min(start + BLOCK_ROWS, len(rows))
            try:
                result[start:stop] = self._scores(rows[start:stop], as_log_likelihood)
            except ValueError:
                self._scores(rows[:stop], as_log_likelihood)  # the same error, with the row counted from the first
                raise
            reporter.callback(stop, len(rows))
        return result

    def _warn_of_notes(self, *codes: str) -> None:
        for note in self.report().notes:
            if not codes or note.code in codes:
                warnings.warn(FitWarning(note, note.code), stacklevel=callers_level())

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in shown(self._core.options()).items())
        return f"{type(self).__name__}({options}{'' if self.is_fitted else ', not fitted'})"

    def _repr_html_(self) -> str:
        """The table that notebooks show."""
        values: dict[str, Any] = shown(self._core.options())
        if self.is_fitted:
            report = self.report()
            values |= {"rows": report.rows_used, "columns": report.columns, "components": report.components}
            values |= {"bandwidth factor": f"{report.bandwidth_factor:.4g}"}
            if self.threshold is not None:
                values["threshold"] = f"{self.threshold.log_density:.6g} ({self.threshold.rule})"
        return as_html(f"{type(self).__name__}{'' if self.is_fitted else ', not fitted'}", values)


def _as_one_row(row: ArrayLike) -> ArrayLike:
    """D values as 1 x D; a row whose values have names keeps them."""
    if hasattr(row, "to_frame") and getattr(row, "ndim", 2) == 1:
        return row.to_frame().T
    if labels_of(row):
        return [row]
    if hasattr(row, "ndim") and row.ndim == 1:
        return row.reshape(1, -1)
    array, _ = to_numpy(row, "row")
    return array.reshape(1, -1) if array.ndim == 1 else row
