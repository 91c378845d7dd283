"""The folder of a run's results: results.json, and each table's plot as .svg and .png."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import plots
from report import Table


def write(folder: Path, described: dict[str, Any], tables: list[Table]) -> None:
    """Everything of this run."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {"machine": described, "tables": [table.as_dict() for table in tables]}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    for table in tables:
        for kind in ("svg", "png"):
            plots.save(table, folder / f"{table.name}.{kind}")
    print(f"\nresults.json and the plots are in {folder}")
