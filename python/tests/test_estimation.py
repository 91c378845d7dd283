"""The ways to estimate the density, from Python: what arrives in the core, and what adapters and exports do with it."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from kernad._reference_form import to_reference_form

WIDE: dict[str, Any] = {"n_pca_components": "all", "bandwidth": "loo", "covariance": "ledoit-wolf"}
LOCAL: dict[str, Any] = {"standardize": True, "covariance": "isotropic", "local_alpha": 0.5, "bandwidth": 0.5}
AUTO: dict[str, Any] = {"auto": True}


def rows(count: int = 20, columns: int = 30) -> np.ndarray:
    rng = np.random.default_rng(5)
    return (rng.standard_normal((count, columns)) * 0.9 ** np.arange(columns)).astype(np.float32)


def test_options_arrive_and_return() -> None:
    classifier = kernad.KDEClassifier(**WIDE, standardize=True, local_alpha=0.25)
    assert classifier.n_pca_components == "all"
    assert classifier.standardize is True
    assert classifier.bandwidth == "loo"
    assert classifier.covariance == "ledoit-wolf"
    assert classifier.local_alpha == 0.25
    assert kernad.KDEClassifier(bandwidth=0.5).bandwidth == 0.5
    assert "bandwidth='loo'" in repr(classifier)
    assert "bandwidth" not in repr(kernad.KDEClassifier())
    assert "auto" not in repr(kernad.KDEClassifier())


@pytest.mark.parametrize("wrong", [{"bandwidth": "wide"}, {"bandwidth": 0}, {"covariance": "x"}, {"local_alpha": 5}])
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="valid"):
        kernad.KDEClassifier(**wrong)


def test_a_bandwidth_is_a_number_or_a_name() -> None:
    with pytest.raises(TypeError, match="bandwidth"):
        kernad.KDEClassifier(bandwidth=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [WIDE, LOCAL, AUTO])
def test_a_model_comes_back_as_it_was(options: dict[str, Any], tmp_path: Path) -> None:
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows())
    scores = classifier.compute_kde_scores(rows(30), as_log_likelihood=True)
    classifier.save(tmp_path / "model.safetensors")
    for copy in (kernad.KDEClassifier.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(classifier))):
        np.testing.assert_array_equal(copy.compute_kde_scores(rows(30), as_log_likelihood=True), scores)
        assert copy.report() == classifier.report()
        assert copy.bandwidth == classifier.bandwidth


def test_the_report_tells_of_the_estimation() -> None:
    classifier = kernad.KDEClassifier(**WIDE)
    classifier.fit(rows())
    report = classifier.report()
    assert report.components == 19
    assert report.kde_rank == 30
    assert 0 < report.shrinkage < 1
    assert report.loo_log_likelihood is not None and math.isfinite(report.loo_log_likelihood)


def test_gaussian_kde_takes_them() -> None:
    density = kernad.GaussianKDE(rows(40) ** 3, bandwidth=0.3, covariance="oas")
    assert density.bandwidth_factor == 0.3
    assert 0 < density.shrinkage < 1


def test_sklearn_takes_them() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from kernad import sklearn

    detector = sklearn.KDEAnomalyDetector(**WIDE).fit(rows(40, 6))
    assert detector.classifier_.covariance == "ledoit-wolf"
    assert detector.get_params()["bandwidth"] == "loo"


def test_pyod_takes_them() -> None:
    pytest.importorskip("pyod", reason="pyod is not installed")
    from kernad import pyod

    assert pyod.KDE(**LOCAL).fit(rows(40, 6)).classifier_.local_alpha == 0.5


@pytest.mark.parametrize(
    "options",
    [
        WIDE,
        WIDE | {"standardize": True},
        WIDE | {"feature_scaling_method": "norm"},
        WIDE | {"local_alpha": 1.0},
        LOCAL,
        AUTO,
    ],
)
@pytest.mark.parametrize("opset", [13, 18])
def test_every_model_has_its_onnx(options: dict[str, Any], opset: int, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from kernad import onnx

    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows())
    onnx.export_onnx(classifier, tmp_path / "model.onnx", opset=opset)
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    scales = np.array([0, 0.5, 1, 1.5, 3, 1e3, 1e10], np.float32)  # from denser than any training row to far away
    queries = np.concatenate([rows(25), *(rows(8) * scale + 0.1 for scale in scales)])
    (log_density,) = session.run(["log_density"], {"features": queries})
    np.testing.assert_allclose(log_density, classifier.compute_kde_scores(queries, True), rtol=1e-6, atol=1e-4)


def test_what_has_no_other_form_is_refused() -> None:
    wide, local = kernad.KDEClassifier(**WIDE), kernad.KDEClassifier(**LOCAL)
    wide.fit(rows())
    local.fit(rows())
    with pytest.raises(ValueError, match="components leave out"):
        to_reference_form(wide.state_dict())
    with pytest.raises(ValueError, match="local_alpha = 0"):
        to_reference_form(local.state_dict())


def test_standardized_columns_are_part_of_the_reference_form() -> None:
    classifier = kernad.KDEClassifier(4, standardize=True, bandwidth="loo")
    classifier.fit(rows() * 10.0 ** np.arange(-3, 3).repeat(5))
    form = to_reference_form(classifier.state_dict())
    again = kernad.KDEClassifier(4)
    with pytest.warns(kernad.FitWarning):
        again.load_state_dict(form)
    queries = rows(25) * 10.0 ** np.arange(-3, 3).repeat(5)
    np.testing.assert_allclose(
        again.compute_kde_scores(queries, True), classifier.compute_kde_scores(queries, True), rtol=1e-4, atol=1e-2
    )


def test_auto_arrives_and_decides() -> None:
    classifier = kernad.KDEClassifier(auto=True)
    assert classifier.auto is True
    assert kernad.KDEClassifier().auto is False
    classifier.fit(rows())
    assert len(classifier.report().chosen) == 2
    assert "auto=True" in repr(classifier)
    why = classifier.explain(rows()[0])
    assert why.decided_by in (1, 2)
    plain = kernad.KDEClassifier(4)
    plain.fit(rows())
    assert plain.explain(rows()[0]).decided_by == 0
    assert plain.report().chosen == ()
    with pytest.raises(ValueError, match="auto chooses"):
        kernad.KDEClassifier(auto=True, bandwidth=1.0)


def test_sklearn_takes_auto() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from kernad import sklearn

    detector = sklearn.KDEAnomalyDetector(auto=True).fit(rows(12))  # fewer rows than the default's components
    assert detector.classifier_.auto is True


def test_pyod_takes_auto() -> None:
    pytest.importorskip("pyod", reason="pyod is not installed")
    from kernad import pyod

    assert pyod.KDE(auto=True).fit(rows(12)).classifier_.auto is True


def test_auto_has_no_form_of_the_reference() -> None:
    classifier = kernad.KDEClassifier(auto=True)
    classifier.fit(rows())
    with pytest.raises(ValueError, match="without auto"):
        to_reference_form(classifier.state_dict())
