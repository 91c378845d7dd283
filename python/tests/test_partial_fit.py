"""``partial_fit`` of the scikit-learn estimator: blocks give what all rows at once give."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import kernad

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimators_partial_fit_n_features
from sklearn.utils.validation import check_is_fitted

from kernad.sklearn import KDEAnomalyDetector


def added(detector: KDEAnomalyDetector, rows, cuts) -> KDEAnomalyDetector:
    ends = [0, *sorted(cuts), len(rows)]
    for first, last in zip(ends, ends[1:], strict=False):
        assert detector.partial_fit(rows[first:last]) is detector
    return detector


@pytest.mark.parametrize(
    "options",
    [
        {"n_pca_components": 4},
        {"n_pca_components": 4, "folds": None},
        {"n_pca_components": 100},
        {"n_pca_components": 0.9, "standardize": True, "covariance": "oas", "bandwidth": "loo", "local_alpha": 0.5},
        {"auto": True, "folds": 5},
        {"n_pca_components": 4, "max_training_points": 100, "random_state": 7},
        {"n_pca_components": 4, "max_training_points": 100, "all_rows": True, "standardize": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("far", [0, 1.7e9])
@pytest.mark.filterwarnings("ignore::kernad.FitWarning")
def test_blocks_give_the_bits_of_all_rows(train, queries, options, far) -> None:
    rows = train.astype(np.float64)
    rows[:, 0] += far  # float32 then lacks digits, which a held-out score's row must have
    other = queries[:100].astype(np.float64)
    other[:, 0] += far
    want = KDEAnomalyDetector(**options).fit(rows)
    rng = np.random.default_rng(3)
    for cuts in ([1, 2, 3], [], *(rng.choice(np.arange(1, 300), size, replace=False) for size in (2, 20))):
        found = added(KDEAnomalyDetector(**options), rows, cuts)
        for asked in (rows, other):
            np.testing.assert_array_equal(found.score_samples(asked), want.score_samples(asked))
        if "max_training_points" not in options:
            assert found.offset_ == want.offset_
            np.testing.assert_array_equal(found.predict(rows), want.predict(rows))


def test_a_row_a_call(train) -> None:
    rows = train[:60]
    found = added(KDEAnomalyDetector(4), rows, range(1, 60))
    np.testing.assert_array_equal(found.score_samples(rows), KDEAnomalyDetector(4).fit(rows).score_samples(rows))


def test_rows_after_a_prediction_count_as_well(train) -> None:
    detector = KDEAnomalyDetector(4)
    for last in (100, 200, 300):
        detector.partial_fit(train[last - 100 : last])
        want = KDEAnomalyDetector(4).fit(train[:last])
        np.testing.assert_array_equal(detector.score_samples(train), want.score_samples(train))
        np.testing.assert_array_equal(detector.p_values(train), want.p_values(train))
        assert detector.offset_ == want.offset_


def test_a_model_file_is_that_of_fit(train, tmp_path) -> None:
    """Also one that nobody has asked for a score before."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train).add_prefix("c")
    detector = added(KDEAnomalyDetector(4), frame, [120])
    detector.save(tmp_path / "blocks.safetensors")
    assert detector.classifier_.column_names == tuple(frame.columns)
    KDEAnomalyDetector(4).fit(frame).save(tmp_path / "rows.safetensors")
    assert (tmp_path / "blocks.safetensors").read_bytes() == (tmp_path / "rows.safetensors").read_bytes()


def test_where_the_offset_is_that_of_a_sample_it_is_told(train) -> None:
    detector = KDEAnomalyDetector(4, max_training_points=100).partial_fit(train)
    with pytest.warns(kernad.FitWarning, match="offset_ is that of 100 sampled rows; with fit it is that of all 300"):
        offset = detector.offset_
    sampled = kernad.sample_rows(300, 100)
    assert offset == np.percentile(detector.score_samples(train[sampled]), 10)


@pytest.mark.filterwarnings("ignore::kernad.FitWarning")
def test_columns_are_checked_as_in_predict(train) -> None:
    check_estimators_partial_fit_n_features("KDEAnomalyDetector", KDEAnomalyDetector())  # not in check_estimator
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train[:, :4], columns=list("abcd"))
    detector = KDEAnomalyDetector(2).partial_fit(frame[:100])
    assert detector.n_features_in_ == 4 and list(detector.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
        detector.partial_fit(frame[list("dcba")][100:])
    with pytest.raises(ValueError, match="X has 3 features, but KDEAnomalyDetector is expecting 4 features"):
        detector.partial_fit(train[100:, :3])
    numbered = KDEAnomalyDetector(2).partial_fit(pandas.DataFrame(train[:100, :4]))
    with pytest.raises(kernad.InvalidInput, match="the columns are 1, 0, 2, 3; in fit they were 0, 1, 2, 3"):
        numbered.partial_fit(pandas.DataFrame(train[100:, :4])[[1, 0, 2, 3]])
    detector.partial_fit(frame[100:])  # what was refused has added nothing
    np.testing.assert_array_equal(detector.score_samples(frame), KDEAnomalyDetector(2).fit(frame).score_samples(frame))


def test_what_is_wrong_is_named_by_its_row_of_all(train) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = train[:, :3].astype(np.float64)
    for values, message in (
        (np.nan, r"^X: row 107, column 2 is nan"),
        (1e300, r"^X: row 107, column 2: 1e\+300 is beyond float32"),
    ):
        wrong = rows[100:].copy()
        wrong[7, 2] = values
        with pytest.raises(kernad.InvalidInput, match=message):
            KDEAnomalyDetector(2).partial_fit(rows[:100]).partial_fit(wrong)
    frame = pandas.DataFrame(rows, columns=list("abc"))
    detector = KDEAnomalyDetector(2).partial_fit(frame[:100])
    with pytest.raises(kernad.InvalidInput, match=r"^X: row 107, column 'b' is missing \(NaN\)"):
        detector.partial_fit(frame[100:].assign(b=lambda f: f.b.where(f.index != 107)))
    with pytest.raises(kernad.InvalidInput, match="^X, a block that begins at row 100: row 1, column 'b' is 'x'"):
        detector.partial_fit(frame[100:102].assign(b=[1.0, "x"]))
    objects = rows[100:].astype(object)
    objects[7, 1] = "1.5"
    with pytest.raises(kernad.InvalidInput, match="^X, a block that begins at row 100: row 7, column 1 is '1.5'"):
        KDEAnomalyDetector(2).partial_fit(rows[:100]).partial_fit(objects)


def test_clones_forget_and_copies_keep(train) -> None:
    detector = KDEAnomalyDetector(4).partial_fit(train[:150])
    with pytest.raises(NotFittedError):
        clone(detector).predict(train)
    copies = [pickle.loads(pickle.dumps(detector)), copy.deepcopy(detector), copy.copy(detector)]
    half = KDEAnomalyDetector(4).fit(train[:150]).score_samples(train)
    whole = KDEAnomalyDetector(4).fit(train).score_samples(train)
    for other in copies:
        np.testing.assert_array_equal(other.partial_fit(train[150:]).score_samples(train), whole)
    np.testing.assert_array_equal(detector.score_samples(train), half)  # the copies' rows are not its own
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(detector)).score_samples(train), half)


