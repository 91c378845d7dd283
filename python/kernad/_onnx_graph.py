"""The classifier's graph of standard ONNX operators, in float64. The formulas are those of ``kernad._fitted``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from kernad import _core
from kernad._fitted import (
    COLUMN_SHIFT,
    DENSITY_TAIL,
    EXACT_DATASET,
    FIRST_TAIL,
    INSIDE_TAIL,
    RESIDUAL_LINE,
    SECOND,
    SECOND_TAIL,
    WEIGHTS,
    dimension,
    has_residual,
    is_pair,
    tail_of,
)
from kernad._onnx_judges import inside, judged, lower, residual_fall
from kernad._onnx_nodes import Graph
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

OLDEST_OPSET = 13
"""The first opset in which every operator used takes float64 and ReduceSum's axes are an input."""

_IR_VERSIONS = {13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}


def classifier_graph(model: KDEClassifier, opset: int, input_type: int) -> Any:
    """The ONNX model of a fitted classifier: ``features`` (batch x D, of input_type) in. opset: from OLDEST_OPSET."""
    state = model.state_dict()
    g = Graph(opset)
    rows = g.node("Cast", ["features"], "rows", to=TensorProto.DOUBLE)
    if COLUMN_SHIFT in state:
        moved = _moved(g, rows, state[COLUMN_SHIFT])
        rounded = g.node("Cast", [moved], "moved_rounded", to=TensorProto.FLOAT)
        rows = g.node("Cast", [rounded], "moved_rows", to=TensorProto.DOUBLE)
    log_density = _of_pipeline(g, rows, state, model.feature_scaling_method, "")
    if is_pair(state):
        g.prefix = "kernad/second/"
        second = _of_pipeline(g, rows, state, model.feature_scaling_method, SECOND)
        g.prefix = "kernad/"
        log_density = lower(g, log_density, second, tail_of(state[FIRST_TAIL]), tail_of(state[SECOND_TAIL]))
    if RESIDUAL_LINE in state:
        g.prefix = "kernad/residual/"
        log_density = judged(g, log_density, residual_fall(g, rows, state), float(state[RESIDUAL_LINE][0]))
        g.prefix = "kernad/"
    if DENSITY_TAIL in state:
        g.prefix = "kernad/subspace/"
        distances = inside(g, rows, state)
        log_density = lower(g, log_density, distances, tail_of(state[DENSITY_TAIL]), tail_of(state[INSIDE_TAIL]))
        g.prefix = "kernad/"
    outputs = _decisions(g, log_density, model)
    columns = len(state["pca_model.mean"])
    graph = helper.make_graph(
        g.nodes,
        "kernad",
        [helper.make_tensor_value_info("features", input_type, ["batch", columns])],
        [helper.make_tensor_value_info(name, kind, ["batch"]) for name, kind in outputs.items()],
        list(g.constants.values()),
    )
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=_IR_VERSIONS.get(opset, onnx.IR_VERSION),
        producer_name="kernad",
        producer_version=_core.version(),
    )


def _moved(g: Graph, rows: str, shift: npt.NDArray[np.float64]) -> str:
    """The rows without the shift: first without what float32 holds of it, since a runtime may hold no more."""
    near = shift.astype(np.float32).astype(np.float64)
    first = g.node("Sub", [rows, g.constant("column_shift", near)], "nearly_moved")
    largest = g.constant("largest_float32", float(np.finfo(np.float32).max))
    is_beyond = g.node("Greater", [first, largest], "is_beyond")  # OpenVINO would join two sums to one
    parted = g.node("Where", [is_beyond, largest, first], "nearly_moved_alone")
    return g.node("Sub", [parted, g.constant("column_shift_rest", shift - near)], "moved")


