"""From features to a plot: a score histogram and a ROC curve of a detector on real data.

    python features_to_plot.py [TABLE.csv] [--normal LABEL] [--out plot.png]

Needs matplotlib. Without arguments: the hand-written digits that come with kernad, with the zeros normal. The table's
last column is the label; all others are features. Half of the normal rows are learnt from, the rest is scored.
"""

# %% What is read, and who is normal
from __future__ import annotations

import argparse
import csv
from pathlib import Path

import matplotlib
import numpy as np
import numpy.typing as npt

import kernad

matplotlib.use("Agg")  # draws into files; no display is needed
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

DIGITS = Path(__file__).resolve().parents[2] / "data" / "digits.csv"

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def read_table(path: Path) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Features (N x D) and labels of a table with a header line whose last column is the label."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([row[:-1] for row in rows], dtype=np.float64), [row[-1] for row in rows]


# %% Half of the normal rows are the training set


def split(features: npt.NDArray[np.float64], is_normal: Flags) -> tuple[npt.NDArray[np.float64], Scores, Flags]:
    """Training rows, rows to test, and which of those are anomalies."""
    normal = np.flatnonzero(is_normal)
    chosen = normal[kernad.sample_rows(len(normal), len(normal) // 2, seed=0)]
    rest = np.setdiff1d(np.arange(len(features)), chosen)
    return features[chosen], features[rest], ~is_normal[rest]


# %% The curve: what share of anomalies is found, against what share of normal rows is flagged


def roc_curve(scores: Scores, is_anomaly: Flags) -> tuple[Scores, Scores, float]:
    """False- and true-positive rates at every distinct threshold, and the area under them (ties count half)."""
    thresholds = np.unique(scores)[::-1]
    flagged = scores[None, :] >= thresholds[:, None]
    found = np.concatenate([[0.0], flagged[:, is_anomaly].mean(axis=1)])
    alarms = np.concatenate([[0.0], flagged[:, ~is_anomaly].mean(axis=1)])
    area = float(np.sum(np.diff(alarms) * (found[1:] + found[:-1]) / 2))
    return alarms, found, area


# %% The plot


def draw_histogram(axes: Axes, log_density: Scores, is_anomaly: Flags) -> None:
    """Log-densities of both kinds; what lies below the lowest 1 % of anomalies is gathered in the first bar."""
    low = float(np.quantile(log_density[is_anomaly], 0.01))
    bins = np.linspace(low, float(log_density.max()), 50)
    for name, rows, color in (("normal", ~is_anomaly, "tab:blue"), ("anomalous", is_anomaly, "tab:red")):
        axes.hist(np.maximum(log_density[rows], low), bins=list(bins), density=True, alpha=0.6, label=name, color=color)
    axes.set(xlabel="log-density (nats)", ylabel="share of rows per nat", title="Scores")
    axes.legend()


def draw_roc(axes: Axes, scores: Scores, is_anomaly: Flags) -> float:
    """The ROC curve. Returns its area."""
    alarms, found, area = roc_curve(scores, is_anomaly)
    axes.plot(alarms, found, color="tab:blue")
    axes.plot([0, 1], [0, 1], color="gray", linewidth=0.8, linestyle="--")
    axes.set(xlabel="false-positive rate", ylabel="true-positive rate", title=f"ROC, area {area:.4f}")
    return area


def main() -> None:
    """Read, fit, score, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", type=Path, default=DIGITS)
    parser.add_argument("--normal", default="0", help="the label of normal rows (default: 0)")
    parser.add_argument("--components", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("plot.png"))
    options = parser.parse_args()

    features, labels = read_table(options.table)
    is_normal = np.array([label == options.normal for label in labels])
    if not is_normal.any() or is_normal.all():
        parser.error(f"of the labels {sorted(set(labels))} '{options.normal}' must be one of several")
    train, test, is_anomaly = split(features, is_normal)

    classifier = kernad.KDEClassifier(n_pca_components=options.components)
    classifier.fit(train)
    log_density = classifier.compute_kde_scores(test, as_log_likelihood=True)

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    draw_histogram(left, log_density, is_anomaly)
    area = draw_roc(right, -log_density, is_anomaly)
    figure.savefig(options.out, dpi=120)
    print(f"{len(train)} rows learnt, {len(test)} scored, AUROC {area:.4f}; see {options.out}")


if __name__ == "__main__":
    main()
