"""Dask: two worker processes give the bits of one machine."""

from __future__ import annotations

import numpy as np
import pytest

import kernad
from engine_support import NAMES, OUTPUTS, doubles, dying, file_of, fitted_to, output_of, require_engines, unfitted

require_engines()

import dask  # noqa: E402
import dask.array as da  # noqa: E402
import dask.dataframe as dd  # noqa: E402
import pandas as pd  # noqa: E402
from distributed import Client, LocalCluster  # noqa: E402

import kernad.dask  # noqa: E402
from kernad import _engines  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::kernad.FitWarning")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(doubles(), columns=NAMES)


@pytest.fixture(scope="module")
def classifier(frame):
    return fitted_to(frame)


def test_a_fit_of_an_array_has_the_bytes_of_one_machine(tmp_path) -> None:
    rows = doubles()
    gathered = unfitted()
    assert kernad.dask.fit(gathered, da.from_array(rows, chunks=(250, 3)), target_fpr=0.1)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(rows), tmp_path)


def test_a_fit_of_a_frame_whose_partitions_must_be_counted(frame, tmp_path) -> None:
    # 23 partitions: sketches are merged on the workers, at two levels.
    rows = dd.from_pandas(frame.assign(id=range(len(frame))), npartitions=23)
    rows = rows[rows.c1 > frame.c1.median()]
    gathered = unfitted()
    assert kernad.dask.fit(gathered, rows, columns=NAMES, target_fpr=0.1)
    assert gathered.column_names == tuple(NAMES)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(rows[NAMES].compute()), tmp_path)


@pytest.mark.parametrize("output", OUTPUTS)
def test_scores_have_the_bits_of_one_machine(classifier, frame, output) -> None:
    expected = output_of(classifier, frame, output)
    of_array = kernad.dask.score(classifier, da.from_array(frame.to_numpy(), chunks=(700, 3)), output=output)
    assert of_array.chunks == ((700, 700, 700, 700, 200),)
    assert of_array.dtype == expected.dtype
    np.testing.assert_array_equal(of_array.compute(), expected)
    rows = dd.from_pandas(frame, npartitions=5)
    of_frame = kernad.dask.score(classifier, rows, output=output)
    together = rows.assign(result=of_frame).compute()
    np.testing.assert_array_equal(together.result, expected)
    assert together.result.dtype == expected.dtype == of_frame.dtype
    assert of_frame.name == output


def test_columns_are_matched_by_name_before_any_work(classifier, frame) -> None:
    rows = dd.from_pandas(frame[NAMES[::-1]].assign(id=0), npartitions=3)
    with pytest.warns(kernad.DataWarning, match="another order"):
        scores = kernad.dask.score(classifier, rows, columns=NAMES[::-1])
    np.testing.assert_array_equal(scores.compute(), output_of(classifier, frame, "log_density"))
    with pytest.raises(kernad.InvalidInput, match="'id'"):
        kernad.dask.score(classifier, rows)
    with pytest.raises(kernad.InvalidInput, match="'c3' is missing"):
        kernad.dask.score(classifier, rows.drop(columns=["c3", "id"]))
    with pytest.raises(kernad.InvalidInput, match="no column 'c9'; valid: 'c7'"):
        kernad.dask.fit(unfitted(), rows, columns=["c9"])


def test_partitions_may_have_their_columns_in_another_order(frame, tmp_path) -> None:
    parts = [frame[:1000], frame.loc[1000:, NAMES[::-1]]]
    rows = dd.from_delayed([dask.delayed(part) for part in parts], meta=frame[:0], verify_meta=False)
    gathered = unfitted()
    assert kernad.dask.fit(gathered, rows, target_fpr=0.1)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)


def test_a_missing_value_is_named_by_its_row_in_the_data_set(classifier, frame) -> None:
    wrong = frame.copy()
    wrong.loc[2345, "c2"] = np.nan
    with pytest.raises(kernad.InvalidInput, match=r"row 2345, column 'c2' is missing .*partition 7.* row 2100"):
        kernad.dask.fit(unfitted(), dd.from_pandas(wrong, npartitions=10))
    with pytest.raises(kernad.InvalidInput, match="row 2345, column 2 is (nan|missing)"):
        kernad.dask.fit(unfitted(), da.from_array(wrong.to_numpy(), chunks=(300, -1)))
    with pytest.raises(kernad.InvalidInput, match="row 2345, column 2 is (nan|missing)"):
        kernad.dask.score(classifier, da.from_array(wrong.to_numpy(), chunks=(300, -1))).compute()
    rows = dd.from_pandas(wrong, npartitions=10)
    with pytest.raises(kernad.InvalidInput, match=r"row 245 of a partition \(index 2345\), column 'c2' is missing"):
        kernad.dask.score(classifier, rows).compute()
    scores = kernad.dask.score(classifier, rows, output="label", missing="skip").compute()
    assert list(np.flatnonzero(scores.isna())) == [2345]


def test_a_killed_worker_counts_no_row_twice(frame, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(_engines, "sketch_of", dying(12, tmp_path / "killed"))
    gathered = unfitted()
    assert kernad.dask.fit(gathered, dd.from_pandas(frame, npartitions=20), target_fpr=0.1)
    assert (tmp_path / "killed").exists()
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)


def test_rows_that_change_between_two_readings_are_refused(frame, tmp_path) -> None:
    path = str(tmp_path / "read")

    def read(number: int) -> pd.DataFrame:
        import os

        again = os.path.exists(f"{path}{number}")
        open(f"{path}{number}", "w").close()
        return frame[: 100 - again]

    rows = dd.from_delayed([dask.delayed(read)(i) for i in range(2)], meta=frame[:0], verify_meta=False)
    with pytest.raises(kernad.InvalidInput, match="had 100 rows when they were counted and 99 when they were read"):
        kernad.dask.fit(unfitted(), rows)


def test_what_is_no_collection_is_refused(classifier, frame) -> None:
    with pytest.raises(TypeError, match=r"DataFrame; a dask\.array\.Array or dask\.dataframe\.DataFrame is needed"):
        kernad.dask.score(classifier, frame)
    with pytest.raises(kernad.InvalidInput, match="shape"):
        kernad.dask.fit(unfitted(), da.zeros(10))
    with pytest.raises(kernad.InvalidInput, match="no rows"):
        kernad.dask.fit(unfitted(), dd.from_pandas(frame[:0], npartitions=1))
    with pytest.raises(kernad.NotFittedError):
        kernad.dask.score(unfitted(), da.zeros((10, 8)))
