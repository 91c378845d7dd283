"""kernad against its own brute force: the same call with pruning switched off."""

from __future__ import annotations

import functools
from argparse import Namespace

import check
import methods
import numpy as np
from report import ERROR, Column, Table
from timing import interleaved, paired_ratio

# Ratios near 1 need longer rounds, and more of them, than speed-ups do.
COST_SECONDS, COST_ROUNDS = 0.2, 11

COLUMNS = [
    Column("name", "data"),
    Column("rows", "N", "{:,}"),
    Column("dimension", "d"),
    Column("brute", "brute force, µs a query", "{:.2f}"),
    Column("pruned", "kernad, µs a query", "{:.2f}"),
]
DATA = dict[str, tuple[np.ndarray, np.ndarray]]  # name -> references and queries


def _pair(
    name: str, train: np.ndarray, queries: np.ndarray, options: Namespace, rounds: int, at_least: float = 0.02
) -> tuple[dict, dict]:
    """A row without its ratio, and the seconds of both."""
    problem = methods.Problem(train, queries, options.threads)
    both = {"brute": methods.kernad_brute_force(problem), "pruned": methods.kernad(problem)}
    error = max(check.own_error(scorer, problem, f"{name}, {what}") for what, scorer in both.items())
    tasks = {what: functools.partial(scorer, queries) for what, scorer in both.items()}
    seconds = interleaved(tasks, rounds, at_least)
    row = {"name": name, "rows": len(train), "dimension": train.shape[1], "error": error}
    row |= {what: float(np.median(values)) * 1e6 / len(queries) for what, values in seconds.items()}
    return row, seconds


def speed_ups(name: str, title: str, sets: DATA, options: Namespace) -> Table:
    """How many times faster than brute force."""
    rows = []
    for what, (train, queries) in sets.items():
        row, seconds = _pair(what, train, queries, options, options.rounds)
        rows.append(row | paired_ratio(seconds["brute"], seconds["pruned"]))
    ratios = [Column("median", "speed-up", "{:.2f}"), Column("min", "min", "{:.2f}"), Column("max", "max", "{:.2f}")]
    return Table(name, f"{title}, {options.threads} threads", [*COLUMNS, *ratios, ERROR], rows)


def costs(name: str, title: str, sets: DATA, options: Namespace) -> Table:
    """The share of the time of brute force; above 1, pruning is a loss."""
    rows = []
    for what, (train, queries) in sets.items():
        rounds, at_least = (options.rounds, 0.02) if options.quick else (max(options.rounds, COST_ROUNDS), COST_SECONDS)
        row, seconds = _pair(what, train, queries, options, rounds, at_least)
        rows.append(row | paired_ratio(seconds["pruned"], seconds["brute"]))
    worst = max(rows, key=lambda row: row["median"])
    note = f"The worst is {worst['name']}: {worst['median']:.3f} times the time of brute force."
    ratios = [Column("median", "of its time", "{:.3f}"), Column("min", "min", "{:.3f}"), Column("max", "max", "{:.3f}")]
    return Table(name, f"{title}, {options.threads} threads", [*COLUMNS, *ratios, ERROR], rows, [note])
