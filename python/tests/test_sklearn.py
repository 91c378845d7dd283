"""The scikit-learn estimator does what scikit-learn expects of one."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import kernad

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from kernad.sklearn import KDEAnomalyDetector


def shuffled(check, estimator) -> list[pytest.MarkDecorator]:
    """scikit-learn compares weights with repeated rows in another order, and rows go to folds by their number."""
    name = getattr(check, "func", check).__name__
    if name != "check_sample_weight_equivalence_on_dense_data" or estimator.folds is None:
        return []
    return [pytest.mark.xfail(reason="the check shuffles the rows, and with them the folds", strict=True)]


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(
            e,
            check,
            id=f"{getattr(check, 'func', check).__name__}-{e.n_pca_components}-{e.feature_scaling_method}-{e.folds}",
            marks=shuffled(check, e),
        )
        for made in (
            KDEAnomalyDetector(),
            KDEAnomalyDetector(2, "norm"),
            KDEAnomalyDetector(folds=None),
            KDEAnomalyDetector("all", covariance="oas", bandwidth="loo", folds=5),
        )
        for e, check in estimator_checks_generator(made)
    ],
)
@pytest.mark.filterwarnings("ignore::kernad.FitWarning")  # most checks' data have less than 16 columns
def test_check_estimator(estimator, check) -> None:
    from unittest import SkipTest

    try:
        check(estimator)
    except SkipTest as reason:
        pytest.skip(str(reason))


@pytest.fixture
def labelled(train) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    outliers = train[:40] + rng.normal(size=(40, 24)).astype(np.float32) * 3
    order = rng.permutation(340)  # folds of an outlier estimator are not stratified
    return np.concatenate([train, outliers])[order], np.repeat([1, -1], [300, 40])[order]


def test_scores_are_the_classifiers(train, queries) -> None:
    detector = KDEAnomalyDetector(6, contamination=0.05).fit(train)
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    classifier.calibrate(train)  # as the detector's is: its scores consider what the density does not see
    finite = queries[:200]
    np.testing.assert_array_equal(detector.score_samples(finite), classifier.compute_kde_scores(finite, True))
    np.testing.assert_array_equal(detector.decision_function(finite), detector.score_samples(finite) - detector.offset_)
    np.testing.assert_array_equal(detector.predict(finite), np.where(detector.decision_function(finite) < 0, -1, 1))
    assert (detector.predict(train) == -1).sum() == 15
    assert detector.n_features_in_ == 24
    assert (detector.fit_predict(train) == detector.predict(train)).all()


def test_clone_and_params() -> None:
    detector = KDEAnomalyDetector(3, "norm", 100, contamination=0.2, random_state=4, n_jobs=2)
    assert clone(detector).get_params() == detector.get_params()
    assert clone(detector).set_params(n_pca_components=5).n_pca_components == 5


def test_in_a_pipeline_a_grid_and_cross_validation(labelled) -> None:
    rows, labels = labelled
    pipeline = make_pipeline(StandardScaler(), KDEAnomalyDetector(4))
    assert cross_val_score(pipeline, rows, labels, scoring="roc_auc", cv=3).min() > 0.5
    grid = GridSearchCV(
        pipeline, {"kdeanomalydetector__n_pca_components": [2, 8, 0.9]}, scoring="roc_auc", cv=3, error_score="raise"
    ).fit(rows, labels)
    assert len(grid.cv_results_["mean_test_score"]) == 3
    assert set(np.unique(grid.predict(rows))) == {-1, 1}


def test_small_data_are_fitted_with_a_warning(train) -> None:
    detector = KDEAnomalyDetector()
    with pytest.warns(kernad.FitWarning, match="n_pca_components cut"):
        detector.fit(train[:8])
    assert np.isfinite(detector.score_samples(train)).all()


def test_the_seed(train) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        scores = [
            KDEAnomalyDetector(4, max_training_points=50, random_state=s).fit(train).score_samples(train)
            for s in (None, 0, 1)
        ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[1] != scores[2]).any()


def test_errors(train) -> None:
    with pytest.raises(NotFittedError):
        KDEAnomalyDetector().predict(train)
    with pytest.raises(ValueError, match=r"contamination is 0\.6"):
        KDEAnomalyDetector(contamination=0.6).fit(train)
    with pytest.raises(ValueError, match="identical"):
        KDEAnomalyDetector(2).fit(np.ones((20, 3)))
    with pytest.raises(ValueError, match="beyond float32"):
        KDEAnomalyDetector(2).fit(train.astype(np.float64) * 1e39)


def test_a_grid_without_scoring_compares_log_densities(train) -> None:
    grid = GridSearchCV(KDEAnomalyDetector(4, folds=None), {"bandwidth": [0.01, 0.3, 30.0]}, error_score="raise").fit(
        train
    )
    assert grid.best_params_ == {"bandwidth": 0.3}
    assert grid.best_estimator_.score(train) == pytest.approx(grid.best_estimator_.score_samples(train).mean())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"contamination": "auto"}, "contamination is 'auto'; valid"),
        ({"contamination": None}, "contamination is None; valid"),
        ({"n_jobs": 0}, "n_jobs is 0; valid"),
        ({"n_jobs": 5000}, "n_jobs is 5000; valid"),
        ({"covariance": "fulll"}, "covariance is 'fulll'; valid"),
        ({"bandwidth": "scot"}, "bandwidth is 'scot'; valid"),
        ({"folds": "many"}, "folds is 'many'; valid"),
        ({"folds": 1}, "folds is 1; valid"),
        ({"local_alpha": 9}, "local_alpha is '9.0'; valid"),
        ({"random_state": -1}, "random_state is -1; valid"),
    ],
)
def test_what_was_set_is_checked_in_fit(train, options, message) -> None:
    detector = KDEAnomalyDetector(4).set_params(**options)
    with pytest.raises(kernad.InvalidParameter, match=message):
        detector.fit(train)


def test_threads_and_seeds_by_scikit_learns_conventions(train) -> None:
    assert KDEAnomalyDetector(4, n_jobs=-2).fit(train).classifier_.num_threads == max(1, (os.cpu_count() or 1) - 1)
    first, second = (
        KDEAnomalyDetector(4, max_training_points=50, random_state=np.random.RandomState(3)) for _ in range(2)
    )
    with pytest.warns(kernad.FitWarning, match="sample"):
        assert first.fit(train).offset_ == second.fit(train).offset_
    with pytest.raises(TypeError, match="random_state is Generator"):
        KDEAnomalyDetector(4, random_state=np.random.default_rng(1)).fit(train)


def test_names_of_a_frame_reach_the_model(train, tmp_path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train[:, :6], columns=list("abcdef"))
    detector = KDEAnomalyDetector(4).fit(frame)
    assert list(detector.feature_names_in_) == list("abcdef")
    detector.save(tmp_path / "model.safetensors")
    assert kernad.KDEClassifier.load(tmp_path / "model.safetensors").column_names == tuple("abcdef")
    with pytest.raises(ValueError, match="same order"):  # scikit-learn's own rule
        detector.predict(frame[list("fedcba")])
    assert detector.fit(train).classifier_.column_names == ()


@pytest.mark.parametrize("rows", [16, 17, 30])
@pytest.mark.parametrize("limit", [40000, 16])
def test_a_count_that_is_cut_is_told(train, rows, limit) -> None:
    """Also where as many components as rows are the default, which nobody asked for."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        detector = KDEAnomalyDetector(100, max_training_points=limit, folds=None).fit(np.tile(train, 5)[:rows])
    kept = min(rows, limit) - 1
    kept = min(kept, 24)
    told = [str(w.message) for w in caught if w.message.code == "components_cut"]
    assert told == [f"n_pca_components cut from 100 to {kept}: the data have 120 columns and rank {kept}"]
    assert detector.classifier_.report().components == kept


