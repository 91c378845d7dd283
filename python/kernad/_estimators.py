"""The classifier in whatever estimator of kernad a caller has."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from kernad._errors import InvalidInput, NotFittedError
from kernad.classifier import KDEClassifier

if TYPE_CHECKING:
    from kernad import pyod, sklearn, torch

Estimator: TypeAlias = "KDEClassifier | torch.KDEClassifier | sklearn.KDEAnomalyDetector | pyod.KDE"
"""Whatever has a KDEClassifier in it."""


def classifier_of(model: Estimator) -> KDEClassifier:
    """The model itself, or that of a module of ``kernad.torch`` or of a fitted ``kernad.sklearn`` or ``kernad.pyod``.

    Raises:
        NotFittedError: an estimator that is not fitted.
        ValueError: a pipeline with other steps than the estimator.
        TypeError: anything else.
    """
    if isinstance(model, KDEClassifier):
        return model
    if _is(model, "kernad._torch_classifier", "KDEClassifier"):
        module_classifier: KDEClassifier = model.classifier()
        return module_classifier
    if _is(model, "kernad._held_out", "Decisions"):
        fitted = getattr(model, "classifier_", None)
        if not isinstance(fitted, KDEClassifier):
            raise NotFittedError(f"the {type(model).__name__} is not fitted; call fit first")
        return fitted
    if _is(model, "sklearn.pipeline", "Pipeline"):
        return classifier_of(_only_step(model))
    raise TypeError(
        f"a {_name(model)} is given; valid: a kernad.KDEClassifier, or an estimator of kernad.torch, kernad.sklearn or"
        " kernad.pyod"
    )


def _is(value: Any, module: str, name: str) -> bool:
    """Whether it is of a class whose module may not be there; who has such a value has imported it."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def _only_step(pipeline: Any) -> Any:
    *before, (_, last) = pipeline.steps
    for name, step in before:
        if step is not None and step != "passthrough":
            raise InvalidInput(
                f"the pipeline's step '{name}' is a {_name(step)}, which kernad cannot convert; give the last step, the"
                f" {type(last).__name__}, which then takes what the steps before it make of a row"
            )
    return last


def _name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
