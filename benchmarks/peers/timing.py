"""Seconds of things that are compared, measured so that a disturbance affects all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Task = Callable[[], object]
SETTLE_SECONDS = 0.005  # time for threads that another method left spinning to go to sleep
WARM_UP_SECONDS = 0.2  # a shorter call first runs once untimed, to wake cores that slept during another method


def seconds_of(task: Task, calls: int = 1, warm_up: bool = False) -> float:
    """Seconds of one call: the mean of `calls` consecutive calls."""
    time.sleep(SETTLE_SECONDS)
    if warm_up:
        task()
    begin = time.perf_counter()
    for _ in range(calls):
        task()
    return (time.perf_counter() - begin) / calls


def interleaved(tasks: Mapping[str, Task], rounds: int, at_least: float = 0.02) -> dict[str, list[float]]:
    """Seconds per call of each task, one value per round.

    Rounds alternate between forwards and backwards, so that no task is always the first. A task shorter than `at_least`
    seconds is called often enough that the clock and the ticks of the system do not matter.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    calls, short = {}, {}
    for name, task in tasks.items():
        task()  # caches, threads and lazy initialisation
        first = seconds_of(task)
        calls[name], short[name] = max(1, round(at_least / first)), first < WARM_UP_SECONDS
    for i in range(rounds):
        for name in list(tasks) if i % 2 == 0 else reversed(list(tasks)):
            seconds[name].append(seconds_of(tasks[name], calls[name], short[name]))
    return seconds


def spread(values: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Median, minimum and maximum, times scale."""
    return {"median": float(np.median(values)) * scale, "min": min(values) * scale, "max": max(values) * scale}


def paired_ratio(above: Sequence[float], below: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum of the ratios in each round: what disturbs both in a round cancels."""
    return spread([a / b for a, b in zip(above, below, strict=True)])
