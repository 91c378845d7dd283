"""Rows in a list whose values have names: namedtuples, pandas Series, NumPy's records, rows of databases and Spark."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._errors import InvalidInput
from kernad._objects import to_numbers


def labels_of(row: Any) -> tuple[Any, ...]:
    """The labels of a row's values; empty if they have none."""
    if not _may_have_labels(type(row)):
        return ()
    if isinstance(row, np.void):
        return row.dtype.names or ()
    if isinstance(row, tuple):
        fields = getattr(row, "_fields", getattr(row, "__fields__", ()))
        return tuple(fields) if isinstance(fields, (tuple, list)) else ()
    return tuple(row.index if hasattr(row, "index") and hasattr(row, "to_frame") else row.keys())


def read_named_rows(rows: Sequence[Any], what: str) -> tuple[npt.NDArray[Any], tuple[Any, ...]] | None:
    """The numbers of rows that have names, and the labels of their columns; None if no row has any.

    Raises:
        InvalidInput: rows have different labels, or a value is no number; or ``rows`` is a namedtuple of columns.
    """
    fields = labels_of(rows)
    if fields and any(hasattr(value, "__len__") for value in rows):
        raise InvalidInput(
            f"{what}: a {type(rows).__name__} of columns {_shown(fields)}; rows are needed (pandas.DataFrame makes a "
            "table of columns by name)"
        )
    if not any(_may_have_labels(kind) for kind in set(map(type, rows))):
        return None
    labels = labels_of(rows[0])
    for i, row in enumerate(rows):
        if (others := labels_of(row)) != labels:
            raise InvalidInput(f"{what}: row {i} has {_shown(others)}, but row 0 {_shown(labels)}; all need the same")
    return (_numbers(rows, labels, what), labels) if labels else None


def _may_have_labels(kind: type) -> bool:
    # Who has such rows has imported their package.
    pandas, sqlite = sys.modules.get("pandas"), sys.modules.get("sqlite3")
    if issubclass(kind, tuple):
        return kind is not tuple
    foreign = [module for module in (pandas and pandas.Series, sqlite and sqlite.Row) if module]
    return issubclass(kind, (np.void, *foreign))


def _numbers(rows: Sequence[Any], labels: tuple[Any, ...], what: str) -> npt.NDArray[Any]:
    objects = np.empty((len(rows), len(labels)), dtype=object)
    for i, row in enumerate(rows):
        for j, value in enumerate(tuple(row)):
            objects[i, j] = value
    return to_numbers(objects, lambda at: f"{what}: row {at[0]}, column {labels[at[1]]!r}")


def _shown(labels: tuple[Any, ...]) -> str:
    if not labels:
        return "no names"
    return ", ".join(map(repr, labels[:4])) + (", ..." if len(labels) > 4 else "")
