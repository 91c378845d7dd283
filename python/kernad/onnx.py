"""The classifier as a graph of standard ONNX operators, alone or behind a feature extractor. Needs the package onnx.

The graph computes in float64 and takes the reference rows of the density as they are: its log-densities are those of
kernad to within 1e-4 nats (measured: below 1e-6), and finite wherever those are. A batch of M rows needs M x N doubles
of memory for a model of N training rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from kernad import _core
from kernad._calls import callers_level, whole_number
from kernad._errors import DataWarning, InvalidInput, InvalidParameter, ReadError, WriteError
from kernad._estimators import Estimator, classifier_of
from kernad._fitted import COLUMN_SHIFT
from kernad.classifier import KDEClassifier

try:
    import onnx
    from onnx import TensorProto, compose, helper, version_converter
except ImportError as error:
    raise ImportError("kernad.onnx needs the package onnx: pip install onnx") from error

from kernad._onnx_float32 import float32_error
from kernad._onnx_graph import OLDEST_OPSET, classifier_graph

DEFAULT_OPSET = 18


def export_onnx(
    model: Estimator,
    path: str | os.PathLike[str],
    *,
    append_to: str | os.PathLike[str] | None = None,
    backbone_output: str | None = None,
    opset: int | None = None,
) -> None:
    """Write a fitted classifier as an ONNX file.

    Alone, the graph takes ``features`` (float32, batch x D). Behind a feature extractor it takes what that takes; an
    output of batch x C x H x W is averaged over H and W first, as anomalib does. Either way it gives, for each row of a
    batch of any size,

    - ``log_density`` (float64; nats, higher is more normal) and ``probability`` (float64; higher is more anomalous);
    - ``p_value`` (float64), if the model is calibrated;
    - ``score`` (float64 in [0, 1], 0.5 at the threshold, higher is more anomalous) and ``label`` (bool, True for
      anomalous), if it has a threshold.

    A row with NaN or infinity is not refused, which a graph cannot do: its log-density is -inf, its probability and
    score are 1, its p-value is the smallest there is, and its label True.

    The file's metadata have ``kernad.version``, ``kernad.model_sha256`` (of the model's .safetensors file) and, where
    the model has them, ``kernad.threshold`` (log-density), ``kernad.threshold_rule``, ``kernad.calibration_rows`` and
    ``kernad.feature_names`` (a JSON list, in the order of the columns).

    Args:
        model: a fitted classifier; or a ``kernad.torch.KDEClassifier``, an estimator of ``kernad.sklearn`` or
            ``kernad.pyod``, whose fitted classifier is written (it scores training rows by their own kernels too).
        path: the file to write, whole or not at all.
        append_to: an ONNX file of a feature extractor to join the classifier behind.
        backbone_output: which of its outputs holds the features, where it has more than one.
        opset: version of the standard operators, from 13 to the newest that the package onnx knows. Default: 18, or the
            extractor's own.

    Raises:
        NotFittedError: there is no model.
        ValueError: the extractor's output does not fit the classifier, the opset is too old or unknown, or a
            scikit-learn pipeline has other steps than the estimator.
        TypeError: it is no estimator of kernad, or the opset no whole number.
        OSError: a file cannot be read or written.

    Warns:
        DataWarning: the model was fitted on columns so far from zero (such as time stamps) that float32, the type of the
            graph's input, holds too few of their digits: rows then score otherwise than here. Or the model is one for
            which float32 arithmetic, which OpenVINO uses for graphs of float64 too, does not suffice: the graph is run
            so, over rows like the training's, and an error above 0.001 nats and 1e-5 of a log-density is told.
    """
    if opset is not None:
        opset = whole_number(opset, "opset", OLDEST_OPSET, onnx.defs.onnx_opset_version())
    model = classifier_of(model)
    columns = model.report().columns
    _warn_of_lost_digits(model)
    _warn_of_float32(model)
    if append_to is None:
        graph = classifier_graph(model, opset or DEFAULT_OPSET, TensorProto.FLOAT)
    else:
        graph = _joined(model, columns, _read(append_to), backbone_output, opset)
    helper.set_model_props(graph, _properties(model))
    onnx.checker.check_model(graph, full_check=True)
    _write(graph, Path(path))


def _warn_of_lost_digits(model: KDEClassifier) -> None:
    shift = model.state_dict().get(COLUMN_SHIFT)
    if shift is None:
        return
    far = np.flatnonzero(shift)
    names = [repr(model.column_names[i]) if model.column_names else str(i) for i in far[:3]]
    step = float(np.spacing(np.float32(np.abs(shift).max())))
    text = f"columns {', '.join(names)}{' and others' if len(far) > 3 else ''} are far from zero; the graph's input is float32,"
    text += f" which holds steps of {step:.3g} there: subtract about their means from the rows before the fit"
    warnings.warn(DataWarning(text, "digits_lost"), stacklevel=callers_level())


def _warn_of_float32(model: KDEClassifier) -> None:
    error = float32_error(model, classifier_graph(model, DEFAULT_OPSET, TensorProto.FLOAT))
    if error.is_beyond_promise:
        text = "in a runtime that computes in float32, as OpenVINO does, log-densities of this model lose digits: one"
        text += f" of {error.expected:.5g} is off by {error.nats:.2g}; ONNX Runtime computes in float64, as written"
        warnings.warn(DataWarning(text, "digits_lost"), stacklevel=callers_level())


def _properties(model: KDEClassifier) -> dict[str, str]:
    properties = {
        "kernad.version": _core.version(),
        "kernad.model_sha256": hashlib.sha256(model._core.to_bytes()).hexdigest(),
    }
    if model.column_names:
        properties["kernad.feature_names"] = json.dumps(model.column_names)
    if model.threshold is not None:
        properties["kernad.threshold"] = repr(model.threshold.log_density)
        properties["kernad.threshold_rule"] = model.threshold.rule
    if model.calibration is not None:
        properties["kernad.calibration_rows"] = str(len(model.calibration.log_densities))
    return properties


def _joined(model: KDEClassifier, columns: int, backbone: Any, wanted: str | None, opset: int | None) -> Any:
    own = next(o.version for o in backbone.opset_import if o.domain in ("", "ai.onnx"))
    target = opset or max(own, OLDEST_OPSET)
    if target != own:
        backbone = version_converter.convert_version(backbone, target)
    output = _choose_output(backbone, wanted)
    pooled = _as_rows(backbone, output, columns)
    graph = classifier_graph(model, target, output.type.tensor_type.elem_type)
    for part in (backbone, graph):
        part.ir_version = max(backbone.ir_version, graph.ir_version)
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
    merged.producer_name, merged.producer_version = "kernad", _core.version()
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
    """The output as batch x columns: unchanged, or averaged over its two spatial dimensions."""
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
