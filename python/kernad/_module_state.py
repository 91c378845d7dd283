"""What a module of ``kernad.torch`` keeps in buffers of its own: parameters and threshold as bytes of JSON, and the
calibration. The core reads such states too, see src/serialise/module_state.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kernad._arrays import as_tensor
from kernad._errors import InvalidInput

METADATA = "metadata"
CALIBRATION = "calibration_log_densities"  # a module "calibration" would meet the property of that name


def metadata_as_bytes(metadata: Mapping[str, str]) -> bytes:
    """What ``metadata_in`` reads."""
    return json.dumps(dict(metadata)).encode()


def metadata_in(tensor: Any, name: str) -> dict[str, str]:
    """The texts in a module's buffer of metadata. Raises InvalidInput."""
    array = as_tensor(tensor, f"tensor {name!r}")
    try:
        metadata = json.loads(array.tobytes()) if array.dtype == "uint8" else None
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InvalidInput(f"tensor {name!r} is not a module's; expected: U8, a JSON object of texts")
    return metadata
