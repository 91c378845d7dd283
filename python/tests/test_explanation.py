"""Explanations are the core's, and add up."""

from __future__ import annotations

import dataclasses

import kernad
import numpy as np
import pytest

ROWS = np.random.default_rng(1).normal(size=(80, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def classifier() -> kernad.KDEClassifier:
    model = kernad.KDEClassifier(n_pca_components=4)
    assert model.fit(ROWS)
    return model


def test_agrees_with_the_formulas(classifier: kernad.KDEClassifier) -> None:
    row = ROWS[7] + np.float32(0.5)
    why = classifier.explain(row, nearest=80)
    state = classifier.state_dict()
    projected = (row.astype(float) - state["pca_model.mean"]) @ state["pca_model.singular_vectors"]
    features = projected / classifier.max_length
    whitening = state["kde_model.bw_transform"]
    references = state["kde_model.dataset"].astype(float)
    differences = (features - state["kde_model.mean"]) @ whitening - references
    squares = (differences**2).sum(axis=1)
    weights = np.exp((squares.min() - squares) / 2)
    weights /= weights.sum()
    order = np.argsort(squares)
    np.testing.assert_array_equal(why.neighbours.row, order)
    np.testing.assert_allclose(why.neighbours.distance, np.sqrt(squares[order]), rtol=1e-9)
    np.testing.assert_allclose(why.neighbours.weight, weights[order], rtol=1e-9)
    deviation = weights @ differences
    assert why.deviation == pytest.approx(np.linalg.norm(deviation), rel=1e-9)
    residual = np.linalg.pinv(whitening.T) @ deviation
    slope = whitening @ deviation
    np.testing.assert_allclose(why.components, residual * slope / (deviation @ deviation), atol=1e-9)
    axes = state["pca_model.singular_vectors"]
    np.testing.assert_allclose(why.columns, (axes @ residual) * (axes @ slope) / (deviation @ deviation), atol=1e-9)
    np.testing.assert_allclose(why.expected, row - classifier.max_length * (axes @ residual), atol=1e-9)
    centred = row - state["pca_model.mean"]
    missed = centred - axes @ projected
    assert why.residual_share == pytest.approx((missed @ missed) / (centred @ centred), rel=1e-9)


def test_the_old_name_of_the_residual_share(classifier: kernad.KDEClassifier) -> None:
    why = classifier.explain(ROWS[7])
    with pytest.warns(DeprecationWarning, match="residual_share"):
        assert why.unseen == why.residual_share


def test_scores_are_the_models_own(classifier: kernad.KDEClassifier) -> None:
    why = classifier.explain(ROWS[3:4])
    assert why.log_density == classifier.compute_kde_scores(ROWS[3:4], as_log_likelihood=True)[0]
    assert why.probability == classifier.predict(ROWS[3:4])[0]
    assert why.p_value is None
    assert len(why.neighbours.row) == len(why.neighbours.distance) == len(why.neighbours.weight) == 5
    assert why.neighbours.row[0] == 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        why.deviation = 0  # type: ignore[misc]


def test_far_rows_are_finite(classifier: kernad.KDEClassifier) -> None:
    why = classifier.explain(ROWS[0].astype(float) * 1e30)
    assert why.neighbours.weight.sum() == pytest.approx(1)
    assert why.components.sum() == pytest.approx(1)
    assert why.columns.sum() == pytest.approx(1)
    assert np.isfinite(why.expected).all() and np.isfinite(why.deviation)


def test_a_calibrated_model_has_a_p_value() -> None:
    model = kernad.KDEClassifier(n_pca_components=4)
    model.fit(ROWS)
    model.calibrate(ROWS, folds=4)
    why = model.explain(ROWS[0])
    assert why.p_value == model.p_values([why.log_density])[0]


def test_refuses_what_is_not_one_row(classifier: kernad.KDEClassifier) -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad.KDEClassifier().explain(ROWS[0])
    with pytest.raises(ValueError, match="2 rows to explain"):
        classifier.explain(ROWS[:2])
    with pytest.raises(ValueError, match="5 columns"):
        classifier.explain(ROWS[0, :5])
    with pytest.raises(ValueError, match="nearest"):
        classifier.explain(ROWS[0], nearest=-1)
