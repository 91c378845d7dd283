"""The torch module stands in for the reference's, and models go both ways."""

from __future__ import annotations

import copy
import io
import sys
import types
from typing import Any

import numpy as np
import pytest

import kernad
from support import GOLDEN, make_rows

torch = pytest.importorskip("torch", reason="torch is not installed")

from kernad import torch as kernad_torch  # noqa: E402

NAMES = [
    "max_length",
    "pca_model.singular_vectors",
    "pca_model.mean",
    "pca_model.num_components",
    "kde_model.bw_transform",
    "kde_model.dataset",
    "kde_model.norm",
]


@pytest.fixture
def module(train, method) -> Any:
    module = kernad_torch.KDEClassifier(6, method)
    assert module.fit(torch.tensor(train))
    return module


@pytest.fixture
def near(queries) -> Any:
    return torch.tensor(queries[:100])


def golden_state(method: str) -> dict[str, Any]:
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    state: dict[str, Any] = safetensors.load_file(GOLDEN / f"{method}.safetensors")
    return state


def test_buffers_are_the_references(module) -> None:
    state = module.state_dict()
    assert list(state) == NAMES
    assert not list(module.parameters())
    assert state["pca_model.num_components"].tolist() == [6]
    for name, tensor in state.items():
        assert tensor.dtype == (torch.int64 if name.endswith("num_components") else torch.float32)
    for name in ("max_length", "kde_model.norm"):
        assert state[name].shape == ()
    whitening = state["kde_model.bw_transform"]
    assert torch.equal(whitening, whitening.tril())
    assert (whitening.diagonal() > 0).all()


def test_the_module_scores_as_the_classifier(module, fitted, near) -> None:
    scores = module.compute_kde_scores(near, as_log_likelihood=True)
    assert scores.dtype == torch.float64
    np.testing.assert_allclose(scores, fitted.compute_kde_scores(near.numpy(), True), atol=1e-4)
    assert module(near).dtype == near.dtype  # as the reference's
    assert torch.equal(module(near), module.compute_probabilities(scores).float())
    assert torch.equal(module.predict(near), module(near))
    assert torch.equal(module.pre_process(near)[0], fitted.pre_process(near)[0])
    assert module.report() == fitted.report()


def test_outliers_stay_finite_and_ordered(module, train) -> None:
    away = torch.tensor(train[:1]) * torch.tensor([[10.0], [1e3], [1e10], [1e30]])
    if module.feature_scaling_method == "norm":
        assert torch.isfinite(module.compute_kde_scores(away, as_log_likelihood=True)).all()
    else:
        assert (module.compute_kde_scores(away, as_log_likelihood=True).diff() < 0).all()


@pytest.mark.parametrize("clone", ["load_state_dict", "deepcopy", "torch.save"])
def test_copies_score_the_same_bits(module, near, method, clone) -> None:
    if clone == "load_state_dict":
        other = kernad_torch.KDEClassifier(6, method)
        other.load_state_dict(module.state_dict())
    elif clone == "deepcopy":
        other = copy.deepcopy(module)
    else:
        file = io.BytesIO()
        torch.save(module, file)
        file.seek(0)
        other = torch.load(file, weights_only=False)
    assert torch.equal(other(near), module(near))


def test_loading_another_state_changes_the_scores(module, near, method) -> None:
    before = module(near)
    other = kernad_torch.KDEClassifier(4, method)
    other.fit(make_rows(77, seed=9))
    module.load_state_dict(other.state_dict())
    assert torch.equal(module(near), other(near))
    assert module.report().rows_used == 77
    with torch.no_grad():
        module.kde_model.dataset.add_(100)
    assert (module(near) > before).all()


def test_before_fit_and_after_too_few_rows(module, near) -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad_torch.KDEClassifier()(near)
    assert module.fit(near[:3]) is False
    with pytest.raises(kernad.NotFittedError):
        module(near)
    module.fit(near)
    with pytest.raises(ValueError, match="columns"):
        module(near[:, :2])


def test_a_golden_checkpoint_gives_the_references_numbers(method) -> None:
    data = np.load(GOLDEN / f"{method}.npz")
    asked = torch.tensor(data["test"])
    state = golden_state(method)
    for source in (state, {f"model.classifier.{k}": v for k, v in state.items()}, GOLDEN / f"{method}.safetensors"):
        module = kernad_torch.from_anomalib(source, feature_scaling_method=method)
        np.testing.assert_allclose(module.compute_kde_scores(asked, True), data["scored"], atol=1e-3, rtol=1e-6)
    back = kernad_torch.to_anomalib(module)
    for name in NAMES:
        assert torch.equal(back[name].reshape(-1), state[name].reshape(-1)), name


