"""Which rows are anomalous, from common forms of labels."""

from __future__ import annotations

import sys
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, to_numpy
from kernad._errors import InvalidInput
from kernad._tables import require_unmasked

NormalLabel: TypeAlias = str | float | None
"""What the normal rows are labelled with; None: as ``kernad.evaluate`` lists."""


def read_labels(labels: ArrayLike, normal_label: NormalLabel = None) -> npt.NDArray[np.uint8]:
    """0 for normal rows, 1 for anomalous ones, by the rules of the command line (``kernad.evaluate`` lists them).

    Raises:
        InvalidInput: one is none of those, or missing, with its row; or what a yes means in labels of that name is not
            clear.
    """
    require_unmasked(labels, "labels")
    torch = sys.modules.get("torch")
    is_tensor = torch is not None and isinstance(labels, torch.Tensor)
    array = to_numpy(labels, "labels")[0] if is_tensor else np.asarray(labels)
    if array.ndim != 1:
        raise InvalidInput(f"labels: the array has shape {array.shape}; one label a row is needed")
    name = getattr(labels, "name", None)  # of a Series
    column = name if isinstance(name, str) else ""
    if normal_label is None and array.dtype.kind in "fiub" and ((array == 0) | (array == 1)).all():
        _core.parse_labels([str(x) for x in np.unique(array).tolist()], "labels", "", column)
        return array.astype(np.uint8)
    texts = [str(x) for x in array.tolist()]
    normal = "" if normal_label is None else str(normal_label)
    return np.asarray(_core.parse_labels(texts, "labels", normal, column), dtype=np.uint8)
