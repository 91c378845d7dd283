"""kernad.compare: the core's answers, with columns by name."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import kernad

NAMES = [f"c{i}" for i in range(10)]


def normal(rows: int, seed: int, shift: float = 0) -> npt.NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=(rows, 10))
    values[:, 7] += shift
    return values


@pytest.fixture(scope="module")
def classifier() -> kernad.KDEClassifier:
    made = kernad.KDEClassifier("all")
    assert made.fit(normal(300, 1))
    made.calibrate(normal(300, 1))
    return made


def test_finds_and_names_the_column_that_moved(classifier: kernad.KDEClassifier) -> None:
    assert not kernad.compare(classifier, normal(200, 2)).drift
    found = kernad.compare(classifier, normal(200, 3, 0.6))
    assert found.drift and found.moved == (7,) and found.column_test == "distributions"
    assert found.p_value <= 2 * found.adjusted_p_value[7]
    assert found.shift[7] == pytest.approx(0.6, abs=0.4)
    assert found.rows == 200 and found.calibration_rows == 300
    assert found.allowance == 0.5 and found.two_sided.p_value <= 1
    assert kernad.compare(classifier, normal(200, 3, 0.6), alpha=1e-12).moved == ()


def test_blocks_and_order_do_not_matter(classifier: kernad.KDEClassifier) -> None:
    rows = normal(200, 3, 0.2)
    whole = kernad.compare(classifier, rows)
    blocks = kernad.Comparison(classifier, num_threads=1)
    for block in np.array_split(rows[::-1], 7):
        blocks.add(block)
    parts = blocks.result()
    assert parts.scores == whole.scores and parts.p_value == whole.p_value
    np.testing.assert_array_equal(parts.shift, whole.shift)
    np.testing.assert_array_equal(parts.column_p_value, whole.column_p_value)


def test_frames_are_matched_by_name() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(normal(300, 1), columns=NAMES)
    classifier = kernad.KDEClassifier("all")
    assert classifier.fit(frame)
    classifier.calibrate(frame)
    new = pandas.DataFrame(normal(200, 3, 0.6), columns=NAMES)
    new.loc[5, "c2"] = np.nan
    with pytest.warns(kernad.DataWarning, match="1 of 200 rows have missing values and are skipped"):
        found = kernad.compare(classifier, new, missing="skip")
    assert found.moved == ("c7",) and found.rows == 199
    with pytest.warns(kernad.DataWarning, match="another order"):
        turned = kernad.compare(classifier, new.drop(index=5)[NAMES[::-1]])
    assert turned.moved == ("c7",) and turned.p_value == found.p_value


def test_what_is_wrong_is_refused(classifier: kernad.KDEClassifier) -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad.compare(kernad.KDEClassifier(), normal(20, 2))
    uncalibrated = kernad.KDEClassifier()
    assert uncalibrated.fit(normal(50, 1))
    with pytest.raises(kernad.NotFittedError, match="not calibrated"):
        kernad.compare(uncalibrated, normal(20, 2))
    with pytest.raises(kernad.InvalidParameter, match="alpha is 2"):
        kernad.compare(classifier, normal(20, 2), alpha=2)
    with pytest.raises(kernad.InvalidInput, match="at least 2 are needed"):
        kernad.compare(classifier, normal(1, 2))
    with pytest.raises(kernad.InvalidInput, match="every value must be finite"):
        kernad.compare(classifier, np.full((20, 10), np.nan))
    with pytest.raises(kernad.InvalidParameter, match="missing is 'drop'"):
        kernad.compare(classifier, normal(20, 2), missing="drop")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a KDEClassifier is needed"):
        kernad.compare(kernad.GaussianKDE(), normal(20, 2))  # type: ignore[arg-type]


def test_the_command_line_says_the_same(classifier: kernad.KDEClassifier, tmp_path: Path) -> None:
    binary = os.environ.get("KERNAD_CLI")
    if not binary:
        pytest.skip("KERNAD_CLI is not set")
    rows = normal(200, 3, 0.6).astype(np.float32)
    classifier.save(tmp_path / "m.safetensors")
    np.save(tmp_path / "new.npy", rows)
    command = [binary, "compare", str(tmp_path / "m.safetensors"), str(tmp_path / "new.npy"), "--json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 3, run.stderr
    want = json.loads(run.stdout)
    got = kernad.compare(classifier, rows)
    assert got.p_value == want["p_value"] and got.scores.distance == want["scores"]["distance"]
    assert list(got.shift) == [column["shift"] for column in want["columns"]]


def test_rows_may_come_in_blocks(classifier: kernad.KDEClassifier, tmp_path: Path) -> None:
    rows = normal(400, 3, 0.2).astype(np.float32)
    whole = kernad.compare(classifier, rows)
    np.save(tmp_path / "rows.npy", rows)
    for blocks in (
        iter(np.array_split(rows, 7)),
        (block for block in np.array_split(rows, 3)),
        np.array_split(rows, 5),
        tuple(np.array_split(rows, 2)),
        np.load(tmp_path / "rows.npy", mmap_mode="r"),
        rows.tolist(),
    ):
        found = kernad.compare(classifier, blocks)
        assert (found.rows, found.p_value, found.scores) == (400, whole.p_value, whole.scores)
        assert (found.shift == whole.shift).all()


def test_a_large_array_is_read_in_slices(classifier: kernad.KDEClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernad._blocks._BLOCK_VALUES", 300)
    sizes = []
    add = kernad.Comparison.add

    def noting(self: kernad.Comparison, rows: npt.NDArray[np.float64], **more: str) -> kernad.Comparison:
        sizes.append(len(rows))
        return add(self, rows, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("kernad.Comparison.add", noting)
    kernad.compare(classifier, normal(100, 3))
    assert sizes == [30, 30, 30, 10]


def test_arrow_streams_are_blocks(classifier: kernad.KDEClassifier) -> None:
    pa = pytest.importorskip("pyarrow")
    rows = normal(300, 3, 0.2)
    table = pa.table({name: rows[:, i] for i, name in enumerate(NAMES)})
    whole = kernad.compare(classifier, rows)
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=70))
    assert kernad.compare(classifier, reader).p_value == whole.p_value
    assert kernad.compare(classifier, table.to_batches(max_chunksize=50)).p_value == whole.p_value


def test_a_wrong_value_is_named_by_its_row_among_all(classifier: kernad.KDEClassifier) -> None:
    rows = normal(100, 3)
    rows[57, 4] = np.nan
    with pytest.raises(kernad.InvalidInput, match="rows: row 57, column 4 is missing"):
        kernad.compare(classifier, np.array_split(rows, 10))
    with pytest.warns(kernad.DataWarning, match="1 of 10 rows"):
        assert kernad.compare(classifier, np.array_split(rows, 10), missing="skip").rows == 99
    with pytest.raises(kernad.InvalidInput):
        kernad.compare(classifier, iter([]))