def reference_scores(state: Any, method: str, rows: Any) -> Any:
    """The reference's formulas in float64 on a state in its form."""
    s = {name: value.double() for name, value in state.items()}
    x = (rows.double() - s["pca_model.mean"]) @ s["pca_model.singular_vectors"]
    x = x / (x.norm(dim=1, keepdim=True) if method == "norm" else s["max_length"])
    squares = torch.cdist(x @ s["kde_model.bw_transform"], s["kde_model.dataset"]).square()
    return (torch.exp(-squares / 2).mean(dim=1) * s["kde_model.norm"]).log()


def test_a_state_for_anomalib_scores_there_as_here(fitted, module, near, method) -> None:
    expected = fitted.compute_kde_scores(near, as_log_likelihood=True)
    for model in (fitted, module):
        state = kernad_torch.to_anomalib(model)
        torch.testing.assert_close(reference_scores(state, method, near), expected, atol=1e-4, rtol=0)


def test_a_model_beyond_float32_is_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(400, 64)) * 1e-3
    rows[0] += 100  # all others are close together after scaling, in 64 dimensions
    classifier = kernad.KDEClassifier(64)
    classifier.fit(rows)
    near = torch.tensor(rows[1:50])
    with pytest.raises(ValueError, match="cannot hold this model"):
        kernad_torch.to_anomalib(classifier)
    module = kernad_torch.KDEClassifier(64)
    module.fit(rows)  # kernad's own module takes the constant from bw_transform
    expected = classifier.compute_kde_scores(near, True)
    torch.testing.assert_close(module.compute_kde_scores(near, True), expected, rtol=1e-4, atol=1e-2)


