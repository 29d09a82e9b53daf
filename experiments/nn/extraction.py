"""Features of images at named layers of a network, several batches at a time."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import nn

from experiments.data.images import ImageSet
from experiments.nn import device
from experiments.nn.backbones import Backbone
from experiments.nn.stem import GreyStem, SplitStem, first_convolution
from experiments.nn.threads import in_order


class LayerFeatures(nn.Module):
    """Runs a network and gives the features at some of its layers; safe to call from threads.

    Args:
        network: in evaluation mode.
        layers: label of each layer -> path of the module whose output it is.
    """

    def __init__(self, network: nn.Module, layers: dict[str, str]) -> None:
        super().__init__()
        self.network = network
        self.labels = list(layers)
        self._seen = threading.local()
        for label, path in layers.items():
            network.get_submodule(path).register_forward_hook(self._keep(label))

    def _keep(self, label: str) -> Callable[[nn.Module, tuple, torch.Tensor], None]:
        def hook(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
            setattr(self._seen, label, pooled(output))

        return hook

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Features of images (batch, 3, size, size), float32 (batch, width) for each layer."""
        self.network(images)
        return tuple(getattr(self._seen, label) for label in self.labels)


def pooled(output: torch.Tensor) -> torch.Tensor:
    """The output of a layer as a new float32 tensor (batch, width).

    Maps (batch, channels, h, w) are averaged over their positions, of tokens (batch, tokens,
    width) the class token, the first, is taken, vectors (batch, width) are taken as they are. It
    is a copy: an in-place ReLU that follows the layer cannot alter it.
    """
    if output.ndim == 4:
        return output.mean((2, 3), dtype=torch.float32)
    if output.ndim == 3:
        output = output[:, 0]
    return output.to(torch.float32, copy=True)


@torch.no_grad()
def widths(extractor: LayerFeatures, size: int) -> list[int]:
    """The number of features at each layer, found on one image of zeros."""
    return [features.shape[1] for features in extractor(torch.zeros(1, 3, size, size))]


def extract(
    extractor: LayerFeatures,
    backbone: Backbone,
    images: ImageSet,
    batch_size: int,
    precision: device.Precision,
) -> Iterator[tuple[slice, tuple[np.ndarray, ...]]]:
    """Yield in order, batch by batch, which images were done and their features at each layer.

    Each batch is read, decoded and run by one thread on one core. The network is converted to
    `precision` in place, in bfloat16 with a first convolution that takes the grey levels themselves.
    """
    where = device.choose()
    if precision == "bfloat16":
        split_stem(extractor, backbone)
    device.place(extractor, where, precision)
    mean = torch.tensor(backbone.mean, device=where).view(1, 3, 1, 1) * 255
    std = torch.tensor(backbone.std, device=where).view(1, 3, 1, 1) * 255

    @torch.inference_mode()
    def features(part: slice) -> tuple[slice, tuple[np.ndarray, ...]]:
        rows = range(part.start, part.stop)
        grey = np.stack([images.read(index, backbone.size) for index in rows])
        levels = torch.from_numpy(grey).to(where).unsqueeze(1)
        if precision == "bfloat16":
            batch = levels.expand(-1, 3, -1, -1).bfloat16()
        else:
            batch = (levels - mean) / std
        batch = batch.contiguous(memory_format=torch.channels_last)
        return part, tuple(layer.cpu().numpy() for layer in extractor(batch))

    starts = range(0, len(images), batch_size)
    parts = [slice(start, min(start + batch_size, len(images))) for start in starts]
    with device.single_threaded() as threads:
        yield from in_order(features, parts, threads)


def split_stem(extractor: LayerFeatures, backbone: Backbone) -> None:
    """Put a SplitStem in the place of the network's first convolution, unless it is there."""
    if not any(isinstance(module, SplitStem) for module in extractor.modules()):
        path, convolution = first_convolution(extractor.network)
        extractor.network.set_submodule(path, SplitStem(GreyStem(convolution, backbone)))
