"""Images of good parts in, verdicts and heat maps out. Needs a wheel that was built with images (docs/images.md).

    from kernad.images import ImageModel

    model = ImageModel(target_fpr=0.05).fit("parts/good")      # a folder, or a list of images
    verdict = model.judge("parts/new/0001.png")                  # .anomalous, .p_value, .hottest, .heat_map()
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from kernad._calls import Progress, Reporter, callers_level, path_bytes, whole_number
from kernad._errors import DataWarning
from kernad._image_inputs import Image, Pixels, to_image
from kernad._types import Doubles
from kernad.calibration import Calibration

try:
    from kernad import _images
except ImportError as error:
    if importlib.util.find_spec("kernad._images") is None:
        raise ImportError(
            "kernad was built without images; in its sources: scripts/setup images, then "
            "pip install . -C cmake.define.KERNAD_BUILD_IMAGES=ON"
        ) from error
    raise ImportError(
        f"kernad.images cannot be loaded: {error}; on Debian it needs the packages libturbojpeg0, libpng16-16, "
        "libtiff6 and libexif12"
    ) from error

from kernad._image_estimator import ImageEstimator, judged, options_of, threads_of, training_set
from kernad._verdicts import Box, NearPatch, OddImage, ImageModelReport, TestImage, Verdict

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = [
    "Box",
    "NearPatch",
    "OddImage",
    "ImageModel",
    "ImageModelReport",
    "TestImage",
    "Verdict",
    "mvtec_test_set",
    "read_image",
    "training_images",
]


class ImageModel(ImageEstimator):
    """Kernel density of patches of images given their position, learned from good parts: docs/images.md.

    An estimator by scikit-learn's conventions (``get_params``, ``clone``, ``decision_function`` negative for outliers),
    which needs no scikit-learn. Several threads may call one object at once: the GIL is released, and a concurrent
    ``fit`` or ``set_target_fpr`` does not disturb them. Verdicts and model files are those of the command line.

    An image is any of these; alpha is ignored:

    - the path of a PNG, JPEG, BMP or TIFF (str or PathLike), turned by its EXIF orientation;
    - a ``PIL.Image`` of mode 1, L, LA, P, PA, RGB, RGBA, RGBX, I or I;16, turned as well;
    - an array, height x width, or height x width x 1, 3 (RGB) or 4: OpenCV's BGR must be turned to RGB;
    - a torch tensor, height x width, or 1, 3 or 4 x height x width.

    Arrays and tensors hold uint8, uint16 (0 to 65535, however few bits a camera has), or floats in [0, 1]: these are
    taken as 8 bits where they are multiples of 1/255, else as 16. Many images are a list or any other iterable, or an
    array or tensor with one more dimension in front.

    Args:
        target_fpr: share of new good images that may be called anomalous, in (0, 1). None: 0.05, or the smallest rate
            that the images can promise, 1 / (n + 1), if that is larger.
        components: principal components of a patch (>= 1).
        backbone: ONNX file or OpenVINO IR (.xml); None: EfficientNet-Lite0, which comes with kernad.
        layers: names of its outputs or inner values. None: those of its .json, else all its maps.
        size: side of the square that images are scaled to (16 to 4096). None: the backbone's own, else 256.
        tile: side of the tiles that images are cut into, for small defects (docs/images.md); all must be of one size
            then. 0: none.
        mean, std: of red, green and blue in [0, 1], which the backbone is fed without. None: its own, else ImageNet's.
        spatial_width: of the kernel over positions, in patches (> 0; infinity: none). None: by likelihood.
        bandwidth: of the kernel over features (> 0). None: by likelihood.
        max_patches: references kept, a sample if there are more (>= 1,000).
        folds: of images, for the calibration (>= 2).
        mask: image (a path) whose white regions are ignored in every image.
        odd: what becomes of training images beyond a gap above all others (docs/images.md): ``"reference"``, others are
            compared with them but they do not raise the threshold; ``"leave-out"``, a fit without them; ``"keep"``.
        seed: of the sample and the folds (>= 0).
        num_threads: as of ``kernad.KDEClassifier``.
    """

    def __init__(
        self,
        *,
        target_fpr: float | None = None,
        components: int = 64,
        backbone: str | os.PathLike[str] | None = None,
        layers: Sequence[str] | None = None,
        size: int | None = None,
        tile: int = 0,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        spatial_width: float | None = None,
        bandwidth: float | None = None,
        max_patches: int = 65_536,
        folds: int = 10,
        mask: str | os.PathLike[str] | None = None,
        odd: Literal["reference", "leave-out", "keep"] = "reference",
        seed: int = 0,
        num_threads: int = 0,
    ) -> None:
        self.target_fpr = target_fpr
        self.components = components
        self.backbone = backbone
        self.layers = layers
        self.size = size
        self.tile = tile
        self.mean = mean
        self.std = std
        self.spatial_width = spatial_width
        self.bandwidth = bandwidth
        self.max_patches = max_patches
        self.folds = folds
        self.mask = mask
        self.odd = odd
        self.seed = seed
        self.num_threads = num_threads

    def fit(
        self,
        images: Iterable[Image] | Image,
        y: Any = None,
        *,
        skip_unreadable: bool = False,
        progress: Progress = None,
    ) -> Self:
        """Learn from images of good parts, and set the threshold from the same images; y is ignored.

        Args:
            images: a folder (its images, or those in train/good in the layout of MVTec AD), or at least 2 images;
                19 can promise a rate of 5 %. Files are read as they are needed, pixels stay in memory during the fit.
            skip_unreadable: leave out files that cannot be read, and images that are there twice, with a DataWarning
                each; else the first ends the fit.
            progress: ``callback(done, total)``, from any thread, or True for a tqdm bar.

        Raises:
            ReadError: an image, the mask or the backbone cannot be read.
            ValueError: something that is no image, with its place; too few images; ones that are all alike; an
                option out of range; a target_fpr that so few cannot promise. The model is unchanged then.
        """
        given, skipped = training_set(images), list[bytes]()
        rate = None if self.target_fpr is None else float(self.target_fpr)
        on_unreadable = skipped.append if skip_unreadable else None
        with Reporter(progress, "fit") as reporter:
            self._core = _images.ImageModel(given, options_of(self), rate, reporter.callback, on_unreadable)
        for message in skipped:
            warnings.warn(DataWarning(os.fsdecode(message), "image_skipped"), stacklevel=callers_level())
        self._warn_of_the_fit()
        return self

    def judge(self, image: Image) -> Verdict:
        """What the model says of one image.

        Raises:
            NotFittedError: there is no model.
            ReadError, ValueError: it cannot be read, or is no image.
        """
        return judged(self._fitted(), to_image(image, "image"))

    def judge_all(self, images: Iterable[Image] | Image) -> list[Verdict]:
        """The verdicts on images, in order; an iterable is asked for a few at a time. Errors name the image."""
        return list(self._each(images))

    def score_samples(self, images: Iterable[Image] | Image) -> Doubles:
        """Minus the surprisal of each image, in nats: higher is more normal."""
        return np.array([-verdict.surprisal for verdict in self._each(images)], dtype=np.float64)

    def decision_function(self, images: Iterable[Image] | Image) -> Doubles:
        """``score_samples(images) - offset_``: negative exactly for images that are called anomalous."""
        offset = self.offset_
        return self.score_samples(images) - offset

    def predict(self, images: Iterable[Image] | Image) -> npt.NDArray[np.int64]:
        """+1 for each good image, -1 for each anomalous one."""
        return np.array([-1 if verdict.anomalous else 1 for verdict in self._each(images)], dtype=np.int64)

    def p_values(self, images: Iterable[Image] | Image) -> Doubles:
        """Conformal p-value of each image: a new good one has P(p <= a) <= a."""
        return np.array([verdict.p_value for verdict in self._each(images)], dtype=np.float64)

    def heat_map(self, image: Image) -> npt.NDArray[np.float32]:
        """Surprisal of each pixel of one image, in nats: height x width. ``judge(image).heat_map()``."""
        return self.judge(image).heat_map()

    def overlay(self, image: Image) -> npt.NDArray[np.uint8]:
        """One image with its heat map over it (height x width x 3), on one scale: a good part keeps its colours."""
        return self._fitted().overlay(*to_image(image, "image"))

    def nearest(self, image: Image, row: int | None = None, col: int | None = None, count: int = 5) -> list[NearPatch]:
        """The training patches that have the largest share in the density of a patch of one image.

        Args:
            image: the image.
            row, col: of the patch, on the grid. None: the most surprising one.
            count: how many (>= 0).
        """
        core, given = self._fitted(), to_image(image, "image")
        if (row is None) != (col is None):
            raise TypeError("one of row and col is given; both or none are needed")
        if row is None or col is None:
            grid = judged(core, given).map
            row, col = divmod(int(grid.argmax()), grid.shape[1])
        rows, cols = core.report()["grid"]
        at = whole_number(row, "row", 0, rows - 1), whole_number(col, "col", 0, cols - 1)
        found = core.nearest(*given, *at, whole_number(count, "count", 0))
        return [NearPatch(number, os.fsdecode(name), *place, *shares) for number, name, place, shares in found]

    def set_target_fpr(self, rate: float) -> None:
        """Set the threshold: on average at most this share of new good images is called anomalous.

        Raises:
            NotFittedError: there is no model.
            ValueError: a rate outside (0, 1), or that so few images cannot promise.
        """
        self._fitted().set_target_fpr(float(rate))
        self.target_fpr = float(rate)

    @property
    def threshold(self) -> float:
        """Images whose surprisal is at or above it, in nats, are called anomalous."""
        return self._fitted().threshold

    @property
    def offset_(self) -> float:
        """Images whose ``score_samples`` is below it are called anomalous."""
        return float(np.nextafter(-self.threshold, np.inf))  # one at the threshold is anomalous

    @property
    def heat_scale(self) -> tuple[float, float]:
        """The surprisals in nats at which overlays begin to be coloured (usual for a patch), and are hottest."""
        return self._fitted().heat_scale

    @property
    def calibration(self) -> Calibration:
        """Minus the surprisals of the training images, each by a fit without it."""
        return Calibration(**self._fitted().calibration())

    def report(self) -> ImageModelReport:
        """What the fit found. Raises NotFittedError."""
        report = self._fitted().report()
        odd = tuple(OddImage(os.fsdecode(name), *rest) for name, *rest in report.pop("odd"))
        return ImageModelReport(spatial_width=report.pop("width"), odd=odd, **report)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one .safetensors file with everything, the backbone as well. Raises WriteError, NotFittedError."""
        self._fitted().save(path_bytes(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, num_threads: int = 0) -> Self:
        """A model that ``save`` or ``kernad fit`` wrote. Of the options it knows ``target_fpr`` and ``components``.

        OpenVINO parses the network in it: load models only from sources from which you would run a program.

        Raises:
            ReadError: it cannot be read, or is no model of images.
        """
        model = cls(num_threads=num_threads)
        core = _images.ImageModel.load(path_bytes(path), threads_of(num_threads))
        model._core, model.target_fpr, model.components = core, core.target_fpr, core.report()["components"]
        return model


def read_image(path: str | os.PathLike[str]) -> Pixels:
    """The pixels of a PNG, JPEG, BMP or TIFF as the model sees them, turned by its orientation: height x width, or
    height x width x 3 (RGB), uint8 or uint16. Raises ReadError.
    """
    pixels = _images.read_image(path_bytes(path))
    return pixels[:, :, 0] if pixels.shape[2] == 1 else pixels


def training_images(source: str | os.PathLike[str]) -> list[str]:
    """The images that ``fit`` takes of a folder, sorted: those in train/good in the layout of MVTec AD, else those
    directly in it. Raises ReadError for a folder that is missing or has none.
    """
    return [os.fsdecode(path) for path in _images.training_images(path_bytes(source))]


def mvtec_test_set(folder: str | os.PathLike[str]) -> list[TestImage]:
    """The test images of a category in the layout of MVTec AD, test/KIND/NAME, sorted by kind and name, with their
    masks in ground_truth. Raises ReadError if test/good is missing or empty.
    """
    found = _images.mvtec_test_set(path_bytes(folder))
    return [TestImage(os.fsdecode(path), os.fsdecode(kind), os.fsdecode(mask) or None) for path, kind, mask in found]