def test_wrong_types_are_named(train) -> None:
    for options, message in (
        ({"n_jobs": "a"}, "n_jobs is 'a'; a whole number is needed"),
        ({"standardize": "no"}, "standardize is 'no'; True or False is needed"),
        ({"n_pca_components": [3]}, r"n_pca_components is \[3\]; a count"),
    ):
        with pytest.raises(TypeError, match=message):
            KDEAnomalyDetector(4).set_params(**options).fit(train)
    with pytest.raises(TypeError, match="positional"):
        KDEAnomalyDetector(4, "scale", 100, 0.1)


def test_what_is_no_number_is_named(train) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train[:, :4], columns=list("abcd"))
    detector = KDEAnomalyDetector(2).fit(frame)
    columns = {
        "times": (pandas.Timestamp(0), "column 'b' holds datetime64.*; real numbers"),
        "categories": (pandas.Categorical(["x"] * 300), "column 'b' holds categories"),
        "a text": ([1.0, "1.5"] + [2.0] * 298, "row 1, column 'b' is '1.5'; a number is needed"),
        "NA": (pandas.array([1.0, None] + [2.0] * 298, dtype="Float64"), r"row 1, column 'b' is missing \(NaN\)"),
        "None": (pandas.Series([1.0, None] + [2.0] * 298, dtype=object), r"row 1, column 'b' is missing \(NaN\)"),
    }
    for column, message in columns.values():
        for call in (KDEAnomalyDetector(2).fit, detector.predict, detector.score_samples):
            with pytest.raises(kernad.InvalidInput, match=f"X: {message}"):
                call(frame.assign(b=column))
    objects = train[:, :4].astype(object)
    for value in ("1.5", np.datetime64("2020"), np.timedelta64(1, "s")):
        objects[3, 2] = value
        with pytest.raises(kernad.InvalidInput, match="X: row 3, column 2 is"):
            KDEAnomalyDetector(2).fit(objects)
    masked = np.ma.masked_array(train[:, :4], train[:, :4] == train[2, 1])
    for call in (KDEAnomalyDetector(2).fit, detector.predict):
        with pytest.raises(kernad.InvalidInput, match="X: row 2, column 1 is masked"):
            call(masked)


