"""kernad beside its peers: same data, same threads, interleaved rounds, results checked before they are timed."""

from __future__ import annotations

import argparse
import functools
import json
import time
from pathlib import Path

import kernad
import methods
import numpy as np


def gaussian(rows: int, dimension: int, seed: int) -> np.ndarray:
    data = np.random.default_rng(seed).standard_normal((rows, dimension)).astype(np.float32)
    return data - data.mean(0)


def scoring_methods(source: Path | None) -> dict[str, tuple]:
    """Name -> (maker, queries that it is timed on: slow ones on fewer)."""
    found = {"kernad": (methods.kernad, 4096), "torch addmm + logsumexp": (methods.torch_addmm, 512)}
    found["torch cdist + logsumexp"] = (methods.torch_cdist, 256)
    found["scipy gaussian_kde.logpdf"] = (methods.scipy_logpdf, 64)
    found["scikit-learn KernelDensity"] = (methods.sklearn_kde, 64)
    if source is not None:
        found["the reference's loop"] = (functools.partial(methods.reference, source=source), 64)
    else:
        print("skipped: the reference's loop (--reference names no source folder)")
    return found


def checked(name: str, scorer: methods.Scorer, problem: methods.Problem, count: int) -> float | None:
    """The largest error over the first queries, in nats; None, said aloud, for a method too wrong to be timed."""
    count = min(count, 64)
    error = float(np.abs(scorer(problem.queries[:count]) - problem.expected(count)).max())
    if error < 1e-2:
        return error
    print(f"not timed at d = {problem.train.shape[1]}: {name} is off by {error:.3g} nats")
    return None


def interleaved(tasks: dict, rounds: int) -> dict[str, list[float]]:
    """Seconds of each task, round after round, so that a disturbance meets all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(rounds):
        for name, task in tasks.items():
            begin = time.perf_counter()
            task()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def report(title: str, unit: str, rows: list[dict]) -> None:
    own = next(row for row in rows if row["name"] == "kernad")["median"]
    print(f"\n{title}\n{'':28} {'median':>10} {'min':>10} {'max':>10} {'ratio':>8}  largest error")
    for row in rows:
        row["ratio"] = row["median"] / own
        error = f"{row['error']:.1e}" if "error" in row else ""
        values = " ".join(f"{row[key]:10.3f}" for key in ("median", "min", "max"))
        print(f"{row['name']:28} {values} {row['ratio']:8.1f}  {error}   [{unit}]")


def statistics(name: str, seconds: list[float], scale: float, **more: float) -> dict:
    return {"name": name, "median": float(np.median(seconds)) * scale, "min": min(seconds) * scale,
            "max": max(seconds) * scale, **more}


def score_table(dimension: int, threads: int, rounds: int, source: Path | None) -> dict:
    problem = methods.Problem(gaussian(40_000, dimension, 1), gaussian(4096, dimension, 2), threads)
    tasks, counts, errors = {}, {}, {}
    for name, (make, count) in scoring_methods(source).items():
        try:
            scorer = make(problem)
        except ImportError as error:
            print(f"skipped: {name} ({error})")
            continue
        error = checked(name, scorer, problem, count)
        if error is None:
            continue
        errors[name], counts[name] = error, count
        tasks[name] = functools.partial(scorer, problem.queries[:count])
    seconds = interleaved(tasks, rounds)
    rows = [statistics(name, values, 1e6 / counts[name], error=errors[name]) for name, values in seconds.items()]
    flops = 2 * 40_000 * dimension / (rows[0]["median"] * 1e-6)
    report(f"scoring in batches, N = 40,000, d = {dimension}, {threads} threads", "us a query", rows)
    print(f"kernad's distances alone: {flops / 1e9:.0f} GFLOP/s")
    return {"table": "score", "dimension": dimension, "threads": threads, "rows": rows}


def latency_table(threads: int, source: Path | None) -> dict:
    problem = methods.Problem(gaussian(40_000, 16, 1), gaussian(2000, 16, 2), threads)
    rows = []
    for name, (make, _) in scoring_methods(source).items():
        if name not in ("kernad", "torch addmm + logsumexp", "the reference's loop"):
            continue
        scorer, seconds = make(problem), []
        checked(name, scorer, problem, 8)
        for i in range(2000 if name == "kernad" else 300):
            query = problem.queries[i : i + 1]
            begin = time.perf_counter()
            scorer(query)
            seconds.append(time.perf_counter() - begin)
        p99, p999 = np.percentile(seconds, [99, 99.9]) * 1e6
        rows.append(statistics(name, seconds, 1e6, p99=float(p99), p999=float(p999)))
    report(f"one query at a time, N = 40,000, d = 16, {threads} threads", "us", rows)
    for row in rows:
        print(f"{row['name']:28} p99 {row['p99']:.1f} us, p99.9 {row['p999']:.1f} us")
    return {"table": "latency", "threads": threads, "rows": rows}


def fit_table(rows_count: int, threads: int, rounds: int) -> dict:
    data = gaussian(rows_count, 512, 3) * (0.99 ** np.arange(512)).astype(np.float32) + np.float32(1)
    exact = np.linalg.eigh(np.cov(data.T.astype(np.float64)))[1][:, -16:]

    def angle(vectors: np.ndarray) -> float:
        """Sine of the largest angle between a method's subspace and the exact one."""
        q = np.linalg.qr(np.asarray(vectors, dtype=np.float64))[0]
        return float(np.linalg.norm(exact - q @ (q.T @ exact), 2))

    def own() -> np.ndarray:
        pca = kernad.PCA(16)
        pca.fit(data)
        return np.asarray(pca.singular_vectors)

    tasks = {"kernad": own}
    try:
        import torch

        torch.set_num_threads(threads)
        tasks["torch.linalg.svd (thin)"] = lambda: torch.linalg.svd(
            torch.from_numpy(data - data.mean(0)), full_matrices=False
        )[2][:16].T.numpy()
    except ImportError as error:
        print(f"skipped: torch ({error})")
    try:
        from sklearn.decomposition import PCA

        tasks["scikit-learn randomised PCA"] = lambda: PCA(16, svd_solver="randomized", random_state=0).fit(data).components_.T
    except ImportError as error:
        print(f"skipped: scikit-learn ({error})")
    errors = {name: angle(task()) for name, task in tasks.items()}
    rows = [statistics(name, s, 1e3, error=errors[name]) for name, s in interleaved(tasks, rounds).items()]
    report(f"16 principal axes of {rows_count:,} x 512, {threads} threads (error: sine of the largest angle)", "ms", rows)
    return {"table": "fit", "rows_count": rows_count, "threads": threads, "rows": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, help="folder that holds the reference's package `anomalib`")
    parser.add_argument("--threads", type=int, default=kernad.system_info().threads)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks.json"))
    options = parser.parse_args()
    info = kernad.system_info()
    print(f"kernad {info.version}, {info.cpu}, {info.kernel_target}, {options.threads} threads, BLAS: {info.blas}")
    tables = [score_table(d, options.threads, options.rounds, options.reference) for d in (16, 64)]
    tables.append(latency_table(options.threads, options.reference))
    tables.append(fit_table(40_000, options.threads, options.rounds))
    options.output.write_text(json.dumps({"cpu": info.cpu, "target": info.kernel_target, "tables": tables}, indent=1))


if __name__ == "__main__":
    main()
