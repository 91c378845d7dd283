"""docs/detection.md and its plot."""

from __future__ import annotations

from pathlib import Path

import plot
from pages import with_block
from report import Table
from summary import Summary


def update(root: Path, described: dict[str, str], tables: list[Table], summary: Summary, focus: str) -> None:
    """Updates the tables of this run; those that it did not measure stay."""
    file = root / "docs/detection.md"
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in described.items())]
    text = with_block(file, file.read_text(), "measured", "\n".join(lines))
    for table in tables:
        text = with_block(file, text, table.name, table.markdown())
    plot.save(summary, focus, root / "docs/detection/sets.svg")
    file.write_text(text)
    print(f"{file.relative_to(root)} and its plot are up to date")
