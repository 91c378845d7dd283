"""The classifier's graph of standard ONNX operators, in float64. The formulas are those of ``kernad._fitted``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from kernad import _core
from kernad._errors import InvalidParameter
from kernad._fitted import (
    COLUMN_SHIFT,
    DENSITY_TAIL,
    EXACT_DATASET,
    FIRST_TAIL,
    INSIDE_TAIL,
    RESIDUAL_LINE,
    ROUNDING,
    SECOND,
    SECOND_TAIL,
    WEIGHTS,
    Tail,
    dimension,
    has_residual,
    is_pair,
    residual_of,
    tail_of,
)
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

OLDEST_OPSET = 13
"""The first opset in which every operator used takes float64 and ReduceSum's axes are an input."""

_IR_VERSIONS = {13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}


class _Graph:
    """Collects nodes and constants; every name is under ``kernad/``, so that none collides with a backbone's."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.prefix = "kernad/"
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def constant(self, name: str, value: npt.ArrayLike) -> str:
        full = self.prefix + name
        array = np.asarray(value)
        self.constants[full] = numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), full)
        return full

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        name = f"kernad/{kind}/{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [self.prefix + output], name=name, **attributes))
        return self.prefix + output

    def reduce(self, kind: str, value: str, output: str, keepdims: int) -> str:
        """Over axis 1; the axes became an input in opset 18, of ReduceSum in 13."""
        if self.opset < 18 and kind != "ReduceSum":
            return self.node(kind, [value], output, axes=[1], keepdims=keepdims)
        return self.node(kind, [value, self.constant("axis", np.array([1]))], output, keepdims=keepdims)

    def result(self, kind: str, inputs: list[str], output: str) -> str:
        """A node whose output is the graph's."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=f"kernad/{output}"))
        return output


def classifier_graph(model: KDEClassifier, opset: int, input_type: int) -> Any:
    """The ONNX model of a fitted classifier: ``features`` (batch x D, of input_type) in."""
    if opset < OLDEST_OPSET:
        raise InvalidParameter(f"opset is {opset}; valid: {OLDEST_OPSET} or newer")
    state = model.state_dict()
    g = _Graph(opset)
    rows = g.node("Cast", ["features"], "rows", to=TensorProto.DOUBLE)
    if COLUMN_SHIFT in state:
        moved = g.node("Sub", [rows, g.constant("column_shift", state[COLUMN_SHIFT])], "moved")
        rounded = g.node("Cast", [moved], "moved_rounded", to=TensorProto.FLOAT)
        rows = g.node("Cast", [rounded], "moved_rows", to=TensorProto.DOUBLE)
    log_density = _of_pipeline(g, rows, state, model.feature_scaling_method, "")
    if is_pair(state):
        g.prefix = "kernad/second/"
        second = _of_pipeline(g, rows, state, model.feature_scaling_method, SECOND)
        g.prefix = "kernad/"
        log_density = _lower(g, log_density, second, tail_of(state[FIRST_TAIL]), tail_of(state[SECOND_TAIL]))
    if RESIDUAL_LINE in state:
        g.prefix = "kernad/residual/"
        log_density = _judged(g, log_density, _residual(g, rows, state), state[RESIDUAL_LINE])
        g.prefix = "kernad/"
    if DENSITY_TAIL in state:
        g.prefix = "kernad/subspace/"
        inside = _inside(g, rows, state)
        log_density = _lower(g, log_density, inside, tail_of(state[DENSITY_TAIL]), tail_of(state[INSIDE_TAIL]))
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


def _decisions(g: _Graph, log_density: str, model: KDEClassifier) -> dict[str, int]:
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


def _sigmoid_below(g: _Graph, midpoint: float, output: str) -> None:
    """1 / (1 + exp(slope (log-density - midpoint))), which is the sigmoid of slope (midpoint - log-density)."""
    distance = g.node("Sub", [g.constant(f"{output}_midpoint", midpoint), "log_density"], f"{output}_below")
    logit = g.node("Mul", [distance, g.constant("slope", _core.PROBABILITY_SLOPE)], f"{output}_logit")
    g.result("Sigmoid", [logit], output)


