"""Whether two quantities rank trainings alike."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from report.stage import Metrics, quantity

FEWEST = 5  # trainings; the ranks of fewer say nothing
RESAMPLES = 2000


class Rank(Metrics):
    """Spearman's rank correlation with the percentile bootstrap's interval."""

    value: float = quantity("Spearman's rank correlation", "", 2, ge=-1, le=1)
    low: float = quantity("lower end of its 95 % bootstrap interval over the trainings", "", 2)
    high: float = quantity("upper end of its 95 % bootstrap interval over the trainings", "", 2)
    count: int = quantity("trainings, a count", ge=FEWEST)


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> Rank:
    """Of two quantities of the same trainings, 5 at least; 0 where one is the same in all of them."""
    if len(first) < FEWEST:
        raise ValueError(f"no rank correlation of {len(first)}")
    pairs = np.array([first, second])
    rows = np.random.default_rng(0).integers(0, len(first), (RESAMPLES, len(first)))
    low, high = np.quantile([_spearman(pairs[:, row]) for row in rows], [0.025, 0.975])
    return Rank(value=_spearman(pairs), low=float(low), high=float(high), count=len(first))


def _spearman(pairs: np.ndarray) -> float:
    ranks = rankdata(pairs, axis=1)
    centred = ranks - ranks.mean(1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    found = centred[0] @ centred[1] / (norms[0] * norms[1]) if norms.all() else 0.0
    return float(np.clip(found, -1, 1))
