"""The switch for exact pruning, of the classifier and of the density alone."""

from __future__ import annotations

from typing import Any

from kernad._options import is_true


class Pruned:
    """Has ``pruning``, which its ``_core`` keeps."""

    _core: Any

    @property
    def pruning(self) -> bool:
        """Whether duplicates are summed once and rows too far from a query to matter are skipped (at most 1e-5 nats).

        May be set at any time; a fitted model's references are then rebuilt.
        """
        return bool(self._core.pruning)

    @pruning.setter
    def pruning(self, value: bool) -> None:
        self._core.pruning = is_true(value, "pruning")
