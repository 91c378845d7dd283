"""The estimators' thresholds hold for new rows: contamination is the share of new normal rows called outliers."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import GridSearchCV

from kernad.sklearn import KDEAnomalyDetector


def normal_rows(name: str) -> np.ndarray:
    if name.startswith("digit"):
        pixels, digit = load_digits(return_X_y=True)
        rows = pixels[digit == int(name[-1])]
    elif name == "benign":
        values, benign = load_breast_cancer(return_X_y=True)
        rows = values[benign == 1]
    else:
        rows = np.random.default_rng(7).normal(size=(500, 20))
    return np.random.default_rng(0).permutation(rows)


def sklearn_share(train: np.ndarray, new: np.ndarray, **options: Any) -> float:
    return float((KDEAnomalyDetector(contamination=0.05, **options).fit(train).predict(new) == -1).mean())


def pyod_share(train: np.ndarray, new: np.ndarray, **options: Any) -> float:
    pyod = pytest.importorskip("kernad.pyod", reason="PyOD is not installed")
    return float(pyod.KDE(contamination=0.05, **options).fit(train).predict(new).mean())


@pytest.mark.parametrize("name", ["digit 0", "digit 3", "digit 8", "benign", "gauss"])
@pytest.mark.parametrize("share", [sklearn_share, pyod_share])
def test_contamination_is_the_share_of_new_normal_rows(name: str, share: Any) -> None:
    rows = normal_rows(name)
    half = len(rows) // 2
    train, new = rows[:half], rows[half:]
    # Of the threshold, an order statistic of the training rows, and of the new rows: each binomial, or nearly.
    deviation = np.sqrt(0.05 * 0.95 * (1 / len(train) + 1 / len(new)))
    assert 0 < share(train, new) < 0.05 + 3 * deviation
    assert share(train, new, folds=None) > 0.05 + 3 * deviation  # by their own kernels' scores


@pytest.fixture
def detector(train: np.ndarray) -> KDEAnomalyDetector:
    return KDEAnomalyDetector(6, contamination=0.1).fit(train)


def test_training_rows_are_scored_by_fits_without_them(detector: KDEAnomalyDetector, train: np.ndarray) -> None:
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    by_density = classifier.compute_kde_scores(train, True)
    classifier.calibrate(train)
    assert classifier.calibration is not None
    held_out = detector.score_samples(train)
    np.testing.assert_array_equal(np.sort(held_out), classifier.calibration.log_densities)
    assert (held_out < by_density).mean() > 0.95
    # One by one, in another order and type they are the same rows.
    np.testing.assert_array_equal(detector.score_samples(train[40:50][::-1].astype(np.float64)), held_out[40:50][::-1])
    zero = train.copy()
    zero[7, 3] = 0.0
    signed = zero[:10].copy()
    signed[7, 3] = -0.0
    refitted = KDEAnomalyDetector(6).fit(zero)
    assert refitted.score_samples(signed)[7] == refitted.score_samples(zero)[7]
    new = make_rows(20, seed=5)
    np.testing.assert_array_equal(detector.score_samples(new), classifier.compute_kde_scores(new, True))
    assert (detector.predict(train) == -1).sum() == 30
    np.testing.assert_array_equal(detector.fit_predict(train), detector.predict(train))


def test_copies_know_the_training_rows(detector: KDEAnomalyDetector, train: np.ndarray) -> None:
    for other in (copy.deepcopy(detector), pickle.loads(pickle.dumps(detector))):
        np.testing.assert_array_equal(other.score_samples(train), detector.score_samples(train))


def test_rows_outside_the_sample_have_the_models_own_score(train: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        detector = KDEAnomalyDetector(4, max_training_points=100, random_state=3).fit(train)
    own = detector.classifier_.compute_kde_scores(train, True)
    sample = kernad.sample_rows(300, 100, seed=3)
    differs = np.flatnonzero(detector.score_samples(train) != own)
    np.testing.assert_array_equal(differs, sample)


def test_the_models_threshold_is_the_detectors(detector: KDEAnomalyDetector, train: np.ndarray, tmp_path: Any) -> None:
    new = make_rows(400, seed=6)
    detector.save(tmp_path / "model.safetensors")
    loaded = kernad.KDEClassifier.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict_labels(new), detector.predict(new) == -1)
    np.testing.assert_array_equal(detector.p_values(new), loaded.p_values(detector.score_samples(new)))
    assert detector.explain(new[0]).log_density == detector.score_samples(new[:1])[0]
    pyod = pytest.importorskip("kernad.pyod", reason="PyOD is not installed")
    other = pyod.KDE(n_pca_components=6).fit(train)
    np.testing.assert_array_equal(other.classifier_.predict_labels(new), other.predict(new) == 1)
    np.testing.assert_array_equal(other.p_values(new), detector.p_values(new))
    np.testing.assert_array_equal(other.labels_, other.predict(train))
    assert other.labels_.sum() == 30


def test_a_grid_without_scoring_takes_the_mean_log_density(train: np.ndarray) -> None:
    grid = GridSearchCV(KDEAnomalyDetector(4, folds=None), {"bandwidth": [0.01, 0.4, 20]}, cv=3).fit(train)
    assert grid.best_params_ == {"bandwidth": 0.4}
    assert grid.best_estimator_.score(train) == pytest.approx(grid.best_estimator_.score_samples(train).mean())


def test_names_of_columns(train: np.ndarray) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train[:, :5], columns=list("abcde"))
    detector = KDEAnomalyDetector(3).fit(frame)
    assert list(detector.feature_names_in_) == list("abcde")
    np.testing.assert_array_equal(
        detector.score_samples(frame), KDEAnomalyDetector(3).fit(train[:, :5]).score_samples(train[:, :5])
    )
    with pytest.raises(ValueError, match="order"):
        detector.predict(frame[list("bacde")])
    with pytest.raises(ValueError, match="humidity"):
        detector.predict(frame.rename(columns={"e": "humidity"}))


def test_parameters_by_scikit_learns_conventions(train: np.ndarray) -> None:
    assert KDEAnomalyDetector(None).fit(train).classifier_.n_pca_components == "all"
    seeds = [
        KDEAnomalyDetector(4, random_state=np.random.RandomState(s)).fit(train).classifier_.seed for s in (1, 1, 2)
    ]
    assert seeds[0] == seeds[1] != seeds[2]
    assert KDEAnomalyDetector(4, n_jobs=-2).fit(train).classifier_.num_threads >= 1
    with pytest.raises(ValueError, match="contamination is 'auto'"):
        KDEAnomalyDetector(contamination="auto").fit(train)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="local_alpha"):
        KDEAnomalyDetector().set_params(local_alpha=9).fit(train)
    with pytest.warns(kernad.FitWarning, match=r"10 rows cannot promise that 0\.05 .* 1/11 = 0\.0909"):
        KDEAnomalyDetector(2, contamination=0.05).fit(train[:10])
    with pytest.raises(ValueError, match="folds is 1"):
        KDEAnomalyDetector(folds=1).fit(train)
