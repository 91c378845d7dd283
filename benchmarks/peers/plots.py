"""One plot per table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
from report import Table

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

mpl.rcParams |= {"svg.hashsalt": "kernad", "svg.fonttype": "none", "font.size": 9, "axes.titlesize": 10,
                 "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False}  # fmt: skip
OWN, OTHER, LINE, MARK = "#2a6fbb", "#a0a4a8", "#333333", "#c0392b"
Rows = list[dict[str, Any]]


def _short(value: float) -> str:
    """Three digits, without an exponent."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}"


def _log_axis(axes: Axes, which: str = "x") -> None:
    """Plain numbers at 1, 2 and 5, or at the powers of ten of a wide range."""
    getattr(axes, f"set_{which}scale")("log")
    low, high = getattr(axes, f"get_{which}lim")()
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 150 * low else (1,), numticks=12))
    axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axis.set_minor_formatter(NullFormatter())


def _bars(axes: Axes, rows: Rows, key: str, axis: str, label: Callable[[dict[str, Any]], str]) -> None:
    """One bar per row on a log scale, the first on top; with minimum and maximum where the value is a median. Those of
    "kernad" stand out.
    """
    rows = rows[::-1]
    values = [row[key] for row in rows]
    ends = [row["max"] if key == "median" else row[key] for row in rows]
    spread = None
    if key == "median":
        spread = [[row[key] - row["min"] for row in rows], [row["max"] - row[key] for row in rows]]
    colours = [OTHER if row.get("ratio", 1) != 1 else OWN for row in rows]
    axes.barh(range(len(rows)), values, color=colours, height=0.65, xerr=spread, ecolor=LINE, capsize=2)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    for i, row in enumerate(rows):
        axes.annotate(label(row), (ends[i], i), (5, 0), textcoords="offset points", va="center")
    axes.set_xlim(min(values) / 2, max(ends) * (max(ends) / min(values)) ** 0.25 * 2)
    _log_axis(axes)
    axes.set_xlabel(axis)


def _one(rows: int) -> tuple[Figure, Axes]:
    return plt.subplots(figsize=(7.5, 1.1 + 0.3 * rows), layout="constrained")


def _times(table: Table, unit: str) -> Figure:
    figure, axes = _one(len(table.rows))
    axis = f"{unit} (log scale; whiskers: least and greatest)"
    _bars(axes, table.rows, "median", axis, lambda row: f"{_short(row['median'])} ({_short(row['ratio'])}x)")
    return figure


def _targets(table: Table) -> Figure:
    figure, axes = _one(len(table.rows))
    axis = "µs a query (log scale; whiskers: least and greatest)"
    _bars(axes, table.rows, "median", axis, lambda row: f"{_short(row['median'])} ({row['ratio']:.0%} of the speed)")
    return figure


def _latency(table: Table) -> Figure:
    figure, axes = _one(len(table.rows) + 1)
    for key, marker, name in (("median", "o", "median"), ("p99", "|", "99 %"), ("p999", "x", "99.9 %")):
        found = [(row[key], -i) for i, row in enumerate(table.rows) if row[key] is not None]
        axes.plot(*zip(*found, strict=True), marker, color=LINE, label=name)
    for i, row in enumerate(table.rows):
        colour = OWN if "kernad" in row["name"] else OTHER
        axes.plot([row["median"], row["p999"] or row["p99"]], [-i, -i], color=colour, linewidth=4, zorder=0)
    axes.set_yticks([-i for i in range(len(table.rows))], [row["name"] for row in table.rows])
    axes.set_ylim(0.5 - len(table.rows), 0.5)
    _log_axis(axes)
    axes.set_xlabel("µs (log scale)")
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    return figure


def _classifier(table: Table) -> Figure:
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 1.1 + 0.3 * len(table.rows)), layout="constrained")
    _bars(left, table.rows, "median", "s (log scale)", lambda row: _short(row["median"]))
    _bars(right, table.rows, "memory", "MiB beyond the input (log scale)", lambda row: _short(row["memory"]))
    right.set_yticks([])
    return figure


def _clusters(table: Table) -> Figure:
    figure, axes = _one(len(table.rows))
    rows = [row | {"name": f"{row['name']}, N = {row['rows']:,}"} for row in table.rows]
    axis = "times as fast as brute force (log scale; whiskers: least and greatest)"
    _bars(axes, rows, "median", axis, lambda row: f"{row['median']:.1f}x")
    return figure


