"""Pages of docs: the text between the markers <!-- NAME --> and <!-- /NAME --> is the output of a run."""

from __future__ import annotations

import re
from pathlib import Path


def with_block(page: Path, text: str, name: str, block: str) -> str:
    """The text of the page with the block for `name` replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    result, count = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", text)
    if count != 1:
        raise ValueError(f"{page} has no place for {name}: <!-- {name} --> ... <!-- /{name} -->")
    return result
