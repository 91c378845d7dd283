"""Nothing is timed before its results have been compared with the formula in float64."""

from __future__ import annotations

import numpy as np
from methods import Problem, Scorer

PEER_LIMIT = 1e-2  # nats: a peer with a larger error computes something else, and is not timed


class WrongResultError(Exception):
    """kernad exceeded its own error bound."""


def largest_error(scorer: Scorer, problem: Problem, count: int = 64) -> float:
    """In nats, over the first queries."""
    count = min(count, len(problem.queries))
    return float(np.abs(scorer(problem.queries[:count]) - problem.expected(count)).max())


def own_error(scorer: Scorer, problem: Problem, what: str, count: int = 64) -> float:
    """The same for kernad, which promises 1e-4 nats, or 1e-6 of a log-density beyond 100. Raises WrongResultError."""
    return float(_own_errors(scorer, problem, what, count)[0].max())


def share_of_promise(scorer: Scorer, problem: Problem, what: str, count: int = 64) -> float:
    """The same as a share of what is promised."""
    errors, promised = _own_errors(scorer, problem, what, count)
    return float((errors / promised).max())


def _own_errors(scorer: Scorer, problem: Problem, what: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    count = min(count, len(problem.queries))
    expected = problem.expected(count)
    errors = np.abs(scorer(problem.queries[:count]) - expected)
    promised = np.maximum(1e-4, 1e-6 * np.abs(expected))
    if not (errors <= promised).all():
        raise WrongResultError(f"kernad is off by {np.nanmax(errors):.3g} nats on {what}")
    return errors, promised
