"""Class scores of a network for pictures, batch by batch."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from experiments.data.photos import Photo
from experiments.nn import device
from experiments.nn.backbones import Backbone
from experiments.nn.threads import in_order

BATCH = 8  # images; larger ones leave a core's cache
Classify = Callable[[torch.Tensor], torch.Tensor]  # pictures (n, 3, h, w) -> scores (n, classes)


def normalized(
    pictures: np.ndarray, backbone: Backbone, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Pictures uint8 (n, size, size, 3) as the backbone was trained: (n, 3, size, size), normalised."""
    values = torch.from_numpy(pictures).permute(0, 3, 1, 2).to(dtype) / 255
    mean = torch.tensor(backbone.mean, dtype=dtype).view(1, 3, 1, 1)
    std = torch.tensor(backbone.std, dtype=dtype).view(1, 3, 1, 1)
    return (values - mean) / std


@torch.no_grad()
def in_batches(classify: Classify, images: torch.Tensor) -> torch.Tensor:
    """The scores (n, classes) of pictures (n, 3, h, w), one batch after the other."""
    return torch.cat([classify(part) for part in images.split(BATCH)])


def squeezed(photos: Sequence[Photo], size: int) -> np.ndarray:
    """Photos as uint8 (n, size, size, 3), aspect not kept."""
    return np.stack([photo.squeezed(size) for photo in photos])


def logits(network: nn.Module, count: int, read: Callable[[slice], torch.Tensor]) -> Iterator[np.ndarray]:
    """Yield in order, batch by batch, the logits float32 (batch, classes) of `count` images.

    Each batch is read and run by one thread on one core. The network, in evaluation mode, is moved
    to the device in place; it runs in float32.

    Args:
        read: gives a part of the images as the network takes them.
    """
    where = device.choose()
    device.place(network, where)

    @torch.inference_mode()
    def scores(part: slice) -> np.ndarray:
        images = read(part).to(where, memory_format=torch.channels_last)
        return network(images).cpu().numpy()

    parts = [slice(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]
    with device.single_threaded() as threads:
        yield from in_order(scores, parts, threads)


def of_photos(network: nn.Module, backbone: Backbone, photos: Sequence[Photo]) -> Iterator[np.ndarray]:
    """Yield the logits of photos squeezed to the network's own input, normalised as in training."""

    def read(part: slice) -> torch.Tensor:
        return normalized(squeezed(photos[part], backbone.size), backbone)

    return logits(network, len(photos), read)
