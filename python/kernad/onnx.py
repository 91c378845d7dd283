"""The classifier as a graph of standard ONNX operators, alone or behind a feature extractor. Needs the package onnx.

The graph computes in float64 and takes the reference rows of the density as they are: its log-densities are those of
kernad to within 1e-4 nats (measured: below 1e-6), and finite wherever those are. A batch of M rows needs M x N doubles
of memory for a model of N training rows.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._errors import InvalidInput, InvalidParameter, ReadError, WriteError
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

try:
    import onnx
    from onnx import TensorProto, compose, helper, numpy_helper, version_converter
except ImportError as error:
    raise ImportError("kernad.onnx needs the package onnx: pip install onnx") from error

DEFAULT_OPSET = 18
OLDEST_OPSET = 13
"""The first in which every operator used takes float64 and ReduceSum's axes are an input."""

_IR_VERSIONS = {13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}


def export_onnx(
    model: KDEClassifier,
    path: str | os.PathLike[str],
    *,
    append_to: str | os.PathLike[str] | None = None,
    backbone_output: str | None = None,
    opset: int | None = None,
) -> None:
    """Write a fitted classifier as an ONNX file.

    Alone, the graph takes ``features`` (float32, batch x D). Behind a feature extractor it takes what that takes; an
    output of batch x C x H x W is averaged over H and W first, as anomalib does. Either way it gives ``log_density``
    (float64, batch; nats, higher is more normal) and ``probability`` (float64, batch; higher is more anomalous). The
    batch size is free.

    Args:
        model: a fitted classifier.
        path: the file to write, whole or not at all.
        append_to: an ONNX file of a feature extractor to join the classifier behind.
        backbone_output: which of its outputs holds the features, where it has more than one.
        opset: version of the standard operators, 13 or newer. Default: 18, or the extractor's own.

    Raises:
        NotFittedError: there is no model.
        ValueError: the extractor's output does not fit the classifier, the opset is too old, or the density has
            bandwidths of each row's own, or there are two (``auto``).
        OSError: a file cannot be read or written.
    """
    state = model.state_dict()
    if "committee.first_tail" in state:
        raise InvalidInput("two densities that judge together have no ONNX form; fit without auto")
    if "kde_model.local_factors" in state:
        raise InvalidInput("a density with bandwidths of each row's own has no ONNX form; fit with local_alpha = 0")
    if append_to is None:
        graph = _classifier(state, model.feature_scaling_method, opset or DEFAULT_OPSET, TensorProto.FLOAT)
    else:
        graph = _joined(state, model.feature_scaling_method, _read(append_to), backbone_output, opset)
    onnx.checker.check_model(graph, full_check=True)
    _write(graph, Path(path))


