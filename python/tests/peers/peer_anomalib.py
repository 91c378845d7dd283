"""anomalib's own tests of Dfkde (tests/integration/model/test_models.py -k dfkde) with kernad's classifier in it."""

from __future__ import annotations

from typing import Any

import anomalib.models.image.dfkde.torch_model as theirs

from kernad.torch import KDEClassifier

theirs.KDEClassifier = KDEClassifier

_extractor = theirs.TimmFeatureExtractor


def _with_random_weights(*arguments: Any, **options: Any) -> Any:
    """The tests look at no score, and trained weights would have to be fetched."""
    return _extractor(*arguments, **options | {"pre_trained": False})


theirs.TimmFeatureExtractor = _with_random_weights
