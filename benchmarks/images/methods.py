"""Runs kernad and anomalib's models on a split, each in processes of its own, and measures time and memory."""

from __future__ import annotations

import csv
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PEERS = ["PatchCore 10 %", "PatchCore 1 %", "PaDiM", "DFKDE"]
KERNAD = {"kernad": [], "kernad, width inf": ["--spatial-width", "inf"], "kernad, 152 components": ["--components", "152"]}
HERE = Path(__file__).resolve().parent


@dataclass
class Result:
    """What a method says of the test images, in their order."""

    scores: np.ndarray  # larger: more anomalous
    maps: list[np.ndarray]  # at the size of the files; empty if not asked for
    fit: float  # seconds of wall time
    predict: float
    memory: int  # bytes, the most of any process
    alarms: np.ndarray | None = None  # those called anomalous at 5 %


def run(command: list[str | Path]) -> tuple[float, int]:
    """(seconds, largest resident set in bytes). Raises RuntimeError with the command's own message if it fails.

    From a fresh process: a child's largest resident set includes that of the process that started it.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(measured, command).result()


def measured(command: list[str | Path]) -> tuple[float, int]:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {said.strip()}")
    return time.perf_counter() - begin, usage.ru_maxrss * 1024


def kernad(binary: Path, options: list[str], train: Path, test: Path, scratch: Path, maps: bool) -> Result:
    model, table, heat = scratch / "model.safetensors", scratch / "scores.csv", scratch / "maps"
    fit, memory = run([binary, "fit", train, "-o", model, "--target-fpr", "0.05", *options])
    extra = ["--heatmaps", heat] if maps else []
    predict, more = run([binary, "predict", model, test, "-o", table, *extra])
    with table.open() as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
    found = [np.load(path) for path in sorted(heat.glob("**/*.npy"))] if maps else []
    return Result(np.array([float(row["surprisal"]) for row in rows]), found, fit, predict, max(memory, more),
                  np.array([row["label"] == "1" for row in rows]))


def peer(name: str, train: Path, test: Path, scratch: Path, maps: bool) -> Result:
    out = scratch / "result.npz"
    _, memory = run([sys.executable, HERE / "peer.py", name, train, test, out, *(["--maps"] if maps else [])])
    with np.load(out) as result:
        return Result(result["scores"], list(result["maps"]), *map(float, result["seconds"]), memory)
