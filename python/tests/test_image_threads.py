"""Threads, forks and Ctrl-C: kernad.images gives the bits of one thread, or ends."""

from __future__ import annotations

import copy
import multiprocessing
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from image_support import BROKEN, COOKIES, SMALL, images, small_model, some_cookies

TEST = [image.path for image in images.mvtec_test_set(COOKIES)]


@pytest.fixture(scope="module")
def model() -> images.ImageModel:
    return small_model()


@pytest.fixture(scope="module")
def file(model, tmp_path_factory) -> Path:
    path: Path = tmp_path_factory.mktemp("images") / "model.safetensors"
    model.save(path)
    return path


@pytest.mark.parametrize("threads", [1, 3])
def test_a_thread_pool_gives_the_serial_bits(file, threads) -> None:
    model = images.ImageModel.load(file, num_threads=threads)
    serial = [model.judge(path) for path in TEST]
    with ThreadPoolExecutor(4) as pool:
        pooled = list(pool.map(model.judge, TEST))
    assert pooled == serial == model.judge_all(TEST)
    for a, b in zip(pooled, serial, strict=True):
        np.testing.assert_array_equal(a.map, b.map)


def test_a_threshold_may_be_set_and_a_fit_run_while_others_judge(model) -> None:
    model = copy.copy(model)
    expected = model.judge(BROKEN).surprisal
    done = threading.Event()

    def judge() -> bool:
        good = True
        while not done.is_set():
            verdict = model.judge(BROKEN)
            good = good and verdict.surprisal == expected and verdict.anomalous == (verdict.score >= 0.5)
        return good

    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(judge) for _ in range(3)]
        start = time.perf_counter()
        for i in range(200):
            model.set_target_fpr(0.1 + 0.4 * (i % 2))
        model.fit(some_cookies())
        done.set()
        assert all(future.result() for future in waiting)
    assert time.perf_counter() - start < 120  # nobody waits for the end of the judging


@pytest.mark.parametrize("call", ["fit", "judge"])
def test_the_gil_is_free_meanwhile(file, call) -> None:
    model = images.ImageModel.load(file, num_threads=1)
    large = np.zeros((5000, 5000, 3), np.uint8)  # one call that takes long
    work = {"fit": lambda: model.fit(some_cookies()), "judge": lambda: model.judge(large)}[call]
    model.set_params(**SMALL)
    worker = threading.Thread(target=work)
    ticks = 0
    worker.start()
    while worker.is_alive():
        ticks += 1
        time.sleep(0.001)
    assert ticks > 20


LONG = """
import os, signal, sys, threading
from kernad import images
model = images.ImageModel.load(sys.argv[3], num_threads=int(sys.argv[2]))
paths = images.training_images(sys.argv[4])
calls = {"fit": lambda: model.fit(paths * 1000), "judge_all": lambda: model.judge_all(paths * 10000)}
before = repr(model)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is given SIG_IGN
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    calls[sys.argv[1]]()
    print("it ended by itself")
except KeyboardInterrupt:
    print("interrupted", repr(model) == before, len(model.judge_all(paths[:3])))
"""


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("call", ["fit", "judge_all"])
def test_ctrl_c_ends_a_long_call(file, call, threads) -> None:
    command = [sys.executable, "-c", LONG, call, threads, str(file), str(COOKIES)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert ran.stdout == "interrupted True 3\n"
    assert ran.stderr == ""


INHERITED: list[images.ImageModel] = []


def judge_in_child(path: str) -> float:
    return INHERITED[0].judge_all([path] * 5)[0].surprisal


def test_a_forked_child_judges_with_its_parent_s_model(model) -> None:
    INHERITED[:] = [model]  # whose threads the child lacks
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = pool.map_async(judge_in_child, [BROKEN] * 2).get(120)
    assert results == [model.judge(BROKEN).surprisal] * 2


def test_joblib_s_workers_judge_the_same(model) -> None:
    pytest.importorskip("joblib", reason="joblib is not installed")
    from joblib import Parallel, delayed

    results = Parallel(n_jobs=2)(delayed(images.ImageModel.judge)(model, path) for path in TEST[:4])
    assert results == [model.judge(path) for path in TEST[:4]]


def test_a_child_ends_cleanly(file) -> None:
    code = """
import os, sys
from kernad import images
model = images.ImageModel.load(sys.argv[1])
model.judge(sys.argv[2])
child = os.fork()
if child == 0:
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    ran = subprocess.run([sys.executable, "-c", code, file, BROKEN], capture_output=True, text=True, timeout=60)
    assert ran.stdout == "7\n", ran.stderr
