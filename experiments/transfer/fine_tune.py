"""The perceptron inside its backbone: frozen it is the perceptron alone, here both are trained.

Images go through the network up to the layer whose features transfer/mlp_head classified, and from
there into the same perceptron, with the same initial weights and order of the images. With the network
frozen nothing else happens than in transfer/mlp_head, which is measured and not trained again. Epochs
are fixed and the last epoch's weights are measured: no test image chooses anything.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import load_file
from torch import nn

from experiments.data import datasets
from experiments.data.images import ImageSet
from experiments.data.split_counts import SplitCounts
from experiments.nn import backbones, device
from experiments.nn.mlp import mlp
from experiments.nn.training import Recipe, Trainer, predict
from experiments.nn.weights import weights_of
from experiments.statistics import Mean
from experiments.transfer import heads
from experiments.transfer.heads import Head, count_parameters, finish, summarize
from experiments.transfer.inside import Inside, compare_frozen, pass_through
from experiments.transfer.layers import CommonSplit, LayerRow, common
from experiments.transfer.pixels import require_same_split
from report import stage
from report.stage import quantity


class Settings(heads.Settings):
    backbone: backbones.BackboneName = Field(
        default="torchvision/squeezenet1_1", description="a profile names several, one run each"
    )
    dataset: datasets.DatasetName = Field(default="15-scene", description="that of transfer/features")
    train_per_class: int = Field(default=10, ge=1, le=170, description="that of transfer/features")
    split_seed: int = Field(default=1, ge=0, lt=2**31, description="the seed of transfer/features")
    seeds: tuple[int, ...] = Field(
        default=(1, 2, 3), min_length=2, description="fewer than of the perceptron alone: each takes long"
    )
    backbone_learning_rate: float = Field(
        default=1e-4, gt=0, le=1, description="a tenth of the perceptron's: the network is trained already"
    )
    first_trained: dict[str, str] = Field(
        default={},
        description="backbone: the module from which on it is trained; those not named, as a whole",
    )
    precision: device.PrecisionChoice = Field(
        default="auto", description="of the part that is not trained: that of transfer/features"
    )
    passed_at_once: int = Field(
        default=8, ge=1, le=1024, description="images of a batch there; larger ones leave a core's cache"
    )
    checked_images: int = Field(
        default=64, ge=1, description="test images on which frozen and alone are compared"
    )


class Frozen(stage.Metrics):
    images: int = quantity("test images compared, a count")
    difference: float = quantity("largest difference of a logit inside the network from the one alone")
    logits: float = quantity("mean absolute logit, to compare the difference with", "", 1)
    agreeing: int = quantity("images that both give the same class, a count")


class Metrics(SplitCounts):
    title: str = quantity("the network's name in the document")
    layer: str = quantity("the layer that the perceptron follows")
    first_trained: str | None = quantity("the module from which on the network is trained; none for all")
    network_parameters: int = quantity("parameters of the network up to that layer, a count")
    trained_parameters: int = quantity("of those, trained ones, a count")
    epochs: int = quantity("passes over the training images, a count")
    batch_size: int = quantity("images an iteration, a count; an epoch's smaller last batch is left out")
    learning_rate: float = quantity("of Adam, constant, for the perceptron")
    backbone_learning_rate: float = quantity("of Adam, constant, for the network")
    frozen: Frozen = quantity("the trained perceptron in the frozen network, against itself alone")
    fine_tuned: Head = quantity("network and perceptron trained together")
    alone: Mean = quantity("accuracy of the perceptron alone, over its seeds")
    alone_epochs: int = quantity("passes over the training images of the perceptron alone, a count")
    gain_over_alone: float = quantity("mean accuracy less that of the perceptron alone", "points", 1)


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes loss (seeds, iterations), correct-fine-tuned-<seed>, labels and duplicates."""
    results = inputs.all("transfer/features")
    split = common(results, "transfer/fine_tune")
    images = datasets.load(settings.dataset, inputs.data, settings.train_per_class, settings.split_seed)
    require_same_split(images, results, "transfer/fine_tune")
    alone = inputs["transfer/mlp_head"]
    job = Job(settings, inputs, alone.metrics, results[0].metrics["layers"])
    outputs.record("precision of the untrained part", job.precision)
    frozen = job.compare(alone, images.test)
    runs, losses, networks = [], [], []
    kept = torch.cat(list(job.passed(job.network(0), images.train, outputs)))
    labels = torch.from_numpy(split.train_labels).to(kept.device)
    for seed in settings.seeds:
        network = job.network(seed)
        trainer = job.train(network, seed, kept, labels, outputs)
        right = predict(network.whole, kept, settings.batch_size) == labels
        networks.append(network)
        losses.append(trainer.losses)
        runs.append((seed, right.float().mean().item(), trainer.losses[-trainer.iterations :]))
    del kept
    predictions = job.predict(networks, images.test, outputs)
    outputs.save("loss", np.array(losses, dtype=np.float32))
    split.save(outputs)
    found = [
        finish("fine-tuned", seed, predicted, right, last, split, outputs)
        for (seed, right, last), predicted in zip(runs, predictions, strict=True)
    ]
    return job.metrics(split, networks[0], frozen, found)


