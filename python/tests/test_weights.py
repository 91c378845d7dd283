"""Rows that count more or less than once."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from support import make_rows

import kernad
from kernad._reference_form import require_plain_kernels

WEIGHTS = np.arange(120) % 4
OPTIONS: list[dict[str, Any]] = [
    {"n_pca_components": 5},
    {"n_pca_components": 5, "max_training_points": 80},
    {"auto": True},
    {"bandwidth": "loo", "local_alpha": 0.5},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whole_weights_have_the_bits_of_repeated_rows(options: dict[str, Any], dtype: type) -> None:
    rows = make_rows(120, 6).astype(dtype)
    again = np.repeat(rows, WEIGHTS, axis=0)
    by_rows, by_weights = kernad.KDEClassifier(**options), kernad.KDEClassifier(**options)
    by_rows.fit(again)
    by_weights.fit(rows, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(by_weights.predict(rows), by_rows.predict(rows))
    by_rows.calibrate(again, target_fpr=0.1)
    by_weights.calibrate(rows, target_fpr=0.1, sample_weight=WEIGHTS)
    assert by_weights.threshold == by_rows.threshold


def test_fractions_weigh_the_sums() -> None:
    rows = make_rows(50, 3).astype(np.float64)
    weights = np.random.default_rng(1).uniform(0.2, 2, 50)
    kde = kernad.GaussianKDE()
    kde.fit(rows, sample_weight=weights)
    rows = rows.astype(np.float32).astype(np.float64)
    count = weights.sum()
    mean = weights @ rows / count
    covariance = ((rows - mean) * weights[:, None]).T @ (rows - mean) / (count - 1) * count ** (-2 / 7)
    differences = rows[:, None] - rows
    squares = np.einsum("qnd,de,qne->qn", differences, np.linalg.inv(covariance), differences)
    sums = np.exp(-squares / 2) @ weights / count
    expected = np.log(sums) - np.linalg.slogdet(2 * np.pi * covariance)[1] / 2
    np.testing.assert_allclose(kde.log_density(rows), expected, atol=1e-4)  # docs/numerics.md


def test_fractions_are_kept_by_files_and_copies(tmp_path: Any) -> None:
    rows = make_rows(50, 6)
    classifier = kernad.KDEClassifier(3)
    classifier.fit(rows, sample_weight=np.linspace(0.3, 4, 50))
    classifier.save(tmp_path / "model.safetensors")
    loaded = kernad.KDEClassifier.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(rows), classifier.predict(rows))
    assert classifier.state_dict().metadata["format_version"] == "5"


def test_what_is_no_weight_is_refused() -> None:
    rows = make_rows(50, 6)
    with pytest.raises(ValueError, match="the weight of row 3 is -1"):
        kernad.KDEClassifier(3).fit(rows, sample_weight=np.where(np.arange(50) == 3, -1, 1))
    with pytest.raises(ValueError, match="sample_weight has 49 values for 50 rows"):
        kernad.KDEClassifier(3).fit(rows, sample_weight=np.ones(49))
    with pytest.raises(ValueError, match="auto takes only whole numbers"):
        kernad.KDEClassifier(auto=True).fit(rows, sample_weight=np.full(50, 0.5))
    with pytest.raises(ValueError, match="leave-one-out"):
        kernad.GaussianKDE(bandwidth="loo").fit(rows, sample_weight=np.full(50, 0.5))
    sketch = kernad.Sketch()
    sketch.add(rows, 0)
    with pytest.raises(ValueError, match="a Sketch takes no sample_weight"):
        kernad.KDEClassifier(3).fit(sketch, sample_weight=np.ones(50))


def test_exports_are_right_or_refuse_fractions(tmp_path: Any) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    rows = make_rows(50, 6)
    classifier = kernad.KDEClassifier(3)
    classifier.fit(rows, sample_weight=np.linspace(0.3, 4, 50))
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    scores = session.run(["log_density"], {session.get_inputs()[0].name: rows})[0]
    np.testing.assert_allclose(scores, classifier.compute_kde_scores(rows, as_log_likelihood=True), atol=1e-4)
    with pytest.raises(ValueError, match="no weights of rows"):
        require_plain_kernels(classifier.state_dict(), "the reference")


def test_the_module_has_fractions_as_well() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from kernad.torch import KDEClassifier

    rows = make_rows(50, 6)
    classifier = kernad.KDEClassifier(3)
    classifier.fit(rows, sample_weight=np.linspace(0.3, 4, 50))
    module = KDEClassifier(3)
    module._take(classifier)
    asked = torch.from_numpy(rows).requires_grad_()  # differentiable: by torch, not by the core
    scores = module.compute_kde_scores(asked, as_log_likelihood=True).detach().numpy()
    np.testing.assert_allclose(scores, classifier.compute_kde_scores(rows, as_log_likelihood=True), atol=1e-4)


# ---- scipy's own tests of weights ----


def scipy_tests() -> list[str]:
    try:
        module = importlib.import_module("scipy.stats.tests.test_kdeoth")
    except ImportError:
        return []
    return [name for name in dir(module) if name.startswith("test_") and "weight" in name]


@pytest.mark.skipif(not scipy_tests(), reason="this scipy is installed without its tests")
@pytest.mark.parametrize("name", scipy_tests())
def test_scipys_own_tests_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("scipy.stats.tests.test_kdeoth")
    stats = module.stats

    class OnKernad(stats.gaussian_kde):  # type: ignore[misc, name-defined]
        """Scores by kernad; what kernad does not have (integrals, resampling) is scipy's, of the same covariance."""

        def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
            super().__init__(dataset, bw_method, weights)
            rule = bw_method if bw_method in ("silverman", "scott") else float(self.factor)
            self.kernad = kernad.GaussianKDE(bandwidth="scott" if bw_method is None else rule)
            self.kernad.fit(self.dataset.T, sample_weight=self.weights * self.neff)
            assert self.kernad.bandwidth_factor == pytest.approx(self.factor, rel=1e-12)
            whitening = self.kernad.bw_transform
            np.testing.assert_allclose(np.linalg.inv(whitening @ whitening.T), self.covariance, rtol=1e-5)

        def evaluate(self, points: Any) -> Any:
            points = np.atleast_2d(points)
            return self.kernad(points.T if len(points) == self.d else points)

        __call__ = evaluate

        def pdf(self, x: Any) -> Any:
            return self.evaluate(x)

        def logpdf(self, x: Any) -> Any:
            points = np.atleast_2d(x)
            return self.kernad.log_density(points.T if len(points) == self.d else points)

    def as_promised(actual: Any, desired: Any, rtol: float = 1e-7, atol: float = 0, **rest: Any) -> None:
        """A density is right to 1e-4 of its value (docs/numerics.md); scipy's test asks for all of double."""
        np.testing.assert_allclose(actual, desired, rtol=max(rtol, 1e-4), atol=atol, **rest)

    monkeypatch.setattr(stats, "gaussian_kde", OnKernad)
    monkeypatch.setattr(module, "assert_allclose", as_promised)
    test = getattr(module, name)
    if "n_basesample" in test.__code__.co_varnames[: test.__code__.co_argcount]:
        test(n_basesample=20)
    else:
        test()


def test_rows_are_drawn_as_often_as_they_weigh() -> None:
    rows = np.array([[0.0], [100.0], [200.0]], dtype=np.float32)
    density = kernad.GaussianKDE(bandwidth=0.01)
    density.fit(rows, sample_weight=[0.5, 1.25, 0.25])
    drawn = np.round(density.sample(4000, random_state=1) / 100).ravel()
    # Binomial: a standard deviation of at most 0.008 in a share of 4,000.
    np.testing.assert_allclose([np.mean(drawn == i) for i in range(3)], [0.25, 0.625, 0.125], atol=0.04)
