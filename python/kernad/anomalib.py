"""anomalib's Dfkde with kernad's classifier, for its Engine. Needs anomalib.

from kernad.anomalib import Dfkde

model = Dfkde(auto=True)                                # any option of kernad.KDEClassifier
Engine().fit(model, datamodule)                         # and test, predict, export as ever
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernad.torch import KDEClassifier

try:
    import torch
    from anomalib.data import InferenceBatch
    from anomalib.models.image import dfkde
    from anomalib.models.image.dfkde import torch_model
    from anomalib.post_processing import PostProcessor
except ImportError as error:
    raise ImportError("kernad.anomalib needs anomalib: pip install anomalib torchvision") from error

__all__ = ["Dfkde", "DfkdeModel"]


class DfkdeModel(torch_model.DfkdeModel):  # type: ignore[misc]
    """The feature extractor followed by kernad's classifier."""

    classifier: KDEClassifier

    def forward(self, batch: Any) -> Any:
        """Features while training; else ``pred_score`` and, with a threshold, ``pred_label``."""
        features = self.get_features(batch)
        if self.training:
            self.memory_bank.append(features)
            return features
        scores = self.classifier.compute_kde_scores(features, as_log_likelihood=True)
        threshold = self.classifier._threshold
        if threshold is None:
            return InferenceBatch(pred_score=self.classifier.compute_probabilities(scores).float())
        return InferenceBatch(
            pred_score=self.classifier.compute_probabilities(scores, midpoint=threshold).float(),
            pred_label=self.classifier.labels(scores),
        )


class Dfkde(dfkde.Dfkde):  # type: ignore[misc]
    """anomalib's Dfkde, whose decisions come from a calibration on the training images alone.

    Args:
        backbone, layers, pre_trained: of the feature extractor, as in anomalib.
        target_fpr: the share of new normal images that may be called anomalous, in (0, 1). ``pred_label`` is decided by
            it, and ``pred_score`` is 0.5 there; anomalib's own thresholds and normalization, which need anomalous
            images, stay out. None: no calibration; scores are the reference's probabilities, and anomalib decides.
        folds: refits of the calibration.
        pre_processor, post_processor, evaluator, visualizer: as in anomalib.
        options: of ``kernad.KDEClassifier``: ``auto``, ``n_pca_components``, ``bandwidth``, ...

    Raises:
        ValueError: an option out of range; in fit also a rate that so few images cannot promise.
    """

    def __init__(
        self,
        backbone: str = "resnet18",
        layers: Sequence[str] = ("layer4",),
        pre_trained: bool = True,
        *,
        target_fpr: float | None = 0.05,
        folds: int = 10,
        pre_processor: Any = True,
        post_processor: Any = True,
        evaluator: Any = True,
        visualizer: Any = True,
        **options: Any,
    ) -> None:
        classifier = KDEClassifier(**options)
        if post_processor is True and target_fpr is not None:
            post_processor = PostProcessor(enable_normalization=False)
        super().__init__(
            backbone,
            layers,
            pre_trained,
            pre_processor=pre_processor,
            post_processor=post_processor,
            evaluator=evaluator,
            visualizer=visualizer,
        )
        self.target_fpr = target_fpr
        self.folds = folds
        self.model = DfkdeModel(backbone, layers, pre_trained)
        self.model.classifier = classifier

    def fit(self) -> None:
        """Fit the classifier to the training images' features, then calibrate it."""
        features = torch.vstack(self.model.memory_bank) if self.model.memory_bank else None
        super().fit()
        if features is not None and self.target_fpr is not None:
            self.model.classifier.calibrate(features, folds=self.folds, target_fpr=self.target_fpr)

    def p_values(self, images: Any) -> Any:
        """Conformal p-value of each of N x C x H x W pre-processed images: small is anomalous."""
        classifier = self.model.classifier
        return classifier.p_values(classifier.compute_kde_scores(self.model.get_features(images), True))
