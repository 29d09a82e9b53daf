"""Features of images at named layers of a network, batch by batch."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import nn

from experiments.data.images import ImageSet
from experiments.nn import device
from experiments.nn.backbones import Backbone


class LayerFeatures(nn.Module):
    """Runs a network and gives the features at some of its layers.

    Maps (batch, channels, h, w) are averaged over their positions, of tokens (batch, tokens,
    width) the class token, the first, is taken, vectors (batch, width) are taken as they are. Each
    is copied when its layer has run: an in-place ReLU that follows cannot alter it.

    Args:
        network: in evaluation mode.
        layers: label of each layer -> path of the module whose output it is.
    """

    def __init__(self, network: nn.Module, layers: dict[str, str]) -> None:
        super().__init__()
        self.network = network
        self.labels = list(layers)
        self._seen: dict[str, torch.Tensor] = {}
        for label, path in layers.items():
            network.get_submodule(path).register_forward_hook(self._keep(label))

    def _keep(self, label: str):
        def hook(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
            self._seen[label] = pooled(output)

        return hook

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Features of images (batch, 3, size, size), float32 (batch, width) for each layer."""
        self.network(images)
        return tuple(self._seen[label] for label in self.labels)


def pooled(output: torch.Tensor) -> torch.Tensor:
    """The output of a layer as a new float32 tensor (batch, width); see `LayerFeatures`."""
    if output.ndim == 4:
        return output.float().mean((2, 3))
    if output.ndim == 3:
        output = output[:, 0]
    return output.to(torch.float32, copy=True)


def widths(extractor: LayerFeatures, size: int) -> list[int]:
    """The number of features at each layer, from one image of zeros."""
    with torch.no_grad():
        return [features.shape[1] for features in extractor(torch.zeros(1, 3, size, size))]


def extract(
    extractor: LayerFeatures,
    backbone: Backbone,
    images: ImageSet,
    batch_size: int,
    precision: device.Precision,
) -> Iterator[tuple[slice, tuple[np.ndarray, ...]]]:
    """Yield, batch by batch, which images were done and their features at each layer.

    The next batch is read and decoded in threads while the network works on the present one.
    """
    where = device.choose()
    extractor = extractor.to(where, memory_format=torch.channels_last)
    mean = torch.tensor(backbone.mean, device=where).view(1, 3, 1, 1) * 255
    std = torch.tensor(backbone.std, device=where).view(1, 3, 1, 1) * 255
    for part, grey in read_ahead(images, backbone.size, batch_size):
        with torch.inference_mode(), device.autocast(where, precision):
            batch = (torch.from_numpy(grey).to(where).unsqueeze(1) - mean) / std
            features = extractor(batch.contiguous(memory_format=torch.channels_last))
            yield part, tuple(layer.cpu().numpy() for layer in features)


def read_ahead(images: ImageSet, size: int, batch_size: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Batches of grey images (batch, size, size) uint8, each begun while the last is in use."""

    def read(part: slice) -> np.ndarray:
        return np.stack([images.read(index, size) for index in range(part.start, part.stop)])

    parts = [
        slice(start, min(start + batch_size, len(images))) for start in range(0, len(images), batch_size)
    ]
    with ThreadPoolExecutor(1) as reader:
        yield from zip(parts, _in_advance(reader, read, parts), strict=True)


def _in_advance(reader: ThreadPoolExecutor, read, parts: Iterable[slice]) -> Iterator[np.ndarray]:
    waiting: list[Future[np.ndarray]] = []
    for part in parts:
        waiting.append(reader.submit(read, part))
        if len(waiting) > 1:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()
