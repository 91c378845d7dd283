"""Nodes and constants of an ONNX graph under construction."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import helper, numpy_helper


class Graph:
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

    def largest(self, sizes: str, output: str) -> str:
        """The largest of each row's sizes, batch x 1; 1 for a row of zeros, so that one may divide by it."""
        largest = self.reduce("ReduceMax", sizes, output, keepdims=1)
        is_zero = self.node("Equal", [largest, self.constant("zero", 0.0)], f"{output}_is_zero")
        return self.node("Where", [is_zero, self.constant("one", 1.0), largest], f"{output}_or_one")
