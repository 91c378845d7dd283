"""Fit and score data sets of Ray Data. Needs Ray, and kernad on every node.

Rows are read by Ray's workers, block by block, and never gathered: a fit gathers a sample of them. Their order is that
of ``take_all()`` with ``preserve_order``, which a fit sets: block after block, as they are in the sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kernad import _engines
from kernad._columns import Missing
from kernad._engines import MergeTree, Output, Part, Sampling, Scoring
from kernad._errors import InvalidInput
from kernad.classifier import KDEClassifier
from kernad.sketch import Sketch

try:
    import pyarrow
    import ray
    import ray.data
    from ray.data.block import BlockAccessor
except ImportError as error:
    raise ImportError("kernad.ray needs Ray Data: pip install 'ray[data]'") from error

_AT_ONCE = 256
"""Blocks that wait for a worker, at most; a data set is read no faster than it is sampled."""


def sketch(
    rows: Any,
    *,
    columns: Sequence[str] | None = None,
    max_training_points: int = 40000,
    seed: int = 0,
    all_rows: bool = False,
) -> Sketch:
    """The training sample of a data set, which ``KDEClassifier.fit`` and ``calibrate`` take in place of the rows.

    Args:
        rows: a ``ray.data.Dataset`` of N rows.
        columns: the names of the features: columns of numbers, or of tensors or lists of one length; the values of such
            a column ``v`` are called ``v[0]``, ``v[1]``, .... Default: all.
        max_training_points: as of ``kernad.Sketch``.
        seed: as there.
        all_rows: as there.

    Raises:
        ValueError: NaN, infinity or null (with the number of the row in the data set), or other columns.
        TypeError: rows of another kind.
    """
    chosen, names = _chosen(rows, columns)
    sampling = Sampling(max_training_points, seed, names, all_rows, tuple(chosen))
    one = ray.remote(_sketch_block)
    union = ray.remote(_merge)
    tree: MergeTree[Any] = MergeTree(lambda parts: union.remote(*parts))
    waiting: list[Any] = []
    first = 0
    for i, (block, rows_of_it, count) in enumerate(_blocks_in_order(rows)):
        part = one.remote(block, rows_of_it, _engines.sketch_of, (i, first, count), sampling)
        tree.add(part)
        first += count
        waiting.append(part)
        if len(waiting) >= _AT_ONCE:
            _, waiting = ray.wait(waiting, num_returns=_AT_ONCE // 2)
    parts: list[Part] = ray.get(tree.rest())
    return _engines.finished(parts)


def fit(
    classifier: KDEClassifier, rows: Any, *, columns: Sequence[str] | None = None, target_fpr: float | None = None
) -> bool:
    """Fit the classifier to a data set: the model has the bytes of a fit of all its rows in their order.

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
    """Score a data set, lazily: nothing is computed before it is consumed.

    Args:
        classifier: a fitted one, as it is now. A worker process loads it once.
        rows: a ``ray.data.Dataset`` of M rows. Columns are matched by the names of the model.
        columns: the features, as of ``sketch``, of a data set that has other columns as well.
        output: ``"log_density"``, ``"probability"``, ``"p_value"`` or ``"label"``.
        missing: ``"skip"``: NaN for a row with NaN or null.
        num_threads: of each task, which reserves as many CPUs.

    Returns:
        ``rows`` with one more column, which is called as ``output``: doubles, or booleans for labels unless rows are
        skipped, with the bits that the classifier gives in one process.

    Raises:
        NotFittedError: there is no model, or it lacks the calibration or threshold for ``output``.
        ValueError: other columns, or a column that is called as ``output``. What is wrong with a row is raised as the
            data set is consumed, with its number in its batch.
    """
    scoring = Scoring(classifier, output, missing, num_threads)
    chosen, names = _chosen(rows, columns)
    if output in rows.columns():
        raise InvalidInput(f"rows: there is a column {output!r} already; rename it, or drop it")
    scoring.columns = tuple(scoring.in_model_order(chosen) if names else chosen)
    # Tasks, whose processes keep the model as actors would: actors on all CPUs leave none to tasks that they wait for.
    return rows.map_batches(
        _score_batch,
        fn_args=(ray.put(scoring),),
        batch_format="pyarrow",
        batch_size=None,
        num_cpus=num_threads,
    )


def _score_batch(batch: Any, model: Any) -> Any:
    scoring: Scoring = ray.get(model)
    scores = scoring(_readable(batch), lambda i: f"{i} of a batch")
    return batch.append_column(scoring.output, pyarrow.array(scores))


def _sketch_block(
    block: Any, part: slice, sketch_of: Callable[..., Part], place: tuple[int, int, int], sampling: Sampling
) -> Part:
    table = BlockAccessor.for_block(block).to_arrow()
    return sketch_of([_readable(table[part])], *place, sampling)


def _merge(*parts: Part) -> Part:
    return _engines.merge(parts)


def _blocks_in_order(rows: Any) -> Iterator[tuple[Any, slice, int]]:
    """Each block that Ray has ready, which of its rows count, and how many these are, in the order of the sources."""
    options = rows.context.execution_options
    before, options.preserve_order = options.preserve_order, True
    try:
        for bundle in rows.iter_internal_ref_bundles():
            slices = bundle.slices or [None] * len(bundle.block_refs)
            for block, metadata, part in zip(bundle.block_refs, bundle.metadata, slices, strict=True):
                first, last = (0, metadata.num_rows) if part is None else (part.start_offset, part.end_offset)
                yield block, slice(first, last), last - first
    finally:
        options.preserve_order = before


def _chosen(rows: Any, columns: Sequence[str] | None) -> tuple[list[str], tuple[str, ...]]:
    """The columns to read, and the names of the features; none where a column holds several."""
    if not isinstance(rows, ray.data.Dataset):
        raise TypeError(f"rows is a {type(rows).__name__}; a ray.data.Dataset is needed")
    schema = rows.schema()
    if schema is None:
        raise InvalidInput("the data set has no rows")
    chosen = _engines.chosen_columns(schema.names, columns)
    types = dict(zip(schema.names, schema.types, strict=True))
    return chosen, () if any(_holds_many(types[name]) for name in chosen) else tuple(chosen)


def _holds_many(kind: Any) -> bool:
    return isinstance(kind, pyarrow.DataType) and (
        pyarrow.types.is_nested(kind) or isinstance(kind, pyarrow.BaseExtensionType)
    )


def _readable(table: Any) -> Any:
    """The table with Ray's own columns of tensors as lists of one length, one a row."""
    for i, field in enumerate(table.schema):
        if isinstance(field.type, pyarrow.BaseExtensionType):
            values = BlockAccessor.for_block(table).to_numpy([field.name])[field.name]
            rows = values.reshape(len(values), -1)
            lists = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(rows.ravel()), rows.shape[1])
            table = table.set_column(i, field.name, lists)
    return table
