"""The training sample of a data set that exceeds memory, or that is spread over several machines."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, ExactRows, as_weights, exact_rows, to_rows
from kernad._calls import path_bytes, whole_number
from kernad._columns import in_order, require_finite
from kernad._errors import InvalidInput, InvalidParameter
from kernad._options import is_true
from kernad._stage_state import reading_pickle
from kernad._tables import require_unmasked

if TYPE_CHECKING:
    from typing_extensions import Self


class Sketch:
    """The part of a data set that a fit needs: a sample of its rows, gathered block by block or on several machines.

    ``KDEClassifier.fit`` and ``calibrate`` take a sketch in place of the rows, and give the same bits as with all rows
    at once, for any division into blocks and parts and in any order. A sketch records which rows were added, so that
    none counts twice, even if a worker is restarted. It can be pickled.

    Args:
        max_training_points, seed: as of the KDEClassifier that is to be fitted. Memory: at most that many rows of 4
            bytes a value, and 8 more where values are float64 that float32 does not hold.
        column_names: the columns in the order of the model, by which rows with names are matched from the first on.
            Default: as the first rows have them. Parts that may have their columns in another order need the names to
            be merged.
        all_rows: as of the KDEClassifier: also gather what its components and column scales need of all rows, some 50
            bytes for each pair of columns.

    Example:
        >>> import numpy as np, kernad
        >>> blocks = [np.random.default_rng(i).normal(size=(1000, 8)) for i in range(3)]
        >>> parts = []
        >>> for i, block in enumerate(blocks):  # each may run on a machine of its own
        ...     parts.append(kernad.Sketch(max_training_points=500).add(block, first_row=1000 * i))
        >>> sketch = kernad.Sketch.merged(reversed(parts))
        >>> classifier = kernad.KDEClassifier(n_pca_components=4, max_training_points=500)
        >>> import warnings; warnings.simplefilter("ignore", kernad.FitWarning)  # that there is a sample
        >>> classifier.fit(sketch)
        True
        >>> whole = kernad.KDEClassifier(n_pca_components=4, max_training_points=500)
        >>> whole.fit(np.concatenate(blocks))
        True
        >>> bool((whole.predict(blocks[0]) == classifier.predict(blocks[0])).all())
        True
    """

    def __init__(
        self,
        *,
        max_training_points: int = 40000,
        seed: int = 0,
        column_names: Sequence[str] = (),
        all_rows: bool = False,
    ) -> None:
        self.max_training_points = whole_number(max_training_points, "max_training_points", 2)
        self.seed = whole_number(seed, "seed", 0)
        self.all_rows = is_true(all_rows, "all_rows")
        self._names = tuple(str(name) for name in column_names)
        self._sketch: _core.Sketch | None = None  # until the number of columns is known

    @classmethod
    def merged(cls, parts: Iterable[Sketch]) -> Self:
        """The union of the parts, at least one, which are not changed. Raises as ``merge`` does."""
        result: Self | None = None
        for part in parts:
            if result is None:
                result = cls(max_training_points=part.max_training_points, seed=part.seed, all_rows=part.all_rows)
            result.merge(part)
        if result is None:
            raise InvalidParameter("there are no sketches to merge; one at least is needed")
        return result

    def add(
        self,
        rows: ArrayLike,
        first_row: int | None = None,
        *,
        names: Sequence[str] | None = None,
        left_out: ArrayLike | None = None,
        weights: ArrayLike | None = None,
    ) -> Self:
        """Add rows ``first_row``, ``first_row`` + 1, ... of the data set.

        Args:
            rows: n x D. Columns with names are matched by those of the first rows.
            first_row: where they stand in the data set, from 0; default: below those added so far.
            names: n texts that say what the rows are called.
            left_out: n bools: rows that are counted, but not trained on, such as anomalous ones. They may hold NaN.
            weights: how often each row counts, n whole numbers of 0 or more: the sketch is that of the rows repeated,
                so that the row below one of weight 3 stands three places further in the data set. A fit equals one of
                all rows with their ``sample_weight``. Not with ``all_rows``.

        Returns:
            The sketch itself.

        Raises:
            ValueError: another number of columns than before, NaN or infinity (with the row's number in the data set),
                rows that the sketch has seen, names, marks or weights of another number, or weights that are no whole
                numbers. The sketch is then unchanged.
        """
        given = to_rows(rows, "rows")
        names_of_columns = list(self.column_names or given.names)
        array = in_order(given, self.column_names, "rows")
        first = self.ranges[-1][1] if first_row is None and self.ranges else first_row or 0
        require_unmasked(left_out, "left_out")
        first = whole_number(first, "first_row", 0)
        marks = np.asarray([] if left_out is None else left_out)
        if marks.ndim != 1:
            raise InvalidInput(f"left_out has shape {marks.shape}; one bool a row is needed")
        marks = np.ascontiguousarray(marks, dtype=np.bool_)
        counts = _counts(weights, len(array))
        if given.names and len(marks) in (0, len(array)):

            def place(row: int) -> str:
                return str(first + (int(counts[:row].sum(dtype=np.uint64)) if len(counts) else row))

            require_finite(array, names_of_columns, "rows", place, marks if len(marks) else None)
        array = _rows_for_core(array)
        if self._sketch is None:
            sketch = _core.Sketch(array.shape[1], self.max_training_points, self.seed, self.all_rows)
            sketch.column_names = names_of_columns
        else:
            sketch = self._sketch
        sketch.add(array, first, marks.view(np.uint8), [] if names is None else [str(name) for name in names], counts)
        self._sketch = sketch
        return self

    def merge(self, other: Sketch) -> Self:
        """Add all that another sketch of the same data set has seen, and return the sketch itself.

        Raises:
            ValueError: other parameters or columns, or rows that both have seen. The sketch is then unchanged.
        """
        if not isinstance(other, Sketch):
            raise TypeError(f"a {type(other).__name__} cannot be merged into a Sketch; another Sketch is needed")
        if other._sketch is None:
            return self
        if self._sketch is None:
            empty = _core.Sketch(other._sketch.columns, self.max_training_points, self.seed, self.all_rows)
            empty.column_names = list(self._names or other._sketch.column_names)
            empty.merge(other._sketch)
            self._sketch = empty
        else:
            self._sketch.merge(other._sketch)
        return self

    def forget(self, names: Iterable[object]) -> list[str]:
        """Forget rows, as if they had been left out when they were added; a fit then equals one without them.

        If the sketch has seen more rows than it keeps, ``max_training_points`` becomes smaller by the number of rows
        forgotten: the others are still the sample of that size.

        Args:
            names: of all rows to forget, or, where rows have no names, their numbers in the data set.

        Returns:
            The names of no row that it kept: rows that were left out, not sampled, or never there.

        Raises:
            InvalidInput: less than two rows would be left of a sample, or a name that no row can have had, because the
                sketch keeps all rows that were added; or a sample with ``all_rows``, which knows the extremes of all
                rows and could not take them back. It is then unchanged.
        """
        if isinstance(names, (str, bytes)):
            raise TypeError("names is one text; a list of names is needed")
        core = self._of()
        _, not_kept = core.forget([str(name) for name in names])
        self.max_training_points = core.max_training_points
        return not_kept

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns, as given or as the first rows had them; empty if they have none."""
        return self._names if self._sketch is None else tuple(self._sketch.column_names)

    @property
    def rows_seen(self) -> int:
        """Rows added, without those left out."""
        return 0 if self._sketch is None else self._sketch.rows_seen

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Which rows of the data set have been added: (first, one past the last) for each range without a gap."""
        return [] if self._sketch is None else self._sketch.ranges

    @property
    def rows(self) -> npt.NDArray[np.float32]:
        """The rows of the sample, in the order of the data set, in float32."""
        return self._of().rows()

    @property
    def row_numbers(self) -> npt.NDArray[np.uint64]:
        """Their numbers in the data set."""
        return np.asarray(self._of().row_numbers(), dtype=np.uint64)

    @property
    def row_names(self) -> list[str]:
        """Their names; empty if they have none."""
        return self._of().row_names()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a .safetensors file, completely or not at all. Raises WriteError."""
        self._of().save(path_bytes(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The sketch in such a file. Raises ReadError for anything wrong with it."""
        return cls._holding(_core.Sketch.load(path_bytes(path)))

    @classmethod
    def _holding(cls, core: _core.Sketch) -> Self:
        result = cls(max_training_points=core.max_training_points, seed=core.seed, all_rows=core.all_rows)
        result._sketch = core
        return result

    def _of(self) -> _core.Sketch:
        if self._sketch is None:
            raise InvalidInput("the sketch has seen no rows")
        return self._sketch

    def _exact_rows(self) -> ExactRows:
        """``rows``, in float64 where float32 does not hold a value. docs/formats.md has the format."""
        data = self._of().to_bytes()
        start = 8 + int.from_bytes(data[:8], "little")
        place = json.loads(data[8:start]).get("sketch.rest")
        if place is None:
            return self.rows
        begin, end = place["data_offsets"]
        rest = np.frombuffer(data[start + begin : start + end], dtype="<f8").reshape(place["shape"])
        exact: npt.NDArray[np.float64] = self.rows + rest
        return exact

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["_sketch"] = None if self._sketch is None else self._sketch.to_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            self.__dict__.update(state)
            self.all_rows = is_true(state.get("all_rows", False), "all_rows")  # none in older pickles
            self._names = tuple(name + "" for name in state["_names"])  # texts alone can be joined
            if state["_sketch"] is not None:
                self._sketch = _core.Sketch.from_bytes(state["_sketch"])

    def __repr__(self) -> str:
        kept = 0 if self._sketch is None else len(self._sketch.row_numbers())
        return f"{type(self).__name__}(rows_seen={self.rows_seen}, rows kept={kept}, seed={self.seed})"


def _counts(weights: ArrayLike | None, rows: int) -> npt.NDArray[np.uint32]:
    """How often each row counts, or none."""
    if weights is None:
        return np.empty(0, np.uint32)
    require_unmasked(weights, "weights")
    numbers = as_weights(weights, rows, "weights")
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers == np.floor(numbers)) & (numbers < 2**32)))
    if wrong.size:
        raise InvalidInput(
            f"the weight of row {wrong[0]} is {numbers[wrong[0]]}; valid in a sketch: whole numbers from 0 to 4294967295"
        )
    return numbers.astype(np.uint32)


def _rows_for_core(array: npt.NDArray[Any]) -> ExactRows:
    """As ``exact_rows``; doubles beyond float32 are left to the core, which knows the rows' numbers in the data set."""
    if array.ndim == 2 and array.dtype.kind == "f" and array.dtype.itemsize == 8:
        return np.ascontiguousarray(array, dtype=np.float64)
    return exact_rows(array, "rows")
