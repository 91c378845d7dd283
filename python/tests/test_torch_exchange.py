"""Models of kernad.torch pass whole through conversions, and what anomalib's form loses is said."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

torch = pytest.importorskip("torch", reason="torch is not installed")

from kernad import importing  # noqa: E402
from kernad import torch as kernad_torch  # noqa: E402

MODELS: dict[str, dict[str, Any]] = {
    "plain": {"n_pca_components": 24},
    "norm": {"n_pca_components": 6, "feature_scaling_method": "norm", "seed": 3},
    "residual": {"n_pca_components": 4, "standardize": True},
    "auto": {"auto": True},
}


@pytest.fixture(params=MODELS)
def module(request: pytest.FixtureRequest) -> Any:
    module = kernad_torch.KDEClassifier(**MODELS[request.param])
    assert module.fit(torch.tensor(make_rows(60)))
    module.calibrate(torch.tensor(make_rows(60)), folds=5, target_fpr=0.1)
    return module


def outliers() -> Any:
    rows = make_rows(80, seed=1)
    rows[:40, 5] += np.linspace(-20, 20, 40)
    return torch.tensor(rows)


def sources(module: Any, folder: Path) -> dict[str, Any]:
    """Everything that holds the module's model, by the name of its kind."""
    state = module.state_dict()
    checkpoint = {
        "state_dict": {f"model.classifier.{name}": value for name, value in state.items()} | {"w": torch.zeros(2)},
        "hyper_parameters": {"n_pca_components": 16},
    }
    torch.save(checkpoint, folder / "model.ckpt")
    module.save(folder / "model.safetensors")
    found = {
        "module": module,
        "model": torch.nn.Sequential(torch.nn.Linear(2, 2), module),
        "state dict": state,
        "checkpoint": checkpoint,
        "file": folder / "model.ckpt",
        "model file": folder / "model.safetensors",
        "state of a classifier": module.classifier().state_dict(),
    }
    try:
        from safetensors.torch import save_file
    except ImportError:
        return found
    save_file(state, folder / "state.safetensors")
    return found | {"state file": folder / "state.safetensors"}


def assert_same(loaded: Any, module: Any) -> None:
    rows = outliers()
    assert loaded.threshold == module.threshold
    assert loaded.calibration.folds == module.calibration.folds
    np.testing.assert_array_equal(loaded.calibration.log_densities, module.calibration.log_densities)
    scores = module.compute_kde_scores(rows, True)
    assert torch.equal(loaded.compute_kde_scores(rows, True), scores)
    assert torch.equal(loaded.p_values(scores), module.p_values(scores))
    assert torch.equal(loaded.labels(scores), module.labels(scores))
    for name in ("feature_scaling_method", "n_pca_components", "seed", "standardize", "auto"):
        assert getattr(loaded, name) == getattr(module, name), name


def test_a_calibrated_model_is_loaded_whole(module: Any, tmp_path: Path) -> None:
    for kind, source in sources(module, tmp_path).items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_same(kernad_torch.from_anomalib(source), module)
        if isinstance(source, Path):
            out = tmp_path / f"{kind}.imported.safetensors"
            assert importing.main([str(source), str(out)]) == 0
            assert_same(kernad.KDEClassifier.load(out), module)


def test_the_core_reads_a_modules_state(module: Any, tmp_path: Path) -> None:
    loaded = kernad.KDEClassifier()
    loaded.load_state_dict(module.state_dict())
    assert_same(loaded, module)
    found = sources(module, tmp_path)
    if "state file" not in found:
        pytest.skip("safetensors is not installed")
    assert_same(kernad.KDEClassifier.load(found["state file"]), module)


def test_another_scaling_method_than_the_sources_is_refused(module: Any, tmp_path: Path) -> None:
    method = module.feature_scaling_method.value
    other = "scale" if method == "norm" else "norm"
    for source in sources(module, tmp_path).values():
        kernad_torch.from_anomalib(source, feature_scaling_method=method)
        with pytest.raises(ValueError, match=f"is '{other}'; the source says that it is '{method}'"):
            kernad_torch.from_anomalib(source, feature_scaling_method=other)


