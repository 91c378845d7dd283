"""Tables: columns matched by name, values that are missing, and Arrow's interface from the libraries people use."""

from __future__ import annotations

import gc
import pickle
import sqlite3
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import kernad
from kernad._arrow import read_arrow

pandas = pytest.importorskip("pandas", reason="pandas is not installed")

NAMES = ["height", "width", "depth", "weight"]
ROWS = np.random.default_rng(3).normal(size=(200, 4))
FRAME = pandas.DataFrame(ROWS, columns=NAMES)
LISTS = ROWS.astype(np.float32)


def library(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not installed")


def duckdb_relation(columns: str) -> Any:
    return library("duckdb").from_df(FRAME).project(columns)


def sqlite_rows(names: list[str]) -> list[Any]:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    FRAME.to_sql("rows", connection)
    return connection.execute(f"SELECT {', '.join(names)} FROM rows ORDER BY rowid").fetchall()


# Each a table of FRAME's columns of these names.
TABLES: dict[str, Callable[[list[str]], Any]] = {
    "pandas": lambda names: FRAME[names],
    "pandas, nullable": lambda names: FRAME[names].astype("Float64"),
    "pandas, Arrow": lambda names: (library("pyarrow"), FRAME[names].astype("float64[pyarrow]"))[1],
    "pandas, objects": lambda names: FRAME[names].astype(object),
    "polars": lambda names: library("polars").DataFrame(ROWS, schema=NAMES).select(names),
    "pyarrow table": lambda names: library("pyarrow").table(FRAME).select(names),
    "pyarrow batch": lambda names: library("pyarrow").RecordBatch.from_pandas(FRAME[names]),
    "pyarrow reader": lambda names: library("pyarrow").table(FRAME).select(names).to_reader(max_chunksize=33),
    "duckdb": lambda names: duckdb_relation(", ".join(names)),
    "structured array": lambda names: np.rec.fromarrays(FRAME[names].to_numpy().T, names=names),
    "list of namedtuples": lambda names: list(FRAME[names].itertuples(index=False)),
    "list of Series": lambda names: [row for _, row in FRAME[names].iterrows()],
    "list of records": lambda names: list(np.rec.fromarrays(FRAME[names].to_numpy().T, names=names)),
    "list of sqlite3.Row": lambda names: sqlite_rows(names),
}
every_table = pytest.mark.parametrize("kind", TABLES)
BACKWARDS = NAMES[::-1]


def fitted(table: Any, **options: Any) -> kernad.KDEClassifier:
    classifier = kernad.KDEClassifier(3, **options)
    assert classifier.fit(table)
    return classifier


@every_table
def test_names_are_remembered_and_columns_put_in_order(kind, tmp_path) -> None:
    classifier = fitted(TABLES[kind](NAMES))
    expected = fitted(ROWS).predict(ROWS)
    assert classifier.column_names == tuple(NAMES)
    np.testing.assert_array_equal(classifier.predict(TABLES[kind](NAMES)), expected)
    np.testing.assert_array_equal(classifier.predict(ROWS), expected)
    with pytest.warns(kernad.DataWarning, match="another order") as caught:
        np.testing.assert_array_equal(classifier.predict(TABLES[kind](BACKWARDS)), expected)
    assert [warning.message.code for warning in caught] == ["columns_reordered"]
    assert caught[0].filename == __file__
    classifier.save(tmp_path / "model.safetensors")
    for same in (kernad.KDEClassifier.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(classifier))):
        assert same.column_names == tuple(NAMES)


@every_table
def test_missing_and_unknown_columns_are_named(kind) -> None:
    classifier = fitted(FRAME)
    with pytest.raises(kernad.InvalidInput, match="features: the model's column 'depth' is missing"):
        classifier.predict(TABLES[kind](["height", "width", "weight"]))
    with pytest.raises(kernad.InvalidInput, match="'height' is missing; the model does not know 'colour'"):
        classifier.predict(FRAME.rename(columns={"height": "colour"}))


