"""What the tests share: made-up embeddings, a classifier fitted on them, and where the optional things lie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import kernad
from support import GOLDEN, make_rows


@pytest.fixture(scope="session")
def train() -> npt.NDArray[np.float32]:
    rows = make_rows(300)
    rows.flags.writeable = False  # nothing may change its input
    return rows


@pytest.fixture(scope="session")
def queries() -> npt.NDArray[np.float32]:
    near = make_rows(100, seed=1)
    rows = np.concatenate([near, near * 10, near * 1e30])
    rows.flags.writeable = False
    return rows


@pytest.fixture(params=["scale", "norm"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fitted(train: npt.NDArray[np.float32], method: str) -> kernad.KDEClassifier:
    classifier = kernad.KDEClassifier(6, method)
    assert classifier.fit(train)
    return classifier


@pytest.fixture
def log_density(fitted: kernad.KDEClassifier, queries: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    scores: npt.NDArray[np.float64] = fitted.compute_kde_scores(queries, as_log_likelihood=True)
    return scores


@pytest.fixture(scope="session")
def reference() -> Any:
    """The reference implementation's module, where the environment names its source."""
    pytest.importorskip("torch", reason="torch is not installed")
    source = os.environ.get("KERNAD_ANOMALIB_SOURCE")
    if not source:
        pytest.skip("KERNAD_ANOMALIB_SOURCE does not name the folder that holds the package anomalib")
    import importlib.util

    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN.parent / "make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    make_golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_golden)
    return make_golden.load_reference(Path(source))
