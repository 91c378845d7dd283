"""kernad's Dfkde in anomalib's Engine, on images made up here."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torchvision", reason="torchvision, which anomalib needs, is not installed")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("anomalib.models", reason="anomalib is not installed")

import torch
from anomalib.data import Folder
from anomalib.deploy import ExportType
from anomalib.engine import Engine
from PIL import Image

from kernad import KDEClassifier, importing
from kernad.anomalib import Dfkde
from kernad.torch import from_anomalib

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for folder, count in (("good", 40), ("test_good", 10), ("bad", 10)):
        (root / folder).mkdir()
        for i in range(count):
            pixels = rng.normal(128, 6, size=(64, 64, 3))
            if folder == "bad":
                pixels[20:40, 20:40] = 0
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / folder / f"{i}.png")
    return root


@pytest.fixture(scope="module")
def data(images: Path) -> Any:
    return Folder(
        "made up",
        root=images,
        normal_dir="good",
        abnormal_dir="bad",
        normal_test_dir="test_good",
        num_workers=0,
        train_batch_size=16,
        eval_batch_size=8,
    )


@pytest.fixture(scope="module", params=[{"auto": True}, {"n_pca_components": 8}], ids=["auto", "plain"])
def trained(request: pytest.FixtureRequest, data: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    torch.manual_seed(0)
    model = Dfkde(pre_trained=False, target_fpr=0.1, **request.param)
    engine = Engine(default_root_dir=tmp_path_factory.mktemp("results"), accelerator="cpu", logger=False)
    engine.fit(model, datamodule=data)
    return engine, model


def test_the_engine_fits_tests_and_predicts(trained: tuple[Any, Any], data: Any) -> None:
    engine, model = trained
    (metrics,) = engine.test(model, datamodule=data)
    assert metrics["image_AUROC"] > 0.9
    labels, truth, scores = [], [], []
    for batch in engine.predict(model, datamodule=data):
        labels += batch.pred_label.tolist()
        truth += batch.gt_label.tolist()
        scores += batch.pred_score.tolist()
    called = np.array(labels, bool)
    wrong = np.array(truth, bool)
    assert called[wrong].mean() > 0.8
    assert called[~wrong].mean() <= 0.5
    np.testing.assert_array_equal(called, np.array(scores) >= 0.5)
    p_values = model.p_values(torch.rand(3, 3, 256, 256))
    assert ((p_values >= 1 / 41) & (p_values <= 1)).all()


@pytest.mark.parametrize("kind", [ExportType.TORCH, ExportType.ONNX, ExportType.OPENVINO])
def test_the_engine_exports(trained: tuple[Any, Any], kind: Any, tmp_path: Path) -> None:
    engine, model = trained
    if kind is not ExportType.TORCH:
        pytest.importorskip("onnxscript", reason="onnxscript, which torch's ONNX export needs, is not installed")
    if kind is ExportType.OPENVINO:
        pytest.importorskip("openvino", reason="OpenVINO is not installed")
    path = engine.export(model, kind, export_root=tmp_path, input_size=(64, 64))
    assert Path(path).exists()
    if kind is ExportType.ONNX:
        runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
        session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
        images = torch.rand(2, 3, 64, 64)
        found = dict(
            zip([o.name for o in session.get_outputs()], session.run(None, {"input": images.numpy()}), strict=True)
        )
        expected = model.eval()(images)
        np.testing.assert_allclose(found["pred_score"].ravel(), expected.pred_score, atol=1e-3)
        np.testing.assert_array_equal(found["pred_label"].ravel(), expected.pred_label)


def test_a_checkpoint_brings_the_threshold_along(trained: tuple[Any, Any]) -> None:
    engine, model = trained
    loaded = Dfkde.load_from_checkpoint(engine.best_model_path)
    assert loaded.model.classifier.threshold == model.model.classifier.threshold
    images = torch.rand(4, 3, 64, 64)
    assert torch.equal(loaded.eval()(images).pred_score, model.eval()(images).pred_score)


def test_a_checkpoint_is_imported_whole(trained: tuple[Any, Any], tmp_path: Path) -> None:
    engine, model = trained
    ours = model.model.classifier
    rows = model.model.get_features(torch.rand(4, 3, 64, 64))
    for source in (model, model.model, engine.best_model_path):
        loaded = from_anomalib(source)
        assert loaded.threshold == ours.threshold
        assert torch.equal(loaded.compute_kde_scores(rows, True), ours.compute_kde_scores(rows, True))
    assert importing.main([engine.best_model_path, str(tmp_path / "model.safetensors")]) == 0
    assert KDEClassifier.load(tmp_path / "model.safetensors").threshold == ours.threshold
