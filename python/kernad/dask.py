"""Fit and score collections of Dask. Needs Dask, and kernad on every worker.

Rows are read by the workers, partition by partition, and never gathered: a fit gathers a sample of them. Their order is
that of ``compute()``: partition after partition.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad import _engines
from kernad._columns import Missing
from kernad._engines import MergeTree, Output, Part, Sampling, Scoring
from kernad._errors import InvalidInput
from kernad._tables import names_of
from kernad.classifier import KDEClassifier
from kernad.sketch import Sketch

try:
    import dask
    import dask.array
except ImportError as error:
    raise ImportError("kernad.dask needs Dask: pip install 'dask[array,dataframe,distributed]'") from error


def sketch(
    rows: Any,
    *,
    columns: Sequence[str] | None = None,
    max_training_points: int = 40000,
    seed: int = 0,
    all_rows: bool = False,
) -> Sketch:
    """The training sample of a collection, which ``KDEClassifier.fit`` and ``calibrate`` take in place of the rows.

    Partitions whose lengths are not known are counted first, so that their rows are read twice.

    Args:
        rows: N x D, a ``dask.array.Array`` or ``dask.dataframe.DataFrame``.
        columns: the names of the features in a frame. Default: all.
        max_training_points: as of ``kernad.Sketch``.
        seed: as there.
        all_rows: as there.

    Raises:
        ValueError: NaN or infinity (with the number of the row in the data set), other columns, or partitions that
            have other rows each time they are read.
        TypeError: rows of another kind.
    """
    rows = _checked(rows, columns)
    counts = _counts(rows)
    names = () if _is_array(rows) else names_of(rows.columns)
    sampling = Sampling(max_training_points, seed, names, all_rows)
    one = dask.delayed(_engines.sketch_of)
    union = dask.delayed(_engines.merge)
    tree: MergeTree[Any] = MergeTree(union)
    firsts = np.cumsum([0, *counts])
    for i, partition in enumerate(_partitions(rows)):
        tree.add(one([partition], i, int(firsts[i]), counts[i], sampling))
    parts: tuple[Part, ...] = dask.compute(*tree.rest())
    return _engines.finished(parts)


def fit(
    classifier: KDEClassifier, rows: Any, *, columns: Sequence[str] | None = None, target_fpr: float | None = None
) -> bool:
    """Fit the classifier to a collection: the model has the bytes of a fit of ``rows.compute()``.

    Args:
        classifier: any; the fit itself runs in this process, with the classifier's threads.
        rows: as of ``sketch``; normal rows only.
        columns: as there.
        target_fpr: ``calibrate`` as well, for this false-positive rate, in (0, 1).

    Returns:
        As of ``KDEClassifier.fit``.

    Raises:
        As ``sketch``, ``KDEClassifier.fit`` and ``KDEClassifier.calibrate``.
    """

    def sample(max_training_points: int, seed: int, all_rows: bool) -> Sketch:
        return sketch(rows, columns=columns, max_training_points=max_training_points, seed=seed, all_rows=all_rows)

    return _engines.fit(classifier, sample, target_fpr)


def score(
    classifier: KDEClassifier,
    rows: Any,
    *,
    columns: Sequence[str] | None = None,
    output: Output = "log_density",
    missing: Missing = "refuse",
    num_threads: int = 1,
) -> Any:
    """Score a collection, lazily: nothing is computed before ``compute()`` or the like.

    Args:
        classifier: a fitted one. It is sent to each worker once, as it is now.
        rows: M x D, as of ``sketch``. Columns with names are matched by those of the model.
        columns: the features of a frame that has other columns as well.
        output: ``"log_density"``, ``"probability"``, ``"p_value"`` or ``"label"``.
        missing: ``"skip"``: NaN for a row with NaN.
        num_threads: of each task. A worker runs as many tasks at once as it has threads itself.

    Returns:
        M values, with the bits that the classifier gives in one process: an array with the chunks of ``rows``, or a
        Series with the index and partitions of the frame and the name ``output``.

    Raises:
        NotFittedError: there is no model, or it lacks the calibration or threshold for ``output``.
        ValueError: other columns. What is wrong with a row is raised by ``compute()``, with its number in an array, or
            with its number in its partition and its index in a frame.
    """
    scoring = Scoring(classifier, output, missing, num_threads)
    rows = _checked(rows, columns)
    if not _is_array(rows):
        rows = rows[scoring.in_model_order(list(rows.columns))]
    model = dask.delayed(scoring, name=f"kernad-model-{scoring.key}", traverse=False)
    if not _is_array(rows):
        return rows.map_partitions(_score_frame, model, meta=_series(scoring, np.empty(0), rows._meta.index))
    return rows.map_blocks(_score_array, model, dtype=scoring.dtype, drop_axis=1, meta=np.empty(0, scoring.dtype))


def _score_array(
    block: npt.NDArray[Any], scoring: Scoring, block_info: dict[Any, Any] | None = None
) -> npt.NDArray[Any]:
    place = (block_info or {}).get(0)
    if place is None:
        return scoring(block, str)
    first, number = place["array-location"][0][0], place["chunk-location"][0]
    if np.isnan(first):
        return scoring(block, lambda i: f"{i} of chunk {number}")
    return scoring(block, lambda i: str(int(first) + i))


def _score_frame(frame: Any, scoring: Scoring) -> Any:
    scores = scoring(frame, lambda i: f"{i} of a partition (index {frame.index[i]!r})")
    return _series(scoring, scores, frame.index)


def _series(scoring: Scoring, values: npt.NDArray[Any], index: Any) -> Any:
    import pandas

    return pandas.Series(values, index=index, name=scoring.output, dtype=scoring.dtype)


def _is_array(rows: Any) -> bool:
    return isinstance(rows, dask.array.Array)


def _checked(rows: Any, columns: Sequence[str] | None) -> Any:
    """The rows, with whole rows in each chunk, or with the columns asked for."""
    if _is_array(rows):
        if rows.ndim != 2:
            raise InvalidInput(f"rows: the array has shape {rows.shape}; rows x columns are needed")
        if columns is not None:
            raise InvalidInput("columns names the features of a frame; rows is an array (take its columns by position)")
        return rows if rows.numblocks[1] == 1 else rows.rechunk({1: -1})
    frames = sys.modules.get("dask.dataframe")  # a caller with a frame has imported it
    if frames is None or not isinstance(rows, frames.DataFrame):
        raise TypeError(
            f"rows is a {type(rows).__name__}; a dask.array.Array or dask.dataframe.DataFrame is needed (KDEClassifier "
            "itself takes what is in memory)"
        )
    return rows if columns is None else rows[_engines.chosen_columns(list(rows.columns), columns)]


def _partitions(rows: Any) -> list[Any]:
    return list(rows.to_delayed().ravel()) if _is_array(rows) else list(rows.to_delayed())


def _counts(rows: Any) -> list[int]:
    """The number of rows of each partition."""
    if _is_array(rows) and not np.isnan(rows.chunks[0]).any():
        return [int(count) for count in rows.chunks[0]]
    count: Callable[[Any], Any] = dask.delayed(len)
    return [int(n) for n in dask.compute(*map(count, _partitions(rows)))]
