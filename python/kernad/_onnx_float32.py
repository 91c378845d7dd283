"""How far off an exported graph is in a runtime that computes in float32 whatever the graph's types say, as OpenVINO.

The graph itself is run in float32 over rows like those that the model was trained on, and beside the core. A model
keeps its training rows as the density sees them; they are taken back through whitening, scaling and axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from kernad._fitted import COLUMN_SHIFT, EXACT_DATASET, SECOND, is_pair
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

PROMISED_NATS = 1e-3
"""An error up to that goes without a word,"""
PROMISED_SHARE = 1e-5
"""and so does one up to that share of a log-density."""
_ROWS = 240
_VALUES = 2**26
"""At most as many differences between values are computed in all: a second or two."""
_BLOCK_VALUES = 2**22
_FLOAT32_MAX = float(np.finfo(np.float32).max)


class Error(NamedTuple):
    """The log-density that is off by the largest multiple of what is promised."""

    nats: float
    expected: float

    @property
    def is_beyond_promise(self) -> bool:
        """Whether it is too large to go without a word; so is NaN."""
        return not self.nats <= max(PROMISED_NATS, PROMISED_SHARE * abs(self.expected))


def float32_error(model: KDEClassifier, graph: Any) -> Error:
    """The worst error of the graph in float32, over rows like the training's and others farther out."""
    state = model.state_dict()
    prefix = SECOND if is_pair(state) else ""
    size, rank = state[prefix + "kde_model.dataset"].shape
    row_values = size * (rank if _is_exact(state) else 1)
    count = int(min(_ROWS, max(16, _VALUES // row_values)))
    with np.errstate(all="ignore"):
        rows = _probes(state, prefix, model.feature_scaling_method, count)
        expected = np.asarray(model.compute_kde_scores(rows, as_log_likelihood=True))
        found = _run(in_float32(graph), rows, max(1, _BLOCK_VALUES // row_values))
        off = np.abs(found - expected)
        worst = int(np.argmax(off / np.maximum(PROMISED_NATS, PROMISED_SHARE * np.abs(expected))))
    return Error(float(off[worst]), float(expected[worst]))


def in_float32(graph: Any) -> Any:
    """A copy of the graph that computes in float32 throughout."""
    copy = onnx.ModelProto()
    copy.CopyFrom(graph)
    for constant in copy.graph.initializer:
        if constant.data_type == TensorProto.DOUBLE:
            values = np.clip(numpy_helper.to_array(constant), -_FLOAT32_MAX, _FLOAT32_MAX)
            constant.CopyFrom(numpy_helper.from_array(np.asarray(values, dtype=np.float32), constant.name))
    for node in copy.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.DOUBLE:
                attribute.i = TensorProto.FLOAT
    for output in copy.graph.output:
        if output.type.tensor_type.elem_type == TensorProto.DOUBLE:
            output.type.tensor_type.elem_type = TensorProto.FLOAT
    return copy


def _run(graph: Any, rows: npt.NDArray[np.float32], block: int) -> npt.NDArray[np.float64]:
    evaluator = ReferenceEvaluator(graph)
    parts = [evaluator.run(["log_density"], {"features": rows[i : i + block]})[0] for i in range(0, len(rows), block)]
    return np.concatenate(parts).astype(np.float64)


def _is_exact(state: Mapping[str, Any]) -> bool:
    return EXACT_DATASET in state or SECOND + EXACT_DATASET in state


def _probes(state: Mapping[str, Any], prefix: str, method: FeatureScalingMethod, count: int) -> npt.NDArray[np.float32]:
    """About ``count`` rows: training rows from the nearest to the farthest, and others beyond each."""
    references = np.asarray(state.get(prefix + EXACT_DATASET, state[prefix + "kde_model.dataset"]), dtype=np.float64)
    order = np.argsort(np.linalg.norm(references, axis=1))
    chosen = references[order[np.unique(np.linspace(0, len(order) - 1, max(2, count // 3)).astype(np.int64))]]
    from_mean = _to_columns(state, prefix, method, chosen)
    few = from_mean[:: max(1, len(from_mean) // 8)]
    spread = np.concatenate([from_mean, from_mean * 1.01, from_mean * 3.0, few * 30.0, few * 1e4])
    middle = state[prefix + "pca_model.mean"] + state.get(COLUMN_SHIFT, 0.0)
    rows = np.nan_to_num(middle + spread, posinf=_FLOAT32_MAX, neginf=-_FLOAT32_MAX)
    result: npt.NDArray[np.float32] = np.clip(rows, -1e30, 1e30).astype(np.float32)
    return result


def _to_columns(
    state: Mapping[str, Any], prefix: str, method: FeatureScalingMethod, whitened: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The rows without their mean, of which the density sees ``whitened``."""
    whitening = np.asarray(state[prefix + "kde_model.bw_transform"], dtype=np.float64)
    try:
        features = np.linalg.solve(whitening.T, whitened.T).T
    except np.linalg.LinAlgError:  # not square, or a direction that does not vary
        features = np.linalg.lstsq(whitening.T, whitened.T, rcond=None)[0].T
    features = features + state.get(prefix + "kde_model.mean", 0.0)
    length = float(np.ravel(state[prefix + "max_length"])[0])
    features = features * (length if 0 < length < np.inf or method is FeatureScalingMethod.SCALE else 1.0)
    vectors = np.asarray(state[prefix + "pca_model.singular_vectors"], dtype=np.float64)
    scale = np.asarray(state.get(prefix + "pca_model.column_scale", np.ones(len(vectors))), dtype=np.float64)
    axes = vectors / scale[:, None]
    rows = features[:, : axes.shape[1]] @ axes.T
    if features.shape[1] > axes.shape[1]:  # the last is the length of what the axes leave out
        left = np.random.default_rng(0).normal(size=len(axes))
        left -= axes @ (axes.T @ left)
        rows += np.abs(features[:, -1:]) * (left / np.linalg.norm(left))
    return np.asarray(rows / scale)
