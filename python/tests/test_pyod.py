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


@pytest.mark.parametrize("share", ["auto", None, 0, -0.1, 0.6, 1, True, float("nan"), [0.1]])
def test_a_share_that_cannot_be(train, share) -> None:
    detector = KDE(n_pca_components=4)
    detector.contamination = share  # PyOD's constructor refuses some of them itself
    with pytest.raises(kernad.InvalidParameter, match=r"contamination is .*; valid: a number above 0, at most 0\.5"):
        detector.fit(train)


def test_positions_are_those_of_pyods_own_kde() -> None:
    with pytest.raises(TypeError, match="positional"):
        KDE(0.1, 1.0)  # there a bandwidth
    assert KDE(0.2).contamination == 0.2


def test_what_is_no_number_is_named(train) -> None:
    detector = KDE(n_pca_components=4).fit(train)
    objects = train.astype(object)
    for value, held in (("1.5", "is '1.5'"), (np.datetime64("2020"), "is .*2020"), (None, r"is missing \(NaN\)")):
        objects[3, 2] = value
        for call in (KDE(n_pca_components=4).fit, detector.decision_function):
            with pytest.raises(kernad.InvalidInput, match=f"X: row 3, column 2 {held}"):
                call(objects)
    with pytest.raises(kernad.InvalidInput, match="X: row 0, column 0 is masked"):
        detector.fit(np.ma.masked_array(train, train == train[0, 0]))
    with pytest.raises(kernad.InvalidInput, match="X: the array holds datetime64"):
        detector.fit(train.astype("datetime64[s]"))


def test_weights_count_rows_without_copies(train) -> None:
    weights = np.arange(300) % 3
    copies = np.repeat(train, weights, axis=0)
    by_weights = KDE(n_pca_components=6).fit(train, sample_weight=weights)
    by_rows = KDE(n_pca_components=6).fit(copies)
    assert by_weights.threshold_ == by_rows.threshold_
    assert by_weights.decision_scores_.shape == by_weights.labels_.shape == (300,)
    np.testing.assert_array_equal(np.repeat(by_weights.decision_scores_, weights), by_rows.decision_scores_)
    np.testing.assert_array_equal(np.repeat(by_weights.labels_, weights), by_rows.labels_)
    np.testing.assert_allclose(
        by_weights.predict_proba(train, method="unify"), by_rows.predict_proba(train, method="unify"), rtol=1e-9
    )


def test_a_count_that_is_cut_is_told(train) -> None:
    with pytest.warns(kernad.FitWarning, match="n_pca_components cut from 20 to 15: .* rank 15"):
        KDE(n_pca_components=20, folds=None).fit(train[:16])


def test_columns_of_a_frame_are_matched_by_name(train) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train[:, :6], columns=list("abcdef"))
    detector = KDE(n_pca_components=4).fit(frame)
    expected = detector.decision_function(train[:, :6])
    with pytest.warns(kernad.DataWarning, match="another order"):
        np.testing.assert_array_equal(detector.decision_function(frame[list("fedcba")]), expected)
    with pytest.raises(kernad.InvalidInput, match="X: the model's column 'a' is missing"):
        detector.predict(frame[list("bcdef")])
    assert detector.classifier_.column_names == tuple("abcdef")


def test_keywords_of_pyods_own_kde(train) -> None:
    plain = KDE(n_pca_components=4).fit(train)
    for options in ({"algorithm": "kd_tree"}, {"leaf_size": 5}, {"metric": "euclidean"}, {"metric_params": None}):
        same = KDE(n_pca_components=4, **options).fit(train)
        np.testing.assert_array_equal(same.decision_scores_, plain.decision_scores_)
        assert clone(same).get_params() == same.get_params()
    for options, message in (
        ({"metric": "manhattan"}, "metric is 'manhattan'"),
        ({"metric_params": {"p": 1}}, "metric_params {'p': 1}"),
        ({"algorithm": "forest"}, "algorithm is 'forest'; valid"),
    ):
        with pytest.raises(kernad.InvalidParameter, match=message):
            KDE(n_pca_components=4, **options).fit(train)
