"""Which predictions on unlabelled pictures become labels to train on (Lee 2013)."""

from typing import Literal

import numpy as np

from experiments.adapt.networks import CLASSES
from experiments.adapt.stack import IGNORED

Selection = Literal["none", "all", "confident", "balanced"]


def select(probabilities: np.ndarray, how: Selection, threshold: float, share: float) -> np.ndarray:
    """The pseudo-label of each picture, IGNORED for those that are not kept.

    Args:
        probabilities: (n, 10), of the digits.
        how: `none` keeps no label, to tell what training on does by itself; `all` keeps every
            prediction, as the published report did; `confident` those with a
            probability of at least `threshold`; `balanced` the most confident of each predicted digit,
            at most `share` of a tenth of the pictures each, so that no digit crowds out the others
            (after Zou et al. 2018).

    Returns:
        int64 (n,).
    """
    labels, confidence = probabilities.argmax(1), probabilities.max(1)
    if how == "none":
        return np.full_like(labels, IGNORED)
    if how == "all":
        return labels
    if how == "confident":
        return np.where(confidence >= threshold, labels, IGNORED)
    most = round(share * len(labels) / CLASSES)
    kept = np.full(len(labels), IGNORED, dtype=np.int64)
    for digit in range(CLASSES):
        members = np.flatnonzero(labels == digit)
        best = members[np.argsort(-confidence[members], kind="stable")[:most]]
        kept[best] = digit
    return kept


def order_of(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` indices of pictures with a label, each as often as any other or once more, shuffled.

    Without any label all pictures take part: they are not learnt from.
    """
    known = np.flatnonzero(labels != IGNORED)
    if not len(known):
        known = np.arange(len(labels))
    rounds = [rng.permutation(known) for _ in range(-(-count // len(known)))]
    return np.concatenate(rounds)[:count]
