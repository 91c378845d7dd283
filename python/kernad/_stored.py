"""The classifier's fitted state in other forms: tensors, files, pickles."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kernad import _core
from kernad._arrays import as_tensor
from kernad._calls import path_bytes
from kernad._options import to_texts, to_values
from kernad._stage_state import reading_pickle
from kernad._types import StateDict

if TYPE_CHECKING:
    from typing_extensions import Self


class Stored:
    """The part of KDEClassifier that writes and reads its model."""

    _core: _core.KDEClassifier
    num_threads: int

    def _warn_of_notes(self, *codes: str) -> None:
        raise NotImplementedError

    def state_dict(self) -> StateDict:
        """The fitted state under the reference's tensor names, with kernad's additional ones, as NumPy arrays.

        The parameters are texts in the result's ``metadata``. Raises NotFittedError.
        """
        tensors, metadata = self._core.state_dict()
        return StateDict(tensors, metadata)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a fitted state: kernad's own, or that of an anomalib ``KDEClassifier``, whose scores stay the same.

        Args:
            state_dict: arrays or tensors by name; names may stand under one prefix (``"model.classifier."``), and
                other tensors beside them are ignored. Parameters come from its ``metadata`` where it has one and
                stay as they are otherwise; a FitWarning tells when the scaling method is such a guess.

        Raises:
            ValueError: a tensor is missing, of the wrong shape or not finite; the classifier is unchanged then.
        """
        tensors = {
            str(name): as_tensor(value, f"tensor {name!r}")
            for name, value in state_dict.items()
            if (hasattr(value, "shape") or isinstance(value, (int, float)))
        }
        metadata = getattr(state_dict, "metadata", None)
        self._core.load_state_dict(tensors, metadata if isinstance(metadata, dict) else {})
        self._warn_of_notes("scaling_assumed")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as one .safetensors file, completely or not at all.

        Raises:
            NotFittedError: there is no model.
            OSError: the file cannot be written (WriteError).
        """
        self._core.save(path_bytes(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str], **parameters: Any) -> Self:
        """The classifier of a file that ``save`` or the command line wrote, or of an exported anomalib checkpoint.

        Args:
            path: a .safetensors file.
            parameters: of the constructor, for what the file does not tell (num_threads; with a checkpoint of
                anomalib also feature_scaling_method).

        Raises:
            OSError: the file cannot be read, or is not such a model (ReadError).
        """
        classifier = cls(**parameters)
        classifier._core.load(path_bytes(path))
        classifier._warn_of_notes("scaling_assumed")
        return classifier

    def __getstate__(self) -> dict[str, Any]:
        """Parameters, and the model as the bytes of its .safetensors file: loading them runs no code of their own."""
        return {
            "parameters": to_values(self._core.options())
            | {"num_threads": self.num_threads, "pruning": self._core.pruning},
            "model": self._core.to_bytes() if self._core.is_fitted else None,
            "attributes": {key: value for key, value in self.__dict__.items() if key not in ("_core", "num_threads")},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            parameters = dict(state["parameters"])
            self.num_threads, pruning = parameters.pop("num_threads"), parameters.pop("pruning")
            self._core = _core.KDEClassifier(to_texts(parameters))
            self._core.pruning = pruning
            self.__dict__.update(state["attributes"])  # a subclass's own
            if state["model"] is not None:
                self._core.from_bytes(state["model"])

    def __copy__(self) -> Self:
        """Shares the fitted state, which is immutable."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__, _core=self._core.copy())
        return other
