"""Tables for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any


def as_html(title: str, values: Mapping[str, Any]) -> str:
    """A table of names and values."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(str(value))}</td></tr>"
        for name, value in values.items()
    )
    return f"<table><caption><b>{escape(title)}</b></caption>{rows}</table>"
