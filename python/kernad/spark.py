"""Fit and score DataFrames of Spark. Needs PySpark with pyarrow, and kernad on every executor.

Rows are read by the executors, partition by partition, and never gathered: a fit gathers a sample of them. Their order
is that of ``collect()``: partition after partition.
"""

from __future__ import annotations

import functools
import math
import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kernad import _engines
from kernad._columns import Missing
from kernad._engines import Output, Sampling, Scoring
from kernad._errors import InvalidInput
from kernad.classifier import KDEClassifier
from kernad.sketch import Sketch

try:
    import pyarrow
    from pyspark import TaskContext
    from pyspark.sql import functions, types
except ImportError as error:
    raise ImportError("kernad.spark needs PySpark: pip install 'pyspark[sql]', and Java 17 or newer") from error


def sketch(
    rows: Any,
    *,
    columns: Sequence[str] | None = None,
    max_training_points: int = 40000,
    seed: int = 0,
    all_rows: bool = False,
) -> Sketch:
    """The training sample of a DataFrame, which ``KDEClassifier.fit`` and ``calibrate`` take in place of the rows.

    The rows are read twice: the partitions are counted first, then sampled.

    Args:
        rows: a DataFrame of N rows.
        columns: the names of the features: columns of numbers, or of arrays of numbers, which all have one length;
            those of an array ``v`` are called ``v[0]``, ``v[1]``, .... Default: all.
        max_training_points: as of ``kernad.Sketch``.
        seed: as there.
        all_rows: as there.

    Raises:
        ValueError: NaN, infinity or null (with the number of the row in the data set), other columns, or partitions
            that have other rows each time they are read.
        TypeError: rows of another kind.
    """
    _require_frame(rows)
    chosen = _engines.chosen_columns(rows.columns, columns)
    places = [list(rows.columns).index(name) for name in chosen]
    held = rows.storageLevel.useMemory or rows.storageLevel.useDisk
    rows = _plain(rows).select([f"c{i}" for i in places])
    names = () if any(_is_array(field) for field in rows.schema) else tuple(chosen)
    sampling = Sampling(max_training_points, seed, names, all_rows, tuple(chosen))
    counts = _counts(rows, held)
    task = functools.partial(_sketch_partition, sketch_of=_engines.sketch_of, counts=counts, sampling=sampling)
    parts = rows.mapInArrow(task, "part binary")
    left = len(counts)
    while left > _engines.FAN_IN:
        left = math.ceil(left / _engines.FAN_IN)
        parts = parts.repartition(left).mapInArrow(_merge_partition, "part binary")
    return _engines.finished([pickle.loads(row.part) for row in parts.collect()])


def fit(
    classifier: KDEClassifier, rows: Any, *, columns: Sequence[str] | None = None, target_fpr: float | None = None
) -> bool:
    """Fit the classifier to a DataFrame: the model has the bytes of a fit of ``rows.toArrow()``.

    Args:
        classifier: any; the fit itself runs in the driver, with the classifier's threads.
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
    """Score a DataFrame, lazily: nothing is computed before an action.

    Args:
        classifier: a fitted one, as it is now. A Python worker loads it once.
        rows: a DataFrame of M rows. Columns are matched by the names of the model.
        columns: the features, as of ``sketch``, of a DataFrame that has other columns as well.
        output: ``"log_density"``, ``"probability"``, ``"p_value"`` or ``"label"``.
        missing: ``"skip"``: NaN for a row with NaN or null.
        num_threads: of each task. Set ``spark.task.cpus`` to as many.

    Returns:
        ``rows`` with one more column, which is called as ``output``: doubles, or booleans for labels unless rows are
        skipped, with the bits that the classifier gives in one process.

    Raises:
        NotFittedError: there is no model, or it lacks the calibration or threshold for ``output``.
        ValueError: other columns, or a column that is called as ``output``. What is wrong with a row is raised by the
            action, in Spark's PythonException, with its number in its partition.
    """
    _require_frame(rows)
    scoring = Scoring(classifier, output, missing, num_threads)
    if output in rows.columns:
        raise InvalidInput(f"rows: there is a column {output!r} already; rename it, or drop it")
    chosen = _engines.chosen_columns(rows.columns, columns)
    fields = {field.name: field for field in rows.schema}
    if not any(_is_array(fields[name]) for name in chosen):
        chosen = scoring.in_model_order(chosen)
    scoring.columns = tuple(chosen)
    kind = types.BooleanType() if scoring.dtype == bool else types.DoubleType()
    schema = types.StructType([*rows.schema.fields, types.StructField(output, kind)])
    task = functools.partial(_score_partition, scoring=scoring, names=list(rows.columns))
    return _plain(rows).mapInArrow(task, schema)


def _sketch_partition(
    batches: Iterator[Any], sketch_of: Callable[..., Any], counts: dict[int, tuple[int, int]], sampling: Sampling
) -> Iterator[Any]:
    number = _partition()
    first, count = counts.get(number, (0, 0))
    named = (batch.rename_columns(list(sampling.columns or ())) for batch in batches)
    yield _batch(sketch_of(named, number, first, count, sampling))


def _merge_partition(batches: Iterator[Any]) -> Iterator[Any]:
    parts = [pickle.loads(part.as_py()) for batch in batches for part in batch.column(0)]
    if parts:
        yield _batch(_engines.merge(parts))


def _batch(part: Any) -> Any:
    return pyarrow.RecordBatch.from_pydict({"part": [pickle.dumps(part)]})


def _score_partition(batches: Iterator[Any], scoring: Scoring, names: list[str]) -> Iterator[Any]:
    number, row = _partition(), 0
    for batch in batches:
        if len(batch):
            table = pyarrow.Table.from_batches([batch]).rename_columns(names)
            scores = scoring(table, functools.partial(_row_name, row, number))
            yield from table.append_column(scoring.output, pyarrow.array(scores)).to_batches()
        row += len(batch)


def _row_name(first: int, partition: int, i: int) -> str:
    return f"{first + i} of partition {partition}"


def _count_partition(batches: Iterator[Any]) -> Iterator[Any]:
    yield pyarrow.RecordBatch.from_pydict({"number": [_partition()], "count": [sum(map(len, batches))]})


def _partition() -> int:
    context = TaskContext.get()
    return -1 if context is None else int(context.partitionId())


def _counts(rows: Any, held: bool) -> dict[int, tuple[int, int]]:
    """Of each partition: the number of its first row, and how many it has.

    Unless the rows are persisted, a hash, 8 bytes a row, uses every column, so that the partitions are those that are read
    later: Spark may join small ones, and decides by the size of the columns that a query reads.
    """
    one = functions.lit(0) if held else functions.xxhash64("*")
    counted = rows.select(one.alias("one")).mapInArrow(_count_partition, "number long, count long").collect()
    counts: dict[int, tuple[int, int]] = {}
    first = 0
    for number, count in sorted(map(tuple, counted)):
        counts[number] = (first, count)
        first += count
    return counts


def _is_array(field: Any) -> bool:
    return isinstance(field.dataType, types.ArrayType)


def _plain(rows: Any) -> Any:
    """The rows with names that Spark takes for nothing else, as it does those with dots or brackets."""
    return rows.toDF(*(f"c{i}" for i in range(len(rows.columns))))


def _require_frame(rows: Any) -> None:
    if not hasattr(rows, "mapInArrow"):
        raise TypeError(f"rows is a {type(rows).__name__}; a pyspark.sql.DataFrame is needed")