def _of_pipeline(g: _Graph, rows: str, state: Mapping[str, Any], method: FeatureScalingMethod, part: str) -> str:
    """Log-density of rows by the density whose tensors have the prefix ``part``."""
    centred = g.node("Sub", [rows, g.constant("pca_mean", state[part + "pca_model.mean"])], "centred")
    if method is FeatureScalingMethod.NORM:
        centred = _shortened(g, centred)
    vectors = g.constant("singular_vectors", state[part + "pca_model.singular_vectors"])
    features = g.node("MatMul", [centred, vectors], "components")
    if has_residual(state, part):
        features = _with_residual(g, centred, features, state.get(part + "pca_model.column_scale"))
    scaled = _scale(g, features, method, float(np.ravel(state[part + "max_length"])[0]))
    return _kernel_sums(g, scaled, state, part)


def _shortened(g: _Graph, centred: str) -> str:
    """The rows, whose lengths do not matter, scaled to values up to 1, so that squares in float32 stay finite."""
    largest = g.reduce("ReduceMax", g.node("Abs", [centred], "sizes"), "largest", keepdims=1)
    is_zero = g.node("Equal", [largest, g.constant("zero", 0.0)], "all_zero")
    divisor = g.node("Where", [is_zero, g.constant("one", 1.0), largest], "largest_or_one")
    return g.node("Div", [centred, divisor], "shortened")


def _with_residual(g: _Graph, centred: str, components: str, column_scale: Any) -> str:
    """The components, and in one more column the length of the residual."""
    if column_scale is not None:
        centred = g.node("Mul", [centred, g.constant("column_scale", column_scale)], "standardized")
    whole = g.reduce("ReduceSumSquare", centred, "square", keepdims=1)
    explained = g.reduce("ReduceSumSquare", components, "explained_square", keepdims=1)
    outside = g.node("Sub", [whole, explained], "outside_square")
    positive = g.node("Max", [outside, g.constant("no_residual", 0.0)], "outside_positive")
    return g.node("Concat", [components, g.node("Sqrt", [positive], "residual")], "features_with_residual", axis=1)


def _scale(g: _Graph, features: str, method: FeatureScalingMethod, max_length: float) -> str:
    if method is FeatureScalingMethod.SCALE:
        return g.node("Div", [features, g.constant("max_length", max_length)], "scaled")
    length = g.reduce("ReduceL2", features, "length", keepdims=1)
    is_zero = g.node("Equal", [length, g.constant("zero", 0.0)], "is_zero")
    divisor = g.node("Where", [is_zero, g.constant("one", 1.0), length], "divisor")
    return g.node("Div", [features, divisor], "scaled")


def _kernel_sums(g: _Graph, scaled: str, state: Mapping[str, Any], part: str) -> str:
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
        return g.node("Add", [_log_sum_exp(g, exponents), g.constant("log_constant", constant)], "log_density_here")
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
        heights = g.constant("log_heights", -dimension(state, part) * np.log(factors))
        relative = _log_sum_exp(g, g.node("Add", [narrowed, heights], "raised"))
    return g.node("Add", [relative, g.constant("log_constant", constant)], "log_density_here")


def _differences(
    g: _Graph,
    queries: str,
    dataset: npt.NDArray[np.float64],
    factors: npt.NDArray[np.float64],
    log_heights: npt.NDArray[np.float64],
) -> str:
    """The exponents of the kernels, by the differences themselves: batch x N x dimensions values in memory."""
    each = g.node("Unsqueeze", [queries, g.constant("axis", np.array([1]))], "each_query")
    apart = g.node("Sub", [each, g.constant("exact_dataset", dataset[None])], "apart")
    if g.opset < 18:
        squares = g.node("ReduceSumSquare", [apart], "squared_distances", axes=[2], keepdims=0)
    else:
        last = g.constant("last_axis", np.array([2]))
        squares = g.node("ReduceSumSquare", [apart, last], "squared_distances", keepdims=0)
    halves = g.node("Mul", [squares, g.constant("minus_half_inverse_squares", -0.5 * factors**-2.0)], "narrowed")
    return g.node("Add", [halves, g.constant("log_heights", log_heights)], "raised")


