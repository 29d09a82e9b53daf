"""Train a small network on drawn letters: the source task of the profiles without downloads.

Validation letters come from fonts that training never saw.
"""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from safetensors.torch import save_file

from experiments.data import letters
from experiments.nn import backbones, device, training
from experiments.statistics import Accuracy, accuracy
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    backbone: Literal["small/vgg", "small/squeezenet", "small/vit"] = Field(
        default="small/vgg",
        description="the network to train; a profile names several, one run each",
    )
    train_per_class: int = Field(
        default=400, ge=1, le=10_000, description="with 300, SqueezeNet still learns half as well"
    )
    validation_per_class: int = Field(
        default=40, ge=1, le=10_000, description="1040 letters put the accuracy within 2 points"
    )
    epochs: int = Field(
        default=3, ge=1, le=200, description="more gain little for their time: about 15 s in all"
    )
    batch_size: int = Field(default=64, ge=1, le=4096, description="many short steps: the budget is small")
    learning_rate: float = Field(
        default=3e-3,
        gt=0,
        le=1,
        description="about the highest at which all three shapes train steadily",
    )
    weight_decay: float = Field(default=0.01, ge=0, le=1, description="AdamW's default")
    seed: int = Field(default=1, ge=0, lt=2**31, description="the practicals' seed")


class Metrics(stage.Metrics):
    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: backbones.Family = quantity("convolutional or transformer")
    parameters: int = quantity("trained parameters, a count")
    classes: int = quantity("classes of letters, a count")
    train_images: int = quantity("letters trained on, a count")
    validation_images: int = quantity("letters validated on, a count")
    train_fonts: int = quantity("fonts trained on, a count")
    validation_fonts: int = quantity("fonts validated on, none of them trained on, a count")
    epochs: int = quantity("passes over the training letters, a count")
    iterations: int = quantity("gradient steps, a count")
    loss: float = quantity("mean cross-entropy over the last epoch", "nats", 2)
    validation: Accuracy = quantity("accuracy on letters of unseen fonts")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes weights.safetensors, loss (iterations,) and a sheet of letters (100, 32, 32) uint8."""
    fonts, held_out_fonts = letters.split_fonts(letters.latin_fonts())
    train = letters.draw(letters.glyphs(fonts), settings.train_per_class, settings.seed)
    held_out = letters.draw(
        letters.glyphs(held_out_fonts), settings.validation_per_class, settings.seed + 1
    )
    backbone = backbones.find(settings.backbone)
    where = device.choose()
    torch.manual_seed(settings.seed)
    network = device.place(backbone.build(), where)
    recipe = training.Recipe(
        settings.epochs, settings.batch_size, settings.learning_rate, settings.weight_decay
    )
    trainer = training.Trainer(network, recipe, len(train.labels), outputs.checkpoint)
    images, labels = _prepared(train.images, backbone, where), train.labels.to(where)
    epochs = range(trainer.epochs_done, settings.epochs)
    with device.single_threaded():
        for _ in outputs.progress(epochs, unit="epochs"):
            trainer.epoch(images, labels)
    predicted = training.predict(network, _prepared(held_out.images, backbone, where)).cpu()

    state = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    save_file(state, outputs.path("weights.safetensors"))
    outputs.save("loss", np.array(trainer.losses, dtype=np.float32))
    outputs.save("letters", (train.images[:100, 0] * 255).round().byte().numpy())
    return Metrics(
        backbone=backbone.name,
        title=backbone.title,
        family=backbone.family,
        parameters=sum(p.numel() for p in network.parameters()),
        classes=len(letters.CLASSES),
        train_images=len(train.labels),
        validation_images=len(held_out.labels),
        train_fonts=len(fonts),
        validation_fonts=len(held_out_fonts),
        epochs=settings.epochs,
        iterations=len(trainer.losses),
        loss=float(np.mean(trainer.losses[-trainer.iterations :])),
        validation=accuracy(predicted.numpy(), held_out.labels.numpy()),
    )


def _prepared(images: torch.Tensor, backbone: backbones.Backbone, where: torch.device) -> torch.Tensor:
    """Grey images (n, 1, h, w) in [0, 1] as the network takes them: three channels, normalised."""
    mean = torch.tensor(backbone.mean).view(1, 3, 1, 1)
    std = torch.tensor(backbone.std).view(1, 3, 1, 1)
    return ((images - mean) / std).to(where, memory_format=torch.channels_last)