def calls_of(classifier: kernad.KDEClassifier) -> dict[str, Callable[[Any], Any]]:
    pca, kde = kernad.PCA(2), kernad.GaussianKDE(FRAME)
    pca.fit(FRAME)
    return {
        "compute_kde_scores": lambda t: classifier.compute_kde_scores(t, True),
        "predict_labels": classifier.predict_labels,
        "explain": lambda t: classifier.explain(t[:1]).columns,
        "Scorer": kernad.Scorer(classifier).log_density,
        "Scorer of a density": kernad.Scorer(kde).log_density,
        "PCA": pca.transform,
        "log_density": kde.log_density,
        "density": kde,
    }


@pytest.mark.parametrize("name", ["compute_kde_scores", "predict_labels", "explain", "Scorer", "Scorer of a density",
                                  "PCA", "log_density", "density"])  # fmt: skip
def test_every_class_takes_columns_by_name(name) -> None:
    classifier = fitted(FRAME)
    classifier.calibrate(FRAME, target_fpr=0.1)
    call = calls_of(classifier)[name]
    with pytest.warns(kernad.DataWarning, match="another order"):
        given = call(FRAME[BACKWARDS])
    np.testing.assert_array_equal(given, call(ROWS))
    with pytest.raises(kernad.InvalidInput, match="'weight' is missing"):
        call(FRAME[NAMES[:3]])


def test_calibration_takes_columns_by_name() -> None:
    expected, classifier = fitted(ROWS), fitted(FRAME)
    for call in ("calibrate", "calibrate_from"):
        getattr(expected, call)(ROWS, target_fpr=0.1)
        with pytest.warns(kernad.DataWarning, match="another order"):
            getattr(classifier, call)(FRAME[BACKWARDS], target_fpr=0.1)
        assert expected.threshold == classifier.threshold
    assert classifier.column_names == tuple(NAMES)


def test_a_row_of_a_frame_is_explained_by_name() -> None:
    classifier = fitted(FRAME)
    expected = classifier.explain(ROWS[7]).columns
    np.testing.assert_array_equal(classifier.explain(FRAME.iloc[7]).columns, expected)
    with pytest.warns(kernad.DataWarning, match="another order"):
        np.testing.assert_array_equal(classifier.explain(FRAME[BACKWARDS].iloc[7]).columns, expected)


def test_names_may_be_set_and_a_fit_without_names_drops_them() -> None:
    classifier = fitted(ROWS)
    assert classifier.column_names == ()
    classifier.column_names = NAMES
    with pytest.raises(kernad.InvalidInput, match="'height' is missing"):
        classifier.predict(FRAME[NAMES[1:]])
    classifier.fit(ROWS)
    assert classifier.column_names == ()
    numbered = pandas.DataFrame(ROWS)
    assert fitted(numbered).column_names == ()


def test_labels_that_are_no_texts_are_names_as_well() -> None:
    """Unless they are 0, 1, 2, ...: those are positions."""
    for labels, names in (
        ([3, 1, 0, 2], ("3", "1", "0", "2")),
        ([5, 6, 7, 8], ("5", "6", "7", "8")),
        (["a", 1, 2.5, None], ("a", "1", "2.5", "None")),
        (pandas.MultiIndex.from_product([["x", "y"], [1, 2]]), ("x.1", "x.2", "y.1", "y.2")),
        ([True, False, 2, 3], ("True", "False", "2", "3")),
        (np.arange(4), ()),
    ):
        frame = pandas.DataFrame(ROWS, columns=labels)
        classifier = fitted(frame)
        assert classifier.column_names == names
        expected = classifier.predict(ROWS)
        for order in ([0, 1, 2, 3], [2, 3, 1, 0]):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                np.testing.assert_array_equal(classifier.predict(frame.iloc[:, order]), expected)
            assert [w.message.code for w in caught] == (["columns_reordered"] if order[0] else [])
    with pytest.raises(kernad.InvalidInput, match="two columns are called '1'"):
        fitted(pandas.DataFrame(ROWS, columns=["1", 1, 2, 3]))


