"""What runs in its own process (see fresh.py): python jobs.py NAME JSON -> JSON on standard output."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import check
import fresh
import methods
import numpy as np

import data

THREADS = int(os.environ["KERNAD_NUM_THREADS"])


def fit_kernad(path: str) -> dict[str, float]:
    """The whole classifier on the rows of a .npy file."""
    import kernad

    rows = np.load(path)
    kernad.KDEClassifier().fit(rows[:100].copy())  # loads code and starts threads
    return fresh.cost(lambda: kernad.KDEClassifier().fit(rows))


def fit_reference(path: str, source: str) -> dict[str, float]:
    """The same with the reference."""
    import reference
    import torch

    torch.set_num_threads(THREADS)
    rows = torch.from_numpy(np.load(path))
    reference.classifier(Path(source)).fit(rows[:100].clone())
    return fresh.cost(lambda: reference.classifier(Path(source)).fit(rows))


def scale(rows: int, queries: int, dimension: int, kind: str) -> dict[str, float]:
    """Fit and scoring of the given numbers of points; `kind` names a function in data.py."""
    import kernad

    def made(count: int, seed: int) -> np.ndarray:
        return (
            data.clusters(count, dimension, 200, seed) if kind == "clusters" else data.gaussian(count, dimension, seed)
        )

    train, asked = made(rows, 1), made(queries, 2)
    kde = kernad.GaussianKDE(train[:1000])
    kde.log_density(asked[:100])
    found = {f"fit_{key}": value for key, value in fresh.cost(lambda: kde.fit(train)).items()}
    found |= {f"score_{key}": value for key, value in fresh.cost(lambda: kde.log_density(asked)).items()}
    problem = methods.Problem(train, asked[:8], THREADS)
    return found | {"error": check.own_error(kde.log_density, problem, f"{rows} {kind} points, {queries} queries")}


def target(rows: int, queries: int, dimension: int) -> dict[str, float]:
    """Seconds per query on the instruction set that KERNAD_TARGET names: the minimum of three calls."""
    train, asked = data.gaussian(rows, dimension, 1), data.gaussian(queries, dimension, 2)
    problem = methods.Problem(train, asked, THREADS)
    scorer = methods.kernad(problem)
    error = check.own_error(scorer, problem, f"target {os.environ['KERNAD_TARGET']}")
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        scorer(asked)
        seconds.append(time.perf_counter() - begin)
    return {"seconds": min(seconds) / queries, "error": error}


JOBS = {job.__name__: job for job in (fit_kernad, fit_reference, scale, target)}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](**json.loads(sys.argv[2]))))
