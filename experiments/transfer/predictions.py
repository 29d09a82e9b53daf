"""What each network says of a few photos, and how often it is right, and how sure, on many.

Photos are resized to the network's own input without a crop, as the practical does, and normalised
as in its training. One photo's confidence tells nothing of a network's quality: accuracy and the
calibration error are measured on the labelled photos.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax
from torch import nn

from experiments.calibration import reliability
from experiments.data import photos
from experiments.data.photos import Photo
from experiments.nn import inference
from experiments.nn.backbones import Backbone
from experiments.statistics import Accuracy, accuracy
from experiments.transfer.photo_networks import About, PhotoName, Seen, Settings, about, networks, seen
from report import stage
from report.stage import quantity

__all__ = ["Metrics", "Settings", "run"]
SHOWN_SIDE = 384  # pixels; the longer side of an original as it is kept for the figure
GUESSES = 5


class Guess(stage.Metrics):
    name: str = quantity("the class")
    probability: float = quantity("softmax probability of the class", "fraction", 1, ge=0, le=1)


class Answer(PhotoName):
    top: list[Guess] = quantity("the five classes with the highest probability, highest first")
    first_right: bool | None = quantity("whether the first is the photo's class; null if that is unknown")
    among_five: bool | None = quantity("whether the five hold the photo's class; null if that is unknown")
    rank: int | None = quantity("place of the photo's class among all, 1 for the first; null if unknown")
    probability: float | None = quantity(
        "softmax probability of the photo's class; null if that is unknown", "fraction", 1
    )


class Network(About):
    answers: list[Answer] = quantity("what it says of each photo that is shown")
    first_right: int = quantity("photos shown whose class it names first, a count")
    among_five: int = quantity("photos shown whose class is among its first five, a count")
    accuracy: Accuracy = quantity("share of labelled photos whose class it names first (top 1)")
    top5: Accuracy = quantity("share of labelled photos whose class is among its first five (top 5)")
    correct: str = quantity("the array that tells of each labelled photo whether top 1 was right")
    confidence: float = quantity("mean probability of its first class", "fraction", 1)
    overconfidence: float = quantity("mean confidence less accuracy", "points", 1)
    calibration_error: float = quantity(
        "expected calibration error of top 1 in 15 bins (Guo et al. 2017)", "fraction", 1
    )
    reliability: str = quantity("the array with each bin's count, mean confidence and accuracy")
    images: str = quantity("the array with the shown photos as the network sees them")


class Metrics(stage.Metrics):
    photos: list[PhotoName] = quantity("the photos that are shown")
    shown: int = quantity("photos that are shown, a count")
    shown_known: int = quantity("of those, photos of a class that the networks know, a count")
    labelled: int = quantity("labelled photos, a count")
    labelled_title: str = quantity("the labelled photos' name in the document")
    classes: int = quantity("classes that the networks know, a count")
    networks: list[Network] = quantity("each network's answers, in the profile's order")
    most_accurate: str = quantity("the network with the highest top-1 accuracy, the first of equals")
    best_calibrated: str = quantity("the network with the lowest calibration error, the first of equals")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes photo-<i>, images-, correct- and reliability-<network>, labels (labelled,)."""
    found = seen(settings, inputs)
    outputs.save("labels", np.array([photo.label for photo in found.labelled]))
    for index, photo in enumerate(found.shown):
        picture = photo.read()
        picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
        outputs.save(f"photo-{index}", np.asarray(picture))
    names = found.names()
    rows = [
        judge(network, backbone, found, names, outputs) for backbone, network in networks(settings, inputs)
    ]
    return Metrics(
        photos=names,
        shown=len(names),
        shown_known=sum(name.true is not None for name in names),
        labelled=len(found.labelled),
        labelled_title=photos.TITLES.get(settings.labelled_from, settings.labelled_from),
        classes=len(found.classes),
        networks=rows,
        most_accurate=max(rows, key=lambda row: row.accuracy.value).title,
        best_calibrated=min(rows, key=lambda row: row.calibration_error).title,
    )


def judge(
    network: nn.Module, backbone: Backbone, found: Seen, names: list[PhotoName], outputs: stage.Outputs
) -> Network:
    """The answers of one network and how good they are; writes its arrays."""
    slug = backbone.slug
    outputs.save(f"images-{slug}", inference.squeezed(found.shown, backbone.size))
    said = probabilities(network, backbone, found.shown, outputs)
    answers = [
        answer(name, photo.label, row, found.classes)
        for name, photo, row in zip(names, found.shown, said, strict=True)
    ]
    labels = np.array([photo.label for photo in found.labelled])
    on_many = probabilities(network, backbone, found.labelled, outputs)
    first = on_many.argmax(axis=1)
    correct, confidence = first == labels, on_many.max(axis=1)
    five = ranks(on_many, labels) <= GUESSES
    bins = reliability(confidence, correct)
    outputs.save(f"correct-{slug}", correct)
    outputs.save(f"reliability-{slug}", np.stack([bins.counts, bins.confidence, bins.accuracy]))
    return Network.model_validate(
        about(backbone)
        | {
            "answers": answers,
            "first_right": sum(entry.first_right is True for entry in answers),
            "among_five": sum(entry.among_five is True for entry in answers),
            "accuracy": accuracy(first, labels),
            "top5": accuracy(five, np.ones_like(five)),
            "correct": f"correct-{slug}",
            "confidence": float(confidence.mean()),
            "overconfidence": 100 * float(confidence.mean() - correct.mean()),
            "calibration_error": bins.expected_error,
            "reliability": f"reliability-{slug}",
            "images": f"images-{slug}",
        }
    )


def probabilities(
    network: nn.Module, backbone: Backbone, images: Sequence[Photo], outputs: stage.Outputs
) -> np.ndarray:
    """The softmax of the network's logits for each photo, (n, classes)."""
    batches = inference.of_photos(network, backbone, images)
    total = -(-len(images) // inference.BATCH)
    found = outputs.progress(batches, total, "batches", backbone.title)
    return softmax(np.concatenate(list(found)).astype(float), axis=1)


def ranks(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The place (n,) of each label (n,) among the probabilities (n, classes), 1 for the highest."""
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)
    return 1 + np.sum(probabilities > own, axis=1)


def answer(name: PhotoName, label: int | None, probabilities: np.ndarray, classes: list[str]) -> Answer:
    """What probabilities (classes,) say of a photo."""
    order = np.argsort(-probabilities, kind="stable")[:GUESSES]
    rank = None if label is None else int(ranks(probabilities[None], np.array([label]))[0])
    return Answer(
        **name.model_dump(),
        top=[Guess(name=classes[i], probability=float(probabilities[i])) for i in order],
        first_right=None if rank is None else rank == 1,
        among_five=None if rank is None else rank <= GUESSES,
        rank=rank,
        probability=None if label is None else float(probabilities[label]),
    )
