"""The tables of docs/detection.md."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import measures
import numpy as np
from methods import OWN
from report import Column, Table
from runs import Decision
from summary import Summary


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _order(summary: Summary) -> list[int]:
    """kernad's methods as listed, then the others by mean over the groups, best first."""
    means = np.nan_to_num(summary.group_means(summary.auroc).mean(axis=1), nan=-1)
    own = [i for i, peer in enumerate(summary.peers) if not peer]
    return own + sorted(np.flatnonzero(summary.peers), key=lambda i: -means[i])


def _means(summary: Summary, values: np.ndarray, row: int) -> dict[str, str]:
    """One cell per group, the best in bold."""
    means = summary.group_means(values)
    cells = {}
    for group, mean, best in zip(summary.group_names, means[row], np.nanmax(means, axis=0), strict=True):
        if not np.isnan(mean):
            cells[group] = f"**{mean:.4f}**" if round(mean, 4) == round(best, 4) else f"{mean:.4f}"
    return cells


def _group_columns(summary: Summary) -> list[Column]:
    return [Column(g, f"{g.removeprefix('mvtec-')} ({summary.groups.count(g)})") for g in summary.group_names]


def areas(summary: Summary, name: str, title: str) -> Table:
    """Mean AUROC by group, and how a method stands among the peers."""
    columns = [Column("name", "mean AUROC"), *_group_columns(summary)]
    columns += [Column("beaten", "beaten by", "{:.1f}"), Column("behind", "behind the best", "{:+.3f}"),
                Column("seconds", "s", "{:.2f}")]  # fmt: skip
    rows = []
    for i in _order(summary):
        row: dict[str, Any] = {"name": summary.methods[i], **_means(summary, summary.auroc, i)}
        if not np.isnan(summary.auroc[i]).any():
            row |= {"beaten": summary.beaten_by(i), "behind": summary.behind_best(i)}
        rows.append(row | {"seconds": float(np.nanmean(summary.seconds[i]))})
    return Table(name, title, columns, rows)


def precision(summary: Summary) -> Table:
    """Mean average precision by group."""
    columns = [Column("name", "mean average precision"), *_group_columns(summary)]
    rows = [{"name": summary.methods[i], **_means(summary, summary.average_precision, i)} for i in _order(summary)]
    return Table("precision", "Average precision", columns, rows)


def _difference(values: np.ndarray, groups: np.ndarray) -> str:
    low, high = measures.interval(values, groups)
    return f"{values.mean():+.4f} [{low:+.3f}, {high:+.3f}]"


def beside(summary: Summary, focus: str, name: str, title: str) -> Table:
    """One method minus each peer, set by set."""
    own, groups, rows = summary.auroc[summary.index(focus)], np.array(summary.groups), []
    for i in _order(summary):
        differences = own - summary.auroc[i]
        if not summary.peers[i] or np.isnan(differences).any():
            continue
        tied = np.abs(differences) <= measures.TIE
        counts = (~tied & (differences > 0)).sum(), tied.sum(), (~tied & (differences < 0)).sum()
        worst = int(differences.argmin())
        row = {
            "name": summary.methods[i],
            "counts": "–".join(map(str, counts)),
            "all": _difference(differences, groups),
        }
        for group in summary.group_names:
            row[group] = f"{differences[groups == group].mean():+.4f}"
        if differences[worst] < -measures.TIE:
            row["worst"] = f"{differences[worst]:+.3f} ({summary.full_name(worst)})"
        rows.append(row)
    columns = [Column("name", f"{focus} minus"), *_group_columns(summary), Column("all", "all sets [95 %]"),
               Column("counts", "better–same–worse"), Column("worst", "most behind on")]  # fmt: skip
    return Table(name, title, columns, rows)


def sets(summary: Summary, focus: str) -> Table:
    """Set by set: the method, and the peer that turned out best there."""
    own, peers = summary.auroc[summary.index(focus)], np.flatnonzero(summary.peers)
    rows = []
    for i in range(len(summary.sets)):
        best = peers[np.nanargmax(summary.auroc[peers, i])]
        beaten = measures.beaten_by(own[i], summary.auroc[peers, i])
        rows.append({"name": summary.full_name(i), "own": own[i], "best": summary.auroc[best, i],
                     "difference": own[i] - summary.auroc[best, i], "beaten": beaten,
                     "which": summary.methods[best]})  # fmt: skip
    columns = [Column("name", "AUROC"), Column("own", focus, "{:.4f}"), Column("best", "best peer there", "{:.4f}"),
               Column("difference", "difference", "{:+.4f}"), Column("beaten", f"beaten by, of {len(peers)}", "{:g}"),
               Column("which", "which")]  # fmt: skip
    return Table("sets", "Set by set, compared with the peer that turned out best there", columns, rows)


def thresholds(decisions: list[Decision]) -> Table:
    """Observed rates: mean and standard deviation of the false-positive rate over sets and seeds, and the TPR."""
    found: dict[str, dict[str, list[Decision]]] = defaultdict(lambda: defaultdict(list))
    for decision in decisions:
        found[decision.source][decision.group].append(decision)
    groups = list(dict.fromkeys(decision.group for decision in decisions))
    rows = []
    for source, by_group in found.items():
        row = {"name": source}
        for group, all_of in by_group.items():
            fpr, tpr = (np.array([getattr(decision, rate) for decision in all_of]) for rate in ("fpr", "tpr"))
            row[group] = f"{_percent(fpr.mean())} ({_percent(fpr.std())})"
            row[f"{group} tpr"] = _percent(tpr.mean())
        rows.append(row)
    columns = [Column("name", "threshold for 5 %")]
    for group in groups:
        short = group.removeprefix("mvtec-")
        columns += [Column(group, f"{short}: FPR (sd)"), Column(f"{group} tpr", "TPR")]
    order = {OWN: 0, "not offered": 1, "reference": 2, "scikit-learn": 3, "PyOD": 4}
    rows.sort(key=lambda row: order[row["name"].split(":")[0]])
    title = "Share of new rows called anomalous: of the normal ones (FPR) and of the anomalies (TPR), in percent"
    return Table("thresholds", title, columns, rows)
