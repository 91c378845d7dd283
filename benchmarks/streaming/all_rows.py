#!/usr/bin/env python3
"""What --all-rows changes in detection: mean AUROC with components and scales of a sample, and of all rows.

    benchmarks/streaming/all_rows.py FOLDER [--samples 100,300,1000] [--seeds 5]

FOLDER/GROUP/NAME.npz has X and y (0 normal, 1 anomalous). Of each set that has more normal rows than the largest sample, 70
percent of the normal rows are given to the fit; of the others and the anomalies, at most 5,000 of each are scored. Needs kernad
and scikit-learn. Prints the table of docs/scale.md: means over seeds, then over sets.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

import kernad

TESTED = 5_000
WAYS: dict[str, dict[str, Any]] = {
    "default: 16 components": {},
    "4 components": {"n_pca_components": 4},
    "standardised, all components, isotropic": {
        "n_pca_components": "all",
        "standardize": True,
        "covariance": "isotropic",
        "bandwidth": "loo",
    },
}


def auroc(rows: Any, labels: Any, seed: int, options: dict[str, Any]) -> float:
    """Of a fit on a sample of 70 percent of the normal rows."""
    random = np.random.default_rng(seed)
    normal = random.permutation(np.flatnonzero(labels == 0))
    cut = int(0.7 * len(normal))
    anomalous = random.permutation(np.flatnonzero(labels == 1))[:TESTED]
    tested = np.concatenate([normal[cut : cut + TESTED], anomalous])
    classifier = kernad.KDEClassifier(**options, seed=seed)
    if not classifier.fit(rows[np.sort(normal[:cut])]):
        return float("nan")
    return float(roc_auc_score(labels[tested], -classifier.compute_kde_scores(rows[tested], True)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", default="100,300,1000")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    samples = [int(text) for text in options.samples.split(",")]
    warnings.simplefilter("ignore")
    sets = {}
    for path in sorted(options.folder.glob("*/*.npz")):
        with np.load(path) as found:
            rows, labels = found["X"].astype(np.float32), found["y"].ravel().astype(int)
        if 0.7 * (labels == 0).sum() > max(samples):
            sets[path.stem] = (rows, labels)
    print(f"Sets: {', '.join(sets)}\n")
    print("| options | sample | AUROC, of the sample | of all rows | sets better / worse |")
    print("|---|---:|---:|---:|---:|")
    for name, way in WAYS.items():
        for sample in samples:
            means = np.array(
                [
                    [
                        np.mean(
                            [
                                auroc(*data, seed, {**way, "max_training_points": sample, "all_rows": every})
                                for seed in range(options.seeds)
                            ]
                        )
                        for every in (False, True)
                    ]
                    for data in sets.values()
                ]
            )
            change = means[:, 1] - means[:, 0]
            signs = f"{(change > 0.001).sum()} / {(change < -0.001).sum()}"
            print(f"| {name} | {sample} | {means[:, 0].mean():.4f} | {means[:, 1].mean():.4f} | {signs} |", flush=True)


if __name__ == "__main__":
    main()
