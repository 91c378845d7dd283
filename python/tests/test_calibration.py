"""Calibration, p-values and thresholds from Python. What they are is proven by the C++ tests; here, that they arrive."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import kernad
from support import make_rows


@pytest.fixture
def calibrated(fitted, train) -> kernad.KDEClassifier:
    fitted.calibrate(train, target_fpr=0.05)
    return fitted


def test_calibrate_is_by_fits_without_the_row(calibrated, train, method) -> None:
    calibration = calibrated.calibration
    assert calibration is not None
    assert (len(calibration.log_densities), calibration.folds) == (300, 10)
    assert calibration.smallest_fpr == 1 / 301
    assert (np.diff(calibration.log_densities) >= 0).all()
    # Training rows find their own kernel and score too high: an honest score is lower nearly everywhere.
    own = np.sort(calibrated.compute_kde_scores(train, True))
    assert (calibration.log_densities < own).mean() > 0.95
    other = kernad.KDEClassifier(6, method, num_threads=3)
    other.fit(train)
    other.calibrate(train)
    np.testing.assert_array_equal(other.calibration.log_densities, calibration.log_densities)
    assert other.threshold is None


def test_p_values_and_labels(calibrated, queries, log_density) -> None:
    honest = calibrated.calibration.log_densities
    p = calibrated.p_values(log_density)
    np.testing.assert_array_equal(p, (1 + (honest[None] <= log_density[:, None]).sum(1)) / 301)
    labels = calibrated.labels(log_density)
    assert labels.dtype == bool
    np.testing.assert_array_equal(labels, p <= 0.05)
    np.testing.assert_array_equal(labels, log_density <= calibrated.threshold.log_density)
    np.testing.assert_array_equal(calibrated.predict_labels(queries), labels)


def test_every_rule_of_a_threshold(calibrated, queries) -> None:
    rate = calibrated.threshold
    assert (rate.rule, rate.value) == ("target_fpr", 0.05)
    calibrated.set_threshold(-3)
    assert calibrated.threshold == kernad.Threshold("log_density", -3.0, -3.0)
    calibrated.set_threshold(probability=0.5)
    assert calibrated.threshold == kernad.Threshold("probability", 0.5, 12.0)
    calibrated.set_threshold(target_fpr=0.05)
    assert calibrated.threshold == rate
    labels = np.repeat([0, 1], [100, 100])
    calibrated.set_threshold_f1(queries[:200], labels)
    assert calibrated.threshold.rule == "f1_max"
    metrics = kernad.evaluate(-calibrated.compute_kde_scores(queries[:200], True), labels)
    assert calibrated.threshold.log_density == -metrics.F1Max_threshold


def test_further_normals(calibrated, train, method) -> None:
    further = make_rows(40, seed=9)
    whole = kernad.KDEClassifier(24, method)  # sees all of a row; with fewer components, each is judged by the others
    whole.fit(train)
    whole.calibrate_from(further)
    np.testing.assert_array_equal(whole.calibration.log_densities, np.sort(whole.compute_kde_scores(further, True)))
    calibrated.calibrate_from(further)
    assert calibrated.calibration.folds == 0
    assert calibrated.threshold.value == 0.05
    calibrated.calibrate_from(further[:9], target_fpr=0.1)  # too few for the rate before, enough for this
    assert calibrated.threshold.value == 0.1


def test_a_rate_that_cannot_be_promised_changes_nothing(calibrated, train) -> None:
    before = calibrated.threshold, calibrated.calibration.folds
    with pytest.raises(kernad.InvalidParameter, match=r"smallest is 1/301 = 0\.00332"):
        calibrated.calibrate(train, folds=3, target_fpr=0.001)
    with pytest.raises(ValueError, match="from 9 calibration rows"):
        calibrated.calibrate_from(train[:9])
    with pytest.raises(ValueError, match="above 0 and below 1"):
        calibrated.set_threshold(target_fpr=1)
    assert (calibrated.threshold, calibrated.calibration.folds) == before


def test_what_is_refused(fitted, train, queries) -> None:
    assert fitted.calibration is None
    assert fitted.threshold is None
    for call in (lambda: fitted.p_values([1.0]), lambda: fitted.labels([1.0]), lambda: fitted.predict_labels(queries)):
        with pytest.raises(kernad.NotFittedError):
            call()
    with pytest.raises(kernad.NotFittedError, match="not calibrated"):
        fitted.set_threshold(target_fpr=0.1)
    with pytest.raises(kernad.InvalidInput, match="299 x 24"):
        fitted.calibrate(train[:299])
    with pytest.raises(TypeError, match="2 of"):
        fitted.set_threshold(1, probability=0.5)
    with pytest.raises(TypeError, match="0 of"):
        fitted.set_threshold()
    with pytest.raises(kernad.InvalidParameter, match="folds is 1"):
        fitted.calibrate(train, folds=1)
    with pytest.raises(kernad.InvalidInput, match="row 1: '2' is not a label"):
        fitted.set_threshold_f1(queries[:3], [0, 2, 1])
    with pytest.raises(kernad.NotFittedError):
        kernad.KDEClassifier().calibrate(train, target_fpr=0.1)


def test_files_and_pickles_carry_it(calibrated, tmp_path) -> None:
    calibrated.save(tmp_path / "m.safetensors")
    for copy in (kernad.KDEClassifier.load(tmp_path / "m.safetensors"), pickle.loads(pickle.dumps(calibrated))):
        np.testing.assert_array_equal(copy.calibration.log_densities, calibrated.calibration.log_densities)
        assert copy.threshold == calibrated.threshold
    assert "calibration.log_densities" in calibrated.state_dict()


def test_a_fit_drops_it(calibrated, train) -> None:
    calibrated.fit(train)
    assert calibrated.calibration is None
    assert calibrated.threshold is None


def test_progress_is_told_of_folds_and_may_end_the_call(fitted, train) -> None:
    told = []
    fitted.calibrate(train, folds=4, progress=lambda *call: told.append(call))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted.calibrate(train, folds=5, progress=stop)
    assert fitted.calibration.folds == 4


def test_benjamini_hochberg() -> None:
    called = kernad.benjamini_hochberg([0.01, 0.9, 0.03, 0.04], 0.06)
    assert called.dtype == bool
    assert called.tolist() == [True, False, True, True]
    with pytest.raises(ValueError, match="p-value 1 is 2"):
        kernad.benjamini_hochberg([0.5, 2], 0.1)


def test_torch_in_torch_out(calibrated) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rows = torch.from_numpy(make_rows(5, seed=3))
    assert calibrated.predict_labels(rows).dtype == torch.bool
    assert calibrated.p_values(calibrated.compute_kde_scores(rows, True)).dtype == torch.float64


def test_sklearn_offset_is_the_calibrated_threshold(train, queries) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from kernad.sklearn import KDEAnomalyDetector

    detector = KDEAnomalyDetector(6, contamination=0.05, folds=10).fit(train)
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    classifier.calibrate(train, target_fpr=0.05)
    np.testing.assert_array_equal(detector.predict(queries) == -1, classifier.predict_labels(queries))
    with pytest.raises(ValueError, match="cannot be promised"):
        KDEAnomalyDetector(2, contamination=0.05, folds=10).fit(train[:10])


@pytest.mark.parametrize("lacks", ["model", "calibration", "threshold"])
def test_a_message_names_what_there_is_to_call(train, queries, lacks) -> None:
    classifier = kernad.KDEClassifier(6)
    if lacks != "model":
        classifier.fit(train)
    calls = {
        "model": [lambda: classifier.predict(queries), lambda: kernad.Scorer(classifier)],
        "calibration": [lambda: classifier.p_values(np.zeros(1)), lambda: classifier.set_threshold(target_fpr=0.1)],
        "threshold": [lambda: classifier.labels(np.zeros(1)), lambda: classifier.predict_labels(queries)],
    }
    for call in calls[lacks]:
        with pytest.raises(kernad.NotFittedError) as caught:
            call()
        advice = re.findall(r"call (\w+)(?: or (\w+))?", str(caught.value))
        assert advice
        assert all(callable(getattr(classifier, name)) for name in advice[0] if name), advice
