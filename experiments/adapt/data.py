"""The two domains: how many pictures, of what, and some of them to look at."""

import numpy as np

from experiments.data import domains
from experiments.data.mnist import Digits
from report import stage
from report.stage import quantity


class Settings(domains.Settings):
    pass


class Domain(stage.Metrics):
    title: str = quantity("the domain's name")
    train: int = quantity("training pictures, a count")
    test: int = quantity("test pictures, a count")
    mean: float = quantity("mean of the training pixels, of 0 to 1", "", 3)
    standard_deviation: float = quantity("standard deviation of the training pixels", "", 3)


class Metrics(stage.Metrics):
    source: Domain = quantity("the source domain")
    target: Domain = quantity("the target domain")
    made_here: bool = quantity("whether the target was blended here; else it was read as it is")
    binarised: bool = quantity("whether every grey level above 0 counted as ink, as in the practical")
    photos: int = quantity("photos behind the training digits, a count; of two, their left parts")
    unseen_photos: int = quantity("photos behind no training digit, a count; of two, their right parts")
    seed: int = quantity("of photos and crops")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes panel-source, panel-target and, where there are any, panel-unseen, uint8 (10, 28, 28, 3)."""
    both = domains.load(settings, inputs.data)
    # The same digits in both domains where they are paired, one of each class.
    firsts = [int(np.argmax(both.source_test.labels == digit)) for digit in range(10)]
    own = firsts if both.paired else [int(np.argmax(both.target_test.labels == d)) for d in range(10)]
    panels = {"source": both.source_test.images[firsts], "target": both.target_test.images[own]}
    if both.target_unseen:
        panels["unseen"] = both.target_unseen.images[firsts]
    for name, pictures in panels.items():
        outputs.save(f"panel-{name}", np.broadcast_to(pictures, (10, 28, 28, 3)))
    return Metrics(
        source=_domain(both.source_title, both.source, both.source_test),
        target=_domain(both.target_title, both.target, both.target_test),
        made_here=settings.target != "mnist-m",
        binarised=settings.source == "mnist",
        photos=both.photos,
        unseen_photos=both.unseen_photos,
        seed=settings.data_seed,
    )


def _domain(title: str, train: Digits, test: Digits) -> Domain:
    return Domain(
        title=title,
        train=len(train),
        test=len(test),
        mean=float(train.images.mean() / 255),
        standard_deviation=float(train.images.std() / 255),
    )
