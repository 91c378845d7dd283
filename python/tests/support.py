"""Made-up embeddings, and where the repository's own files lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

REPOSITORY = Path(__file__).resolve().parents[2]
GOLDEN = REPOSITORY / "tests" / "reference" / "golden"


def make_rows(count: int, columns: int = 24, seed: int = 0) -> npt.NDArray[np.float32]:
    """Gaussian rows with decaying deviations, mixed and shifted: what embeddings are like."""
    mixing = np.linalg.qr(np.random.default_rng(1234).normal(size=(columns, columns)))[0]
    rng = np.random.default_rng(seed)
    return ((rng.normal(size=(count, columns)) * 0.8 ** np.arange(columns)) @ mixing + 2.0).astype(np.float32)
