"""Rows that come in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np

from kernad._arrays import ArrayLike

Blocks: TypeAlias = "ArrayLike | Iterable[ArrayLike]"
"""Rows at once, or block by block."""

_BLOCK_VALUES = 1 << 20


def blocks_of(rows: Any) -> Iterator[Any]:
    """The rows in blocks: those of an iterator, such as a generator or a ``pyarrow.RecordBatchReader``; the tables or
    arrays of two dimensions in a list or tuple; slices of a memmap, or of an array that is larger than a block. All else
    is one block."""
    if isinstance(rows, Iterator):
        yield from rows
    elif isinstance(rows, (list, tuple)) and rows and all(_is_block(item) for item in rows):
        yield from rows
    elif isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.size > _BLOCK_VALUES:
        count = max(_BLOCK_VALUES // rows.shape[1], 1)
        yield from (rows[first : first + count] for first in range(0, len(rows), count))
    else:
        yield rows


def _is_block(item: Any) -> bool:
    """Whether it has rows of its own, and so is not a row."""
    return getattr(item, "ndim", 0) == 2 or hasattr(item, "__arrow_c_stream__") or hasattr(item, "__arrow_c_array__")
