"""Fitted states and scores of the reference implementation (tests/reference/golden), run in float64."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import kernad
from support import GOLDEN

FLOOR = -680  # the reference adds 1e-300 to the density: below, its scores are not the density's


def test_an_imported_state_scores_as_the_reference(method) -> None:
    data = np.load(GOLDEN / f"{method}.npz")
    classifier = kernad.KDEClassifier.load(GOLDEN / f"{method}.safetensors")
    assert classifier.feature_scaling_method == method
    assert (data["scored"] > FLOOR).all()
    np.testing.assert_allclose(classifier.compute_kde_scores(data["test"], True), data["scored"], atol=1e-3, rtol=1e-6)


def test_a_fit_scores_as_the_references() -> None:
    data = np.load(GOLDEN / "scale.npz")  # in norm mode the reference's own fit is shifted against its queries
    classifier = kernad.KDEClassifier(6)
    classifier.fit(data["train"])
    np.testing.assert_allclose(classifier.compute_kde_scores(data["test"], True), data["log_likelihood"], atol=1e-3)


def test_the_full_set() -> None:
    folder = os.environ.get("KERNAD_GOLDEN")
    if not folder:
        pytest.skip("KERNAD_GOLDEN does not name the folder of the full set of golden files")
    files = sorted(Path(folder).glob("*.safetensors"))
    assert files
    for file in files:
        data = np.load(file.with_suffix(".npz"))
        expected = data["log_likelihood_f64"]
        scores = kernad.KDEClassifier.load(file).compute_kde_scores(data["test"], as_log_likelihood=True)
        above = expected > FLOOR
        assert above.any()
        np.testing.assert_allclose(scores[above], expected[above], atol=1e-3, rtol=1e-5, err_msg=file.name)
