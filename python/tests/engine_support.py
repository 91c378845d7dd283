"""What the tests of Dask, Ray and Spark share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import kernad
from support import make_rows

NAMES = [f"c{i}" for i in range(8)]
OUTPUTS = ["log_density", "probability", "p_value", "label"]


def require_engines() -> None:
    """Skips a module of tests unless the environment asks for them; then a missing engine is an error."""
    if os.environ.get("KERNAD_TEST_ENGINES") != "1":
        pytest.skip("KERNAD_TEST_ENGINES=1 asks for the tests of Dask, Ray and Spark", allow_module_level=True)


def doubles(count: int = 3000) -> npt.NDArray[np.float64]:
    """Rows that float32 does not hold."""
    rows = make_rows(count, len(NAMES)).astype(np.float64)
    rows[:, 0] += 1.7e9
    return rows


def unfitted() -> kernad.KDEClassifier:
    return kernad.KDEClassifier(4, max_training_points=500, seed=5)


def fitted_to(whole: Any) -> kernad.KDEClassifier:
    """The classifier that one machine fits and calibrates."""
    classifier = unfitted()
    assert classifier.fit(whole)
    classifier.calibrate(whole, target_fpr=0.1)
    return classifier


def file_of(classifier: kernad.KDEClassifier, folder: Path) -> bytes:
    classifier.save(folder / "model.safetensors")
    return (folder / "model.safetensors").read_bytes()


def output_of(classifier: kernad.KDEClassifier, rows: Any, output: str) -> Any:
    """What one machine says of the rows."""
    scores = classifier.compute_kde_scores(rows, as_log_likelihood=True)
    of_scores: dict[str, Callable[[Any], Any]] = {
        "log_density": lambda scores: scores,
        "probability": classifier.compute_probabilities,
        "p_value": classifier.p_values,
        "label": classifier.labels,
    }
    return of_scores[output](scores)


def dying(partition: int, marker: Path) -> Callable[..., Any]:
    """The work on a partition, whose process is killed the first time that it comes to the one named."""
    path = str(marker)

    def sketch_of(blocks: Any, number: int, *rest: Any) -> Any:
        import os
        import signal

        from kernad._engines import sketch_of

        if number == partition and not os.path.exists(path):
            open(path, "w").close()
            next(iter(blocks))
            os.kill(os.getpid(), signal.SIGKILL)
        return sketch_of(blocks, number, *rest)

    return sketch_of
