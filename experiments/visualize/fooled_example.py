"""One adversarial example to look at, as the practical shows it."""

from collections.abc import Callable

import numpy as np
import torch

from experiments.nn.inference import in_batches
from experiments.visualize import disturbances, fooling
from experiments.visualize.fooling import Bounds, Plan
from experiments.visualize.frozen import Frozen
from experiments.visualize.subjects import Subjects, class_index
from report import stage
from report.errors import ColophonError
from report.stage import quantity

MAGNIFICATION = 10  # of the difference in the last panel, as in the practical
GREY = 127.5  # what stands for no difference


class Size(stage.Metrics):
    """How large a perturbation is."""

    l2: float = quantity("L2 norm", "grey levels", 0)
    linf: float = quantity("L∞ norm, the largest change of a value", "grey levels", 1)
    rms: float = quantity("root mean square, L2 over the root of the number of values", "grey levels", 2)


class Reading(stage.Metrics):
    """What the network says of one picture."""

    named: str = quantity("the class with the highest probability")
    probability: float = quantity("probability of this class", "fraction", 1)
    original: float = quantity("probability of the class named of the clean picture", "fraction", 1)
    target: float = quantity("probability of the target", "fraction", 1)


class Example(stage.Metrics):
    true: str = quantity("the picture's class")
    target: str = quantity("the class it is to be taken for")
    reached: bool = quantity("whether the network named the target")
    dead: bool = quantity("whether the target's gradient was exactly zero")
    iterations: int = quantity("iterations to the target, or until the attack ended, a count")
    before: Reading = quantity("the clean picture")
    after: Reading = quantity("the picture when the attack stopped")
    size: Size = quantity("size of the perturbation when the attack stopped")
    saved: Reading = quantity("that picture saved with 8 bits a value and read again")
    magnification: int = quantity("factor of the magnified difference")
    clipped: float = quantity("values of the magnified difference that are clipped", "fraction", 2)


def make(
    model: Frozen,
    pictures: Subjects,
    classes: tuple[str, str],
    plan: Plan,
    bounds: Bounds | None,
    outputs: stage.Outputs,
) -> Example:
    """Attack the first picture of the class `classes[0]` towards `classes[1]`.

    Writes example-original and example-fooled, uint8 (size, size, 3); example-difference, float32 of
    the same shape, in grey levels; example-trace, float64 (iterations + 1, 2), the probability of the
    class that the network names of the clean picture, and of the target.

    Raises ColophonError where no picture has the class, and for a target that is none or is the class
    that the network names.
    """
    source, target = (class_index(name, pictures.classes) for name in classes)
    found = np.flatnonzero(pictures.labels == source)
    if not len(found):
        raise ColophonError(
            f"none of the {len(pictures)} pictures shows {classes[0]!r}",
            f"They show {', '.join(dict.fromkeys(pictures.names()))}.",
        )
    original = pictures.images[found[:1]]
    clean = model.normalized(original)
    fooled = fooling.fool(model.logits, clean, torch.tensor([target], device=model.where), plan, bounds)
    difference = model.grey_levels(fooled.boundary) - model.grey_levels(clean)
    trace = fooled.trace[:, 0].double()
    outputs.save("example-original", original[0])
    outputs.save("example-fooled", model.pictures(fooled.boundary)[0])
    outputs.save("example-difference", difference[0].permute(1, 2, 0).cpu().numpy())
    outputs.save("example-trace", trace[~trace[:, 0].isnan()].numpy())
    named = int(in_batches(model.logits, clean).argmax())

    def reading(normalized: torch.Tensor) -> Reading:
        scores = in_batches(model.logits, normalized)[0].softmax(0)
        top = int(scores.argmax())
        return Reading(
            named=pictures.classes[top],
            probability=float(scores[top]),
            original=float(scores[named]),
            target=float(scores[target]),
        )

    return Example(
        true=classes[0],
        target=classes[1],
        reached=bool(fooled.reached[0]),
        dead=bool(fooled.dead[0]),
        iterations=int(fooled.iterations[0]),
        before=reading(clean),
        after=reading(fooled.boundary),
        size=size(difference),
        saved=reading(model.normalized(model.pictures(fooled.boundary))),
        magnification=MAGNIFICATION,
        clipped=float((MAGNIFICATION * difference.abs() > GREY).double().mean()),
    )


def size(perturbation: torch.Tensor, group: Callable[[np.ndarray], list[float]] = list) -> Size:
    """The size of perturbations (n, 3, h, w), in grey levels: medians over groups of their means."""
    names, found = ("l2", "linf", "rms"), disturbances.lengths(perturbation)
    return Size(
        **{
            name: float(np.median(group(values.cpu().numpy())))
            for name, values in zip(names, found, strict=True)
        }
    )
