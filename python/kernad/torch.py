"""The classifier as a torch module with the reference's buffers, and conversion from and to anomalib. Needs torch."""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError("kernad.torch needs torch: pip install torch") from error

from kernad._torch_classifier import KDEClassifier
from kernad._torch_exchange import from_anomalib, to_anomalib
from kernad._torch_parts import PCA, GaussianKDE

__all__ = ["PCA", "GaussianKDE", "KDEClassifier", "from_anomalib", "to_anomalib"]

for _shown in (PCA, GaussianKDE, KDEClassifier, from_anomalib, to_anomalib):
    _shown.__module__ = __name__  # where users, and pickles, find them
