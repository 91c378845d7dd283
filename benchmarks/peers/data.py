"""The data: made-up data of known kinds, and real data if a folder is given."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def gaussian(rows: int, dimension: int, seed: int) -> np.ndarray:
    """Isotropic and centred: the hardest case for pruning, since no pair can be left out."""
    data = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return data - data.mean(0)


def mixed(rows: int, dimension: int, seed: int) -> np.ndarray:
    """Columns that shrink by exp(-1/12) one after another, rotated: the same rotation for references and queries."""
    rotation = np.linalg.qr(np.random.default_rng(dimension).standard_normal((dimension, dimension)))[0]
    scales = np.exp(-np.arange(dimension) / 12)
    return ((np.random.default_rng(seed).standard_normal((rows, dimension)) * scales) @ rotation).astype(np.float32)


def clusters(rows: int, dimension: int, count: int, seed: int) -> np.ndarray:
    """`count` spherical clusters of standard deviation 0.1 around centres of standard deviation 1, in random order."""
    random = np.random.default_rng(1000 + count)  # the centres are the same for references and queries
    centres = random.standard_normal((count, dimension))
    random = np.random.default_rng(seed)
    noise = 0.1 * random.standard_normal((rows, dimension))
    return (centres[random.integers(count, size=rows)] + noise).astype(np.float32)


def categories(rows: int, dimension: int, levels: int, seed: int) -> np.ndarray:
    """Columns of `levels` integers, the smaller the likelier: most rows occur many times."""
    chances = 0.5 ** np.arange(levels)
    random = np.random.default_rng(seed)
    return random.choice(levels, size=(rows, dimension), p=chances / chances.sum()).astype(np.float32)


def spectrum(rows: int, columns: int, seed: int) -> np.ndarray:
    """Like deep features: columns of falling variance, away from zero."""
    deviations = (0.99 ** np.arange(columns)).astype(np.float32)
    return gaussian(rows, columns, seed) * deviations + np.float32(1)


def real_sets(folder: Path | None) -> dict[str, np.ndarray]:
    """Every array X in the .npz files under the folder, by path within the folder."""
    found = {}
    for path in sorted(folder.rglob("*.npz")) if folder else []:
        with np.load(path) as archive:
            if "X" in archive.files:
                found[str(path.relative_to(folder).with_suffix(""))] = archive["X"].astype(np.float32)
    return found


def split(rows: np.ndarray, most_queries: int) -> tuple[np.ndarray, np.ndarray]:
    """References and queries: two thirds of the rows, and at most the given number of the rest."""
    order = np.random.default_rng(0).permutation(len(rows))
    count = len(rows) * 2 // 3
    return rows[order[:count]], rows[order[count:]][:most_queries]
