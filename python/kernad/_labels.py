"""Which rows are anomalous, from common forms of labels."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, to_numpy
from kernad._errors import InvalidInput


def read_labels(labels: ArrayLike, normal_label: str | None = None) -> npt.NDArray[np.uint8]:
    """0 for normal rows, 1 for anomalous ones, by the rules of the command line (``kernad.evaluate`` lists them).

    Raises:
        InvalidInput: one is none of those, with its row.
    """
    torch = sys.modules.get("torch")
    is_tensor = torch is not None and isinstance(labels, torch.Tensor)
    array = to_numpy(labels, "labels")[0] if is_tensor else np.asarray(labels)
    if array.ndim != 1:
        raise InvalidInput(f"labels: the array has shape {array.shape}; one label a row is needed")
    if normal_label is None and array.dtype.kind in "fiub" and ((array == 0) | (array == 1)).all():
        return array.astype(np.uint8)
    texts = [f"{x:g}" for x in array] if array.dtype.kind in "fiu" else [str(x) for x in array]
    return np.asarray(_core.parse_labels(texts, "labels", normal_label or "", ""), dtype=np.uint8)
