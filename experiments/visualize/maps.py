"""The pictures that a network is asked about, and the maps of every method for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from experiments.nn.inference import BATCH, in_batches
from experiments.visualize import attribution
from experiments.visualize.frozen import Frozen
from experiments.visualize.subjects import Subjects

MAPS = {
    "gradient": "Gradient",
    "smooth_grad": "SmoothGrad",
    "integrated": "Integrated gradients",
    "grad_cam": "Grad-CAM",
}
BASELINES = {"centre": "Centre Gaussian", "edges": "Edges", "random": "Random order"}
TITLES = MAPS | BASELINES
PerBatch = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Scene:
    """A network, the pictures, and what it says of them."""

    frozen: Frozen
    subjects: Subjects

    @cached_property
    def images(self) -> torch.Tensor:
        """Normalised, (n, 3, size, size)."""
        return self.frozen.normalized(self.subjects.images)

    @cached_property
    def true(self) -> torch.Tensor:
        """The pictures' classes, (n,)."""
        return torch.from_numpy(self.subjects.labels).to(self.frozen.where)

    @cached_property
    def scores(self) -> torch.Tensor:
        """The classes' scores before the softmax, (n, classes)."""
        return in_batches(self.frozen.logits, self.images)

    @cached_property
    def predicted(self) -> torch.Tensor:
        """The classes with the highest scores, (n,)."""
        return self.scores.argmax(dim=1)

    @cached_property
    def second(self) -> torch.Tensor:
        """The classes with the second highest scores, (n,)."""
        return self.scores.topk(2, dim=1).indices[:, 1]

    def batches(self) -> list[slice]:
        count = len(self.subjects)
        return [slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]

    def each(self, method: PerBatch, classes: torch.Tensor) -> torch.Tensor:
        """A method's results for every picture and its class, batch by batch."""
        return torch.cat([method(self.images[part], classes[part]) for part in self.batches()])

    def gradients(self, classes: torch.Tensor, images: torch.Tensor | None = None) -> torch.Tensor:
        """Of the classes' scores, (n, 3, size, size); at other pictures where they are given."""
        given = self.images if images is None else images
        logits = self.frozen.logits
        parts = [attribution.gradients(logits, given[p], classes[p]) for p in self.batches()]
        return torch.cat(parts)

    def gradient_maps(self, classes: torch.Tensor) -> np.ndarray:
        """The maps of Simonyan et al., float32 (n, size, size)."""
        return as_array(attribution.largest(self.gradients(classes)))

    def smooth_maps(self, classes: torch.Tensor, samples: int, noise: float, seed: int) -> np.ndarray:
        """The maps of SmoothGrad, float32 (n, size, size)."""
        generator = torch.Generator().manual_seed(seed)

        def method(images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            logits = self.frozen.logits
            return attribution.smooth_gradients(logits, images, classes, samples, noise, generator)

        return as_array(attribution.largest(self.each(method, classes)))

    def integrated(self, classes: torch.Tensor, steps: int) -> torch.Tensor:
        """Integrated gradients, (n, 3, size, size)."""

        def method(images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            return attribution.integrated_gradients(self.frozen.logits, images, classes, steps)

        return self.each(method, classes)

    @property
    def layer(self) -> nn.Module | None:
        """The layer that Grad-CAM weighs; None for transformers."""
        return attribution.last_maps(self.frozen.network, self.frozen.backbone)

    def grad_cam_maps(self, classes: torch.Tensor) -> np.ndarray:
        """The maps of Grad-CAM at the pictures' size, float32 (n, size, size)."""
        layer = self.layer
        if layer is None:
            raise ValueError(f"no Grad-CAM of {self.frozen.backbone.name}, a transformer")

        def method(images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            return attribution.grad_cam(self.frozen.logits, layer, images, classes)

        return as_array(attribution.enlarged(self.each(method, classes), self.images.shape[-1]))


def as_array(maps: torch.Tensor) -> np.ndarray:
    return maps.detach().float().cpu().numpy()


def baselines(images: np.ndarray) -> dict[str, np.ndarray]:
    """Maps of uint8 pictures (n, size, size, 3) that no network takes part in, float32 (n, size, size).

    A map of zeros puts the pixels in random order.
    """
    count, size = images.shape[:2]
    return {
        "centre": attribution.centre_gaussian(count, size),
        "edges": attribution.edges(images),
        "random": np.zeros((count, size, size), dtype=np.float32),
    }


def scaled(maps: np.ndarray) -> np.ndarray:
    """Maps with their largest value at 1, float16: to be looked at, not to be measured."""
    tops = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, tops, out=np.zeros_like(maps), where=tops > 0).astype(np.float16)
