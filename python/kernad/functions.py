"""The library's free functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._calls import whole_number


@dataclass(frozen=True)
class SystemInfo:
    """What this build and this machine are."""

    version: str
    """Of kernad, MAJOR.MINOR.PATCH."""
    cpu: str
    """The processor's own name."""
    kernel_target: str
    """Instruction set that scoring uses here; ``KERNAD_TARGET`` in the environment forces another."""
    kernel_targets: tuple[str, ...]
    """Those compiled in that this CPU can run, best first."""
    blas: str
    """The BLAS/LAPACK inside."""
    threads: int
    """What a call uses when it is not told otherwise."""


def system_info() -> SystemInfo:
    """This build and this machine, for bug reports and benchmarks.

    Raises:
        ValueError: KERNAD_TARGET or KERNAD_NUM_THREADS asks for what this machine cannot do.
    """
    info = _core.system_info()
    return SystemInfo(**info | {"kernel_targets": tuple(info["kernel_targets"])})


def sample_rows(rows: int, count: int, seed: int = 0) -> npt.NDArray[np.int64]:
    """The ``count`` rows of 0 .. rows - 1 that a fit with this seed uses, ascending; all when count >= rows.

    They depend on seed and row number alone. Raises ValueError for negative numbers.
    """
    return _core.sample_rows(
        whole_number(rows, "rows", 0), whole_number(count, "count", 0), whole_number(seed, "seed", 0, 2**64 - 1)
    )
