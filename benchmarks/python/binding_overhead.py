"""What the Python binding adds to a C++ call.

    python binding_overhead.py [--cpp PATH_TO_binding_overhead] [--json OUT]

Scores 1 to 4096 rows (D = 512, k = 16, N = 1000, one thread) through ``kernad.KDEClassifier`` and, where the C++
program of this folder has been built (a build with KERNAD_BUILD_PYTHON has the target binding_overhead), through the
same call in C++. Times are the minimum of many calls. Before anything is timed, in-place and converted input must score
the same.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

import kernad

COUNTS = (1, 16, 256, 4096)


def seconds_per_call(call: Callable[[], object]) -> float:
    """The minimum of at least 20 calls, over a second or 20,000 of them."""
    least = float("inf")
    end = time.perf_counter() + 1
    for i in range(20_000):
        begin = time.perf_counter()
        call()
        least = min(least, (now := time.perf_counter()) - begin)
        if i >= 20 and now > end:
            break
    return least


def made_up_model() -> tuple[kernad.KDEClassifier, npt.NDArray[np.float32]]:
    """A fitted classifier and rows to score."""
    rng = np.random.default_rng(0)
    deviations = 0.95 ** np.arange(512)
    classifier = kernad.KDEClassifier(16, num_threads=1)
    classifier.fit(rng.normal(size=(1000, 512)) * deviations)
    return classifier, (rng.normal(size=(max(COUNTS), 512)) * deviations).astype(np.float32)


def time_python(classifier: kernad.KDEClassifier, rows: npt.NDArray[np.float32]) -> dict[str, list[float]]:
    """Seconds for each of COUNTS: float32 in place, and float64 that is converted."""
    doubles = rows.astype(np.float64)
    np.testing.assert_array_equal(classifier.predict(rows), classifier.predict(doubles))
    return {
        name: [seconds_per_call(lambda x=x[:n]: classifier.compute_kde_scores(x, True)) for n in COUNTS]  # type: ignore[misc]
        for name, x in (("python_float32", rows), ("python_float64", doubles))
    }


def time_cpp(program: Path, classifier: kernad.KDEClassifier, rows: npt.NDArray[np.float32]) -> list[float]:
    """Seconds of the same calls in C++."""
    with tempfile.TemporaryDirectory() as folder:
        model, data = Path(folder, "model.safetensors"), Path(folder, "rows.npy")
        classifier.save(model)
        np.save(data, rows)
        arguments = [str(program), str(model), str(data), *map(str, COUNTS)]
        lines = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.splitlines()
    return [float(line.split()[1]) for line in lines]


def main() -> None:
    """Time, print a table, and write the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpp", type=Path, help="the built program binding_overhead")
    parser.add_argument("--json", type=Path, help="write the seconds here too")
    options = parser.parse_args()

    classifier, rows = made_up_model()
    times = time_python(classifier, rows)
    if options.cpp:
        times = {"cpp": time_cpp(options.cpp, classifier, rows)} | times
    print(f"microseconds per call; {kernad.system_info().cpu}, {kernad.system_info().kernel_target}, one thread")
    print(f"{'rows':>15}" + "".join(f"{n:>12}" for n in COUNTS))
    for name, seconds in times.items():
        print(f"{name:>15}" + "".join(f"{1e6 * s:12.1f}" for s in seconds))
    if options.json:
        options.json.write_text(json.dumps({"rows": COUNTS} | times, indent=2) + "\n")


if __name__ == "__main__":
    main()
