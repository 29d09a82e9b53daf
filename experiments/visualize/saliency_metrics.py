"""What the stage visualize/saliency measures."""

from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from experiments.statistics import Mean
from experiments.transfer.photo_networks import About
from report import stage
from report.stage import quantity


class Average(stage.Metrics):
    """The mean of a pure number over the pictures, with its t-interval."""

    value: float = quantity("mean over the pictures", digits=2)
    low: float = quantity("lower end of its 95 % t-interval", digits=2)
    high: float = quantity("upper end of its 95 % t-interval", digits=2)


def average(values: Sequence[float] | np.ndarray) -> Average:
    """The mean of at least two values with Student's interval."""
    count = len(values)
    if count < 2:
        raise ValueError(f"no t-interval for {count} values")
    centre = float(np.mean(values))
    half = float(stdtrit(count - 1, 0.975)) * float(np.std(values, ddof=1)) / count**0.5
    return Average(value=centre, low=centre - half, high=centre + half)


class Picture(stage.Metrics):
    """One picture, what the network says of it, and whether the map for that is consistent with it."""

    index: int = quantity("its place in the collection, from 0")
    true: str = quantity("its class")
    predicted: str = quantity("the class with the highest score")
    right: bool = quantity("whether the two are the same")
    probability: float = quantity("of the predicted class", "fraction", 1)
    consistent: bool = quantity("whether the gradient's map does better than centre and edges")
    margin: float = quantity(
        "insertion less deletion by the gradient's map, less the better of centre and edges", "fraction", 1
    )
    top: float = quantity("probability with the most salient part deleted", "fraction", 1)
    random: float = quantity("probability with as much deleted at random", "fraction", 1)
    least: float = quantity("probability with the least salient part deleted", "fraction", 1)
    hangs: bool = quantity("whether the first of these three is the lowest")


class Method(stage.Metrics):
    """A method's maps for the predicted classes; the lists have a value a picture."""

    network: str = quantity("the network's name in the document")
    title: str = quantity("the method's name in the document")
    insertion: Mean = quantity("mean probability while cells are inserted")
    deletion: Mean = quantity("mean probability while cells are deleted")
    gain: Mean = quantity("insertion less deletion")
    gains: list[float] = quantity("insertion less deletion", "fraction", 1)
    grain: float | None = quantity(
        "1 less the correlation of neighbouring pixels, mean over the pictures; none for a random order",
        digits=2,
    )
    grains: list[float] = quantity("that of each picture", digits=2)
    like_edges: float | None = quantity(
        "rank correlation with the edges of the picture, mean; none for a random order", digits=2
    )


class Chance(stage.Metrics):
    """How often an order of cells passes the rule of consistency; the lists have a value a picture."""

    orders: int = quantity("random orders a picture, a count")
    random: Mean = quantity("share of the random orders that pass, mean over the pictures")
    random_values: list[float] = quantity("share of the picture's random orders that pass", "fraction", 1)
    map_values: list[float] = quantity("1 where the gradient's map passes, else 0", "fraction", 1)


class Check(stage.Metrics):
    """How alike a method's maps are to those of the network made random, part by part."""

    title: str = quantity("the method's name in the document")
    parts: list[int] = quantity("random parts, counted from the last, a count")
    similarity: list[Average] = quantity("rank correlation with the map of the trained network")
    first: list[float] = quantity("that of each picture with the last part random", digits=2)
    last: list[float] = quantity("that of each picture with all parts random", digits=2)
    unrelated: Average = quantity("rank correlation of a picture's map with those of other pictures")
    unrelated_values: list[float] = quantity("that of each picture, mean over the others", digits=2)
    silent: int = quantity("maps of random networks that are the same everywhere, counted as 0, a count")
    maps: int = quantity("maps of random networks, a count")


class Limits(stage.Metrics):
    """What limits the gradient; the lists have a value a picture."""

    completeness: float = quantity(
        "median distance of integrated gradients' sum from the difference of the scores, over it",
        "fraction",
        1,
    )
    first_order: float = quantity(
        "median fall of the score that the gradient foretells for the way to grey, over the real one",
        "fraction",
        0,
    )
    first_order_low: float = quantity("a quarter of the pictures have a smaller one", "fraction", 0)
    first_order_high: float = quantity("a quarter of the pictures have a larger one", "fraction", 0)
    shake: float = quantity("noise added, standard deviation over the picture's range", "fraction", 0)
    shaken: Average = quantity("cosine of the gradient and that at the picture with noise")
    classes: Average = quantity("rank correlation of the maps for the first and the second class")
    class_values: list[float] = quantity("that of each picture", digits=2)
    wrong_alike: Average | None = quantity(
        "rank correlation of the maps for the true and the predicted class, where they differ"
    )
    dead: int = quantity("pictures for whose true class the gradient is zero everywhere, a count")


class Metrics(About):
    pictures_title: str = quantity("what the pictures are called in the document")
    images: int = quantity("pictures, a count")
    right: int = quantity("pictures that the network classifies rightly, a count")
    consistent: int = quantity("pictures with a consistent map, a count")
    consistent_right: int = quantity("of those, the rightly classified, a count")
    chance: Chance = quantity("of passing the rule of consistency")
    cell: int = quantity("side of a cell", "pixels")
    part: float = quantity("share of the cells in the masking test", "fraction", 0)
    samples: int = quantity("noisy copies a picture in SmoothGrad, a count")
    noise: float = quantity("their noise, standard deviation over the picture's range", "fraction", 0)
    steps: int = quantity("steps of integrated gradients, a count")
    shares: list[float] = quantity("of the cells, at which the curves are taken", "fraction", 0)
    blurred: float = quantity(
        "mean probability of the predicted class in the blurred picture", "fraction", 1
    )
    pictures: list[Picture] = quantity("in the collection's order")
    methods: dict[str, Method] = quantity("maps of the network, then those that know none")
    limits: Limits = quantity("of the gradient")
    checks: dict[str, Check] = quantity("the methods whose maps were made with random weights too")
    shuffles: int = quantity("times that the network was made random, a count")
    layers: int = quantity("parts that the network was made random in, a count")
