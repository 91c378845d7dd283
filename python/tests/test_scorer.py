"""The reusable scorer and the switch for pruning."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import kernad
import numpy as np
import pytest


def clusters(rows: int, seed: int) -> np.ndarray:
    centres = 30 * np.random.default_rng(7).normal(size=(30, 8))
    random = np.random.default_rng(seed)
    return (centres[random.integers(30, size=rows)] + random.normal(size=(rows, 8))).astype(np.float32)


@pytest.fixture(scope="module")
def classifier() -> kernad.KDEClassifier:
    model = kernad.KDEClassifier(n_pca_components=6)
    assert model.fit(clusters(9000, 1))
    return model


def test_the_scores_are_the_models_own(classifier: kernad.KDEClassifier) -> None:
    rows = clusters(200, 2)
    scorer = kernad.Scorer(classifier, num_threads=2)
    expected = classifier.compute_kde_scores(rows, as_log_likelihood=True)
    np.testing.assert_array_equal(scorer.log_density(rows), expected)
    assert [float(scorer(rows[i : i + 1])[0]) for i in range(20)] == expected[:20].tolist()
    density = kernad.GaussianKDE(clusters(9000, 1))
    np.testing.assert_array_equal(kernad.Scorer(density).log_density(rows), density.log_density(rows))


def test_threads_share_a_scorer(classifier: kernad.KDEClassifier) -> None:
    rows = clusters(300, 3)
    scorer = kernad.Scorer(classifier)
    expected = scorer.log_density(rows)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(scorer.log_density, [rows] * 40):
            np.testing.assert_array_equal(scores, expected)


def test_what_a_scorer_refuses(classifier: kernad.KDEClassifier) -> None:
    with pytest.raises(kernad.NotFittedError, match="not fitted"):
        kernad.Scorer(kernad.KDEClassifier())
    with pytest.raises(TypeError, match="KDEClassifier or GaussianKDE"):
        kernad.Scorer("model")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="num_threads"):
        kernad.Scorer(classifier, num_threads=-1)
    with pytest.raises(ValueError, match="3 columns"):
        kernad.Scorer(classifier).log_density(np.zeros((2, 3), np.float32))


def test_pruning_is_a_switch_and_hardly_changes_scores(classifier: kernad.KDEClassifier) -> None:
    rows = clusters(300, 4)
    full = pickle.loads(pickle.dumps(classifier))
    assert full.pruning
    full.pruning = False
    pruned_scores = classifier.compute_kde_scores(rows, as_log_likelihood=True)
    full_scores = full.compute_kde_scores(rows, as_log_likelihood=True)
    assert (pruned_scores != full_scores).any(), "pruning was not used"
    np.testing.assert_allclose(pruned_scores, full_scores, atol=1e-5, rtol=5e-7)
    assert not pickle.loads(pickle.dumps(full)).pruning
    again = kernad.KDEClassifier(n_pca_components=6, pruning=False)
    assert again.fit(clusters(9000, 1))
    np.testing.assert_array_equal(again.compute_kde_scores(rows, as_log_likelihood=True), full_scores)
    assert not kernad.GaussianKDE(pruning=False).pruning
