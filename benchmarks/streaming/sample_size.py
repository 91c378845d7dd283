#!/usr/bin/env python3
"""What max_training_points beyond 40,000 costs, and what it changes in detection: the table of docs/scale.md.

    benchmarks/streaming/sample_size.py FOLDER [--samples 10000,40000,100000,400000] [--auto]

FOLDER/GROUP/NAME.npz has X and y (0 normal, 1 anomalous). Of each set that has more normal rows than 40,000 can be sampled from, 70
percent of the normal rows are given to the fit; of the others and the anomalies, at most 5,000 of each are scored. Each fit runs in
a process of its own, and its memory is what the process has at most, beyond that before the fit. NORMAL is 600,000 normal rows of
64 columns, with anomalies of 1.5 times the spread. Needs Linux, kernad and scikit-learn.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

SHARE = 0.7
DEFAULT = 40_000
TESTED = 5_000


def load(path: Path) -> tuple[Any, Any]:
    """Rows and labels."""
    if path.name == "NORMAL":
        random = np.random.default_rng(0)
        labels = np.repeat([0, 1], [600_000, TESTED])
        rows = random.standard_normal((len(labels), 64), dtype=np.float32)
        rows[labels == 1] *= 1.5
        return rows, labels
    with np.load(path) as found:
        if "y" not in found:
            return np.empty((0, 1)), np.empty(0)
        return found["X"].astype(np.float32), found["y"].ravel().astype(int)


def memory(what: str) -> float:
    """VmRSS or VmHWM, its most, in MB."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


def one(path: Path, sample: int, auto: bool) -> None:
    """Prints what a fit on a sample costs and finds."""
    from sklearn.metrics import roc_auc_score

    import kernad

    warnings.simplefilter("ignore")
    rows, labels = load(path)
    random = np.random.default_rng(0)
    normal = random.permutation(np.flatnonzero(labels == 0))
    cut = int(SHARE * len(normal))
    anomalous = random.permutation(np.flatnonzero(labels == 1))[:TESTED]
    tested = np.concatenate([normal[cut : cut + TESTED], anomalous])
    train = rows[np.sort(normal[:cut])]
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew
    before = memory("VmRSS")
    classifier = kernad.KDEClassifier(auto=auto, max_training_points=sample)
    begin = time.perf_counter()
    classifier.fit(train)
    fitted = time.perf_counter() - begin
    added = memory("VmHWM") - before
    begin = time.perf_counter()
    scores = classifier.compute_kde_scores(rows[tested], True)
    scored = (time.perf_counter() - begin) / len(tested) * 1e6
    auroc = roc_auc_score(labels[tested], -scores)
    print(f"| {path.stem} | {min(sample, cut):,} | {fitted:.1f} | {added:,.0f} | {scored:.0f} | {auroc:.4f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the sets; with --one a set")
    parser.add_argument("--samples", default="10000,40000,100000,400000")
    parser.add_argument("--auto", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.folder, options.one, options.auto)
    print("| set | rows sampled | fit, s | memory added, MB | µs a score | AUROC |\n|---|---:|---:|---:|---:|---:|", flush=True)
    for path in [*sorted(options.folder.glob("*/*.npz")), Path("NORMAL")]:
        rows = int(SHARE * (load(path)[1] == 0).sum())
        if rows <= DEFAULT:
            continue
        samples = {min(int(text), rows) for text in options.samples.split(",")}
        for sample in sorted(samples):
            command = [sys.executable, __file__, str(path), "--one", str(sample), *(["--auto"] if options.auto else [])]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
