"""Lists of rows whose values have names: where they could be mistaken. test_tables.py shows that they are tables."""

from __future__ import annotations

from collections import namedtuple
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import kernad

NAMES = ["height", "width", "depth"]
ROWS = np.random.default_rng(3).normal(size=(60, 3)) * [1, 5, 20]
Body = namedtuple("Body", NAMES)
Turned = namedtuple("Turned", NAMES[::-1])
BODIES = [Body(*row) for row in ROWS]
TURNED = [Turned(*row[::-1]) for row in ROWS]


@pytest.fixture(scope="module")
def classifier() -> kernad.KDEClassifier:
    classifier = kernad.KDEClassifier("all")
    classifier.fit(BODIES)
    return classifier


def test_one_row_to_explain(classifier: kernad.KDEClassifier) -> None:
    expected = classifier.explain(BODIES[4]).columns
    np.testing.assert_array_equal(classifier.explain(ROWS[4]).columns, expected)
    record = np.array([tuple(TURNED[4])], dtype=[(name, float) for name in Turned._fields])[0]
    for row in (TURNED[4], record):
        with pytest.warns(kernad.DataWarning, match="in another order"):
            np.testing.assert_array_equal(classifier.explain(row).columns, expected)


def test_every_way_in() -> None:
    sketch = kernad.Sketch()
    sketch.add(BODIES)
    with pytest.warns(kernad.DataWarning, match="in another order"):
        sketch.add(TURNED)
    again = kernad.KDEClassifier("all")
    again.fit(sketch)
    assert again.column_names == tuple(NAMES)
    for kind in (kernad.GaussianKDE, kernad.PCA):
        model = kind()
        model.fit(BODIES)
        assert tuple(model.column_names) == tuple(NAMES)


def test_the_estimator_for_scikit_learn() -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from kernad.sklearn import KDEAnomalyDetector

    detector = KDEAnomalyDetector("all").fit(BODIES)
    by_position = KDEAnomalyDetector("all").fit(ROWS).score_samples(ROWS)
    np.testing.assert_array_equal(detector.score_samples(BODIES), by_position)
    with pytest.raises(ValueError, match="in fit they were"):
        detector.score_samples(TURNED)


def test_numbers_are_read_as_from_tables(classifier: kernad.KDEClassifier) -> None:
    rows = [Body(Decimal(1), 2**40, None), Body(1.5, True, 3)]
    with pytest.warns(kernad.DataWarning, match="1 of 2 rows have missing values"):
        scores = classifier.compute_kde_scores(rows, True, missing="skip")
    assert np.isnan(scores[0])
    assert scores[1] == classifier.compute_kde_scores([[1.5, 1, 3]], True)[0]
    for wrong in ("2.5", [1.0, 2.0], 1j):
        with pytest.raises(kernad.InvalidInput, match=r"features: row 1, column 'width' is .*; a number is needed"):
            classifier.predict([Body(1, 2, 3), Body(1, wrong, 3)])


REFUSED: dict[str, tuple[Any, str]] = {
    "other names": (
        [*BODIES, TURNED[0]],
        "row 60 has 'depth', 'width', 'height', but row 0 'height', 'width', 'depth'",
    ),
    "no names": ([*BODIES, (1.0, 2.0, 3.0)], "row 60 has no names, but row 0 'height', 'width', 'depth'; all"),
    "names later": ([[1.0, 2.0, 3.0], BODIES[0]], "row 1 has 'height', 'width', 'depth', but row 0 no names; all need"),
    "columns": (Body(*ROWS.T), "a Body of columns 'height', 'width', 'depth'; rows are needed"),
    "unknown": ([namedtuple("Odd", "height width deepness")(1, 2, 3)], "'depth' is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_mistaken_is_refused(classifier: kernad.KDEClassifier, name: str) -> None:
    rows, says = REFUSED[name]
    with pytest.raises(kernad.InvalidInput, match=f"features: .*{says}"):
        classifier.predict(rows)


def test_rows_of_spark() -> None:
    class Row(tuple):  # as pyspark.sql.Row, which is in no package that the tests need
        __fields__: list[str]

    def row(names: list[str], values: Any) -> Row:
        made = Row(values)
        made.__fields__ = names
        return made

    classifier = kernad.KDEClassifier("all")
    classifier.fit([row(NAMES, values) for values in ROWS])
    assert classifier.column_names == tuple(NAMES)


def test_tuples_and_series_without_names_go_by_position(classifier: kernad.KDEClassifier) -> None:
    expected = classifier.predict(ROWS)
    np.testing.assert_array_equal(classifier.predict([tuple(row) for row in ROWS]), expected)
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    np.testing.assert_array_equal(classifier.predict([pandas.Series(row) for row in ROWS]), expected)
