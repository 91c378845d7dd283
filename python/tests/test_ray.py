"""Ray Data: two CPUs' worth of workers give the bits of one machine."""

from __future__ import annotations

import numpy as np
import pytest

import kernad
from engine_support import NAMES, doubles, dying, file_of, fitted_to, output_of, require_engines, unfitted

require_engines()

import pandas as pd  # noqa: E402
import pyarrow as pa  # noqa: E402
import ray  # noqa: E402

import kernad.ray  # noqa: E402
from kernad import _engines  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::kernad.FitWarning")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(doubles(), columns=NAMES)


@pytest.fixture(scope="module")
def classifier(frame):
    return fitted_to(frame)


def dataset(frame, blocks):
    parts = np.array_split(np.arange(len(frame)), blocks)
    return ray.data.from_arrow([pa.Table.from_pandas(frame.iloc[part], preserve_index=False) for part in parts])


def in_order(scored, output):
    """The column for the rows in order, which Ray does not keep."""
    frame = scored.to_pandas()
    return frame[output].to_numpy()[np.argsort(frame["id"].to_numpy())]


def test_a_fit_has_the_bytes_of_one_machine(frame, tmp_path) -> None:
    def late(batch):
        """The first rows are ready last."""
        import time

        time.sleep(2.0 if batch.id.iloc[0] == 0 else 0.0)
        return batch

    rows = dataset(frame.assign(id=range(len(frame))), 20).map_batches(late, batch_format="pandas", batch_size=None)
    gathered = unfitted()
    assert kernad.ray.fit(gathered, rows, columns=NAMES, target_fpr=0.1)
    assert gathered.column_names == tuple(NAMES)
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)
    assert not ray.data.DataContext.get_current().execution_options.preserve_order


def test_a_column_of_tensors_is_many_columns(frame, tmp_path) -> None:
    rows = frame.to_numpy()
    gathered = unfitted()
    assert kernad.ray.fit(gathered, ray.data.from_numpy(np.array_split(rows, 4)), target_fpr=0.1)
    lists = pa.FixedSizeListArray.from_arrays(rows.ravel(), len(NAMES))
    assert file_of(gathered, tmp_path) == file_of(fitted_to(pa.table({"data": lists})), tmp_path)
    assert gathered.column_names[0] == "data[0]"


@pytest.mark.parametrize("output", ["log_density", "label"])
def test_scores_have_the_bits_of_one_machine(classifier, frame, output) -> None:
    rows = dataset(frame.assign(id=range(len(frame))), 5)
    scored = kernad.ray.score(classifier, rows, columns=NAMES, output=output)
    assert scored.columns() == [*NAMES, "id", output]
    expected = output_of(classifier, frame, output)
    found = in_order(scored, output)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype


def test_columns_are_matched_by_name_before_any_work(classifier, frame) -> None:
    rows = dataset(frame[NAMES[::-1]].assign(id=range(len(frame))), 3)
    with pytest.warns(kernad.DataWarning, match="another order"):
        scored = kernad.ray.score(classifier, rows, columns=NAMES[::-1])
    np.testing.assert_array_equal(in_order(scored, "log_density"), output_of(classifier, frame, "log_density"))
    with pytest.raises(kernad.InvalidInput, match="'id'"):
        kernad.ray.score(classifier, rows)
    with pytest.raises(kernad.InvalidInput, match="no column 'c9'; valid: 'c7'"):
        kernad.ray.fit(unfitted(), rows, columns=["c9"])
    with pytest.raises(kernad.InvalidInput, match="column 'p_value' already"):
        kernad.ray.score(classifier, rows.rename_columns({"id": "p_value"}), columns=NAMES, output="p_value")


def test_a_missing_value_is_named_by_its_row_in_the_data_set(classifier, frame) -> None:
    wrong = frame.assign(id=range(len(frame)))
    wrong.loc[2345, "c2"] = np.nan
    rows = dataset(wrong, 10)
    with pytest.raises(kernad.InvalidInput, match=r"row 2345, column 'c2' is missing .*partition 7.* row 2100"):
        kernad.ray.fit(unfitted(), rows, columns=NAMES)
    with pytest.raises(ray.exceptions.RayTaskError, match="row 245 of a batch, column 'c2' is missing"):
        kernad.ray.score(classifier, rows, columns=NAMES).take_all()
    labels = in_order(kernad.ray.score(classifier, rows, columns=NAMES, output="label", missing="skip"), "label")
    assert list(np.flatnonzero(np.isnan(labels))) == [2345]


def test_a_killed_worker_counts_no_row_twice(frame, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(_engines, "sketch_of", dying(6, tmp_path / "killed"))
    gathered = unfitted()
    assert kernad.ray.fit(gathered, dataset(frame, 10), target_fpr=0.1)
    assert (tmp_path / "killed").exists()
    assert file_of(gathered, tmp_path) == file_of(fitted_to(frame), tmp_path)


def test_what_is_no_data_set_is_refused(classifier, frame) -> None:
    with pytest.raises(TypeError, match=r"DataFrame; a ray\.data\.Dataset is needed"):
        kernad.ray.score(classifier, frame)
    with pytest.raises(kernad.InvalidInput, match="no rows"):
        kernad.ray.fit(unfitted(), ray.data.from_pandas(frame[:0]))
