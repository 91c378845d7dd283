"""Sketches: the sample of a data set, gathered in any order."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import kernad

pytestmark = pytest.mark.filterwarnings("ignore::kernad.FitWarning")


def parts_of(rows, cuts, **options):
    ends = [0, *cuts, len(rows)]
    return [kernad.Sketch(**options).add(rows[a:b], a) for a, b in zip(ends, ends[1:], strict=False)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fit_of_parts_has_the_bits_of_the_fit_of_all(train, queries, dtype) -> None:
    rows = train.astype(dtype)
    if dtype == np.float64:
        rows[:, 0] += 1.7e9  # beyond float32
    options = {"max_training_points": 100, "seed": 5}
    whole = kernad.KDEClassifier(4, **options)
    whole.fit(rows)
    whole.calibrate(rows, folds=4, target_fpr=0.1)
    parts = [pickle.loads(pickle.dumps(part)) for part in parts_of(rows, [10, 77, 200], **options)]
    sketch = kernad.Sketch.merged(reversed(parts))
    gathered = kernad.KDEClassifier(4, **options)
    gathered.fit(sketch)
    gathered.calibrate(sketch, folds=4, target_fpr=0.1)
    np.testing.assert_array_equal(gathered.calibration.log_densities, whole.calibration.log_densities)
    assert gathered.threshold == whole.threshold
    np.testing.assert_array_equal(gathered.predict(queries), whole.predict(queries))
    np.testing.assert_array_equal(sketch.row_numbers, kernad.sample_rows(len(rows), 100, 5))


def test_rows_follow_one_another_by_themselves(train) -> None:
    sketch = kernad.Sketch()
    for block in np.array_split(train, 7):
        sketch.add(block)
    assert sketch.ranges == [(0, len(train))]
    np.testing.assert_array_equal(sketch.rows, train)


def test_rows_that_are_left_out_may_be_missing(train) -> None:
    rows = np.array(train)
    rows[3] = np.nan
    anomalous = np.zeros(len(rows), bool)
    anomalous[[3, 8]] = True
    sketch = kernad.Sketch().add(rows, left_out=anomalous)
    assert sketch.rows_seen == len(rows) - 2
    assert 3 not in sketch.row_numbers and 8 not in sketch.row_numbers
    with pytest.raises(ValueError, match="row 1003, column 0 is nan"):
        kernad.Sketch().add(rows, 1000)


def test_no_row_counts_twice_and_gaps_are_named(train) -> None:
    sketch = kernad.Sketch().add(train[:100])
    with pytest.raises(ValueError, match="rows 50 to 99"):
        sketch.add(train[50:], 50)
    with pytest.raises(ValueError, match="rows 90 to 99"):
        sketch.merge(kernad.Sketch().add(train[:20], 90))
    sketch.add(train[:20], 150)
    with pytest.raises(ValueError, match="rows 100 to 149 of the data set are missing"):
        kernad.KDEClassifier(4).fit(sketch)


def test_names_survive_the_file(train, tmp_path) -> None:
    names = [f"part {i}" for i in range(len(train))]
    sketch = kernad.Sketch(max_training_points=20).add(train, names=names)
    sketch.save(tmp_path / "part.sketch")
    loaded = kernad.Sketch.load(tmp_path / "part.sketch")
    assert loaded.row_names == [names[i] for i in sketch.row_numbers]
    assert loaded.ranges == sketch.ranges
    (tmp_path / "part.sketch").write_bytes(b"x" * 20)
    with pytest.raises(kernad.ReadError, match="part.sketch"):
        kernad.Sketch.load(tmp_path / "part.sketch")


def test_an_empty_sketch_says_so(train) -> None:
    empty = kernad.Sketch()
    assert copy.deepcopy(empty).rows_seen == 0
    assert repr(empty) == "Sketch(rows_seen=0, rows kept=0, seed=0)"
    with pytest.raises(ValueError, match="no rows"):
        kernad.KDEClassifier().fit(empty)
    with pytest.raises(ValueError, match="no sketches"):
        kernad.Sketch.merged([])
    with pytest.raises(TypeError, match="ndarray"):
        empty.merge(train)
    assert empty.merge(kernad.Sketch()).ranges == []


def test_given_names_put_the_columns_of_every_part_in_order(train) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    names = [f"c{i}" for i in range(train.shape[1])]
    frame = pandas.DataFrame(train, columns=names)
    turned = kernad.Sketch(column_names=names)
    with pytest.warns(kernad.DataWarning, match="another order"):
        turned.add(frame[names[::-1]][100:], 100)
    turned.merge(kernad.Sketch().add(frame[:100]))
    assert turned.column_names == tuple(names)
    np.testing.assert_array_equal(turned.rows, train)
    with pytest.raises(ValueError, match="columns of the sketches"):
        kernad.Sketch(column_names=names[::-1]).merge(turned)
    assert copy.deepcopy(kernad.Sketch(column_names=names)).column_names == tuple(names)


def test_what_is_wrong_is_named_by_row_of_the_data_set_and_column(train) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(train.astype(np.float64)).add_prefix("c")
    frame.loc[7, "c2"] = np.nan
    with pytest.raises(ValueError, match=r"row 1007, column 'c2' is missing \(NaN\)"):
        kernad.Sketch().add(frame, 1000)
    left_out = np.arange(len(frame)) == 7
    assert kernad.Sketch().add(frame, 1000, left_out=left_out).rows_seen == len(frame) - 1
    frame.loc[7, "c2"] = 1e300
    with pytest.raises(ValueError, match=r"row 1007, column 2: 1e\+300 is beyond float32"):
        kernad.Sketch().add(frame, 1000)


def test_forgotten_rows_were_never_there() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    sketch = kernad.Sketch(max_training_points=100).add(rows)
    gone = [int(i) for i in sketch.row_numbers[:3]]
    other = next(i for i in range(300) if i not in sketch.row_numbers)
    assert sketch.forget([*gone, other]) == [str(other)]
    left_out = np.isin(np.arange(300), gone)
    want = kernad.Sketch(max_training_points=97).add(rows, left_out=left_out)
    assert sketch.max_training_points == 97 and sketch.rows_seen == want.rows_seen
    np.testing.assert_array_equal(sketch.row_numbers, want.row_numbers)
    np.testing.assert_array_equal(sketch.rows, want.rows)
    whole = kernad.Sketch().add(rows)
    with pytest.raises(kernad.InvalidInput, match="no row is called '300'"):
        whole.forget([300])
    with pytest.raises(TypeError, match="a list of names"):
        whole.forget("12")


def test_all_rows_of_parts_are_those_of_the_whole() -> None:
    rows = np.random.default_rng(3).normal(size=(3000, 5)) * [1, 2, 3, 4, 5]
    options = {"max_training_points": 200, "seed": 4, "all_rows": True}
    parts = [kernad.Sketch(**options).add(rows[i : i + 500], i) for i in range(0, 3000, 500)]
    sketch = kernad.Sketch.merged(pickle.loads(pickle.dumps(part)) for part in reversed(parts))
    assert sketch.all_rows
    with pytest.warns(kernad.FitWarning, match="those of all rows"):
        gathered = kernad.KDEClassifier(3, **options)
        assert gathered.fit(sketch)
        whole = kernad.KDEClassifier(3, **options)
        assert whole.fit(rows)
    gathered.calibrate(sketch)
    whole.calibrate(rows)
    assert gathered.all_rows
    found = [made.p_values(made.compute_kde_scores(rows, True)) for made in (gathered, whole)]
    assert (found[0] == found[1]).all()
    assert np.allclose(whole.state_dict()["pca_model.mean"], rows.mean(axis=0), rtol=0, atol=1e-7)
    with pytest.raises(kernad.InvalidParameter, match="the sketch was made without it"):
        gathered.fit(kernad.Sketch(max_training_points=200, seed=4).add(rows))
    with pytest.raises(kernad.InvalidInput, match="cannot be merged"):
        sketch.merge(kernad.Sketch(max_training_points=200, seed=4).add(rows, 3000))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("auto", [False, True])
def test_weights_in_parts_have_the_bits_of_a_fit_of_all_with_weights(train, queries, dtype, auto) -> None:
    rows = train.astype(dtype)
    rows[:, 0] += dtype(1.7e9 if dtype == np.float64 else 0)
    random = np.random.default_rng(3)
    weights = random.integers(0, 4, len(rows))
    names = [f"row {i}" for i in range(len(rows))]
    places = np.concatenate([[0], np.cumsum(weights)])
    options = {"max_training_points": 150, "seed": 5, "auto": auto}
    options |= {} if auto else {"n_pca_components": 4}
    whole = kernad.KDEClassifier(**options)
    whole.fit(rows, sample_weight=weights)
    whole.calibrate(rows, folds=4, target_fpr=0.1, sample_weight=weights)
    for cuts in (random.choice(len(rows), 6), [1, len(rows) - 1], []):
        ends = [0, *sorted(int(cut) for cut in cuts), len(rows)]
        parts = [
            kernad.Sketch(max_training_points=150, seed=5).add(
                rows[a:b], int(places[a]), names=names[a:b], weights=weights[a:b]
            )
            for a, b in zip(ends, ends[1:], strict=False)
        ]
        sketch = pickle.loads(pickle.dumps(kernad.Sketch.merged(parts[i] for i in random.permutation(len(parts)))))
        assert sketch.ranges == [(0, weights.sum())] and sketch.rows_seen == weights.sum()
        gathered = kernad.KDEClassifier(**options)
        gathered.fit(sketch)
        gathered.calibrate(sketch, folds=4, target_fpr=0.1)
        np.testing.assert_array_equal(gathered.calibration.log_densities, whole.calibration.log_densities)
        assert gathered.threshold == whole.threshold
        np.testing.assert_array_equal(gathered.predict(queries), whole.predict(queries))


def test_rows_with_weights_follow_one_another(train) -> None:
    sketch = kernad.Sketch().add(train[:2], weights=[3, 2]).add(train[2:3]).add(train[3:4], weights=[0])
    assert sketch.ranges == [(0, 6)]
    np.testing.assert_array_equal(sketch.rows, train[[0, 0, 0, 1, 1, 2]])


def test_what_is_no_weight_of_a_sketch_is_refused(train) -> None:
    sketch = kernad.Sketch()
    for weights, message in (
        ([1, 0.5], "the weight of row 1 is 0.5; valid in a sketch: whole numbers from 0 to 4294967295"),
        ([-1, 1], "the weight of row 0 is -1"),
        ([1, np.nan], "the weight of row 1 is nan"),
        ([1, 2**32], "the weight of row 1 is 4294967296"),
        ([1], "weights has 1 values for 2 rows; one a row is needed"),
    ):
        with pytest.raises(ValueError, match=message):
            sketch.add(train[:2], weights=weights)
    with pytest.raises(ValueError, match="all_rows counts every row once"):
        kernad.Sketch(all_rows=True).add(train[:2], weights=[1, 1])
    bad = np.array(train[:3])
    bad[2, 1] = np.nan
    with pytest.raises(ValueError, match="row 15, column 1 is nan"):
        sketch.add(bad, 10, weights=[3, 2, 1])
    assert sketch.rows_seen == 0