class _Graph:
    """Nodes and constants as they come, every name under ``kernad/`` so that none meets a backbone's."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), f"kernad/{name}"))
        return f"kernad/{name}"

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(kind, inputs, [output], name=f"kernad/{kind}/{len(self.nodes)}", **attributes)
        )
        return output

    def reduce(self, kind: str, value: str, output: str, keepdims: int) -> str:
        """Over axis 1; the axes became an input in opset 18."""
        if self.opset < 18:
            return self.node(kind, [value], output, axes=[1], keepdims=keepdims)
        axes = "kernad/axis"
        if not any(c.name == axes for c in self.constants):
            self.constant("axis", np.array([1], dtype=np.int64))
        return self.node(kind, [value, axes], output, keepdims=keepdims)


def _classifier(state: Any, method: FeatureScalingMethod, opset: int, input_type: int) -> Any:
    if opset < OLDEST_OPSET:
        raise InvalidParameter(f"opset is {opset}; valid: {OLDEST_OPSET} or newer")
    g = _Graph(opset)
    rows = g.node("Cast", ["features"], "kernad/rows", to=TensorProto.DOUBLE)
    centred = g.node("Sub", [rows, g.constant("pca_mean", state["pca_model.mean"])], "kernad/centred")
    vectors = g.constant("singular_vectors", state["pca_model.singular_vectors"])
    features = g.node("MatMul", [centred, vectors], "kernad/components")
    if state["kde_model.bw_transform"].shape[0] > state["pca_model.singular_vectors"].shape[1]:
        features = _with_residual(g, centred, features, state)
    scaled = _scale(g, features, method, float(np.ravel(state["max_length"])[0]))
    log_density = _log_density(g, scaled, state)
    # 1 / (1 + exp(slope (x - midpoint))) is the sigmoid of slope (midpoint - x).
    distance = g.node("Sub", [g.constant("midpoint", np.array(_core.PROBABILITY_MIDPOINT)), log_density], "kernad/below_midpoint")
    logit = g.node("Mul", [distance, g.constant("slope", np.array(_core.PROBABILITY_SLOPE))], "kernad/logit")
    g.node("Sigmoid", [logit], "probability")

    columns = len(state["pca_model.mean"])
    inputs = [helper.make_tensor_value_info("features", input_type, ["batch", columns])]
    outputs = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, ["batch"]) for n in ("log_density", "probability")]
    graph = helper.make_graph(g.nodes, "kernad", inputs, outputs, g.constants)
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=_IR_VERSIONS.get(opset, onnx.IR_VERSION),
        producer_name="kernad",
    )


def _with_residual(g: _Graph, centred: str, components: str, state: Any) -> str:
    """The components, and in one more column the length of what they leave out."""
    if "pca_model.column_scale" in state:
        scale = g.constant("column_scale", state["pca_model.column_scale"])
        centred = g.node("Mul", [centred, scale], "kernad/standardized")
    whole = g.reduce("ReduceSumSquare", centred, "kernad/square", keepdims=1)
    explained = g.reduce("ReduceSumSquare", components, "kernad/explained_square", keepdims=1)
    outside = g.node("Sub", [whole, explained], "kernad/outside_square")
    positive = g.node("Max", [outside, g.constant("no_residual", np.array(0.0))], "kernad/outside_positive")
    residual = g.node("Sqrt", [positive], "kernad/residual")
    return g.node("Concat", [components, residual], "kernad/features_with_residual", axis=1)


def _scale(g: _Graph, features: str, method: FeatureScalingMethod, max_length: float) -> str:
    if method is FeatureScalingMethod.SCALE:
        return g.node("Div", [features, g.constant("max_length", np.array(max_length))], "kernad/scaled")
    length = g.reduce("ReduceL2", features, "kernad/length", keepdims=1)
    is_zero = g.node("Equal", [length, g.constant("zero", np.array(0.0))], "kernad/is_zero")
    divisor = g.node("Where", [is_zero, g.constant("one", np.array(1.0)), length], "kernad/divisor")
    return g.node("Div", [features, divisor], "kernad/scaled")


def _log_density(g: _Graph, scaled: str, state: Any) -> str:
    """log_norm - log N + logsumexp_i(q.r_i - |q|^2/2 - |r_i|^2/2), in float64, where this form loses nothing."""
    dataset = np.asarray(state["kde_model.dataset"])
    columns = state["kde_model.bw_transform"].shape[0]
    mean = state.get("kde_model.mean", np.zeros(columns))
    centred = g.node("Sub", [scaled, g.constant("kde_mean", mean)], "kernad/scaled_centred")
    whitening = g.constant("bw_transform", state["kde_model.bw_transform"])
    queries = g.node("MatMul", [centred, whitening], "kernad/queries")

    half = g.constant("half", np.array(0.5))
    references = g.node(
        "Cast", [g.constant("dataset", dataset.T.astype(np.float32))], "kernad/references", to=TensorProto.DOUBLE
    )
    half_squares = g.constant("half_squares", 0.5 * np.sum(dataset.astype(np.float64) ** 2, axis=1))
    products = g.node("MatMul", [queries, references], "kernad/products")
    exponents = g.node("Sub", [products, half_squares], "kernad/exponents")
    log_sum = g.reduce("ReduceLogSumExp", exponents, "kernad/log_sum", keepdims=0)
    query_squares = g.reduce("ReduceSumSquare", queries, "kernad/query_squares", keepdims=0)
    half_query = g.node("Mul", [query_squares, half], "kernad/half_query_squares")
    relative = g.node("Sub", [log_sum, half_query], "kernad/log_kernel_sum")
    constant = float(np.ravel(state["kde_model.log_norm"])[0]) - float(np.log(len(dataset)))
    return g.node("Add", [relative, g.constant("log_constant", np.array(constant))], "log_density")


def _joined(state: Any, method: FeatureScalingMethod, backbone: Any, wanted: str | None, opset: int | None) -> Any:
    own = next(o.version for o in backbone.opset_import if o.domain in ("", "ai.onnx"))
    target = opset or max(own, OLDEST_OPSET)
    if target != own:
        backbone = version_converter.convert_version(backbone, target)
    output = _choose_output(backbone, wanted)
    pooled = _as_rows(backbone, output, len(state["pca_model.mean"]))
    graph = _classifier(state, method, target, output.type.tensor_type.elem_type)
    for model in (backbone, graph):
        model.ir_version = max(backbone.ir_version, graph.ir_version)
    del backbone.graph.output[:]
    backbone.graph.output.append(pooled)
    graph = compose.add_prefix(
        graph,
        "kernad:",
        rename_nodes=False,
        rename_edges=False,
        rename_initializers=False,
        rename_value_infos=False,
        rename_outputs=False,
        rename_functions=False,
    )
    merged = compose.merge_models(backbone, graph, io_map=[(pooled.name, graph.graph.input[0].name)])
    merged.producer_name = "kernad"
    return merged


def _choose_output(backbone: Any, wanted: str | None) -> Any:
    outputs = {output.name: output for output in backbone.graph.output}
    if wanted is None and len(outputs) == 1:
        return next(iter(outputs.values()))
    if wanted in outputs:
        return outputs[wanted]
    names = ", ".join(outputs)
    what = "which output holds the features?" if wanted is None else f"there is no output '{wanted}';"
    raise InvalidParameter(f"the feature extractor: {what} It has: {names}")


def _as_rows(backbone: Any, output: Any, columns: int) -> Any:
    """The output as batch x columns: as it is, or averaged over its two spatial dimensions."""
    shape = output.type.tensor_type.shape.dim
    if len(shape) not in (2, 4):
        raise InvalidInput(
            f"output '{output.name}' has {len(shape)} dimensions; batch x D or batch x C x H x W is needed"
        )
    known = shape[1].dim_value
    if known and known != columns:
        raise InvalidInput(f"output '{output.name}' has {known} columns; the classifier was fitted on {columns}")
    if len(shape) == 2:
        return output
    backbone.graph.node.append(helper.make_node("GlobalAveragePool", [output.name], ["kernad/pooled"]))
    backbone.graph.node.append(helper.make_node("Flatten", ["kernad/pooled"], ["kernad/flat"], axis=1))
    return helper.make_tensor_value_info("kernad/flat", output.type.tensor_type.elem_type, ["batch", columns])


def _read(path: str | os.PathLike[str]) -> Any:
    try:
        return onnx.load(os.fspath(path))
    except OSError:
        raise
    except Exception as error:  # protobuf's own class differs between its implementations
        raise ReadError(f"{os.fspath(path)}: not an ONNX model: {error}") from error


def _write(model: Any, path: Path) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(model.SerializeToString())
                file.flush()
                os.fsync(file.fileno())
                temporary.chmod(0o666 & ~_umask())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
