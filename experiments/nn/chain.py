"""A network as a chain of modules, so that a part of it can be run or trained alone."""

from collections.abc import Iterator

import torch
from timm.models.vision_transformer import VisionTransformer as TimmTransformer
from torch import nn
from torchvision.models import VGG, SqueezeNet, VisionTransformer

from report.errors import ColophonError

Link = tuple[str, nn.Module]


def chain(network: nn.Module, layer: str) -> dict[str, nn.Module]:
    """The modules that images (n, 3, size, size) pass through up to the module `layer`, by path, in order.

    They are the network's own modules: to train them is to train the network. At its own input size
    the chain computes what the network does, without VGG's adaptive pooling, which changes nothing
    at that size and has no deterministic gradient on a GPU.

    Raises ColophonError for a layer that is not in the chain.
    """
    links = dict(_links(network))
    return _until(links, layer, included=True)


def divide(
    links: dict[str, nn.Module], path: str | None
) -> tuple[dict[str, nn.Module], dict[str, nn.Module]]:
    """The links before the module `path`, and those from it on; for None, none and all."""
    if path is None:
        return {}, links
    before = _until(links, path, included=False)
    return before, {name: module for name, module in links.items() if name not in before}


def sequence(links: dict[str, nn.Module]) -> nn.Sequential:
    """The links as one module."""
    return nn.Sequential(*links.values())


def _until(links: dict[str, nn.Module], path: str, included: bool) -> dict[str, nn.Module]:
    if path not in links:
        raise ColophonError(f"the network has no module {path!r} to cut at", f"It has: {', '.join(links)}")
    names = list(links)
    return {name: links[name] for name in names[: names.index(path) + included]}


def _links(network: nn.Module) -> Iterator[Link]:
    if isinstance(network, VGG | SqueezeNet):
        yield from _children(network.features, "features")
        if isinstance(network, VGG):
            yield "flatten", nn.Flatten()
        yield from _children(network.classifier, "classifier")
    elif isinstance(network, VisionTransformer):
        yield "tokens", _Tokens(network)
        yield from _children(network.encoder.layers, "encoder.layers")
        yield "encoder.ln", network.encoder.ln
    elif isinstance(network, TimmTransformer):
        yield "tokens", _TimmTokens(network)
        yield from _children(network.blocks, "blocks")
        yield "norm", network.norm
    else:
        raise TypeError(f"a {type(network).__name__} is not known to be a chain")


def _children(module: nn.Module, path: str) -> Iterator[Link]:
    for name, child in module.named_children():
        yield f"{path}.{name}", child


class _Tokens(nn.Module):
    """What torchvision's transformer does before its first layer (VisionTransformer.forward)."""

    def __init__(self, network: VisionTransformer) -> None:
        super().__init__()
        self.conv_proj = network.conv_proj
        self.class_token = network.class_token
        self.pos_embedding = network.encoder.pos_embedding
        self.dropout = network.encoder.dropout
        self._patches = network._process_input  # a bound method: what it uses is registered above

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self._patches(images)
        tokens = torch.cat([self.class_token.expand(len(images), -1, -1), patches], dim=1)
        return self.dropout(tokens + self.pos_embedding)


class _TimmTokens(nn.Module):
    """What timm's transformer does before its first block (VisionTransformer.forward_features)."""

    def __init__(self, network: TimmTransformer) -> None:
        super().__init__()
        self.patch_embed = network.patch_embed
        self.cls_token = network.cls_token
        self.pos_embed = network.pos_embed
        self.pos_drop = network.pos_drop
        self.after = nn.Sequential(network.patch_drop, network.norm_pre)
        self._positions = network._pos_embed  # a bound method: what it uses is registered above

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.after(self._positions(self.patch_embed(images)))
