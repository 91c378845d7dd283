"""How a call runs: its threads, its parameters and its progress."""

from __future__ import annotations

import operator
import os
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from kernad._errors import InvalidParameter

Progress: TypeAlias = "Callable[[int, int], object] | bool | None"
"""``callback(done, total)``, or True for a tqdm bar, or None or False for silence."""


def threads_for(requested: int) -> int:
    """The number of threads for the core; 0 means that of ``KERNAD_NUM_THREADS``, else of ``OMP_NUM_THREADS``, which
    joblib, Dask and Ray set for their workers, else of the machine's CPUs.

    A daemonic multiprocessing worker has siblings that keep the other cores busy: there 0 means one thread, unless the
    environment sets a number.
    """
    if requested or "KERNAD_NUM_THREADS" in os.environ:
        return requested
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # a list: one per nesting level
    if first.isascii() and first.isdigit() and int(first):
        return min(int(first), 1024)
    # Another thread may be importing multiprocessing right now: then this process is no worker of it.
    current = getattr(sys.modules.get("multiprocessing.process"), "current_process", None)
    return 1 if current is not None and current().daemon else 0


def whole_number(value: Any, name: str, least: int, most: int = 2**63 - 1) -> int:
    """The value as an int. Raises TypeError if it is not a whole number, InvalidParameter outside least .. most."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; a whole number is needed") from None
    if not least <= number <= most:
        raise InvalidParameter(f"{name} is {number}; valid: {least} to {most}")
    return number


_LIBRARIES = frozenset({"kernad", "sklearn", "pyod", "torch", "joblib"})


def callers_level() -> int:
    """The ``stacklevel`` with which a warning points to the line that called kernad, or a library that uses it."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        frame = frame.f_back
        level += 1
    return level


def path_bytes(path: str | os.PathLike[str]) -> bytes:
    """The path as the system takes it. Raises ValueError for one with a null byte, where the system would cut it off."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ValueError(f"{encoded!r}: embedded null byte")
    return encoded


def is_same_file(out: str, path: str | None) -> bool:
    """Whether a command would overwrite a file that it reads."""
    try:
        return path is not None and os.path.samefile(out, path)
    except OSError:
        return False  # one of them does not exist


class Reporter:
    """Reports the progress of a call to a callback or a tqdm bar. As a context it closes the bar."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._bar: Any = None
        self._what = what
        if progress is True:
            self.callback: Callable[[int, int], object] | None = self._show
        elif progress is None or progress is False:
            self.callback = None
        elif callable(progress):
            self.callback = progress
        else:
            raise TypeError(f"progress is {progress!r}; a callable (done, total), True or None is needed")

    def __enter__(self) -> Reporter:
        if self.callback == self._show:
            _tqdm()  # a missing tqdm is told before any work is done
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _show(self, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = _tqdm()(total=total, desc=self._what)
        self._bar.update(done - self._bar.n)


def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install tqdm") from error
    return tqdm
