"""docs/performance.md: what stands between the markers <!-- NAME --> and <!-- /NAME --> is a run's output."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import machine
import plots
from report import Table


def _replaced(text: str, name: str, block: str) -> str:
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    result, count = pattern.subn(lambda match: f"{match[1]}{block}\n{match[2]}", text)
    if count != 1:
        raise ValueError(f"docs/performance.md has no place for {name}: <!-- {name} --> ... <!-- /{name} -->")
    return result


def update(root: Path, described: dict[str, Any], tables: list[Table]) -> None:
    """The page's machine, and the tables and plots of this run; what this run left out stays."""
    page, folder = root / "docs/performance.md", root / "docs/performance"
    folder.mkdir(exist_ok=True)
    text = _replaced(page.read_text(), "machine", machine.markdown(described))
    for table in tables:
        plots.save(table, folder / f"{table.name}.svg")
        text = _replaced(text, table.name, f"{table.markdown()}\n\n![{table.title}](performance/{table.name}.svg)")
    page.write_text(text)
    print(f"{page.relative_to(root)} and its plots are up to date")