def _decisions(g: Graph, log_density: str, model: KDEClassifier) -> dict[str, int]:
    """The outputs and their types. A row that is not finite gets the log-density -inf, which no threshold passes."""
    unknown = g.node("IsNaN", [log_density], "unknown")
    g.result("Where", [unknown, g.constant("lowest", -np.inf), log_density], "log_density")
    outputs = {"log_density": TensorProto.DOUBLE, "probability": TensorProto.DOUBLE}
    _sigmoid_below(g, _core.PROBABILITY_MIDPOINT, "probability")
    if model.calibration is not None:
        honest = model.calibration.log_densities
        column = g.node("Unsqueeze", ["log_density", g.constant("axis", np.array([1]))], "log_density_column")
        no_denser = g.node("LessOrEqual", [g.constant("calibration", honest), column], "no_denser")
        count = g.reduce("ReduceSum", g.node("Cast", [no_denser], "counted", to=TensorProto.DOUBLE), "count", 0)
        one_more = g.node("Add", [count, g.constant("one", 1.0)], "count_with_itself")
        g.result("Div", [one_more, g.constant("calibration_rows", len(honest) + 1.0)], "p_value")
        outputs["p_value"] = TensorProto.DOUBLE
    if model.threshold is not None:
        _sigmoid_below(g, model.threshold.log_density, "score")
        above = g.node("Greater", ["log_density", g.constant("threshold", model.threshold.log_density)], "above")
        g.result("Not", [above], "label")
        outputs |= {"score": TensorProto.DOUBLE, "label": TensorProto.BOOL}
    return outputs


def _sigmoid_below(g: Graph, midpoint: float, output: str) -> None:
    """1 / (1 + exp(slope (log-density - midpoint))), which is the sigmoid of slope (midpoint - log-density)."""
    distance = g.node("Sub", [g.constant(f"{output}_midpoint", midpoint), "log_density"], f"{output}_below")
    logit = g.node("Mul", [distance, g.constant("slope", _core.PROBABILITY_SLOPE)], f"{output}_logit")
    g.result("Sigmoid", [logit], output)


def _of_pipeline(g: Graph, rows: str, state: Mapping[str, Any], method: FeatureScalingMethod, part: str) -> str:
    """Log-density of rows by the density whose tensors have the prefix ``part``."""
    centred = g.node("Sub", [rows, g.constant("pca_mean", state[part + "pca_model.mean"])], "centred")
    if method is FeatureScalingMethod.NORM:  # lengths do not matter there, but their squares overflow float32
        centred = g.node("Div", [centred, g.largest(g.node("Abs", [centred], "sizes"), "largest")], "shortened")
    vectors = g.constant("singular_vectors", state[part + "pca_model.singular_vectors"])
    features = g.node("MatMul", [centred, vectors], "components")
    if has_residual(state, part):
        features = _with_residual(g, centred, features, state.get(part + "pca_model.column_scale"))
    scaled = _scale(g, features, method, float(np.ravel(state[part + "max_length"])[0]))
    return _kernel_sums(g, scaled, state, part)


def _with_residual(g: Graph, centred: str, components: str, column_scale: Any) -> str:
    """The components, and in one more column the length of the residual."""
    if column_scale is not None:
        centred = g.node("Mul", [centred, g.constant("column_scale", column_scale)], "standardized")
    whole = g.reduce("ReduceSumSquare", centred, "square", keepdims=1)
    explained = g.reduce("ReduceSumSquare", components, "explained_square", keepdims=1)
    outside = g.node("Sub", [whole, explained], "outside_square")
    positive = g.node("Max", [outside, g.constant("no_residual", 0.0)], "outside_positive")
    return g.node("Concat", [components, g.node("Sqrt", [positive], "residual")], "features_with_residual", axis=1)


def _scale(g: Graph, features: str, method: FeatureScalingMethod, max_length: float) -> str:
    if method is FeatureScalingMethod.SCALE:
        return g.node("Div", [features, g.constant("max_length", max_length)], "scaled")
    length = g.reduce("ReduceL2", features, "length", keepdims=1)
    is_zero = g.node("Equal", [length, g.constant("zero", 0.0)], "is_zero")
    divisor = g.node("Where", [is_zero, g.constant("one", 1.0), length], "divisor")
    return g.node("Div", [features, divisor], "scaled")


