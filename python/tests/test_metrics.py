"""The metrics of detection are scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest

import kernad


def test_metrics_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    scores = np.round(rng.normal(size=300) + labels, 1)  # with ties
    found = kernad.evaluate(scores, labels)
    assert found.image_AUROC == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert pytest.approx(metrics.average_precision_score(labels, scores)) == found.AUPR
    assert found.F1Max == pytest.approx(metrics.f1_score(labels, scores >= found.F1Max_threshold))
    assert found.F1Max == pytest.approx(max(metrics.f1_score(labels, scores >= t) for t in scores))
    rates = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert found.FPR_at_95TPR == pytest.approx(rates[0][rates[1] >= 0.95].min())
    assert (found.normal_count, found.anomalous_count) == ((labels == 0).sum(), (labels == 1).sum())
    assert kernad.evaluate(scores.tolist(), labels.astype(bool)) == found


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [0], "2"),
        ([1.0, np.nan], [0, 1], "NaN|nan"),
        ([1.0, 2.0], [0, 2], "row 1: '2' is not a label"),
        ([1.0, 2.0], [0, 256], "row 1: '256' is not a label"),
        ([1.0, 2.0], [0, 0], "anomal"),
    ],
)
def test_what_cannot_be_measured(scores, labels, message) -> None:
    with pytest.raises(ValueError, match=message):
        kernad.evaluate(scores, labels)


@pytest.mark.parametrize(
    ("labels", "normal_label"),
    [
        ([0, 1, 1], None),
        ([False, True, True], None),
        ([1, -1, -1], None),
        ([1.0, -1.0, -1.0], None),
        (["normal", "Anomalous", "anomaly"], None),
        (["good", "crack", "scratch"], None),
        (["OK", "NG", "nok"], None),
        (["a", "b", "c"], "A"),
        (np.array(["inlier", "outlier", "outlier"], dtype=object), None),
        ([7, 8, 9], "7"),
        ([7, 8, 9], 7),
        ([7.0, 8.5, 9.0], 7),
        ([12345678, 12345679, 12345670], 12345678),
        ([True, False, False], True),
    ],
)
def test_labels_that_people_have(labels, normal_label) -> None:
    expected = kernad.evaluate([0.5, 2.0, 3.0], [0, 1, 1])
    assert kernad.evaluate([0.5, 2.0, 3.0], labels, normal_label=normal_label) == expected
    classifier = kernad.KDEClassifier(2)
    rows = np.random.default_rng(0).normal(size=(60, 4))
    classifier.fit(rows)
    asked = np.stack([rows[0], rows[0] + 5, rows[0] + 9])
    classifier.set_threshold_f1(asked, labels, normal_label=normal_label)
    np.testing.assert_array_equal(classifier.predict_labels(asked), [False, True, True])


def test_labels_of_data_frames() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    expected = kernad.evaluate([0.5, 2.0, 3.0], [0, 1, 1])
    for labels in (
        pandas.Series(["ok", "ng", "ng"], dtype="category"),
        pandas.Series([0, 1, 1], dtype="Int64"),
        pandas.Series([False, True, True], dtype="boolean"),
    ):
        assert kernad.evaluate([0.5, 2.0, 3.0], labels) == expected
    with pytest.raises(kernad.InvalidInput, match=r"row 1: '(nan|<NA>)' is a missing value"):
        kernad.evaluate([0.5, 2.0, 3.0], pandas.Series([0, None, 1], dtype="Int64"))


def test_a_series_whose_name_says_that_a_yes_is_normal() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    expected = kernad.evaluate([0.5, 2.0, 3.0], [0, 1, 1])
    for name in ("ok", "is_normal", "inSpec"):
        for values in ([1, 0, 0], [True, False, False], ["yes", "no", "no"]):
            labels = pandas.Series(values, name=name)
            with pytest.raises(kernad.InvalidInput, match=f"in a column called '{name}' is not clear"):
                kernad.evaluate([0.5, 2.0, 3.0], labels)
            assert kernad.evaluate([0.5, 2.0, 3.0], labels, normal_label=values[0]) == expected
    for name in ("label", "not_ok", "nio", 3, None):
        assert kernad.evaluate([0.5, 2.0, 3.0], pandas.Series([0, 1, 1], name=name)) == expected


@pytest.mark.parametrize("missing", [None, float("nan"), "NA", "?", "-", "", "unknown"])
@pytest.mark.parametrize("normal_label", [None, "good"])
def test_a_missing_label_is_refused(missing, normal_label) -> None:
    labels = ["good", "good", missing, "crack"]
    with pytest.raises(kernad.InvalidInput, match=r"row 2: .*there is no label"):
        kernad.evaluate([1.0, 2.0, 3.0, 4.0], np.array(labels, dtype=object), normal_label=normal_label)
    with pytest.raises(kernad.InvalidInput, match=r"row 1: .*there is no label"):
        kernad.evaluate([1.0, 2.0, 3.0], [0.0, float("nan"), 1.0], normal_label=0)
