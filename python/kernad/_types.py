"""Small values that the package hands around."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class FeatureScalingMethod(str, Enum):
    """How PCA features are brought to a common length before the density is estimated.

    A str: ``"norm"`` and ``"scale"`` work wherever a member does.
    """

    NORM = "norm"
    """Every row to unit length; a row of length zero stays zero."""
    SCALE = "scale"
    """Every row divided by ``max_length``, the longest row seen in training."""


@dataclass(frozen=True)
class FitReport:
    """What a fit did with the data."""

    rows_seen: int
    """Rows given."""
    rows_used: int
    """Rows kept by sampling: the density's N."""
    columns: int
    """D, of an embedding."""
    rank: int
    """Numerical rank of the centred rows."""
    components: int
    """Principal components kept."""
    kde_rank: int
    """Dimension of the density: directions in which its kernels have variance."""
    explained_variance: float
    """Share of the total variance, 0 to 1, that the kept components explain."""
    bandwidth_factor: float
    """h: by Scott's rule N^(-1/(k+4))."""
    max_length: float
    """Longest training row after PCA, in the embeddings' unit."""
    shrinkage: float
    """Of the kernel covariance towards a round one, 0 to 1."""
    loo_log_likelihood: float | None
    """Mean leave-one-out log-likelihood, in nats, of scaled features of training rows; None unless bandwidth is "loo"."""
    chosen: tuple[str, ...]
    """Of ``auto``: a sentence for each of the two densities; else empty."""
    notes: tuple[str, ...]
    """Sentences on what was cut or sampled; each was a FitWarning."""


class StateDict(dict[str, Any]):
    """Tensors by name, as NumPy arrays; parameters, fit report and format version are texts in ``metadata``."""

    def __init__(self, tensors: Any = (), metadata: dict[str, str] | None = None) -> None:
        super().__init__(tensors)
        self.metadata: dict[str, str] = dict(metadata or {})


def scaling_name(method: FeatureScalingMethod | str) -> str:
    """``"norm"`` or ``"scale"``; other texts go to the core, which refuses them by name."""
    if isinstance(method, Enum):  # also the enum of anomalib, which has the same values
        return str(method.value)
    if isinstance(method, str):
        return method
    raise TypeError(f"feature_scaling_method is {method!r}; a FeatureScalingMethod or its name is needed")
