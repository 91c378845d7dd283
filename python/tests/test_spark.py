"""Spark: two local executor threads with Python workers of their own give the bits of one machine."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import kernad
from engine_support import NAMES, OUTPUTS, doubles, dying, file_of, fitted_to, output_of, require_engines, unfitted

require_engines()

import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
from pyspark.errors import PythonException  # noqa: E402
from pyspark.sql import SparkSession, functions  # noqa: E402

import kernad.spark  # noqa: E402
from kernad import _engines  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::kernad.FitWarning"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local[2, 4]")  # a task may fail three times
        .config("spark.ui.enabled", False)
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.default.parallelism", 10)  # partitions of a DataFrame that is made here
        .config("spark.sql.shuffle.partitions", 2)
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    patch.undo()


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(doubles(), columns=NAMES)


@pytest.fixture(scope="module")
def classifier(frame):
    return fitted_to(frame)


def test_a_fit_has_the_bytes_of_one_machine(spark, frame, tmp_path) -> None:
    rows = spark.createDataFrame(frame.assign(id=range(len(frame))))
    assert rows.rdd.getNumPartitions() == 10  # so that sketches are merged on the workers
    gathered = unfitted()
    assert kernad.spark.fit(gathered, rows, columns=NAMES, target_fpr=0.1)
    assert gathered.column_names == tuple(NAMES)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)


def test_the_order_is_that_of_collect_after_a_shuffle_as_well(spark, frame, tmp_path) -> None:
    rows = spark.createDataFrame(frame).filter("c1 > 2").orderBy("c3")
    gathered = unfitted()
    assert kernad.spark.fit(gathered, rows, target_fpr=0.1)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(rows.toPandas()), tmp_path)


def test_persisted_rows_are_counted_without_a_hash_of_their_columns(spark, frame, tmp_path, monkeypatch) -> None:
    hashed = []
    hash_of = kernad.spark.functions.xxhash64
    monkeypatch.setattr(kernad.spark.functions, "xxhash64", lambda *columns: (hashed.append(1), hash_of(*columns))[1])
    rows = spark.createDataFrame(frame)
    for frames, wanted in ((rows, 1), (rows.repartition(3).persist(), 0)):
        hashed.clear()
        gathered = unfitted()
        assert kernad.spark.fit(gathered, frames, target_fpr=0.1)
        assert len(hashed) == wanted
        assert file_of(gathered, tmp_path) == file_of(fitted_to(frames.toPandas()), tmp_path)


def test_an_array_column_is_many_columns(spark, frame, tmp_path) -> None:
    rows = spark.createDataFrame(frame).select(functions.array(*NAMES).alias("v"))
    gathered = unfitted()
    assert kernad.spark.fit(gathered, rows, target_fpr=0.1)
    lists = pa.FixedSizeListArray.from_arrays(frame.to_numpy().ravel(), len(NAMES))
    assert file_of(gathered, tmp_path) == file_of(fitted_to(pa.table({"v": lists})), tmp_path)
    scores = kernad.spark.score(gathered, rows).toPandas().log_density
    np.testing.assert_array_equal(scores, output_of(gathered, frame.to_numpy(), "log_density"))
    ragged = spark.createDataFrame([([1.0, 2.0],), ([3.0],)], "v array<double>").coalesce(1)
    with pytest.raises(kernad.InvalidInput, match="row 1, column 'v' holds 1 values, and another row 2"):
        kernad.spark.fit(unfitted(), ragged)


def test_scores_have_the_bits_of_one_machine(spark, classifier, frame) -> None:
    rows = spark.createDataFrame(frame.assign(**{"a.name[0]": "text"})).repartition(3)
    for output in OUTPUTS:
        scored = kernad.spark.score(classifier, rows, columns=NAMES, output=output)
        assert scored.columns == [*NAMES, "a.name[0]", output]
        together = scored.toPandas()
        expected = output_of(classifier, together[NAMES], output)
        np.testing.assert_array_equal(together[output], expected)
        assert together[output].dtype == expected.dtype


def test_columns_are_matched_by_name_before_any_work(spark, classifier, frame) -> None:
    rows = spark.createDataFrame(frame[NAMES[::-1]].assign(id=0))
    with pytest.warns(kernad.DataWarning, match="another order"):
        scored = kernad.spark.score(classifier, rows, columns=NAMES[::-1])
    np.testing.assert_array_equal(scored.toPandas().log_density, output_of(classifier, frame, "log_density"))
    with pytest.raises(kernad.InvalidInput, match="'id'"):
        kernad.spark.score(classifier, rows)
    with pytest.raises(kernad.InvalidInput, match="no column 'c9'; valid: 'c7'"):
        kernad.spark.fit(unfitted(), rows, columns=["c9"])
    with pytest.raises(kernad.InvalidInput, match="column 'p_value' already"):
        kernad.spark.score(classifier, rows.withColumnRenamed("id", "p_value"), columns=NAMES, output="p_value")


def test_a_missing_value_is_named_by_its_row_in_the_data_set(spark, classifier, frame) -> None:
    wrong = frame.copy()
    wrong.loc[2345, "c2"] = np.nan
    rows = spark.createDataFrame(wrong)
    with pytest.raises(kernad.InvalidInput, match=r"row 2345, column 'c2' is missing .*partition 7.* row 2100"):
        kernad.spark.fit(unfitted(), rows)
    with pytest.raises(PythonException, match="row 245 of partition 7, column 'c2' is missing"):
        kernad.spark.score(classifier, rows).collect()
    labels = kernad.spark.score(classifier, rows, output="label", missing="skip").toPandas().label
    assert list(np.flatnonzero(labels.isna())) == [2345]


def test_a_killed_worker_counts_no_row_twice(spark, frame, tmp_path, monkeypatch) -> None:
    rows = spark.createDataFrame(frame)
    monkeypatch.setattr(_engines, "sketch_of", dying(6, tmp_path / "killed"))
    gathered = unfitted()
    assert kernad.spark.fit(gathered, rows, target_fpr=0.1)
    assert (tmp_path / "killed").exists()
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)


def test_what_is_no_frame_is_refused(spark, classifier, frame) -> None:
    with pytest.raises(TypeError, match=r"DataFrame; a pyspark\.sql\.DataFrame is needed"):
        kernad.spark.score(classifier, frame)
    with pytest.raises(kernad.InvalidInput, match="no rows"):
        kernad.spark.fit(unfitted(), spark.createDataFrame(frame[:1]).filter("c1 > 1e9"))
