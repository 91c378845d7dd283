"""benchmarks/run: prepares the environment of the peers and the current kernad, then measures there, table by table."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import options as command_line

ROOT = command_line.ROOT
PEERS = ROOT / "build/peers"
sys.path.append(str(ROOT / "benchmarks/common"))


def prepare() -> None:
    """Installs the peers once, and kernad from the current sources, by an incremental build."""
    if not (PEERS / "bin/python").exists():
        subprocess.run([ROOT / "benchmarks/peers/setup"], check=True)
    pip = [PEERS / "bin/python", "-m", "pip", "--disable-pip-version-check", "-q", "install", "--no-deps"]
    build = ["--no-build-isolation", f"-Cbuild-dir={PEERS / 'kernad-build'}", "--force-reinstall", str(ROOT)]
    subprocess.run(pip + build, check=True)


def measure(options: Namespace) -> None:
    """All requested tables, printed as they are finished and written at the end."""
    import machine
    import output
    import threadpoolctl

    import docs

    described = machine.describe(options.threads)
    print(machine.text(described))
    done = []
    with threadpoolctl.threadpool_limits(options.threads):
        for name in options.only:
            for table in importlib.import_module(f"tables.{name}").tables(options):
                print(table.text(), flush=True)
                done.append(table)
    output.write(options.output, described, done)
    if options.docs:
        docs.update(ROOT, described, done)


def measure_or_exit(options: Namespace) -> None:
    """The same; exits with status 1 and one message when a result is wrong."""
    os.environ["KERNAD_NUM_THREADS"] = str(options.threads)  # the default of every call, here and in fresh processes
    import check

    try:
        measure(options)
    except (check.WrongResultError, subprocess.CalledProcessError) as error:
        sys.exit(f"benchmarks/run: {error}")


def measure_scale(options: Namespace) -> None:
    """The tables of docs/scale.md, which commands and engines measure in processes of their own. "distributed" runs in the Python
    that this was started with, which needs kernad with the extras dask, ray and spark."""
    docs = ["--docs"] if options.docs else []
    if "streaming" in options.only:
        build = ROOT / "build/release"
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--target", "kernad_cli"], check=True, stdout=subprocess.DEVNULL)
        size = ["--rows", "100000", "--rounds", "1"] if options.quick else ["--rounds", "3"]
        binary = ["--kernad", str(build / "apps/kernad/kernad")]
        subprocess.run([sys.executable, ROOT / "benchmarks/streaming/run.py", *binary, *size, *docs], check=True)
    if "distributed" in options.only:
        size = ["--rows", "20000", "--training-points", "500"] if options.quick else []
        subprocess.run([sys.executable, ROOT / "benchmarks/engines/run.py", *size, *docs], check=True)


def main() -> None:
    """Runs twice: with any Python to prepare, then with the Python of the peers' environment to measure."""
    options = command_line.parse()
    if set(options.only) <= set(command_line.SCALE):
        try:
            measure_scale(options)
        except subprocess.CalledProcessError as error:
            sys.exit(f"benchmarks/run: failed: {' '.join(map(str, error.cmd))}")
        return
    if Path(sys.prefix) == PEERS:
        measure_or_exit(options)
        return
    try:
        prepare()
    except subprocess.CalledProcessError as error:
        sys.exit(f"benchmarks/run: failed: {' '.join(map(str, error.cmd))}")
    python = str(PEERS / "bin/python")
    os.execv(python, [python, __file__, *sys.argv[1:]])


if __name__ == "__main__":
    main()
