"""A fitted model as plain arrays, for torch and ONNX, which score it without the core.

For a row x of D columns, with the names below:

    c = x - pca_mean,  p = c V                               (V: singular_vectors)
    p = (p, sqrt(|c s|^2 - |p|^2))                           where features end with a residual (s: column_scale)
    f = p / max_length, or p / |p|
    q = (f - kde_mean) W                                     (W: whitening)
    log-density = log_constant + logsumexp_i(log w_i - |q - r_i|^2 / (2 h_i^2) - d log h_i)

with log_constant = log_norm - log(sum w_i), h_i = 1 unless bandwidths are local, and w_i = 1 unless rows have weights.
Of two densities that judge together each has a Tail, by which the second's log-density becomes one of the first's
(docs/estimation.md). A calibrated model may judge a row by its Residual and by how far it leaves the subspace of the
training rows as well (docs/calibration.md). Where there is a column_shift, x is what remains of a row without it, rounded to float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

SECOND = "committee.second_"
FIRST_TAIL = "committee.first_tail"
SECOND_TAIL = "committee.second_tail"
COLUMN_SHIFT = "column_shift"
EXACT_DATASET = "kde_model.exact_dataset"
WEIGHTS = "kde_model.weights"
DENSITY_TAIL = "subspace.density_tail"
INSIDE_TAIL = "subspace.inside_tail"
RESIDUAL_LINE = "residual.line"

_RESOLUTION = 1e-4
"""Log-densities this close to each other count as equal: see src/ensemble/tail_rank.cpp."""


def is_pair(state: Mapping[str, Any]) -> bool:
    """Whether two densities judge together."""
    return FIRST_TAIL in state


def has_residual(state: Mapping[str, Any], prefix: str = "") -> bool:
    """Whether the last feature is the length of the residual that the components leave."""
    components = state[prefix + "pca_model.singular_vectors"].shape[1]
    return bool(state[prefix + "kde_model.bw_transform"].shape[0] > components)


def dimension(state: Mapping[str, Any], prefix: str = "") -> int:
    """d, the density's dimension; a residual counts as all the directions that the components leave out."""
    rank = int(state[prefix + "kde_model.dataset"].shape[1])
    if not has_residual(state, prefix) or float(state[prefix + "kde_model.bw_transform"][-1, -1]) == 0:
        return rank
    columns, components = state[prefix + "pca_model.singular_vectors"].shape
    return rank + int(columns) - int(components) - 1


@dataclass(frozen=True)
class Residual:
    """What densities over principal axes do not see of a row: see src/pca/residual.hpp.

    With z = (x - mean) inner, the residual is |z|^2 where there is no outer; else |(x - mean) scale - z outer|^2, where
    that is more than rounding explains.
    """

    mean: npt.NDArray[np.float64]
    """D."""
    scale: npt.NDArray[np.float64]
    """D."""
    inner: npt.NDArray[np.float64]
    """D x k."""
    outer: npt.NDArray[np.float64] | None
    """k x D."""


ROUNDING = (8 * 2.0**-24) ** 2
"""Of the squared length of a row's values: residuals up to that count as 0."""
_FAINT = 1e-4


def residual_of(state: Mapping[str, Any]) -> Residual:
    """That of a model with a RESIDUAL_LINE, from arrays: as pca::Residual."""
    prefix = SECOND if is_pair(state) else ""
    mean = np.asarray(state[prefix + "pca_model.mean"], dtype=np.float64)
    vectors = np.asarray(state[prefix + "pca_model.singular_vectors"], dtype=np.float64)
    scale = np.asarray(state.get(prefix + "pca_model.column_scale", np.ones(len(mean))), dtype=np.float64)
    if not is_pair(state):
        return Residual(mean, scale, vectors, np.ascontiguousarray((vectors / scale[:, None]).T))
    variances = np.asarray(state[prefix + "pca_model.singular_values"], dtype=np.float64) ** 2
    rows = len(state[prefix + "kde_model.dataset"])
    axes = int(np.count_nonzero(variances < _FAINT * rows))
    return Residual(mean, scale, vectors[:, -axes:] / np.sqrt(variances[-axes:] / rows), None)


@dataclass(frozen=True)
class Tail:
    """The rarity of a log-density among those of the training rows: its surprisal, by linear interpolation."""

    knots: npt.NDArray[np.float64]
    """n log-densities, descending; those within 1e-4 nats of each other are equal."""
    surprisals: npt.NDArray[np.float64]
    """n surprisals of the knots, ascending."""
    slope: float
    """Nats per surprisal beyond the last knot."""

    @property
    def beyond(self) -> float:
        """The surprisal just past the last knot."""
        return float(np.log(len(self.knots) + 1))


def tail_of(log_densities: npt.ArrayLike) -> Tail:
    """The tail of training rows' log-densities."""
    sorted_ = -np.sort(-np.asarray(log_densities, dtype=np.float64))
    count = len(sorted_)
    first = np.zeros(count, dtype=np.int64)  # position of the first row with an equal value
    for i in range(1, count):
        first[i] = first[i - 1] if sorted_[first[i - 1]] - sorted_[i] <= _RESOLUTION else i
    last = np.searchsorted(first, first, side="right") - 1
    tenth = min(count, max(2, (count + 9) // 10))
    excess = float((sorted_[count - min(count, tenth + 1)] - sorted_[count - tenth :]).mean())
    return Tail(
        knots=sorted_[last],
        surprisals=np.log(count + 1) - np.log(count - first.astype(np.float64)),
        slope=excess if excess > 100 * _RESOLUTION else 1.0,
    )
