"""The torch module traced, exported, compiled and asked for gradients: the same formulas in torch operations."""

from __future__ import annotations

import copy
import dataclasses
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from support import make_rows

torch = pytest.importorskip("torch", reason="torch is not installed")

from kernad import _torch_graph as graph  # noqa: E402
from kernad import torch as kernad_torch  # noqa: E402
from kernad._reference_form import NAMES  # noqa: E402

REFERENCE = set(NAMES)

MODELS: dict[str, dict[str, Any]] = {
    "scale": {"n_pca_components": 6},
    "norm": {"n_pca_components": 6, "feature_scaling_method": "norm"},
    "share": {"n_pca_components": 0.9, "bandwidth": "loo", "standardize": True},
    "residual": {"n_pca_components": "all", "bandwidth": "loo", "covariance": "ledoit-wolf", "standardize": True},
    "local": {"covariance": "isotropic", "local_alpha": 0.5, "bandwidth": 0.5},
    "all local": {"n_pca_components": "all", "covariance": "oas", "local_alpha": 1.0},
    "auto": {"auto": True},
}


def made(options: dict[str, Any], rows: int = 60) -> Any:
    module = kernad_torch.KDEClassifier(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        assert module.fit(torch.tensor(make_rows(rows)))
    return module


# Fewer rows than columns, so that components leave something out where all are kept.
ROWS = {name: 20 if name in ("residual", "all local", "auto") else 60 for name in MODELS}


@pytest.fixture(scope="module", params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def module(name: str) -> Any:
    return made(MODELS[name], ROWS[name])


@pytest.fixture
def rows() -> Any:
    near = make_rows(40, seed=1)
    return torch.tensor(np.concatenate([near, make_rows(20), near * 3, near * 1e4]))


def assert_agrees(scores: Any, expected: Any) -> None:
    """Within 1e-4 nats, or 1e-6 of a log-density beyond -100."""
    torch.testing.assert_close(scores.double(), expected.double(), atol=1e-4, rtol=1e-6)


def test_it_is_what_the_classifier_is(name: str, module: Any, rows: Any) -> None:
    plain = kernad.KDEClassifier(**MODELS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        plain.fit(make_rows(ROWS[name]))
    scores = module.compute_kde_scores(rows, True)
    assert scores.dtype == torch.float64
    if set(module.state_dict()) == REFERENCE:  # whose buffers are float32
        torch.testing.assert_close(scores, plain.compute_kde_scores(rows, True), atol=1e-4, rtol=1e-4)
    else:
        assert torch.equal(scores, plain.compute_kde_scores(rows, True))


def test_in_torch_operations_scores_are_the_cores(module: Any, rows: Any) -> None:
    expected = module.compute_kde_scores(rows, True)
    asked = rows.clone().requires_grad_()
    scores = module.compute_kde_scores(asked, True)
    assert scores.requires_grad
    assert_agrees(scores.detach(), expected)
    assert module(asked).dtype == torch.float32
    torch.testing.assert_close(module(asked).detach(), module(rows), atol=1e-6, rtol=0)
    densities = module.compute_kde_scores(asked).detach()
    torch.testing.assert_close(densities, module.compute_kde_scores(rows), atol=0, rtol=1e-4)


def test_gradients_are_the_slopes(module: Any) -> None:
    rows = torch.tensor(make_rows(5, seed=2)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: module.compute_kde_scores(x, True), rows, eps=1e-6, atol=1e-4)


def test_gradients_are_finite_at_training_rows_and_at_the_mean(module: Any) -> None:
    rows = torch.tensor(np.concatenate([make_rows(20), make_rows(20).mean(axis=0, keepdims=True)])).requires_grad_()
    module.compute_kde_scores(rows, True).sum().backward()
    assert torch.isfinite(rows.grad).all()


def test_a_trace_answers_to_its_input(module: Any, rows: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", torch.jit.TracerWarning)
        traced = torch.jit.trace(module, rows[:3])
    torch.testing.assert_close(traced(rows), module(rows), atol=1e-6, rtol=0)
    assert traced(rows[:0]).shape == (0,)
    file = io.BytesIO()
    torch.jit.save(traced, file)
    file.seek(0)
    torch.testing.assert_close(torch.jit.load(file)(rows), module(rows), atol=1e-6, rtol=0)


def test_an_exported_program_takes_any_batch(module: Any, rows: Any) -> None:
    program = torch.export.export(module, (rows[:3],), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.testing.assert_close(program.module()(rows), module(rows), atol=1e-6, rtol=0)


def test_compiled(module: Any, rows: Any) -> None:
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(rows), module(rows), atol=1e-6, rtol=0)


@pytest.mark.parametrize("opset", [17, 18])
def test_torchs_own_onnx_export(module: Any, rows: Any, tmp_path: Path, opset: int) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        module,
        (rows[:3],),
        str(path),
        dynamo=False,
        opset_version=opset,
        input_names=["features"],
        output_names=["probability"],
        dynamic_axes={"features": {0: "batch"}},
    )
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["features"]
    (probability,) = session.run(None, {"features": rows.numpy()})
    np.testing.assert_allclose(probability, module(rows), atol=1e-6)
    (strange,) = session.run(None, {"features": np.full((1, rows.shape[1]), np.nan, np.float32)})
    assert not (strange <= 0.5).any()


def test_a_row_that_is_not_finite_does_not_stop_the_batch(module: Any, rows: Any) -> None:
    expected = module(rows)
    wrong = rows.clone()
    wrong[1, 3], wrong[4, 0], wrong[6, 1] = torch.nan, torch.inf, -torch.inf
    with pytest.warns(RuntimeWarning, match="row 1 and 2 others"):
        scores = module(wrong)
    kept = torch.ones(len(rows), dtype=torch.bool)
    kept[[1, 4, 6]] = False
    assert torch.equal(scores[kept], expected[kept])
    assert torch.isnan(scores[~kept]).all()
    in_torch = module(wrong.requires_grad_()).detach()
    assert torch.equal(torch.isnan(in_torch), ~kept)


def test_on_a_device_without_float64(module: Any, rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "dtype_for", lambda device: torch.float32)
    near = rows[:60]
    expected = module.compute_kde_scores(near, True)
    scores = module.compute_kde_scores(near.clone().requires_grad_(), True).detach()
    assert scores.dtype == torch.float32
    # Squared distances of up to some thousands, each from differences with 24 bits.
    torch.testing.assert_close(scores.double(), expected, atol=1e-2, rtol=1e-4)
    wrong = near[:2].clone()
    wrong[0, 0] = torch.inf
    assert torch.isnan(module(wrong.requires_grad_())).tolist() == [True, False]


def test_a_large_batch_goes_through_in_blocks(module: Any, rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rows.clone().requires_grad_()
    whole = module(asked).detach()
    monkeypatch.setattr(graph, "BLOCK_VALUES", 7 * 60)
    torch.testing.assert_close(module(asked).detach(), whole, atol=1e-6, rtol=0)


def test_far_rows_stay_finite_and_ordered(module: Any, rows: Any) -> None:
    if module.feature_scaling_method == "norm":
        pytest.skip("with norm all far rows of one direction are alike")
    away = rows[:1] * torch.tensor([[10.0], [1e3], [1e10], [1e30]])
    scores = module.compute_kde_scores(away.requires_grad_(), as_log_likelihood=True)
    assert (scores.diff() < 0).all()


@pytest.mark.parametrize("clone", ["load_state_dict", "deepcopy", "torch.save", "file"])
def test_copies_score_the_same_bits(module: Any, rows: Any, clone: str, tmp_path: Path) -> None:
    if clone == "load_state_dict":
        other = kernad_torch.KDEClassifier(feature_scaling_method=module.feature_scaling_method)
        other.load_state_dict(module.state_dict())
        parent = torch.nn.Sequential(kernad_torch.KDEClassifier(feature_scaling_method=module.feature_scaling_method))
        parent.load_state_dict(torch.nn.Sequential(module).state_dict())
        assert torch.equal(parent(rows), module(rows))
    elif clone == "deepcopy":
        other = copy.deepcopy(module)
    elif clone == "file":
        module.save(tmp_path / "model.safetensors")
        other = kernad_torch.KDEClassifier.load(tmp_path / "model.safetensors")
    else:
        file = io.BytesIO()
        torch.save(module, file)
        file.seek(0)
        other = torch.load(file, weights_only=False)
    assert torch.equal(other(rows), module(rows))
    asked = rows.clone().requires_grad_()
    assert torch.equal(other(asked), module(asked))
    if clone != "load_state_dict":
        # A file has max_length as the buffer has it, in float32.
        length = pytest.approx(module.report().max_length, rel=1e-7)
        assert dataclasses.replace(other.report(), max_length=length) == dataclasses.replace(
            module.report(), max_length=length
        )
        assert other.bandwidth == module.bandwidth


def test_buffers_beyond_the_references_come_and_go() -> None:
    module = made(MODELS["auto"], 20)
    more = set(module.state_dict())
    assert "committee.first_tail" in more
    plain = made(MODELS["scale"])
    assert set(plain.state_dict()) == REFERENCE
    module.load_state_dict(plain.state_dict())
    assert set(module.state_dict()) == REFERENCE
    rows = torch.tensor(make_rows(9, seed=3))
    assert torch.equal(module(rows), plain(rows))
    plain.load_state_dict(made(MODELS["auto"], 20).state_dict())
    assert set(plain.state_dict()) == more
    assert plain.auto is True


def test_calibration_lives_in_the_buffers() -> None:
    rows = torch.tensor(make_rows(60))
    for name in ("scale", "auto", "local"):
        module = made(MODELS[name])
        plain = kernad.KDEClassifier(**MODELS[name])
        plain.fit(rows)
        assert module.calibration is None
        assert module.threshold is None
        module.calibrate(rows, folds=5, target_fpr=0.1)
        plain.calibrate(rows, folds=5, target_fpr=0.1)
        assert module.threshold == plain.threshold
        new = torch.tensor(make_rows(50, seed=4))
        assert torch.equal(module.predict_labels(new), plain.predict_labels(new))
        scores = module.compute_kde_scores(new, True)
        assert torch.equal(module.p_values(scores), plain.p_values(scores))
        other = kernad_torch.KDEClassifier()
        other.load_state_dict(module.state_dict())
        assert other.threshold == module.threshold
        assert torch.equal(other.predict_labels(new), module.predict_labels(new))
        assert other.explain(new[0]).p_value == plain.p_values(scores[:1])[0]
        other.set_threshold(probability=0.5)
        assert other.threshold.log_density == 12
        other.set_threshold_f1(torch.cat([new, new + 9]), torch.arange(100) >= 50)
        assert other.threshold.rule == "f1_max"
        other.calibrate_from(new, target_fpr=0.2)
        assert other.calibration.folds == 0
    broken = rows.clone()
    broken[0, 0] = torch.nan
    with pytest.warns(RuntimeWarning, match="row 0"):
        assert module.predict_labels(broken)[0]
    module.fit(rows)
    assert module.calibration is None


def test_decisions_in_a_trace() -> None:
    module = made(MODELS["scale"])
    module.calibrate(torch.tensor(make_rows(60)), folds=5, target_fpr=0.1)

    class Decisions(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = module

        def forward(self, rows: Any) -> Any:
            scores = self.classifier.compute_kde_scores(rows, True)
            return self.classifier.labels(scores), self.classifier.p_values(scores)

    new = torch.tensor(make_rows(50, seed=4))
    traced = torch.jit.trace(Decisions(), new[:2])
    labels, p_values = traced(new)
    assert torch.equal(labels, module.predict_labels(new))
    torch.testing.assert_close(p_values, module.p_values(module.compute_kde_scores(new, True)))
    other = kernad_torch.KDEClassifier()
    other.load_state_dict(module.state_dict())
    assert other._threshold == module._threshold is not None
    broken = new.clone()
    broken[0, 0] = torch.nan
    assert traced(broken)[0][0]
    module.fit(new)
    with pytest.raises(kernad.NotFittedError, match="threshold"):
        torch.jit.trace(Decisions(), new[:2])


def of_time_stamps() -> tuple[kernad.KDEClassifier, Any]:
    rows = make_rows(200).astype(np.float64)
    rows[:, 3] += 1.7e9  # seconds: float32 has none of their digits
    classifier = kernad.KDEClassifier(24)
    classifier.fit(rows)
    return classifier, torch.tensor(rows[:50] + 0.1)


def of_a_tiny_bandwidth() -> tuple[kernad.KDEClassifier, Any]:
    rows = make_rows(60, 4)
    classifier = kernad.KDEClassifier(4, bandwidth=1e-7)
    classifier.fit(rows)
    return classifier, torch.tensor(rows * np.float32(1 + 2e-7))


def of_a_subspace() -> tuple[kernad.KDEClassifier, Any]:
    rows = make_rows(200, 6)
    rows[:, 1] = 3
    rows[:, 4] = rows[:, 2]
    classifier = kernad.KDEClassifier(3)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    asked = rows[:40].copy()
    asked[10:20, 1] = np.linspace(2, 4, 10)
    asked[20:30, 4] += np.linspace(-1, 1, 10)
    asked[30:] *= 1e4
    return classifier, torch.tensor(asked)


def of_left_out_axes() -> tuple[kernad.KDEClassifier, Any]:
    rows = make_rows(200, 24)
    classifier = kernad.KDEClassifier(4)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    assert "residual.line" in classifier.state_dict()
    asked = rows[:40].copy()
    asked[10:30, 5] += np.linspace(-20, 20, 20)
    asked[30:] *= 1e4
    return classifier, torch.tensor(asked)


def of_rounded_shares() -> tuple[kernad.KDEClassifier, Any]:
    rows = np.round(np.random.default_rng(5).dirichlet([20, 10, 5, 3], 340) * 100, 1).astype(np.float32)
    classifier = kernad.KDEClassifier(auto=True)
    classifier.fit(rows[:300])
    classifier.calibrate(rows[:300], folds=5, target_fpr=0.1)
    assert "residual.line" in classifier.state_dict()
    asked = rows[300:].copy()
    asked[10:30, 0] += np.linspace(-1, 1, 20)
    return classifier, torch.tensor(asked)


def of_weights() -> tuple[kernad.KDEClassifier, Any]:
    plain, classifier = kernad.KDEClassifier(4), kernad.KDEClassifier(4)
    plain.fit(make_rows(60))
    state = plain.state_dict()
    state["kde_model.weights"] = np.linspace(0.1, 5, 60)
    classifier.load_state_dict(state)
    asked = make_rows(30, seed=2)
    difference = classifier.compute_kde_scores(asked, True) - plain.compute_kde_scores(asked, True)
    assert np.abs(difference).max() > 0.1
    return classifier, torch.tensor(asked)


@pytest.mark.parametrize(
    "make",
    [of_time_stamps, of_a_tiny_bandwidth, of_a_subspace, of_left_out_axes, of_rounded_shares, of_weights],
)
def test_what_only_some_models_have(make, tmp_path) -> None:
    classifier, rows = make()
    classifier.save(tmp_path / "model.safetensors")
    module = kernad_torch.KDEClassifier.load(tmp_path / "model.safetensors")
    other = kernad_torch.KDEClassifier()
    other.load_state_dict(module.state_dict())
    for same in (module, other):
        assert torch.equal(same.compute_kde_scores(rows, True), classifier.compute_kde_scores(rows, True))
        in_torch = same.compute_kde_scores(rows.clone().requires_grad_(), True)
        assert_agrees(in_torch.detach(), classifier.compute_kde_scores(rows, True))
        if classifier.threshold is not None:
            labels = same.predict_labels(rows)
            assert torch.equal(labels, classifier.predict_labels(rows))
            assert 0 < labels.sum() < len(labels)
    if make is not of_a_tiny_bandwidth:
        kernad.export_onnx(classifier, tmp_path / "model.onnx")
        session = pytest.importorskip("onnxruntime").InferenceSession(tmp_path / "model.onnx")
        found = session.run(["log_density"], {"features": rows.float().numpy()})[0]
        expected = classifier.compute_kde_scores(rows.float(), True).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-6)
    if classifier.threshold is None:
        with pytest.raises(kernad.InvalidInput, match=r"has no (shift|rows in double|weights).*; fit"):
            kernad_torch.to_anomalib(classifier)


def test_parts_are_the_references(rows: Any) -> None:
    module = made(MODELS["scale"])
    components = module.pca_model.transform(rows)
    assert components.dtype == torch.float32
    scaled, _ = module.pre_process(components, module.max_length)
    density = module.kde_model(scaled)
    assert density.dtype == torch.float32
    torch.testing.assert_close(density.double(), module.compute_kde_scores(rows), rtol=1e-3, atol=1e-12)
    back = module.pca_model.inverse_transform(components)
    assert (back - rows).square().sum() < (rows - rows.mean(0)).square().sum()
    assert "(pca_model): PCA()" in repr(module)
    assert "(kde_model): GaussianKDE()" in repr(module)


def test_a_scaling_method_may_be_set_by_name(rows: Any) -> None:
    module, named = made(MODELS["norm"]), made(MODELS["norm"])
    named.feature_scaling_method = "norm"
    assert torch.equal(named(rows), module(rows))
    named.feature_scaling_method = "length"
    with pytest.raises(ValueError, match="length"):
        named(rows)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_on_a_device(module: Any, rows: Any) -> None:
    expected = module.compute_kde_scores(rows, True)
    moved = copy.deepcopy(module).to("cuda")
    scores = moved.compute_kde_scores(rows.to("cuda"), True)
    assert scores.device.type == "cuda"
    assert_agrees(scores.cpu(), expected)
    assert moved(rows.to("cuda")).dtype == torch.float32


@pytest.mark.parametrize("convert", ["half", "bfloat16", "float"])
def test_narrower_types_change_no_score(name: str, module: Any, rows: Any, convert: str) -> None:
    """float16 cannot hold the reference's norm: each row of a traced module was normal."""
    narrow = copy.deepcopy(module)
    getattr(narrow, convert)()
    scores = module.compute_kde_scores(rows, True)
    assert torch.equal(narrow.compute_kde_scores(rows, True), scores)
    assert_agrees(narrow.compute_kde_scores(rows.clone().requires_grad_(), True).detach(), scores)
    assert narrow(rows.half()).dtype == torch.float16


def test_a_wider_type_is_taken(rows: Any) -> None:
    wide = made(MODELS["scale"]).double()
    assert wide.pca_model.transform(rows.double()).dtype == torch.float64
    assert wide.to(torch.float32).max_length.dtype == torch.float64


@pytest.mark.parametrize("act", ["fit", "load", "convert", "assign"])
def test_inference_mode(rows: Any, act: str) -> None:
    """Tensors that are made there do not count their changes."""
    module = made(MODELS["scale"])
    other = made(MODELS["scale"], rows=90)
    with torch.inference_mode():
        if act == "fit":
            module.fit(torch.tensor(make_rows(90)))
        elif act == "convert":
            module.load_state_dict(other.double().state_dict())
            module.double()
        else:
            state = {name: value.clone() for name, value in other.state_dict().items()}
            module.load_state_dict(state, assign=act == "assign")
        scores = module.compute_kde_scores(rows, True)
        module.calibrate(torch.tensor(make_rows(90)), target_fpr=0.05)
    torch.testing.assert_close(scores, other.compute_kde_scores(rows, True))
    assert module.predict_labels(rows).any()


def test_a_state_loaded_where_another_was_freed_is_seen(rows: Any) -> None:
    modules = [made(MODELS["scale"], rows=60 + i) for i in (0, 0, 0)]
    states = [{k: v.clone() for k, v in m.state_dict().items()} for m in modules]
    states[1]["kde_model.dataset"] += 1
    module = kernad_torch.KDEClassifier(6)
    for state in states:
        module.load_state_dict(state)
        kept = module._cached
        module.classifier()
        assert module._cached is not kept
        assert all(a is b for a, b in zip(module._cached[2], module._model().values(), strict=True))


def test_transforms_of_functions(name: str, module: Any, rows: Any) -> None:
    """torch.func and forward-mode gradients get what backward gives."""
    some = rows[:5].clone()
    scores = module.compute_kde_scores(some, True)

    def score(x: Any) -> Any:
        return module.compute_kde_scores(x, True)

    leaf = some.clone().requires_grad_()
    (expected,) = torch.autograd.grad(score(leaf).sum(), leaf)
    assert_agrees(torch.vmap(lambda row: score(row[None])[0])(some), scores)
    reverse = torch.func.jacrev(score)(some)
    torch.testing.assert_close(reverse.sum(dim=1), expected)
    direction = torch.ones_like(some)
    along = (expected * direction).sum(dim=1).double()
    _, tangents = torch.func.jvp(score, (some,), (direction,))
    torch.testing.assert_close(tangents, along, rtol=1e-3, atol=1e-3)
    with torch.autograd.forward_ad.dual_level():
        dual = score(torch.autograd.forward_ad.make_dual(some, direction))
        tangents = torch.autograd.forward_ad.unpack_dual(dual).tangent
    torch.testing.assert_close(tangents, along, rtol=1e-3, atol=1e-3)
