"""The published Table 1.3's perceptron alone on the features of a backbone, and a softmax layer.

Both are trained on the features of one layer, frozen: by default the backbone's layer with the highest
cross-validation of the SVM. Epochs are fixed and the last epoch's weights are measured: no test image
chooses anything.
"""

from collections.abc import Callable

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import save_file
from torch import nn

from experiments.data.split_counts import SplitCounts
from experiments.nn import device
from experiments.nn.mlp import mlp
from experiments.nn.training import Recipe, Trainer, predict
from experiments.transfer import heads
from experiments.transfer.heads import Head, MeanSquareOne, count_parameters, finish, summarize
from experiments.transfer.layers import CommonSplit, Layer, common, find_layers
from experiments.transfer.svm import Fit
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(heads.Settings):
    backbone: str = Field(
        default="torchvision/squeezenet1_1", description="a profile names several, one run each"
    )
    layers: dict[str, str] = Field(
        default={}, description="backbone: layer, for those not to be taken by cross-validation"
    )
    hidden: tuple[int, ...] = Field(default=(1024, 512), description="the published report's widths")
    dropout: float = Field(default=0.2, ge=0, lt=1, description="the published report's")


class Metrics(SplitCounts):
    title: str = quantity("the network's name in the document")
    layer: str = quantity("the layer whose features are classified")
    dimensions: int = quantity("features an image, a count")
    chosen: bool = quantity("whether cross-validation of the SVM chose the layer; else the profile did")
    hidden: list[int] = quantity("widths of the perceptron's hidden layers")
    dropout: float = quantity("share of hidden values set to zero in training", "fraction", 0)
    batch_size: int = quantity("images an iteration, a count; an epoch's smaller last batch is left out")
    learning_rate: float = quantity("of Adam, constant")
    c: float = quantity("the SVM's C, chosen by cross-validation")
    svm: Fit = quantity("the SVM on the same features, on the test images")
    mlp: Head = quantity("the perceptron")
    linear: Head = quantity("the softmax layer")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes mlp.safetensors (first seed), <head>-loss (seeds, iterations), correct-*, labels."""
    results = inputs.all("transfer/features")
    split = common(results, "transfer/mlp_head")
    tuning = inputs["transfer/svm_tuning"]
    layer, row = find_layer(settings, find_layers(results), tuning)
    tuned = tuning.metrics["rows"][row]["normalized"]
    converged = tuned["tuned"]["converged"]
    svm = split.score(tuning.array("predictions")[row], converged, outputs, "svm")
    classes = len(split.counts["class_names"])
    makers: dict[str, tuple[str, Callable[[], nn.Module]]] = {
        "mlp": ("MLP", lambda: mlp(layer.dimensions, classes, settings.hidden, settings.dropout)),
        "linear": ("softmax layer", lambda: nn.Linear(layer.dimensions, classes)),
    }
    found = {}
    for name, (title, make) in makers.items():
        runs = train(settings, name, make, layer, split, outputs)
        parameters = count_parameters(make())
        found[name] = summarize(title, layer.about(), runs, parameters, settings.epochs, svm.accuracy.value)
    split.save(outputs)
    return Metrics(
        **split.counts,
        title=layer.title,
        layer=layer.label,
        dimensions=layer.dimensions,
        chosen=settings.backbone not in settings.layers,
        hidden=list(settings.hidden),
        dropout=settings.dropout,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        c=tuned["c"],
        svm=svm,
        **found,
    )


def find_layer(settings: Settings, layers: list[Layer], tuning: stage.Result) -> tuple[Layer, int]:
    """The layer to classify, and its row in the tuning of the SVM.

    Raises ColophonError where the profile names a layer that has no features.
    """
    own = [layer for layer in layers if layer.backbone == settings.backbone]
    metrics = tuning.metrics
    (best,) = [best for best in metrics["networks"] if best["backbone"] == settings.backbone]
    label = settings.layers.get(settings.backbone, best["layer"])
    for index, row in enumerate(metrics["rows"]):
        for layer in own:
            if (row["backbone"], row["layer"]) == (layer.backbone, label) and layer.label == label:
                return layer, index
    known = ", ".join(layer.label for layer in own)
    raise ColophonError(f"{settings.backbone} has no features of a layer {label!r}", f"It has: {known}")


def train(
    settings: Settings,
    name: str,
    make: Callable[[], nn.Module],
    layer: Layer,
    split: CommonSplit,
    outputs: stage.Outputs,
) -> list[heads.Run]:
    """Train a head for each seed; writes its losses."""
    where = device.choose()
    with torch.no_grad():
        train_features, test_features = (
            MeanSquareOne()(torch.tensor(np.array(layer.features(part)))).to(where)
            for part in ("train", "test")
        )
    labels = torch.from_numpy(split.train_labels).to(where)
    runs, losses = [], []
    for seed in settings.seeds:
        torch.manual_seed(seed)
        head = device.place(make(), where)
        recipe = Recipe(settings.epochs, settings.batch_size, settings.learning_rate, 0.0, "constant", seed)
        trainer = Trainer(head, recipe, len(labels), checkpoint=None)
        for _ in outputs.progress(range(settings.epochs), unit="epochs", label=f"{name}, seed {seed}"):
            trainer.epoch(train_features, labels)
        right = (predict(head, train_features) == labels).float().mean().item()
        predicted = predict(head, test_features).cpu().numpy()
        last = trainer.losses[-trainer.iterations :]
        runs.append(finish(name, seed, predicted, right, last, split, outputs))
        losses.append(trainer.losses)
        if name == "mlp" and seed == settings.seeds[0]:
            state = {key: value.contiguous().cpu() for key, value in head.state_dict().items()}
            save_file(state, outputs.path("mlp.safetensors"))
    outputs.save(f"{name}-loss", np.array(losses, dtype=np.float32))
    return runs
