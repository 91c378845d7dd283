"""Columns of numbers by the Arrow C data interface, from any library that supports it, without that library or pyarrow.

Source: https://arrow.apache.org/docs/format/CDataInterface.html, CStreamInterface.html and its PyCapsule interface.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kernad._errors import InvalidInput, ReadError


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]

_NUMBERS = {
    "c": np.int8, "C": np.uint8, "s": np.int16, "S": np.uint16, "i": np.int32, "I": np.uint32, "l": np.int64,
    "L": np.uint64, "e": np.float16, "f": np.float32, "g": np.float64,
}  # fmt: skip
_BITS = "b"
_OTHERS = {
    "n": "nothing but nulls", "u": "texts", "U": "texts", "vu": "texts", "z": "bytes", "Z": "bytes", "vz": "bytes",
    "td": "dates", "tt": "times of day", "ts": "points in time", "tD": "durations", "ti": "intervals",
    "d:": "decimal numbers", "w:": "bytes", "+s": "structs", "+m": "maps", "+u": "unions", "+l": "lists",
    "+L": "lists", "+v": "lists", "+r": "runs",
}  # fmt: skip


class _Column(NamedTuple):
    """A column of a table, or all of an array."""

    name: str
    lists: tuple[int, ...]
    """The lengths of the (nested) lists that hold a row's numbers, as for embeddings. Empty for plain numbers."""
    format: str
    """The format of the numbers."""

    @property
    def width(self) -> int:
        """The number of values per row."""
        return math.prod(self.lists)

    def names(self) -> list[str]:
        """The name of each value."""
        return [f"{self.name}[{i}]" for i in range(self.width)] if self.lists else [self.name]


def has_arrow(values: Any) -> bool:
    """Whether the object offers its data by the PyCapsule interface."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def read_arrow(values: Any, what: str, name: str | None = None) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """The numbers of a table, rows x columns, and its columns' names; or of an array, N or N x width, and no names.

    A null is NaN. A single column in one piece without nulls is read in place; anything else is copied, to float32 if
    that holds the values of every column, else to float64. name: of a column that is given alone.

    Raises:
        InvalidInput: a column does not hold real numbers. The message names it, after ``what``.
        ReadError: the library that the data come from failed.
    """
    schema, pieces = _open(values)
    is_table = name is None and schema.format == b"+s"
    fields = [schema.children[i].contents for i in range(schema.n_children)] if is_table else [schema]
    columns = [_column(field, what, name) for field in fields]
    parts = []
    for array, owner in pieces:
        arrays = [array.children[i].contents for i in range(array.n_children)] if is_table else [array]
        outer = None
        if is_table:
            outer = _Rows(array.offset, array.length, _nulls(array, array.offset, array.length, owner))
        parts.append([_numbers(c, a, owner, outer) for c, a in zip(columns, arrays, strict=True)])
    joined = _joined(parts, columns)
    if not is_table and not columns[0].lists:
        return joined.reshape(-1), ()
    return joined, tuple(name for column in columns for name in column.names()) if is_table else ()


class _Rows(NamedTuple):
    """The rows of one piece of a table."""

    start: int
    length: int
    missing: npt.NDArray[np.bool_] | None


def _joined(parts: list[list[npt.NDArray[Any]]], columns: list[_Column]) -> npt.NDArray[Any]:
    if len(parts) == 1 and len(columns) == 1:
        return parts[0][0]
    narrow = all(_fits_float32(values.dtype) for part in parts for values in part)
    shape = (sum(len(part[0]) for part in parts if part), sum(column.width for column in columns))
    joined = np.empty(shape, dtype=np.float32 if narrow else np.float64)
    row = 0
    for part in parts:
        column, rows = 0, 0
        for values in part:
            rows = len(values)
            joined[row : row + rows, column : column + values.shape[1]] = values
            column += values.shape[1]
        row += rows
    return joined


def _fits_float32(dtype: np.dtype[Any]) -> bool:
    return dtype == np.float32 or dtype.itemsize <= 2


def _column(schema: _Schema, what: str, name: str | None) -> _Column:
    name = name or (schema.name or b"").decode(errors="replace")
    lists: list[int] = []
    inner = schema
    while inner.format.startswith(b"+w:") and not inner.dictionary:
        lists.append(int(inner.format[3:]))
        inner = inner.children[0].contents
    kind = inner.format.decode()
    if not inner.dictionary and (kind in _NUMBERS or kind == _BITS):
        return _Column(name, tuple(lists), kind)
    held = "categories" if inner.dictionary else _OTHERS.get(kind[:2]) or _OTHERS.get(kind[:1]) or f"Arrow's {kind!r}"
    where = f"{what}: column {name!r}" if name else f"{what}: the array"
    more = "" if kind[:2] not in ("+l", "+L", "+v") else " of any length"
    raise InvalidInput(f"{where} holds {held}{more}; real numbers are needed")


def _numbers(column: _Column, array: _Array, owner: Any, outer: _Rows | None) -> npt.NDArray[Any]:
    """rows x width, nulls as NaN: a view of the array's memory if there are none."""
    start, count = array.offset, array.length
    if outer is not None:
        start, count = start + outer.start, outer.length
    missing = _nulls(array, start, count, owner)
    if outer is not None and outer.missing is not None:
        missing = outer.missing if missing is None else missing | outer.missing
    for each in column.lists:
        array = array.children[0].contents
        start, count = start * each + array.offset, count * each
        inner = _nulls(array, start, count, owner)
        missing = None if missing is None else np.repeat(missing, each)
        missing = inner if missing is None else missing if inner is None else missing | inner
    values = _values(array, start, count, column.format, owner)
    if missing is not None and missing.any():
        values = values.astype(np.float32 if _fits_float32(values.dtype) else np.float64)
        values[missing] = np.nan
    return values.reshape(-1, column.width)


