"""Whatever the caller has is read as it is, in place where that is possible, and never changed."""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kernad
from kernad._arrays import as_rows


class OnlyArray:
    """An object with ``__array__`` and nothing else."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._array if dtype is None else self._array.astype(dtype)


class OnlyDLPack:
    """An object with the DLPack protocol and nothing else."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array.copy()  # NumPy exports no read-only arrays

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self._array.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


KINDS = {
    "float32": lambda x: x,
    "float64": lambda x: x.astype(np.float64),
    "long double": lambda x: x.astype(np.longdouble),
    "big endian": lambda x: x.astype(">f4"),
    "Fortran order": np.asfortranarray,
    "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "every second column": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "rows backwards": lambda x: x[::-1].copy()[::-1],
    "a range of columns": lambda x: np.pad(x, ((0, 0), (3, 5)))[:, 3:-5],
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), dtype=np.uint8)[1:].view(np.float32).reshape(x.shape),
    "nested lists": lambda x: x.tolist(),
    "memoryview": memoryview,
    "__array__": OnlyArray,
    "DLPack": OnlyDLPack,
    "objects": lambda x: x.astype(object),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_scores_the_same_bits(fitted, queries, log_density, kind) -> None:
    given_rows = KINDS[kind](queries)
    np.testing.assert_array_equal(fitted.compute_kde_scores(given_rows, as_log_likelihood=True), log_density)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_fits_the_same_model(train, queries, kind) -> None:
    expected, classifier = kernad.KDEClassifier(6), kernad.KDEClassifier(6)
    expected.fit(train)
    classifier.fit(KINDS[kind](train))
    np.testing.assert_array_equal(classifier.predict(queries), expected.predict(queries))


def test_float16_is_what_its_values_are(fitted, queries) -> None:
    half = queries[:100].astype(np.float16)
    np.testing.assert_array_equal(fitted.predict(half), fitted.predict(half.astype(np.float32)))


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int64, np.uint64])
def test_whole_numbers_are_numbers(dtype) -> None:
    rows = np.random.default_rng(0).integers(0, 2, size=(100, 5)).astype(dtype)
    a, b = kernad.KDEClassifier(2), kernad.KDEClassifier(2)
    a.fit(rows)
    b.fit(rows.astype(np.float32))
    np.testing.assert_array_equal(a.predict(rows), b.predict(rows.astype(np.float32)))


@pytest.mark.parametrize("view", [np.s_[:], np.s_[10:90], np.s_[::3], np.s_[:, 2:7], np.s_[5:6], np.s_[:, 4:5]])
def test_rows_of_neighbouring_float32_are_not_copied(train, view) -> None:
    rows, _ = as_rows(train[view], "rows")
    assert np.shares_memory(rows, train)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(0, 7),
    columns=st.integers(1, 5),
    row_step=st.sampled_from([1, 2, -1, -3]),
    column_step=st.sampled_from([1, 2, -1]),
    transpose=st.booleans(),
    dtype=st.sampled_from(["<f2", "<f4", ">f4", "<f8", ">f8", "i1", "<i8", "u1", "?"]),
    seed=st.integers(0, 100),
)
def test_any_layout_is_read_as_numpy_reads_it(rows, columns, row_step, column_step, transpose, dtype, seed) -> None:
    rng = np.random.default_rng(seed)
    shape = (rows * abs(row_step), columns * abs(column_step))
    values = (rng.normal(size=shape[::-1] if transpose else shape) * 50).astype(dtype)
    values = (values.T if transpose else values)[::row_step, ::column_step]
    before = values.copy()
    read, _ = as_rows(values, "rows")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, values.astype(np.float32))
    np.testing.assert_array_equal(values, before)


def test_input_is_not_changed(train, queries, method) -> None:
    for kind in ("float32", "float64"):
        rows, asked = np.array(KINDS[kind](train)), np.array(KINDS[kind](queries))
        classifier = kernad.KDEClassifier(6, method)
        classifier.fit(rows)
        classifier.predict(asked)
        classifier.pre_process(asked)
        np.testing.assert_array_equal(rows, train)
        np.testing.assert_array_equal(asked, queries)


