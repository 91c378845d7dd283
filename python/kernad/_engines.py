"""What ``kernad.dask``, ``kernad.ray`` and ``kernad.spark`` share: the work on a partition, and what comes of it.

What runs on a worker depends on its arguments alone, so that an engine may repeat it.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from kernad._arrays import Given, exact_rows, to_rows
from kernad._calls import whole_number
from kernad._columns import Missing, in_order, require_finite, require_missing
from kernad._errors import InvalidInput, InvalidParameter, NotFittedError
from kernad.classifier import KDEClassifier
from kernad.scorer import Scorer
from kernad.sketch import Sketch

Output: TypeAlias = Literal["log_density", "probability", "p_value", "label"]
"""What is wanted of each row."""

Part: TypeAlias = "Sketch | InvalidInput"
"""The sketch of some partitions, or what is wrong with a row of theirs. An error is a result here, since an engine
would run a task that raises it again, in vain."""

T = TypeVar("T")

FAN_IN = 8
"""How many sketches one task merges. More would make it hold more of them in memory, fewer would ship more bytes."""

_KEPT = 4  # models that a process keeps loaded


class Sampling(NamedTuple):
    """How all partitions are sampled."""

    max_training_points: int
    seed: int
    names: tuple[str, ...]
    """The names of the columns; none where they have none, or where only the rows tell."""
    all_rows: bool = False
    """As of the classifier."""
    columns: tuple[str, ...] | None = None
    """Which columns of Arrow tables to read; None: blocks are of another kind, and read whole."""


def sketch_of(blocks: Iterable[Any], partition: int, first: int, count: int, sampling: Sampling) -> Part:
    """The sketch of one partition.

    Args:
        blocks: its rows.
        partition: its number, for messages.
        first: the number of its first row in the data set.
        count: its rows, as they were counted.
        sampling: as for every partition.
    """
    sketch = Sketch(
        max_training_points=sampling.max_training_points,
        seed=sampling.seed,
        column_names=sampling.names,
        all_rows=sampling.all_rows,
    )
    row = first
    try:
        for block in blocks:
            if len(block) == 0:
                continue
            if sampling.columns is not None:
                block = features_of(block, sampling.columns, functools.partial(_counted_from, row))
            sketch.add(block, row)
            row += len(block)
    except InvalidInput as error:
        return InvalidInput(f"{error} (partition {partition}, which begins at row {first})")
    if row != first + count:
        return InvalidInput(
            f"partition {partition} had {count} rows when they were counted and {row - first} when they were read; the "
            "rows must be the same whenever they are read: persist them, or write them to files, and use those"
        )
    return sketch


def _counted_from(first: int, i: int) -> str:
    return str(first + i)


def merge(parts: Iterable[Part]) -> Part:
    """The union of sketches; an error of any stands for all."""
    known = list(parts)
    wrong = [part for part in known if isinstance(part, InvalidInput)]
    if wrong:
        return min(wrong, key=str)
    try:
        return Sketch.merged(part for part in known if isinstance(part, Sketch))
    except InvalidInput as error:
        return error


def finished(parts: Sequence[Part]) -> Sketch:
    """The sketch of the whole data set. Raises InvalidInput for what is wrong with its rows, and where it has none."""
    whole = merge(parts) if parts else InvalidInput("the data set has no rows")
    if isinstance(whole, InvalidInput):
        raise whole
    return whole


class MergeTree(Generic[T]):
    """Merges results that an engine will have, ``FAN_IN`` at a time, as soon as so many of one level are known.

    merge: starts the task that merges a list of results, and returns what stands for its own.
    """

    def __init__(self, merge: Callable[[list[T]], T]) -> None:
        self._merge = merge
        self._levels: list[list[T]] = []

    def add(self, part: T) -> None:
        """Take one more."""
        for level in self._levels:
            level.append(part)
            if len(level) < FAN_IN:
                return
            part = self._merge(level.copy())
            level.clear()
        self._levels.append([part])

    def rest(self) -> list[T]:
        """What remains to be merged: at most ``FAN_IN`` results."""
        left = [part for level in self._levels for part in level]
        while len(left) > FAN_IN:
            left = [self._merge(left[i : i + FAN_IN]) for i in range(0, len(left), FAN_IN)]
        return left


def fit(classifier: KDEClassifier, sketch: Callable[[int, int, bool], Sketch], target_fpr: float | None) -> bool:
    """``fit``, and ``calibrate`` where a rate is given, of the sketch for (max_training_points, seed, all_rows)."""
    if not isinstance(classifier, KDEClassifier):
        raise TypeError(f"classifier is a {type(classifier).__name__}; a kernad.KDEClassifier is needed")
    sample = sketch(classifier.max_training_points, classifier.seed, classifier.all_rows)
    fitted = classifier.fit(sample)
    if fitted and target_fpr is not None:
        classifier.calibrate(sample, target_fpr=target_fpr)
    return fitted


def chosen_columns(found: Sequence[str], columns: Sequence[str] | None) -> list[str]:
    """The names in ``columns``, or all. Raises InvalidInput for one that is not there, or is there twice."""
    if isinstance(columns, str):
        raise TypeError(f"columns is the text {columns!r}; a list of names is needed")
    wanted = list(found if columns is None else columns)
    for i, name in enumerate(wanted):
        if name not in found:
            raise InvalidInput(f"rows: there is no column {name!r}; valid: {', '.join(map(repr, found))}")
        if name in wanted[:i] or list(found).count(name) > 1:
            raise InvalidInput(f"rows: two columns are called {name!r}; every name must be there once")
    if not wanted:
        raise InvalidInput("rows: no columns; one at least is needed")
    return wanted


class Scoring:
    """Scores blocks of rows on a worker. It travels as a pickle, from which a process loads a model only once.

    Args:
        classifier: a fitted one.
        output: what is wanted of each row.
        missing: as of ``KDEClassifier.predict``.
        num_threads: of each call.

    Raises:
        NotFittedError: there is no model, or it lacks the calibration or threshold that ``output`` needs.
    """

    def __init__(self, classifier: KDEClassifier, output: Output, missing: Missing, num_threads: int) -> None:
        if not isinstance(classifier, KDEClassifier):
            raise TypeError(f"classifier is a {type(classifier).__name__}; a kernad.KDEClassifier is needed")
        if output not in _OUTPUTS:
            raise InvalidParameter(f"output is {output!r}; valid: {', '.join(map(repr, _OUTPUTS))}")
        require_missing(missing)
        if not classifier.is_fitted:
            raise NotFittedError("there is no model: call fit, or load one")
        self.output: Output = output
        self.missing: Missing = missing
        self.num_threads = whole_number(num_threads, "num_threads", 1, 1024)
        self.names = tuple(classifier._core.column_names)
        self._left_out = tuple(classifier._core.left_out_columns)
        self._model = pickle.dumps(classifier)
        self._digest = hashlib.sha256(self._model).hexdigest()
        self.key = f"{output}-{missing}-{num_threads}-{self._digest}"
        """Differs from that of any other."""
        self.dtype = _OUTPUTS[output](classifier, np.zeros(1), missing).dtype
        """The results' type."""
        self.columns: tuple[str, ...] | None = None
        """As of Sampling."""

    def in_model_order(self, found: Sequence[str]) -> list[str]:
        """The columns to read of those found, as the model has them: by name if it has names.

        Raises:
            InvalidInput: a column of the model is missing, or one is unknown to it.

        Warns:
            DataWarning: if they are in another order.
        """
        positions = Given(np.arange(len(found)).reshape(1, -1), lambda result: result, tuple(found))
        return [found[i] for i in in_order(positions, self.names, "rows", self._left_out)[0]]

    def __call__(self, block: Any, row_name: Callable[[int], str]) -> npt.NDArray[Any]:
        """The output for each row. row_name: what messages call a row of the block."""
        if self.columns is not None:
            block = features_of(block, self.columns, row_name)
        given = to_rows(block, "rows")
        array = in_order(given, self.names, "rows", self._left_out)
        if self.missing == "refuse":
            require_finite(array, (self.names or given.names) if given.names else (), "rows", row_name)
        classifier = _loaded(self)
        scorer = _scorer(classifier, self.num_threads)
        scores = scorer.log_density(exact_rows(array, "rows"), missing=self.missing)
        return _OUTPUTS[self.output](classifier, scores, self.missing)


