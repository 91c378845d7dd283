"""Images in: paths, Pillow images, arrays and tensors become file names, or pixels as the core takes them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from kernad._arrays import to_numpy
from kernad._calls import callers_level, path_bytes
from kernad._errors import DataWarning, InvalidInput, ReadError

Image: TypeAlias = Any
"""A path, a ``PIL.Image``, an array or a tensor: see ``kernad.images.ImageModel``."""
Pixels: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

VALID = (
    "valid: a path, a PIL.Image, an array (height x width, or height x width x 3 or 4) or a torch tensor (height x "
    "width, or 3 or 4 x height x width) of uint8, uint16 or floats in [0, 1]"
)


class Given(NamedTuple):
    """An image for the core."""

    name: bytes
    """The file's path; of pixels, what messages call them."""
    pixels: Pixels | None
    """Height x width x channels; None: those of the file."""


def each_image(images: Iterable[Image] | Image) -> Iterator[Given]:
    """Each of the images, one after another. Raises InvalidInput, with its number or path, for one that is none."""
    if _is_one(images):
        yield to_image(images, "image")
        return
    if isinstance(images, (Mapping, Set)) or not hasattr(images, "__iter__"):
        raise InvalidInput(f"images: {_kind_of(images)}; valid: images in an order, or one: {VALID}")
    for i, image in enumerate(images):
        yield to_image(image, f"images[{i}]")


def to_image(image: Image, name: str) -> Given:
    """One image. name: of pixels, for messages."""
    if isinstance(image, (str, os.PathLike)):
        path = path_bytes(image)
        if os.path.isdir(path):
            raise InvalidInput(
                f"{os.fsdecode(path)}: is a folder, which only fit takes, by itself; give a list of its images"
            )
        return Given(path, None)
    if _is_pillow(image):
        name = getattr(image, "filename", "") or name
        return Given(os.fsencode(name), _pillow_pixels(image, os.fsdecode(name)))
    return Given(name.encode(), _pixels(image, name))


def _is_one(images: Any) -> bool:
    """Whether it is an image, right or wrong, and no iterable of them."""
    if isinstance(images, (str, os.PathLike, bytes, bytearray, memoryview)) or _is_pillow(images):
        return True
    if not _is_array(images):
        return False
    if getattr(getattr(images, "dtype", None), "kind", None) in ("O", "U", "T"):  # of paths
        return False
    return np.ndim(images) < 4


def _is_array(image: Any) -> bool:
    return hasattr(image, "__array__") or hasattr(image, "__dlpack__")


def _is_pillow(image: Any) -> bool:
    pillow = sys.modules.get("PIL.Image")  # who has one has imported it
    return pillow is not None and isinstance(image, pillow.Image)


def _is_tensor(image: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def _kind_of(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _pixels(image: Image, name: str) -> Pixels:
    if isinstance(image, (bytes, bytearray, memoryview)):
        raise InvalidInput(f"{name}: {_kind_of(image)}; {VALID} (PIL.Image.open reads the bytes of a file)")
    if isinstance(image, (tuple, list)):
        raise InvalidInput(f"{name}: {_kind_of(image)}; {VALID}; judge_all takes many, without labels")
    if not _is_array(image):
        raise InvalidInput(f"{name}: {_kind_of(image)}; {VALID}")
    if np.ma.is_masked(image):
        raise InvalidInput(f"{name}: masked pixels; filled() gives them a value")
    array, _ = to_numpy(image, name)
    return _numbers(_channels_last(array, name, _is_tensor(image)), name)


def _channels_last(array: npt.NDArray[Any], name: str, is_tensor: bool) -> npt.NDArray[Any]:
    """Height x width x 1, 3 or 4."""
    shape = array.shape
    if 0 in shape:
        raise InvalidInput(f"{name}: has no pixels: its shape is {shape}")
    if array.ndim == 2:
        return array[:, :, None]
    first, last = array.ndim == 3 and shape[0] in (1, 3, 4), array.ndim == 3 and shape[-1] in (1, 3, 4)
    if is_tensor and first:
        return np.moveaxis(array, 0, 2)
    if not is_tensor and last:
        return array
    hint = ""
    if first or last:
        hint = f" ({'permute(2, 0, 1)' if is_tensor else 'transpose(1, 2, 0)'} puts the channels there)"
    raise InvalidInput(f"{name}: its shape is {tuple(shape)}; {VALID}{hint}")


def _numbers(array: npt.NDArray[Any], name: str) -> Pixels:
    """The pixels in native order, contiguous."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "u" and size <= 2:
        return np.ascontiguousarray(array, dtype=np.uint8 if size == 1 else np.uint16)
    if kind != "f":
        raise InvalidInput(f"{name}: pixels of {array.dtype}; valid: uint8, uint16 or floats in [0, 1]")
    least, most = float(array.min()), float(array.max())
    if not (least >= 0 and most <= 1):  # nor NaN
        raise InvalidInput(
            f"{name}: floats from {least:.6g} to {most:.6g}; valid: floats in [0, 1], as before they are normalised, "
            "uint8 or uint16"
        )
    scaled = array.astype(np.float64) * 255
    eight = np.rint(scaled)
    if np.abs(scaled - eight).max() < 1e-3:  # what was 8 bits is judged as such, to the bit
        return np.ascontiguousarray(eight, dtype=np.uint8)
    return np.ascontiguousarray(np.rint(scaled * 257), dtype=np.uint16)


def _pillow_pixels(image: Any, name: str) -> Pixels:
    from PIL import ImageOps

    narrowed = ";16" in str(getattr(image, "tile", "")) and not image.mode.startswith("I")
    try:
        image.load()
        upright = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ReadError(f"{name}: Pillow cannot read it: {error}") from error
    if narrowed:
        message = f"{name}: Pillow reads 8 of the 16 bits of its colours; by its path all are read"
        warnings.warn(DataWarning(message, "bits_dropped"), stacklevel=callers_level())
    mode = upright.mode
    if mode in ("L", "RGB", "RGBA"):
        return _numbers(_channels_last(np.asarray(upright), name, False), name)
    if mode in ("1", "LA"):
        return _numbers(np.asarray(upright.convert("L"))[:, :, None], name)
    if mode in ("P", "PA", "RGBX"):
        return _numbers(np.asarray(upright.convert("RGB")), name)
    if mode == "I" or mode.startswith("I;16"):
        array = np.asarray(upright)[:, :, None]
        if array.min() >= 0 and array.max() <= 65535:
            return _numbers(array.astype(np.uint16), name)
        raise InvalidInput(f"{name}: pixels from {array.min()} to {array.max()}; valid: 0 to 65535")
    raise InvalidInput(
        f"{name}: a PIL.Image of mode {mode}; valid: 1, L, LA, P, PA, RGB, RGBA, RGBX, I, I;16 (see convert)"
    )