@pytest.mark.parametrize("text", [b"", b"3", b'{"seed": 0}', b"\xff"])
def test_damaged_metadata_are_refused(text: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = kernad_torch.KDEClassifier(6)
    module.fit(torch.tensor(make_rows(60)))
    module.set_threshold(log_density=3.0)
    state = module.state_dict()
    state["metadata"] = torch.tensor(list(text), dtype=torch.uint8)
    for call in (kernad_torch.from_anomalib, kernad.KDEClassifier().load_state_dict, module.load_state_dict):
        with pytest.raises(ValueError, match="tensor 'metadata' is not a module's"):
            call(state)
    torch.save(state, tmp_path / "model.pt")
    assert importing.main([str(tmp_path / "model.pt"), str(tmp_path / "out.safetensors")]) == 2
    assert "metadata" in capsys.readouterr().err


def test_an_unfitted_module_is_no_source() -> None:
    with pytest.raises(kernad.NotFittedError):
        kernad_torch.from_anomalib(kernad_torch.KDEClassifier())


LOST = {
    "plain": "the calibration, .* and the threshold, which labels come from:",
    "norm": "the calibration, .*, the threshold, .* and the judge of what the components leave out",
}


@pytest.mark.parametrize("name", LOST)
def test_what_anomalib_cannot_hold_is_said(name: str) -> None:
    classifier = kernad.KDEClassifier(**MODELS[name])
    classifier.fit(make_rows(60))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernad_torch.to_anomalib(classifier)
    classifier.calibrate(make_rows(60), folds=5, target_fpr=0.1)
    module = kernad_torch.KDEClassifier()
    module.load_state_dict(kernad_torch.from_anomalib(classifier.state_dict()).state_dict())
    for model in (classifier, module):
        with pytest.warns(kernad.DataWarning, match=f"anomalib's form has no place for {LOST[name]}") as caught:
            state = kernad_torch.to_anomalib(model)
        assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name]
        assert [warning.message.code for warning in caught] == ["decisions_lost"]
        assert len(state) == 7
    classifier.calibrate_from(make_rows(60))
    classifier.set_threshold(log_density=1.0)


def test_the_judge_of_the_subspace_is_named() -> None:
    rows = make_rows(200, 6)
    rows[:, 1] = 3
    classifier = kernad.KDEClassifier(3)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5)
    with pytest.warns(kernad.DataWarning, match="the judge of rows outside the training rows' subspace"):
        kernad_torch.to_anomalib(classifier)


def calls(module: Any) -> dict[str, Any]:
    """Every method that takes features or scores."""
    names = "fit pre_process compute_kde_scores predict forward explain calibrate calibrate_from predict_labels labels"
    return {name: getattr(module, name) for name in [*names.split(), "p_values", "compute_probabilities"]} | {
        "__call__": module,
        "set_threshold_f1": lambda rows: module.set_threshold_f1(rows, [0, 1, 0]),
        "with gradients": lambda rows: module(rows.requires_grad_()),
    }


@pytest.mark.parametrize("kind", ["sparse", "meta", "quantized"])
def test_a_tensor_without_dense_values_is_refused(kind: str) -> None:
    module = kernad_torch.KDEClassifier(6)
    module.fit(torch.tensor(make_rows(60)))
    module.set_threshold(log_density=3.0)
    rows = torch.ones(3, 24)
    if kind == "quantized":
        given, says = torch.quantize_per_tensor(rows, 0.1, 0, torch.qint8), r"a quantized tensor.*dequantize\(\)"
    elif kind == "meta":
        given, says = rows.to("meta"), "a tensor on the meta device, which has no values"
    else:
        given, says = rows.to_sparse(), r"a torch.sparse_coo tensor; a dense one is needed \(to_dense\(\)\)"
    for name, call in calls(module).items():
        if kind == "quantized" and name == "with gradients":
            continue
        with pytest.raises(kernad.InvalidInput, match=says):
            call(given)
    assert module.threshold.log_density == 3.0


def test_a_module_on_the_meta_device_has_no_values() -> None:
    module = kernad_torch.KDEClassifier(6)
    module.fit(torch.tensor(make_rows(60)))
    with pytest.raises(kernad.InvalidInput, match="the classifier's buffers: a tensor on the meta device"):
        module.to("meta")(torch.ones(3, 24))
