"""The classifier as a torch module with the reference's buffers, and the ways from and to anomalib. Needs torch.

Scoring runs on the CPU in kernad's core, whatever device the features are on; results return to that device.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from kernad._calls import Progress
from kernad._errors import InvalidInput, NotFittedError
from kernad._options import attributes_of
from kernad._reference_form import NAMES, to_reference_form
from kernad._types import FeatureScalingMethod, FitReport, StateDict
from kernad.classifier import KDEClassifier as _Classifier

try:
    import torch
    from torch import nn
except ImportError as error:
    raise ImportError("kernad.torch needs torch: pip install torch") from error

__all__ = ["KDEClassifier", "from_anomalib", "to_anomalib"]


class _Buffers(nn.Module):  # type: ignore[misc]
    """Buffers that take whatever shape a state dict brings, as the reference's do."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        for name in names:
            self.register_buffer(name, torch.empty(0))

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        for name, buffer in self._buffers.items():
            value = state_dict.get(prefix + name)
            if isinstance(value, torch.Tensor) and buffer is not None:
                self._buffers[name] = torch.empty(value.shape, dtype=value.dtype, device=buffer.device)
        super()._load_from_state_dict(state_dict, prefix, *args)


class KDEClassifier(_Buffers):
    """``kernad.KDEClassifier`` as an nn.Module: it takes the place of ``DfkdeModel.classifier`` in anomalib.

    The buffers are the reference's, by name, shape and type (float32): ``pca_model.{singular_vectors, mean,
    num_components}``, ``kde_model.{bw_transform, dataset, norm}``, ``max_length``. They are the model: what is loaded
    into them or saved from them scores the same, here and in the reference (which loses what float32 densities lose).

    Args are those of ``kernad.KDEClassifier``; so are the methods, their shapes and errors. Scores are float64
    tensors on the device of the features. No gradient flows through them.
    """

    def __init__(
        self,
        n_pca_components: int | float | str = 16,
        feature_scaling_method: FeatureScalingMethod | str = FeatureScalingMethod.SCALE,
        max_training_points: int = 40000,
        *,
        seed: int = 0,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: str = "full",
        local_alpha: float = 0.0,
        auto: bool = False,
        num_threads: int = 0,
        pruning: bool = True,
    ) -> None:
        super().__init__("max_length")
        self.n_pca_components = n_pca_components
        self.feature_scaling_method = feature_scaling_method
        self.max_training_points = max_training_points
        self.seed = seed
        self.standardize = standardize
        self.bandwidth = bandwidth
        self.covariance = covariance
        self.local_alpha = local_alpha
        self.auto = auto
        self.num_threads = num_threads
        self.pruning = pruning
        for key, value in attributes_of(self._unfitted()).items():  # checked, and of the types that they have there
            setattr(self, key, value)
        self.pca_model = _Buffers("singular_vectors", "mean", "num_components")
        self.kde_model = _Buffers("bw_transform", "dataset", "norm")
        self._cached: tuple[Any, _Classifier] | None = None
        self._report: FitReport | None = None

    def fit(self, embeddings: Any, *, progress: Progress = None) -> bool:
        """Learn from N x D embeddings: see ``kernad.KDEClassifier.fit``."""
        classifier = self._unfitted()
        fitted = classifier.fit(embeddings, progress=progress)
        tensors = to_reference_form(classifier.state_dict()) if fitted else {}
        self._report = classifier.report() if fitted else None
        for name in NAMES:
            value = torch.from_numpy(tensors[name]) if fitted else torch.empty(0)
            self._set_buffer(name, value)
        return fitted

    def pre_process(self, feature_stack: Any, max_length: Any = None) -> tuple[Any, Any]:
        """See ``kernad.KDEClassifier.pre_process``."""
        return self._unfitted().pre_process(feature_stack, max_length)

    def compute_kde_scores(
        self, features: Any, as_log_likelihood: bool | None = False, *, progress: Progress = None
    ) -> Any:
        """See ``kernad.KDEClassifier.compute_kde_scores``."""
        return self.classifier().compute_kde_scores(features, as_log_likelihood, progress=progress)

    @staticmethod
    def compute_probabilities(scores: Any) -> Any:
        """See ``kernad.KDEClassifier.compute_probabilities``."""
        return _Classifier.compute_probabilities(scores)

    def predict(self, features: Any) -> Any:
        """Anomaly probability of each row: see ``kernad.KDEClassifier.predict``."""
        return self.classifier().predict(features)

    def forward(self, features: Any) -> Any:
        """The same as ``predict``."""
        return self.predict(features)

    def report(self) -> FitReport:
        """What the last fit did; of loaded buffers what their shapes tell. Raises NotFittedError."""
        classifier = self.classifier()
        return self._report or classifier.report()

    def classifier(self) -> _Classifier:
        """The buffers as a ``kernad.KDEClassifier``. Raises NotFittedError; ValueError when they are no model."""
        buffers = dict(self.named_buffers())
        key = (self.feature_scaling_method, *((t.data_ptr(), t._version, t.shape) for t in buffers.values()))
        cached = self._cached  # read once: another thread may replace it
        if cached is not None and cached[0] == key:
            return cached[1]
        if buffers["pca_model.singular_vectors"].numel() == 0:
            raise NotFittedError("the classifier is not fitted; call fit or load a state first")
        classifier = self._unfitted()
        classifier.load_state_dict(StateDict(buffers, {"feature_scaling_method": FeatureScalingMethod(self.feature_scaling_method).value}))
        self._cached = (key, classifier)
        return classifier

    def _unfitted(self) -> _Classifier:
        return _Classifier(**attributes_of(self), num_threads=self.num_threads, pruning=self.pruning)

    def _load_from_state_dict(self, *args: Any) -> None:
        self._report = None  # it told of another fit
        super()._load_from_state_dict(*args)

    def _set_buffer(self, name: str, value: Any) -> None:
        module, _, leaf = name.rpartition(".")
        owner = self.get_submodule(module)
        owner._buffers[leaf] = value.to(owner._buffers[leaf].device)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_cached": None}


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
    from kernad._checkpoints import open_source

    tensors, parameters = open_source(source)
    if feature_scaling_method is not None:
        parameters["feature_scaling_method"] = str(FeatureScalingMethod(feature_scaling_method).value)
    told = {name: parameters[name] for name in ("n_pca_components", "max_training_points") if name in parameters}
    method = parameters.get("feature_scaling_method")
    loaded = _Classifier(feature_scaling_method=method or "scale", **told)
    metadata = {} if method is None else {"feature_scaling_method": method}
    loaded.load_state_dict(StateDict(tensors, metadata))
    return _module_of(loaded)


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
    from kernad._checkpoints import find_classifier

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


def _module_of(classifier: _Classifier) -> KDEClassifier:
    module = KDEClassifier(
        classifier.n_pca_components, classifier.feature_scaling_method, classifier.max_training_points
    )
    for name, value in to_reference_form(classifier.state_dict()).items():
        module._set_buffer(name, torch.from_numpy(value))
    return module
