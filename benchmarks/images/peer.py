"""One of anomalib's models on one split, in a process of its own: python peer.py MODEL TRAIN TEST OUT.npz [--maps]

Its models are given the backbone of kernad's in place of their own, for which no weights can be fetched here; everything
else is theirs, at their defaults. OUT gets `scores`, `maps` if asked for, and the seconds for `fit` and `predict`.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from backbone import Backbone, read
from torch.nn import functional

warnings.filterwarnings("ignore")
LAYERS = ["b4", "b10"]


def patchcore(ratio: float) -> tuple[torch.nn.Module, object]:
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    model = PatchcoreModel(layers=LAYERS, backbone="resnet18", pre_trained=False)
    return model, lambda: model.subsample_embedding(ratio)


def padim() -> tuple[torch.nn.Module, object]:
    from anomalib.models.image.padim.torch_model import PadimModel

    model = PadimModel(backbone="resnet18", layers=["layer1", "layer2"], pre_trained=False, n_features=100)
    model.layers = LAYERS
    model.n_features_original = 152
    model.idx = torch.randperm(152)[:100]
    return model, model.fit


def dfkde() -> tuple[torch.nn.Module, object]:
    from anomalib.models.image.dfkde.torch_model import DfkdeModel

    model = DfkdeModel(backbone="resnet18", layers=["layer4"], pre_trained=False)
    return model, model.fit


MODELS = {
    "PatchCore 10 %": lambda: patchcore(0.1),
    "PatchCore 1 %": lambda: patchcore(0.01),
    "PaDiM": padim,
    "DFKDE": dfkde,
}


@torch.no_grad()
def main(name: str, train: Path, test: Path, out: Path, maps: bool) -> None:
    torch.manual_seed(0)
    model, fit = MODELS[name]()
    # DFKDE of more than one layer fails: anomalib joins their features along the wrong axis.
    model.feature_extractor = Backbone(LAYERS[1:] if name == "DFKDE" else LAYERS)
    begin = time.perf_counter()
    model.train()
    for path in sorted(train.iterdir()):
        model(read(path)[0])
    fit()
    fitted = time.perf_counter()
    model.eval()
    scores, heat = [], []
    for path in sorted(test.iterdir()):
        image, size = read(path)
        result = model(image)
        scores.append(float(result.pred_score))
        if result.anomaly_map is not None:
            heat.append(functional.interpolate(result.anomaly_map.reshape(1, 1, *image.shape[-2:]), list(size),
                                               mode="bilinear")[0, 0].numpy())
    seconds = fitted - begin, time.perf_counter() - fitted
    np.savez(out, scores=scores, maps=np.array(heat if maps else []), seconds=seconds)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:5]), maps="--maps" in sys.argv)
