"""What the checks of the documentation share: its pages, and the fenced blocks in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w+-]*)\s*$")
MARKER = re.compile(r"^ *<!-- (?P<kind>not run|given): (?P<text>.*?) ?-->\s*$", re.DOTALL)


def pages() -> list[Path]:
    """README and its like, docs/, and the README files of folders that people are sent to."""
    found = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "data").glob("*.md")]
    return sorted([*found, *(REPOSITORY / "examples").rglob("*.md")])


@dataclass
class Block:
    """A fenced block: its language, its text, the line (from 1) on which its text starts, and the markers above it."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None = None
    given: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page. Raises SystemExit for a fence that is never closed."""
    lines = page.read_text().splitlines()
    i = 0
    not_run, given = None, []
    while i < len(lines):
        if opening := FENCE.match(lines[i]):
            indent, start = len(opening["indent"]), i + 1
            end = next((j for j in range(start, len(lines)) if lines[j].strip() == "```"), None)
            if end is None:
                raise SystemExit(f"{page.relative_to(REPOSITORY)}:{i + 1}: the fence is never closed")
            text = "".join(line[indent:] + "\n" for line in lines[start:end])
            yield Block(page, start + 1, opening["language"], text, not_run, given)
            not_run, given = None, []
            i = end
        elif lines[i].lstrip().startswith("<!-- ") and "-->" in "".join(lines[i : i + 8]):
            end = next(j for j in range(i, len(lines)) if "-->" in lines[j])
            if marker := MARKER.match("\n".join(lines[i : end + 1])):
                if marker["kind"] == "not run":
                    not_run = marker["text"]
                else:
                    given = [*given, marker["text"]]
            i = end
        elif lines[i].strip():
            not_run, given = None, []  # a marker speaks of the very next block
        i += 1
