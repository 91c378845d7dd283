"""One query at a time, as on a production line: the tail matters as much as the median."""

from __future__ import annotations

import time
from argparse import Namespace

import methods
import numpy as np
from report import ERROR, NAME, Column, Table, spread_columns

import data
from tables import score

IN_A_ROW = 500  # queries of one method before it is the turn of the next
WARM_UP = 100  # before them: fills caches, and lets spinning threads of the previous method go to sleep


def seconds_of_each(scorer: methods.Scorer, queries: np.ndarray) -> list[float]:
    """One call a query."""
    found = []
    for i in range(len(queries)):
        query = queries[i : i + 1]
        begin = time.perf_counter()
        scorer(query)
        found.append(time.perf_counter() - begin)
    return found


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows_count, fast, slow = (4000, 200, 100) if options.quick else (40_000, 10_000, 1000)
    train, queries = data.gaussian(rows_count, 16, 1), data.gaussian(fast, 16, 2)
    problem = methods.Problem(train, queries, options.threads)
    found = {"kernad, a Scorer kept": (methods.kernad_scorer, fast), "kernad, plain call": (methods.kernad, fast)}
    peers = score.makers(options)
    found |= {name: (peers[name][0], slow) for name in ("torch addmm + logsumexp", "the reference's loop")}
    ready, left_out = score.scorers(problem, found)
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    for first in range(0, fast, IN_A_ROW):
        for name, (scorer, timed, _) in ready.items():
            if first < len(timed):
                for _ in range(WARM_UP):
                    scorer(queries[:1])
                seconds[name] += seconds_of_each(scorer, timed[first : first + IN_A_ROW])
    rows = []
    for name, (_, timed, error) in ready.items():
        median, p99, p999 = np.percentile(seconds[name], [50, 99, 99.9]) * 1e6
        rows.append({"name": name, "median": median, "p99": p99, "error": error, "calls": len(timed)})
        rows[-1]["p999"] = p999 if len(timed) >= 10_000 else None  # the mean of too few means nothing
        rows[-1]["ratio"] = median / rows[0]["median"]
    columns = [
        NAME, spread_columns("µs")[0], Column("p99", "p99", "{:.1f}"), Column("p999", "p99.9", "{:.1f}"),
        Column("ratio", "times the first's", "{:.1f}"), Column("calls", "calls", "{:,}"), ERROR,
    ]  # fmt: skip
    title = f"One query at a time, from Python: N = {rows_count:,}, d = 16, {options.threads} threads"
    return [Table("latency", title, columns, rows, left_out)]
