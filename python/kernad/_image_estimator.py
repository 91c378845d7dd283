"""The parts of ImageModel that users do not call: options, judging many, pickles, what scikit-learn asks."""

from __future__ import annotations

import inspect
import os
import tempfile
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernad import _images
from kernad._calls import callers_level, path_bytes, threads_for, whole_number
from kernad._errors import FitWarning, InvalidParameter, NotFittedError
from kernad._image_inputs import Given, Image, each_image
from kernad._stage_state import reading_pickle
from kernad._verdicts import Box, Verdict
from kernad.functions import system_info

if TYPE_CHECKING:
    from typing_extensions import Self

_DEFAULT_BACKBONE = Path(__file__).parent / "backbone" / "efficientnet-lite0.onnx"

_KEPT = "; if it is no good part, or was taken otherwise, fit without it: it raises the threshold"
_ODD = {
    "reference": " and does not count for the threshold; if it shows a defect, odd='leave-out' fits without it",
    "leave-out": ": it is left out",
    "keep": _KEPT,
    "far": _KEPT,
}


def training_set(images: Iterable[Image] | Image) -> list[Given]:
    """The images of a fit: of a folder, or as given."""
    if isinstance(images, (str, os.PathLike)):
        return [Given(path, None) for path in _images.training_images(path_bytes(images))]
    return list(each_image(images))


def judged(core: _images.ImageModel, given: Given) -> Verdict:
    """The verdict on one image."""
    surprisal, score, p_value, anomalous, hottest, patches, size = core.judge(*given)
    return Verdict(os.fsdecode(given.name), surprisal, score, p_value, anomalous, Box(*hottest), patches, *size)


def threads_of(num_threads: Any) -> int:
    """The number of threads for the core."""
    return threads_for(whole_number(num_threads, "num_threads", 0, 1024))


def options_of(model: ImageEstimator) -> dict[str, Any]:
    """The options of a fit, as the core takes them. Raises as ``whole_number`` does; the core checks the ranges."""
    option = model.get_params().get
    options: dict[str, Any] = {
        name: whole_number(option(name), name, 0) for name in ("components", "max_patches", "folds", "seed", "tile")
    }
    options["threads"] = threads_of(option("num_threads"))
    backbone = option("backbone")
    options["backbone"] = path_bytes(_DEFAULT_BACKBONE if backbone is None else backbone)
    if (mask := option("mask")) is not None:
        options["mask"] = path_bytes(mask)
    options["odd"] = str(option("odd"))
    if (layers := option("layers")) is not None:
        if isinstance(layers, str):
            raise InvalidParameter(f"layers is {layers!r}; valid: a list of names")
        options["layers"] = [str(layer) for layer in layers]
    if (size := option("size")) is not None:
        options["size"] = whole_number(size, "size", 16, 4096)
    for name in ("mean", "std"):
        if (values := option(name)) is not None:
            options[name] = [float(value) for value in values]
    for name, key in (("spatial_width", "width"), ("bandwidth", "bandwidth")):
        if (value := option(name)) is not None:
            options[key] = float(value)
    return options


class ImageEstimator:
    """See ``kernad.images.ImageModel``."""

    target_fpr: float | None
    components: int
    num_threads: int
    _core: _images.ImageModel | None = None

    def _fitted(self) -> _images.ImageModel:
        if self._core is None:
            raise NotFittedError(f"the {type(self).__name__} is not fitted; call fit or load first")
        if not self._core.is_of_this_process:  # OpenVINO does not survive a fork: the child makes its own
            self._core = _from_bytes(_to_bytes(self._core), threads_of(self.num_threads))
        return self._core

    def _each(self, images: Iterable[Image] | Image) -> Iterator[Verdict]:
        """Verdicts in order, by num_threads threads that are at most a few images ahead."""
        core, given = self._fitted(), each_image(images)
        threads = threads_of(self.num_threads) or system_info().threads
        if threads == 1:
            for image in given:
                yield judged(core, image)
            return
        waiting: deque[Future[Verdict]] = deque()
        with ThreadPoolExecutor(threads) as pool:
            try:
                for image in given:
                    waiting.append(pool.submit(judged, core, image))
                    if len(waiting) == 2 * threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _warn_of_the_fit(self) -> None:
        core = self._fitted()
        report = core.report()
        notes = [
            (
                f"{os.fsdecode(name)}: is far from the others (surprisal {surprisal:.1f}, usual {usual:.1f})"
                + _ODD[treatment],
                "odd_image",
            )
            for name, surprisal, usual, treatment in report["odd"]
        ]
        if self.target_fpr is None and core.target_fpr > 0.05:
            promised = f"{report['images']} images cannot promise a false-alarm rate below {core.target_fpr:.1%}"
            notes.append((f"{promised}, which is what the threshold promises; 5 % need 19", "few_images"))
        if report["components"] < self.components:
            found = f"{report['components']} components are used; the patches have no more of {self.components}"
            notes.append((found, "components_cut"))
        for text, code in notes:
            warnings.warn(FitWarning(text, code), stacklevel=callers_level())

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name, for scikit-learn."""
        return {name: getattr(self, name) for name in self._defaults()}

    def set_params(self, **params: Any) -> Self:
        """Set options by name, for scikit-learn; they hold from the next fit on."""
        valid = self._defaults()
        for name, value in params.items():
            if name not in valid:
                raise InvalidParameter(f"option {name!r} is not known; valid: {', '.join(valid)}")
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return self._core is not None

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        inputs = InputTags(two_d_array=False, string=True)
        return Tags(estimator_type="outlier_detector", target_tags=TargetTags(required=False), input_tags=inputs)

    def __getstate__(self) -> dict[str, Any]:
        attributes = {key: value for key, value in self.__dict__.items() if key != "_core"}
        return {"attributes": attributes, "model": None if self._core is None else _to_bytes(self._core)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with reading_pickle(self):
            self.__dict__.update(state["attributes"])
            self._core = None if state["model"] is None else _from_bytes(state["model"], threads_of(self.num_threads))

    def __repr__(self) -> str:
        defaults = {name: repr(value) for name, value in self._defaults().items()}
        given = [f"{name}={value!r}" for name, value in self.get_params().items() if repr(value) != defaults[name]]
        state = "not fitted" if self._core is None else f"fitted on {self._core.report()['images']} images"
        return f"{type(self).__name__}({', '.join([*given, state])})"


def _to_bytes(core: _images.ImageModel) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model"
        core.save(path_bytes(file))
        return file.read_bytes()


def _from_bytes(model: bytes, threads: int) -> _images.ImageModel:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model"
        file.write_bytes(model)
        return _images.ImageModel.load(path_bytes(file), threads)
