"""Pages of docs: what stands between the markers <!-- NAME --> and <!-- /NAME --> is a run's output."""

from __future__ import annotations

import re
from pathlib import Path


def with_block(page: Path, text: str, name: str, block: str) -> str:
    """The page's text with another block at its place for `name`."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    result, count = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", text)
    if count != 1:
        raise ValueError(f"{page} has no place for {name}: <!-- {name} --> ... <!-- /{name} -->")
    return result