def _log_sum_exp(g: _Graph, exponents: str) -> str:
    """Of each row. The exponentials alone are taken in float32, which runtimes do ten times as fast: none is above 1,
    and each is within 2^-20 of its share of the sum where that share counts.
    """
    largest = g.reduce("ReduceMax", exponents, "largest_exponent", keepdims=1)
    below = g.node("Cast", [g.node("Sub", [exponents, largest], "below_largest")], "below", to=TensorProto.FLOAT)
    kernels = g.node("Cast", [g.node("Exp", [below], "kernels")], "kernels_in_double", to=TensorProto.DOUBLE)
    log_sum = g.node("Log", [g.reduce("ReduceSum", kernels, "kernel_sum", keepdims=1)], "log_relative_sum")
    whole = g.node("Add", [log_sum, largest], "log_sum_column")
    return g.node("Squeeze", [whole, g.constant("axis", np.array([1]))], "log_sum")


def _residual(g: _Graph, rows: str, state: Mapping[str, Any]) -> str:
    """What the densities do not see of each row, as src/pca/residual.cpp measures it."""
    residual = residual_of(state)
    centred = g.node("Sub", [rows, g.constant("mean", residual.mean)], "centred")
    inner = g.node("MatMul", [centred, g.constant("inner", residual.inner)], "components")
    if residual.outer is None:
        return g.reduce("ReduceSumSquare", inner, "square", keepdims=0)
    seen = g.node("MatMul", [inner, g.constant("outer", residual.outer)], "seen")
    scale = g.constant("scale", residual.scale)
    left = g.node("Sub", [g.node("Mul", [centred, scale], "standardized"), seen], "left")
    square = g.reduce("ReduceSumSquare", left, "square", keepdims=0)
    sizes = g.node("Max", [g.node("Abs", [rows], "sizes"), g.constant("mean_sizes", np.abs(residual.mean))], "largest")
    whole = g.reduce("ReduceSumSquare", g.node("Mul", [sizes, scale], "standardized_sizes"), "sizes_square", keepdims=0)
    rounding = g.node("Mul", [whole, g.constant("rounding_square", ROUNDING)], "rounding")
    counts = g.node("Greater", [square, rounding], "counts")
    return g.node("Where", [counts, square, g.constant("zero", 0.0)], "residual")


def _judged(g: _Graph, log_density: str, residual: str, line: Any) -> str:
    """The lower of the log-density and of that which is as rare as the residual."""
    at, slope = (float(x) for x in line)
    fall = g.node("Mul", [residual, g.constant("slope", slope)], "fall")
    equal = g.node("Sub", [g.constant("at", at), fall], "equal")
    bounded = g.node("Max", [equal, g.constant("lowest", np.finfo(np.float64).min)], "bounded")
    lower = g.node("Min", [log_density, bounded], "lower")
    return g.node("Where", [g.node("IsNaN", [log_density], "unknown"), log_density, lower], "judged")


def _inside(g: _Graph, rows: str, state: Mapping[str, Any]) -> str:
    """Minus the distance from the subspace of the training rows, as src/subspace/subspace.cpp measures it."""
    scale, largest = state["subspace.scale"], state["subspace.largest"]
    varies = (largest != 0).astype(np.float64)
    centred = g.node("Sub", [rows, g.constant("mean", state["subspace.mean"])], "centred")
    changed = g.node("Mul", [centred, g.constant("constant_scale", scale * (1 - varies))], "changed")
    square = g.reduce("ReduceSumSquare", changed, "constant_square", keepdims=0)
    if "subspace.axes" in state:
        varying_scale = g.constant("varying_scale", scale * varies)
        standardized = g.node("Mul", [centred, varying_scale], "standardized")
        along = g.node("MatMul", [standardized, g.constant("axes", state["subspace.axes"].T)], "along")
        sizes = g.node("Max", [g.node("Abs", [rows], "sizes"), g.constant("largest", largest)], "largest_sizes")
        values = g.node("Mul", [sizes, varying_scale], "standardized_sizes")
        rounding = g.node(
            "Mul",
            [g.reduce("ReduceSumSquare", values, "sizes_square", 0), g.constant("rounding_square", 2.0**-48)],
            "rounding",
        )
        solver = g.node(
            "Mul",
            [g.reduce("ReduceSumSquare", standardized, "length_square", 0), g.constant("solver_square", 2.0**-80)],
            "solver",
        )
        noise = g.constant("noise_square", float(np.ravel(state["subspace.noise"])[0]) ** 2)
        unit = g.node("Max", [noise, rounding, solver], "unit_square")
        parted = g.node("Div", [g.reduce("ReduceSumSquare", along, "along_square", 0), unit], "parted")
        square = g.node("Add", [square, parted], "whole_square")
    distance = g.node("Div", [g.node("Sqrt", [square], "length"), g.constant("margin", 8.0)], "distance")
    is_inside = g.node("LessOrEqual", [distance, g.constant("one", 1.0)], "is_inside")
    return g.node("Where", [is_inside, g.constant("zero", 0.0), g.node("Neg", [distance], "minus")], "inside")


