"""What the adapters to Dask, Ray and Spark share, without any of them."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import kernad
from kernad import _engines
from kernad._engines import FAN_IN, MergeTree, Sampling, Scoring, sketch_of

pytestmark = pytest.mark.filterwarnings("ignore::kernad.FitWarning")
SAMPLING = Sampling(100, 5, ())


@pytest.mark.parametrize(
    ("engine", "package", "install"),
    [
        ("dask", "dask", "pip install 'dask[array,dataframe,distributed]'"),
        ("ray", "ray", "pip install 'ray[data]'"),
        ("spark", "pyspark", "pip install 'pyspark[sql]', and Java 17"),
    ],
)
def test_a_missing_engine_is_told_with_how_to_install_it(engine, package, install) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import kernad.{engine}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1].startswith("ImportError: kernad.")
    assert install in ran.stderr


@pytest.mark.parametrize("count", [1, 7, 8, 9, 64, 65, 700])
def test_a_tree_merges_everything_once_and_little_at_a_time(count) -> None:
    merged = []

    def merge(parts):
        assert 1 <= len(parts) <= FAN_IN
        merged.append(parts)
        return [each for part in parts for each in part]

    tree: MergeTree[list[int]] = MergeTree(merge)
    for i in range(count):
        tree.add([i])
    rest = tree.rest()
    assert len(rest) <= FAN_IN
    assert sorted(each for part in rest for each in part) == list(range(count))
    assert len(merged) <= count / (FAN_IN - 1) + 4


def test_partitions_give_the_sketch_of_the_whole(train) -> None:
    parts = [
        sketch_of(np.array_split(train[a:b], 3), i, a, b - a, SAMPLING)
        for i, (a, b) in enumerate([(0, 120), (120, 120), (120, 300)])
    ]
    parts = pickle.loads(pickle.dumps(parts))
    whole = kernad.Sketch(max_training_points=100, seed=5).add(train)
    sketch = _engines.finished(parts)
    np.testing.assert_array_equal(sketch.rows, whole.rows)
    assert sketch.ranges == [(0, 300)]


def test_an_error_of_a_row_is_a_result_that_ends_the_fit(train) -> None:
    wrong = train.copy()
    wrong[130, 3] = np.inf
    parts = [sketch_of([wrong[a : a + 100]], i, a, 100, SAMPLING) for i, a in enumerate([0, 100, 200])]
    with pytest.raises(
        kernad.InvalidInput, match=r"row 130, column 3 is inf.*\(partition 1, which begins at row 100\)"
    ):
        _engines.finished([_engines.merge(parts[:2]), parts[2]])
    again = sketch_of([train[:100]], 0, 0, 100, SAMPLING)
    with pytest.raises(kernad.InvalidInput, match="both sketches have seen rows 0 to 99"):
        _engines.finished([parts[0], again])
    with pytest.raises(kernad.InvalidInput, match="partition 4 had 90 rows when they were counted and 100"):
        _engines.finished([sketch_of([train[:100]], 4, 0, 90, SAMPLING)])


def test_a_process_loads_a_model_once_and_each_thread_keeps_a_scorer(train, queries) -> None:
    classifier = kernad.KDEClassifier(4)
    classifier.fit(train)
    expected = classifier.compute_kde_scores(queries, True)
    copies = [pickle.loads(pickle.dumps(Scoring(classifier, "log_density", "refuse", 1))) for _ in range(2)]
    for scoring in copies:
        np.testing.assert_array_equal(scoring(queries, str), expected)
    assert _engines._loaded(copies[0]) is _engines._loaded(copies[1])
    model = _engines._loaded(copies[0])
    assert _engines._scorer(model, 1) is _engines._scorer(model, 1)
    for seed in range(10):  # a process that scores with many models does not keep them all
        classifier.fit(train[seed:])
        Scoring(classifier, "log_density", "refuse", 1)(queries[:1], str)
    assert len(_engines._models) <= 4


def test_what_a_model_cannot_give_is_refused_before_any_work(train) -> None:
    classifier = kernad.KDEClassifier(4)
    with pytest.raises(kernad.NotFittedError, match="no model"):
        Scoring(classifier, "log_density", "refuse", 1)
    classifier.fit(train)
    with pytest.raises(kernad.NotFittedError, match="calibrat"):
        Scoring(classifier, "p_value", "refuse", 1)
    with pytest.raises(kernad.NotFittedError, match="threshold"):
        Scoring(classifier, "label", "refuse", 1)
    with pytest.raises(kernad.InvalidParameter, match="output is 'scores'; valid: 'log_density', 'probability'"):
        Scoring(classifier, "scores", "refuse", 1)
    with pytest.raises(kernad.InvalidParameter, match="missing is 'drop'"):
        Scoring(classifier, "log_density", "drop", 1)
    with pytest.raises(kernad.InvalidParameter, match="num_threads is 0; valid: 1"):
        Scoring(classifier, "log_density", "refuse", 0)
    with pytest.raises(TypeError, match="classifier is a Scorer"):
        Scoring(kernad.Scorer(classifier), "log_density", "refuse", 1)


def test_a_column_that_is_not_there_is_named() -> None:
    assert _engines.chosen_columns(["a", "b"], ["b"]) == ["b"]
    with pytest.raises(kernad.InvalidInput, match="two columns are called 'a'"):
        _engines.chosen_columns(["a", "b", "a"], None)
    with pytest.raises(kernad.InvalidInput, match="no columns"):
        _engines.chosen_columns(["a"], [])
    with pytest.raises(TypeError, match="columns is the text 'a'"):
        _engines.chosen_columns(["a"], "a")
