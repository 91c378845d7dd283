#!/usr/bin/env python3
"""How well a target false-positive rate is kept: the tables of docs/calibration.md. Needs the Python package.

    benchmarks/calibration/run.py [--draws 1000] [--data FOLDER]

Simulation: for each draw of n training rows a fit, both calibrations, and the share of 200 new normal rows that are
called anomalous. --data: the same on real normal rows, FOLDER/SET/*.npz with X and y (0 normal), over splits of them.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import kernad
import numpy as np

NEW_ROWS = 200
Draw = Callable[[np.random.Generator, int], np.ndarray]


def gaussian(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, 10)) * 0.8 ** np.arange(10)


def heavy_tails(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_t(3, size=(n, 6))


def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.exp(rng.normal(size=(n, 6)))


def two_clusters(rng: np.random.Generator, n: int) -> np.ndarray:
    return 0.3 * rng.normal(size=(n, 8)) + 4 * (rng.random((n, 1)) < 0.3)


def twelve_clusters(rng: np.random.Generator, n: int) -> np.ndarray:
    return 0.2 * rng.normal(size=(n, 12)) + 4 * np.eye(12)[rng.integers(0, 12, size=n)]


def wide(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, 40))


SOURCES: dict[str, tuple[Draw, int]] = {
    "Gaussian, 10 columns, k = 4": (gaussian, 4),
    "Student's t (3), 6 columns, k = 4": (heavy_tails, 4),
    "log-normal, 6 columns, k = 4": (skewed, 4),
    "two clusters, 8 columns, k = 5": (two_clusters, 5),
    "twelve clusters, 12 columns, k = 8": (twelve_clusters, 8),
    "Gaussian without structure, 40 columns, k = 16": (wide, 16),
}
RATES = {20: (0.05, 0.1), 50: (0.02, 0.1), 200: (0.01, 0.05)}


def called(classifier: kernad.KDEClassifier, rows: np.ndarray, rates: Iterable[float]) -> list[float]:
    """Shares of the rows. Scores are those of the calibrated model, which may judge what its density does not see."""
    scores = classifier.compute_kde_scores(rows, as_log_likelihood=True)
    shares = []
    for rate in rates:
        classifier.set_threshold(target_fpr=rate)
        shares.append(float(classifier.labels(scores).mean()))
    return shares


def simulate(draw: Draw, k: int, n: int, draws: int) -> dict[str, np.ndarray]:
    """For each source of calibration rows: observed shares, draws x rates."""
    shares: dict[str, list[list[float]]] = {"training rows": [], "further rows": []}
    rng = np.random.default_rng(n)
    for _ in range(draws):
        train, further, new = (draw(rng, rows).astype(np.float32) for rows in (n, n, NEW_ROWS))
        classifier = kernad.KDEClassifier(k, num_threads=1)
        classifier.fit(train)
        classifier.calibrate(train)
        shares["training rows"].append(called(classifier, new, RATES[n]))
        classifier.calibrate_from(further)
        shares["further rows"].append(called(classifier, new, RATES[n]))
    return {name: np.array(values) for name, values in shares.items()}


def cell(shares: np.ndarray) -> str:
    """Mean and standard error in percent: 4.41 (12) is 4.41 +- 0.12."""
    return f"{100 * shares.mean():.2f} ({10000 * shares.std() / len(shares) ** 0.5:.0f})"


def print_simulation(draws: int) -> None:
    heads = [f"n = {n}, {100 * rate:g} %" for n, rates in RATES.items() for rate in rates]
    exact = [f"{100 * np.floor(rate * (n + 1) + 1e-9) / (n + 1):.2f}" for n, rates in RATES.items() for rate in rates]
    print("| rows | calibrated on | " + " | ".join(heads) + " |")
    print("|---" * (2 + len(heads)) + "|")
    print("| any without ties | further rows, exactly | " + " | ".join(exact) + " |")
    for name, (draw, k) in SOURCES.items():
        by_n = [simulate(draw, k, n, draws) for n in RATES]
        for calibrated_on in by_n[0]:
            cells = [cell(shares[calibrated_on][:, i]) for shares in by_n for i in range(2)]
            print(f"| {name} | {calibrated_on} | " + " | ".join(cells) + " |", flush=True)


def print_real(folder: Path, rates: tuple[float, ...] = (0.02, 0.05, 0.1), splits: int = 10) -> None:
    """70 percent of the normal rows (at most 3,000) fit and calibrate; the rest of them and the anomalies are new."""
    print("\n| set | files | " + " | ".join(f"FPR for {100 * r:g} % | TPR" for r in rates) + " |")
    print("|---" * (2 + 2 * len(rates)) + "|")
    for group in sorted(path for path in folder.iterdir() if list(path.glob("*.npz"))):
        results = []
        for file in sorted(group.glob("*.npz")):
            with np.load(file) as data:
                if not {"X", "y"} <= set(data.files):
                    continue
                X, y = data["X"].astype(np.float32), data["y"].ravel()
            for seed in range(splits):
                normal = np.random.default_rng(seed).permutation(X[y == 0])
                count = min(3000, len(normal) * 7 // 10)
                classifier = kernad.KDEClassifier(min(16, count))
                classifier.fit(normal[:count])
                classifier.calibrate(normal[:count])
                reached = [max(rate, 1 / (count + 1)) for rate in rates]
                shares = [called(classifier, rows[:3000], reached) for rows in (normal[count:], X[y == 1])]
                results.append([share for pair in zip(*shares, strict=True) for share in pair])
        if results:
            means = " | ".join(f"{100 * mean:.1f}" for mean in np.mean(results, axis=0))
            print(f"| {group.name} | {len(results) // splits} | {means} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--data", type=Path, help="folder of folders of .npz with X and y")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", kernad.FitWarning)
    if arguments.draws > 0:
        print_simulation(arguments.draws)
    if arguments.data:
        print_real(arguments.data)


if __name__ == "__main__":
    main()
