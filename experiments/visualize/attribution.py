"""Which pixels the score of a class depends on: the gradient, its relatives, and maps that know no network.

Every method takes `logits`, a function from normalised pictures (n, 3, h, w) to the scores of the
classes before the softmax (n, classes), and a class for each picture, int64 (n,). In evaluation mode
pictures don't influence each other, so that one backward pass serves a batch.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from scipy import ndimage
from torch import nn
from torch.nn import functional

from experiments.nn.backbones import Backbone
from report.errors import ColophonError

Logits = Callable[[torch.Tensor], torch.Tensor]
POOLINGS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


def scores(logits: Logits, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """The score of each picture's class, (n,)."""
    return logits(images).gather(1, classes[:, None])[:, 0]


def gradients(logits: Logits, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """The gradient of each picture's class score with respect to the picture, (n, 3, h, w).

    All zero where the class is dead for the picture: SqueezeNet ends in a ReLU, below which a score
    is 0 whatever the pixels do.
    """
    with torch.enable_grad():
        images = images.detach().requires_grad_()
        (found,) = torch.autograd.grad(scores(logits, images, classes).sum(), images)
    return found


def largest(attributions: torch.Tensor) -> torch.Tensor:
    """The saliency map of Simonyan et al. (2014, section 3): largest absolute value over the channels."""
    return attributions.abs().amax(dim=1)


def smooth_gradients(
    logits: Logits,
    images: torch.Tensor,
    classes: torch.Tensor,
    samples: int,
    noise: float,
    generator: torch.Generator,
) -> torch.Tensor:
    """SmoothGrad (Smilkov et al. 2017): the mean gradient over noisy copies of each picture, (n, 3, h, w).

    Args:
        samples: noisy copies of a picture.
        noise: standard deviation, as a share of the range of the picture's values.
        generator: of the noise, on the CPU.
    """
    span = images.amax(dim=(1, 2, 3), keepdim=True) - images.amin(dim=(1, 2, 3), keepdim=True)
    total = torch.zeros_like(images)
    for _ in range(samples):
        shift = torch.randn(images.shape, generator=generator).to(images.device)
        total += gradients(logits, images + noise * span * shift, classes)
    return total / samples


def integrated_gradients(
    logits: Logits, images: torch.Tensor, classes: torch.Tensor, steps: int
) -> torch.Tensor:
    """Integrated gradients (Sundararajan et al. 2017) from mean grey, (n, 3, h, w).

    The mean gradient on the straight way from the training pictures' mean colour, which is 0 in the
    normalised space, to the picture, times the picture; by the midpoint rule in `steps` steps. For many
    steps a picture's attributions sum to the difference of the two scores.
    """
    total = torch.zeros_like(images)
    for step in range(steps):
        total += gradients(logits, images * ((step + 0.5) / steps), classes)
    return images * total / steps


def last_maps(network: nn.Module, backbone: Backbone) -> nn.Module | None:
    """The module whose output Grad-CAM weighs: the last in `features` before a pooling.

    None for transformers. Raises ColophonError for a convolutional network without `features`.
    """
    if backbone.family == "transformer":
        return None
    features = getattr(network, "features", None)
    before = [module for module in features or () if not isinstance(module, POOLINGS)]
    if not before:
        raise ColophonError(
            f"{backbone.name} lacks the layer that Grad-CAM asks for: it has no `features`",
            "Name its last layer of feature maps in experiments/visualize/attribution.py, last_maps.",
        )
    return before[-1]


def grad_cam(logits: Logits, layer: nn.Module, images: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Grad-CAM (Selvaraju et al. 2017), at the resolution of the layer's maps, (n, rows, columns).

    ReLU(sum_k mean(d score / d A_k) A_k)   for the layer's maps A_k
    """
    with torch.enable_grad(), _kept(layer) as outputs:
        total = scores(logits, images.detach().requires_grad_(), classes).sum()
        (maps,) = outputs
        (slopes,) = torch.autograd.grad(total, maps)
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return (weights * maps.detach()).sum(dim=1).relu()


@contextmanager
def _kept(layer: nn.Module) -> Iterator[list[torch.Tensor]]:
    """The outputs of a layer while the block runs."""
    outputs: list[torch.Tensor] = []
    hook = layer.register_forward_hook(lambda *passed: outputs.append(passed[-1]))
    try:
        yield outputs
    finally:
        hook.remove()


def enlarged(maps: torch.Tensor, size: int) -> torch.Tensor:
    """Maps (n, h, w) at (n, size, size), between their values linearly."""
    return functional.interpolate(maps[:, None], size=(size, size), mode="bilinear", align_corners=False)[
        :, 0
    ]


def centre_gaussian(count: int, size: int) -> np.ndarray:
    """The same bell around the centre `count` times, a quarter of the side wide: (count, size, size)."""
    away = (np.arange(size) + 0.5) / size - 0.5
    bell = np.exp(-0.5 * (away / 0.25) ** 2)
    return np.broadcast_to(np.outer(bell, bell), (count, size, size)).astype(np.float32)


def edges(images: np.ndarray) -> np.ndarray:
    """Sobel's edge strength of the grey picture: uint8 (n, h, w, 3) -> float32 (n, h, w)."""
    grey = images.astype(np.float32).mean(axis=-1)
    return np.stack([np.hypot(ndimage.sobel(one, axis=0), ndimage.sobel(one, axis=1)) for one in grey])
