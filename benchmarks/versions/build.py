"""Builds two versions of the library in the same way, and the same program against each."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "build/compare"


def _quietly(*command: object, log: Path) -> None:
    with log.open("a") as out:
        done = subprocess.run(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(f"the last lines of {log}:\n" + "\n".join(log.read_text().splitlines()[-20:]))
        done.check_returncode()


def commit(revision: str) -> str | None:
    """Its full hash."""
    git = ["git", "-C", ROOT, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    done = subprocess.run(git, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def _sources(revision: str | None, log: Path) -> tuple[Path, Path]:
    """Where a version's sources are, and the folder for its build. None: the working tree."""
    if revision is None:
        return ROOT, PLACE / "working-tree"
    folder = PLACE / commit(revision)[:12]
    sources = folder / "sources"
    if not sources.exists():
        # Not a git worktree: removing build/ must leave no trace in the repository.
        fresh = folder / "sources.part"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        _quietly("git", "-C", ROOT, "archive", "-o", folder / "sources.tar", commit(revision), log=log)
        _quietly("tar", "-xf", folder / "sources.tar", "-C", fresh, log=log)
        fresh.rename(sources)
    return sources, folder


def workloads(revision: str | None) -> Path:
    """The program workloads.cpp, built against that version's installed Release library."""
    PLACE.mkdir(parents=True, exist_ok=True)
    log = PLACE / "build.log"
    log.write_text("")
    sources, folder = _sources(revision, log)
    print(f"building {revision or 'the working tree'} in {folder}", flush=True)
    prefix, program = folder / "prefix", folder / "workloads"
    off = [f"-DKERNAD_BUILD_{part}=OFF" for part in ("APPS", "TESTS", "BENCHMARKS")]
    places = [f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib"]
    _quietly("cmake", "-S", sources, "-B", folder / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *off, *places,
             log=log)  # fmt: skip
    _quietly("cmake", "--build", folder / "build", "--target", "install", log=log)
    library = [f"-I{prefix}/include", f"-L{prefix}/lib", "-lkernad", f"-Wl,-rpath,{prefix}/lib"]
    source = ROOT / "benchmarks/versions/workloads.cpp"
    _quietly(os.environ.get("CXX", "c++"), "-std=c++20", "-O2", source, "-o", program, *library, log=log)
    return program
