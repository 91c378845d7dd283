"""Finds a fitted classifier, anomalib's or kernad's, in a live module, a checkpoint, a state dict or a file."""

from __future__ import annotations

import os
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kernad._errors import FitWarning, InvalidInput, ReadError
from kernad._module_state import METADATA, metadata_in
from kernad._reference_form import ANCHOR
from kernad._torch_classifier import KDEClassifier as _Module
from kernad._types import FeatureScalingMethod, StateDict
from kernad.classifier import KDEClassifier

_METHOD = "feature_scaling_method"
_PARAMETERS = ("n_pca_components", _METHOD, "max_training_points")

# What a Lightning checkpoint of anomalib's Dfkde holds besides tensors and plain values: this enum, by the names under
# which its versions have had it. It is read as kernad's own, so anomalib need not be there.
_ENUM_NAMES = (
    "anomalib.models.components.classification.kde_classifier.FeatureScalingMethod",
    "anomalib.models.components.classification.FeatureScalingMethod",
)


def open_source(source: Any) -> tuple[StateDict, dict[str, Any]]:
    """(tensors by name, and the metadata of a model of kernad; parameters that it contains).

    Raises InvalidInput or ReadError.
    """
    if isinstance(source, nn.Module):
        module = find_classifier(source)
        if isinstance(module, _Module):
            return _of_kernad(module.classifier().state_dict())
        return StateDict(module.state_dict()), _plain({name: getattr(module, name) for name in _PARAMETERS})
    if isinstance(source, (str, os.PathLike)):
        return _open_file(Path(source))
    if isinstance(source, Mapping):
        return _open_mapping(source)
    raise TypeError(f"{type(source).__name__} is no module, state dict, checkpoint or path")


def find_classifier(model: Any) -> Any:
    """The one module in ``model`` (or itself) that has the classifier's parts."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"{type(model).__name__} is no torch module")
    found = [m for m in model.modules() if hasattr(m, "pca_model") and hasattr(m, "kde_model")]
    if len(found) != 1:
        raise InvalidInput(f"{type(model).__name__} holds {len(found)} KDE classifiers; one is needed")
    return found[0]


def _open_file(path: Path) -> tuple[StateDict, dict[str, Any]]:
    if path.suffix == ".safetensors":
        return _open_safetensors(path)
    enums: list[Any] = [(FeatureScalingMethod, name) for name in _ENUM_NAMES]
    try:
        with torch.serialization.safe_globals(enums):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ReadError(
            f"{path}: refused: its pickle asks for more than tensors and plain values, which could run any code. "
            f"Where it was made, save the state alone: torch.save(model.state_dict(), path).{_asked_for(error)}"
        ) from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ReadError(f"{path}: not a checkpoint that torch can read: {_first_line(error)}") from error
    if not isinstance(checkpoint, Mapping):
        raise ReadError(f"{path}: holds a {type(checkpoint).__name__}; a checkpoint or a state dict is needed")
    return _open_mapping(checkpoint)


def _open_safetensors(path: Path) -> tuple[StateDict, dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # what is assumed here, the caller may know
        classifier = KDEClassifier.load(path)
    if not any(note.code == "scaling_assumed" for note in classifier.report().notes):
        return _of_kernad(classifier.state_dict())
    options = {name: getattr(classifier, name) for name in _PARAMETERS if name != _METHOD}
    return StateDict(classifier.state_dict()), _plain(options)


def _open_mapping(mapping: Mapping[str, Any]) -> tuple[StateDict, dict[str, Any]]:
    state = mapping.get("state_dict", mapping)
    anchors = [str(name) for name in state if str(name).endswith(ANCHOR)] if isinstance(state, Mapping) else []
    if not anchors:
        raise InvalidInput(f"no tensor named '{ANCHOR}', bare or under a prefix: this is no KDE classifier")
    tensors = {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor) or _is_array(value)}
    metadata = getattr(state, "metadata", None)
    for name in (anchor.removesuffix(ANCHOR) + METADATA for anchor in anchors):
        if name in tensors:
            metadata = metadata_in(tensors[name], name)
    if isinstance(metadata, dict) and metadata:
        return _of_kernad(StateDict(tensors, metadata))
    return StateDict(tensors), _plain(mapping.get("hyper_parameters") or {})


def _of_kernad(state: StateDict) -> tuple[StateDict, dict[str, Any]]:
    """Whose metadata say everything."""
    return state, {_METHOD: state.metadata[_METHOD]} if _METHOD in state.metadata else {}


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__")


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: parameters[name] for name in _PARAMETERS if name in parameters}
    if _METHOD in plain:
        plain[_METHOD] = str(getattr(plain[_METHOD], "value", plain[_METHOD]))
    return plain


def _asked_for(error: BaseException) -> str:
    found = re.search(r"GLOBAL (\S+)", str(error))
    return f" (It asks for {found.group(1)}.)" if found else ""


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
