"""Threads change the time and nothing else; the GIL is free while the core works; memory stays where it is."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
import time
import types
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import kernad
from kernad._calls import threads_for
from support import make_rows


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_the_same_bits_for_any_number_of_threads(train, queries, method, threads) -> None:
    one, many = (kernad.KDEClassifier(6, method, num_threads=n) for n in (1, threads))
    one.fit(train)
    many.fit(train)
    assert one.__getstate__()["model"] == many.__getstate__()["model"]
    np.testing.assert_array_equal(one.predict(queries), many.predict(queries))


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd="/", env=os.environ | environment
    )


def test_the_environment_sets_the_threads() -> None:
    code = "import kernad; print(kernad.system_info().threads)"
    assert run(code, KERNAD_NUM_THREADS="3").stdout.strip() == "3"
    failed = run(code, KERNAD_NUM_THREADS="many")
    assert "KERNAD_NUM_THREADS is 'many'; valid: a whole number from 1 to 1024" in failed.stderr


def ask_for_threads(requested: int) -> int:
    return threads_for(requested)


def test_a_daemonic_worker_uses_one_thread(monkeypatch) -> None:
    monkeypatch.delenv("KERNAD_NUM_THREADS", raising=False)
    assert threads_for(0) == 0
    context = multiprocessing.get_context("fork")
    with context.Pool(1) as pool:  # its workers are daemons
        assert pool.map(ask_for_threads, [0, 3]) == [1, 3]
        monkeypatch.setenv("KERNAD_NUM_THREADS", "2")
    with context.Pool(1) as pool:
        assert pool.map(ask_for_threads, [0]) == [0]  # the core reads the environment


@pytest.mark.parametrize(("text", "threads"), [("1", 1), ("3", 3), ("2,1", 2), ("", 0), ("0", 0), ("many", 0)])
def test_omp_num_threads_holds_where_nothing_else_is_said(monkeypatch, text, threads) -> None:
    monkeypatch.delenv("KERNAD_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert threads_for(0) == threads
    assert threads_for(5) == 5
    monkeypatch.setenv("KERNAD_NUM_THREADS", "4")
    assert threads_for(0) == 0  # the core reads it


def test_a_half_imported_multiprocessing_is_no_worker(monkeypatch) -> None:
    monkeypatch.delenv("KERNAD_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setitem(sys.modules, "multiprocessing.process", types.ModuleType("multiprocessing.process"))
    assert threads_for(0) == 0


LONG = """
import os, signal, sys, threading, time, warnings
import numpy as np, kernad
warnings.simplefilter("ignore")
rows = np.random.default_rng(0).normal(size=(40000, 24)).astype(np.float32)
classifier = kernad.KDEClassifier(24, num_threads=int(sys.argv[2]))
classifier.fit(rows)
many = np.tile(rows[:4000], (1000, 1))  # a hundredth of the time that as many random numbers take
other = kernad.KDEClassifier(24, bandwidth="loo", local_alpha=0.5, num_threads=int(sys.argv[2]))
calls = {
    "score": lambda: classifier.predict(many),
    "Scorer": lambda: kernad.Scorer(classifier, num_threads=int(sys.argv[2])).log_density(many),
    "fit": lambda: [other.fit(rows) for _ in range(1000)],
    "calibrate": lambda: classifier.calibrate(rows, folds=1000),
}
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is given SIG_IGN
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
start = time.perf_counter()
try:
    calls[sys.argv[1]]()
    print("it ended by itself")
except KeyboardInterrupt:
    print("interrupted", time.perf_counter() - start)
