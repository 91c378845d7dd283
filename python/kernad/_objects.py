"""Numbers from arrays and columns of Python objects, of which NumPy would also read texts and times as numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._errors import InvalidInput


def to_numbers(objects: npt.NDArray[Any], place: Callable[[tuple[int, ...]], str]) -> npt.NDArray[np.float64]:
    """Objects as float64, in their shape; None, pandas.NA and NaT are missing and become NaN.

    Numbers are int, float, bool, Decimal, Fraction, NumPy's real scalars, and what else converts itself by
    ``__float__``. place: of an index, for messages.

    Raises:
        InvalidInput: an object is no number: a text, a time, a complex number ...
    """
    if all(_is_number(kind) for kind in set(map(type, objects.flat))):
        try:
            return objects.astype(np.float64)
        except (TypeError, ValueError, OverflowError):
            pass  # the loop finds which
    numbers = np.empty(objects.shape, dtype=np.float64)
    for index, value in np.ndenumerate(objects):
        numbers[index] = np.nan if _is_missing(value) else _number(value, index, place)
    return numbers


def _number(value: Any, index: tuple[int, ...], place: Callable[[tuple[int, ...]], str]) -> float:
    if _is_number(type(value)):
        try:
            return float(value)
        except OverflowError:
            largest = f"{np.finfo(np.float32).max:.7g}"
            raise InvalidInput(f"{place(index)} is beyond float32, whose largest value is {largest}") from None
        except (TypeError, ValueError):
            pass
    shown = repr(value)
    raise InvalidInput(f"{place(index)} is {shown if len(shown) <= 80 else shown[:77] + '...'}; a number is needed")


def _is_number(kind: type) -> bool:
    if issubclass(kind, (np.timedelta64, type(np.ma.masked))):  # to NumPy an integer, and NaN
        return False
    if issubclass(kind, (Real, Decimal, np.bool_)):
        return True
    return hasattr(kind, "__float__") and not issubclass(kind, np.generic)


def _is_missing(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return value is None or value is np.ma.masked or (pandas is not None and (value is pandas.NA or value is pandas.NaT))
