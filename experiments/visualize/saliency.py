"""Which pixels a network's answers depend on, and how far maps of them can be trusted (Questions 1 to 4).

The saliency map of Simonyan et al. (2014, arXiv:1312.6034) of every picture, for its true and for its
predicted class. What a map is worth is measured: by insertion and deletion beside maps that know no
network, and by making the network random. A map is called consistent with the network's answer if its
order of cells does better at insertion and deletion than those of a Gaussian at the centre and of an
edge detector.
"""

from dataclasses import replace

import numpy as np
import torch
from pydantic import Field, model_validator

from experiments.nn import device
from experiments.nn.backbones import BackboneName
from experiments.statistics import mean
from experiments.transfer.photo_networks import about
from experiments.visualize import attribution, frozen, maps, randomisation, subjects
from experiments.visualize.faithfulness import Curves
from experiments.visualize.maps import Scene
from experiments.visualize.saliency_metrics import Chance, Check, Limits, Method, Metrics, Picture, average
from report import stage

Maps = dict[str, np.ndarray]
CHECKED = ("gradient", "grad_cam")


class Settings(stage.Settings):
    backbone: BackboneName = Field(default="torchvision/squeezenet1_1", description="the trained network")
    collection: str = Field(default="imagenet/val25", description="the practical's pictures")
    images: int = Field(default=25, ge=3, le=1000, description="all there are")
    samples: int = Field(default=16, ge=1, le=1000, description="noisy copies a picture in SmoothGrad")
    noise: float = Field(
        default=0.15, gt=0, le=1, description="SmoothGrad's, over a picture's range, as in its paper"
    )
    steps: int = Field(
        default=16, ge=1, le=1000, description="of integrated gradients; the error is measured"
    )
    cell: int = Field(
        default=16, ge=1, le=112, description="side of what goes at a time: a patch of DeiT-Tiny"
    )
    shares: tuple[float, ...] = Field(
        default=(0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        min_length=1,
        description="of the cells that are replaced; denser where deletion falls",
    )
    part: float = Field(default=0.1, gt=0, lt=1, description="of the cells, for the masking test")
    blur: float = Field(default=0.05, gt=0, le=1, description="deviation over the side; the class is gone")
    orders: int = Field(
        default=4, ge=1, le=1000, description="random ones a picture, for the chance to be consistent"
    )
    checks: int = Field(
        default=6, ge=2, le=100, description="points of the cascade where maps are compared"
    )
    shuffles: int = Field(default=3, ge=1, le=100, description="times that the network is made random")
    shake: float = Field(default=0.02, gt=0, le=1, description="noise over the range, five grey levels")
    precision: device.PrecisionChoice = Field(
        default="auto",
        description="of curves, SmoothGrad and integrated gradients, which are means over many passes; "
        "bfloat16 where the device has it, twice as fast",
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="of all noise and random orders")

    @model_validator(mode="after")
    def _shares_rise(self) -> "Settings":
        if sorted({0.0, *self.shares, 1.0}) != [0.0, *self.shares, 1.0]:
            raise ValueError("shares must rise between 0 and 1, without these two")
        return self


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes images, maps-<method>, maps-true, deletion- and insertion-<method> (n, shares)."""
    network = frozen.load(settings.backbone, inputs)
    found = subjects.load(settings.collection, network.backbone, settings.images, inputs.data)
    precision = device.resolve(settings.precision, network.where)
    outputs.record("precision of all but single gradients", precision)
    scene = Scene(network, found, precision)
    outputs.save("images", found.images)
    true, integrated = scene.gradient_maps(scene.true), scene.integrated(scene.predicted, settings.steps)
    made = maps_of(scene, settings, integrated) | maps.baselines(found.images)
    for name, one in (made | {"true": true}).items():
        outputs.save(f"maps-{name}", maps.scaled(one))
    curves = Curves(scene, settings.shares, settings.cell, settings.blur, settings.seed)
    methods = compare(curves, settings, made, outputs)
    pictures = pictures_of(curves, settings.part, made, methods)
    return Metrics.model_validate(
        about(network.backbone)
        | settings.model_dump(include={"cell", "part", "samples", "noise", "steps", "shuffles"})
        | {
            "pictures_title": found.title,
            "images": len(found),
            "right": sum(picture.right for picture in pictures),
            "consistent": sum(picture.consistent for picture in pictures),
            "consistent_right": sum(picture.consistent and picture.right for picture in pictures),
            "chance": chance_of(curves, settings.orders, pictures, methods),
            "shares": curves.shares,
            "blurred": float(curves.blurred_only.mean()),
            "pictures": pictures,
            "methods": methods,
            "limits": limits_of(scene, settings, made["gradient"], true, integrated),
            "checks": check(scene, settings, made, outputs),
            "layers": len(randomisation.parts(network.network)),
        }
    )


def maps_of(scene: Scene, settings: Settings, integrated: torch.Tensor) -> Maps:
    """The network's maps for its predicted classes, float32 (n, size, size) each."""
    classes = scene.predicted
    made = {
        "gradient": maps.as_array(attribution.largest(scene.slopes)),
        "smooth_grad": scene.smooth_maps(classes, settings.samples, settings.noise, settings.seed),
        "integrated": maps.as_array(attribution.largest(integrated)),
    }
    return made if scene.layer is None else made | {"grad_cam": scene.grad_cam_maps(classes)}


def compare(curves: Curves, settings: Settings, made: Maps, outputs: stage.Outputs) -> dict[str, Method]:
    """Insertion and deletion in the order of each method's maps, and what the maps are like."""
    methods = {}
    todo = outputs.progress(made.items(), len(made), "methods", "insertion and deletion")
    for name, one in todo:
        insertion, deletion = curves.both(one)
        outputs.save(f"insertion-{name}", insertion)
        outputs.save(f"deletion-{name}", deletion)
        inserted, deleted = map(curves.area, (insertion, deletion))
        gains = inserted - deleted
        grains, edges = randomisation.grain(one), randomisation.rank_correlations(one, made["edges"])
        methods[name] = Method.model_validate(
            {
                "network": curves.scene.frozen.backbone.title,
                "title": maps.TITLES[name],
                "insertion": mean(inserted.tolist()),
                "deletion": mean(deleted.tolist()),
                "gain": mean(gains.tolist()),
                "gains": gains.tolist(),
                "grain": None if name == "random" else grains.mean(),
                "grains": grains.tolist(),
                "like_edges": None if name == "random" else edges.mean(),
            }
        )
    return methods


def bar(methods: dict[str, Method]) -> np.ndarray:
    """What an order of cells must beat to be called consistent: the better of centre and edges, (n,)."""
    return np.maximum(methods["centre"].gains, methods["edges"].gains)


def chance_of(curves: Curves, orders: int, pictures: list[Picture], methods: dict[str, Method]) -> Chance:
    """How often random orders pass; the first are those of the method `random`."""
    passing = curves.chance(orders, bar(methods), np.array(methods["random"].gains)).tolist()
    return Chance(
        orders=orders,
        random=mean(passing),
        random_values=passing,
        map_values=[float(picture.consistent) for picture in pictures],
    )


def pictures_of(curves: Curves, part: float, made: Maps, methods: dict[str, Method]) -> list[Picture]:
    """A row a picture; consistent is a map whose gain is above those of centre and edges."""
    scene = curves.scene
    top, random = (curves.without(made[name], part).tolist() for name in ("gradient", "random"))
    least = curves.without(made["gradient"], part, least=True).tolist()
    true, predicted = (classes.tolist() for classes in (scene.true, scene.predicted))
    shares = scene.scores.softmax(dim=1).cpu().numpy()
    margins = (np.array(methods["gradient"].gains) - bar(methods)).tolist()
    return [
        Picture(
            index=index,
            true=scene.subjects.classes[true[index]],
            predicted=scene.subjects.classes[predicted[index]],
            right=true[index] == predicted[index],
            probability=float(shares[index, predicted[index]]),
            consistent=margin > 0,
            margin=margin,
            top=top[index],
            random=random[index],
            least=least[index],
            hangs=top[index] < min(random[index], least[index]),
        )
        for index, margin in enumerate(margins)
    ]


def limits_of(
    scene: Scene, settings: Settings, gradient: np.ndarray, true: np.ndarray, integrated: torch.Tensor
) -> Limits:
    """What the gradient does not tell, in numbers."""
    slopes = scene.slopes
    grey = scene.each(
        lambda images, classes: attribution.scores(scene.frozen.logits, torch.zeros_like(images), classes),
        scene.predicted,
    )
    falls = (scene.scores.gather(1, scene.predicted[:, None])[:, 0] - grey).double()
    falls = torch.where(falls == 0, torch.finfo(torch.float64).eps, falls)  # a network that says nothing
    foretold = (slopes * scene.images).double().sum(dim=(1, 2, 3)) / falls
    error = (integrated.double().sum(dim=(1, 2, 3)) - falls).abs() / falls.abs()
    noise = torch.randn(scene.images.shape, generator=torch.Generator().manual_seed(settings.seed))
    span = scene.images.amax(dim=(1, 2, 3), keepdim=True) - scene.images.amin(dim=(1, 2, 3), keepdim=True)
    shaken = scene.images + settings.shake * span * noise.to(scene.images)
    cosines = torch.cosine_similarity(
        slopes.flatten(1), scene.gradients(scene.predicted, shaken).flatten(1), dim=1
    )
    second = randomisation.rank_correlations(gradient, scene.gradient_maps(scene.second))
    wrong = (scene.true != scene.predicted).cpu().numpy()
    alike = randomisation.rank_correlations(gradient, true)[wrong]
    low, middle, high = np.quantile(foretold.cpu().numpy(), [0.25, 0.5, 0.75])
    return Limits(
        completeness=float(error.median()),
        first_order=float(middle),
        first_order_low=float(low),
        first_order_high=float(high),
        shake=settings.shake,
        shaken=average(cosines.cpu().numpy()),
        classes=average(second),
        class_values=second.tolist(),
        wrong_alike=average(alike) if len(alike) > 1 else None,
        dead=int(np.sum(true.max(axis=(1, 2)) == 0)),
    )


def check(scene: Scene, settings: Settings, made: Maps, outputs: stage.Outputs) -> dict[str, Check]:
    """The cascade, several times, for the gradient and for Grad-CAM where the network has it."""
    names = [name for name in CHECKED if name in made]
    stops = randomisation.stops(len(randomisation.parts(scene.frozen.network)), settings.checks)
    found = {name: np.zeros((settings.shuffles, len(stops), len(scene.subjects))) for name in names}
    silent = dict.fromkeys(names, 0)
    ranks = {name: randomisation.standard_ranks(made[name]) for name in names}
    for turn in outputs.progress(
        range(settings.shuffles), settings.shuffles, "shuffles", "random networks"
    ):
        cascade = randomisation.cascade(scene.frozen.network, stops, settings.seed + turn)
        for step, network in enumerate(cascade):
            random = replace(scene, frozen=replace(scene.frozen, network=network))
            for name in names:
                make = random.gradient_maps if name == "gradient" else random.grad_cam_maps
                again = make(scene.predicted)
                products = ranks[name] * randomisation.standard_ranks(again)
                found[name][turn, step] = products.sum(axis=1)
                silent[name] += int(np.sum(np.ptp(again, axis=(1, 2)) == 0))
    others = {name: randomisation.unrelated(made[name]) for name in names}
    return {
        name: Check.model_validate(
            {
                "title": maps.TITLES[name],
                "parts": stops,
                "similarity": [average(values) for values in found[name].mean(axis=0)],
                "first": found[name][:, 0].mean(axis=0).tolist(),
                "last": found[name][:, -1].mean(axis=0).tolist(),
                "unrelated": average(others[name]),
                "unrelated_values": others[name].tolist(),
                "silent": silent[name],
                "maps": found[name].size,
            }
        )
        for name in names
    }
