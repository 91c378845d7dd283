"""Scoring in batches over the number of columns: time must grow with the work, without a step."""

from __future__ import annotations

import functools
from argparse import Namespace

import check
import machine
import methods
from report import ERROR, Column, Table
from timing import interleaved, paired_ratio

import data
import kernad

DIMENSIONS = (8, 16, 32, 48, 64, 96, 128, 256, 512)
PEER = "torch addmm + logsumexp"


def _row(options: Namespace, rows_count: int, dimension: int, peak: float | None) -> dict[str, object]:
    train, queries = data.gaussian(rows_count, dimension, 1), data.gaussian(1024, dimension, 2)
    problem = methods.Problem(train, queries, options.threads)
    own = methods.kernad(problem)
    row: dict[str, object] = {"dimension": dimension, "error": check.own_error(own, problem, f"d = {dimension}")}
    tasks = {"kernad": functools.partial(own, queries)}
    timed = {"kernad": len(queries), PEER: 256}
    try:
        tasks[PEER] = functools.partial(methods.torch_addmm(problem), queries[: timed[PEER]])
    except ImportError:
        pass  # the column stays empty
    seconds = interleaved(tasks, options.rounds)
    micros = {name: 1e6 * sorted(of)[len(of) // 2] / timed[name] for name, of in seconds.items()}
    row["kernad"] = micros["kernad"]
    row["of_peak"] = peak and 2e6 * rows_count * dimension / micros["kernad"] / peak
    if PEER in micros:
        row["torch"] = micros[PEER]
        row["ratio"] = paired_ratio(seconds[PEER], seconds["kernad"])["median"] * timed["kernad"] / timed[PEER]
    return row


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows_count = 4000 if options.quick else 40_000
    target = kernad.system_info().kernel_target
    peak = machine.peak(options.threads, target)
    rows = [_row(options, rows_count, dimension, peak) for dimension in DIMENSIONS]
    columns = [
        Column("dimension", "columns", "{}"), Column("kernad", "kernad, µs a query", "{:.1f}"),
        Column("of_peak", "distances, of the multiply-add peak", "{:.0%}"), Column("torch", f"{PEER}, µs", "{:.1f}"),
        Column("ratio", "times kernad's", "{:.1f}"), ERROR,
    ]  # fmt: skip
    title = f"Scoring in batches by columns: N = {rows_count:,}, isotropic, {options.threads} threads, {target}"
    return [Table("dimensions", title, columns, rows)]
