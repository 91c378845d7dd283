"""Scoring in batches, where every method is at its best."""

from __future__ import annotations

import dataclasses
import functools
from argparse import Namespace
from collections.abc import Callable

import check
import machine
import methods
from report import ERROR, NAME, Column, Table, spread_columns
from timing import interleaved, spread

import data
import kernad

Maker = Callable[[methods.Problem], methods.Scorer]


def makers(options: Namespace) -> dict[str, tuple[Maker, int]]:
    """Name -> maker and number of queries it is timed on, fewer for slow ones."""
    return {
        "kernad": (methods.kernad, 4096),
        "torch addmm + logsumexp": (methods.torch_addmm, 512),
        "torch cdist + logsumexp": (methods.torch_cdist, 256),
        "scipy gaussian_kde.logpdf": (methods.scipy_logpdf, 64),
        "scikit-learn KernelDensity": (methods.sklearn_kde, 64),
        "the reference's loop": (functools.partial(methods.reference_loop, source=options.reference), 64),
    }


def scorers(problem: methods.Problem, found: dict[str, tuple[Maker, int]]) -> tuple[dict[str, tuple], list[str]]:
    """Name -> scorer, queries to time it on, error, if installed and correct; and a sentence for each of the others."""
    ready, left_out = {}, []
    for name, (make, count) in found.items():
        try:
            scorer = make(problem)
        except ImportError as error:
            left_out.append(f"Skipped: {name} ({error}).")
            continue
        if name.startswith("kernad"):
            error = check.own_error(scorer, problem, name)
        elif (error := check.largest_error(scorer, problem)) >= check.PEER_LIMIT or error != error:
            left_out.append(f"Not timed: {name} is off by {error:.3g} nats.")
            continue
        ready[name] = (scorer, problem.queries[:count], error)
    return ready, left_out


ONE_THREAD = "kernad on one thread"


def _kernad_alone(problem: methods.Problem) -> methods.Scorer:
    return methods.kernad(dataclasses.replace(problem, threads=1))


def _peaks(counts: set[int], target: str) -> dict[int, float | None]:
    return {count: machine.peak(count, target) for count in counts}


def _table(options: Namespace, dimension: int) -> Table:
    rows_count = 4000 if options.quick else 40_000
    train, queries = data.gaussian(rows_count, dimension, 1), data.gaussian(4096, dimension, 2)
    problem = methods.Problem(train, queries, options.threads)
    found = makers(options)
    if options.threads > 1:
        found[ONE_THREAD] = (_kernad_alone, 4096)
    ready, left_out = scorers(problem, found)
    target = kernad.system_info().kernel_target
    threads = {name: 1 if name == ONE_THREAD else options.threads for name in ready if name.startswith("kernad")}
    before = _peaks(set(threads.values()), target)
    seconds = interleaved({n: functools.partial(s, q) for n, (s, q, _) in ready.items()}, options.rounds)
    after = _peaks(set(threads.values()), target)
    rows, notes = [], []
    for name, (_, timed, error) in ready.items():
        rows.append({"name": name, **spread(seconds[name], 1e6 / len(timed)), "error": error})
        rows[-1]["ratio"] = rows[-1]["median"] / rows[0]["median"]
        if name not in threads:
            continue
        flops = 2 * rows_count * dimension / (rows[-1]["median"] * 1e-6)
        notes.append(f"{name}: distances alone are {flops / 1e9:.0f} GFLOP/s")
        if before[threads[name]] and after[threads[name]]:
            peak = max(before[threads[name]], after[threads[name]])
            rows[-1]["of_peak"] = flops / peak
            notes[-1] += f", {rows[-1]['of_peak']:.0%} of the {peak / 1e9:.0f} GFLOP/s of the {target} multiply-add peak"
    columns = [NAME, *spread_columns("µs a query"), Column("ratio", "times kernad's", "{:.1f}"), ERROR]
    title = f"Scoring in batches: N = {rows_count:,}, d = {dimension}, isotropic, {options.threads} threads"
    return Table(f"score-{dimension}", title, columns, rows, [*(note + "." for note in notes), *left_out])


def tables(options: Namespace) -> list[Table]:
    """One for each dimension."""
    return [_table(options, dimension) for dimension in (16, 64)]
