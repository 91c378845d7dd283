"""`kernad embed` gives the embeddings of anomalib's DFKDE, and its verdicts, on networks with random weights.

anomalib 2.7 joins several layers along the batch (torch.cat without a dimension), which fails where their widths
differ; here its features of each layer are joined along the channels.
"""

from __future__ import annotations

import csv
import os
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torchvision", reason="torchvision, which anomalib needs, is not installed")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("anomalib.models", reason="anomalib is not installed")

import torch
from anomalib.data.utils import read_image
from anomalib.models.components.classification import KDEClassifier as ReferenceClassifier
from anomalib.models.image.dfkde import Dfkde
from anomalib.models.image.dfkde.torch_model import DfkdeModel
from PIL import Image

CLI = os.environ.get("KERNAD_CLI", "")


def kernad(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([CLI, *map(str, arguments)], capture_output=True, text=True, check=False)


def without_images() -> str:
    if not CLI:
        return "KERNAD_CLI does not name the command line's binary"
    return "this kernad was built without images" if "without them" in kernad("embed", "x.png").stderr else ""


WITHOUT = without_images()
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.skipif(bool(WITHOUT), reason=WITHOUT)]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Larger and smaller than the network's input in one direction each, so that both kinds of scaling are seen."""
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for folder, count in (("train", 40), ("test", 24)):
        (root / folder).mkdir()
        for i in range(count):
            pixels = rng.normal(128, 20, size=(150, 340, 3)) + rng.normal(0, 10, size=3)
            if folder == "test" and i % 2:
                pixels[20:100, 40:200] = rng.uniform(0, 255, size=3)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / folder / f"{i:02}.png")
    return root


class Maps(torch.nn.Module):
    """All layers at once, in a form to export."""

    def __init__(self, models: list[DfkdeModel], layers: list[str]) -> None:
        super().__init__()
        self.models, self.layers = torch.nn.ModuleList(models), layers

    def forward(self, batch: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(m.feature_extractor(batch)[name] for m, name in zip(self.models, self.layers, strict=True))


class Backbone:
    """Each layer's features as the reference's own DFKDE computes them, and the same network as a file."""

    def __init__(self, network: Any, layers: list[str], path: Path) -> None:
        self.layers, self.path, self.models = layers, path, []
        for layer in layers:
            torch.manual_seed(1)
            self.models.append(DfkdeModel(network, [layer], pre_trained=False).eval())
        torch.onnx.export(
            Maps(self.models, layers).eval(),
            (torch.zeros(1, 3, 256, 256),),
            str(path),
            dynamo=False,
            input_names=["image"],
            output_names=layers,
            opset_version=17,
        )

    def embed(self, folder: Path) -> npt.NDArray[np.float32]:
        prepare = Dfkde.configure_pre_processor()  # its transform; forward() is that of its exports, not antialiased
        rows = []
        with torch.no_grad():
            for path in sorted(folder.iterdir()):
                batch = prepare.transform(read_image(path, as_tensor=True)[None])
                rows.append(torch.cat([model.get_features(batch) for model in self.models], dim=1))
        features: npt.NDArray[np.float32] = torch.cat(rows).numpy()
        return features


@pytest.fixture(scope="module", params=["timm", "torchvision"])
def backbone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    path = tmp_path_factory.mktemp("network") / "network.onnx"
    if request.param == "timm":
        return Backbone("resnet18", ["layer2", "layer3"], path)
    from torchvision.models import mobilenet_v3_small

    torch.manual_seed(1)
    return Backbone(mobilenet_v3_small(weights=None).eval(), ["features.3", "features.8"], path)


def embed(backbone: Backbone, folder: Path, output: Path, *options: object) -> None:
    layers = ",".join(backbone.layers)
    run = kernad("embed", folder, "--backbone", backbone.path, "--layers", layers, "-o", output, *options)
    assert run.returncode == 0, run.stderr


def read(path: Path) -> tuple[list[str], npt.NDArray[np.float32]]:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=np.float32)


def test_embeddings_and_verdicts_are_the_references(backbone: Backbone, images: Path, tmp_path: Path) -> None:
    embeddings, largest = {}, 0.0
    for part in ("train", "test"):
        embed(backbone, images / part, tmp_path / f"{part}.csv")
        files, ours = read(tmp_path / f"{part}.csv")
        assert files == [str(path) for path in sorted((images / part).iterdir())]
        embeddings[part] = backbone.embed(images / part)
        # Channels that are nearly 0 are sums that cancel.
        np.testing.assert_allclose(ours, embeddings[part], rtol=1e-3, atol=1e-5 * np.abs(embeddings[part]).mean())
        there = embeddings[part] > 0.01 * embeddings[part].mean()
        largest = max(largest, float(np.max(np.abs(ours / np.where(there, embeddings[part], 1) - 1)[there])))
    print(f"largest relative difference {largest:.2e}")

    reference = ReferenceClassifier()  # changes its input
    assert reference.fit(torch.tensor(embeddings["train"]))
    expected = reference.predict(torch.tensor(embeddings["test"])).numpy()
    model = tmp_path / "model.safetensors"
    assert kernad("fit", tmp_path / "train.csv", "--id", "file", "-o", model).returncode == 0
    scores = tmp_path / "scores.csv"
    assert kernad("predict", model, tmp_path / "test.csv", "--id", "file", "-o", scores).returncode == 0
    with scores.open(newline="") as file:
        probability = np.array([float(row["probability"]) for row in csv.DictReader(file)])
    print(f"largest difference of probabilities {np.abs(probability - expected).max():.1e}")
    np.testing.assert_array_equal(probability >= 0.5, expected >= 0.5)
    assert 0 < (expected >= 0.5).sum() < len(expected), "both verdicts must be seen"
    np.testing.assert_allclose(probability, expected, atol=0.01)


def test_another_network_is_refused(backbone: Backbone, images: Path, tmp_path: Path) -> None:
    rows, model = tmp_path / "rows.csv", tmp_path / "model.safetensors"
    embed(backbone, images / "train", rows)
    assert kernad("fit", rows, "--id", "file", "-o", model).returncode == 0
    embed(backbone, images / "test", rows, "--size", 128)
    refused = kernad("predict", model, rows, "--id", "file")
    assert refused.returncode == 2
    assert "model's columns" in refused.stderr
