"""The classifier as a torch module, public in ``kernad.torch``.

Scores come from kernad's core on the CPU. While the module is traced, exported or compiled, where gradients are asked
for, and where features and buffers lie on another device, the same formulas run in torch operations
(``kernad._torch_graph``).
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt
import torch

from kernad import _torch_graph as graph
from kernad._arrays import ArrayLike
from kernad._calls import Progress, callers_level
from kernad._errors import InvalidInput, NotFittedError
from kernad._module_state import CALIBRATION, METADATA, metadata_as_bytes, metadata_in
from kernad._options import DEFAULTS, attributes_of, to_values
from kernad._reference_form import NAMES, is_reference_form, to_reference_form
from kernad._torch_calibrated import CalibratedModule
from kernad._torch_parts import PCA, GaussianKDE, method_name, require_dense
from kernad._types import Components, Covariance, Doubles, FeatureScalingMethod, FitReport, Scaling, StateDict, Tensor
from kernad.classifier import KDEClassifier as _Classifier
from kernad.explanation import Explanation


class KDEClassifier(CalibratedModule):
    """``kernad.KDEClassifier`` as an nn.Module, which can replace ``DfkdeModel.classifier`` in anomalib.

    The buffers are the reference's, by name, shape and type (float32): ``pca_model.{singular_vectors, mean,
    num_components}``, ``kde_model.{bw_transform, dataset, norm}``, ``max_length``. They are the model: what is loaded
    into them or saved from them scores the same, here and in the reference (which loses what float32 densities lose).
    A model that the reference cannot hold (``auto``, ``local_alpha``, a residual beside the components), and one with a
    calibration or a threshold, has buffers beyond those, by the names of kernad's model files and ``metadata``; the
    reference then refuses its state dict.

    Args are those of ``kernad.KDEClassifier``; so are the methods, their shapes and errors. Scores are float64 tensors
    on the device of the features; ``predict`` and ``forward`` give probabilities of the features' own type, as the
    reference does. A row of a tensor with NaN or infinity does not stop a batch: its score is NaN, its label True, and
    a warning says so.

    While the module is traced (``torch.jit.trace``), exported (``torch.export``, ``torch.onnx.export``) or compiled,
    where gradients are asked for, and where features and buffers lie on another device than the CPU, scores come from
    torch operations: within 1e-4 nats of the core's, or 1e-6 of a log-density beyond -100. ``torch.jit.script`` and
    ``torch.fx.symbolic_trace``, which read Python's source or run it without values, are refused.

    Buffers are watched for changes in place; those through ``.data`` or a NumPy view need ``refresh``.
    """

    def __init__(
        self,
        n_pca_components: Components = 16,
        feature_scaling_method: Scaling = FeatureScalingMethod.SCALE,
        max_training_points: int = 40000,
        *,
        seed: int = 0,
        standardize: bool = False,
        bandwidth: float | str = "scott",
        covariance: Covariance = "full",
        local_alpha: float = 0.0,
        all_rows: bool = False,
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
        self.all_rows = all_rows
        self.auto = auto
        self.num_threads = num_threads
        self.pruning = pruning
        for key, value in attributes_of(self._unfitted()).items():  # checked, and of the types that they have there
            setattr(self, key, value)
        self.pca_model = PCA()
        self.kde_model = GaussianKDE()
        self._metadata: dict[str, str] = {}
        self._report: FitReport | None = None
        self._form: graph.Form | None = None
        self._threshold: float | None = None
        self._cached: tuple[Any, _Classifier, list[Any]] | None = None
        self.register_load_state_dict_post_hook(_take_loaded)

    def fit(self, embeddings: ArrayLike, *, progress: Progress = None) -> bool:
        """Learn from N x D embeddings: see ``kernad.KDEClassifier.fit``."""
        require_dense(embeddings, "embeddings")
        self._require_values()
        classifier = self._unfitted()
        fitted = classifier.fit(embeddings, progress=progress)
        self._take(classifier if fitted else None)
        self._report = classifier.report() if fitted else None
        return fitted

    @overload
    def pre_process(self, feature_stack: Tensor, max_length: Any = None) -> tuple[Tensor, Tensor]: ...
    @overload
    def pre_process(
        self, feature_stack: ArrayLike, max_length: Any = None
    ) -> tuple[npt.NDArray[np.float32], float]: ...
    def pre_process(self, feature_stack: Any, max_length: Any = None) -> Any:
        """See ``kernad.KDEClassifier.pre_process``."""
        require_dense(feature_stack, "features")
        return self._unfitted().pre_process(feature_stack, max_length)

    @overload
    def compute_kde_scores(
        self, features: Tensor, as_log_likelihood: bool | None = False, *, progress: Progress = None
    ) -> Tensor: ...
    @overload
    def compute_kde_scores(
        self, features: ArrayLike, as_log_likelihood: bool | None = False, *, progress: Progress = None
    ) -> Doubles: ...
    def compute_kde_scores(
        self, features: Any, as_log_likelihood: bool | None = False, *, progress: Progress = None
    ) -> Any:
        """See ``kernad.KDEClassifier.compute_kde_scores``; NaN for a row of a tensor that is not finite."""
        require_dense(features, "features")
        if self._in_torch(features):
            scores = self._scores_in_torch(features)
            return scores if as_log_likelihood else graph.densities(scores)
        if not isinstance(features, torch.Tensor) or features.dim() != 2:
            return self.classifier().compute_kde_scores(features, as_log_likelihood, progress=progress)
        finite = torch.isfinite(features).all(dim=1)
        if finite.all():
            return self.classifier().compute_kde_scores(features, as_log_likelihood, progress=progress)
        some = self.classifier().compute_kde_scores(features[finite], as_log_likelihood, progress=progress)
        wrong = torch.nonzero(~finite).flatten().tolist()
        others = f" and {len(wrong) - 1} others" if len(wrong) > 1 else ""
        text = f"row {wrong[0]}{others} not finite: the score is NaN"
        warnings.warn(text, RuntimeWarning, stacklevel=callers_level())
        scores = torch.full((len(features),), torch.nan, dtype=some.dtype, device=features.device)
        scores[finite] = some
        return scores

    @overload
    @staticmethod
    def compute_probabilities(scores: Tensor, *, midpoint: float | None = None) -> Tensor: ...
    @overload
    @staticmethod
    def compute_probabilities(scores: ArrayLike, *, midpoint: float | None = None) -> Doubles: ...
    @staticmethod
    def compute_probabilities(scores: Any, *, midpoint: float | None = None) -> Any:
        """See ``kernad.KDEClassifier.compute_probabilities``; for a tensor, NaN gives NaN.

        midpoint: the log-density whose probability is 0.5, for tensors. Default: the reference's 12.
        """
        require_dense(scores, "scores")
        if isinstance(scores, torch.Tensor):
            return graph.probabilities(scores, midpoint)
        return _Classifier.compute_probabilities(scores)

    @overload
    def predict(self, features: Tensor) -> Tensor: ...
    @overload
    def predict(self, features: ArrayLike) -> Doubles: ...
    def predict(self, features: Any) -> Any:
        """Anomaly probability of each row, of the features' type: see ``kernad.KDEClassifier.predict``."""
        probabilities = self.compute_probabilities(self.compute_kde_scores(features, as_log_likelihood=True))
        if isinstance(features, torch.Tensor) and features.dtype.is_floating_point:
            return probabilities.to(features.dtype)
        return probabilities

    @overload
    def forward(self, features: Tensor) -> Tensor: ...
    @overload
    def forward(self, features: ArrayLike) -> Doubles: ...
    def forward(self, features: Any) -> Any:
        """The same as ``predict``."""
        return self.predict(features)

    if TYPE_CHECKING:  # torch's own returns Any

        @overload
        def __call__(self, features: Tensor) -> Tensor: ...
        @overload
        def __call__(self, features: ArrayLike) -> Doubles: ...
        def __call__(self, features: Any) -> Any: ...

    def explain(self, row: ArrayLike, nearest: int = 5) -> Explanation:
        """See ``kernad.KDEClassifier.explain``."""
        require_dense(row, "row")
        return self.classifier().explain(row, nearest)

    def report(self) -> FitReport:
        """The report of the last fit; for loaded buffers, what follows from their shapes. Raises NotFittedError."""
        classifier = self.classifier()
        return self._report or classifier.report()

    def save(self, path: str | os.PathLike[str]) -> None:
        """See ``kernad.KDEClassifier.save``: the file is kernad's, of the model that the buffers are."""
        self.classifier().save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **parameters: Any) -> KDEClassifier:
        """The module of a file that kernad wrote: see ``kernad.KDEClassifier.load``."""
        return module_of(_Classifier.load(path, **parameters), cls)

    def classifier(self) -> _Classifier:
        """The buffers as a ``kernad.KDEClassifier``. Raises NotFittedError; ValueError if they are invalid."""
        buffers = self._model()
        method = method_name(self.feature_scaling_method)
        key = None
        if not any(t.is_inference() for t in buffers.values()):  # those do not tell when they change
            key = (method, self.num_threads, self.pruning, *((id(t), t._version) for t in buffers.values()))
        cached = self._cached  # read once: another thread may replace it
        if cached is not None and cached[0] == key:
            return cached[1]
        held = list(buffers.values())
        if buffers["pca_model.singular_vectors"].numel() == 0:
            raise NotFittedError("the classifier is not fitted; call fit or load a state first")
        require_dense(self.max_length, "the classifier's buffers")
        classifier = self._unfitted()
        buffers.pop(METADATA, None)
        if CALIBRATION in buffers:
            buffers["calibration.log_densities"] = buffers.pop(CALIBRATION)
        classifier.load_state_dict(StateDict(buffers, self._metadata | {"feature_scaling_method": method}))
        self._cached = None if key is None else (key, classifier, held)  # held, so that no other tensor gets an id of theirs
        return classifier

    def _unfitted(self) -> _Classifier:
        return _Classifier(**attributes_of(self), num_threads=self.num_threads, pruning=self.pruning)

    def _in_torch(self, features: Any) -> bool:
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            return True
        if not isinstance(features, torch.Tensor):
            return False
        wants_gradient = (features.requires_grad and torch.is_grad_enabled()) or graph.is_transformed(features)
        return bool(wants_gradient) or (features.device.type != "cpu" and features.device == self.max_length.device)

    def _scores_in_torch(self, features: Any) -> Any:
        form = self._form
        if form is None:
            raise NotFittedError("the classifier is not fitted; call fit or load a state first")
        buffers = dict(self.named_buffers())
        by_norm = method_name(self.feature_scaling_method) == "norm"
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            return graph.log_densities(features, buffers, form, by_norm)
        columns = buffers["pca_model.mean"].shape[0]
        if features.dim() != 2 or features.shape[1] != columns:
            shape = tuple(features.shape)
            raise InvalidInput(f"features are of shape {shape}; the model was fitted on {columns} columns")
        blocks = features.split(max(1, graph.BLOCK_VALUES // max(form.size)))
        return torch.cat([graph.log_densities(block, buffers, form, by_norm) for block in blocks])

    def _take(self, classifier: _Classifier | None) -> None:
        """Make the buffers those of a fitted classifier, or of none."""
        tensors: dict[str, Any] = {name: torch.empty(0) for name in NAMES}
        self._metadata = {}
        if classifier is not None:
            state = classifier.state_dict()
            self._metadata = state.metadata
            form = to_reference_form(state) if is_reference_form(state) else dict(state)
            if "calibration.log_densities" in state:
                form[CALIBRATION] = state["calibration.log_densities"]
                form.pop("calibration.log_densities", None)
            tensors = {name: torch.from_numpy(value) for name, value in form.items()}
            if set(tensors) != set(NAMES) or "threshold_rule" in state.metadata:
                text = bytearray(metadata_as_bytes(self._metadata))
                tensors[METADATA] = torch.frombuffer(text, dtype=torch.uint8)
        device = self.max_length.device
        with torch.inference_mode(False):  # tensors of that mode do not tell when they change
            self._have_buffers(set(tensors))
            for name, value in tensors.items():
                self._set_buffer(name, value.to(device))
        self._derive()

    def _derive(self) -> None:
        """Values that the scores in torch need in addition to the model's buffers."""
        buffers = self._model()
        is_fitted = buffers["pca_model.singular_vectors"].numel() > 0
        if is_fitted:
            self._require_values()
        self._form = graph.form_of(buffers) if is_fitted else None
        threshold = self.threshold if "threshold_rule" in self._metadata else None
        self._threshold = None if threshold is None else threshold.log_density
        if self._form is not None:
            for name, value in graph.tail_buffers(buffers).items():
                self._set_buffer(name, value.to(self.max_length.device), persistent=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_cached": None}


def _take_loaded(module: KDEClassifier, _: Any) -> None:
    """After load_state_dict: restores the options, and what follows from the buffers."""
    text = module._buffers.get(METADATA)
    module._report = None  # from another fit
    module._metadata = {} if text is None else metadata_in(text, METADATA)
    options = {key: value for key, value in module._metadata.items() if key in DEFAULTS}
    for key, value in to_values(options).items():
        setattr(module, key, value)
    module._derive()


def module_of(classifier: _Classifier, kind: type[KDEClassifier] = KDEClassifier) -> KDEClassifier:
    """The module of a fitted classifier."""
    module = kind(**attributes_of(classifier), num_threads=classifier.num_threads, pruning=classifier.pruning)
    module._take(classifier)
    module._report = classifier.report()
    return module
