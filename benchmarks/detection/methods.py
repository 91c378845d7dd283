"""All methods that are compared: kernad with various options, the reference, and the peers."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import peers
import reference
from command_line import CommandLine
from sets import Split

OWN = "kernad"
GOLDEN = Path(__file__).resolve().parents[2] / "tests/reference/golden"
FULL_RANK = "--components all --covariance ledoit-wolf --bandwidth loo"
ROUND = "--components all --covariance isotropic --standardize --bandwidth loo"
KERNAD = {
    "auto": "--auto",
    "defaults (the reference's, in log domain)": "",
    "defaults, norm": "--scaling norm",
    "defaults, standardised": "--standardize",
    "all, ledoit-wolf, loo": FULL_RANK,
    "all, oas, loo": FULL_RANK.replace("ledoit-wolf", "oas"),
    "all, ledoit-wolf, scott": FULL_RANK.replace("loo", "scott"),
    "all, isotropic, loo": ROUND.replace(" --standardize", ""),
    "all, isotropic, standardised, loo": ROUND,
    "all, isotropic, standardised, loo, local 0.5": f"{ROUND} --local 0.5",
}
LOCAL_BY_LIKELIHOOD = "the same, local by likelihood"
ALPHAS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True)
class Method:
    """Gives a number for each test row of a split: a score, or 1 where it calls the row anomalous."""

    family: str
    name: str
    run: Callable[[Split], np.ndarray]
    version: str  # of everything that its result depends on except the split
    image_features_only: bool = False

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"


def installed(package: str) -> str | None:
    """Its version, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def source_digest(*modules: str | None) -> str:
    """Of the files of the modules: what they compute can only change when these do."""
    return hashlib.sha256(b"".join(Path(str(file)).read_bytes() for file in modules)).hexdigest()


def _kernad(kernad: CommandLine) -> list[Method]:
    version, methods = kernad.version(), []
    for name, options in KERNAD.items():
        if missing := kernad.unknown(options):
            print(f"skipped: {OWN}: {name} (this kernad fit has no {', '.join(missing)})")
            continue
        run = partial(kernad.scores, options)
        methods.append(Method(OWN, name, run, f"{version} {options}"))
    each = [f"{ROUND} --local {alpha}" for alpha in ALPHAS]
    run = partial(kernad.scores_of_likeliest, each)
    return [*methods, Method(OWN, LOCAL_BY_LIKELIHOOD, run, f"{version} {each}")]


def _reference() -> list[Method]:
    version = source_digest(reference.__file__)
    reference.check(GOLDEN)

    def defaults(split: Split) -> np.ndarray:
        return -reference.Reference(split.train).log_densities_in_float32(split.test)

    def norm(split: Split) -> np.ndarray:
        return -reference.Reference(split.train, norm=True).log_densities(split.test)

    return [
        Method("reference", "defaults, as it computes them (float32)", defaults, version, image_features_only=True),
        Method("reference", "norm, as it fits it", norm, version, image_features_only=True),
    ]


def of_peers(family: str, package: str, found: dict[str, peers.Peer], source: str) -> list[Method]:
    """The functions of a peer's package as methods; none where it is not installed."""
    version = installed(package)
    if version is None:
        print(f"skipped: {family} (not installed)")
        return []

    def run(peer: peers.Peer, split: Split) -> np.ndarray:
        return peer(split.train, split.test, split.seed)

    return [Method(family, name, partial(run, peer), f"{version} {source}") for name, peer in found.items()]


def all_methods(kernad: CommandLine) -> list[Method]:
    """Those available on this machine; the others are reported with the reason."""
    source = source_digest(peers.__file__)
    return [
        *_kernad(kernad),
        *_reference(),
        *of_peers("scikit-learn", "scikit-learn", peers.SKLEARN, source),
        *of_peers("PyOD", "pyod", peers.PYOD, source),
    ]
