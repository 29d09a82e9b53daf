"""How far apart two sets of features are: a fresh linear probe, and the maximum mean discrepancy."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def probe_error(source: np.ndarray, target: np.ndarray, seed: int) -> float:
    """How often a linear classifier, trained afresh, takes a held-out picture for the other domain.

    Pictures are divided in halves by their index, the same in both domains, so that no digit that the
    probe was trained on is tested in the other domain; each half is tested with what the other trained.

    Args:
        source, target: features (n, d), the i-th of both of the same digit where they are paired.
        seed: of the division.

    Returns:
        The error, in [0, 1]; 0.5 where the domains cannot be told apart.
    """
    if len(source) != len(target):
        raise ValueError(f"{len(source)} source and {len(target)} target features")
    order = np.random.default_rng(seed).permutation(len(source))
    halves = order[: len(order) // 2], order[len(order) // 2 :]
    wrong = 0
    for train, test in (halves, halves[::-1]):
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        probe.fit(*_labelled(source[train], target[train]))
        features, labels = _labelled(source[test], target[test])
        wrong += int(np.sum(probe.predict(features) != labels))
    return wrong / (2 * len(source))


def a_distance(error: float) -> float:
    """The proxy A-distance 2 (1 - 2 error), in [0, 2] for errors below one half (Ben-David et al. 2007).

    An error above one half is that of a probe that learnt nothing; its distance is 0.
    """
    return max(0.0, 2 * (1 - 2 * error))


def mmd(source: np.ndarray, target: np.ndarray) -> float:
    """The squared maximum mean discrepancy, without bias (Gretton et al. 2012, equation 3).

    The kernel is exp(-d^2 / (2 m^2)), with m the median distance of all pairs, so that the scale of the
    features does not matter. About 0 where the domains are alike; it can fall a little below.

    Args:
        source, target: features (n, d) and (m, d).
    """
    together = np.concatenate([source, target]).astype(float)
    squares = cdist(together, together, "sqeuclidean")
    median = np.median(squares[np.triu_indices(len(together), 1)])
    kernel = np.exp(-squares / (2 * median)) if median > 0 else np.ones_like(squares)
    first, second = len(source), len(target)
    np.fill_diagonal(kernel, 0)
    own = kernel[:first, :first].sum() / (first * (first - 1))
    other = kernel[first:, first:].sum() / (second * (second - 1))
    return float(own + other - 2 * kernel[:first, first:].mean())


def _labelled(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([source, target]), np.repeat([1, 0], [len(source), len(target)])
