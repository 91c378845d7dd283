"""benchmarks/compare: two versions of kernad side by side, to find a regression with one command."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import build

LARGEST_DIFFERENCE = 1e-4  # nats, and of what a fit explains: more, and the two do not compute the same


def parse() -> argparse.Namespace:
    """The options. Exits with status 2 and one message for what is not valid."""
    parser = argparse.ArgumentParser(
        prog="benchmarks/compare",
        description="Builds two versions and times the same calls of each, interleaved, in two processes. Prints two "
        "ratios HEAD / BASE: that of the shortest times, and the median of the ratios in each round with their middle "
        "half. A slowdown shows in both; a disturbance of the machine rarely does.",
        epilog="exit status: 0 success; 1 both ratios of a call above --fail-above, results that differ, a failed "
        "build; 2 wrong usage",
    )
    add = parser.add_argument
    add("base", metavar="BASE", help="a git revision")
    add("head", metavar="HEAD", nargs="?", help="another revision (default: the working tree as it is)")
    add("--fail-above", type=float, default=1.05, metavar="RATIO", help="the largest ratio that is not a failure "
        "(default 1.05)")  # fmt: skip
    add("--rounds", type=int, default=21, help="how often each call is timed (default 21)")
    add("--threads", type=int, default=0, help="threads of each call (default: all)")
    add("--only", metavar="WORKLOADS", help="only these calls, separated by commas (default: all)")
    options = parser.parse_args()
    if options.rounds < 1 or options.threads < 0 or options.fail_above <= 0:
        parser.error("--rounds must be at least 1, --threads not negative, --fail-above positive")
    for revision in filter(None, (options.base, options.head)):
        if build.commit(revision) is None:
            parser.error(f"{revision!r} is not a git revision of this repository")
    return options


class Program:
    """One version's workloads, waiting in a process of their own."""

    def __init__(self, path: Path, threads: int) -> None:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
        self._process = subprocess.Popen([path, str(threads)], **pipes)
        self.names = self._line().split()

    def _line(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"benchmarks/compare: {self._process.args[0]} ended with status {self._process.wait()}")
        return line

    def run(self, name: str) -> tuple[float, float]:
        """Seconds, and the value computed."""
        self._process.stdin.write(name + "\n")
        _, seconds, value = self._line().split()
        return float(seconds), float(value)


def compare(base: Program, head: Program, name: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of both, round by round, each going first in turn. Exits when their results differ."""
    (_, expected), (_, value) = base.run(name), head.run(name)
    if not abs(value - expected) <= LARGEST_DIFFERENCE * max(1, abs(expected)):
        sys.exit(f"benchmarks/compare: {name} gives {value} and, at BASE, {expected}")
    seconds: dict[Program, list[float]] = {base: [], head: []}
    for i in range(rounds):
        for program in (base, head) if i % 2 == 0 else (head, base):
            seconds[program].append(program.run(name)[0])
    return seconds[base], seconds[head]


def judged(name: str, base: list[float], head: list[float]) -> float:
    """Prints the ratios; returns the smaller one, in which a regression must show."""
    ratios = [h / b for h, b in zip(head, base, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    shortest = min(head) / min(base)
    print(f"{name:16} {1e3 * min(base):11.2f} {shortest:9.3f} {median:8.3f} {low:8.3f} {high:8.3f}", flush=True)
    return min(shortest, median)


def main() -> None:
    """Builds, compares, judges."""
    options = parse()
    try:
        base, head = (Program(build.workloads(which), options.threads) for which in (options.base, options.head))
    except subprocess.CalledProcessError as error:
        sys.exit(f"benchmarks/compare: failed: {' '.join(map(str, error.cmd))}")
    names = options.only.split(",") if options.only else base.names
    if unknown := sorted(set(names) - set(base.names)):
        print(f"benchmarks/compare: no workload {', '.join(unknown)}; valid: {', '.join(base.names)}", file=sys.stderr)
        sys.exit(2)
    print(f"HEAD ({options.head or 'working tree'}) / BASE ({options.base}), {options.rounds} rounds, "
          f"{options.threads or os.cpu_count()} threads")  # fmt: skip
    print(f"{'':16} {'BASE, ms':>11} {'shortest':>9} {'median':>8} {'middle half':>17}")
    ratios = {name: judged(name, *compare(base, head, name, options.rounds)) for name in names}
    if slower := [f"{name} ({ratio:.3f})" for name, ratio in ratios.items() if ratio > options.fail_above]:
        sys.exit(f"FAILED: slower than {options.fail_above} times BASE: {', '.join(slower)}")


if __name__ == "__main__":
    main()
