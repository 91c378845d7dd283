"""Figures of merit of image scores and heat maps."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label
from sklearn.metrics import roc_auc_score


def auroc(scores: np.ndarray, defect: np.ndarray, sure: bool) -> float:
    """Of good images against the surely defective ones, or against all that may be."""
    kept = (defect == 0) | (defect == 1) if sure else np.full(len(defect), True)
    return float(roc_auc_score(defect[kept] > 0, scores[kept]))


def maps_of(maps: list[np.ndarray], masks: list[np.ndarray]) -> tuple[float, float]:
    """(pixel AUROC, AUPRO to 30 % false positives): the area under the mean overlap with a region of a defect, as a
    function of the share of good pixels that are higher (Bergmann et al. 2020).
    """
    values = np.concatenate([m.ravel() for m in maps]).astype(np.float32)
    regions, weight = 0, []
    for mask in masks:
        labelled, count = label(mask, structure=np.ones((3, 3)))
        regions += count
        weight.append((1 / np.maximum(np.bincount(labelled.ravel()), 1))[labelled] * mask)
    overlap = np.concatenate([w.ravel() for w in weight]) / max(regions, 1)
    good = np.concatenate([~m.ravel() for m in masks])
    order = np.argsort(-values, kind="stable")
    # Equal values pass a threshold together: only the last of them is a point of the curve.
    last = np.append(np.diff(values[order]) != 0, True)
    false = np.append(0, np.cumsum(good[order])[last] / good.sum())
    found = np.append(0, np.cumsum(overlap[order])[last])
    hits = np.append(0, np.cumsum(~good[order])[last] / (~good).sum())
    limit = 0.3
    at_limit = np.interp(limit, false, found)
    inside = false < limit
    area = np.trapezoid(np.append(found[inside], at_limit), np.append(false[inside], limit)) / limit
    return float(np.trapezoid(hits, false)), float(area)
