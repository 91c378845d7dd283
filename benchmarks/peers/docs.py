"""docs/performance.md: the text between the markers <!-- NAME --> and <!-- /NAME --> is the output of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import machine
import plots
from pages import with_block
from report import Table


def update(root: Path, described: dict[str, Any], tables: list[Table]) -> None:
    """Updates the machine, and the tables and plots of this run; those that it did not measure stay."""
    page, folder = root / "docs/performance.md", root / "docs/performance"
    folder.mkdir(exist_ok=True)
    text = with_block(page, page.read_text(), "machine", machine.markdown(described))
    for table in tables:
        plots.save(table, folder / f"{table.name}.svg")
        block = f"{table.markdown()}\n\n![{table.title}](performance/{table.name}.svg)"
        text = with_block(page, text, table.name, block)
    page.write_text(text)
    print(f"{page.relative_to(root)} and its plots are up to date")