@pytest.fixture
def enum_of_anomalib(monkeypatch) -> Any:
    """A str enum that pickles under the name that anomalib's has."""
    from enum import Enum

    name = "anomalib.models.components.classification.kde_classifier"
    made = types.ModuleType(name)
    enum = Enum("FeatureScalingMethod", {"NORM": "norm", "SCALE": "scale"}, type=str, module=name)
    made.FeatureScalingMethod = enum  # type: ignore[attr-defined]
    parents = [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
    for parent in parents:  # pickle imports them in turn
        monkeypatch.setitem(sys.modules, parent, types.ModuleType(parent))
    monkeypatch.setitem(sys.modules, name, made)
    return enum


def test_a_lightning_checkpoint(module, near, method, enum_of_anomalib, tmp_path, monkeypatch) -> None:
    state = {f"model.classifier.{k}": v for k, v in module.state_dict().items()}
    state["model.feature_extractor.weight"] = torch.zeros(3)
    checkpoint = {
        "epoch": 0,
        "state_dict": state,
        "hyper_parameters": {"n_pca_components": 6, "feature_scaling_method": enum_of_anomalib(method)},
    }
    path = tmp_path / "model.ckpt"
    torch.save(checkpoint, path)
    monkeypatch.delitem(sys.modules, type(enum_of_anomalib(method)).__module__)  # anomalib need not be there
    loaded = kernad_torch.from_anomalib(path)
    assert loaded.feature_scaling_method is kernad.FeatureScalingMethod(method)
    assert torch.equal(loaded(near), module(near))
    torch.save(state, path)
    bare = kernad_torch.from_anomalib(str(path), feature_scaling_method=method)
    assert torch.equal(bare(near), module(near))
    with pytest.warns(kernad.FitWarning, match="feature scaling method"):
        kernad_torch.from_anomalib(path)


def test_the_import_command(module, near, method, tmp_path, capsys) -> None:
    from kernad import importing

    source, out = tmp_path / "model.ckpt", tmp_path / "model.safetensors"
    torch.save({f"model.classifier.{k}": v for k, v in module.state_dict().items()}, source)
    assert importing.main([str(source), str(out), "--scaling", method]) == 0
    assert capsys.readouterr().err == ""
    loaded = kernad.KDEClassifier.load(out)
    assert loaded.feature_scaling_method == method
    expected = module.compute_kde_scores(near, as_log_likelihood=True)
    torch.testing.assert_close(loaded.compute_kde_scores(near, as_log_likelihood=True), expected, atol=1e-9, rtol=0)
    assert importing.main([str(source), str(out)]) == 0
    assert "scal" in capsys.readouterr().err  # it was assumed
    before = source.read_bytes()
    assert importing.main([str(source), str(source)]) == 2
    assert "is the input of this command" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert importing.main([str(tmp_path / "nowhere.ckpt"), str(out)]) == 2
    assert capsys.readouterr().err.startswith("kernad-import: ")
    with pytest.raises(kernad.ReadError, match=r"model\.ckpt: .*PyTorch.*kernad-import"):
        kernad.KDEClassifier.load(source)


class Payload:
    ran = False

    def __reduce__(self) -> Any:
        return (setattr, (Payload, "ran", True))


def test_a_pickle_with_anything_else_is_refused(module, tmp_path) -> None:
    path = tmp_path / "evil.ckpt"
    torch.save({"state_dict": module.state_dict(), "callbacks": Payload()}, path)
    with pytest.raises(kernad.ReadError, match="refused: its pickle asks for more than tensors"):
        kernad_torch.from_anomalib(path)
    assert not Payload.ran
    torch.save({"state_dict": module.state_dict(), "model": module}, path)
    with pytest.raises(OSError, match="refused"):
        kernad_torch.from_anomalib(path)


def test_sources_that_hold_no_classifier(module, tmp_path) -> None:
    with pytest.raises(OSError, match="No such file"):
        kernad_torch.from_anomalib(tmp_path / "nowhere.ckpt")
    with pytest.raises(ValueError, match="no KDE classifier"):
        kernad_torch.from_anomalib({"weight": torch.zeros(3)})
    with pytest.raises(ValueError, match="holds 0 KDE classifiers"):
        kernad_torch.from_anomalib(torch.nn.Linear(2, 2))
    with pytest.raises(ValueError, match="holds 2 KDE classifiers"):
        kernad_torch.from_anomalib(torch.nn.ModuleList([module, copy.deepcopy(module)]))
    with pytest.raises(TypeError, match="int"):
        kernad_torch.from_anomalib(3)


# With the reference's own source.


@pytest.fixture
def live(reference, train, method) -> Any:
    classifier = reference.KDEClassifier(6, reference.FeatureScalingMethod(method))
    classifier.fit(torch.tensor(train))
    return classifier


def test_from_a_live_classifier(live, near, method) -> None:
    module = kernad_torch.from_anomalib(live)
    expected = live.compute_kde_scores(near.clone(), as_log_likelihood=True).double()
    above = expected > -60  # below, float32 densities lose digits and vanish
    assert above.sum() > 50
    torch.testing.assert_close(module.compute_kde_scores(near, True)[above], expected[above], atol=1e-3, rtol=0)
    for name, tensor in live.state_dict().items():
        assert torch.equal(module.state_dict()[name], tensor), name


def test_into_a_live_classifier(reference, fitted, module, near, method) -> None:
    expected = fitted.compute_kde_scores(near, as_log_likelihood=True)
    above = expected > -60
    for model in (fitted, module):
        target = reference.KDEClassifier(3)
        assert kernad_torch.to_anomalib(model, target) is target
        assert target.feature_scaling_method is reference.FeatureScalingMethod(method)
        scores = target.compute_kde_scores(near.clone(), as_log_likelihood=True).double()
        torch.testing.assert_close(scores[above], expected[above], atol=1e-3, rtol=0)
    target = reference.KDEClassifier(6, reference.FeatureScalingMethod(method))
    target.load_state_dict(module.state_dict())  # names, shapes and types are its own


def test_in_the_place_of_a_running_models_classifier(reference, module, monkeypatch) -> None:
    """DfkdeModel itself, with a small feature extractor in the place of timm's."""
    import importlib.util
    import os
    from pathlib import Path

    class Extractor(torch.nn.Module):
        def __init__(self, **_: Any) -> None:
            super().__init__()
            self.convolution = torch.nn.Conv2d(3, 24, 3)

        def forward(self, batch: Any) -> dict[str, Any]:
            return {"layer": self.convolution(batch)}

    data, parts = types.ModuleType("anomalib.data"), types.ModuleType("anomalib.models.components.classification")
    data.InferenceBatch = types.SimpleNamespace  # type: ignore[attr-defined]
    parts.KDEClassifier = reference.KDEClassifier  # type: ignore[attr-defined]
    parts.FeatureScalingMethod = reference.FeatureScalingMethod  # type: ignore[attr-defined]
    sys.modules["anomalib.models.components"].TimmFeatureExtractor = Extractor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "anomalib.data", data)
    monkeypatch.setitem(sys.modules, "anomalib.models.components.classification", parts)
    path = Path(os.environ["KERNAD_ANOMALIB_SOURCE"]) / "anomalib/models/image/dfkde/torch_model.py"
    spec = importlib.util.spec_from_file_location("dfkde_torch_model", path)
    assert spec is not None
    assert spec.loader is not None
    dfkde = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dfkde)

    torch.manual_seed(0)
    model = dfkde.DfkdeModel("none", ["layer"], pre_trained=False, n_pca_components=6)
    model.classifier = kernad_torch.KDEClassifier(6, module.feature_scaling_method)
    images = torch.randn(40, 3, 8, 8)
    features = model.train()(images)
    assert model.classifier.fit(features)
    scores = model.eval()(images).pred_score
    assert scores.shape == (40,)
    assert torch.equal(scores, model.classifier.predict(features))
    assert "classifier.kde_model.dataset" in model.state_dict()
    theirs = dfkde.DfkdeModel("none", ["layer"], pre_trained=False, n_pca_components=6)
    theirs.load_state_dict(model.state_dict())
    theirs.classifier.feature_scaling_method = reference.FeatureScalingMethod(module.feature_scaling_method.value)
    torch.testing.assert_close(theirs.eval()(images).pred_score, scores, atol=1e-3, rtol=0)
    assert torch.equal(kernad_torch.from_anomalib(theirs).predict(features), scores)
