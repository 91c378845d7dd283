"""ONNX Runtime runs the exported graph to kernad's numbers."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import kernad
from kernad import export
from support import make_rows

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402


def everything(path: Path, rows: np.ndarray) -> dict[str, np.ndarray]:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: rows}), strict=True))


def run(path: Path, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [o.name for o in session.get_outputs()] == ["log_density", "probability"]
    log_density, probability = session.run(None, {session.get_inputs()[0].name: rows})
    return log_density, probability


@pytest.mark.parametrize("opset", [13, 17, 18, None, 21, np.int64(23)])
def test_the_graph_gives_kernads_numbers(fitted, queries, log_density, tmp_path, opset) -> None:
    path = tmp_path / "model.onnx"
    kernad.export_onnx(fitted, path, opset=opset)
    scores, probability = run(path, queries)
    assert np.isfinite(scores).all()
    near = np.abs(log_density) < 100
    assert near.sum() > 50
    np.testing.assert_allclose(scores[near], log_density[near], atol=1e-4, rtol=0)
    np.testing.assert_allclose(scores[~near], log_density[~near], rtol=1e-6)
    np.testing.assert_allclose(probability, fitted.predict(queries), atol=1e-6)
    for count in (0, 1, 7):  # the batch is free
        part, _ = run(path, queries[:count])
        np.testing.assert_allclose(part, scores[:count], rtol=1e-12)


def test_a_zero_row_in_norm_mode_stays_zero(train, tmp_path) -> None:
    classifier = kernad.KDEClassifier(6, "norm")
    classifier.fit(np.concatenate([train, -train]))  # their mean is 0 exactly
    asked = np.zeros((1, 24), np.float32)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    scores, _ = run(tmp_path / "model.onnx", asked)
    np.testing.assert_allclose(scores, classifier.compute_kde_scores(asked, as_log_likelihood=True), atol=1e-4)


@pytest.mark.parametrize("options", [{"n_pca_components": 6}, {"auto": True}])
def test_decisions(train, options, tmp_path) -> None:
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(train[:150])
    classifier.calibrate(train[:150], folds=5, target_fpr=0.1)
    assert classifier.threshold is not None
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    asked = np.concatenate([train[150:], train[150:200] * 1.5])
    found = everything(tmp_path / "model.onnx", asked)
    assert list(found) == ["log_density", "probability", "p_value", "score", "label"]
    scores = classifier.compute_kde_scores(asked, as_log_likelihood=True)
    clear = np.abs(scores[:, None] - classifier.calibration.log_densities).min(axis=1) > 1e-4  # of a tie
    assert clear.sum() > 150
    np.testing.assert_allclose(found["p_value"][clear], classifier.p_values(scores)[clear], rtol=1e-12)
    np.testing.assert_array_equal(found["label"][clear], classifier.labels(scores)[clear])
    assert 0 < found["label"].sum() < len(asked)
    np.testing.assert_array_equal(found["score"] >= 0.5, found["label"])
    order = np.argsort(found["log_density"])
    assert (np.diff(found["score"][order]) <= 0).all()
    classifier.set_threshold(log_density=-3.0)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    found = everything(tmp_path / "model.onnx", asked)
    np.testing.assert_allclose(found["score"], 1 / (1 + np.exp(0.05 * (found["log_density"] + 3))), rtol=1e-9)


@pytest.mark.parametrize("options", [{"n_pca_components": 6}, {"feature_scaling_method": "norm"}, {"auto": True}])
def test_what_is_not_finite_never_reads_as_normal(train, options, tmp_path) -> None:
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(train[:60])
    classifier.calibrate(train[:60], folds=5, target_fpr=0.1)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    asked = train[60:120].copy()
    for i in range(24):
        asked[i, i] = np.nan
        asked[24 + i, i] = np.inf if i % 2 else -np.inf
    found = everything(tmp_path / "model.onnx", asked)
    assert (found["log_density"][:48] == -np.inf).all()
    for name in ("probability", "score", "label"):
        assert (found[name][:48] == 1).all(), name
    assert (found["p_value"][:48] == 1 / 61).all()
    rest = asked[48:]
    np.testing.assert_allclose(found["log_density"][48:], classifier.compute_kde_scores(rest, True), atol=1e-4)


@pytest.mark.parametrize("options", [{"n_pca_components": 3}, {"auto": True}])
def test_rows_outside_the_training_subspace(options, tmp_path) -> None:
    rows = np.random.default_rng(4).normal(size=(200, 5)).astype(np.float32)
    rows[:, 1] = 3
    rows[:, 4] = rows[:, 2]
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    asked = np.zeros((5, 5), np.float32)
    asked[:, 1] = [3, 3.5, 3, -1e6, 3]
    asked[2, 4] = 1
    asked[4, 2] = -1e30
    scores = classifier.compute_kde_scores(asked, as_log_likelihood=True)
    found = everything(tmp_path / "model.onnx", asked)
    np.testing.assert_allclose(found["log_density"], scores, rtol=1e-6, atol=1e-4)
    np.testing.assert_array_equal(found["label"], [False, True, True, True, True])
    np.testing.assert_array_equal(classifier.labels(scores), [0, 1, 1, 1, 1])


def rounded_shares(rng: np.random.Generator, rows: int) -> np.ndarray:
    shares = rng.dirichlet([20, 10, 5, 3], rows) * 100
    return np.round(shares, 1).astype(np.float32)


@pytest.mark.parametrize("options", [{}, {"standardize": True}, {"feature_scaling_method": "norm"}, {"auto": True}])
def test_what_the_densities_do_not_see(options, tmp_path) -> None:
    rng = np.random.default_rng(5)
    if "auto" in options:
        rows, asked = rounded_shares(rng, 300), rounded_shares(rng, 100)
        asked[:20, 0] += np.linspace(-1, 1, 20, dtype=np.float32)
    else:
        rows, asked = (rng.normal(size=(n, 20)).astype(np.float32) for n in (300, 100))
        asked[:20, 7] += np.linspace(-9, 9, 20, dtype=np.float32)
    asked[20] *= 1e20
    asked[21] = np.nan
    classifier = kernad.KDEClassifier(**options)
    classifier.fit(rows)
    plain = classifier.compute_kde_scores(asked[:20], as_log_likelihood=True)
    classifier.calibrate(rows, folds=5, target_fpr=0.1)
    assert "residual.line" in classifier.state_dict()
    known = np.arange(100) != 21
    scores = classifier.compute_kde_scores(asked[known], as_log_likelihood=True)
    assert (scores[:20] < plain).sum() > 5
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    found = everything(tmp_path / "model.onnx", asked)
    np.testing.assert_allclose(found["log_density"][known], scores, rtol=1e-6, atol=1e-4)
    assert (found["label"][known] == classifier.labels(scores)).mean() > 0.98
    assert found["log_density"][21] == -np.inf
    assert found["label"][21]


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("alpha", [0, 0.5])
@pytest.mark.parametrize("bandwidth", [1e-2, 1e-5, 1e-7])
def test_a_bandwidth_too_small_for_float32(bandwidth, alpha, opset, tmp_path) -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(300, 6)).astype(np.float32)
    classifier = kernad.KDEClassifier(6, bandwidth=bandwidth, local_alpha=alpha)
    classifier.fit(rows)
    near = rows[:40] + (bandwidth * rng.normal(size=(40, 6))).astype(np.float32)
    asked = np.vstack([rows[:20], near, rng.normal(size=(20, 6)).astype(np.float32)])
    kernad.export_onnx(classifier, tmp_path / "model.onnx", opset=opset)
    scores = classifier.compute_kde_scores(asked, as_log_likelihood=True)
    found = everything(tmp_path / "model.onnx", asked)
    np.testing.assert_allclose(found["log_density"], scores, rtol=1e-6, atol=1e-4)


def test_metadata(fitted, train, tmp_path) -> None:
    fitted.calibrate(train, folds=3, target_fpr=0.05)
    fitted.save(tmp_path / "model.safetensors")
    backbone(tmp_path / "backbone.onnx", True, 17)
    for source in (None, tmp_path / "backbone.onnx"):
        kernad.export_onnx(fitted, tmp_path / "model.onnx", append_to=source)
        model = onnx.load(tmp_path / "model.onnx")
        assert (model.producer_name, model.producer_version) == ("kernad", kernad.__version__)
        told = {p.key: p.value for p in model.metadata_props}
        assert told["kernad.model_sha256"] == hashlib.sha256((tmp_path / "model.safetensors").read_bytes()).hexdigest()
        assert float(told["kernad.threshold"]) == fitted.threshold.log_density
        assert told["kernad.threshold_rule"] == "target_fpr"
        assert told["kernad.calibration_rows"] == "300"
        assert told["kernad.version"] == kernad.__version__


def test_names_of_columns_are_in_the_metadata(train, tmp_path) -> None:
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    assert "kernad.feature_names" not in {p.key for p in onnx.load(tmp_path / "model.onnx").metadata_props}
    classifier.column_names = [f"column {i}, ü" for i in range(24)]
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    told = {p.key: p.value for p in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(told["kernad.feature_names"]) == list(classifier.column_names)


def test_many_rows_within_the_promise(tmp_path) -> None:
    """Sums of 5,000 kernels, of which few count or all: what exponentials in float32 leave over."""
    train, asked = make_rows(5000, 4, seed=5), make_rows(300, 4, seed=6)
    for options in ({"bandwidth": 0.05}, {"bandwidth": 30.0}, {"local_alpha": 0.5}):
        classifier = kernad.KDEClassifier(4, **options)
        classifier.fit(train)
        kernad.export_onnx(classifier, tmp_path / "model.onnx")
        expected = classifier.compute_kde_scores(asked, as_log_likelihood=True)
        np.testing.assert_allclose(run(tmp_path / "model.onnx", asked)[0], expected, atol=1e-4, rtol=1e-6)


def test_rows_with_weights(train, tmp_path) -> None:
    plain, classifier = kernad.KDEClassifier(4), kernad.KDEClassifier(4)
    plain.fit(train)
    state = plain.state_dict()
    state["kde_model.weights"] = np.linspace(0.1, 5, 300)
    classifier.load_state_dict(state)
    kernad.export_onnx(classifier, tmp_path / "model.onnx")
    expected = classifier.compute_kde_scores(train, as_log_likelihood=True)
    assert np.abs(expected - plain.compute_kde_scores(train, as_log_likelihood=True)).max() > 0.1
    np.testing.assert_allclose(run(tmp_path / "model.onnx", train)[0], expected, atol=1e-4, rtol=1e-6)


@pytest.mark.parametrize("options", [{"bandwidth": 1e-4}, {"bandwidth": 1e-4, "local_alpha": 0.5}, {"auto": True}])
@pytest.mark.parametrize("outliers", [0, 5])
def test_models_that_need_more_than_float32_are_said(options, outliers, tmp_path) -> None:
    """OpenVINO was off by 179 nats of 198 without a word; ONNX Runtime computes in float64."""
    rows = np.concatenate([make_rows(200), make_rows(200)[:outliers] * 1000])
    classifier = kernad.KDEClassifier(**options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        classifier.fit(rows)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kernad.export_onnx(classifier, tmp_path / "model.onnx")
    assert len(caught) == int("bandwidth" in options)
    for warning in caught:
        assert isinstance(warning.message, kernad.DataWarning)
        assert warning.message.code == "digits_lost"
        assert Path(warning.filename).name == Path(__file__).name
        found = re.search(r"one of ([-\d.e+]+) is off by ([\d.e+]+);", str(warning.message))
        of, off = map(float, found.groups())
        assert off > max(1e-3, 1e-5 * abs(of))
    np.testing.assert_allclose(
        run(tmp_path / "model.onnx", rows)[0], classifier.compute_kde_scores(rows, True), atol=1e-4, rtol=1e-6
    )


def test_only_standard_operators(fitted, tmp_path) -> None:
    kernad.export_onnx(fitted, tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    assert {o.domain for o in model.opset_import} == {""}
    assert {"MatMul", "Exp", "Log", "Sigmoid"} <= {n.op_type for n in model.graph.node}
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def backbone(path: Path, spatial: bool, opset: int, outputs: int = 1, dtype: int = TensorProto.FLOAT) -> np.ndarray:
    """A 1x1 convolution from 3 to 24 channels, pooled to one number a channel or not. Returns its weights."""
    weights = np.random.default_rng(2).normal(size=(24, 3, 1, 1)).astype(helper.tensor_dtype_to_np_dtype(dtype))
    nodes = [helper.make_node("Conv", ["image", "weights"], ["map"])]
    shape: list[str | int] = ["n", 24, "h", "w"]
    if not spatial:
        nodes += [
            helper.make_node("GlobalAveragePool", ["map"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["embedding"]),
        ]
        shape = ["n", 24]
    name = "map" if spatial else "embedding"
    made = [helper.make_tensor_value_info(name, dtype, shape)]
    if outputs == 2:
        nodes.append(helper.make_node("Identity", [name], ["other"]))
        made.append(helper.make_tensor_value_info("other", dtype, shape))
    image = helper.make_tensor_value_info("image", dtype, ["n", 3, "h", "w"])
    graph = helper.make_graph(nodes, "backbone", [image], made, [numpy_helper.from_array(weights, "weights")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)
    return weights[:, :, 0, 0].astype(np.float64)


@pytest.mark.parametrize("spatial", [True, False])
@pytest.mark.parametrize("opset", [11, 13, 17, 20])
def test_from_image_to_probability(fitted, tmp_path, spatial, opset) -> None:
    weights = backbone(tmp_path / "backbone.onnx", spatial, opset)
    kernad.export_onnx(fitted, tmp_path / "joined.onnx", append_to=tmp_path / "backbone.onnx")
    images = np.random.default_rng(3).normal(size=(5, 3, 8, 6)).astype(np.float32)
    log_density, probability = run(tmp_path / "joined.onnx", images)
    features = images.astype(np.float64).mean(axis=(2, 3)) @ weights.T
    np.testing.assert_allclose(log_density, fitted.compute_kde_scores(features, True), rtol=1e-4)
    np.testing.assert_allclose(probability, fitted.predict(features), atol=1e-4)


def test_a_half_precision_backbone(fitted, tmp_path) -> None:
    backbone(tmp_path / "backbone.onnx", True, 17, dtype=TensorProto.FLOAT16)
    kernad.export_onnx(fitted, tmp_path / "joined.onnx", append_to=tmp_path / "backbone.onnx")
    scores, _ = run(tmp_path / "joined.onnx", np.ones((2, 3, 4, 4), np.float16))
    assert np.isfinite(scores).all()


def test_which_output(fitted, tmp_path) -> None:
    source = tmp_path / "backbone.onnx"
    backbone(source, True, 17, outputs=2)
    with pytest.raises(ValueError, match=r"which output holds the features\? It has: map, other"):
        kernad.export_onnx(fitted, tmp_path / "joined.onnx", append_to=source)
    with pytest.raises(ValueError, match="no output 'x'"):
        kernad.export_onnx(fitted, tmp_path / "joined.onnx", append_to=source, backbone_output="x")
    kernad.export_onnx(fitted, tmp_path / "joined.onnx", append_to=source, backbone_output="other")
    assert run(tmp_path / "joined.onnx", np.ones((1, 3, 2, 2), np.float32))[0].shape == (1,)


def test_errors(fitted, train, tmp_path) -> None:
    path = tmp_path / "x.onnx"
    with pytest.raises(kernad.NotFittedError):
        kernad.export_onnx(kernad.KDEClassifier(), path)
    backbone(tmp_path / "backbone.onnx", True, 17)
    for source in (None, tmp_path / "backbone.onnx"):
        for opset in (9, 0, -1, 99, True):
            says = rf"^opset is {int(opset)}; valid: 13 to {onnx.defs.onnx_opset_version()}$"
            with pytest.raises(kernad.InvalidParameter, match=says):
                kernad.export_onnx(fitted, path, opset=opset, append_to=source)
        for wrong in ("a", 17.0):
            with pytest.raises(TypeError, match=f"^opset is {wrong!r}; a whole number is needed$"):
                kernad.export_onnx(fitted, path, opset=wrong, append_to=source)
    with pytest.raises(OSError, match="nowhere"):
        kernad.export_onnx(fitted, path, append_to=tmp_path / "nowhere.onnx")
    with pytest.raises(kernad.WriteError, match="No such file"):
        kernad.export_onnx(fitted, tmp_path / "no" / "folder.onnx")
    with pytest.raises(kernad.WriteError, match="directory"):
        kernad.export_onnx(fitted, tmp_path)
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(kernad.ReadError, match=r"text\.onnx: not an ONNX model"):
        kernad.export_onnx(fitted, path, append_to=tmp_path / "text.onnx")
    narrow = kernad.KDEClassifier(2)
    narrow.fit(train[:, :5])
    backbone(tmp_path / "backbone.onnx", True, 17)
    with pytest.raises(ValueError, match="24 columns; the classifier was fitted on 5"):
        kernad.export_onnx(narrow, path, append_to=tmp_path / "backbone.onnx")
    assert not path.exists()
    assert not [*tmp_path.glob(".*"), *tmp_path.parent.glob(f".{tmp_path.name}.*")]


def test_the_command(fitted, queries, log_density, tmp_path, capsys) -> None:
    model, out = tmp_path / "model.safetensors", tmp_path / "out.onnx"
    fitted.save(model)
    assert export.main([str(model), str(out)]) == 0
    near = np.abs(log_density) < 100
    np.testing.assert_allclose(run(out, queries)[0][near], log_density[near], atol=1e-4)
    backbone(tmp_path / "backbone.onnx", False, 17)
    assert export.main([str(model), str(out), "--append-to", str(tmp_path / "backbone.onnx")]) == 0
    assert run(out, np.ones((2, 3, 4, 4), np.float32))[1].shape == (2,)
    for arguments in ([model, model], [model, tmp_path / "backbone.onnx", "--append-to", tmp_path / "backbone.onnx"]):
        before = arguments[1].read_bytes()
        assert export.main([str(argument) for argument in arguments]) == 2
        assert "is an input of this command" in capsys.readouterr().err
        assert arguments[1].read_bytes() == before
    assert export.main([str(tmp_path / "nowhere.safetensors"), str(out)]) == 2
    assert capsys.readouterr().err.startswith("kernad-export: ")
