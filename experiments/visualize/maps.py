"""The pictures that a network is asked about, and the maps of every method for all of them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from experiments.nn import device
from experiments.nn.inference import BATCH, in_batches
from experiments.visualize import attribution
from experiments.visualize.attribution import Logits
from experiments.visualize.frozen import Frozen
from experiments.visualize.subjects import Subjects

MAPS = {
    "gradient": "Gradient",
    "smooth_grad": "SmoothGrad",
    "integrated": "Integrated gradients",
    "grad_cam": "Grad-CAM",
}
BASELINES = {"centre": "Centre Gaussian", "edges": "Edge detector", "random": "Random order"}
TITLES = MAPS | BASELINES
PerBatch = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Scene:
    """A network, the pictures, and what it says of them.

    Attributes:
        precision: of `quick_logits`; all else is float32.
    """

    frozen: Frozen
    subjects: Subjects
    precision: device.Precision = "float32"

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
    def quick_logits(self) -> Logits:
        """The scores of the network in `precision`, given and taken in float32.

        For what is a mean over many passes, in which rounding is lost among greater differences.
        """
        if self.precision == "float32":
            return self.frozen.logits
        network = device.place(copy.deepcopy(self.frozen.network), self.frozen.where, self.precision)

        def logits(normalized: torch.Tensor) -> torch.Tensor:
            return network(normalized.to(torch.bfloat16, memory_format=torch.channels_last)).float()

        return logits

    @cached_property
    def slopes(self) -> torch.Tensor:
        """The gradients of the predicted classes' scores, (n, 3, size, size)."""
        return self.gradients(self.predicted)

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
        """The maps of SmoothGrad, float32 (n, size, size), by the quick logits."""
        generator = torch.Generator().manual_seed(seed)

        def method(images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            logits = self.quick_logits
            return attribution.smooth_gradients(logits, images, classes, samples, noise, generator)

        return as_array(attribution.largest(self.each(method, classes)))

    def integrated(self, classes: torch.Tensor, steps: int) -> torch.Tensor:
        """Integrated gradients, (n, 3, size, size), by the quick logits."""

        def method(images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
            return attribution.integrated_gradients(self.quick_logits, images, classes, steps)

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
    """Maps (n, h, w) with their largest value at 1, float16; maps of zeros stay zero.

    To be looked at, and for measures that go by ranks, as those of visualize/agreement do: the scale
    does not change ranks, and the rounding to eleven bits hardly does. All other measures are taken from
    the maps before this.
    """
    tops = maps.max(axis=(1, 2), keepdims=True)
    return np.divide(maps, tops, out=np.zeros_like(maps), where=tops > 0).astype(np.float16)