def _lower(g: _Graph, first: str, second: str, first_tail: Tail, second_tail: Tail) -> str:
    """The lower of the first log-density and the value that is as rare under the first as the second is in its own."""
    last = g.constant("second_last", second_tail.knots[-1])
    minus_second = g.node("Neg", [second], "minus_second")
    within = _interpolated(g, minus_second, -second_tail.knots, second_tail.surprisals, "surprisal")
    below = g.node("Sub", [last, second], "below_second_tail")
    past = g.node("Div", [below, g.constant("second_slope", second_tail.slope)], "past_second_tail")
    beyond = g.node("Add", [past, g.constant("second_beyond", second_tail.beyond)], "surprisal_beyond")
    surprisal = g.node("Where", [g.node("Less", [second, last], "is_below"), beyond, within], "surprisal")

    inside = _interpolated(g, surprisal, first_tail.surprisals, first_tail.knots, "equal")
    excess = g.node("Sub", [surprisal, g.constant("first_beyond", first_tail.beyond)], "excess")
    fall = g.node("Mul", [excess, g.constant("first_slope", first_tail.slope)], "fall")
    outside = g.node("Sub", [g.constant("first_last", first_tail.knots[-1]), fall], "equal_beyond")
    is_past = g.node("Greater", [excess, g.constant("zero", 0.0)], "is_past")
    equal = g.node("Where", [is_past, outside, inside], "equal")
    common = g.node("LessOrEqual", [surprisal, g.constant("least_surprisal", second_tail.surprisals[0])], "common")
    decided = g.node("Where", [common, first, g.node("Min", [first, equal], "lower")], "decided")
    # Comparisons with NaN are false, and min need not pass it on.
    both = g.node("Add", [first, second], "both")
    return g.node("Where", [g.node("IsNaN", [both], "either_unknown"), both, decided], "decided_or_unknown")


def _interpolated(
    g: _Graph, x: str, places: npt.NDArray[np.float64], values: npt.NDArray[np.float64], name: str
) -> str:
    """Linear between ascending positions, constant outside them."""

    def at(index: str, array: str, output: str) -> str:
        return g.node("Gather", [array, index], f"{name}_{output}")

    where = g.constant(f"{name}_places", places)
    what = g.constant(f"{name}_values", values)
    column = g.node("Unsqueeze", [x, g.constant("axis", np.array([1]))], f"{name}_column")
    passed = g.node("Cast", [g.node("Less", [where, column], f"{name}_less")], f"{name}_passed", to=TensorProto.INT64)
    count = g.reduce("ReduceSum", passed, f"{name}_count", keepdims=0)
    after = g.node("Min", [count, g.constant(f"{name}_last", np.array(len(places) - 1))], f"{name}_after")
    down = g.node("Sub", [after, g.constant("step", np.array(1))], f"{name}_down")
    before = g.node("Max", [down, g.constant("start", np.array(0))], f"{name}_before")
    place, value = at(before, where, "place"), at(before, what, "value")
    span = g.node("Sub", [at(after, where, "next_place"), place], f"{name}_span")
    is_zero = g.node("Equal", [span, g.constant("zero", 0.0)], f"{name}_no_span")
    divisor = g.node("Where", [is_zero, g.constant("one", 1.0), span], f"{name}_divisor")
    way = g.node("Div", [g.node("Sub", [x, place], f"{name}_way"), divisor], f"{name}_share")
    share = g.node("Clip", [way, g.constant("zero", 0.0), g.constant("one", 1.0)], f"{name}_clipped")
    rise = g.node("Sub", [at(after, what, "next_value"), value], f"{name}_rise")
    return g.node("Add", [value, g.node("Mul", [share, rise], f"{name}_step")], f"{name}_interpolated")
