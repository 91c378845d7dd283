"""Drift: whether new rows, believed normal, still look like those that a classifier learned."""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, exact_rows
from kernad._blocks import Blocks, blocks_of
from kernad._calls import callers_level, threads_for, whole_number
from kernad._columns import Missing, model_rows, require_finite, require_missing
from kernad._errors import DataWarning
from kernad.classifier import KDEClassifier


@dataclass(frozen=True)
class ScoreDifference:
    """The largest difference of two distribution functions, of the log-densities of new rows and of the calibration."""

    distance: float
    p_value: float
    """Of such a distance or a larger one."""
    log_density: float
    """Where that is: below it, or at most as high, are the shares that follow."""
    share_of_rows: float
    """Of the new rows."""
    share_expected: float
    """Of the calibration."""
    smallest_distance: float
    """That is significant at ``alpha / 2`` with so many rows: what the test can tell."""


@dataclass(frozen=True)
class ComparisonResult:
    """What ``compare`` has found. Arrays have one value a column, NaN for none."""

    drift: bool
    """Whether ``p_value <= alpha``."""
    p_value: float
    """Twice the smaller of the scores' and the smallest adjusted one of the columns, at most 1."""
    alpha: float
    rows: int
    calibration_rows: int
    scores: ScoreDifference
    """The difference that decides, in either direction. After ``calibrate``, that of rows that are more usual counts less
    ``allowance``, because rows held out of a fit have lower log-densities than new rows under the fit of all."""
    allowance: float
    """0 after ``calibrate_from``, 0.5 after ``calibrate``."""
    two_sided: ScoreDifference = field(repr=False)
    """In either direction, without allowance."""
    column_test: str
    """``"distributions"``, ``"means"`` or ``"none"``: see docs/drift.md."""
    shift: npt.NDArray[np.float64] = field(repr=False)
    """Mean of the new rows less that of the training rows, in standard deviations of the training rows."""
    distance: npt.NDArray[np.float64] = field(repr=False)
    """The largest difference of a column's distribution functions."""
    column_p_value: npt.NDArray[np.float64] = field(repr=False)
    adjusted_p_value: npt.NDArray[np.float64] = field(repr=False)
    """For all columns together (Holm 1979)."""
    column_names: tuple[str, ...] = field(repr=False)
    """Empty if the classifier knows none."""

    @property
    def moved(self) -> tuple[str, ...] | tuple[int, ...]:
        """The columns whose adjusted p-value is at most ``alpha / 2``, the smallest first: names, or numbers."""
        order = np.argsort(self.adjusted_p_value, kind="stable")
        found = [int(i) for i in order if self.adjusted_p_value[i] <= self.alpha / 2]
        return tuple(self.column_names[i] for i in found) if self.column_names else tuple(found)


class Comparison:
    """Compares new rows with a calibrated classifier's, block by block; ``compare`` does all in one call.

    Where both are drawn from one distribution, independently, drift is found with a probability of at most ``alpha``.
    Neither the order of the rows nor the blocks change a bit, and memory does not grow with them.

    Args:
        classifier: fitted and calibrated; kept as it is now.
        num_threads: as of KDEClassifier.

    Raises:
        NotFittedError: there is no model, or no calibration.
        TypeError: for anything else than a KDEClassifier.
    """

    def __init__(self, classifier: KDEClassifier, *, num_threads: int = 0) -> None:
        if not isinstance(classifier, KDEClassifier):
            raise TypeError(f"classifier is a {type(classifier).__name__}; a KDEClassifier is needed")
        threads = whole_number(num_threads, "num_threads", 0, 1024)
        self._core = _core.Comparison(classifier._core, threads_for(threads))
        self._names = list(classifier._core.column_names)
        self._left_out = list(classifier._core.left_out_columns)
        self._lock = threading.Lock()
        self._rows = 0  # added, with those that were skipped

    def add(self, rows: ArrayLike, *, missing: Missing = "refuse") -> Comparison:
        """Adds M x D rows, as ``KDEClassifier.predict`` takes them; with ``missing="skip"`` those without NaN, and a
        DataWarning gives the number of the others. Messages count rows over all blocks. Returns itself. What it raises
        leaves it unchanged."""
        require_missing(missing)
        first = self._rows

        def row_name(i: int) -> str:
            return str(first + i)

        array, _ = model_rows(rows, "rows", exact_rows, self._names, self._left_out, missing, row_name)
        count = len(array)
        if missing == "refuse":
            require_finite(array, (), "rows", row_name)
        if missing == "skip" and (lack := np.isnan(array).any(axis=1)).any():
            text = f"rows: {int(lack.sum())} of {len(array)} rows have missing values and are skipped"
            warnings.warn(DataWarning(text, "rows_skipped"), stacklevel=callers_level())
            array = array[~lack]
        with self._lock:
            self._core.add(array)
            self._rows += count
        return self

    def result(self, alpha: float = 0.01) -> ComparisonResult:
        """Of the rows added so far.

        Raises:
            InvalidParameter: alpha outside (0, 1).
            InvalidInput: so few rows that no difference could be significant; says how many are needed.
        """
        with self._lock:
            found: dict[str, Any] = self._core.result(float(alpha))
        for name in ("scores", "two_sided"):
            found[name] = ScoreDifference(**found[name])
        return ComparisonResult(column_names=tuple(self._names), **found)


def compare(
    classifier: KDEClassifier,
    rows: Blocks,
    alpha: float = 0.01,
    *,
    missing: Missing = "refuse",
    num_threads: int = 0,
) -> ComparisonResult:
    """Whether new rows, believed normal, still look like those that the classifier was calibrated and fitted on.

    Args:
        classifier: fitted and calibrated.
        rows: M x D. Or blocks of them, of which only one is in memory at a time: an iterator (a generator of arrays, a
            ``pyarrow.RecordBatchReader``), a list of arrays or tables, a memmap.
        alpha: how often rows without drift may be called drifted.
        missing: as of ``Comparison.add``.
        num_threads: as of KDEClassifier.

    Raises:
        As ``Comparison`` and its methods do.

    Example:
        >>> import numpy as np, kernad
        >>> random = np.random.default_rng(0)
        >>> rows = random.normal(size=(300, 4))
        >>> classifier = kernad.KDEClassifier("all")
        >>> classifier.fit(rows)
        True
        >>> classifier.calibrate(rows)
        >>> kernad.compare(classifier, random.normal(size=(200, 4))).drift
        False
        >>> kernad.compare(classifier, random.normal(size=(200, 4)) + [0, 0, 0.8, 0]).moved
        (2,)
    """
    comparison = Comparison(classifier, num_threads=num_threads)
    for block in blocks_of(rows):
        comparison.add(block, missing=missing)
    return comparison.result(alpha)
