"""The one-pixel attack on pictures that the network names rightly (Su et al. 2019, arXiv:1710.08864).

It needs no gradients, only the probabilities that the network gives.
"""

import numpy as np
from pydantic import Field

from experiments.nn.backbones import BackboneName
from experiments.nn.inference import in_batches
from experiments.statistics import Accuracy, accuracy
from experiments.transfer.photo_networks import About, about
from experiments.visualize import frozen, pixel_search, subjects
from experiments.visualize.frozen import Frozen
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(stage.Settings):
    backbone: BackboneName = Field("torchvision/squeezenet1_1", description="one run each")
    collection: str = Field("imagenet/val25", description="the pictures, or `letters`")
    images: int = Field(25, ge=1, le=1000, description="of them, from the first on")
    attacked: int = Field(
        8, ge=1, le=1000, description="so many are attacked: the first whose class the network names"
    )
    population: int = Field(40, ge=5, le=4000, description="pixels tried at once; 400 in the paper")
    generations: int = Field(8, ge=1, le=1000, description="100 in the paper")
    seed: int = Field(1, ge=0, lt=2**31, description="of the evolution")


class Attempt(stage.Metrics):
    true: str = quantity("the picture's class")
    fooled: bool = quantity("whether one pixel changed what the network names")
    by_chance: bool = quantity("whether one of the random first pixels did")
    named: str = quantity("what the network names with the best pixel")
    before: float = quantity("probability of the true class without the pixel", "fraction", 1)
    after: float = quantity("the same with the best pixel", "fraction", 1)
    queries: int = quantity("pictures shown to the network, a count")
    row: int = quantity("the pixel's row", "pixels")
    column: int = quantity("the pixel's column", "pixels")


class Metrics(About):
    collection: str = quantity("the pictures' name in the document")
    population: int = quantity("pixels tried at once, a count")
    generations: int = quantity("generations at most, a count")
    attempts: list[Attempt] = quantity("by picture")
    fooled: Accuracy = quantity("share of the pictures that one pixel fooled")
    by_chance: Accuracy = quantity("share of them that one of the random first pixels fooled")
    drop: float = quantity("fall of the true class's probability, median", "points", 1)
    queries: int = quantity("pictures shown to the network in all, a count")
    shown: int = quantity("the attempt that is drawn: the largest fall, of the fooled if there are any")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes original and fooled, uint8 (size, size, 3), of the attempt that is drawn."""
    model = frozen.load(settings.backbone, inputs)
    pictures = subjects.load(settings.collection, model.backbone, settings.images, inputs.data)

    def probabilities(images: np.ndarray) -> np.ndarray:
        scores = in_batches(model.logits, model.normalized(images)).double()
        return scores.softmax(1).cpu().numpy()

    clean = probabilities(pictures.images)
    right = np.flatnonzero(clean.argmax(1) == pictures.labels)[: settings.attacked]
    if not len(right):
        raise ColophonError(
            f"{model.backbone.name} names no picture of {settings.collection} rightly",
            "There is nothing to fool: train it longer, or give it more pictures.",
        )
    attempts, drawn = [], []
    for index in outputs.progress(right, unit="pictures", label=model.backbone.title):
        image, label = pictures.images[index], int(pictures.labels[index])
        found = pixel_search.evolve(
            lambda images, label=label: pixel_search.margins(probabilities(images), label),
            image,
            settings.population,
            settings.generations,
            settings.seed,
        )
        drawn.append(pixel_search.with_pixel(image, found.pixel))
        after = probabilities(drawn[-1][None])[0]
        attempts.append(
            Attempt(
                true=pictures.classes[label],
                fooled=int(after.argmax()) != label,
                by_chance=found.first < 0,
                named=pictures.classes[int(after.argmax())],
                before=float(clean[index, label]),
                after=float(after[label]),
                queries=found.queries,
                row=int(found.pixel[0]),
                column=int(found.pixel[1]),
            )
        )
    falls = [(attempt.fooled, attempt.before - attempt.after) for attempt in attempts]
    shown = falls.index(max(falls))
    outputs.save("original", pictures.images[right[shown]])
    outputs.save("fooled", drawn[shown])
    return summary(model, pictures.title, settings, attempts, shown)


def summary(model: Frozen, title: str, settings: Settings, attempts: list[Attempt], shown: int) -> Metrics:
    def share(hits: list[bool]) -> Accuracy:
        return accuracy(np.array(hits), np.ones(len(hits), dtype=bool))

    return Metrics.model_validate(
        about(model.backbone)
        | {
            "collection": title,
            "population": settings.population,
            "generations": settings.generations,
            "attempts": attempts,
            "fooled": share([attempt.fooled for attempt in attempts]),
            "by_chance": share([attempt.by_chance for attempt in attempts]),
            "drop": 100 * float(np.median([attempt.before - attempt.after for attempt in attempts])),
            "queries": sum(attempt.queries for attempt in attempts),
            "shown": shown,
        }
    )
