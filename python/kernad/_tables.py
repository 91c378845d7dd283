"""Tables: data with named columns of numbers. pandas by its own interface, all others by Arrow's
(``kernad._arrow``)."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernad._arrow import has_arrow, read_arrow
from kernad._errors import InvalidInput


class Table(NamedTuple):
    """Numbers by row and column; a value that is missing is NaN."""

    values: npt.NDArray[Any]
    names: tuple[str, ...]
    """Names of the columns; empty unless all are texts."""


def as_table(values: Any, what: str) -> Table | None:
    """The values as a table; None if they are not one.

    Raises:
        InvalidInput: a column does not hold real numbers, or two have one name; with the column, and the row.
    """
    pandas = sys.modules.get("pandas")  # a caller with a frame has imported pandas; kernad itself never does
    if pandas is not None and isinstance(values, pandas.DataFrame):
        return _distinct(_of_pandas(values, pandas, what), what)
    if pandas is not None and isinstance(values, (pandas.Series, pandas.Index)):
        return Table(read_arrow(values, what)[0], ()) if _is_nested(values.dtype) else None
    if isinstance(values, np.ndarray):
        return _distinct(_of_records(values, what), what) if values.dtype.names else None
    return _distinct(Table(*read_arrow(values, what)), what) if has_arrow(values) else None


def names_of(labels: Any) -> tuple[str, ...]:
    """The labels as names of columns: none unless all are texts."""
    return tuple(str(label) for label in labels) if all(isinstance(label, str) for label in labels) else ()


def _of_pandas(frame: Any, pandas: Any, what: str) -> Table:
    if any(_is_nested(dtype) for dtype in frame.dtypes):
        return Table(*read_arrow(frame, what))
    for label, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if (held := _no_numbers(dtype, pandas)) is not None:
            raise InvalidInput(f"{what}: column {label!r} {held}")
    narrow = all(_fits_float32(dtype) for dtype in frame.dtypes)
    dtype = np.float32 if narrow else np.float64
    columns = [
        _objects(frame.iloc[:, j], pandas, f"{what}: row {{}}, column {frame.columns[j]!r}")
        if frame.dtypes.iloc[j].kind == "O" or isinstance(frame.dtypes.iloc[j], pandas.StringDtype)
        else None
        for j in range(frame.shape[1])
    ]
    if all(column is None for column in columns):
        return Table(frame.to_numpy(dtype=dtype, na_value=np.nan), names_of(frame.columns))
    parts = [
        frame.iloc[:, j].to_numpy(dtype=dtype, na_value=np.nan) if column is None else column
        for j, column in enumerate(columns)
    ]
    return Table(np.column_stack(parts).astype(np.float64, copy=False), names_of(frame.columns))


def _no_numbers(dtype: Any, pandas: Any) -> str | None:
    """What a column of this type holds instead of numbers, and how to convert it."""
    if isinstance(dtype, pandas.CategoricalDtype):
        return "holds categories; real numbers are needed"
    if isinstance(dtype, pandas.SparseDtype):
        return "is sparse; dense columns are needed (frame.sparse.to_dense())"
    if dtype.kind in "Mm" or isinstance(dtype, pandas.PeriodDtype):
        return f"holds {dtype}: times; real numbers are needed"
    if dtype.kind == "c":
        return f"holds {dtype}; real numbers are needed"
    return None


def _objects(column: Any, pandas: Any, where: str) -> npt.NDArray[np.float64]:
    numbers = np.empty(len(column), dtype=np.float64)
    for i, value in enumerate(column):
        missing = value is None or value is pandas.NA or value is pandas.NaT
        if not missing and isinstance(value, (str, bytes)):
            raise InvalidInput(f"{where.format(i)} is {value!r}; a number is needed")
        try:
            numbers[i] = np.nan if missing else value
        except (TypeError, ValueError):
            raise InvalidInput(f"{where.format(i)} is {value!r}; a number is needed") from None
    return numbers


def _is_nested(dtype: Any) -> bool:
    """Lists, as pandas has them from Arrow."""
    arrow = getattr(dtype, "pyarrow_dtype", None)
    return arrow is not None and getattr(arrow, "num_fields", 0) > 0


def _fits_float32(dtype: Any) -> bool:
    return bool((dtype.kind == "f" and dtype.itemsize <= 4) or (dtype.kind in "iub" and dtype.itemsize <= 2))


def _of_records(records: npt.NDArray[Any], what: str) -> Table:
    """A structured array, as from np.genfromtxt(names=True)."""
    names = records.dtype.names or ()
    for name in names:
        if records.dtype[name].kind not in "fiub":
            raise InvalidInput(f"{what}: column {name!r} holds {records.dtype[name]}; real numbers are needed")
    narrow = all(_fits_float32(records.dtype[name]) for name in names)
    columns = [records[name].astype(np.float32 if narrow else np.float64) for name in names]
    return Table(np.stack(columns, axis=-1), names)


def _distinct(table: Table, what: str) -> Table:
    twice = next((name for i, name in enumerate(table.names) if name in table.names[:i]), None)
    if twice is not None:
        raise InvalidInput(f"{what}: two columns are called {twice!r}; every name must be there once")
    return table
