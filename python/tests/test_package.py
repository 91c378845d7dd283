"""The wheel carries what it needs, shows nothing of what is inside, and its documentation runs."""

from __future__ import annotations

import doctest
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kernad
from kernad import _core
from support import REPOSITORY

# What every Linux with a Python has.
SYSTEM = {
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "linux-vdso.so.1",
}


def test_ldd_shows_no_surprise() -> None:
    if shutil.which("ldd") is None:
        pytest.skip("ldd is not installed")
    lines = subprocess.run(["ldd", _core.__file__], capture_output=True, text=True, check=True).stdout.splitlines()
    folder = Path(_core.__file__).parent
    for line in lines:
        name, _, where = line.strip().partition(" => ")
        if name.split()[0] in SYSTEM or "ld-linux" in name:
            continue
        assert where.startswith(str(folder)), f"{name} is neither everywhere nor in the wheel: {where}"


def test_no_symbol_of_what_is_linked_in_leaves_the_module() -> None:
    if shutil.which("nm") is None:
        pytest.skip("nm is not installed")
    table = subprocess.run(["nm", "-D", "--defined-only", _core.__file__], capture_output=True, text=True, check=True)
    assert "PyInit__core" in table.stdout
    assert not re.findall(r" T (?:dgemm_|openblas_\w+|_ZN6kernad\w+)", table.stdout)


def installed_licence(name: str) -> str:
    folder = f"kernad-{importlib.metadata.version('kernad')}.dist-info"
    found = [f for f in importlib.metadata.files("kernad") or [] if f.parts == (folder, "licenses", name)]
    assert len(found) == 1, f"{name} is not among the wheel's licences"
    return found[0].read_text()


def test_licences_are_shipped() -> None:
    for name in ("LICENSE", "THIRD_PARTY_NOTICES"):
        assert installed_licence(name) == (REPOSITORY / name).read_text()


# What the binaries of a wheel could hold, known by a text that its code has in it: the heading of its notice.
MARKS = {
    b"OpenBLAS 0.": "OpenBLAS",
    b"DORMTR": "LAPACK",
    b"nanobind": "nanobind",
    b"[json.exception.": "JSON for Modern C++",
    b"libhwy": "Highway",
    b"argument not found": "fmt",
    b"Zip archive inconsistent": "libzip",
    b"Fortran runtime error": "libgfortran",
    b"libgomp": "libgomp",
}


def test_what_is_linked_in_has_its_notice() -> None:
    headings = re.findall(r"^-{80}\n(.+)$", installed_licence("THIRD_PARTY_NOTICES"), re.MULTILINE)
    binaries = [p for p in Path(_core.__file__).parent.iterdir() if ".so" in p.suffixes]
    assert Path(_core.__file__) in binaries
    code = b"".join(binary.read_bytes() for binary in binaries)
    held = {heading for mark, heading in MARKS.items() if mark in code}
    assert {"OpenBLAS", "LAPACK", "nanobind", "JSON for Modern C++"} <= held, "a mark is out of date"
    assert held <= set(headings), f"without a notice: {held - set(headings)}"


def test_types_are_shipped() -> None:
    folder = Path(kernad.__file__).parent
    assert (folder / "py.typed").exists()
    assert "class KDEClassifier" in (folder / "_core.pyi").read_text()


def public_modules() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(kernad.__path__) if not m.name.startswith("_")]


@pytest.mark.parametrize("name", public_modules())
def test_help_is_enough_to_work_with(name) -> None:
    try:
        module = importlib.import_module(f"kernad.{name}")
    except ImportError as error:
        pytest.skip(str(error))
    assert module.__doc__
    for owner in [v for v in vars(module).values() if inspect.isclass(v) and v.__module__ == module.__name__]:
        if owner.__name__.startswith("_"):
            continue
        assert owner.__doc__, owner
        for attribute, member in vars(owner).items():
            if attribute.startswith("_") or not (inspect.isroutine(member) or isinstance(member, property)):
                continue
            assert inspect.getdoc(member), f"{owner.__name__}.{attribute}"
    for function in [v for v in vars(module).values() if inspect.isfunction(v) and v.__module__ == module.__name__]:
        assert function.__name__.startswith("_") or function.__doc__, function


def test_a_wheel_without_images_says_how_to_get_one() -> None:
    code = "import sys; sys.modules['kernad._images'] = None; import kernad.images"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
    assert ran.stderr.splitlines()[-1] == (
        "ImportError: kernad was built without images; in its sources: scripts/setup images, then pip install . -C "
        "cmake.define.KERNAD_BUILD_IMAGES=ON"
    )


def test_examples_in_docstrings_run() -> None:
    assert doctest.testmod(importlib.import_module("kernad.classifier")).attempted > 0
    assert doctest.testmod(importlib.import_module("kernad.classifier")).failed == 0


def test_examples_in_the_documentation_run() -> None:
    pytest.importorskip("sklearn", reason="the tour uses scikit-learn")
    runner = REPOSITORY / "tests" / "docs" / "run_examples.py"
    command = [sys.executable, runner, "--python", sys.executable]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert not re.search(r"\b0 pycon", ran.stdout), ran.stdout
