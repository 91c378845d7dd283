"""The options of benchmarks/run. Standard library only: this is read before the environment of the peers exists."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TABLES = {
    "score": "scoring in batches, compared with the peers",
    "dimensions": "the same over the number of columns",
    "clusters": "data with clusters and duplicates against own brute force",
    "brute": "many data sets: nowhere slower than own brute force",
    "latency": "one query at a time",
    "anomalies": "rows far from the training data",
    "fit": "principal axes, compared with the peers",
    "classifier": "fit of the whole classifier: time and memory",
    "scale": "time and memory up to a million points",
    "targets": "each instruction set",
}

SCALE = {
    "streaming": "the command line on files larger than memory: time and memory; needs 13 GB on the disk",
    "distributed": "two workers of Dask, Ray and Spark; needs them, and Java",
}
"""Of docs/scale.md; by themselves."""


def _names(text: str) -> list[str]:
    names = text.split(",")
    valid = TABLES | SCALE
    unknown = [name for name in names if name not in valid]
    if unknown:
        raise argparse.ArgumentTypeError(f"no table {', '.join(map(repr, unknown))}; valid: {', '.join(valid)}")
    if 0 < len(set(names) & set(SCALE)) < len(set(names)):
        raise argparse.ArgumentTypeError(f"{' and '.join(SCALE)} are measured by themselves: no other table with them")
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return Path(text).resolve()


def _reference(text: str) -> Path:
    folder = _folder(text)
    if not (folder / "anomalib/models/components/stats/kde.py").is_file():
        raise argparse.ArgumentTypeError(f"{text!r} has no anomalib/models/components/stats/kde.py in it")
    return folder


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options. Exits with status 2 and one message for what is not valid."""
    tables = "\n".join(f"  {name:12}{what}" for name, what in (TABLES | SCALE).items())
    parser = argparse.ArgumentParser(
        prog="benchmarks/run",
        description="Measures kernad and what a user would pick instead: same data, same threads, interleaved "
        "rounds, every result checked against float64 before it is timed.",
        epilog=f"tables:\n{tables}\n\nexit status: 0 success, 1 a wrong result or a failed build, 2 wrong usage",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", type=_names, default=list(TABLES), metavar="TABLES", help="only these tables, separated by commas")
    add("--rounds", type=_positive, default=7, help="how often each thing is measured (default 7)")
    add("--threads", type=_positive, default=os.cpu_count(), help="of every method (default: all)")
    add("--reference", type=_reference, metavar="FOLDER", help="holds the package `anomalib`, with the reference")
    add(
        "--data", type=_folder, metavar="FOLDER", help="real data: .npz files with X (rows x columns), in any subfolder"
    )
    add(
        "--output",
        type=Path,
        default=ROOT / "build/benchmarks-output",
        metavar="FOLDER",
        help="gets results.json and the plots (default build/benchmarks-output)",
    )
    add("--docs", action="store_true", help="also update the tables and plots of docs/performance.md")
    add("--full", action="store_true", help="also a million queries against a million points: takes minutes more")
    add("--quick", action="store_true", help="tiny sizes, to check that everything works; the figures mean nothing")
    options = parser.parse_args(arguments)
    if options.quick and options.docs:
        parser.error("--docs needs meaningful figures: not with --quick")
    return options