def _nulls(array: _Array, start: int, count: int, owner: Any) -> npt.NDArray[np.bool_] | None:
    if array.null_count == 0 or array.n_buffers == 0 or not array.buffers[0]:
        return None
    return ~_bits(array.buffers[0], start, count, owner)


def _values(array: _Array, start: int, count: int, kind: str, owner: Any) -> npt.NDArray[Any]:
    address = array.buffers[1]
    if kind == _BITS:
        return _bits(address, start, count, owner)
    dtype = np.dtype(_NUMBERS[kind])
    return _memory(address, start * dtype.itemsize, count * dtype.itemsize, owner).view(dtype)


def _bits(address: int, start: int, count: int, owner: Any) -> npt.NDArray[np.bool_]:
    used = _memory(address, start // 8, (start % 8 + count + 7) // 8, owner)
    return np.unpackbits(used, bitorder="little")[start % 8 :][:count].view(np.bool_)


def _memory(address: int | None, start: int, size: int, owner: Any) -> npt.NDArray[np.uint8]:
    """A view of foreign memory, which lives as long as its owner; the array keeps the owner alive."""
    if not size or address is None:
        return np.empty(0, dtype=np.uint8)
    memory: Any = (ctypes.c_uint8 * size).from_address(address + start)
    memory._owner = owner
    view: npt.NDArray[np.uint8] = np.frombuffer(memory, dtype=np.uint8)
    view.flags.writeable = False
    return view


class _Owned:
    """A structure that is released with this object."""

    def __init__(self, structure: Any) -> None:
        self.structure = structure

    def __del__(self) -> None:
        if self.structure.release:
            self.structure.release(ctypes.byref(self.structure))


def _open(values: Any) -> tuple[_Schema, Iterator[tuple[_Array, Any]]]:
    """The type of the data, and their pieces, each with the object that keeps it alive."""
    if hasattr(values, "__arrow_c_stream__"):
        capsule = values.__arrow_c_stream__()
        stream = _structure(capsule, b"arrow_array_stream", _Stream)
        schema = _Schema()
        _checked(stream.get_schema(ctypes.byref(stream), ctypes.byref(schema)), stream)
        schema._keep = _Owned(schema)
        return schema, _pieces(stream, capsule)
    kept = values.__arrow_c_array__()
    schema, array = _structure(kept[0], b"arrow_schema", _Schema), _structure(kept[1], b"arrow_array", _Array)
    schema._keep = kept
    return schema, iter([(array, kept)])


def _pieces(stream: _Stream, capsule: Any) -> Iterator[tuple[_Array, Any]]:
    while True:
        array = _Array()
        _checked(stream.get_next(ctypes.byref(stream), ctypes.byref(array)), stream)
        if not array.release:
            del capsule
            return
        yield array, _Owned(array)


def _checked(code: int, stream: _Stream) -> None:
    if code:
        told = stream.get_last_error(ctypes.byref(stream))
        raise ReadError(f"the Arrow stream failed: {(told or b'no reason is given').decode(errors='replace')}")


def _structure(capsule: Any, name: bytes, kind: Any) -> Any:
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.argtypes, pointer.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p
    return kind.from_address(pointer(capsule, name))