def _brute(table: Table) -> Figure:
    figure, axes = plt.subplots(figsize=(7.5, 1.1 + 0.17 * len(table.rows)), layout="constrained")
    for i, row in enumerate(table.rows[::-1]):
        axes.plot([row["min"], row["max"]], [i, i], color=OTHER, linewidth=3, zorder=0)
        axes.plot(row["median"], i, "o", color=OWN)
    axes.set_yticks(range(len(table.rows)), [f"{r['name']}, N = {r['rows']:,}" for r in table.rows[::-1]], fontsize=7)
    axes.axvline(1, color=LINE, linewidth=0.8)
    axes.axvline(1.03, color=MARK, linewidth=0.8, linestyle="--")
    axes.set_xlabel("share of brute force's time (line: least to greatest; dashed: 3 % slower)")
    axes.set_ylim(-0.7, len(table.rows) - 0.3)
    _log_axis(axes)
    return figure


def _curve(axes: Axes, rows: Rows, x: str, y: str, label: str, style: str) -> None:
    if not rows:
        return
    rows = sorted(rows, key=lambda row: row[x])
    axes.plot([row[x] for row in rows], [row[y] for row in rows], style, label=label, markersize=4)


def _scale(table: Table) -> Figure:
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.4), layout="constrained")
    few = min(min(row["rows"], row["queries"]) for row in table.rows)
    for kind, style in (("isotropic", "o-"), ("clusters", "s--")):
        rows = [row for row in table.rows if row["kind"] == kind]
        over_n = [row for row in rows if row["queries"] == few]
        over_m = [row for row in rows if row["rows"] == few or row["rows"] == row["queries"]]
        _curve(panels[0], over_n, "rows", "score_seconds", f"score, {kind}", style)
        _curve(panels[0], over_n, "rows", "fit_seconds", f"fit, {kind}", style)
        _curve(
            panels[1],
            [r for r in over_m if r["rows"] == few],
            "queries",
            "score_seconds",
            f"N = {few:,}, {kind}",
            style,
        )
        most = max(row["rows"] for row in table.rows)
        _curve(panels[1], [r for r in rows if r["rows"] == r["queries"] == most], "queries", "score_seconds",
               f"N = {most:,}, {kind}", style[0])  # fmt: skip
        _curve(panels[2], over_n, "rows", "fit_mebibytes", f"fit, against N, {kind}", style)
        _curve(panels[2], [r for r in over_m if r["rows"] == few], "queries", "score_mebibytes",
               f"score, against M, {kind}", style)  # fmt: skip
    for axes, x, title in zip(panels, (f"N (M = {few:,})", "M", "N or M"), ("seconds", "seconds", "MiB"), strict=True):
        _log_axis(axes)
        _log_axis(axes, "y")
        axes.set_xlabel(x)
        axes.set_title(title)
        axes.legend(fontsize=7)
    return figure


def _dimensions(table: Table) -> Figure:
    figure, axes = plt.subplots(figsize=(7.5, 3), layout="constrained")
    for key, label, colour in (("torch", "torch addmm + logsumexp", OTHER), ("kernad", "kernad", OWN)):
        found = [(row["dimension"], row[key]) for row in table.rows if row.get(key) is not None]
        if found:
            axes.plot(*zip(*found, strict=True), "o-", color=colour, label=label, markersize=4)
    _log_axis(axes)
    _log_axis(axes, "y")
    axes.set_xlabel("columns")
    axes.set_ylabel("µs a query")
    axes.legend()
    return figure


DRAW: dict[str, Callable[[Table], Figure]] = {
    "score-16": lambda table: _times(table, "µs a query"),
    "score-64": lambda table: _times(table, "µs a query"),
    "dimensions": _dimensions,
    "clusters": _clusters,
    "brute": _brute,
    "latency": _latency,
    "anomalies-16": lambda table: _times(table, "µs a query"),
    "anomalies-64": lambda table: _times(table, "µs a query"),
    "fit": lambda table: _times(table, "ms"),
    "classifier": _classifier,
    "scale": _scale,
    "targets-16": _targets,
    "targets-64": _targets,
}


def save(table: Table, path: Path) -> None:
    """The plot of the table, in the format given by the extension of the path."""
    figure = DRAW[table.name](table)
    figure.suptitle(table.title, fontsize=10)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
