"""Exceptions and warnings. Messages are those of the core: they name the value, its place and what is valid."""


class InvalidInput(ValueError):
    """The data are wrong: empty, NaN or infinite, the wrong number of columns, beyond float32, all rows alike."""


class InvalidParameter(ValueError):
    """A parameter is outside its range, or a text is not one of the valid ones."""


class NotFittedError(ValueError, AttributeError):
    """A result was requested before a fit or load. (The bases are those of scikit-learn's error.)"""


class ReadError(OSError):
    """A file cannot be read, or its content is not what it claims."""


class WriteError(OSError):
    """A file cannot be written; an existing file at the path is unchanged."""


class InternalError(RuntimeError):
    """A fault of kernad, or of a library that it calls; please report it."""


class FitWarning(UserWarning):
    """A fit used less than it was given: fewer components, fewer directions or a sample of the rows."""

    code: str
    """What it is about, for programs: see Note; of ``kernad.images`` also ``"odd_image"`` and ``"few_images"``, of
    ``partial_fit`` ``"sampled_offset"`` and ``"begins_anew"``."""

    def __init__(self, message: str, code: str = "other") -> None:
        super().__init__(message)
        self.code = code


class DataWarning(UserWarning):
    """Something was taken otherwise than it stands: columns put in the model's order, rows without a result, or a model
    without what another form of it cannot hold.
    """

    code: str
    """``"columns_reordered"``, ``"rows_skipped"``, ``"decisions_lost"`` or ``"digits_lost"``; of ``kernad.images``
    ``"image_skipped"`` or ``"bits_dropped"``.
    """

    def __init__(self, message: str, code: str = "other") -> None:
        super().__init__(message)
        self.code = code


for _class in (
    InvalidInput,
    InvalidParameter,
    NotFittedError,
    ReadError,
    WriteError,
    InternalError,
    FitWarning,
    DataWarning,
):
    _class.__module__ = "kernad"  # where users find them
