"""Pickles of the two stages."""

from __future__ import annotations

from typing import Any


def state_of(stage: Any) -> dict[str, Any]:
    """For a pickle: the attributes, a subclass's among them, and what fit has learned, as bytes of tensors."""
    attributes = {key: value for key, value in stage.__dict__.items() if key != "_core"}
    return {"attributes": attributes, "fitted": stage._core.to_bytes() if stage.is_fitted else None}


def restore(stage: Any, state: dict[str, Any]) -> None:
    """What ``state_of`` gave, into a stage whose ``_core`` is not fitted."""
    stage.__dict__.update(state["attributes"])
    if state["fitted"] is not None:
        stage._core.from_bytes(state["fitted"])
