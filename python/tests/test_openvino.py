"""OpenVINO, which computes in float32 at best, runs the exported graph."""

from __future__ import annotations

import warnings
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


@pytest.mark.parametrize("options", [{"local_alpha": 0.5}, {"bandwidth": 1e-4}], ids=["local", "small"])
def test_density_beyond_its_highest_is_none(tmp_path: Path, options: dict[str, Any]) -> None:
    """With 160 training rows, the largest of NaN was the largest number there is, and rows of NaN read as normal."""
    rows = np.random.default_rng(0).normal(size=(160, 12)).astype(np.float32)
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows)
    classifier.set_threshold(log_density=-1e6)
    asked = np.stack([np.full(12, x, np.float32) for x in (np.nan, np.inf, -np.inf, 1e30, -3e38)])
    found = compiled(classifier, tmp_path / "model.onnx")(np.concatenate([asked, rows]))
    assert (found["log_density"][:5] <= -1e37).all()
    assert found["label"][:5].all()
    assert not found["label"][5:].any()


@pytest.mark.parametrize("method", ["scale", "norm"])
def test_columns_far_from_zero(tmp_path: Path, method: str) -> None:
    """Their shift was rounded to float32, by up to 64 s for time stamps: labels were others."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 6))
    rows[:, 1] = 1.7e9 + rng.integers(0, 1000, 200)
    rows[:, 0] += 1e6
    classifier = kernad.KDEClassifier(4, method)
    classifier.fit(rows)
    classifier.calibrate(rows, target_fpr=0.1)
    with pytest.warns(kernad.DataWarning, match="columns 0, 1 are far from zero; .* steps of 128 there") as caught:
        run = compiled(classifier, tmp_path / "model.onnx")
    assert caught[0].message.code == "digits_lost"
    asked = (rows + rng.normal(size=rows.shape)).astype(np.float32)
    expected = classifier.compute_kde_scores(asked, True)
    np.testing.assert_allclose(run(asked)["log_density"], expected, atol=1e-3, rtol=1e-5)


def test_small_values_keep_the_judge_of_the_residual(tmp_path: Path) -> None:
    """The squares of 1e-20 are zero in float32: what the components leave out of a row counted for nothing."""
    rows = (make_rows(150) - 2) * np.float32(1e-20)
    classifier = kernad.KDEClassifier(4)
    classifier.fit(rows)
    classifier.calibrate(rows, target_fpr=0.1)
    asked = np.concatenate([rows, rows + (make_rows(150, seed=7) - 2) * np.float32(3e-21)])
    expected = classifier.compute_kde_scores(asked, True)
    found = compiled(classifier, tmp_path / "model.onnx")(asked)
    np.testing.assert_allclose(found["log_density"], expected, atol=1e-3, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 64, 65, 300])
def test_small_bandwidths_in_batches_of_any_size(tmp_path: Path, count: int) -> None:
    """Where a batch had more rows than the training, some log-densities were up to 3.4e38."""
    rows = np.random.default_rng(0).normal(size=(64, 7)).astype(np.float32)
    classifier = kernad.KDEClassifier("all", bandwidth=1e-4)
    classifier.fit(rows)
    asked = np.resize(rows, (count, 7))
    found = compiled(classifier, tmp_path / "model.onnx")(asked)["log_density"]
    np.testing.assert_allclose(found, classifier.compute_kde_scores(asked, True), atol=1e-3)


def with_outliers() -> np.ndarray:
    rows = make_rows(200)
    return np.concatenate([rows, rows[:5] * 1000])


def of_wide_columns() -> np.ndarray:
    return (make_rows(200) - 2) * np.logspace(-6, 6, 24, dtype=np.float32)


BEYOND: dict[str, tuple[Any, dict[str, Any]]] = {
    "small": (with_outliers, {"bandwidth": 1e-4}),
    "local": (with_outliers, {"local_alpha": 0.5}),
    "auto of wide columns": (of_wide_columns, {"auto": True}),
}


@pytest.mark.parametrize("name", [*MODELS, *BEYOND])
def test_float32_suffices_or_is_warned_of(name: str, tmp_path: Path) -> None:
    make, options = (MODELS | BEYOND)[name]
    rows = make()
    classifier = kernad.KDEClassifier(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        classifier.fit(rows)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = compiled(classifier, tmp_path / "model.onnx")
    asked = np.concatenate([rows, rows[-40:] * np.float32(1.5), rows[:40] * 3000])
    expected = classifier.compute_kde_scores(asked, True)
    off = np.abs(run(asked)["log_density"] - expected)
    is_off = bool((off > np.maximum(1e-3, 1e-5 * np.abs(expected))).any())
    assert is_off == (name in BEYOND)
    assert [str(warning.message)[:41] for warning in caught] == ["in a runtime that computes in float32, as"] * is_off
