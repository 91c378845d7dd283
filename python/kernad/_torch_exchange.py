"""Conversion of models from and to anomalib."""

from __future__ import annotations

import os
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar, overload

import torch
from torch import nn

from kernad._calls import callers_level
from kernad._checkpoints import find_classifier, open_source
from kernad._errors import DataWarning, InvalidInput, InvalidParameter
from kernad._estimators import Estimator, classifier_of
from kernad._fitted import DENSITY_TAIL, RESIDUAL_LINE
from kernad._reference_form import NAMES, to_reference_form
from kernad._torch_classifier import KDEClassifier, module_of
from kernad._types import FeatureScalingMethod, StateDict
from kernad.classifier import KDEClassifier as _Classifier

Module = TypeVar("Module", bound=nn.Module)


def from_anomalib(
    source: nn.Module | Mapping[str, Any] | str | os.PathLike[str],
    *,
    feature_scaling_method: FeatureScalingMethod | str | None = None,
) -> KDEClassifier:
    """A fitted anomalib classifier as one of kernad's, which scores as it does (in the log domain).

    A source with a classifier of kernad in it, such as a checkpoint of ``kernad.anomalib.Dfkde``, gives that classifier
    with its parameters, its calibration and its threshold.

    Args:
        source: a live ``KDEClassifier``, ``DfkdeModel`` or ``Dfkde``; a state dict; a Lightning checkpoint, as a dict
            or as a path (.ckpt, .pt, .pth), which is read with ``weights_only``; or a .safetensors file.
        feature_scaling_method: where the source does not tell it (a bare state dict). Default: what the source tells,
            else "scale", with a FitWarning.

    Raises:
        ValueError: it holds no such classifier, more than one, or one that is not fitted; or it tells another
            feature_scaling_method.
        OSError: the file cannot be read, or a pickle in it asks for more than tensors and plain values (ReadError).
    """
    state, parameters = open_source(source)
    method = parameters.get("feature_scaling_method")
    if feature_scaling_method is not None:
        asked = str(FeatureScalingMethod(feature_scaling_method).value)
        if method not in (None, asked):
            raise InvalidParameter(f"feature_scaling_method is '{asked}'; the source says that it is '{method}'")
        method = asked
    told = {name: parameters[name] for name in ("n_pca_components", "max_training_points") if name in parameters}
    loaded = _Classifier(feature_scaling_method=method or "scale", **told)
    metadata = {} if method is None else {"feature_scaling_method": method}
    loaded.load_state_dict(StateDict(state, metadata | state.metadata))
    return module_of(loaded)


@overload
def to_anomalib(model: Estimator, target: None = None) -> OrderedDict[str, torch.Tensor]: ...
@overload
def to_anomalib(model: Estimator, target: Module) -> Module: ...
def to_anomalib(model: Estimator, target: Any = None) -> Any:
    """A fitted classifier of kernad in anomalib's form.

    Args:
        model: a fitted ``kernad.KDEClassifier`` or ``kernad.torch.KDEClassifier``, or an estimator of
            ``kernad.sklearn`` or ``kernad.pyod``.
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

    Warns:
        DataWarning: the model has a calibration, a threshold, or judges rows by more than the density: the reference
            has no place for these.
    """
    classifier = classifier_of(model)
    fitted = classifier.state_dict()
    form = to_reference_form(fitted)
    norm = float(form["kde_model.norm"])
    if not 0 < norm < float("inf"):
        raise InvalidInput(f"the kernel's constant is {norm} in float32; the reference cannot hold this model")
    state = OrderedDict((name, torch.from_numpy(form[name])) for name in NAMES)
    module = None if target is None else find_classifier(target)
    if lost := _lost(fitted):
        text = f"anomalib's form has no place for {lost}: there the density alone decides"
        warnings.warn(DataWarning(text, "decisions_lost"), stacklevel=callers_level())
    if module is None:
        return state
    module.load_state_dict(state)
    module.feature_scaling_method = type(module.feature_scaling_method)(classifier.feature_scaling_method.value)
    module.n_pca_components = classifier.n_pca_components
    return target


def _lost(state: StateDict) -> str:
    """What anomalib's form cannot hold of a model whose density it can; empty for nothing."""
    found = {
        "the calibration, which p-values come from": "calibration.log_densities" in state,
        "the threshold, which labels come from": "threshold_rule" in state.metadata,
        "the judge of what the components leave out of a row": RESIDUAL_LINE in state,
        "the judge of rows outside the training rows' subspace": DENSITY_TAIL in state,
    }
    *others, last = [name for name, there in found.items() if there] or [""]
    return f"{', '.join(others)} and {last}" if others else last
