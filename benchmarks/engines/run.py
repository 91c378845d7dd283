#!/usr/bin/env python3
"""Time of a fit and of scores on two workers of Dask, Ray and Spark, beside one process with two threads.

    benchmarks/engines/run.py [--rows 1000000] [--columns 64] [--training-points 10000] [--only one,dask,ray,spark]

Needs kernad with the extras dask, ray and spark, and for Spark Java. All read the same Parquet files (one a partition),
in a process of their own, and end with the sum of the log-densities, which must be the same. An engine is started, and has
fitted and scored some rows, before its time is taken. Prints the table of docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import kernad

FILES = 16
Fit = Callable[[kernad.KDEClassifier, Path], bool]
Score = Callable[[kernad.KDEClassifier, Path], float]


class Way(NamedTuple):
    """How one of them fits to a folder, and sums the log-densities of its rows."""

    fit: Fit
    score: Score


def one() -> Way:
    import pyarrow.parquet as pq

    def total(classifier: kernad.KDEClassifier, folder: Path) -> float:
        return float(classifier.compute_kde_scores(pq.read_table(folder), True).sum())

    return Way(lambda classifier, folder: classifier.fit(pq.read_table(folder)), total)


def dask() -> Way:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    import kernad.dask

    Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))
    return Way(
        lambda classifier, folder: kernad.dask.fit(classifier, dd.read_parquet(folder, split_row_groups=False)),
        lambda classifier, folder: float(kernad.dask.score(classifier, dd.read_parquet(folder)).sum().compute()),
    )


def ray() -> Way:
    import ray

    import kernad.ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def total(classifier: kernad.KDEClassifier, folder: Path) -> float:
        return float(kernad.ray.score(classifier, ray.data.read_parquet(str(folder)), actors=2).sum("log_density"))

    return Way(lambda classifier, folder: kernad.ray.fit(classifier, ray.data.read_parquet(str(folder))), total)


def spark() -> Way:
    from pyspark.sql import SparkSession

    import kernad.spark

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", False)
    session = builder.config("spark.driver.memory", "3g").getOrCreate()
    session.sparkContext.setLogLevel("OFF")

    def total(classifier: kernad.KDEClassifier, folder: Path) -> float:
        scored = kernad.spark.score(classifier, session.read.parquet(str(folder)))
        return float(scored.agg({"log_density": "sum"}).collect()[0][0])

    return Way(lambda classifier, folder: kernad.spark.fit(classifier, session.read.parquet(str(folder))), total)


WAYS: dict[str, Callable[[], Way]] = {"one": one, "dask": dask, "ray": ray, "spark": spark}
NAMES = {"one": "one process, two threads", "dask": "Dask", "ray": "Ray", "spark": "Spark"}


def write_rows(folder: Path, rows: int, columns: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    mixing = np.random.default_rng(0).normal(size=(columns, columns)).astype(np.float32)
    for i, part in enumerate(np.array_split(np.arange(rows), min(FILES, rows))):
        values = np.random.default_rng(i + 1).standard_normal((len(part), columns), dtype=np.float32) @ mixing
        table = pa.table({f"c{j}": values[:, j].copy() for j in range(columns)})
        pq.write_table(table, folder / f"{i:03}.parquet")


def measure(name: str, folder: Path, training_points: int) -> dict[str, Any]:
    """Seconds of the start, the fit and the scores, and the sum."""
    warnings.simplefilter("ignore")
    os.environ["KERNAD_NUM_THREADS"] = "2"
    begin = time.perf_counter()
    way = WAYS[name]()

    def run(rows: Path) -> tuple[float, float, float]:
        classifier = kernad.KDEClassifier(max_training_points=training_points)
        times = [time.perf_counter()]
        way.fit(classifier, rows)
        times.append(time.perf_counter())
        total = way.score(classifier, rows)
        times.append(time.perf_counter())
        return times[1] - times[0], times[2] - times[1], total

    run(folder / "few")
    start = time.perf_counter() - begin
    fit, score, total = run(folder / "all")
    return {"start": start, "fit": fit, "score": score, "total": total}


def main() -> None:
    """Measure each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--training-points", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(WAYS))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, folder = options.measure
        print(json.dumps(measure(name, Path(folder), options.training_points)), flush=True)
        os._exit(0)  # the engines take their time to stop
    with tempfile.TemporaryDirectory() as scratch:
        write_rows(Path(scratch, "few"), 2_000, options.columns)
        write_rows(Path(scratch, "all"), options.rows, options.columns)
        results = {}
        for name in options.only.split(","):
            command = [sys.executable, __file__, "--measure", name, scratch, "--training-points", str(options.training_points)]
            ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[name] = json.loads(ran.stdout.splitlines()[-1])
    show(results)


def show(results: dict[str, dict[str, Any]]) -> None:
    """Print the table."""
    print("| | start, s | fit, s | scores, s | fit and scores, compared with one process |")
    print("|---|---:|---:|---:|---:|")
    first = next(iter(results.values()))
    for name, result in results.items():
        if not np.isclose(result["total"], first["total"], rtol=1e-12):
            sys.exit(f"{name}: the log-densities sum to {result['total']}, not to {first['total']}")
        ratio = (result["fit"] + result["score"]) / (first["fit"] + first["score"])
        print(f"| {NAMES[name]} | {result['start']:.1f} | {result['fit']:.2f} | {result['score']:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    # Dask's workers import this file.
    main()
