"""Runs as arrays: one figure per method and set, the mean over the seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import compress

import measures
import numpy as np
from methods import OWN
from runs import Run


@dataclass(frozen=True)
class Summary:
    methods: list[str]
    families: list[str]  # of the methods
    groups: list[str]  # of the sets
    sets: list[str]
    auroc: np.ndarray  # methods x sets; NaN where a method has no result
    average_precision: np.ndarray
    seconds: np.ndarray  # of a fit and its scores

    @staticmethod
    def of(runs: Iterable[Run]) -> Summary:
        """Methods and sets in the order of the runs."""
        cells: dict[tuple[str, tuple[str, str]], list[Run]] = defaultdict(list)
        families = {}
        for run in runs:
            cells[run.method, (run.group, run.set)].append(run)
            families[run.method] = run.family
        sets = list(dict.fromkeys(key[1] for key in cells))

        def means(figure: str) -> np.ndarray:
            values = [[[getattr(run, figure) for run in cells.get((m, s), [])] for s in sets] for m in families]
            return np.array([[np.mean(cell) if cell else np.nan for cell in row] for row in values])

        groups, names = ([s[i] for s in sets] for i in range(2))
        figures = (means(figure) for figure in ("auroc", "average_precision", "seconds"))
        return Summary(list(families), list(families.values()), groups, names, *figures)

    def within(self, groups: Iterable[str]) -> Summary:
        """The same for some of the groups, and for the methods that have results there."""
        chosen = np.isin(self.groups, list(groups))
        there = ~np.isnan(self.auroc[:, chosen]).all(axis=1)
        figures = (values[there][:, chosen] for values in (self.auroc, self.average_precision, self.seconds))
        methods, families = (list(compress(of, there)) for of in (self.methods, self.families))
        return Summary(
            methods, families, list(compress(self.groups, chosen)), list(compress(self.sets, chosen)), *figures
        )

    @property
    def group_names(self) -> list[str]:
        return list(dict.fromkeys(self.groups))

    def group_means(self, values: np.ndarray) -> np.ndarray:
        """Methods x groups; NaN where a method lacks a set, since its mean would be over other sets."""
        return np.stack([values[:, np.array(self.groups) == group].mean(axis=1) for group in self.group_names], axis=1)

    def full_name(self, index: int) -> str:
        """Of a set: with its group."""
        return f"{self.groups[index].removeprefix('mvtec-')}/{self.sets[index]}"

    @property
    def peers(self) -> np.ndarray:
        """Which of the methods are not kernad's."""
        return np.array(self.families) != OWN

    def index(self, method: str) -> int:
        return self.methods.index(method)

    def beaten_by(self, method: int) -> float:
        """How many peers are better, averaged over the sets."""
        others = np.delete(self.auroc, method, axis=0)[np.delete(self.peers, method)]
        own = self.auroc[method]
        return float(np.mean([measures.beaten_by(*of_set) for of_set in zip(own, others.T, strict=True)]))

    def behind_best(self, method: int) -> float:
        """How far AUROC is below that of the best peer on each set, averaged over the sets; negative: above."""
        return float((np.nanmax(self.auroc[self.peers], axis=0) - self.auroc[method]).mean())
