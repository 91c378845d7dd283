"""Tables: data with named columns of numbers. pandas by its own interface, lists of rows with names by
``kernad._named_rows``, all others by Arrow's interface (``kernad._arrow``).
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernad._arrow import has_arrow, read_arrow
from kernad._errors import InvalidInput
from kernad._named_rows import read_named_rows
from kernad._objects import to_numbers


class Table(NamedTuple):
    """Numbers by row and column; a value that is missing is NaN."""

    values: npt.NDArray[Any]
    names: tuple[str, ...]
    """Names of the columns; empty if there are none."""
    positions: tuple[str, ...] = ()
    """The labels of a frame whose columns are called 0 to k - 1, in any order, as texts."""


def as_table(values: Any, what: str) -> Table | None:
    """The values as a table; None if they are not one.

    Raises:
        InvalidInput: a column does not hold real numbers, or two have one name, with the column, and the row; values
            are masked; or rows of a list have different names.
    """
    require_unmasked(values, what)
    pandas = sys.modules.get("pandas")  # a caller with a frame has imported pandas; kernad itself never does
    if pandas is not None and isinstance(values, pandas.DataFrame):
        return _distinct(_of_pandas(values, pandas, what), what)
    if pandas is not None and isinstance(values, (pandas.Series, pandas.Index)):
        return Table(read_arrow(values, what, str(values.name or ""))[0], ()) if _is_nested(values.dtype) else None
    if isinstance(values, np.ndarray):
        return _distinct(_of_records(values, what), what) if values.dtype.names else None
    if isinstance(values, (list, tuple)) and (named := read_named_rows(values, what)) is not None:
        return _distinct(_labelled(*named), what)
    return _distinct(Table(*read_arrow(values, what)), what) if has_arrow(values) else None


def require_unmasked(values: Any, what: str) -> None:
    """Raises InvalidInput, with the place, for masked values: NumPy drops the masks of arrays, of records and of the
    rows in a list, and what is under them would be read."""
    for i, array in enumerate(values if isinstance(values, (list, tuple)) else [values]):
        if not isinstance(array, np.ma.MaskedArray):
            continue
        mask: npt.NDArray[Any] = np.ma.getmaskarray(array)
        if mask.dtype.names:
            mask = np.stack([mask[name] for name in mask.dtype.names], axis=-1)
        if not mask.any():
            continue
        first = [int(at[0]) for at in mask.nonzero()]
        place = ", ".join(map("{} {}".format, ("row", "column"), first if array is values else [i, *first]))
        raise InvalidInput(f"{what}: {place or 'the value'} is masked; filled(numpy.nan) makes missing values of such")


def names_of(labels: Any) -> tuple[str, ...]:
    """The labels of columns as their names: those of a MultiIndex joined by dots; none if they are 0, 1, 2, ..., which
    are positions."""
    if _are_whole(labels) and list(labels) == list(range(len(labels))):
        return ()
    return tuple(".".join(map(str, label)) if isinstance(label, tuple) else str(label) for label in labels)


def _labelled(values: npt.NDArray[Any], labels: Any) -> Table:
    are_positions = _are_whole(labels) and sorted(labels) == list(range(len(labels)))
    return Table(values, names_of(labels), tuple(map(str, labels)) if are_positions else ())


def _are_whole(labels: Any) -> bool:
    return all(isinstance(label, (int, np.integer)) and not isinstance(label, bool) for label in labels)


def _of_pandas(frame: Any, pandas: Any, what: str) -> Table:
    for label, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not _is_nested(dtype) and (held := _no_numbers(dtype, pandas)) is not None:
            raise InvalidInput(f"{what}: column {label!r} {held}")
    if any(_is_nested(dtype) for dtype in frame.dtypes):
        return _of_nested(frame, pandas, what)
    if not any(_are_objects(dtype, pandas) for dtype in frame.dtypes):
        return _labelled(frame.to_numpy(dtype=_type_for(frame.dtypes), na_value=np.nan), frame.columns)
    parts = [_column(frame, j, pandas, what) for j in range(frame.shape[1])]
    return _labelled(np.column_stack(parts).astype(np.float64, copy=False), frame.columns)


def _of_nested(frame: Any, pandas: Any, what: str) -> Table:
    """A frame in which columns hold lists of one length, each of whose values has a name."""
    parts: list[npt.NDArray[Any]] = []
    names: list[str] = []
    for j, label in enumerate(frame.columns):
        name = names_of([label, ""])[0]
        if _is_nested(frame.dtypes.iloc[j]):
            values = read_arrow(frame.iloc[:, j], what, name)[0]
            parts.append(values)
            names += [f"{name}[{i}]" for i in range(values.shape[1])]
        else:
            parts.append(_column(frame, j, pandas, what)[:, None])
            names.append(name)
    return Table(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1), tuple(names))


def _column(frame: Any, j: int, pandas: Any, what: str) -> npt.NDArray[Any]:
    column, dtype = frame.iloc[:, j], frame.dtypes.iloc[j]
    if _are_objects(dtype, pandas):
        return _objects(column, f"column {frame.columns[j]!r}", what)
    values: npt.NDArray[Any] = column.to_numpy(dtype=_type_for([dtype]), na_value=np.nan)
    return values


def _are_objects(dtype: Any, pandas: Any) -> bool:
    """Whether the column has to be looked at value by value: of Python objects, texts, and Arrow's types but numbers."""
    return isinstance(dtype, pandas.StringDtype) or dtype.kind not in "fiub"


def _type_for(dtypes: Any) -> type:
    return np.float32 if all(_fits_float32(dtype) for dtype in dtypes) else np.float64


def _objects(column: Any, name: str, what: str) -> npt.NDArray[np.float64]:
    return to_numbers(column.to_numpy(dtype=object), lambda at: f"{what}: row {at[0]}, {name}")


def _no_numbers(dtype: Any, pandas: Any) -> str | None:
    """What a column of this type holds instead of numbers, and how to convert it."""
    if isinstance(dtype, pandas.CategoricalDtype) or hasattr(getattr(dtype, "pyarrow_dtype", None), "index_type"):
        return "holds categories; real numbers are needed"
    if isinstance(dtype, pandas.SparseDtype):
        return "is sparse; dense columns are needed (frame.sparse.to_dense())"
    if dtype.kind in "Mm" or isinstance(dtype, pandas.PeriodDtype):
        return f"holds {dtype}: times; real numbers are needed"
    if dtype.kind == "c":
        return f"holds {dtype}; real numbers are needed"
    return None


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
    for name in table.names:
        if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
            raise InvalidInput(f"{what}: the column name {name!r} is no valid Unicode; files cannot hold it")
    twice = next((name for i, name in enumerate(table.names) if name in table.names[:i]), None)
    if twice is not None:
        raise InvalidInput(f"{what}: two columns are called {twice!r}; every name must be there once")
    return table
