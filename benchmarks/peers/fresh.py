"""A measurement in its own process.

For peak memory, which never falls within a process, and for KERNAD_TARGET, which a process reads once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(job: str, environment: dict[str, str] | None = None, **arguments: object) -> dict[str, Any]:
    """What the function of that name in jobs.py returns, run in a fresh process."""
    command = [sys.executable, str(Path(__file__).with_name("jobs.py")), job, json.dumps(arguments)]
    done = subprocess.run(command, env=os.environ | (environment or {}), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def _status(key: str) -> float:
    """MiB of a line of this process's status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key + ":")) / 1024


def cost(call: Callable[[], object]) -> dict[str, float]:
    """Seconds of a call, and by how many MiB the peak resident memory exceeded that before the call."""
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    before = _status("VmRSS")
    begin = time.perf_counter()
    call()
    return {"seconds": time.perf_counter() - begin, "mebibytes": _status("VmHWM") - before}
