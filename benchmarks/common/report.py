"""A table of results, as text for the screen, Markdown for docs, or JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Column:
    key: str  # of a row
    heading: str
    format: str = "{}"  # of a value that is there

    def cell(self, row: dict[str, Any]) -> str:
        value = row.get(self.key)
        return "" if value is None else self.format.format(value)


@dataclass
class Table:
    name: str  # of the table and its plot
    title: str
    columns: list[Column]
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    def cells(self) -> list[list[str]]:
        """Heading and rows as text."""
        return [[c.heading for c in self.columns], *([c.cell(row) for c in self.columns] for row in self.rows)]

    def text(self) -> str:
        """Aligned columns under the title."""
        cells = self.cells()
        widths = [max(len(line[i]) for line in cells) for i in range(len(self.columns))]
        lines = [
            "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
            for line in cells
        ]
        return "\n".join(["", f"== {self.title}", *lines, *self.notes])

    def markdown(self) -> str:
        """As Markdown, for docs."""
        heading, *rows = (" | ".join(line) for line in self.cells())
        rule = "|---" + "|---:" * (len(self.columns) - 1) + "|"
        lines = [f"**{self.title}**", "", f"| {heading} |", rule, *(f"| {row} |" for row in rows)]
        return "\n".join([*lines, *(f"\n{note}" for note in self.notes)])

    def as_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return asdict(self)


NAME = Column("name", "")
ERROR = Column("error", "largest error, nats", "{:.1e}")


def spread_columns(unit: str, number: str = "{:.1f}") -> list[Column]:
    """The columns for the result of timing.spread."""
    return [Column("median", f"median {unit}", number), Column("min", "min", number), Column("max", "max", number)]
