"""The network that judges what generators draw: a small convolutional classifier, trained here."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from experiments.data.mnist import Digits
from experiments.generate.pictures import scaled
from experiments.nn import device, training
from report import stage
from report.errors import ColophonError

SIDE = 32  # pixels
CLASSES = 10
WEIGHTS = "weights.safetensors"
PASSED_AT_ONCE = 500  # pictures
_DRAWING = threading.Lock()  # torch's generator, of which initial weights are drawn, is that of all threads


class Recognizer(nn.Module):
    """Digits of 32 pixels, (n, 1, 32, 32) in [-1, 1], to logits (n, 10).

    Strides in place of pooling: a picture costs a third of what it does with pooling.

    Args:
        width: maps of the first layer.
        num_features: width of the layer before the last.
    """

    def __init__(self, width: int = 16, num_features: int = 64) -> None:
        super().__init__()
        self.width, self.num_features = width, num_features
        self.body = nn.Sequential(
            *_block(1, width, 5, 2),
            *_block(width, 2 * width, 3, 2),
            *_block(2 * width, 4 * width, 3, 1),
            nn.Flatten(),
            nn.Linear(4 * width * (SIDE // 4) ** 2, num_features, bias=False),
            nn.BatchNorm1d(num_features),
            nn.ReLU(),
        )
        self.head = nn.Linear(num_features, CLASSES)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(pictures))


def _block(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


@dataclass(frozen=True)
class Answers:
    """What the classifier says of n pictures.

    Attributes:
        features: float32 (n, d), behind the ReLU before the last layer.
        probabilities: float32 (n, 10).
    """

    features: np.ndarray
    probabilities: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The most likely class of each, int64 (n,)."""
        return self.probabilities.argmax(1)

    @property
    def confidence(self) -> np.ndarray:
        """The probability of the most likely class of each, (n,)."""
        return self.probabilities.max(1)


def keep(network: Recognizer, outputs: stage.Outputs) -> None:
    """Write the classifier's weights."""
    state = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    save_file(state, outputs.path(WEIGHTS))


def load(result: stage.Result) -> Recognizer:
    """The classifier that generate/classifier kept, in evaluation mode, on the device.

    Raises ColophonError where its weights are not there.
    """
    state = load_file(result.path(WEIGHTS))
    network = Recognizer(state["body.0.weight"].shape[0], state["head.weight"].shape[1])
    network.load_state_dict(state)
    return device.place(network, device.choose()).eval()


@torch.no_grad()
def answer(network: Recognizer, images: np.ndarray) -> Answers:
    """What the classifier, in evaluation mode, says of pictures uint8 (n, 32, 32).

    Raises ColophonError where they have another size, or there is none.
    """
    if images.shape[1:] != (SIDE, SIDE) or not len(images):
        raise ColophonError(
            f"the classifier was given pictures of shape {images.shape}", f"It takes (n, {SIDE}, {SIDE})."
        )
    where = next(network.parameters()).device
    features, probabilities = [], []
    for start in range(0, len(images), PASSED_AT_ONCE):
        part = scaled(images[start : start + PASSED_AT_ONCE, ..., None]).to(where)
        found = network.body(part)
        features.append(found.cpu().numpy())
        probabilities.append(network.head(found).softmax(1).cpu().numpy())
    return Answers(np.concatenate(features), np.concatenate(probabilities))


def shrunk(images: np.ndarray) -> np.ndarray:
    """Square pictures uint8 (n, s, s) at the classifier's 32 pixels, bilinear and antialiased."""
    if images.shape[1] == SIDE:
        return images
    levels = torch.from_numpy(np.ascontiguousarray(images))[:, None]
    resized = functional.interpolate(levels, size=(SIDE, SIDE), mode="bilinear", antialias=True)
    return resized[:, 0].numpy()


@dataclass(frozen=True)
class Recipe:
    """How to train a classifier.

    Attributes:
        epochs: passes over the pictures.
        batch_size: pictures an iteration.
        learning_rate: the peak of the one-cycle schedule of AdamW.
        shift: pixels by which each picture is shifted at most, at random, in each epoch.
        width: maps of the network's first layer.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    shift: int
    width: int


class Training:
    """One training of a classifier; its initial weights, the order and the shifts come from the seed.

    Args:
        digits: to train on, uint8 (n, 32, 32, 1).
        checkpoint: where the state after each epoch goes, from which an interrupted training goes on;
            None for a short one.

    Raises ColophonError where the digits do not fill one batch.
    """

    def __init__(self, digits: Digits, recipe: Recipe, seed: int, checkpoint: Path | None = None) -> None:
        self.digits, self.recipe, self.seed = digits, recipe, seed
        with _DRAWING, torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network = device.place(Recognizer(recipe.width), device.choose())
        steps = training.Recipe(
            recipe.epochs, recipe.batch_size, recipe.learning_rate, weight_decay=0.01, order_seed=seed
        )
        self.trainer = training.Trainer(self.network, steps, len(digits), checkpoint)

    def epochs(self) -> Iterator[int]:
        """Train epoch by epoch, those left after an interruption."""
        where = device.choose()
        labels = torch.from_numpy(self.digits.labels).to(where)
        for epoch in range(self.trainer.epochs_done, self.recipe.epochs):
            rng = np.random.default_rng((self.seed, epoch))
            images = shifted(self.digits.images[..., 0], self.recipe.shift, rng)
            self.trainer.epoch(scaled(images[..., None]).to(where), labels)
            yield epoch
        self.network.eval()


def shifted(images: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Each picture uint8 (n, s, s) shifted by up to `most` pixels each way, black moving in."""
    count, side = images.shape[:2]
    padded = np.pad(images, ((0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    tops, lefts = rng.integers(0, 2 * most + 1, (2, count))
    return windows[np.arange(count), tops, lefts]
