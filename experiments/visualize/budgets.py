"""How right a network still is when each value of a picture may change by at most ε grey levels.

A picture counts as right at ε if its class is named and no attack within ε changes that. What was
found within a smaller budget lies within a larger one, so only the pictures that are left are
attacked again.
"""

import numpy as np
import torch
from pydantic import Field

from experiments.nn.backbones import BackboneName
from experiments.nn.inference import in_batches
from experiments.statistics import Accuracy, accuracy
from experiments.transfer.photo_networks import About, about
from experiments.visualize import frozen, sign_attacks, subjects
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    backbone: BackboneName = Field("torchvision/squeezenet1_1", description="one run each")
    collection: str = Field("imagenet/val25", description="the pictures, or `letters`")
    images: int = Field(25, ge=1, le=1000, description="of them, from the first on")
    budgets: tuple[float, ...] = Field(
        (0.125, 0.25, 0.5, 1, 2, 4, 8),
        min_length=1,
        description="ε in grey levels; 8 is the usual one of the literature",
    )
    steps: int = Field(10, ge=1, le=1000, description="of projected gradient descent, at each ε")
    seed: int = Field(1, ge=0, lt=2**31, description="draws the starts")


class Judged(stage.Metrics):
    accuracy: Accuracy = quantity("share of the pictures that are still named rightly")
    correct: str = quantity("the array that tells it of each picture")


class Budget(stage.Metrics):
    budget: float = quantity("ε, the grey levels that a value may change by")
    fgsm: Judged = quantity("after one step along the gradient's sign")
    pgd: Judged = quantity("after projected gradient descent")


class Metrics(About):
    collection: str = quantity("the pictures' name in the document")
    images: int = quantity("pictures, a count")
    steps: int = quantity("steps of projected gradient descent at each ε, a count")
    clean: Judged = quantity("without an attack")
    budgets: list[Budget] = quantity("by ε, from the smallest on")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes labels, correct-clean, correct-fgsm-<i> and correct-pgd-<i>, bool (images,)."""
    model = frozen.load(settings.backbone, inputs)
    pictures = subjects.load(settings.collection, model.backbone, settings.images, inputs.data)
    levels = torch.from_numpy(pictures.images).permute(0, 3, 1, 2).float().to(model.where)
    labels = torch.from_numpy(pictures.labels).to(model.where)

    def classify(part: torch.Tensor) -> torch.Tensor:
        return model.logits(model.from_grey_levels(part))

    def judged(name: str, right: torch.Tensor) -> Judged:
        correct = right.cpu().numpy()
        outputs.save(f"correct-{name}", correct)
        return Judged(accuracy=accuracy(correct, np.ones_like(correct)), correct=f"correct-{name}")

    outputs.save("labels", pictures.labels)
    right = in_batches(classify, levels).argmax(1) == labels
    clean, standing, rows = judged("clean", right), right.clone(), []
    sizes = sorted(settings.budgets)
    steps = sign_attacks.fgsm(classify, levels, labels, sizes)
    both = outputs.progress(zip(sizes, steps, strict=True), len(sizes), "budgets", model.backbone.title)
    for index, (budget, stepped) in enumerate(both):
        after = in_batches(classify, stepped).argmax(1) == labels
        left = standing.nonzero()[:, 0]
        if len(left):
            found = sign_attacks.pgd(
                classify, levels[left], labels[left], budget, settings.steps, settings.seed
            )
            standing[left] = ~found.wrong
        rows.append(
            Budget(
                budget=budget,
                fgsm=judged(f"fgsm-{index}", after & right),
                pgd=judged(f"pgd-{index}", standing),
            )
        )
    return Metrics.model_validate(
        about(model.backbone)
        | {
            "collection": pictures.title,
            "images": len(pictures),
            "steps": settings.steps,
            "clean": clean,
            "budgets": rows,
        }
    )
