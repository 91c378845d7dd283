"""The data and the protocol: which rows a method is fitted on, and which it has to separate.

Rows with label 0 are normal. They are shuffled with numpy's RandomState(seed); 70 percent train, the rest and all
anomalies are tested. Tables: a random 6,000 rows (RandomState(1)) where there are more, at most 3,000 training rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

MAX_TABLE_ROWS = 6000
MAX_TRAINING_ROWS = 3000


@dataclass(frozen=True)
class LabelledSet:
    group: str
    name: str
    rows: np.ndarray  # n x d float32
    labels: np.ndarray  # n; 0 normal, 1 anomalous

    @property
    def table(self) -> bool:
        """Whether the rows are from a table: true for all but the groups of image features."""
        return not self.group.startswith("mvtec")


@dataclass(frozen=True)
class Split:
    group: str
    name: str
    seed: int
    train: np.ndarray  # normal rows
    test: np.ndarray
    labels: np.ndarray  # of the test rows

    @cached_property
    def digest(self) -> str:
        """Identifies the data of this split."""
        return hashlib.sha256(self.train.tobytes() + self.test.tobytes() + bytes([self.seed])).hexdigest()


def split(of: LabelledSet, seed: int) -> Split:
    """The protocol above."""
    rows, labels = of.rows, of.labels
    if of.table and len(rows) > MAX_TABLE_ROWS:
        chosen = np.random.RandomState(1).permutation(len(rows))[:MAX_TABLE_ROWS]
        rows, labels = rows[chosen], labels[chosen]
    normal = np.flatnonzero(labels == 0)
    np.random.RandomState(seed).shuffle(normal)
    cut = int(0.7 * len(normal))
    test = np.concatenate([normal[cut:], np.flatnonzero(labels == 1)])
    train = normal[: min(cut, MAX_TRAINING_ROWS) if of.table else cut]
    return Split(of.group, of.name, seed, rows[train], rows[test], labels[test])


def in_folder(folder: Path) -> Iterator[LabelledSet]:
    """folder/GROUP/NAME.npz with X and y; other files are ignored."""
    for path in sorted(folder.glob("*/*.npz")):
        with np.load(path) as data:
            if {"X", "y"} <= set(data.files):
                rows, labels = data["X"].astype(np.float32), data["y"].ravel().astype(int)
                yield LabelledSet(path.parent.name, path.stem, rows, labels)
