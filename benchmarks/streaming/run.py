#!/usr/bin/env python3
"""Time and memory of the command line on files larger than it may use: the table of docs/scale.md.

    benchmarks/streaming/run.py --kernad build/release/apps/kernad/kernad [--rows 16000000] [--folder FOLDER] [--docs]

Needs NumPy, and in FOLDER (default: a temporary one) room for rows x 64 float32 (4.1 GB) and a sixth of that as CSV. Each
command runs once to have its file in the page cache, then three times; the shortest time and the largest memory count. Every
model must have the bytes of the others that have to be equal, or the run fails.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[1] / "common"))

COLUMNS = 64
BLOCK = 1 << 18
LIMIT = 1 << 30  # bytes of address space
PARTS = 8


def write_rows(folder: Path, rows: int) -> None:
    """rows.npy, and the first of them as rows.csv."""
    array = np.lib.format.open_memmap(folder / "rows.npy", mode="w+", dtype=np.float32, shape=(rows, COLUMNS))
    for begin in range(0, rows, BLOCK):
        block = array[begin : begin + BLOCK]
        block[:] = np.random.default_rng(begin).standard_normal(block.shape, dtype=np.float32)
    array.flush()
    with open(folder / "rows.csv", "w") as file:
        file.write(",".join(f"c{j}" for j in range(COLUMNS)) + "\n")
        for begin in range(0, rows // 16, BLOCK // 16):
            np.savetxt(file, array[begin : min(begin + BLOCK // 16, rows // 16)], fmt="%.6f", delimiter=",")


def run(command: list[str], limited: bool = False) -> tuple[float, float]:
    """Seconds and MB of a command, which must succeed."""

    def limit() -> None:  # in a fork, whose own memory, unlike this process's, does not count as the command's
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    begin = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, preexec_fn=limit)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024


def best(command: list[str], limited: bool = False, rounds: int = 3) -> tuple[float, float]:
    """The shortest time and the largest memory."""
    run(command, limited)
    found = [run(command, limited) for _ in range(rounds)]
    return min(seconds for seconds, _ in found), max(memory for _, memory in found)


def commands(kernad: str, folder: Path) -> dict[str, tuple[list[str], bool, Path]]:
    """What is measured: a name, the command, whether memory is limited, and the file that it reads."""
    npy, csv, model = folder / "rows.npy", folder / "rows.csv", folder / "small.safetensors"
    fit = [kernad, "fit", str(npy), "-o"]
    return {
        "`fit`, .npy": ([*fit, str(folder / "whole.safetensors")], False, npy),
        "the same, `ulimit -v` of 1 GB": ([*fit, str(folder / "limited.safetensors")], True, npy),
        "`fit --all-rows`, .npy": ([*fit, str(folder / "all.safetensors"), "--all-rows"], False, npy),
        "`fit`, CSV": ([kernad, "fit", str(csv), "-o", str(folder / "csv.safetensors")], False, csv),
        "`predict`, .npy, 2,000 training rows": (
            [kernad, "predict", str(model), str(npy), "-o", str(folder / "scores.csv")],
            False,
            npy,
        ),
    }


def check_parts(kernad: str, folder: Path, rows: int) -> float:
    """Seconds of sketches of 8 parts and their fit, whose model must be that of the whole, also with --all-rows."""
    array = np.load(folder / "rows.npy", mmap_mode="r")
    begin = time.perf_counter()
    for extra, whole in (([], "whole.safetensors"), (["--all-rows"], "all.safetensors")):
        sketches = []
        for i, part in enumerate(np.array_split(np.arange(rows), PARTS)):
            np.save(folder / "part.npy", array[part[0] : part[-1] + 1])
            sketches.append(str(folder / f"{i}.sketch"))
            run([kernad, "sketch", str(folder / "part.npy"), "--first-row", str(part[0]), "-o", sketches[-1], *extra])
        run([kernad, "fit", *reversed(sketches), "-o", str(folder / "parts.safetensors")])
        if (folder / "parts.safetensors").read_bytes() != (folder / whole).read_bytes():
            sys.exit(f"the model of {PARTS} sketches {' '.join(extra)} is not that of the whole")
    return time.perf_counter() - begin


def table(kernad: str, folder: Path, rows: int, rounds: int) -> str:
    """The measured table as Markdown."""
    write_rows(folder, rows)
    few = np.load(folder / "rows.npy", mmap_mode="r")[:2000]
    np.save(folder / "few.npy", few)
    run([kernad, "fit", str(folder / "few.npy"), "-o", str(folder / "small.safetensors")])
    lines = ["| command | file, MB | s | MB/s | memory, MB |", "|---|---:|---:|---:|---:|"]
    for name, (command, limited, file) in commands(kernad, folder).items():
        seconds, memory = best(command, limited, rounds)
        size = file.stat().st_size / 1e6
        lines.append(f"| {name} | {size:,.0f} | {seconds:.2f} | {size / seconds:,.0f} | {memory:,.0f} |")
        print(lines[-1], file=sys.stderr, flush=True)
    if (folder / "limited.safetensors").read_bytes() != (folder / "whole.safetensors").read_bytes():
        sys.exit("the model fitted in limited memory is another one")
    check_parts(kernad, folder, rows)
    lines.append(f"\nSketches of {PARTS} parts, merged backwards: the same bytes, with and without `--all-rows`.")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and with --docs update the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernad", required=True)
    parser.add_argument("--rows", type=int, default=16_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--docs", action="store_true", help="update docs/scale.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        text = table(options.kernad, Path(scratch), options.rows, options.rounds)
    print(text)
    if options.docs:
        from pages import with_block

        page = Path(__file__).resolve().parents[2] / "docs/scale.md"
        page.write_text(with_block(page, page.read_text(), "streaming", text))


if __name__ == "__main__":
    main()