BAD = {
    "NaN": (lambda x: np.where(np.arange(x.size).reshape(x.shape) == 50, np.nan, x), "row 2, column 2 is nan"),
    "infinity": (lambda x: np.where(np.arange(x.size).reshape(x.shape) == 24, -np.inf, x), "row 1, column 0 is -inf"),
    "beyond float32": (
        lambda x: np.where(np.arange(x.size).reshape(x.shape) == 49, -4e38, x.astype(np.float64)),
        r"row 2, column 1: -4e\+38 is beyond float32",
    ),
    "one dimension": (lambda x: x[0], r"shape \(24,\)"),
    "three dimensions": (lambda x: x[None], r"shape \(1, 300, 24\)"),
    "too few columns": (lambda x: x[:, :3], "features have 3 columns; the model was fitted on 24"),
    "complex": (lambda x: x.astype(np.complex64), "complex64; real numbers"),
    "texts": (lambda x: x.astype(str), "real numbers"),
    "dates": (lambda x: x.astype("datetime64[s]"), "real numbers"),
    "ragged lists": (lambda _: [[1.0, 2.0], [3.0]], "list cannot be read as an array"),
    "None": (lambda _: None, "None; an array, a table or a list of rows is needed"),
    "a masked array": (lambda x: np.ma.masked_array(x, x == x[3, 2]), "row 3, column 2 is masked; filled"),
    "a list of masked rows": (lambda x: list(np.ma.masked_array(x, x == x[3, 2])), "row 3, column 2 is masked"),
    "masked records": (
        lambda x: np.ma.masked_array(np.rec.fromarrays(x.T), mask=[(False, r == 3) + (False,) * 22 for r in range(len(x))]),
        "row 3, column 1 is masked",
    ),
    "objects": (lambda x: np.full(x.shape, object()), "row 0, column 0 is <object .*; a number is needed"),
    "a path": (lambda _: Path("rows.npy"), "a PosixPath; .*numpy.load"),
    "a text": (lambda _: "rows.npy", "a str; .*numpy.load"),
    "a dict": (lambda x: {"a": x[:, 0]}, "a dict; .*pandas.DataFrame"),
    "a generator": (lambda x: (row for row in x), "a generator; an array, a table or a list of rows is needed"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_input_is_a_value_error_that_says_what_and_where(train, fitted, kind) -> None:
    make, message = BAD[kind]
    with pytest.raises(ValueError, match=message):
        fitted.compute_kde_scores(make(np.array(train)))
    if kind != "too few columns":
        with pytest.raises(ValueError, match=message):
            kernad.KDEClassifier(6).fit(make(np.array(train)))


NO_NUMBERS = {
    "datetime64": np.datetime64("2020-01-01"),
    "timedelta64": np.timedelta64(3, "s"),
    "NumPy's complex": np.complex64(1 + 2j),
    "complex": 1 + 2j,
    "datetime": datetime.datetime(2020, 1, 1),
    "date": datetime.date(2020, 1, 1),
    "timedelta": datetime.timedelta(1),
    "a text of a number": "1.5",
    "bytes of a number": b"1.5",
    "NumPy's text": np.str_("1.5"),
    "a list": [1.0],
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_objects_that_are_no_numbers_are_refused_by_place(train, fitted, kind) -> None:
    rows = train.astype(object)
    rows[4, 2] = NO_NUMBERS[kind]
    kde, pca = kernad.GaussianKDE(train), kernad.PCA(2)
    pca.fit(train)
    for call in (
        kernad.KDEClassifier(6).fit,
        fitted.compute_kde_scores,
        kernad.Scorer(fitted).log_density,
        kernad.GaussianKDE,
        kde.log_density,
        kernad.PCA(2).fit,
        pca.transform,
        kernad.Sketch().add,
    ):
        with pytest.raises(kernad.InvalidInput, match="row 4, column 2 is .*; a number is needed"):
            call(rows)


def test_objects_that_are_numbers_are_read(train) -> None:
    class Measured:
        def __float__(self) -> float:
            return 2.5

    values = [1, 2.0, True, Decimal("0.5"), Fraction(1, 4), np.float32(3), np.int64(4), np.bool_(True), Measured()]
    expected = [1, 2, 1, 0.5, 0.25, 3, 4, 1, 2.5]
    rows, _ = as_rows(np.array([values], dtype=object), "rows")
    np.testing.assert_array_equal(rows, [expected])
    missing, _ = as_rows(np.array([[1, None, np.ma.masked]], dtype=object), "rows")
    np.testing.assert_array_equal(missing, [[1, np.nan, np.nan]])
    with pytest.raises(kernad.InvalidInput, match="rows: row 0, column 1 is beyond float32"):
        as_rows(np.array([[1, 10**400]], dtype=object), "rows")
    stamps = (1.7e9 + np.arange(40)[:, None] + train[:40, :3].astype(float)).astype(object)
    asked, same = kernad.KDEClassifier(2), kernad.KDEClassifier(2)
    asked.fit(stamps)
    same.fit(stamps.astype(np.float64))  # to the bit, in double
    np.testing.assert_array_equal(asked.predict(stamps), same.predict(stamps.astype(np.float64)))


def test_masked_labels_and_weights_are_refused(train, fitted) -> None:
    scores = fitted.compute_kde_scores(train)
    with pytest.raises(kernad.InvalidInput, match="labels: row 1 is masked"):
        kernad.evaluate(scores, np.ma.masked_array(np.arange(300) % 2, np.arange(300) == 1))
    with pytest.raises(kernad.InvalidInput, match="sample_weight: row 1 is masked"):
        kernad.KDEClassifier(2).fit(train, sample_weight=np.ma.masked_array(np.ones(300), np.arange(300) == 1))
    with pytest.raises(kernad.InvalidInput, match="left_out: row 1 is masked"):
        kernad.Sketch().add(train, left_out=np.ma.masked_array(np.zeros(300, bool), np.arange(300) == 1))
    np.testing.assert_array_equal(fitted.predict(np.ma.masked_array(train)), fitted.predict(train))  # nothing masked


def test_the_largest_float32_passes_and_a_little_more_does_not() -> None:
    largest = float(np.finfo(np.float32).max)
    rows, _ = as_rows(np.array([[largest, -largest]]), "rows")
    assert np.isfinite(rows).all()
    with pytest.raises(ValueError, match="beyond float32"):
        as_rows(np.array([[np.nextafter(largest, np.inf)]]), "rows")


def test_no_rows_score_to_no_scores(fitted) -> None:
    assert fitted.predict(np.empty((0, 24), np.float32)).shape == (0,)


def test_torch_tensors_give_torch_tensors(fitted, queries, log_density) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = torch.tensor(queries, requires_grad=True)
    scores = fitted.compute_kde_scores(tensor, as_log_likelihood=True)
    assert isinstance(scores, torch.Tensor)
    assert scores.dtype == torch.float64
    np.testing.assert_array_equal(scores.numpy(), log_density)
    assert torch.equal(fitted.predict(tensor), fitted.compute_probabilities(scores))
    scaled, length = fitted.pre_process(tensor)
    assert isinstance(scaled, torch.Tensor)
    assert isinstance(length, torch.Tensor)
    strided = torch.tensor(queries.T.copy()).T
    np.testing.assert_array_equal(fitted.compute_kde_scores(strided, as_log_likelihood=True).numpy(), log_density)
    brain = tensor.detach()[:50].bfloat16()
    assert torch.equal(fitted.predict(brain), fitted.predict(brain.float()))
    rows, _ = as_rows(tensor.detach(), "rows")
    assert rows.ctypes.data == tensor.data_ptr()
    with pytest.raises(ValueError, match="dense"):
        fitted.predict(tensor.detach().to_sparse())


def test_importing_kernad_imports_no_optional_package() -> None:
    import subprocess

    code = (
        "import sys, kernad; "
        "print([m for m in ('torch', 'sklearn', 'pyod', 'onnx', 'tqdm', 'scipy', 'pandas') if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    assert printed.stdout.strip() == "[]"


def test_tensors_without_values_or_of_rows_of_different_lengths_are_named(fitted, queries) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(kernad.InvalidInput, match="features: a tensor on the meta device"):
        fitted.predict(torch.from_numpy(queries.copy()).to("meta"))
    with pytest.raises(kernad.InvalidInput, match="features: a nested tensor; a dense one is needed"):
        fitted.predict(torch.nested.nested_tensor([torch.zeros(3), torch.zeros(2)]))
