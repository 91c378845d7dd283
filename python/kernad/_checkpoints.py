"""Finds a fitted anomalib classifier in a live module, a checkpoint, a state dict or a file."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kernad._errors import InvalidInput, ReadError
from kernad._reference_form import ANCHOR
from kernad._types import FeatureScalingMethod
from kernad.classifier import KDEClassifier

_PARAMETERS = ("n_pca_components", "feature_scaling_method", "max_training_points")

# What a Lightning checkpoint of anomalib's Dfkde holds besides tensors and plain values: this enum, by the names under
# which its versions have had it. It is read as kernad's own, so anomalib need not be there.
_ENUM_NAMES = (
    "anomalib.models.components.classification.kde_classifier.FeatureScalingMethod",
    "anomalib.models.components.classification.FeatureScalingMethod",
)


def open_source(source: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(tensors by name, parameters that it contains). Raises InvalidInput or ReadError."""
    if isinstance(source, nn.Module):
        module = find_classifier(source)
        return dict(module.state_dict()), _plain({name: getattr(module, name) for name in _PARAMETERS})
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


def _open_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    if path.suffix == ".safetensors":
        classifier = KDEClassifier.load(path)
        options = {name: getattr(classifier, name) for name in _PARAMETERS}
        if any(note.code == "scaling_assumed" for note in classifier.report().notes):
            del options["feature_scaling_method"]
        return dict(classifier.state_dict()), _plain(options)
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


def _open_mapping(mapping: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    state = mapping.get("state_dict", mapping)
    parameters = _plain(mapping.get("hyper_parameters") or {})
    if not parameters and isinstance(metadata := getattr(mapping, "metadata", None), dict):
        parameters = {k: v for k, v in metadata.items() if k == "feature_scaling_method"}
    if not isinstance(state, Mapping) or not any(str(name).endswith(ANCHOR) for name in state):
        raise InvalidInput(f"no tensor named '{ANCHOR}', bare or under a prefix: this is no KDE classifier")
    return {
        str(name): value for name, value in state.items() if isinstance(value, torch.Tensor) or _is_array(value)
    }, parameters


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__")


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: parameters[name] for name in _PARAMETERS if name in parameters}
    if "feature_scaling_method" in plain:
        plain["feature_scaling_method"] = str(
            getattr(plain["feature_scaling_method"], "value", plain["feature_scaling_method"])
        )
    return plain


def _asked_for(error: BaseException) -> str:
    found = re.search(r"GLOBAL (\S+)", str(error))
    return f" (It asks for {found.group(1)}.)" if found else ""


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0]
