"""Where pruning pays: clusters and duplicates."""

from __future__ import annotations

from argparse import Namespace

from report import Table

import data
from tables import pruning

# Tables of the data folder with few distinct rows: used as they are, without PCA.
DUPLICATES = ("skin", "celeba")


def tables(options: Namespace) -> list[Table]:
    """One."""
    small = options.quick
    rows = 4000 if small else 40_000
    sets: pruning.DATA = {}
    for count in (50, 100, 200):
        sets[f"{count} clusters"] = tuple(data.clusters(rows, 16, count, seed) for seed in (1, 2))
    if not small:
        sets["200 clusters, many rows"] = (data.clusters(1_000_000, 16, 200, 1), data.clusters(4096, 16, 200, 2))
    many = 20_000 if small else 200_000
    for columns in (5, 8):  # 1,024 and 65,536 different rows
        sets[f"{columns} columns of 4 categories"] = tuple(
            data.categories(count, columns, 4, seed) for count, seed in ((many, 1), (4096, 2))
        )
    for name, array in data.real_sets(options.data).items():
        if name.rpartition("/")[2] in DUPLICATES:
            sets[name] = data.split(array, 4096)
    limited = {name: (train, queries[:4096]) for name, (train, queries) in sets.items()}
    title = "Clusters and duplicates, against own brute force (pruning switched off)"
    return [pruning.speed_ups("clusters", title, limited, options)]