def test_columns_without_texts_keep_their_order(train) -> None:
    """scikit-learn itself takes them by position."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    numbered = pandas.DataFrame(train[:, :4])
    shuffled_columns = numbered[[2, 0, 3, 1]]
    for given, other in (
        (numbered, shuffled_columns),
        (shuffled_columns, numbered),
        (train[:, :4], shuffled_columns),
        (numbered.set_axis([5, 6, 7, 8], axis=1), numbered.set_axis([5, 6, 8, 7], axis=1)),
    ):
        detector = KDEAnomalyDetector(2).fit(given)
        assert np.isfinite(detector.score_samples(given)).all()
        with pytest.raises(kernad.InvalidInput, match="X: the columns are .*; in fit they were"):
            detector.score_samples(other)
    assert KDEAnomalyDetector(2).fit(shuffled_columns).predict(train[:, :4]).shape == (300,)
    with pytest.raises(TypeError, match="string"):  # scikit-learn's own
        KDEAnomalyDetector(2).fit(numbered.set_axis(["a", 1, 2, 3], axis=1))
    named = KDEAnomalyDetector(2).fit(numbered.set_axis(list("abcd"), axis=1))
    with pytest.warns(UserWarning, match="valid feature names"):  # scikit-learn's own
        named.predict(numbered)


def test_weights_need_no_memory_for_copies(train) -> None:
    """32 bytes a copy, as before, would be 640 MB."""
    pytest.importorskip("resource", reason="only Unix tells the memory that a process took")
    code = """
import resource, warnings, numpy as np
from kernad.sklearn import KDEAnomalyDetector
warnings.simplefilter("ignore")
rows = np.random.default_rng(0).normal(size=(100, 4))
KDEAnomalyDetector(2, max_training_points=500).fit(rows)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
made = KDEAnomalyDetector(2, max_training_points=500).fit(rows, sample_weight=np.full(100, 2e5))
assert made.classifier_.report().rows_seen == 2e7
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert int(ran.stdout) < 100_000, ran  # KiB


ARRAY_API = """
import numpy as np, sklearn, torch, warnings
from kernad.sklearn import KDEAnomalyDetector
warnings.simplefilter("ignore")
rows = np.random.default_rng(0).normal(size=(200, 6))
expected = KDEAnomalyDetector(4).fit(rows)
with sklearn.config_context(array_api_dispatch=True):
    for kind in (torch.float64, torch.float32):
        given = torch.tensor(rows).to(kind)
        same = KDEAnomalyDetector(4).fit(given)
        for method in ("score_samples", "decision_function", "predict", "p_values"):
            found = getattr(same, method)(given)
            assert isinstance(found, torch.Tensor), method
            np.testing.assert_allclose(found.numpy(), getattr(expected, method)(rows), atol=1e-4)
        assert abs(same.score(given) - expected.score(rows)) < 1e-4
print("as arrays")
"""


def test_torch_tensors_by_scikit_learns_dispatch() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    ran = subprocess.run([sys.executable, "-c", ARRAY_API], capture_output=True, text=True, env=environment)
    assert ran.stdout == "as arrays\n", ran.stderr


def test_weights_repeat_rows(train) -> None:
    weights = np.arange(300) % 3
    by_weights = KDEAnomalyDetector(6).fit(train, sample_weight=weights)
    by_rows = KDEAnomalyDetector(6).fit(np.repeat(train, weights, axis=0))
    assert by_weights.offset_ == by_rows.offset_
    np.testing.assert_array_equal(by_weights.score_samples(train), by_rows.score_samples(train))
    with pytest.raises(ValueError, match=r"sample_weight of row 1 is 0\.5"):
        KDEAnomalyDetector(6).fit(train, sample_weight=np.where(np.arange(300) == 1, 0.5, 1))