print(len(classifier.predict(many[:3])), "scores")
"""


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("call", ["score", "Scorer", "fit", "calibrate"])
def test_ctrl_c_ends_a_long_call(call, threads) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LONG, call, threads], capture_output=True, text=True, timeout=300, check=True
    )
    assert ran.stdout.startswith("interrupted"), ran.stdout
    assert "3 scores" in ran.stdout
    assert ran.stderr == ""  # nor a word of leaks


def score_in_worker(classifier: kernad.KDEClassifier, rows: np.ndarray) -> np.ndarray:
    scores: np.ndarray = classifier.predict(rows)
    return scores


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_of_a_pool_score_the_same(fitted, queries, start) -> None:
    if start == "spawn":
        pytest.importorskip("joblib", reason="joblib is not installed")
        from joblib import Parallel, delayed

        results = Parallel(n_jobs=2)(delayed(kernad.KDEClassifier.predict)(fitted, queries) for _ in range(2))
    else:
        fitted.predict(queries)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results = pool.starmap(score_in_worker, [(fitted, queries)] * 2)
    for result in results:
        np.testing.assert_array_equal(result, fitted.predict(queries))


@pytest.fixture(scope="module")
def large() -> tuple[kernad.KDEClassifier, np.ndarray]:
    classifier = kernad.KDEClassifier(16, num_threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        classifier.fit(make_rows(20000, 32))
    return classifier, make_rows(8000, 32, seed=3)


@pytest.mark.parametrize("call", ["score", "fit"])
def test_the_gil_is_free_while_the_core_works(large, call) -> None:
    classifier, rows = large
    training = make_rows(40000, 64)
    work = {
        "score": lambda: classifier.predict(rows),
        "fit": lambda: kernad.KDEClassifier(16, num_threads=1).fit(training),
    }[call]
    worker = threading.Thread(target=work)
    ticks = []
    worker.start()
    while worker.is_alive():
        ticks.append(time.perf_counter())
        time.sleep(0.001)
    assert len(ticks) > 5  # a call that held the GIL would let this loop run before and after it, not meanwhile
    assert max(np.diff(ticks)) < 0.5 * (ticks[-1] - ticks[0])


def cores_used(pool: Executor, work: Callable[[], object]) -> float:
    """CPU seconds for each second of two calls at once: never above 1 where one lock lets only one of them run."""
    cpu, wall = time.process_time(), time.perf_counter()
    for future in [pool.submit(work), pool.submit(work)]:
        future.result()
    return (time.process_time() - cpu) / (time.perf_counter() - wall)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this process may run on one CPU only")
def test_python_threads_scoring_at_once_scale(large) -> None:
    classifier, rows = large
    best = 0.0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(40):  # on a busy machine one quiet moment is enough
            best = max(best, cores_used(pool, partial(score_in_worker, classifier, rows)))
            if best > 1.2:
                return
    if os.getloadavg()[0] > 0.75 * len(os.sched_getaffinity(0)):
        pytest.skip(f"the machine is busy: two threads got {best:.2f} of its cores")
    pytest.fail(f"two threads used {best:.2f} cores")


def test_a_fit_beside_scoring_disturbs_nothing(train, queries) -> None:
    classifier = kernad.KDEClassifier(6)
    classifier.fit(train)
    expected = classifier.predict(queries)
    stop = threading.Event()

    def refit() -> None:
        while not stop.is_set():
            classifier.fit(train)

    worker = threading.Thread(target=refit)
    worker.start()
    try:
        for _ in range(200):
            np.testing.assert_array_equal(classifier.predict(queries), expected)
    finally:
        stop.set()
        worker.join()


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")
def test_memory_is_flat_over_ten_thousand_calls(fitted, train, queries) -> None:
    asked = np.asfortranarray(queries[:50])  # converted in every call
    broken = asked.copy()
    broken[3, 3] = np.nan

    def calls(count: int) -> None:
        for _ in range(count):
            fitted.predict(asked)
            fitted.state_dict()
            fitted.__getstate__()
            with contextlib.suppress(ValueError):
                fitted.predict(broken)

    calls(500)
    before = resident_bytes()
    calls(10000)
    assert resident_bytes() - before < 4 << 20  # one result of 400 bytes kept a call would be as much
