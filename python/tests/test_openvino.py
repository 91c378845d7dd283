"""OpenVINO, which computes in float32 at best, runs the exported graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

pytest.importorskip("onnx", reason="onnx is not installed")
openvino = pytest.importorskip("openvino", reason="openvino is not installed")


def compiled(classifier: kernad.KDEClassifier, path: Path) -> Any:
    kernad.export_onnx(classifier, path)
    return openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize("options", [{"n_pca_components": 6}, {"feature_scaling_method": "norm"}, {"auto": True}])
def test_openvino_in_float32_agrees(train, queries, options, tmp_path) -> None:
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(train)
    run = compiled(classifier, tmp_path / "model.onnx")
    expected = classifier.compute_kde_scores(queries, as_log_likelihood=True)
    found = run(queries)["log_density"]
    held = expected > -1e30  # float32 ends at -3e38
    assert held.sum() >= 200
    np.testing.assert_allclose(found[held], expected[held], atol=1e-4, rtol=1e-6)
    assert (found[~held] < -1e30).all()


def of_shares() -> np.ndarray:
    return np.round(np.random.default_rng(5).dirichlet([20, 10, 5, 3], 300) * 100, 1).astype(np.float32)


def of_a_subspace() -> np.ndarray:
    rows = make_rows(200, 6)
    rows[:, 1] = 3
    rows[:, 4] = rows[:, 2]
    return rows


MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "scale": (lambda: make_rows(200), {"n_pca_components": 24}),
    "left out": (lambda: make_rows(200), {"n_pca_components": 6}),
    "standardized": (lambda: make_rows(200), {"n_pca_components": 6, "standardize": True}),
    "norm": (lambda: make_rows(200), {"n_pca_components": 24, "feature_scaling_method": "norm"}),
    "norm, left out": (lambda: make_rows(200), {"n_pca_components": 6, "feature_scaling_method": "norm"}),
    "norm in a subspace": (of_a_subspace, {"n_pca_components": 3, "feature_scaling_method": "norm"}),
    "auto": (lambda: make_rows(200), {"auto": True}),
    "auto of shares": (of_shares, {"auto": True}),
    "auto in a subspace": (of_a_subspace, {"auto": True}),
}


@pytest.fixture(params=MODELS)
def case(request: pytest.FixtureRequest) -> tuple[kernad.KDEClassifier, np.ndarray]:
    make, options = MODELS[request.param]
    rows = make()
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    return classifier, rows


def test_far_rows_never_read_as_normal(case: Any, tmp_path: Path) -> None:
    """Their squares overflow float32, from 1.8e19 on."""
    classifier, rows = case
    far = np.concatenate([np.eye(rows.shape[1]), np.ones((1, rows.shape[1])), rows[:5] / np.abs(rows[:5]).max()])
    asked = np.concatenate([sign * far * 10.0**power for sign in (1, -1) for power in (9, 18, 19, 20, 30, 38)])
    asked = asked.astype(np.float32)
    expected = classifier.labels(classifier.compute_kde_scores(asked, True))
    found = compiled(classifier, tmp_path / "model.onnx")(asked)
    assert expected.mean() > 0.8
    assert found["label"][expected].all()
    assert (found["score"][expected] >= 0.5).all()


def test_what_is_not_finite_never_reads_as_normal(case: Any, tmp_path: Path) -> None:
    classifier, rows = case
    columns = rows.shape[1]
    asked = np.tile(rows[:columns], (3, 1))
    for i in range(columns):
        asked[[i, columns + i, 2 * columns + i], i] = np.nan, np.inf, -np.inf
    wrong = len(asked)
    asked = np.concatenate([asked, np.full((1, columns), np.nan, np.float32), rows])
    found = compiled(classifier, tmp_path / "model.onnx")(asked)
    wrong += 1
    assert (found["log_density"][:wrong] <= np.finfo(np.float32).min).all()  # -inf, or the lowest number there is
    for name in ("probability", "score", "label"):
        assert (found[name][:wrong] == 1).all(), name
    np.testing.assert_allclose(found["p_value"][:wrong], 1 / (len(classifier.calibration.log_densities) + 1))
    assert found["label"][wrong:].mean() < 0.3