def test_numbered_columns_are_put_in_order_whatever_the_model_was_fitted_on() -> None:
    numbered = pandas.DataFrame(ROWS)
    by_array, backwards = fitted(ROWS), fitted(numbered[[3, 2, 1, 0]])
    kde, pca, sketch = kernad.GaussianKDE(ROWS), kernad.PCA(2), kernad.Sketch().add(ROWS[:100])
    pca.fit(ROWS)
    scorer = kernad.Scorer(by_array)
    for call in (by_array.predict, scorer.log_density, kde.log_density, pca.transform):
        with pytest.warns(kernad.DataWarning, match="another order"):
            np.testing.assert_array_equal(call(numbered[[2, 0, 3, 1]]), call(ROWS))
    with pytest.warns(kernad.DataWarning, match="another order"):
        np.testing.assert_array_equal(sketch.add(numbered[[2, 0, 3, 1]][100:]).rows, LISTS)
    with pytest.warns(kernad.DataWarning, match="another order"):
        np.testing.assert_array_equal(backwards.predict(numbered), backwards.predict(ROWS[:, ::-1]))
    with pytest.raises(kernad.InvalidInput, match="'weight' are missing; the model does not know '3'"):
        fitted(FRAME).predict(numbered[[3, 2, 1, 0]])
    np.testing.assert_array_equal(fitted(FRAME).predict(numbered), fitted(ROWS).predict(ROWS))  # by position


def test_a_lazy_frame_is_named_as_such() -> None:
    lazy = library("polars").DataFrame(ROWS, schema=NAMES).lazy()
    for call in (kernad.KDEClassifier(2).fit, fitted(FRAME).predict, kernad.GaussianKDE):
        with pytest.raises(kernad.InvalidInput, match=r"a LazyFrame, which holds no rows yet; collect\(\) reads them"):
            call(lazy)