_OUTPUTS: dict[str, Callable[[KDEClassifier, Any, Missing], npt.NDArray[Any]]] = {
    "log_density": lambda classifier, scores, missing: scores,
    "probability": lambda classifier, scores, missing: classifier.compute_probabilities(scores, missing=missing),
    "p_value": lambda classifier, scores, missing: classifier.p_values(scores, missing=missing),
    "label": lambda classifier, scores, missing: classifier.labels(scores, missing=missing),
}


_loading = threading.Lock()
_models: dict[str, KDEClassifier] = {}
_of_thread = threading.local()


def _loaded(scoring: Scoring) -> KDEClassifier:
    """The process's own copy of the model; the oldest gives way where a process has scored with many."""
    with _loading:
        if scoring._digest not in _models:
            while len(_models) >= _KEPT:
                del _models[next(iter(_models))]
            _models[scoring._digest] = pickle.loads(scoring._model)
        return _models[scoring._digest]


def _scorer(classifier: KDEClassifier, num_threads: int) -> Scorer:
    """The thread's own scorer, since threads that share one take turns; the model is shared."""
    if not hasattr(_of_thread, "scorer"):
        _of_thread.scorer = functools.lru_cache(_KEPT)(lambda model, threads: Scorer(model, num_threads=threads))
    scorer: Scorer = _of_thread.scorer(classifier, num_threads)
    return scorer


def features_of(table: Any, columns: Sequence[str], row_name: Callable[[int], str]) -> Any:
    """The columns of an Arrow table as kernad reads them: lists that have one length in fact have it by their type.

    Raises:
        InvalidInput: a list has another length than the longest of its column.
    """
    import pyarrow as pa

    chosen = (pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table).select(list(columns))
    for i, field in enumerate(chosen.schema):
        if pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
            chosen = chosen.set_column(i, field.name, _of_one_length(chosen.column(i), field, row_name))
    return chosen


def _of_one_length(column: Any, field: Any, row_name: Callable[[int], str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column)
    longest = pc.max(lengths).as_py()
    if not longest:
        raise InvalidInput(f"rows: row {row_name(0)}, column {field.name!r} holds no values")
    other = pc.index(pc.not_equal(lengths, longest), True).as_py()
    if other >= 0:
        raise InvalidInput(
            f"rows: row {row_name(other)}, column {field.name!r} holds {lengths[other]} values, and another row "
            f"{longest}; every row must hold as many"
        )
    return column.cast(pa.list_(field.type.value_type, longest))
