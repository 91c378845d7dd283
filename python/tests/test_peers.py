"""Other projects' own tests, with kernad in the place of what they test.

scipy and scikit-learn bring theirs along. PyOD's and anomalib's are in their repositories alone: KERNAD_PEERS names a
folder that holds them as pyod/ and anomalib/. What does not apply is named in peers/, with the reason.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support import REPOSITORY

PLUGINS = REPOSITORY / "python" / "tests" / "peers"


def run_suite(plugin: str, tests: Path, *options: str, cwd: Path) -> dict[str, int]:
    """Outcomes by number. Fails where a test does."""
    report = cwd / f"{plugin}.xml"
    path = os.pathsep.join([str(PLUGINS), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-ra",
        "-p",
        plugin,
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(cwd),
    ]
    ran = subprocess.run(
        [*command, "-W", "ignore", f"--junitxml={report}", *options, str(tests)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": path},
    )
    suite = next(ElementTree.parse(report).iter("testsuite"))
    count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
    count["passed"] = count["tests"] - count["failures"] - count["errors"] - count["skipped"]
    print(plugin, count)
    assert ran.returncode == 0, ran.stdout[-5000:]
    return count


def beside(module: str, *parts: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        pytest.skip(f"{module} is not installed")
    path = Path(spec.origin).parent.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{module} is installed without its tests")
    return path


def checkout(name: str, test: str) -> Path:
    folder = os.environ.get("KERNAD_PEERS")
    if not folder:
        pytest.skip("KERNAD_PEERS does not name a folder with the sources of PyOD and anomalib")
    path = Path(folder, name, test).resolve()
    assert path.exists(), f"{path} is not there"
    return path


def test_scipy(tmp_path) -> None:
    count = run_suite("peer_scipy", beside("scipy.stats", "tests", "test_kdeoth.py"), cwd=tmp_path)
    assert count["passed"] >= 40


def test_sklearn(tmp_path) -> None:
    count = run_suite("peer_sklearn", beside("sklearn.neighbors", "tests", "test_kde.py"), cwd=tmp_path)
    assert count["passed"] >= 15


def test_pyod(tmp_path) -> None:
    pytest.importorskip("pyod", reason="PyOD is not installed")
    count = run_suite("peer_pyod", checkout("pyod", "pyod/test/test_kde.py"), cwd=tmp_path)
    assert count["passed"] == count["tests"] > 0


def test_pyod_persistence(tmp_path) -> None:
    pytest.importorskip("pyod.utils.persistence", reason="this PyOD has no save and load")
    tests = checkout("pyod", "pyod/test/test_persistence.py")
    count = run_suite("peer_pyod_persistence", tests, cwd=tmp_path)
    assert count["passed"] == count["tests"] > 0


def test_anomalib() -> None:
    pytest.importorskip("torchvision", reason="torchvision, which anomalib needs, is not installed")
    pytest.importorskip("anomalib.models", reason="anomalib is not installed")
    tests = checkout("anomalib", "tests/integration/model/test_models.py")
    folder = tests.parents[3]  # whose fixtures look for it as the working directory
    count = run_suite("peer_anomalib", tests, "-k", "dfkde", "-c", os.devnull, cwd=folder)
    assert count["passed"] == count["tests"] == 8
