"""Train the classifier that judges what the generators draw; no generator is trained with it."""

import numpy as np
from pydantic import Field

from experiments.generate import features, pictures
from experiments.nn import device
from experiments.statistics import Accuracy, ClassAccuracy, accuracy, class_accuracies
from report import stage
from report.stage import quantity


class RecipeSettings(pictures.Settings):
    batch_size: int = Field(default=64, ge=2, le=4096, description="short steps reach more in few epochs")
    learning_rate: float = Field(default=0.01, gt=0, le=1, description="peak of the one-cycle schedule")
    shift: int = Field(
        default=2, ge=0, le=8, description="pixels that each picture is shifted by at most, in training"
    )
    width: int = Field(default=16, ge=1, le=512, description="maps of the first layer")

    def recipe(self, epochs: int) -> features.Recipe:
        """How to train for some epochs."""
        return features.Recipe(epochs, self.batch_size, self.learning_rate, self.shift, self.width)


class Settings(RecipeSettings):
    epochs: int = Field(default=8, ge=1, le=1000, description="four reach 99.3 % on MNIST already")
    seed: int = Field(default=1, ge=0, lt=2**31, description="of initial weights, order and shifts")


class Metrics(stage.Metrics):
    data_title: str = quantity("the data set's name in the document")
    accuracy: Accuracy = quantity("share of test pictures classified rightly")
    per_class: list[ClassAccuracy] = quantity("accuracy on the test pictures of each digit")
    confidence: float = quantity("mean probability of the class it names, on test pictures", "fraction", 1)
    train_images: int = quantity("pictures trained on, a count")
    test_images: int = quantity("pictures tested on, a count")
    epochs: int = quantity("passes over the training pictures, a count")
    iterations: int = quantity("gradient steps, a count")
    batch_size: int = quantity("pictures an iteration, a count")
    learning_rate: float = quantity("peak of the schedule")
    parameters: int = quantity("trained parameters, a count")
    features: int = quantity("features of a picture, a count")
    loss: float = quantity("mean cross-entropy over the last epoch", "nats", 3)


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes weights.safetensors, and loss float32 (iterations,)."""
    train, test = pictures.load(settings, inputs.data, features.SIDE)
    fit = features.Training(train, settings.recipe(settings.epochs), settings.seed, outputs.checkpoint)
    left = settings.epochs - fit.trainer.epochs_done
    with device.single_threaded():
        for _ in outputs.progress(fit.epochs(), left, unit="epochs"):
            pass
        network = fit.network.eval()
        answers = features.answer(network, test.images[..., 0])
    losses = np.array(fit.trainer.losses, dtype=np.float32)
    features.keep(network, outputs)
    outputs.save("loss", losses)
    return Metrics(
        data_title=pictures.TITLES[settings.source],
        accuracy=accuracy(answers.labels, test.labels),
        per_class=class_accuracies(answers.labels, test.labels, [str(digit) for digit in range(10)]),
        confidence=float(answers.confidence.mean()),
        train_images=len(train),
        test_images=len(test),
        epochs=settings.epochs,
        iterations=len(losses),
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        features=network.num_features,
        loss=float(losses[-fit.trainer.iterations :].mean()),
    )
