"""Pickles: of the two stages, and what is raised where one is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kernad._errors import ReadError


def state_of(stage: Any) -> dict[str, Any]:
    """For a pickle: the attributes, including a subclass's, and the fitted state, as bytes of tensors."""
    attributes = {key: value for key, value in stage.__dict__.items() if key != "_core"}
    return {"attributes": attributes, "fitted": stage._core.to_bytes() if stage.is_fitted else None}


def restore(stage: Any, state: dict[str, Any]) -> None:
    """Restores the result of ``state_of`` in a stage whose ``_core`` is not fitted."""
    stage.__dict__.update(state["attributes"])
    if state["fitted"] is not None:
        stage._core.from_bytes(state["fitted"])


@contextmanager
def reading_pickle(owner: Any) -> Iterator[None]:
    """Whatever is wrong with an object's pickled state is a ReadError."""
    try:
        yield
    except (ReadError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        name = type(owner).__name__
        article = "an" if name[0] in "AEIO" else "a"
        raise ReadError(f"pickle of {article} {name}: damaged, or of another version: {error}") from error