REFUSED = {
    "categories": (FRAME.assign(width=pandas.Categorical(["a"] * 200)), "column 'width' holds categories"),
    "times": (FRAME.assign(width=pandas.Timestamp("2020-01-01")), "column 'width' holds datetime64"),
    "durations": (FRAME.assign(width=pandas.Timedelta(1)), "column 'width' holds timedelta64"),
    "periods": (FRAME.assign(width=pandas.period_range("2020", periods=200)), "column 'width' holds period"),
    "complex": (FRAME.assign(width=1j), "column 'width' holds complex128"),
    "sparse": (FRAME.assign(width=pandas.arrays.SparseArray(FRAME.width)), "column 'width' is sparse; dense"),
    "pd.NA": (
        FRAME.assign(width=FRAME.width.astype("Float64").where(FRAME.index != 3)),
        r"row 3, column 'width' is missing \(NaN\)",
    ),
    "None": (FRAME.assign(width=[1.0, None] + [2.0] * 198).astype(object), r"row 1, column 'width' is missing \(NaN\)"),
    "NaT": (FRAME.assign(width=[pandas.NaT] + [1.0] * 199), "column 'width'"),
    "infinity": (FRAME.assign(width=np.inf), "row 0, column 'width' is inf"),
    "a text of a number": (
        FRAME.assign(width=[1.0, "1.5"] + [2.0] * 198), "row 1, column 'width' is '1.5'; a number is needed"
    ),
    "a time among numbers": (
        FRAME.assign(width=[1.0, pandas.Timestamp(0)] + [2.0] * 198), "row 1, column 'width' is Timestamp"
    ),
    "datetime64 among numbers": (
        FRAME.assign(width=pandas.Series([1.0, np.datetime64("2020")] + [2.0] * 198, dtype=object)),
        "row 1, column 'width' is .*2020",
    ),
    "timedelta64 among numbers": (
        FRAME.assign(width=pandas.Series([1.0, np.timedelta64(1, "s")] + [2.0] * 198, dtype=object)),
        "row 1, column 'width' is ",
    ),
    "complex among numbers": (
        FRAME.assign(width=pandas.Series([1.0, np.complex64(1j)] + [2.0] * 198, dtype=object)),
        "row 1, column 'width' is .*1j",
    ),
    "texts": (FRAME.assign(width="wide"), "row 0, column 'width' is 'wide'; a number is needed"),
    "a text": (FRAME.assign(width=[1.0, "wide"] + [2.0] * 198), "row 1, column 'width' is 'wide'; a number is needed"),
    "a name that is no text": (
        FRAME.set_axis(pandas.Index(["a", "\ud800", "c", "d"], dtype=object), axis=1), "column name '.ud800' is no valid Unicode"
    ),
    "a name twice": (FRAME.set_axis(["height", "width", "width", "weight"], axis=1), "two columns are called 'width'"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_number_is_refused_by_row_and_column(kind) -> None:
    frame, message = REFUSED[kind]
    for call in (kernad.KDEClassifier(2).fit, fitted(FRAME).predict, kernad.GaussianKDE, kernad.PCA(2).fit):
        with pytest.raises(kernad.InvalidInput, match=message):
            call(frame)


def test_what_arrow_holds_instead_of_numbers_is_named() -> None:
    arrow = library("pyarrow")
    table = arrow.table(FRAME)
    wrong = {
        "texts": arrow.array(["a"] * 200),
        "categories": arrow.array(["a"] * 200).dictionary_encode(),
        "points in time": arrow.array([0] * 200, arrow.timestamp("s")),
        "dates": arrow.array([0] * 200, arrow.date32()),
        "decimal numbers": arrow.array([1] * 200, arrow.decimal128(5)),
        "lists of any length": arrow.array([[1.0]] * 200),
        "structs": arrow.array([{"a": 1.0}] * 200),
        "nothing but nulls": arrow.nulls(200),
    }
    for held, column in wrong.items():
        with pytest.raises(
            kernad.InvalidInput, match=f"features: column 'width' holds {held}; real numbers are needed"
        ):
            fitted(FRAME).predict(table.set_column(1, "width", column))
    nulls = table.set_column(1, "width", arrow.array([None, None] + [1.0] * 198))
    with pytest.raises(kernad.InvalidInput, match=r"row 0, column 'width' is missing \(NaN\)"):
        fitted(FRAME).predict(nulls)
    with pytest.warns(kernad.DataWarning, match="2 of 200 rows"):
        scores = fitted(FRAME).predict(nulls, missing="skip")
    np.testing.assert_array_equal(np.isnan(scores), [True, True] + [False] * 198)


def test_sparse_matrices_are_named_as_such() -> None:
    sparse = library("scipy.sparse")
    with pytest.raises(kernad.InvalidInput, match=r"features: a sparse csr_matrix; a dense array is needed"):
        fitted(ROWS).predict(sparse.csr_matrix(ROWS))


def fixed_size_lists() -> Any:
    arrow = library("pyarrow")
    return arrow.FixedSizeListArray.from_arrays(arrow.array(LISTS.ravel()), 4)


def as_tensors() -> Any:
    return library("pyarrow").FixedShapeTensorArray.from_numpy_ndarray(LISTS.reshape(200, 2, 2))


def polars_series() -> Any:
    polars = library("polars")
    return polars.Series("e", LISTS.tolist(), dtype=polars.Array(polars.Float32, 4))


EMBEDDINGS: dict[str, Callable[[], Any]] = {
    "lists": fixed_size_lists,
    "column of lists": lambda: library("pyarrow").table({"e": fixed_size_lists()}),
    "lists in pieces": lambda: library("pyarrow").chunked_array([fixed_size_lists()[:70], fixed_size_lists()[70:]]),
    "tensors": as_tensors,
    "column of tensors": lambda: library("pyarrow").table({"e": as_tensors()}),
    "polars series": polars_series,
    "polars column": lambda: polars_series().to_frame(),
    "pandas column": lambda: pandas.DataFrame(
        {"e": pandas.Series(fixed_size_lists(), dtype=pandas.ArrowDtype(fixed_size_lists().type))}
    ),
    "pandas series": lambda: pandas.Series(fixed_size_lists(), dtype=pandas.ArrowDtype(fixed_size_lists().type)),
    "duckdb": lambda: library("duckdb").from_arrow(library("pyarrow").table({"e": fixed_size_lists()})),
}


@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_columns_of_lists_are_embeddings(kind) -> None:
    classifier = fitted(EMBEDDINGS[kind]())
    np.testing.assert_array_equal(classifier.predict(EMBEDDINGS[kind]()), fitted(LISTS).predict(LISTS))
    has_names = "column" in kind or kind == "duckdb"
    assert classifier.column_names == (("e[0]", "e[1]", "e[2]", "e[3]") if has_names else ())


@pytest.mark.parametrize("kind", ["lists", "column of lists", "tensors", "polars series"])
def test_lists_in_one_piece_are_read_in_place(kind) -> None:
    given = EMBEDDINGS[kind]()
    first, _ = read_arrow(given, "rows")
    again, _ = read_arrow(given, "rows")
    assert first.dtype == np.float32
    assert first.ctypes.data == again.ctypes.data  # a copy would lie elsewhere
    assert not first.flags.writeable
    np.testing.assert_array_equal(first, LISTS)


@pytest.mark.parametrize("type_", ["string", "large_string", "binary", "dictionary"])
def test_what_pandas_holds_of_arrow_is_no_number_if_it_is_none(type_) -> None:
    """Texts of Arrow in a frame were read as numbers."""
    arrow = library("pyarrow")
    values = arrow.array([f"{i % 7}" for i in range(30)])
    values = values.dictionary_encode() if type_ == "dictionary" else values.cast(getattr(arrow, type_)())
    frame = pandas.DataFrame({"a": pandas.arrays.ArrowExtensionArray(values), "b": np.arange(30.0)})
    where = "column 'a' holds categories" if type_ == "dictionary" else "row 0, column 'a' is b?'0'; a number is needed"
    with pytest.raises(kernad.InvalidInput, match=where):
        kernad.KDEClassifier("all").fit(frame)


def test_columns_of_lists_beside_others_keep_the_rules_of_a_frame() -> None:
    lists = pandas.Series(fixed_size_lists(), dtype=pandas.ArrowDtype(fixed_size_lists().type))
    others = np.arange(len(lists)) % 5.0
    frame = pandas.DataFrame({("k", "e"): lists, ("k", "n"): others})
    classifier = fitted(frame[::-1])  # whose index is no column
    assert classifier.column_names == ("k.e[0]", "k.e[1]", "k.e[2]", "k.e[3]", "k.n")
    expected = fitted(np.column_stack([LISTS, others])[::-1])
    np.testing.assert_array_equal(classifier.predict(frame), expected.predict(np.column_stack([LISTS, others])))
    for wrong, message in (
        (pandas.DataFrame({"e": lists, "n": pandas.arrays.SparseArray(others)}), "column 'n' is sparse"),
        (pandas.DataFrame({"e": lists, "n": others.astype(str)}), "row 0, column 'n' is '0.0'; a number is needed"),
        (pandas.concat([frame, frame], axis=1), r"two columns are called 'k.e\[0\]'"),
    ):
        with pytest.raises(kernad.InvalidInput, match=message):
            kernad.KDEClassifier("all").fit(wrong)
    struct = library("pyarrow").array([{"b": 1.0, "a": 2.0}] * 9)
    with pytest.raises(kernad.InvalidInput, match="holds structs"):  # its fields were read without their names
        kernad.KDEClassifier("all").fit(pandas.Series(struct, dtype=pandas.ArrowDtype(struct.type)))


def test_arrow_memory_lives_as_long_as_the_array() -> None:
    arrow = library("pyarrow")
    given = arrow.table({"e": arrow.array(np.tile(LISTS, (100, 1)).tolist(), arrow.list_(arrow.float32(), 4))})
    size = 100 * LISTS.nbytes
    held, _ = read_arrow(given, "rows")
    before = arrow.total_allocated_bytes()
    del given
    gc.collect()
    assert arrow.total_allocated_bytes() > before - size
    np.testing.assert_array_equal(held[-200:], LISTS)
    del held
    gc.collect()
    assert arrow.total_allocated_bytes() <= before - size


def test_arrow_pieces_offsets_and_nulls() -> None:
    arrow = library("pyarrow")
    values = arrow.array([1.0, None, 3.0, 4.0])
    flags = arrow.array([True, False, None, True])
    struct = arrow.StructArray.from_arrays([values, flags], names=["a", "b"])
    expected = np.array([[1, 1], [np.nan, 0], [3, np.nan], [4, 1]])
    for start in range(4):
        for stop in range(start, 5):
            found, names = read_arrow(struct[start:stop], "rows")
            np.testing.assert_array_equal(found, expected[start:stop])
            assert names == ("a", "b")
    whole = arrow.StructArray.from_arrays([values, flags], names=["a", "b"], mask=flags.is_null())
    np.testing.assert_array_equal(read_arrow(whole, "rows")[0][2], [np.nan, np.nan])
    lists = arrow.FixedSizeListArray.from_arrays(arrow.array([1.0, 2.0, None, 4.0, 5.0, 6.0]), 2)
    np.testing.assert_array_equal(read_arrow(lists[1:], "rows")[0], [[np.nan, 4], [5, 6]])
    some = arrow.array([[1, 2], None, [5, 6]], arrow.list_(arrow.int8(), 2))
    np.testing.assert_array_equal(read_arrow(some, "rows")[0], [[1, 2], [np.nan, np.nan], [5, 6]])
    empty, names = read_arrow(arrow.table({"a": arrow.array([], arrow.float64())}), "rows")
    assert empty.shape == (0, 1)
    mixed, _ = read_arrow(
        arrow.table({"a": arrow.array([1, 2], arrow.int64()), "b": arrow.array([1, 2], arrow.float32())}), "rows"
    )
    assert mixed.dtype == np.float64


def test_a_stream_that_fails_is_a_read_error() -> None:
    arrow = library("pyarrow")

    def batches() -> Any:
        yield arrow.RecordBatch.from_pandas(FRAME[:10])
        raise ValueError("the disk is gone")

    reader = arrow.RecordBatchReader.from_batches(arrow.RecordBatch.from_pandas(FRAME[:1]).schema, batches())
    with pytest.raises(kernad.ReadError, match="the disk is gone"):
        fitted(FRAME).predict(reader)


# Values that are missing.


@pytest.fixture
def holes() -> Any:
    frame = FRAME.copy()
    frame.iloc[3, 1] = frame.iloc[5, 0] = np.nan
    return frame


def test_missing_values_are_refused_unless_asked_for(holes) -> None:
    classifier = fitted(FRAME)
    with pytest.raises(kernad.InvalidInput, match=r"row 3, column 'width' is missing \(NaN\)"):
        classifier.predict(holes)
    with pytest.raises(kernad.InvalidInput, match="row 3, column 1 is nan"):
        classifier.predict(holes.to_numpy())
    with pytest.raises(kernad.InvalidParameter, match="missing is 'drop'; valid: 'refuse', 'skip'"):
        classifier.predict(holes, missing="drop")


def test_with_skip_nan_in_is_nan_out(holes) -> None:
    classifier = fitted(FRAME)
    classifier.calibrate(FRAME, target_fpr=0.1)
    lack = np.isin(np.arange(200), [3, 5])
    for call in (
        lambda t, **k: classifier.compute_kde_scores(t, True, **k),
        classifier.compute_kde_scores,
        classifier.predict,
        classifier.predict_labels,
        kernad.Scorer(classifier).log_density,
        kernad.GaussianKDE(FRAME).log_density,
    ):
        for given, whole in ((holes, FRAME), (holes.to_numpy(), ROWS)):
            with pytest.warns(kernad.DataWarning, match="2 of 200 rows have missing values") as caught:
                found = call(given, missing="skip")
            assert [warning.message.code for warning in caught] == ["rows_skipped"]
            assert caught[0].filename == __file__
            assert found.dtype == np.float64
            np.testing.assert_array_equal(np.isnan(found), lack)
            np.testing.assert_array_equal(found[~lack], call(whole)[~lack])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier.predict(FRAME, missing="skip")
    with pytest.warns(kernad.DataWarning):
        scores = classifier.compute_kde_scores(holes, True, missing="skip")
    np.testing.assert_array_equal(np.isnan(classifier.p_values(scores, missing="skip")), lack)
    np.testing.assert_array_equal(np.isnan(classifier.labels(scores, missing="skip")), lack)
    with pytest.raises(ValueError, match=r"(?i)nan"):
        classifier.p_values(scores)


def test_infinity_is_not_missing(holes) -> None:
    holes.iloc[9, 2] = np.inf
    with pytest.raises(kernad.InvalidInput, match="row 9, column 2 is inf"):
        fitted(FRAME).predict(holes, missing="skip")