def test_fit_begins_anew(train) -> None:
    want = KDEAnomalyDetector(2).fit(train[:, :5]).score_samples(train[:, :5])
    detector = KDEAnomalyDetector(2).partial_fit(train)
    np.testing.assert_array_equal(detector.fit(train[:, :5]).score_samples(train[:, :5]), want)
    with pytest.warns(kernad.FitWarning, match="partial_fit begins anew, without the rows of fit"):
        detector.partial_fit(train[:200, :3])
    detector.partial_fit(train[200:, :3])
    want = KDEAnomalyDetector(2).fit(train[:, :3]).score_samples(train[:, :3])
    np.testing.assert_array_equal(detector.score_samples(train[:, :3]), want)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"max_training_points": 99}, "max_training_points is 99, and was 40000 in the first partial_fit"),
        ({"random_state": 1}, "random_state is 1, and was None in the first partial_fit"),
        ({"random_state": np.random.RandomState(1)}, "random_state is RandomState"),
        ({"all_rows": True}, "all_rows is True, and was False in the first partial_fit"),
        ({"bandwidth": "scot"}, "bandwidth is 'scot'; valid"),
        ({"contamination": 0.6}, "contamination is 0.6; valid"),
        ({"n_jobs": 0}, "n_jobs is 0; valid"),
        ({"folds": "many"}, "folds is 'many'; valid"),
        ({"folds": 1}, "folds is 1; valid"),
    ],
)
def test_changes_of_what_the_sample_depends_on_are_refused(train, changed, message) -> None:
    detector = KDEAnomalyDetector(4).partial_fit(train[:200])
    with pytest.raises(kernad.InvalidParameter, match=message):
        detector.set_params(**changed).partial_fit(train[200:])
    detector.set_params(**KDEAnomalyDetector(4).get_params()).partial_fit(train[200:])
    np.testing.assert_array_equal(detector.score_samples(train), KDEAnomalyDetector(4).fit(train).score_samples(train))


def test_other_changes_hold_from_the_next_call_on(train) -> None:
    detector = KDEAnomalyDetector(4).partial_fit(train[:200])
    detector.set_params(n_pca_components=2, contamination=0.2, random_state=0)  # None is 0
    assert detector.offset_ == KDEAnomalyDetector(4).fit(train[:200]).offset_
    detector.partial_fit(train[200:])
    assert detector.offset_ == KDEAnomalyDetector(2, contamination=0.2).fit(train).offset_


@pytest.mark.filterwarnings("ignore::kernad.FitWarning")
def test_a_random_state_gives_one_seed(train) -> None:
    made = [KDEAnomalyDetector(4, max_training_points=50, random_state=np.random.RandomState(3)) for _ in range(2)]
    found = pickle.loads(pickle.dumps(made[0].partial_fit(train[:200]))).partial_fit(train[200:])
    np.testing.assert_array_equal(found.score_samples(train), made[1].fit(train).score_samples(train))


def test_what_cannot_be_added_or_fitted(train) -> None:
    with pytest.raises(kernad.InvalidParameter, match="partial_fit takes no sample_weight; give rows as often"):
        KDEAnomalyDetector(4).partial_fit(train, sample_weight=np.ones(300))
    failed = KDEAnomalyDetector(4)
    with pytest.raises(kernad.InvalidInput, match="row 0, column 0 is nan"):
        failed.partial_fit(train * np.nan)
    with pytest.raises(NotFittedError):
        check_is_fitted(failed)
    detector = KDEAnomalyDetector(2).partial_fit(train[:1, :2])
    for rows in (train[:0, :2], train[:1, :2]):  # the same row twice has no variance
        with pytest.raises(kernad.InvalidInput, match=r"partial_fit has seen 1 row|identical"):
            detector.score_samples(train[:, :2])
        if len(rows):
            detector.partial_fit(rows)
    with pytest.raises(kernad.InvalidInput, match="identical"):
        detector.predict(train[:, :2])
    detector.partial_fit(train[1:, :2])  # further rows put it right
    assert np.isfinite(detector.score_samples(train[:, :2])).all()
