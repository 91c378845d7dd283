"""The principal axes, which take nearly all of the time of a fit."""

from __future__ import annotations

from argparse import Namespace

import numpy as np
from report import NAME, Column, Table, spread_columns
from timing import Task, interleaved, spread

import data
import kernad

COMPONENTS = 16


def _tasks(rows: np.ndarray, threads: int) -> tuple[dict[str, Task], list[str]]:
    """The methods by name, and a sentence for each that is not installed."""
    left_out = []

    def own() -> np.ndarray:
        pca = kernad.PCA(COMPONENTS)
        pca.fit(rows)
        return pca.singular_vectors

    tasks: dict[str, Task] = {"kernad": own}
    try:
        import torch

        torch.set_num_threads(threads)
        tasks["torch.linalg.svd, thin"] = lambda: torch.linalg.svd(
            torch.from_numpy(rows - rows.mean(0)), full_matrices=False
        )[2][:COMPONENTS].T.numpy()
    except ImportError as error:
        left_out.append(f"Skipped: torch ({error}).")
    try:
        from sklearn.decomposition import PCA

        tasks["scikit-learn PCA, randomised"] = lambda: (
            PCA(COMPONENTS, svd_solver="randomized", random_state=0).fit(rows).components_.T
        )
    except ImportError as error:
        left_out.append(f"Skipped: scikit-learn ({error}).")
    return tasks, left_out


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows = data.spectrum(4000 if options.quick else 40_000, 512, 3)
    exact = np.linalg.eigh(np.cov(rows.T.astype(np.float64)))[1][:, -COMPONENTS:]

    def sine(vectors: np.ndarray) -> float:
        """Of the largest angle between a method's subspace and the exact one."""
        basis = np.linalg.qr(np.asarray(vectors, dtype=np.float64))[0]
        return float(np.linalg.norm(exact - basis @ (basis.T @ exact), 2))

    tasks, left_out = _tasks(rows, options.threads)
    errors = {name: sine(task()) for name, task in tasks.items()}
    seconds = interleaved(tasks, options.rounds)
    found = [{"name": name, **spread(values, 1e3), "error": errors[name]} for name, values in seconds.items()]
    for row in found:
        row["ratio"] = row["median"] / found[0]["median"]
    ratio, error = Column("ratio", "times kernad's", "{:.1f}"), Column("error", "sine of the largest angle", "{:.0e}")
    columns = [NAME, *spread_columns("ms"), ratio, error]
    title = f"{COMPONENTS} principal axes of {len(rows):,} x 512, {options.threads} threads"
    return [Table("fit", title, columns, found, left_out)]
