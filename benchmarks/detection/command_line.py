"""kernad through its command line, as users have it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from sets import Split


class CommandLine:
    """Fits and scores through files in its own folder, on one thread."""

    def __init__(self, binary: Path) -> None:
        self.binary = binary
        self._folder = tempfile.TemporaryDirectory()
        self._written = ""  # digest of the split whose rows are in the folder
        self._known = set(re.findall(r"--[a-z-]+", self._run("fit", "--help")))

    def _run(self, *arguments: str | Path) -> str:
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def unknown(self, options: str) -> list[str]:
        """The options of a fit that this binary does not have."""
        return [option for option in re.findall(r"--[a-z-]+", options) if option not in self._known]

    def version(self) -> str:
        """Identifies this build: a digest of the program and of the library it runs with."""
        files = [self.binary]
        if shutil.which("ldd"):
            linked = subprocess.run(["ldd", self.binary], capture_output=True, text=True).stdout
            files += [Path(path) for path in re.findall(r"(/\S*libkernad\S*)", linked)]
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def _write(self, split: Split) -> None:
        if self._written != split.digest:
            np.save(self._path("train.npy"), split.train)
            np.save(self._path("test.npy"), split.test)
            self._written = split.digest

    def _fit(self, options: str) -> str:
        fit = ["fit", self._path("train.npy"), "-o", self._path("model"), "--threads", "1"]
        return self._run(*fit, *options.split())

    def _predict(self, rows: str, output: str) -> Path:
        self._run("predict", self._path("model"), self._path(rows), "-o", self._path(output), "--threads", "1")
        return self._path(output)

    def scores(self, options: str, split: Split) -> np.ndarray:
        """Minus the log-densities of the test rows."""
        self._write(split)
        self._fit(options)
        return -np.load(self._predict("test.npy", "scores.npy"))

    def scores_of_likeliest(self, each: list[str], split: Split) -> np.ndarray:
        """The same with the options, out of several, whose fit reports the largest leave-one-out likelihood."""
        self._write(split)
        likelihoods = [json.loads(self._fit(f"{options} --json"))["loo_log_likelihood"] for options in each]
        return self.scores(each[int(np.argmax(likelihoods))], split)

    def columns(self, options: str, split: Split) -> dict[str, np.ndarray]:
        """The output of kernad predict for the test rows, by column."""
        self._write(split)
        self._fit(options)
        with self._predict("test.npy", "scores.csv").open() as file:
            lines = list(csv.DictReader(file))
        return {name: np.array([float(line[name]) for line in lines]) for name in lines[0]}

    def training_scores(self) -> np.ndarray:
        """Minus the log-densities of the rows that the last fit had."""
        return -np.load(self._predict("train.npy", "scores.npy"))
