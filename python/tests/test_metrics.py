"""The metrics of detection are scikit-learn's where it has them."""

from __future__ import annotations

import numpy as np
import pytest

import kernad


def test_metrics_are_scikit_learns() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    scores = np.round(rng.normal(size=300) + labels, 1)  # with ties
    found = kernad.evaluate(scores, labels)
    assert found.image_AUROC == pytest.approx(metrics.roc_auc_score(labels, scores))
    assert pytest.approx(metrics.average_precision_score(labels, scores)) == found.AUPR
    assert found.F1Max == pytest.approx(metrics.f1_score(labels, scores >= found.F1Max_threshold))
    assert found.F1Max == pytest.approx(max(metrics.f1_score(labels, scores >= t) for t in scores))
    rates = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert found.FPR_at_95TPR == pytest.approx(rates[0][rates[1] >= 0.95].min())
    assert (found.normal_count, found.anomalous_count) == ((labels == 0).sum(), (labels == 1).sum())
    assert kernad.evaluate(scores.tolist(), labels.astype(bool)) == found


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [0], "2"),
        ([1.0, np.nan], [0, 1], "NaN|nan"),
        ([1.0, 2.0], [0, 2], "label 1 is 2"),
        ([1.0, 2.0], [0, 256], "label 1 is 256"),
        ([1.0, 2.0], [0, 0], "anomal"),
    ],
)
def test_what_cannot_be_measured(scores, labels, message) -> None:
    with pytest.raises(ValueError, match=message):
        kernad.evaluate(scores, labels)
