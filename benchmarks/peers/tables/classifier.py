"""Fit of the whole classifier, time and memory, each in its own processes."""

from __future__ import annotations

import functools
import tempfile
from argparse import Namespace
from pathlib import Path

import fresh
import numpy as np
from report import NAME, Column, Table, spread_columns
from timing import spread

import data

MOST_ROUNDS = 3  # the reference is slow


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows_count = 1000 if options.quick else 16_000
    left_out = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "rows.npy"))
        np.save(path, data.spectrum(rows_count, 512, 3))
        jobs = {"kernad": functools.partial(fresh.run, "fit_kernad", path=path)}
        if options.reference:
            source = str(options.reference)
            jobs["the reference"] = functools.partial(fresh.run, "fit_reference", path=path, source=source)
        else:
            left_out.append("Skipped: the reference (--reference names no folder).")
        runs = [{name: job() for name, job in jobs.items()} for _ in range(min(options.rounds, MOST_ROUNDS))]
    rows = []
    for name in jobs:
        found = {key: [run[name][key] for run in runs] for key in ("seconds", "mebibytes")}
        rows.append({"name": name, **spread(found["seconds"]), "memory": max(found["mebibytes"])})
        rows[-1]["ratio"] = rows[-1]["median"] / rows[0]["median"]
        rows[-1]["memory_ratio"] = rows[-1]["memory"] / rows[0]["memory"]
    columns = [
        NAME, *spread_columns("s", "{:.3f}"), Column("ratio", "times kernad's", "{:.0f}"),
        Column("memory", "memory beyond the input, MiB", "{:.0f}"), Column("memory_ratio", "times kernad's", "{:.1f}"),
    ]  # fmt: skip
    title = f"Fit of the whole classifier: {rows_count:,} x 512, {options.threads} threads"
    return [Table("classifier", title, columns, rows, left_out)]
