"""Arrays in and out: the caller's data become float32 rows, and results are returned as the caller's kind of array."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kernad._errors import InvalidInput
from kernad._objects import to_numbers
from kernad._tables import as_table

ArrayLike: TypeAlias = Any
"""Anything with the buffer, ``__array__``, DLPack or Arrow protocol, a data frame, a nested sequence, or a tensor."""

Rows: TypeAlias = npt.NDArray[np.float32]
ExactRows: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Wrap: TypeAlias = Callable[[npt.NDArray[Any]], Any]


class Given(NamedTuple):
    """A caller's data: numbers of any type, the conversion back to the caller's kind, and the names of columns."""

    array: npt.NDArray[Any]
    wrap: Wrap
    names: tuple[str, ...] = ()
    """Empty if there are none."""
    positions: tuple[str, ...] = ()
    """As of a Table."""


_FLOAT32_MAX = float(np.finfo(np.float32).max)


def as_rows(values: ArrayLike, name: str) -> tuple[Rows, Wrap]:
    """Float32 rows (N x D) for the core, without a copy if the layout allows, and the conversion back.

    ``name`` names the rows in messages. Raises InvalidInput as ``float32_rows`` does.
    """
    given = to_rows(values, name)
    return float32_rows(given.array, name), given.wrap


def as_classifier_rows(values: ArrayLike, name: str) -> tuple[ExactRows, Wrap]:
    """Like ``as_rows``, but with the types that the classifier takes: see ``exact_rows``."""
    given = to_rows(values, name)
    return exact_rows(given.array, name), given.wrap


def float32_rows(array: npt.NDArray[Any], name: str) -> Rows:
    """The array as float32 rows.

    No copy is made of native float32 with contiguous rows: C-contiguous arrays and any range of rows or columns of one.
    Raises InvalidInput for another number of dimensions, values that are not real numbers, or a finite value beyond
    float32 (with row and column).
    """
    if array.ndim != 2:
        raise InvalidInput(
            f"{name}: the array has shape {array.shape}; rows x columns are needed (reshape(1, -1) makes one row)"
        )
    return _to_float32(array, name)


def exact_rows(array: npt.NDArray[Any], name: str) -> ExactRows:
    """Like ``float32_rows``, but numbers that float32 may not hold (float64, integers of 32 bits or more) become float64:
    the classifier rounds them itself, after it has subtracted the shift that a fit found for columns far from zero. No
    copy is made of native float64 with that layout.
    """
    if array.ndim == 2 and array.dtype.kind in "fiu" and array.dtype.itemsize >= (8 if array.dtype.kind == "f" else 4):
        if array.dtype.kind == "f" and array.size:
            _require_float32_range(array, name)
        laid_out = array.dtype == np.float64 and array.dtype.isnative and array.flags.aligned and _has_row_layout(array)
        return array if laid_out else np.ascontiguousarray(array, dtype=np.float64)
    return float32_rows(array, name)


def as_scores(values: ArrayLike, name: str) -> tuple[npt.NDArray[np.float64], Wrap]:
    """One contiguous float64 number per row, and the conversion back. Raises InvalidInput for another shape or kind."""
    array, wrap = to_numpy(values, name)
    if array.ndim != 1:
        raise InvalidInput(f"{name}: the array has shape {array.shape}; one number a row is needed")
    _require_real(array, name)
    return np.ascontiguousarray(array, dtype=np.float64), wrap


def as_weights(values: ArrayLike, rows: int, name: str = "sample_weight") -> npt.NDArray[np.float64]:
    """One float64 weight per row. Raises InvalidInput for another shape or kind."""
    weights, _ = as_scores(values, name)
    if len(weights) != rows:
        raise InvalidInput(f"{name} has {len(weights)} values for {rows} rows; one a row is needed")
    return weights


def as_tensor(values: ArrayLike, name: str) -> npt.NDArray[Any]:
    """A contiguous array in native byte order, of its own shape and type. Raises InvalidInput for another kind."""
    array, _ = to_numpy(values, name)
    if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
        raise InvalidInput(f"{name} holds {array.dtype}; real numbers of at most 64 bits are needed")
    contiguous: npt.NDArray[Any] = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
    return contiguous.reshape(array.shape)  # ascontiguousarray turns zero dimensions into one


def to_rows(values: ArrayLike, name: str) -> Given:
    """The values as ``to_numpy`` returns them, objects as numbers, and the names of a table's columns."""
    if (table := as_table(values, name)) is not None:
        return Given(table.values, _as_is, table.names, table.positions)
    array, wrap = to_numpy(values, name)
    if array.dtype.kind == "O" and array.ndim == 2:
        array = to_numbers(array, lambda at: f"{name}: row {at[0]}, column {at[1]}")
    return Given(array, wrap)


