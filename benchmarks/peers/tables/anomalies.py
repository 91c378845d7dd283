"""Rows far from the training data, which are what a detector is there for: none may cost more than a normal one."""

from __future__ import annotations

import functools
from argparse import Namespace

import check
import methods
import numpy as np
from report import NAME, Column, Table, spread_columns
from timing import interleaved, paired_ratio, spread

import data
from tables.latency import seconds_of_each

FACTORS = (1.5, 3, 10, 100)
BATCH = 1024
SINGLE = 500  # of each kind, one after another
ALPHA = 0.5  # of the adaptive bandwidths
NORMAL = "normal"


def _queries(dimension: int) -> dict[str, np.ndarray]:
    """Name -> rows: normal ones, the same times a factor, and such as have nothing of the data but their length."""
    normal = data.mixed(BATCH, dimension, 2)
    found = {NORMAL: normal} | {f"scaled x{factor:g}": np.float32(factor) * normal for factor in FACTORS}
    noise = data.gaussian(BATCH, dimension, 3)
    lengths = np.linalg.norm(normal, axis=1) / np.linalg.norm(noise, axis=1)
    return found | {"white noise": (noise * lengths[:, None]).astype(np.float32)}


def _table(options: Namespace, dimension: int) -> Table:
    rows_count = 4000 if options.quick else 40_000
    train, queries = data.mixed(rows_count, dimension, 1), _queries(dimension)
    problems = {name: methods.Problem(train, rows, options.threads) for name, rows in queries.items()}
    problem = problems[NORMAL]
    batch, adaptive, single = methods.kernad(problem), methods.kernad_adaptive(problem, ALPHA), methods.kernad_scorer
    single = single(problem)
    shares = {name: check.share_of_promise(batch, of, f"{name}, d = {dimension}") for name, of in problems.items()}
    tasks = {name: functools.partial(batch, rows) for name, rows in queries.items()}
    seconds = interleaved(tasks, options.rounds)
    own = interleaved({name: functools.partial(adaptive, rows) for name, rows in queries.items()}, options.rounds)
    calls = {name: seconds_of_each(single, rows[:SINGLE]) for name, rows in queries.items()}
    rows = []
    for name in queries:
        row = {"name": name, **spread(seconds[name], 1e6 / BATCH), "share": shares[name]}
        row["ratio"] = paired_ratio(seconds[name], seconds[NORMAL])["median"]
        row["adaptive"] = spread(own[name], 1e6 / BATCH)["median"]
        row["single"], row["p99"] = np.percentile(calls[name], [50, 99]) * 1e6
        rows.append(row)
    mixture = np.percentile(np.concatenate(list(calls.values())), 99) / np.median(calls[NORMAL])
    columns = [
        NAME, *spread_columns("µs a query"), Column("ratio", "times a normal one's", "{:.2f}"),
        Column("adaptive", f"adaptive bandwidths ({ALPHA}), µs", "{:.1f}"),
        Column("single", "one at a time, µs", "{:.1f}"), Column("p99", "p99", "{:.1f}"),
        Column("share", "largest error, of what is promised", "{:.2f}"),
    ]  # fmt: skip
    title = f"Far rows: N = {rows_count:,}, d = {dimension}, {options.threads} threads"
    note = f"One at a time with a kept Scorer: p99 of all of these rows is {mixture:.1f} times the median of normal ones."
    return Table(f"anomalies-{dimension}", title, columns, rows, [note])


def tables(options: Namespace) -> list[Table]:
    """One for each dimension."""
    return [_table(options, dimension) for dimension in (16, 64)]
