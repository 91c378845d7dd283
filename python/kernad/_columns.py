"""Rows for a model: its columns by name, in its order, and the treatment of missing values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, Given, Rows, Wrap, float32_rows, to_rows
from kernad._calls import callers_level
from kernad._errors import DataWarning, FitWarning, InvalidInput, InvalidParameter

Missing: TypeAlias = Literal["refuse", "skip"]
"""For rows with NaN: an error that names the first, or a result of NaN, with a DataWarning."""

Values = TypeVar("Values", bound=npt.NDArray[Any])


def training_rows(
    values: ArrayLike, what: str, convert: Callable[[npt.NDArray[Any], str], Values]
) -> tuple[Values, list[str]]:
    """The rows for a fit, and their columns' names, if any. convert: to the types that a model takes."""
    given = to_rows(values, what)
    if given.names:
        require_finite(given.array, given.names, what)
    return convert(given.array, what), list(given.names)


def float32_training_rows(values: ArrayLike, what: str) -> tuple[Rows, list[str]]:
    """``training_rows`` in float32, for a model that has no place for a shift of columns far from zero.

    Warns:
        FitWarning: float32 keeps too few digits of a column: rounding moves values by 1e-4 of its deviation or more.
    """
    given: list[npt.NDArray[Any]] = []

    def convert(array: npt.NDArray[Any], name: str) -> Rows:
        given.append(array)
        return float32_rows(array, name)

    rows, names = training_rows(values, what, convert)
    for column in range(rows.shape[1] if given[0].dtype.itemsize >= 4 and given[0].dtype != np.float32 else 0):
        exact, rounded = given[0][:, column].astype(np.float64), rows[:, column]
        moved, deviation = np.abs(exact - rounded).max(initial=0), exact.std() if len(exact) else 0.0
        if moved >= 1e-4 * deviation > 0:
            place = repr(names[column]) if names else str(column)
            text = f"{what}: column {place} is so far from zero that float32 moves its values by up to {moved:.3g}, with a"
            text += f" deviation of {deviation:.3g}; subtract its mean first, or use KDEClassifier, which does"
            warnings.warn(FitWarning(text, "limited_precision"), stacklevel=callers_level())
    return rows, names


def model_rows(
    values: ArrayLike,
    what: str,
    convert: Callable[[npt.NDArray[Any], str], Values],
    names: Sequence[str] = (),
    left_out: Sequence[str] = (),
    missing: Missing = "refuse",
    row_name: Callable[[int], str] = str,
) -> tuple[Values, Wrap]:
    """Rows for a fitted model: columns in its order, by name if both have names.

    Raises:
        InvalidInput: a column is missing or unknown; with refuse, a value of a named column is not finite.
    """
    given = to_rows(values, what)
    array = in_order(given, names, what, left_out)
    if given.names and missing == "refuse":
        require_finite(array, names or given.names, what, row_name)
    return convert(array, what), given.wrap


def in_order(given: Given, names: Sequence[str], what: str, left_out: Sequence[str] = ()) -> npt.NDArray[Any]:
    """The data with columns in the order of ``names``, if both have names.

    A frame whose columns are called 0, 1, 2, ... in another order is put in order for a model without names, and one in
    that order for a model whose names these numbers are; for any other model its columns have no names.
    """
    found, wanted = given.names, names
    if given.positions and not names:
        wanted = [str(i) for i in range(len(given.positions))]
    elif given.positions and set(names) == set(given.positions):
        found = given.positions
    return _in_order(given.array, found, wanted, left_out, what) if found and wanted else given.array


def require_missing(missing: str) -> None:
    """Raises InvalidParameter for anything but "refuse" and "skip"."""
    if missing not in ("refuse", "skip"):
        raise InvalidParameter(f"missing is {missing!r}; valid: 'refuse', 'skip'")


def of_complete_rows(
    rows: Values, what: str, missing: Missing, call: Callable[[Values], npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    """``call`` of the rows; with missing="skip", NaN for rows with NaN, whose number a DataWarning gives."""
    require_missing(missing)
    lack = np.isnan(rows).any(axis=1) if missing == "skip" else np.zeros(0, dtype=np.bool_)
    if not lack.any():
        return call(rows)
    if np.isinf(rows).any():
        row, column = (int(i) for i in np.argwhere(np.isinf(rows))[0])
        raise InvalidInput(f"{what}: row {row}, column {column} is {rows[row, column]}; every value must be finite")
    result = np.full(len(rows), np.nan)
    result[~lack] = call(rows[~lack])
    count = int(lack.sum())
    text = f"{what}: {count} of {len(rows)} rows have missing values; their results are NaN"
    warnings.warn(DataWarning(text, "rows_skipped"), stacklevel=callers_level())
    return result


def of_present(
    values: npt.NDArray[np.float64], missing: Missing, call: Callable[[npt.NDArray[np.float64]], npt.NDArray[Any]]
) -> npt.NDArray[Any]:
    """``call`` of one number per row; with missing="skip", NaN for NaN, and float64 throughout."""
    require_missing(missing)
    if missing == "refuse":
        return call(values)
    result = np.full(len(values), np.nan)
    there = ~np.isnan(values)
    result[there] = call(values[there])
    return result


def _in_order(
    array: npt.NDArray[Any], found: Sequence[str], wanted: Sequence[str], left_out: Sequence[str], what: str
) -> npt.NDArray[Any]:
    if list(found) == list(wanted):
        return array
    try:
        order = _core.match_columns(list(wanted), list(found), list(left_out))
    except ValueError as error:
        raise InvalidInput(f"{what}: {error}") from None
    if order != sorted(order):
        text = f"{what}: the columns are in another order than in training; they are matched by their names"
        warnings.warn(DataWarning(text, "columns_reordered"), stacklevel=callers_level())
    return array[:, order]


def require_finite(
    array: npt.NDArray[Any],
    names: Sequence[str],
    what: str,
    row_name: Callable[[int], str] = str,
    left_out: npt.NDArray[np.bool_] | None = None,
) -> None:
    """The core's error for a value that is not finite, with the column's name if it has one.

    row_name: what a row of the array is called; left_out: the rows that need not be finite.
    """
    if array.dtype.kind != "f" or array.ndim != 2 or np.isfinite(array).all():
        return
    wrong = ~np.isfinite(array) if left_out is None else ~np.isfinite(array) & ~left_out[:, None]
    if not wrong.any():
        return
    row, column = (int(i) for i in np.argwhere(wrong)[0])
    value = array[row, column]
    held = "is missing (NaN)" if np.isnan(value) else f"is {value}"
    place = repr(names[column]) if names else str(column)
    raise InvalidInput(f"{what}: row {row_name(row)}, column {place} {held}; every value must be finite")
