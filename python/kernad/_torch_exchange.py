"""Conversion of models from and to anomalib."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch

from kernad._checkpoints import find_classifier, open_source
from kernad._errors import InvalidInput
from kernad._reference_form import NAMES, to_reference_form
from kernad._torch_classifier import KDEClassifier, module_of
from kernad._types import FeatureScalingMethod, StateDict
from kernad.classifier import KDEClassifier as _Classifier


def from_anomalib(source: Any, *, feature_scaling_method: FeatureScalingMethod | str | None = None) -> KDEClassifier:
    """A fitted anomalib classifier as one of kernad's, which scores as it does (in the log domain).

    Args:
        source: a live ``KDEClassifier``, ``DfkdeModel`` or ``Dfkde``; a state dict; a Lightning checkpoint, as a dict
            or as a path (.ckpt, .pt, .pth), which is read with ``weights_only``; or a .safetensors file.
        feature_scaling_method: where the source does not tell it (a bare state dict). Default: what the source tells,
            else "scale", with a FitWarning.

    Raises:
        ValueError: it holds no such classifier, more than one, or one that is not fitted.
        OSError: the file cannot be read, or a pickle in it asks for more than tensors and plain values (ReadError).
    """
    tensors, parameters = open_source(source)
    if feature_scaling_method is not None:
        parameters["feature_scaling_method"] = str(FeatureScalingMethod(feature_scaling_method).value)
    told = {name: parameters[name] for name in ("n_pca_components", "max_training_points") if name in parameters}
    method = parameters.get("feature_scaling_method")
    loaded = _Classifier(feature_scaling_method=method or "scale", **told)
    metadata = {} if method is None else {"feature_scaling_method": method}
    loaded.load_state_dict(StateDict(tensors, metadata))
    return module_of(loaded)


def to_anomalib(model: Any, target: Any = None) -> Any:
    """A fitted classifier of kernad in anomalib's form.

    Args:
        model: a fitted ``kernad.KDEClassifier`` or ``kernad.torch.KDEClassifier``.
        target: a live anomalib ``KDEClassifier``, ``DfkdeModel`` or ``Dfkde`` to load it into; its scaling method and
            number of components are set too.

    Returns:
        target; without one the state dict, float32 tensors under the reference's names. Its density has no centre of
        its own, so the rows of ``kde_model.dataset`` are shifted by it: the reference scores as kernad does, as far
        as float32 goes.

    Raises:
        NotFittedError: there is no model.
        ValueError: the kernel's constant is beyond float32, which the reference needs it in; or target holds no
            classifier.
    """
    classifier = model.classifier() if isinstance(model, KDEClassifier) else model
    form = to_reference_form(classifier.state_dict())
    norm = float(form["kde_model.norm"])
    if not 0 < norm < float("inf"):
        raise InvalidInput(f"the kernel's constant is {norm} in float32; the reference cannot hold this model")
    state = OrderedDict((name, torch.from_numpy(form[name])) for name in NAMES)
    if target is None:
        return state
    module = find_classifier(target)
    module.load_state_dict(state)
    module.feature_scaling_method = type(module.feature_scaling_method)(classifier.feature_scaling_method.value)
    module.n_pca_components = classifier.n_pca_components
    return target
