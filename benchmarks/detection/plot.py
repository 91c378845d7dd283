"""One line per set: the AUROC of one method among those of all peers."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from summary import Summary

mpl.use("Agg")
import matplotlib.pyplot as plt

mpl.rcParams |= {"svg.hashsalt": "kernad", "svg.fonttype": "none", "font.size": 9, "legend.frameon": False,
                 "axes.spines.top": False, "axes.spines.right": False}  # fmt: skip
OWN, OTHER, BEST = "#2a6fbb", "#a0a4a8", "#333333"


def save(summary: Summary, focus: str, path: Path) -> None:
    """One line per set, grouped."""
    own, peers = summary.auroc[summary.index(focus)], summary.auroc[summary.peers]
    figure, axes = plt.subplots(figsize=(7.5, 1 + 0.2 * len(own)), layout="constrained")
    lines = -np.arange(len(own))
    axes.plot(peers.T, lines, "|", color=OTHER, markersize=7)
    axes.plot(np.nanmax(peers, axis=0), lines, "|", color=BEST, markersize=9, label="best peer there")
    axes.plot([], [], "|", color=OTHER, label="other peers")
    axes.plot(own, lines, "o", color=OWN, markersize=5, label=focus)
    axes.set_yticks(lines, [summary.full_name(i) for i in range(len(own))])
    axes.set_ylim(0.7 - len(own), 0.7)
    axes.set_xlabel("AUROC")
    axes.grid(axis="x", color="#e4e6e8")
    axes.set_axisbelow(True)
    axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
