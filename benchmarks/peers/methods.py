"""The same exact density as users get it elsewhere.

Each method is a function of a Problem that gives a scorer: queries (M x d) -> log-densities in nats, of the same
kernel: Scott's rule, full covariance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import reference

Scorer = Callable[[np.ndarray], np.ndarray]


@dataclass
class Problem:
    train: np.ndarray  # N x d float32, centred
    queries: np.ndarray  # M x d float32
    threads: int
    transform: np.ndarray = field(init=False)  # d x d: whitening of the kernel, in double
    log_constant: float = field(init=False)  # to be added to the log of the mean kernel to get the log-density

    def __post_init__(self) -> None:
        rows, dimension = self.train.shape
        bandwidth = rows ** (-1 / (dimension + 4))
        covariance = np.cov(self.train.T.astype(np.float64)).reshape(dimension, dimension)
        self.transform = np.linalg.cholesky(np.linalg.inv(covariance * bandwidth**2))
        self.log_constant = np.log(np.diag(self.transform)).sum() - dimension / 2 * np.log(2 * np.pi)

    def whitened(self, rows: np.ndarray) -> np.ndarray:
        return rows.astype(np.float64) @ self.transform

    def expected(self, count: int) -> np.ndarray:
        """Log-densities of the first `count` queries in float64, by differences, to check all others against."""
        points = self.whitened(self.train)
        result = []
        for query in self.whitened(self.queries[:count]):
            exponents = -0.5 * ((points - query) ** 2).sum(1)
            largest = exponents.max()
            result.append(largest + np.log(np.exp(exponents - largest).mean()))
        return np.array(result) + self.log_constant


def kernad(problem: Problem) -> Scorer:
    from kernad import GaussianKDE

    return GaussianKDE(problem.train, num_threads=problem.threads).log_density


def kernad_brute_force(problem: Problem) -> Scorer:
    """Every pair, with pruning switched off."""
    from kernad import GaussianKDE

    return GaussianKDE(problem.train, num_threads=problem.threads, pruning=False).log_density


def kernad_adaptive(problem: Problem, alpha: float) -> Scorer:
    """Kernels that are wide where rows are sparse."""
    from kernad import GaussianKDE

    return GaussianKDE(problem.train, num_threads=problem.threads, local_alpha=alpha).log_density


def kernad_scorer(problem: Problem) -> Scorer:
    """For callers with single queries: threads and memory are created once."""
    from kernad import GaussianKDE, Scorer

    return Scorer(GaussianKDE(problem.train), num_threads=problem.threads).log_density


def _torch_scorer(problem: Problem, log_sum: Callable) -> Scorer:
    """log_sum(64 queries, points, -|point|^2 / 2) is the logarithm of each query's sum over the points."""
    import torch

    torch.set_num_threads(problem.threads)
    points = torch.from_numpy(problem.whitened(problem.train).astype(np.float32))
    half_squares = -0.5 * (points * points).sum(1)
    constant = problem.log_constant - np.log(len(points))
    transform = torch.from_numpy(problem.transform.astype(np.float32))

    def score(queries: np.ndarray) -> np.ndarray:
        blocks = (torch.from_numpy(queries) @ transform).split(64)
        return torch.cat([log_sum(block, points, half_squares) for block in blocks]).numpy() + constant

    return score


def torch_addmm(problem: Problem) -> Scorer:
    """One matrix product with a bias, then logsumexp: the fastest peer found."""
    import torch

    def log_sum(block, points, half_squares):
        return torch.logsumexp(torch.addmm(half_squares, block, points.T), 1) - 0.5 * (block * block).sum(1)

    return _torch_scorer(problem, log_sum)


def torch_cdist(problem: Problem) -> Scorer:
    import torch

    return _torch_scorer(
        problem, lambda block, points, _: torch.logsumexp(-0.5 * torch.cdist(block, points).square(), 1)
    )


def reference_loop(problem: Problem, source: Path | None) -> Scorer:
    import torch

    torch.set_num_threads(problem.threads)
    kde = reference.density(source)
    kde.fit(torch.from_numpy(problem.train.copy()))
    return lambda queries: torch.log(kde(torch.from_numpy(queries))).numpy()


def scipy_logpdf(problem: Problem) -> Scorer:
    from scipy.stats import gaussian_kde

    kde = gaussian_kde(problem.train.T.astype(np.float64))
    return lambda queries: kde.logpdf(queries.T.astype(np.float64))


def sklearn_kde(problem: Problem) -> Scorer:
    from sklearn.neighbors import KernelDensity

    kde = KernelDensity(bandwidth=1.0).fit(problem.whitened(problem.train))
    constant = problem.log_constant + problem.train.shape[1] / 2 * np.log(2 * np.pi)
    return lambda queries: kde.score_samples(problem.whitened(queries)) + constant
