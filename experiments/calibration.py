"""How far the confidence of a classifier can be believed."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reliability:
    """Answers sorted by their confidence into bins of equal width (Guo et al. 2017, arXiv:1706.04599).

    Attributes:
        counts: answers in each bin, (bins,).
        confidence: mean confidence in each bin, zero in an empty one.
        accuracy: share of right answers in each bin, zero in an empty one.
    """

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def expected_error(self) -> float:
        """The expected calibration error: the bins' |accuracy - confidence|, weighted by their counts."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.sum(self.counts * gaps) / np.sum(self.counts))


def reliability(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> Reliability:
    """Sort answers into bins of their confidence; the m-th holds those in ((m - 1) / bins, m / bins].

    Args:
        confidence: probability given to the answer, (n,), in [0, 1], n at least 1.
        correct: whether it was right, bool (n,).
        bins: 15 as in the paper's experiments.
    """
    if confidence.shape != correct.shape or confidence.size == 0:
        raise ValueError(f"{confidence.shape} confidences for {correct.shape} answers")
    places = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    counts, sums, right = (
        np.bincount(places, weights, minlength=bins) for weights in (None, confidence, correct)
    )
    some = np.maximum(counts, 1)
    return Reliability(counts, sums / some, right / some)
