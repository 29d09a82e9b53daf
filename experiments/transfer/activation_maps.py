"""What the first convolution's filters answer to photos, and how stable the answers are.

The filters are fixed; their responses are not. Whether a filter keeps its part from photo to photo is
measured and set beside filters that learnt nothing: noise of the same norms, and the trained weights in
random order. A large filter answers strongly to anything, so the order of the filters is stable in these
too. Transformers are left out: their first layer cuts the image into patches.
"""

from collections.abc import Callable

import numpy as np
import torch
from pydantic import Field
from torch import nn

from experiments.data.photos import Photo
from experiments.nn import backbones, inference, stability
from experiments.nn.backbones import Backbone
from experiments.nn.stem import first_convolution
from experiments.transfer import photo_networks
from experiments.transfer.photo_networks import About, PhotoName, Seen, about, networks, seen
from report import stage
from report.stage import quantity

Filters = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


class Settings(photo_networks.Settings):
    labelled: int = Field(default=100, ge=2, le=1000, description="a mean over 4950 pairs")
    repeats: int = Field(default=20, ge=2, le=1000, description="sets of untrained filters of each kind")
    seed: int = Field(default=1, ge=0, lt=2**31, description="of the untrained filters")


class Range(stage.Metrics):
    """A value over sets of untrained filters."""

    value: float = quantity("mean over the sets", digits=3)
    low: float = quantity("2.5 % of the sets lie below", digits=3)
    high: float = quantity("2.5 % of the sets lie above", digits=3)
    sets: list[float] = quantity("of each set", digits=3)


class Untrained(stage.Metrics):
    correlation: Range = quantity("mean rank correlation of the filters between two photos")
    variation: Range = quantity("median coefficient of variation of a filter's part")


class Stability(stage.Metrics):
    photos: int = quantity("photos, a count")
    pairs: int = quantity("pairs of photos, a count")
    correlation: float = quantity("mean rank correlation of the filters between two photos", digits=3)
    correlation_spread: float = quantity("its standard deviation over the pairs", digits=3)
    correlation_lowest: float = quantity("that of the pair with the lowest", digits=3)
    variation: float = quantity("median coefficient of variation of a filter's part", "fraction", 0)
    variation_lowest: float = quantity("that of the most stable filter", "fraction", 0)
    variation_highest: float = quantity("that of the least stable filter", "fraction", 0)
    most_stable: int = quantity("index of the filter whose part varies least, from 0")
    least_stable: int = quantity("index of the filter whose part varies most, from 0")
    random: Untrained = quantity("of filters of noise with the same norms")
    shuffled: Untrained = quantity("of the filters with their weights in random order")


class Network(About):
    layer: str = quantity("the convolution's module in the network's code")
    filters: int = quantity("its filters, a count")
    kernel: int = quantity("the side of its kernel", "pixels")
    map_size: int = quantity("the side of a map", "pixels")
    limit: float = quantity("the 99.5th percentile of the maps' absolute values, where the scale ends")
    few: Stability = quantity("on the photos that are shown")
    many: Stability = quantity("on the labelled photos")
    norm_correlation: float = quantity(
        "rank correlation of the filters' norms with their mean responses to the labelled photos", digits=2
    )
    maps: str = quantity("the array with the maps before the ReLU (photos, filters, h, w)")
    kernels: str = quantity("the array with the filters (filters, 3, kernel, kernel)")


class Metrics(stage.Metrics):
    photos: list[PhotoName] = quantity("the photos that are shown")
    repeats: int = quantity("sets of untrained filters of each kind, a count")
    networks: list[Network] = quantity("the convolutional networks, in the profile's order")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes maps-, kernels-, responses- (filters, labelled) and variation-<network>."""
    found = seen(settings, inputs)
    chosen = [n for n in settings.backbones if backbones.find(n).family == "convolutional"]
    convolutional = settings.model_copy(update={"backbones": tuple(chosen)})
    todo = outputs.progress(networks(convolutional, inputs), len(chosen), "networks")
    rows = [examine(network, backbone, found, settings, outputs) for backbone, network in todo]
    return Metrics(photos=found.names(), repeats=settings.repeats, networks=rows)


@torch.inference_mode()
def examine(
    network: nn.Module, backbone: Backbone, found: Seen, settings: Settings, outputs: stage.Outputs
) -> Network:
    """The maps of one network, and how stable its filters are."""
    slug = backbone.slug
    path, convolution = first_convolution(network)
    shown, labelled = (prepared(photos, backbone) for photos in (found.shown, found.labelled))
    maps = torch.cat([convolution(image[None]) for image in shown]).numpy()
    outputs.save(f"maps-{slug}", maps.astype(np.float16))
    outputs.save(f"kernels-{slug}", convolution.weight.numpy())
    few, _ = measure(convolution, shown, settings)
    many, answers = measure(convolution, labelled, settings)
    outputs.save(f"responses-{slug}", answers)
    outputs.save(f"variation-{slug}", stability.variation(answers))
    norms = convolution.weight.flatten(1).norm(dim=1).numpy()
    return Network.model_validate(
        about(backbone)
        | {
            "layer": path,
            "filters": convolution.out_channels,
            "kernel": convolution.kernel_size[0],
            "map_size": maps.shape[-1],
            "limit": float(np.percentile(np.abs(maps), 99.5)),
            "few": few,
            "many": many,
            "norm_correlation": stability.rank_correlations(np.stack([norms, answers.mean(axis=1)], 1))[0],
            "maps": f"maps-{slug}",
            "kernels": f"kernels-{slug}",
        }
    )


def prepared(photos: list[Photo], backbone: Backbone) -> torch.Tensor:
    return inference.normalized(inference.squeezed(photos, backbone.size), backbone)


def measure(
    convolution: nn.Conv2d, images: torch.Tensor, settings: Settings
) -> tuple[Stability, np.ndarray]:
    """The stability of a convolution's filters over images, and their responses (filters, n)."""

    def answers(weight: torch.Tensor) -> np.ndarray:
        return stability.responses(convolution, weight, images)

    def untrained(make: Filters) -> Untrained:
        generator = torch.Generator().manual_seed(settings.seed)
        sets = [answers(make(convolution.weight, generator)) for _ in range(settings.repeats)]
        return Untrained(
            correlation=over_sets([stability.rank_correlations(one).mean() for one in sets]),
            variation=over_sets([np.median(stability.variation(one)) for one in sets]),
        )

    trained = answers(convolution.weight)
    pairs, parts = stability.rank_correlations(trained), stability.variation(trained)
    return Stability(
        photos=len(images),
        pairs=len(pairs),
        correlation=float(pairs.mean()),
        correlation_spread=float(pairs.std()),
        correlation_lowest=float(pairs.min()),
        variation=float(np.median(parts)),
        variation_lowest=float(parts.min()),
        variation_highest=float(parts.max()),
        most_stable=int(parts.argmin()),
        least_stable=int(parts.argmax()),
        random=untrained(stability.random_filters),
        shuffled=untrained(stability.shuffled_filters),
    ), trained


def over_sets(values: list[float]) -> Range:
    """The mean of values over sets, and the range that holds 95 % of them."""
    low, high = np.percentile(values, [2.5, 97.5])
    each = [float(value) for value in values]
    return Range(value=float(np.mean(each)), low=float(low), high=float(high), sets=each)
