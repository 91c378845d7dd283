"""Where pruning cannot gain anything, it must not cost anything: made-up and real data of many kinds."""

from __future__ import annotations

from argparse import Namespace

from report import Table

import data
import kernad
from tables import pruning

COMPONENTS = 16


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows = 4000 if options.quick else 40_000
    sets: pruning.DATA = {}
    for dimension in (3, 8, 16, 64):
        sets[f"isotropic, d = {dimension}"] = (data.gaussian(rows, dimension, 1), data.gaussian(2048, dimension, 2))
    for name, array in data.real_sets(options.data).items():
        train, queries = data.split(array, 2048)
        pca = kernad.PCA(COMPONENTS)
        sets[name] = (pca.fit_transform(train[:rows] if options.quick else train), pca.transform(queries))
    title = f"Nowhere slower than brute force (real data by at most {COMPONENTS} principal components)"
    table = pruning.costs("brute", title, sets, options)
    if not options.data:
        table.notes.append("Skipped: real data (--data names no folder).")
    return [table]
