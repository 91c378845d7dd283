"""The network of kernad's default model as anomalib's models expect theirs: a module from images to feature maps."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

FOLDER = Path(__file__).resolve().parents[2] / "data/backbone"
SETTINGS = json.loads((FOLDER / "efficientnet-lite0.json").read_text())
CHANNELS = {"b4": 40, "b10": 112}


class Backbone(torch.nn.Module):
    """Runs in OpenVINO, in float32, as kernad's does."""

    def __init__(self, layers: list[str]) -> None:
        super().__init__()
        self.layers = layers
        model = openvino.Core().read_model(FOLDER / "efficientnet-lite0.onnx")
        size = SETTINGS["size"]
        model.reshape([1, 3, size, size])
        self.network = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self.out_dims = [CHANNELS[layer] for layer in layers]

    def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """B x 3 x size x size, normalised."""
        results = [self.network(image[None].numpy()) for image in images]
        return {layer: torch.from_numpy(np.concatenate([r[layer] for r in results])) for layer in self.layers}


def read(path: Path) -> tuple[torch.Tensor, tuple[int, int]]:
    """(1 x 3 x size x size, normalised; height and width of the file)."""
    with Image.open(path) as file:
        image = functional.to_dtype(functional.pil_to_tensor(file.convert("RGB")), torch.float32, scale=True)
    size = SETTINGS["size"]
    scaled = functional.resize(image, [size, size], antialias=True)
    return functional.normalize(scaled, SETTINGS["mean"], SETTINGS["std"])[None], image.shape[-2:]
