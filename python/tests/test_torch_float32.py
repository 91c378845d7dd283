"""The torch operations on a device without float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

torch = pytest.importorskip("torch", reason="torch is not installed")

from kernad import _torch_graph as graph  # noqa: E402
from kernad import torch as kernad_torch  # noqa: E402


def of_a_subspace() -> np.ndarray:
    rows = make_rows(200, 6)
    rows[:, 1] = 3
    rows[:, 4] = rows[:, 2]
    return rows


@pytest.mark.parametrize("make", [lambda: make_rows(200), of_a_subspace], ids=["left out", "subspace"])
@pytest.mark.parametrize("options", [{"feature_scaling_method": "norm", "n_pca_components": 3}, {"auto": True}])
def test_far_rows_never_read_as_normal(make: Any, options: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their squares overflow float32, from 1.8e19 on."""
    rows = make()
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    far = np.concatenate([np.eye(rows.shape[1]), rows[:5] / np.abs(rows[:5]).max()])
    powers = [sign * 10.0**power for sign in (1, -1) for power in (9, 18, 19, 20, 30)]
    asked = torch.tensor(np.concatenate([far * power for power in powers]).astype(np.float32))
    expected = classifier.predict_labels(asked)
    assert expected.float().mean() > 0.8
    module = kernad_torch.from_anomalib(classifier.state_dict())
    monkeypatch.setattr(graph, "dtype_for", lambda device: torch.float32)
    scores = module.compute_kde_scores(asked.requires_grad_(), True).detach()
    assert scores.dtype == torch.float32
    assert module.labels(scores)[expected].all()