class Job:
    """One backbone to fine-tune, and what is known of it.

    Args:
        alone: the metrics of transfer/mlp_head for the backbone.
        layers: its layers as transfer/features lists them.
    """

    def __init__(
        self,
        settings: Settings,
        inputs: stage.Inputs,
        alone: dict[str, Any],
        layers: list[dict[str, Any]],
    ) -> None:
        self.settings = settings
        self.alone = alone
        self.backbone = backbones.find(settings.backbone)
        self.weights = weights_of(self.backbone, inputs)
        self.layers = {
            layer["label"]: layer["module"] for layer in layers if layer["label"] == alone["layer"]
        }
        self.precision: device.Precision = device.resolve(settings.precision, device.choose())
        self.first_trained = settings.first_trained.get(settings.backbone)

    def head(self) -> nn.Sequential:
        """The perceptron of transfer/mlp_head, with new weights."""
        alone = self.alone
        return mlp(alone["dimensions"], alone["classes"], alone["hidden"], alone["dropout"])

    def network(self, seed: int) -> Inside:
        """The backbone with a perceptron whose initial weights are those of transfer/mlp_head's seed."""
        torch.manual_seed(seed)
        head = self.head()
        (path,) = self.layers.values()
        return Inside(self.backbone, self.weights, path, self.first_trained, head, self.precision)

    def compare(self, alone: stage.Result, images: ImageSet) -> Frozen:
        """The trained perceptron in the frozen network and alone, on images spread over the classes."""
        count = min(self.settings.checked_images, len(images))
        chosen = np.linspace(0, len(images) - 1, count).astype(int)
        grey = np.stack([images.read(int(index), self.backbone.size) for index in chosen])
        head = self.head()
        head.load_state_dict(load_file(alone.path("mlp.safetensors")))
        inside, apart = compare_frozen(
            self.backbone, self.weights, self.layers, head.eval(), torch.from_numpy(grey)
        )
        return Frozen(
            images=count,
            difference=(inside - apart).abs().max().item(),
            logits=apart.abs().mean().item(),
            agreeing=int((inside.argmax(1) == apart.argmax(1)).sum()),
        )

    def passed(self, network: Inside, images: ImageSet, outputs: stage.Outputs) -> Iterator[torch.Tensor]:
        """What the untrained part gives for the images, batch by batch."""
        size = self.settings.passed_at_once
        batches = pass_through(network.before, images, self.backbone.size, size)
        yield from outputs.progress(batches, -(-len(images) // size), "batches", "untrained part")

    def train(
        self,
        network: Inside,
        seed: int,
        kept: torch.Tensor,
        labels: torch.Tensor,
        outputs: stage.Outputs,
    ) -> Trainer:
        """Train on what the untrained part gave, going on from a checkpoint if there is one."""
        settings = self.settings
        recipe = Recipe(settings.epochs, settings.batch_size, settings.learning_rate, 0.0, "constant", seed)
        groups = network.groups(settings.backbone_learning_rate, settings.learning_rate)
        folder = outputs.checkpoint / f"seed-{seed}"
        trainer = Trainer(network.whole, recipe, len(labels), folder, groups)
        epochs = range(trainer.epochs_done, settings.epochs)
        for _ in outputs.progress(epochs, unit="epochs", label=f"seed {seed}"):
            trainer.epoch(kept, labels)
        return trainer

    def predict(self, networks: list[Inside], images: ImageSet, outputs: stage.Outputs) -> list[np.ndarray]:
        """The labels that each network predicts; the images pass the untrained part once."""
        found: list[list[np.ndarray]] = [[] for _ in networks]
        for kept in self.passed(networks[0], images, outputs):
            for network, parts in zip(networks, found, strict=True):
                parts.append(predict(network.whole, kept).cpu().numpy())
        return [np.concatenate(parts) for parts in found]

    def metrics(
        self, split: CommonSplit, network: Inside, frozen: Frozen, runs: list[heads.Run]
    ) -> Metrics:
        settings, alone = self.settings, self.alone
        about = {key: alone["mlp"][key] for key in LayerRow.model_fields}
        svm = alone["svm"]["accuracy"]["value"]
        parameters = count_parameters(network.whole)
        fine_tuned = summarize("MLP and network", about, runs, parameters, settings.epochs, svm)
        before = sum(p.numel() for p in network.before.parameters())
        trained = count_parameters(network.trained)
        return Metrics(
            **split.counts,
            title=alone["title"],
            layer=alone["layer"],
            first_trained=self.first_trained,
            network_parameters=before + trained,
            trained_parameters=trained,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            backbone_learning_rate=settings.backbone_learning_rate,
            frozen=frozen,
            fine_tuned=fine_tuned,
            alone=alone["mlp"]["accuracy"],
            alone_epochs=alone["mlp"]["epochs"],
            gain_over_alone=100 * (fine_tuned.accuracy.value - alone["mlp"]["accuracy"]["value"]),
        )
