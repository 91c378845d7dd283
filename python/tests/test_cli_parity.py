"""The command line and the package are the same core: the same bits in models and scores."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import kernad

CLI = os.environ.get("KERNAD_CLI", "")
pytestmark = pytest.mark.skipif(not CLI, reason="KERNAD_CLI does not name the command line's binary")


def run(*arguments: object) -> str:
    return subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def files(train, queries, tmp_path) -> Path:
    np.save(tmp_path / "train.npy", train)
    np.save(tmp_path / "queries.npy", queries)
    return tmp_path


def test_both_fit_the_same_state(fitted, method, train, files) -> None:
    run("fit", files / "train.npy", "-o", files / "cli.safetensors", "--components", 6, "--scaling", method)
    cli, python = kernad.KDEClassifier.load(files / "cli.safetensors").state_dict(), fitted.state_dict()
    # The command line also keeps what it needs to recognise a training row when it meets one in a later file.
    assert len(cli.pop("training.row_hashes")) == len(train)
    assert cli.metadata == python.metadata
    assert cli.keys() == python.keys()
    for name, tensor in python.items():
        np.testing.assert_array_equal(cli[name], tensor, err_msg=name)


@pytest.mark.parametrize("threads", [1, 3])
def test_both_score_the_same_bits(fitted, log_density, queries, files, threads) -> None:
    fitted.save(files / "model.safetensors")
    arguments = ["predict", files / "model.safetensors", files / "queries.npy", "--threads", threads]
    run(*arguments, "-o", files / "scores.npy")
    np.testing.assert_array_equal(np.load(files / "scores.npy"), log_density)
    rows = list(csv.DictReader(io.StringIO(run(*arguments))))
    np.testing.assert_array_equal([float(row["log_density"]) for row in rows], log_density)
    np.testing.assert_array_equal([float(row["probability"]) for row in rows], fitted.predict(queries))


def test_a_sample_and_a_share_of_variance(train, queries, files) -> None:
    model = files / "cli.safetensors"
    run("fit", files / "train.npy", "-o", model, "--components", 0.9, "--max-training-points", 100, "--seed", 7)
    classifier = kernad.KDEClassifier(0.9, max_training_points=100, seed=7)
    with pytest.warns(kernad.FitWarning, match="sample"):
        classifier.fit(train)
    np.testing.assert_array_equal(kernad.KDEClassifier.load(model).predict(queries), classifier.predict(queries))
    assert kernad.KDEClassifier.load(model).report() == classifier.report()


def test_both_say_the_same_of_bad_input(fitted, queries, files) -> None:
    broken = np.array(queries)
    broken[7, 3] = np.nan
    np.save(files / "broken.npy", broken)
    fitted.save(files / "model.safetensors")
    with pytest.raises(ValueError, match="row 7, column 3 is nan") as caught:
        fitted.predict(broken)
    failed = subprocess.run(
        [CLI, "predict", files / "model.safetensors", files / "broken.npy"], capture_output=True, text=True
    )
    assert failed.returncode == 2
    # The command line says which file where the package says what the rows are.
    assert str(caught.value).removeprefix("features: ") in failed.stderr


def test_both_are_the_same_version() -> None:
    assert json.loads(run("info", "--json"))["version"] == kernad.__version__
