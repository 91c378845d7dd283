"""What type checkers find, and what they know of results."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kernad

CODE = """
import numpy as np
import kernad
from kernad import torch
from kernad.images import ImageModel
from kernad.pyod import KDE
from kernad.sklearn import KDEAnomalyDetector

class Tensor:
    is_cuda: bool
    requires_grad: bool

classifier = kernad.KDEClassifier("all", "norm", covariance="oas", bandwidth="loo")
rows = np.zeros((3, 4))
classifier.predict(rows, missing="skip")
kernad.KDEClassifier(covariance="fulll")  # wrong
kernad.KDEClassifier("al")  # wrong
kernad.KDEClassifier(standardize="no")  # wrong
KDE(0.1, 16)  # wrong
KDEAnomalyDetector(4, "scale", 100, 0.1)  # wrong
kernad.PCA(None)
KDE(n_pca_components=None)
kernad.KDEClassifier(feature_scaling_method="scal")  # wrong
kernad.GaussianKDE(covariance="fulll")  # wrong
kernad.PCA("al")  # wrong
KDEAnomalyDetector(covariance="fulll")  # wrong
KDE(covariance="fulll")  # wrong
classifier.predict(rows, missing="drop")  # wrong
torch.KDEClassifier(covariance="fulll")  # wrong
torch.KDEClassifier(feature_scaling_method="scal")  # wrong
torch.to_anomalib(3)  # wrong
kernad.export_onnx(3, "model.onnx")  # wrong
class Named(kernad.Sketch):
    pass

reveal_type(Named.load("file"))  # Named
reveal_type(Named().add(rows))  # Named
reveal_type(classifier.pruning)  # bool
for call in (classifier.predict, classifier.compute_kde_scores, classifier, classifier.forward):
    pass
reveal_type(classifier.predict(rows))  # ndarray
reveal_type(classifier.compute_kde_scores(rows, True))  # ndarray
reveal_type(classifier([[1.0]]))  # ndarray
reveal_type(classifier.predict_labels(rows))  # ndarray
reveal_type(kernad.PCA(2).transform(rows))  # ndarray
reveal_type(kernad.Scorer(classifier).log_density(rows))  # ndarray
reveal_type(classifier.predict(Tensor()))  # Tensor
reveal_type(classifier.compute_kde_scores(Tensor(), True))  # Tensor
reveal_type(classifier.p_values(Tensor()))  # Tensor
reveal_type(kernad.GaussianKDE().log_density(Tensor()))  # Tensor
module = torch.KDEClassifier("all")
kernad.export_onnx(classifier, "model.onnx")
kernad.export_onnx(module, "model.onnx")
kernad.export_onnx(KDEAnomalyDetector(), "model.onnx")
kernad.export_onnx(KDE(), "model.onnx")
reveal_type(module(Tensor()))  # Tensor
reveal_type(module.forward(Tensor()))  # Tensor
reveal_type(module.predict(Tensor()))  # Tensor
reveal_type(module.compute_kde_scores(Tensor(), True))  # Tensor
reveal_type(module.compute_probabilities(Tensor()))  # Tensor
reveal_type(module.pre_process(Tensor()))  # tuple[user.Tensor, user.Tensor]
reveal_type(module.p_values(Tensor()))  # Tensor
reveal_type(module.labels(Tensor()))  # Tensor
reveal_type(module.predict_labels(Tensor()))  # Tensor
reveal_type(module.predict(rows))  # ndarray
reveal_type(module.compute_kde_scores(rows))  # ndarray
reveal_type(module.labels(rows))  # ndarray
reveal_type(module.fit(rows))  # bool
reveal_type(module.threshold)  # Threshold
reveal_type(module.classifier())  # kernad.classifier.KDEClassifier
reveal_type(torch.from_anomalib("model.ckpt"))  # KDEClassifier
reveal_type(torch.to_anomalib(module))  # OrderedDict
ImageModel(64)  # wrong
ImageModel(component=64)  # wrong
class MyModel(ImageModel):
    pass

reveal_type(MyModel.load("file").fit("folder"))  # MyModel
reveal_type(ImageModel().judge("a.png"))  # Verdict
reveal_type(ImageModel().judge("a.png").heat_map())  # ndarray
reveal_type(ImageModel().predict(["a.png", rows]))  # ndarray
"""


def test_mypy_finds_what_is_wrong_and_knows_the_results(tmp_path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    (tmp_path / "user.py").write_text(CODE)
    command = [sys.executable, "-m", "mypy", "--ignore-missing-imports", "--cache-dir", str(tmp_path), "user.py"]
    folder = Path(kernad.__file__).parents[1]
    installed = folder.name in ("site-packages", "dist-packages")  # mypy looks there by itself, and nowhere twice
    environment = {"PATH": ""} if installed else {"PATH": "", "MYPYPATH": str(folder)}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert not ran.stderr
    lines = CODE.splitlines()
    found = dict.fromkeys(range(1, len(lines) + 1), "")
    for line in ran.stdout.splitlines():
        place, _, text = line.partition(": ")
        if place.startswith("user.py:"):
            found[int(place.split(":")[1])] += text
    for number, code in enumerate(lines, 1):
        if "# wrong" in code:
            assert "error: " in found[number], (code, ran.stdout)
        elif "reveal_type" in code:
            assert code.rpartition("# ")[2] in found[number].partition("Revealed type is")[2], (code, found[number])
        else:
            assert not found[number], (code, found[number])
