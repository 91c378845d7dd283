"""The library's free functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernad import _core
from kernad._arrays import ArrayLike, as_scores
from kernad._calls import whole_number
from kernad._labels import read_labels


@dataclass(frozen=True)
class SystemInfo:
    """Properties of this build and this machine."""

    version: str
    """Of kernad, MAJOR.MINOR.PATCH."""
    cpu: str
    """The processor's name."""
    kernel_target: str
    """Instruction set used for scoring here; ``KERNAD_TARGET`` in the environment forces another."""
    kernel_targets: tuple[str, ...]
    """Those compiled in that this CPU can run, best first."""
    blas: str
    """The BLAS/LAPACK library."""
    threads: int
    """The default number of threads of a call."""


def system_info() -> SystemInfo:
    """Describe this build and this machine, for bug reports and benchmarks.

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


@dataclass(frozen=True)
class DetectionMetrics:
    """How well scores separate anomalies from normal rows: all in [0, 1] except the threshold, which is a score."""

    image_AUROC: float  # noqa: N815
    """P(score of an anomaly > score of a normal row), ties counted half."""
    AUPR: float
    """Average precision."""
    F1Max: float
    """Largest F1 over all thresholds."""
    F1Max_threshold: float
    """Rows with score >= this are called anomalous at F1Max."""
    FPR_at_95TPR: float
    """Smallest false-positive rate among thresholds with a true-positive rate of at least 0.95."""
    normal_count: int
    """Rows labelled 0."""
    anomalous_count: int
    """Rows labelled 1."""


def evaluate(scores: ArrayLike, labels: ArrayLike, *, normal_label: str | float | None = None) -> DetectionMetrics:
    """The usual metrics of anomaly scores.

    Args:
        scores: M numbers, higher is more anomalous: pass the negative of a log-density.
        labels: M, in any case, of 0, False, no, normal, good, ok, inlier, pass, regular, valid (normal) and 1, True,
            yes, anomaly, anomalous, abnormal, bad, ng, nok, outlier, fail, defect, defective, invalid (anomalous);
            of 1 and -1, where -1 is anomalous, as in scikit-learn; of good and any others, as in the MVTec data sets.
        normal_label: the label of the normal rows; all others are anomalous. Needed for 0 and 1, yes and no in a Series
            whose name implies that yes is normal, such as ``is_ok``.

    Raises:
        ValueError: the sizes differ, a score is NaN, a label is none of those or missing, or one class is empty.
    """
    values, _ = as_scores(scores, "scores")
    return DetectionMetrics(**_core.evaluate(values, read_labels(labels, normal_label)))
