"""Small value types of the package."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Doubles: TypeAlias = npt.NDArray[np.float64]
Covariance: TypeAlias = Literal["full", "ledoit-wolf", "oas", "isotropic"]
Components: TypeAlias = int | float | Literal["all"]
Scaling: TypeAlias = "FeatureScalingMethod | Literal['scale', 'norm']"


class TensorLike(Protocol):
    """Attributes that distinguish a torch tensor from an array, for type checkers without torch."""

    @property
    def is_cuda(self) -> bool: ...
    @property
    def requires_grad(self) -> bool: ...


Tensor = TypeVar("Tensor", bound=TensorLike)
"""Tensors give tensors; anything else gives arrays."""


class FeatureScalingMethod(str, Enum):
    """How PCA features are scaled before the density is estimated.

    A str: ``"norm"`` and ``"scale"`` work wherever a member does.
    """

    NORM = "norm"
    """Every row to unit length; a row of length zero stays zero."""
    SCALE = "scale"
    """Every row divided by ``max_length``, the longest row seen in training."""


class Note(str):
    """A sentence on what a fit did with the data, and a code for programs.

    Codes do not change from version to version; new ones may come:

    - ``"rows_sampled"``: of more rows than ``max_training_points`` a sample was used;
    - ``"components_cut"``: fewer components than asked for, since the data have no more;
    - ``"directions_dropped"``: components without variance after scaling are no part of the density;
    - ``"bandwidth_at_limit"``: the likelihood would rise beyond the range of bandwidths that was searched;
    - ``"scaling_assumed"``: a checkpoint does not say how it scales;
    - ``"other"``: a note of a model file without codes.
    """

    code: str

    def __new__(cls, text: str, code: str = "other") -> Note:
        """The note of a code and a text."""
        note = super().__new__(cls, text)
        note.code = code
        return note

    def __reduce__(self) -> tuple[type[Note], tuple[str, str]]:
        return Note, (str(self), self.code)


@dataclass(frozen=True)
class FitReport:
    """What a fit did with the data."""

    rows_seen: int
    """Number of rows given to the fit."""
    rows_used: int
    """Number of rows kept by sampling: the density's N."""
    columns: int
    """D, the number of columns."""
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
    """Shrinkage of the kernel covariance towards a spherical one, 0 to 1."""
    loo_log_likelihood: float | None
    """Mean leave-one-out log-likelihood, in nats, of training rows' scaled features; None unless bandwidth is "loo"."""
    chosen: tuple[str, ...]
    """With ``auto``, a sentence for each of the two densities; else empty."""
    notes: tuple[Note, ...]
    """Notes on what was cut or sampled; each was also a FitWarning."""


class StateDict(dict[str, Any]):
    """Tensors by name, as NumPy arrays; parameters, fit report and format version are texts in ``metadata``."""

    def __init__(self, tensors: Any = (), metadata: dict[str, str] | None = None) -> None:
        super().__init__(tensors)
        self.metadata: dict[str, str] = dict(metadata or {})
