"""Estimators of other conventions are exported by the classifier that they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def outputs(model: Any, path: Path, rows: np.ndarray) -> dict[str, np.ndarray]:
    kernad.export_onnx(model, path)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"features": rows}), strict=True))


def sklearn_detector() -> Any:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from kernad.sklearn import KDEAnomalyDetector

    return KDEAnomalyDetector(6)


def pyod_detector() -> Any:
    pytest.importorskip("pyod", reason="PyOD is not installed")
    from kernad.pyod import KDE

    return KDE(n_pca_components=6)


@pytest.mark.parametrize("make", [sklearn_detector, pyod_detector])
def test_a_detectors_classifier(make: Any, tmp_path: Path) -> None:
    detector = make()
    with pytest.raises(kernad.NotFittedError, match="is not fitted; call fit first"):
        kernad.export_onnx(detector, tmp_path / "model.onnx")
    detector.fit(make_rows(200))
    asked = make_rows(100, seed=1)
    found = outputs(detector, tmp_path / "model.onnx", asked)
    expected = detector.classifier_.compute_kde_scores(asked, True)
    np.testing.assert_allclose(found["log_density"], expected, atol=1e-4, rtol=1e-6)
    outlier = detector.predict(asked) == (-1 if make is sklearn_detector else 1)
    np.testing.assert_array_equal(found["label"], outlier)
    assert 0 < outlier.sum() < 100


def test_a_torch_module(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from kernad.torch import KDEClassifier

    module = KDEClassifier(6)
    with pytest.raises(kernad.NotFittedError):
        kernad.export_onnx(module, tmp_path / "model.onnx")
    module.fit(torch.tensor(make_rows(200)))
    module.calibrate(torch.tensor(make_rows(200)), target_fpr=0.1)
    asked = make_rows(100, seed=1)
    found = outputs(module, tmp_path / "model.onnx", asked)
    expected = module.compute_kde_scores(torch.tensor(asked), True)
    np.testing.assert_allclose(found["log_density"], expected, atol=1e-4, rtol=1e-6)
    np.testing.assert_array_equal(found["label"], module.labels(expected))


def test_a_pipeline_of_other_steps_is_refused_by_their_names(tmp_path: Path) -> None:
    detector = sklearn_detector()
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, path = make_rows(200), tmp_path / "model.onnx"
    pipeline = make_pipeline(StandardScaler(), detector).fit(rows)
    says = r"the pipeline's step 'standardscaler' is a sklearn\..*StandardScaler, .* the KDEAnomalyDetector, which"
    with pytest.raises(kernad.InvalidInput, match=says):
        kernad.export_onnx(pipeline, path)
    assert not path.exists()
    outputs(pipeline[-1], path, rows)
    outputs(Pipeline([("nothing", "passthrough"), ("kde", detector)]).fit(rows), path, rows)


@pytest.mark.parametrize("make", [int, kernad.GaussianKDE, kernad.PCA])
def test_anything_else_is_refused(make: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"a (int|kernad.*) is given; valid: a kernad\.KDEClassifier, or an estimator"):
        kernad.export_onnx(make(), tmp_path / "model.onnx")
