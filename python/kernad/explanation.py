"""Why a row has its score: the nearest training rows, and the parts of its deviation from them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Neighbours:
    """The training rows nearest to a row, nearest first; ties in order."""

    row: npt.NDArray[np.int64]
    """Positions in the model's data set: rows of the embeddings given to ``fit`` or, if it took a sample, of
    ``sample_rows(rows_seen, max_training_points, seed)``."""
    distance: npt.NDArray[np.float64]
    """In bandwidths: lengths of the whitened differences."""
    weight: npt.NDArray[np.float64]
    """Shares of the sum of kernels, each in [0, 1]; those of all training rows add up to 1."""


@dataclass(frozen=True)
class Explanation:
    """The result of ``KDEClassifier.explain`` for one row. Everything is finite."""

    log_density: float
    """In nats, as from ``compute_kde_scores``."""
    probability: float
    """As from ``predict``."""
    p_value: float | None
    """None for a model that is not calibrated."""
    decided_by: int
    """For a classifier with ``auto``: which of its densities, 1 or 2, decides and is explained; else 0."""
    neighbours: Neighbours
    deviation: float
    """Length, in bandwidths, of the whitened difference between the row and the weighted mean of the training rows."""
    components: npt.NDArray[np.float64] = field(repr=False)
    """k: each principal component's share of the squared deviation. They add up to 1 and may be negative."""
    columns: npt.NDArray[np.float64] = field(repr=False)
    """D: the same for each column of the embeddings."""
    expected: npt.NDArray[np.float64] = field(repr=False)
    """D: the row without the deviation, in its own units."""
    residual_share: float
    """The share, in [0, 1], of ``|row - mean|^2`` in directions that the model does not keep."""
    residual_decides: bool = False
    """Of a calibrated model: whether what the densities do not see of the row is rarer than what they see, and gives it
    its log-density. ``columns`` are then shares of that part, and ``expected`` is the row without it.
    """

    @property
    def unseen(self) -> float:
        """The old name of ``residual_share``, until the next minor version."""
        warnings.warn("Explanation.unseen is now called residual_share", DeprecationWarning, stacklevel=2)
        return self.residual_share
