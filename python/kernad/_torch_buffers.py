"""The buffers that a fitted model has in torch: the reference's, and those that only some models have."""

from __future__ import annotations

from typing import Any

import torch

from kernad._errors import InvalidInput
from kernad._fitted import (
    COLUMN_SHIFT,
    DENSITY_TAIL,
    EXACT_DATASET,
    FIRST_TAIL,
    INSIDE_TAIL,
    RESIDUAL_LINE,
    SECOND,
    SECOND_TAIL,
    WEIGHTS,
)
from kernad._module_state import CALIBRATION, METADATA
from kernad._reference_form import NAMES
from kernad._torch_parts import RECORDERS, Buffers

_PIPELINE = (
    *NAMES,
    "pca_model.column_scale",
    "pca_model.singular_values",
    "pca_model.explained_variance_ratio",
    "kde_model.mean",
    "kde_model.log_norm",
    "kde_model.local_factors",
    EXACT_DATASET,
    WEIGHTS,
)
_SUBSPACE = (*(f"subspace.{name}" for name in ("mean", "scale", "largest", "axes", "noise")), DENSITY_TAIL, INSIDE_TAIL)
KNOWN = {
    *_PIPELINE,
    *(SECOND + name for name in _PIPELINE),
    *(FIRST_TAIL, SECOND_TAIL, COLUMN_SHIFT, RESIDUAL_LINE, CALIBRATION, METADATA),
    *_SUBSPACE,
}
"""Every buffer that a model may have; all have those of NAMES."""


class ModelBuffers(Buffers):
    """A module with the buffers that its model has."""

    max_length: Any

    def _model(self) -> dict[str, Any]:
        return {name: value for name, value in self.named_buffers() if name in KNOWN}

    def _have_buffers(self, names: set[str]) -> None:
        """Makes and removes buffers and their modules, so that these are there besides those of NAMES."""
        for name in {name for name, _ in self.named_buffers()} - names - set(NAMES):
            module, _, leaf = name.rpartition(".")
            del self.get_submodule(module)._buffers[leaf]
        for name in [
            n for n, m in self.named_children() if isinstance(m, Buffers) and not any(True for _ in m.buffers())
        ]:
            del self._modules[name]
        for name in names:
            self._set_buffer(name, None)

    def _require_values(self) -> None:
        """Raises InvalidInput on the meta device, where a fit or a load would leave nothing."""
        if self.max_length.device.type == "meta":
            text = "the module is on the meta device, where buffers have no values; to_empty(device='cpu') moves it,"
            raise InvalidInput(text + " and load_state_dict(..., assign=True) takes the state's own tensors")

    def __prepare_scriptable__(self) -> Any:
        """Called by torch.jit.script, which compiles Python's source: scores come from elsewhere."""
        raise TypeError(f"torch.jit.script cannot compile a {type(self).__name__} of kernad; {RECORDERS}")

    def _set_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """value None: an empty one, where there is none."""
        *parents, leaf = name.split(".")
        owner: Any = self
        for parent in parents:
            if parent not in owner._modules:
                owner.add_module(parent, Buffers())
            owner = owner._modules[parent]
        if leaf not in owner._buffers:
            owner.register_buffer(leaf, torch.empty(0, device=self.max_length.device), persistent=persistent)
        if value is not None:
            owner._buffers[leaf] = value

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        names = {name.removeprefix(prefix) for name in state_dict if name.startswith(prefix)}
        self._have_buffers(names & KNOWN)
        super()._load_from_state_dict(state_dict, prefix, *args)
