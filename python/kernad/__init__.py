"""kernad: kernel-density anomaly detection, exact, finite on every input, fast.

    import kernad

    classifier = kernad.KDEClassifier(n_pca_components=16)
    classifier.fit(normal_embeddings)                    # N x D
    probability = classifier.predict(new_embeddings)     # M, higher is more anomalous

The ways into other libraries are modules of their own, imported when wanted: ``kernad.sklearn``, ``kernad.pyod``,
``kernad.torch``, ``kernad.anomalib``, ``kernad.onnx``, ``kernad.dask``, ``kernad.ray``, ``kernad.spark``, and ``kernad.images``,
for which a wheel must be built with images. Importing kernad imports none of those libraries.
"""

from __future__ import annotations

import os

from kernad import _core
from kernad._errors import (
    DataWarning,
    FitWarning,
    InternalError,
    InvalidInput,
    InvalidParameter,
    NotFittedError,
    ReadError,
    WriteError,
)
from kernad._estimators import Estimator
from kernad._types import FeatureScalingMethod, FitReport, Note, StateDict
from kernad.calibration import Calibration, Threshold, benjamini_hochberg
from kernad.classifier import KDEClassifier
from kernad.comparison import Comparison, ComparisonResult, ScoreDifference, compare
from kernad.explanation import Explanation, Neighbours
from kernad.functions import DetectionMetrics, SystemInfo, evaluate, sample_rows, system_info
from kernad.gaussian_kde import GaussianKDE
from kernad.pca import PCA
from kernad.scorer import Scorer
from kernad.sketch import Sketch

__version__: str = _core.version()
__all__ = [
    "PCA",
    "Calibration",
    "Comparison",
    "ComparisonResult",
    "DataWarning",
    "DetectionMetrics",
    "Explanation",
    "FeatureScalingMethod",
    "FitReport",
    "FitWarning",
    "GaussianKDE",
    "InternalError",
    "InvalidInput",
    "InvalidParameter",
    "KDEClassifier",
    "Neighbours",
    "NotFittedError",
    "Note",
    "ReadError",
    "ScoreDifference",
    "Scorer",
    "Sketch",
    "StateDict",
    "SystemInfo",
    "Threshold",
    "WriteError",
    "benjamini_hochberg",
    "compare",
    "evaluate",
    "export_onnx",
    "sample_rows",
    "system_info",
]


def export_onnx(
    model: Estimator,
    path: str | os.PathLike[str],
    *,
    append_to: str | os.PathLike[str] | None = None,
    backbone_output: str | None = None,
    opset: int | None = None,
) -> None:
    """Write the classifier as an ONNX graph: ``kernad.onnx.export_onnx``, which needs the package onnx. See there."""
    from kernad import onnx

    onnx.export_onnx(model, path, append_to=append_to, backbone_output=backbone_output, opset=opset)
