"""What a model of images says of an image, and of its fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kernad import _images


@dataclass(frozen=True)
class Box:
    """A part of an image, in its pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Verdict:
    """What a model says of one image."""

    name: str
    """Its path; of pixels, Pillow's file name, or their place among those given: ``images[3]``."""
    surprisal: float
    """Mean of the highest 5 % of patch surprisals, in nats; higher is more anomalous."""
    score: float
    """The same from 0 to 1: at least 0.5 exactly if anomalous."""
    p_value: float
    """Share of good images at least as surprising, in [1 / (n + 1), 1] for n training images."""
    anomalous: bool
    """Whether the surprisal reaches the model's threshold."""
    hottest: Box
    """Around the most surprising patch and its hot neighbours."""
    map: npt.NDArray[np.float32] = field(repr=False, compare=False)
    """Surprisal of each patch, in nats: rows x columns of the grid."""
    width: int
    """Of the image (upright), in pixels."""
    height: int

    def heat_map(self) -> npt.NDArray[np.float32]:
        """Surprisal of each pixel, in nats: height x width. What ``kernad predict --heatmaps`` writes as .npy."""
        return _images.enlarge(self.map, self.width, self.height)


@dataclass(frozen=True)
class NearPatch:
    """A patch of a training image that is near a patch in question."""

    image: int
    """Number of the image, in the order of the fit."""
    name: str
    row: int
    """On the grid."""
    col: int
    distance: float
    """In bandwidths, of features alone."""
    weight: float
    """Share of the density at the patch."""


@dataclass(frozen=True)
class OddImage:
    """A training image that is far more surprising than the others: perhaps a defect, or other lighting."""

    name: str
    surprisal: float
    """By a fit without it, in nats."""
    usual: float
    """The median of all."""
    treatment: str
    """``"reference"``, ``"leave-out"`` or ``"keep"``, as the option ``odd`` says, of one beyond a gap above all others
    (docs/images.md); ``"far"`` of one that is only far from them: it is kept.
    """


@dataclass(frozen=True)
class ImageModelReport:
    """The result of a fit."""

    images: int
    grid: tuple[int, int]
    """Rows and columns of patches."""
    channels: int
    """Of the joined layers."""
    components: int
    explained_variance: float
    masked: int
    """Patches of the grid that the mask ignores."""
    patches: int
    """References kept."""
    spatial_width: float
    """In patches; infinite where the position does not matter."""
    bandwidth: float
    """In units of the features."""
    held_out_log_likelihood: float
    """Nats a patch."""
    backbone: str
    """File name."""
    backbone_hash: str
    layers: tuple[str, ...]
    size: int
    """Side of the square that images are scaled to."""
    odd: tuple[OddImage, ...]
    """A model file keeps those beyond a gap."""


@dataclass(frozen=True)
class TestImage:
    """An image of a test set in the layout of MVTec AD."""

    __test__ = False  # of pytest

    path: str
    kind: str
    """``"good"``, or the name of a defect."""
    mask: str | None
    """Path of the image that is white at the defect."""


for _class in (Box, Verdict, NearPatch, OddImage, ImageModelReport, TestImage):
    _class.__module__ = "kernad.images"  # where users find them
