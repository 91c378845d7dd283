"""Results of methods, kept in files: a run that only changes the tables need not wait for the methods again."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from methods import Method
from sets import Split


@dataclass(frozen=True)
class Result:
    values: np.ndarray  # one for each test row
    seconds: float  # fit and scores


class Results:
    """Each is computed once per version of its method and data of a split."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.failures: dict[str, list[str]] = {}  # by method: its messages and where they occurred

    def of(self, method: Method, split: Split) -> Result | None:
        """None, and a line in `failures`, when the method refuses the rows."""
        key = hashlib.sha256(f"{method} {method.version} {split.digest}".encode()).hexdigest()
        path = self._folder / f"{key[:32]}.npz"
        if path.exists():
            with np.load(path) as kept:
                return Result(kept["values"], float(kept["seconds"]))
        start = time.perf_counter()
        try:
            values = np.asarray(method.run(split))
            if np.isnan(values).any():
                raise ValueError("scores that are NaN")
        except Exception as error:  # whatever a peer raises, the others continue
            where = f"{split.group}/{split.name}: {str(error).strip().splitlines()[0] if str(error) else repr(error)}"
            self.failures.setdefault(str(method), []).append(where)
            return None
        seconds = time.perf_counter() - start
        np.savez(path, values=values, seconds=seconds)
        return Result(values, seconds)
