"""Figures that are kept from run to run, so that hours of measuring can be done in parts, or go on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, float]


class Kept:
    """Figures by name in a JSON file. One process at a time may write it."""

    def __init__(self, path: Path, fresh: bool = False) -> None:
        self._path = path
        self._values: dict[str, Figures] = {} if fresh or not path.exists() else json.loads(path.read_text())

    def measured(self, key: str, measure: Callable[[], Figures]) -> Figures:
        """Those of `key`: kept ones, or else measured now."""
        if key not in self._values:
            self._values[key] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps(self._values, indent=1) + "\n")
            new.replace(self._path)
            print(f"{key}: " + json.dumps({k: round(v, 3) for k, v in self._values[key].items()}), flush=True)
        return self._values[key]

    def get(self, key: str) -> Figures | None:
        """Those of `key` if they are there."""
        return self._values.get(key)