def to_numpy(values: ArrayLike, name: str) -> tuple[npt.NDArray[Any], Wrap]:
    """The values as a NumPy array of their own type, and the function that converts results to their kind."""
    if (table := as_table(values, name)) is not None:
        return table.values, _as_is
    if hasattr(values, "nnz") and hasattr(values, "toarray"):
        raise InvalidInput(f"{name}: a sparse {type(values).__name__}; a dense array is needed (toarray())")
    _require_array(values, name)
    torch = sys.modules.get("torch")  # who has a tensor has imported torch; kernad itself never does
    if torch is not None and isinstance(values, torch.Tensor):
        return _from_torch(values, torch, name)
    try:
        array = np.from_dlpack(values) if _only_dlpack(values) else np.asarray(values)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise InvalidInput(f"{name}: {type(values).__name__} cannot be read as an array: {error}") from error
    if array.ndim == 0 and array.dtype.kind == "O":
        raise InvalidInput(f"{name}: {_kind_of(values)}; {_NEEDED}")
    return array, _as_is


_NEEDED = "an array, a table or a list of rows is needed"


def _require_array(values: ArrayLike, name: str) -> None:
    """Raises InvalidInput for what is often given in place of data, with what makes data of it."""
    if hasattr(values, "collect") and hasattr(values, "collect_schema"):  # of polars
        raise InvalidInput(f"{name}: a {type(values).__name__}, which holds no rows yet; collect() reads them")
    if isinstance(values, (str, bytes, os.PathLike)):
        raise InvalidInput(f"{name}: {_kind_of(values)}; {_NEEDED} (numpy.load and pandas.read_csv read files)")
    if isinstance(values, Mapping):
        raise InvalidInput(f"{name}: {_kind_of(values)}; {_NEEDED} (pandas.DataFrame makes one of columns by name)")


def _kind_of(values: Any) -> str:
    return "None" if values is None else f"a {type(values).__name__}"


def _as_is(result: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return result


def _only_dlpack(values: ArrayLike) -> bool:
    return hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray) and not hasattr(values, "__array__")


def _from_torch(tensor: Any, torch: Any, name: str) -> tuple[npt.NDArray[Any], Wrap]:
    if tensor.device.type == "meta":
        raise InvalidInput(f"{name}: a tensor on the meta device, which has no values; one with values is needed")
    if tensor.is_nested:
        raise InvalidInput(f"{name}: a nested tensor; a dense one is needed (to_padded_tensor, or one tensor a call)")
    if tensor.layout is not torch.strided or tensor.is_quantized:
        raise InvalidInput(f"{name}: a {tensor.layout} tensor; a dense one is needed")
    device = tensor.device
    dense = tensor.detach().cpu()
    if dense.dtype.is_floating_point and dense.dtype.itemsize < 4:
        dense = dense.float()  # bfloat16 and narrower types are unknown to NumPy; float32 holds them all

    def wrap(result: npt.NDArray[Any]) -> Any:
        output = torch.from_numpy(result)
        return output if device.type == "cpu" else _move(output, device)

    return dense.resolve_conj().resolve_neg().numpy(), wrap


def _move(output: Any, device: Any) -> Any:
    try:
        return output.to(device)
    except TypeError:  # a device without float64
        return output.float().to(device)


def _require_real(array: npt.NDArray[Any], name: str) -> None:
    if array.dtype.kind not in "fiub":
        raise InvalidInput(f"{name}: the array holds {array.dtype}; real numbers are needed")


def _to_float32(array: npt.NDArray[Any], name: str) -> Rows:
    _require_real(array, name)
    if array.dtype == np.float32 and array.flags.aligned and _has_row_layout(array):
        return array
    if array.dtype.kind == "f" and array.dtype.itemsize > 4 and array.size:
        _require_float32_range(array, name)
    with np.errstate(over="ignore", under="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def _has_row_layout(array: npt.NDArray[Any]) -> bool:
    rows, columns = array.shape
    row_stride, column_stride = array.strides
    adjacent = columns <= 1 or column_stride == array.itemsize
    return adjacent and (rows <= 1 or (row_stride >= columns * array.itemsize and row_stride % array.itemsize == 0))


def _require_float32_range(array: npt.NDArray[Any], name: str) -> None:
    # fmax and fmin skip NaN and need no memory; only where they find something is it worth looking closer.
    if np.fmax.reduce(array, axis=None) <= _FLOAT32_MAX and np.fmin.reduce(array, axis=None) >= -_FLOAT32_MAX:
        return
    with np.errstate(invalid="ignore"):
        beyond = np.argwhere(np.isfinite(array) & (np.abs(array) > _FLOAT32_MAX))
    if len(beyond):
        row, column = (int(i) for i in beyond[0])
        raise InvalidInput(
            f"{name}: row {row}, column {column}: {array[row, column]} is beyond float32, whose largest value is "
            f"{_FLOAT32_MAX:.7g}"
        )
