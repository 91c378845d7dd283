"""kernad's fitted state in the form that anomalib's classifier uses.

The reference has no ``kde_model.mean``: it multiplies features by ``bw_transform`` as they are, so the rows of its
``dataset`` are not centred. And its ``bw_transform`` is the lower Cholesky factor of the inverse kernel covariance,
where kernad's is built from eigenvectors: any W with the same W W^T gives the same distances, by a rotation of the
whitened space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from kernad._errors import InvalidInput
from kernad._fitted import COLUMN_SHIFT, DENSITY_TAIL, EXACT_DATASET, RESIDUAL_LINE, WEIGHTS

NAMES = (
    "pca_model.singular_vectors",
    "pca_model.mean",
    "pca_model.num_components",
    "kde_model.bw_transform",
    "kde_model.dataset",
    "kde_model.norm",
    "max_length",
)
"""Names of the reference's buffers."""

ANCHOR = NAMES[0]


def to_reference_form(state: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """The reference's buffers, float32 (num_components int64), of a state that ``KDEClassifier.state_dict`` gave.

    ``kde_model.norm`` is inf or 0 where the kernel's constant is beyond float32, as it is in the reference itself.

    Raises:
        ValueError: the density has what the reference lacks: a residual beside the components (a shrunk or isotropic
            covariance with all components and fewer of them than columns), or bandwidths of its own for each row.
    """
    require_plain_kernels(state, "the reference's form")
    whitening = np.asarray(state["kde_model.bw_transform"], dtype=np.float64)
    dataset = np.asarray(state["kde_model.dataset"], dtype=np.float64)
    mean = np.asarray(state.get("kde_model.mean", np.zeros(len(whitening))), dtype=np.float64)
    whitening, dataset = _triangular(whitening, dataset + mean @ whitening)
    with np.errstate(over="ignore", under="ignore"):
        tensors = {
            "pca_model.singular_vectors": np.asarray(state["pca_model.singular_vectors"], dtype=np.float32),
            "pca_model.mean": np.asarray(state["pca_model.mean"], dtype=np.float32),
            "pca_model.num_components": np.array([whitening.shape[0]], dtype=np.int64),
            "kde_model.bw_transform": whitening.astype(np.float32),
            "kde_model.dataset": dataset.astype(np.float32),
            "kde_model.norm": np.exp(np.float64(np.ravel(state["kde_model.log_norm"])[0])).astype(np.float32),
            "max_length": np.float64(np.ravel(state["max_length"])[0]).astype(np.float32),
        }
    return {name: np.ascontiguousarray(tensor).reshape(tensor.shape) for name, tensor in tensors.items()}


def is_reference_form(state: Mapping[str, Any]) -> bool:
    """Whether the reference can hold the model: one density, all kernels alike, no residual, a norm within float32, and
    a verdict by the density alone.
    """
    if DENSITY_TAIL in state or RESIDUAL_LINE in state:
        return False
    try:
        require_plain_kernels(state, "")
    except InvalidInput:
        return False
    log_norm = float(np.ravel(state["kde_model.log_norm"])[0])
    return float(np.log(np.finfo(np.float32).tiny)) < log_norm < float(np.log(np.finfo(np.float32).max))


def require_plain_kernels(state: Mapping[str, Any], where: str) -> None:
    """Raises InvalidInput for a density that has a residual column or bandwidths row by row, or for two of them."""
    if "committee.first_tail" in state:
        raise InvalidInput(f"{where} has one density, not two that judge together; fit without auto")
    if COLUMN_SHIFT in state:
        raise InvalidInput(f"{where} has no shift of columns that are far from zero; fit on centred rows")
    if EXACT_DATASET in state:
        raise InvalidInput(f"{where} has no rows in double precision; fit with a larger bandwidth")
    if WEIGHTS in state:
        raise InvalidInput(f"{where} has no weights of rows; fit with whole numbers, which repeat rows, or without")
    components = np.shape(state["pca_model.singular_vectors"])[1]
    if "kde_model.local_factors" in state:
        raise InvalidInput(f"{where} has no bandwidths of each row's own; fit with local_alpha = 0")
    if np.shape(state["kde_model.bw_transform"])[0] != components:
        raise InvalidInput(
            f"{where} has no column for what the components leave out; fit with a number of components, or with"
            " covariance = 'full'"
        )


def _triangular(
    whitening: npt.NDArray[np.float64], dataset: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Both rotated so that ``whitening`` is lower triangular with a positive diagonal, where it is square."""
    rows, columns = whitening.shape
    if rows != columns or (
        np.allclose(whitening, np.tril(whitening), rtol=0, atol=0) and (np.diag(whitening) > 0).all()
    ):
        return whitening, dataset
    # W^T = Q R, so W = R^T Q^T, and W Q = R^T is lower triangular.
    rotation, upper = np.linalg.qr(whitening.T)
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return upper.T * signs, dataset @ (rotation * signs)