def _kernel_sums(g: Graph, scaled: str, state: Mapping[str, Any], part: str) -> str:
    """The logarithm of the weighted sum of kernels, with squares expanded: in float64 that loses nothing, unless a
    bandwidth is so small that whitened rows are kept in float64 themselves.
    """
    dataset = np.asarray(state[part + "kde_model.dataset"])
    whitening = np.asarray(state[part + "kde_model.bw_transform"])
    mean = state.get(part + "kde_model.mean", np.zeros(len(whitening)))
    centred = g.node("Sub", [scaled, g.constant("kde_mean", mean)], "scaled_centred")
    queries = g.node("MatMul", [centred, g.constant("bw_transform", whitening)], "queries")
    weights = np.asarray(state.get(part + WEIGHTS, np.ones(len(dataset))))
    constant = float(np.ravel(state[part + "kde_model.log_norm"])[0]) - float(np.log(weights.sum()))

    if part + EXACT_DATASET in state:
        factors = state.get(part + "kde_model.local_factors", np.ones(len(dataset)))
        heights = np.log(weights) - dimension(state, part) * np.log(factors)
        exponents = _differences(g, queries, np.asarray(state[part + EXACT_DATASET]), factors, heights)
        return _plus_constant(g, _log_sum_exp(g, exponents), constant, heights)
    references = g.node(
        "Cast", [g.constant("dataset", dataset.T.astype(np.float32))], "references", to=TensorProto.DOUBLE
    )
    squares = 0.5 * np.sum(dataset.astype(np.float64) ** 2, axis=1)  # rows with weights have no bandwidths of their own
    half_squares = g.constant("half_squares", squares - np.log(weights))
    products = g.node("MatMul", [queries, references], "products")
    exponents = g.node("Sub", [products, half_squares], "exponents")
    factors = state.get(part + "kde_model.local_factors")
    query_squares = g.reduce("ReduceSumSquare", queries, "query_squares", keepdims=int(factors is not None))
    half_query = g.node("Mul", [query_squares, g.constant("half", 0.5)], "half_query_squares")
    if factors is None:  # the common part of all exponents is subtracted from their sum
        log_sum = _log_sum_exp(g, exponents)
        relative = g.node("Sub", [log_sum, half_query], "log_kernel_sum")
    else:
        distances = g.node("Sub", [exponents, half_query], "minus_half_distances")
        narrowed = g.node("Mul", [distances, g.constant("inverse_squares", factors**-2.0)], "narrowed")
        heights = -dimension(state, part) * np.log(factors)
        relative = _log_sum_exp(g, g.node("Add", [narrowed, g.constant("log_heights", heights)], "raised"))
    return _plus_constant(g, relative, constant, np.log(weights) if factors is None else heights)


def _plus_constant(g: Graph, log_sum: str, constant: float, log_heights: npt.NDArray[np.float64]) -> str:
    """The log-density; -inf for more than it can be, which OpenVINO may make of rows that are not finite."""
    whole = g.node("Add", [log_sum, g.constant("log_constant", constant)], "log_density_of_sum")
    highest = constant + float(np.logaddexp.reduce(log_heights))
    can_be = g.node("LessOrEqual", [whole, g.constant("beyond_highest", highest + 1 + 1e-3 * abs(highest))], "can_be")
    return g.node("Where", [can_be, whole, g.constant("impossible", -np.inf)], "log_density_here")


def _differences(
    g: Graph,
    queries: str,
    dataset: npt.NDArray[np.float64],
    factors: npt.NDArray[np.float64],
    log_heights: npt.NDArray[np.float64],
) -> str:
    """The exponents of the kernels, by the differences themselves: batch x N x dimensions values in memory."""
    each = g.node("Unsqueeze", [queries, g.constant("axis", np.array([1]))], "each_query")
    apart = g.node("Sub", [each, g.constant("exact_dataset", dataset[None])], "apart")
    # A product with ones: OpenVINO's sums over a last axis are wrong for some rows of a batch.
    square = g.node("Mul", [apart, apart], "squares_apart")
    columns = g.node("MatMul", [square, g.constant("ones", np.ones((dataset.shape[1], 1)))], "squared_distance_column")
    squares = g.node("Squeeze", [columns, g.constant("last_axis", np.array([2]))], "squared_distances")
    halves = g.node("Mul", [squares, g.constant("minus_half_inverse_squares", -0.5 * factors**-2.0)], "narrowed")
    return g.node("Add", [halves, g.constant("log_heights", log_heights)], "raised")


def _log_sum_exp(g: Graph, exponents: str) -> str:
    """Of each row. The exponentials alone are taken in float32, which runtimes do ten times as fast: none is above 1,
    and each is within 2^-20 of its share of the sum where that share counts.
    """
    largest = g.reduce("ReduceMax", exponents, "largest_exponent", keepdims=1)
    below = g.node("Cast", [g.node("Sub", [exponents, largest], "below_largest")], "below", to=TensorProto.FLOAT)
    kernels = g.node("Cast", [g.node("Exp", [below], "kernels")], "kernels_in_double", to=TensorProto.DOUBLE)
    log_sum = g.node("Log", [g.reduce("ReduceSum", kernels, "kernel_sum", keepdims=1)], "log_relative_sum")
    whole = g.node("Add", [log_sum, largest], "log_sum_column")
    return g.node("Squeeze", [whole, g.constant("axis", np.array([1]))], "log_sum")
