"""Two densities that judge together, where far outliers among the training rows decide a bandwidth.

What docs/numerics.md says of them, against the formulas of ``kernad._fitted`` in long double.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from kernad._fitted import FIRST_TAIL, SECOND, SECOND_TAIL, Tail, dimension, has_residual, tail_of

Long = np.longdouble
pytestmark = pytest.mark.skipif(np.finfo(Long).eps > 1e-18, reason="long double is no wider than double here")


def exact(rows: np.ndarray, state: Mapping[str, Any], prefix: str) -> np.ndarray:
    """The log-density of one of the two, whose features are scaled by length."""

    def of(name: str) -> np.ndarray:
        return np.asarray(state[prefix + name], dtype=Long)

    assert not has_residual(state, prefix)
    scaled = (rows.astype(Long) - of("pca_model.mean")) @ of("pca_model.singular_vectors") / of("max_length")
    queries = (scaled - of("kde_model.mean")) @ of("kde_model.bw_transform")
    exponents = -((queries[:, None] - of("kde_model.dataset")) ** 2).sum(axis=2) / 2
    if prefix + "kde_model.local_factors" in state:
        factors = of("kde_model.local_factors")
        exponents = exponents / factors**2 - dimension(state, prefix) * np.log(factors)
    largest = exponents.max(axis=1, keepdims=True)
    sums = np.log(np.exp(exponents - largest).mean(axis=1)) + largest[:, 0]
    return sums + of("kde_model.log_norm").ravel()[0]


def joined_as(value: float, of: Tail, to: Tail) -> float:
    """What a log-density of one becomes in the other's tail."""
    return float(np.interp(np.interp(-value, -of.knots, of.surprisals), to.surprisals, to.knots))


@pytest.mark.parametrize("seed", range(6))
def test_joined_log_densities(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.normal(0, 0.1, (300, 3)), rng.normal(5, 0.1, (100, 3)), rng.normal(0, 100, (5, 3))
    rows = np.concatenate(parts).astype(np.float32)
    classifier = kernad.KDEClassifier(auto=True)
    classifier.fit(rows)
    state = classifier.state_dict()
    asked = rows[::3] + np.float32(0.0333)
    first, second = exact(asked, state, ""), exact(asked, state, SECOND)
    tails = tail_of(state[SECOND_TAIL]), tail_of(state[FIRST_TAIL])
    inside = second >= tails[0].knots[-1]
    joined = [joined_as(float(value), *tails) for value in second[inside]]
    common = second[inside] >= tails[0].knots[0]
    expected = np.where(common, first[inside], np.minimum(first[inside], joined))
    scores = classifier.compute_kde_scores(asked, True)
    assert inside.sum() > 120
    assert (np.abs(scores[inside] - expected) <= 1e-4).all()
    for other in in_double(classifier, asked, tmp_path):
        np.testing.assert_allclose(other[inside], expected.astype(float), atol=1e-5, rtol=0)


def in_double(classifier: kernad.KDEClassifier, rows: np.ndarray, folder: Path) -> list[np.ndarray]:
    """The scores of those that sum in double, where they are installed."""
    found = []
    try:
        import onnxruntime

        kernad.export_onnx(classifier, folder / "model.onnx")
        found += onnxruntime.InferenceSession(folder / "model.onnx").run(["log_density"], {"features": rows})
    except ImportError:
        pass
    try:
        import torch

        from kernad.torch import KDEClassifier
    except ImportError:
        return found
    classifier.save(folder / "model.safetensors")
    module = KDEClassifier.load(folder / "model.safetensors")
    return [*found, module.compute_kde_scores(torch.tensor(rows).requires_grad_(), True).detach().numpy()]
