"""The PyOD detector keeps PyOD's conventions."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import kernad

pytest.importorskip("pyod", reason="PyOD is not installed")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from kernad.pyod import KDE


@pytest.fixture
def detector(train) -> KDE:
    return KDE(contamination=0.05, n_pca_components=6).fit(train)


def test_scores_are_negative_log_densities(detector, train, queries) -> None:
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    own = KDE(n_pca_components=6, folds=None).fit(train)
    np.testing.assert_array_equal(own.decision_scores_, -classifier.compute_kde_scores(train, True))
    classifier.calibrate(train)
    assert classifier.calibration is not None
    np.testing.assert_array_equal(np.sort(-detector.decision_scores_), classifier.calibration.log_densities)
    np.testing.assert_array_equal(detector.decision_function(queries), -classifier.compute_kde_scores(queries, True))


def test_threshold_and_labels(detector, train) -> None:
    assert detector.labels_.sum() == 15
    np.testing.assert_array_equal(detector.labels_, (detector.decision_scores_ > detector.threshold_).astype(int))
    np.testing.assert_array_equal(detector.predict(train), detector.labels_)


def test_probability_and_confidence(detector, train) -> None:
    probability = detector.predict_proba(train)
    assert probability.shape == (300, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    order = np.argsort(detector.decision_scores_)
    assert (np.diff(probability[order, 1]) >= 0).all()
    assert detector.predict_confidence(train).shape == (300,)


def test_clone_and_copy(detector, queries) -> None:
    assert clone(detector).get_params() == detector.get_params()
    np.testing.assert_array_equal(
        copy.deepcopy(detector).decision_function(queries), detector.decision_function(queries)
    )


def test_errors(detector, train) -> None:
    with pytest.raises(NotFittedError):
        KDE().decision_function(train)
    with pytest.raises(ValueError, match="columns"):
        detector.decision_function(train[:, :3])
    with pytest.raises(ValueError, match="NaN"):
        detector.decision_function(np.full((2, 24), np.nan))
    with pytest.raises(ValueError, match="contamination"):
        KDE(contamination=0.7)
