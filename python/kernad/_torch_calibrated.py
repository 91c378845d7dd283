"""The part of the torch module that turns scores into decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import torch

from kernad import _torch_graph as graph
from kernad._arrays import ArrayLike
from kernad._calls import Progress
from kernad._errors import NotFittedError
from kernad._module_state import CALIBRATION
from kernad._torch_buffers import ModelBuffers
from kernad._torch_parts import require_dense
from kernad._types import Doubles, FitReport, Tensor
from kernad.calibration import Calibration, Threshold
from kernad.classifier import KDEClassifier as _Classifier


class CalibratedModule(ModelBuffers):
    """The methods of ``kernad.torch.KDEClassifier`` around calibration and threshold."""

    _form: graph.Form | None
    _threshold: float | None
    _cached: tuple[Any, _Classifier, list[Any]] | None
    _report: FitReport | None

    def classifier(self) -> _Classifier:
        """See KDEClassifier."""
        raise NotImplementedError

    def compute_kde_scores(self, features: Any, as_log_likelihood: bool | None = False) -> Any:
        """See KDEClassifier."""
        raise NotImplementedError

    def _take(self, classifier: _Classifier | None) -> None:
        raise NotImplementedError

    def _derive(self) -> None:
        raise NotImplementedError

    @property
    def calibration(self) -> Calibration | None:
        """See ``kernad.KDEClassifier.calibration``."""
        return None if self._form is None else self.classifier().calibration

    @property
    def threshold(self) -> Threshold | None:
        """See ``kernad.KDEClassifier.threshold``."""
        return None if self._form is None else self.classifier().threshold

    def calibrate(
        self, embeddings: ArrayLike, *, folds: int = 10, target_fpr: float | None = None, progress: Progress = None
    ) -> None:
        """See ``kernad.KDEClassifier.calibrate``."""
        require_dense(embeddings, "embeddings")
        self._change(lambda c: c.calibrate(embeddings, folds=folds, target_fpr=target_fpr, progress=progress))

    def calibrate_from(self, normals: ArrayLike, *, target_fpr: float | None = None) -> None:
        """See ``kernad.KDEClassifier.calibrate_from``."""
        require_dense(normals, "normals")
        self._change(lambda c: c.calibrate_from(normals, target_fpr=target_fpr))

    def set_threshold(self, log_density: float | None = None, **rule: float | None) -> None:
        """See ``kernad.KDEClassifier.set_threshold``: ``log_density``, ``target_fpr`` or ``probability``."""
        self._change(lambda c: c.set_threshold(log_density, **rule))

    def set_threshold_f1(self, features: ArrayLike, labels: Any) -> None:
        """See ``kernad.KDEClassifier.set_threshold_f1``."""
        require_dense(features, "features")
        self._change(lambda c: c.set_threshold_f1(features, labels))

    @overload
    def p_values(self, scores: Tensor) -> Tensor: ...
    @overload
    def p_values(self, scores: ArrayLike) -> Doubles: ...
    def p_values(self, scores: Any) -> Any:
        """See ``kernad.KDEClassifier.p_values``."""
        require_dense(scores, "scores")
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            return graph.p_values(scores, self._buffers.get(CALIBRATION))
        return self.classifier().p_values(scores)

    @overload
    def labels(self, scores: Tensor) -> Tensor: ...
    @overload
    def labels(self, scores: ArrayLike) -> npt.NDArray[np.bool_]: ...
    def labels(self, scores: Any) -> Any:
        """See ``kernad.KDEClassifier.labels``; True for a score that is NaN."""
        require_dense(scores, "scores")
        if torch.jit.is_tracing() or torch.compiler.is_compiling():
            if self._threshold is None:
                raise NotFittedError("the classifier has no threshold; call calibrate or set_threshold first")
            return ~(scores > self._threshold)
        if not isinstance(scores, torch.Tensor):
            return self.classifier().labels(scores)
        missing = torch.isnan(scores)
        return self.classifier().labels(torch.where(missing, -torch.inf, scores)) | missing

    @overload
    def predict_labels(self, features: Tensor) -> Tensor: ...
    @overload
    def predict_labels(self, features: ArrayLike) -> npt.NDArray[np.bool_]: ...
    def predict_labels(self, features: Any) -> Any:
        """``labels`` of the rows' log-densities."""
        return self.labels(self.compute_kde_scores(features, as_log_likelihood=True))

    def refresh(self) -> None:
        """Takes the buffers as they are now, after values were written into them through ``.data`` or a NumPy view.

        torch counts no such change, and without this call the scores stay those of the values before. What is written
        into a buffer itself (``copy_``, ``mul_``) is counted; what follows from calibration and tails in a trace, an
        export and gradients needs this call then too.
        """
        self._cached = None
        self._report = None
        self._derive()

    def _change(self, call: Callable[[_Classifier], None]) -> None:
        classifier = self.classifier()
        self._cached = None  # the buffers have changed
        call(classifier)
        self._take(classifier)
