"""The machine that the figures were measured on, and how many multiply-adds per second it can do."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from options import ROOT

import kernad

PROGRAM = ROOT / "build/benchmarks/benchmarks/kernel_benchmarks"
PEERS = ("numpy", "scipy", "scikit-learn", "torch")


@functools.cache
def _kernel_benchmarks() -> Path | None:
    """The program of benchmarks/kernels, built if missing; None, with a message, when it cannot be built."""
    try:
        with Path(os.devnull).open("w") as quiet:
            for command in (
                ["--preset", "benchmarks"],
                ["--build", "--preset", "benchmarks", "--target", PROGRAM.name],
            ):
                subprocess.run(["cmake", *command], cwd=ROOT, check=True, stdout=quiet)
    except (OSError, subprocess.CalledProcessError):
        print("skipped: the share of the peak (benchmarks/kernels cannot be built; apt-get install libbenchmark-dev)")
        return None
    return PROGRAM


def peak(threads: int, target: str) -> float | None:
    """Floating-point operations per second that `threads` threads do in multiply-adds of a kernel target; None where
    that is not known.
    """
    program = _kernel_benchmarks()
    if program is None:
        return None
    select = f"--benchmark_filter=^{target}/fma_peak/float32/real_time/threads:{threads}$"
    options = [select, "--benchmark_min_time=0.1", "--benchmark_repetitions=3", "--benchmark_format=json"]
    done = subprocess.run([program, *options], check=True, capture_output=True, text=True)
    if not done.stdout:  # no such benchmark: portable, or more threads than cores
        return None
    runs = json.loads(done.stdout)["benchmarks"]
    return max(run["FLOP/s"] for run in runs if run["run_type"] == "iteration")


def _lines(path: str) -> dict[str, str]:
    """A file of "key : value" lines; the last value of a key."""
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _caches() -> str:
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind, level, size = ((index / name).read_text().strip() for name in ("type", "level", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size.replace('K', ' KiB')}")
    return ", ".join(found)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe(threads: int) -> dict[str, Any]:
    """Name and value of everything that a figure depends on."""
    info, cpu = kernad.system_info(), _lines("/proc/cpuinfo")
    model = f"family {cpu['cpu family']}, model {cpu['model']}" if "cpu family" in cpu else ""
    memory = int(_lines("/proc/meminfo").get("MemTotal", "0 kB").split()[0]) / 2**20
    git = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    target = info.kernel_target
    peaks = {count: peak(count, target) for count in sorted({1, threads})}
    return {
        "processor": " ".join(filter(None, [info.cpu, f"({model})" if model else ""])),
        "cores, memory": f"{os.cpu_count()}, {memory:.0f} GiB",
        "caches": _caches(),
        "kernel targets": f"{target} (of {', '.join(info.kernel_targets)})",
        "multiply-add peak": ", ".join(
            f"{flops / 1e9:.0f} GFLOP/s on {count} thread{'s' * (count > 1)}" for count, flops in peaks.items() if flops
        ),
        "threads of every method": threads,
        "kernad": f"{info.version}, commit {commit or 'unknown'}, {info.blas}",
        "peers": ", ".join(f"{name} {_version(name)}" for name in PEERS if _version(name)),
    }


def text(described: dict[str, Any]) -> str:
    """For the screen."""
    return "\n".join(f"{name:24} {value}" for name, value in described.items())


def markdown(described: dict[str, Any]) -> str:
    """For docs."""
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in described.items())])
