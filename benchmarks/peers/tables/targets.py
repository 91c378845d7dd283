"""Each instruction set that this processor has, forced by KERNAD_TARGET in separate processes."""

from __future__ import annotations

from argparse import Namespace

import fresh
import machine
from report import ERROR, NAME, Column, Table, spread_columns
from timing import spread

import kernad

MOST_ROUNDS = 5


def _table(options: Namespace, dimension: int) -> Table:
    rows_count, queries = (4000, 128) if options.quick else (40_000, 1024)
    names = kernad.system_info().kernel_targets
    rounds = min(options.rounds, MOST_ROUNDS)
    sizes = {"rows": rows_count, "queries": queries, "dimension": dimension}
    runs = [{name: fresh.run("target", {"KERNAD_TARGET": name}, **sizes) for name in names} for _ in range(rounds)]
    rows = []
    for name in names:
        row = {"name": name, **spread([run[name]["seconds"] for run in runs], 1e6), "error": runs[0][name]["error"]}
        peak = machine.peak(options.threads, name)
        row["of_peak"] = peak and 2e6 * rows_count * dimension / row["median"] / peak
        rows.append(row)
    for row in rows:
        row["ratio"] = rows[0]["median"] / row["median"]
    columns = [
        NAME, *spread_columns("µs a query"), Column("ratio", "of the best one's speed", "{:.0%}"),
        Column("of_peak", "of its own peak", "{:.0%}"), ERROR,
    ]  # fmt: skip
    title = f"Instruction sets: N = {rows_count:,}, d = {dimension}, isotropic, {options.threads} threads"
    return Table(f"targets-{dimension}", title, columns, rows)


def tables(options: Namespace) -> list[Table]:
    """One for each dimension."""
    return [_table(options, dimension) for dimension in (16, 64)]
