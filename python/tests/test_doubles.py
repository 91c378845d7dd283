"""Float64 rows: columns far from zero keep their differences, all others score as float32."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import kernad
from kernad.pyod import KDE
from kernad.sklearn import KDEAnomalyDetector
from support import make_rows

FAR = np.array([1.7e9, 5e5])


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(300, 2)).astype(np.float32).astype(np.float64)


def test_far_columns_score_as_near_zero(rows) -> None:
    near, far = kernad.KDEClassifier(2), kernad.KDEClassifier(2)
    near.fit(rows[:200])
    far.fit(rows[:200] + FAR)
    expected = near.compute_kde_scores(rows, as_log_likelihood=True)
    scores = far.compute_kde_scores(rows + FAR, as_log_likelihood=True)
    np.testing.assert_allclose(scores, expected, atol=1e-4, rtol=1e-6)
    np.testing.assert_array_equal(kernad.Scorer(far).log_density(rows + FAR), scores)
    far.calibrate(rows[:200] + FAR, folds=5, target_fpr=0.1)
    near.calibrate(rows[:200], folds=5, target_fpr=0.1)
    np.testing.assert_allclose(far.calibration.log_densities, near.calibration.log_densities, atol=2e-4)
    np.testing.assert_allclose(far.explain(rows[3] + FAR).expected - FAR, near.explain(rows[3]).expected, atol=1e-3)


def test_estimators_keep_them_as_well(rows) -> None:
    for estimator in (KDEAnomalyDetector(contamination=0.05), KDE(contamination=0.05)):
        near = estimator.fit(rows[:200]).decision_function(rows)
        far = estimator.fit(rows[:200] + FAR).decision_function(rows + FAR)
        np.testing.assert_allclose(far, near, atol=2e-4, rtol=1e-6)


def test_what_float32_holds_has_the_same_bits(rows) -> None:
    narrow, wide = kernad.KDEClassifier(2), kernad.KDEClassifier(2)
    narrow.fit(rows.astype(np.float32))
    wide.fit(rows)
    np.testing.assert_array_equal(
        wide.compute_kde_scores(rows, as_log_likelihood=True),
        narrow.compute_kde_scores(rows.astype(np.float32), as_log_likelihood=True),
    )


def test_whole_numbers_of_64_bits(rows) -> None:
    milliseconds = (1.7e12 + 1e4 * rows).astype(np.int64)
    near, far = kernad.KDEClassifier(2), kernad.KDEClassifier(2)
    near.fit((milliseconds - 1_700_000_000_000).astype(np.float64))
    far.fit(milliseconds)
    np.testing.assert_allclose(
        far.compute_kde_scores(milliseconds, as_log_likelihood=True),
        near.compute_kde_scores(milliseconds - 1_700_000_000_000, as_log_likelihood=True),
        atol=1e-4,
    )


def of_seconds() -> np.ndarray:
    """Whole seconds since 1970 that differ by less than float32's step there, beside a column near zero."""
    rng = np.random.default_rng(0)
    return np.column_stack([1_700_000_000 + rng.integers(0, 50, 200), rng.integers(-30, 30, 200)])


@pytest.mark.parametrize("dtype", ["i4", ">i4", "i8", "g"])
@pytest.mark.parametrize("of", ["kernad", "sklearn", "pyod", "torch"])
def test_whole_numbers_beyond_float32_keep_their_digits(of, dtype) -> None:
    """Integers of 32 bits, long doubles and PyOD's arrays of 64 bits were rounded to float32, off by nats."""
    rows = of_seconds()
    given: Any = rows.astype(dtype)

    def scores(rows: Any) -> np.ndarray:
        if of == "pyod":
            detector = pytest.importorskip("kernad.pyod").KDE(n_pca_components="all").fit(rows)
            return -np.asarray(detector.decision_function(rows))
        if of == "sklearn":
            return np.asarray(pytest.importorskip("kernad.sklearn").KDEAnomalyDetector("all").fit(rows).score_samples(rows))
        classifier = kernad.KDEClassifier("all")
        classifier.fit(rows)
        return np.asarray(classifier.compute_kde_scores(rows, True))

    if of == "torch":
        torch = pytest.importorskip("torch")
        if dtype not in ("i4", "i8"):
            pytest.skip("torch has no such type")
        given = torch.from_numpy(given)
    np.testing.assert_array_equal(scores(given), scores(rows.astype(np.float64)))


@pytest.mark.parametrize("stage", [kernad.GaussianKDE, kernad.PCA])
def test_a_stage_says_when_float32_loses_digits(stage) -> None:
    """The stages have no shift for columns far from zero, as the classifier does."""
    rows = of_seconds()
    for given, place in ((rows, "column 0"), (pandas_frame(rows), "column 'seconds'")):
        with pytest.warns(kernad.FitWarning, match=f"{place} is so far from zero that float32") as caught:
            stage().fit(given)
        assert [(w.message.code, w.filename) for w in caught] == [("limited_precision", __file__)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage().fit(rows - rows.mean(axis=0))
        stage().fit(make_rows(50).astype(np.float64))
        stage().fit(np.random.default_rng(0).integers(0, 99, (50, 2)).astype(np.int32))


def pandas_frame(rows: np.ndarray) -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(rows, columns=["seconds", "value"])
