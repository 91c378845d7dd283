"""The judges of a calibrated model, and the rule by which one density joins another, as ONNX operators.

Lengths are taken of rows in units of their own largest value: a runtime that computes in float32 would otherwise square
1e19 to infinity, beyond which nothing can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from kernad._fitted import RESIDUAL_LINE, ROUNDING, Tail, residual_of
from kernad._onnx_nodes import Graph


def residual_fall(g: Graph, rows: str, state: Mapping[str, Any]) -> str:
    """What the densities do not see of each row, as src/pca/residual.cpp measures it, times the slope of the line: the
    residual itself may be too small or too large for float32.
    """
    residual = residual_of(state)
    slope = float(np.sqrt(state[RESIDUAL_LINE][1]))
    sizes = g.node("Max", [g.node("Abs", [rows], "sizes"), g.constant("mean_sizes", np.abs(residual.mean))], "largest")
    unit = g.largest(sizes, "unit")
    long = g.node("Mul", [unit, g.constant("slope_root", slope)], "sloped_unit")
    centred = g.node("Sub", [rows, g.constant("mean", residual.mean)], "centred")
    short = g.node("Div", [centred, unit], "shortened")
    components = g.node("MatMul", [short, g.constant("inner", residual.inner)], "components")
    if residual.outer is None:
        return _lengthened(g, g.reduce("ReduceSumSquare", components, "square", keepdims=1), long)
    seen = g.node("MatMul", [components, g.constant("outer", residual.outer)], "seen")
    scale = g.constant("scale", residual.scale)
    left = g.node("Sub", [g.node("Mul", [short, scale], "standardized"), seen], "left")
    square = g.reduce("ReduceSumSquare", left, "square", keepdims=1)
    values = g.node("Mul", [g.node("Div", [sizes, unit], "short_sizes"), scale], "standardized_sizes")
    whole = g.reduce("ReduceSumSquare", values, "sizes_square", keepdims=1)
    rounding = g.node("Mul", [whole, g.constant("rounding_square", ROUNDING)], "rounding")
    vanishes = g.node("LessOrEqual", [square, rounding], "vanishes")
    return _lengthened(g, g.node("Where", [vanishes, g.constant("zero", 0.0), square], "residual"), long)


def _lengthened(g: Graph, square: str, unit: str) -> str:
    """The squares of rows that were divided by their units, one value a row."""
    whole = g.node("Mul", [g.node("Mul", [square, unit], "lengthened"), unit], "whole_square")
    return g.node("Squeeze", [whole, g.constant("axis", np.array([1]))], "whole_square_of_row")


def judged(g: Graph, log_density: str, fall: str, at: float) -> str:
    """The lower of the log-density and of that which is as rare as the residual."""
    equal = g.node("Sub", [g.constant("at", at), fall], "equal")
    lowest = g.constant("lowest", np.finfo(np.float64).min)
    is_bounded = g.node("GreaterOrEqual", [equal, lowest], "is_bounded")  # not where it is NaN
    bounded = g.node("Where", [is_bounded, equal, lowest], "bounded")
    lower = g.node("Min", [log_density, bounded], "lower")
    return g.node("Where", [g.node("IsNaN", [log_density], "unknown"), log_density, lower], "judged")


def inside(g: Graph, rows: str, state: Mapping[str, Any]) -> str:
    """Minus the distance from the subspace of the training rows, as src/subspace/subspace.cpp measures it."""
    scale, largest, mean = state["subspace.scale"], state["subspace.largest"], state["subspace.mean"]
    varies = (largest != 0).astype(np.float64)
    sizes = g.node("Abs", [rows], "sizes")
    least = g.constant("least_unit", np.maximum(largest, np.abs(mean)))
    unit = g.largest(g.node("Max", [sizes, least], "unit_sizes"), "unit")
    centred = g.node("Sub", [rows, g.constant("mean", mean)], "centred")
    short = g.node("Div", [centred, unit], "shortened")
    changed = g.node("Mul", [short, g.constant("constant_scale", scale * (1 - varies))], "changed")
    square = _lengthened(g, g.reduce("ReduceSumSquare", changed, "constant_square", keepdims=1), unit)
    if "subspace.axes" in state:
        square = g.node("Add", [square, _along_axes(g, short, sizes, unit, state)], "both_squares")
    distance = g.node("Div", [g.node("Sqrt", [square], "length"), g.constant("margin", 8.0)], "distance")
    is_inside = g.node("LessOrEqual", [distance, g.constant("one", 1.0)], "is_inside")
    return g.node("Where", [is_inside, g.constant("zero", 0.0), g.node("Neg", [distance], "minus")], "inside")


def _along_axes(g: Graph, short: str, sizes: str, unit: str, state: Mapping[str, Any]) -> str:
    """The squared distance along the directions in which training rows do not vary, in units of its own rounding."""
    largest = state["subspace.largest"]
    scale = g.constant("varying_scale", state["subspace.scale"] * (largest != 0))
    standardized = g.node("Mul", [short, scale], "standardized")
    along = g.node("MatMul", [standardized, g.constant("axes", state["subspace.axes"].T)], "along")
    whole = g.node("Max", [sizes, g.constant("largest", largest)], "largest_sizes")
    values = g.node("Mul", [g.node("Div", [whole, unit], "short_sizes"), scale], "standardized_sizes")
    squares = g.reduce("ReduceSumSquare", values, "sizes_square", 1)
    rounding = g.node("Mul", [squares, g.constant("rounding_square", 2.0**-48)], "rounding")
    lengths = g.reduce("ReduceSumSquare", standardized, "length_square", 1)
    solver = g.node("Mul", [lengths, g.constant("solver_square", 2.0**-80)], "solver")
    noise = g.node("Div", [g.constant("noise", float(np.ravel(state["subspace.noise"])[0])), unit], "short_noise")
    error = g.node("Max", [g.node("Mul", [noise, noise], "noise_square"), rounding, solver], "error_square")
    parted = g.node("Div", [g.reduce("ReduceSumSquare", along, "along_square", 1), error], "parted")
    return g.node("Squeeze", [parted, g.constant("axis", np.array([1]))], "parted_of_row")


def lower(g: Graph, first: str, second: str, first_tail: Tail, second_tail: Tail) -> str:
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


def _interpolated(g: Graph, x: str, places: npt.NDArray[np.float64], values: npt.NDArray[np.float64], name: str) -> str:
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
