#!/usr/bin/env python3
"""Time of a fit and of scores on two workers of Dask, Ray and Spark, beside one process with two threads.

    benchmarks/engines/run.py [--rows 1000000] [--columns 64] [--training-points 10000] [--only one,dask,ray,spark]

Needs kernad with the extras dask, ray and spark, and for Spark Java. All read the same Parquet files (one a partition),
in a process of their own, and sum the log-densities of one model, which must give the same. An engine is started, and
has fitted and scored some rows, before its time is taken; its workers then hold the rows in memory. Prints the table of
docs/scale.md.
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
Rows = Any


class Way(NamedTuple):
    """How one of them brings the rows of a folder into the memory of its workers, fits, and sums log-densities."""

    read: Callable[[Path], Rows]
    fit: Callable[[kernad.KDEClassifier, Rows], bool]
    total: Callable[[kernad.KDEClassifier, Rows], float]


def one() -> Way:
    import pyarrow.parquet as pq

    def total(classifier: kernad.KDEClassifier, rows: Rows) -> float:
        return float(classifier.compute_kde_scores(rows, True).sum())

    return Way(pq.read_table, lambda classifier, rows: classifier.fit(rows), total)


def dask() -> Way:
    import dask.dataframe as dd
    from distributed import Client, LocalCluster, wait

    import kernad.dask

    Client(LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None))

    def read(folder: Path) -> Rows:
        rows = dd.read_parquet(folder).persist()
        wait(rows)
        return rows

    def total(classifier: kernad.KDEClassifier, rows: Rows) -> float:
        return float(kernad.dask.score(classifier, rows).sum().compute())

    return Way(read, kernad.dask.fit, total)


def ray() -> Way:
    import ray

    import kernad.ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    def total(classifier: kernad.KDEClassifier, rows: Rows) -> float:
        # Ray's own sum would take longer than the scores.
        scored = kernad.ray.score(classifier, rows).select_columns(["log_density"])
        return float(scored.to_pandas()["log_density"].sum())

    return Way(lambda folder: ray.data.read_parquet(str(folder)).materialize(), kernad.ray.fit, total)


def spark() -> Way:
    from pyspark.sql import SparkSession

    import kernad.spark

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", False)
    session = builder.config("spark.driver.memory", "3g").getOrCreate()
    session.sparkContext.setLogLevel("OFF")

    def read(folder: Path) -> Rows:
        rows = session.read.parquet(str(folder)).persist()
        rows.count()
        return rows

    def total(classifier: kernad.KDEClassifier, rows: Rows) -> float:
        return float(kernad.spark.score(classifier, rows).agg({"log_density": "sum"}).collect()[0][0])

    return Way(read, kernad.spark.fit, total)


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


def write_model(folder: Path, training_points: int) -> None:
    import pyarrow.parquet as pq

    classifier = kernad.KDEClassifier(max_training_points=training_points)
    warnings.simplefilter("ignore")
    classifier.fit(pq.read_table(folder / "all" / "000.parquet"))
    classifier.save(folder / "model.safetensors")


def measure(name: str, folder: Path, training_points: int) -> dict[str, Any]:
    """Seconds of the start, the fit and the scores, and the sum, by a model of the first rows."""
    warnings.simplefilter("ignore")
    os.environ["KERNAD_NUM_THREADS"] = "2"
    begin = time.perf_counter()
    way = WAYS[name]()

    scorer = kernad.KDEClassifier.load(folder / "model.safetensors")

    def run(source: Path) -> dict[str, float]:
        times = [time.perf_counter()]
        rows = way.read(source)
        times.append(time.perf_counter())
        way.fit(kernad.KDEClassifier(max_training_points=training_points), rows)
        times.append(time.perf_counter())
        total = way.total(scorer, rows)
        times.append(time.perf_counter())
        return {**dict(zip(("read", "fit", "score"), map(float, np.diff(times)), strict=True)), "total": total}

    run(folder / "few")
    start = time.perf_counter() - begin
    return {"start": start, **run(folder / "all")}


def main() -> None:
    """Measure each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--training-points", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(WAYS))
    parser.add_argument("--docs", action="store_true", help="update docs/scale.md")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, folder = options.measure
        print(json.dumps(measure(name, Path(folder), options.training_points)), flush=True)
        os._exit(0)  # the engines take their time to stop
    with tempfile.TemporaryDirectory() as scratch:
        write_rows(Path(scratch, "few"), 2_000, options.columns)
        write_rows(Path(scratch, "all"), options.rows, options.columns)
        write_model(Path(scratch), options.training_points)
        results = {}
        for name in options.only.split(","):
            command = [
                sys.executable,
                __file__,
                "--measure",
                name,
                scratch,
                "--training-points",
                str(options.training_points),
            ]
            ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[name] = json.loads(ran.stdout.splitlines()[-1])
    text = table(results)
    print(text)
    if options.docs:
        sys.path.append(str(Path(__file__).resolve().parents[1] / "common"))
        from pages import with_block

        page = Path(__file__).resolve().parents[2] / "docs/scale.md"
        page.write_text(with_block(page, page.read_text(), "distributed", text))


def table(results: dict[str, dict[str, Any]]) -> str:
    """As Markdown."""
    lines = [
        "| | start, s | read, s | fit, s | scores, s | fit and scores, compared with one process |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    first = next(iter(results.values()))
    for name, result in results.items():
        if not np.isclose(result["total"], first["total"], rtol=1e-12):
            sys.exit(f"{name}: the log-densities sum to {result['total']}, not to {first['total']}")
        ratio = (result["fit"] + result["score"]) / (first["fit"] + first["score"])
        seconds = " | ".join(f"{result[key]:.2f}" for key in ("start", "read", "fit", "score"))
        lines.append(f"| {NAMES[name]} | {seconds} | {ratio:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    # Dask's workers import this file.
    main()
