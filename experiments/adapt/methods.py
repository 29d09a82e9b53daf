"""The ways to train that the stages of this chapter share: what is set, run, kept and measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from pydantic import Field
from safetensors.torch import load_file, save_file

from experiments.adapt.evaluation import Baseline, Method, evaluate, pool, summarize
from experiments.adapt.networks import Adapted, Domain, Normalisation, Shape
from experiments.adapt.reversal import practical
from experiments.adapt.stack import Recipe
from experiments.adapt.sweep import Plan, Trained, train
from experiments.data import domains
from experiments.data.domains import Domains
from experiments.nn import device
from report import stage
from report.errors import ColophonError
from report.stage import quantity

VariantName = Literal["practical", "shuffled", "improved", "long"]


@dataclass(frozen=True)
class Variant:
    """How a way to train departs from the practical's.

    Attributes:
        title: in the document.
        shuffled: each domain in each epoch.
        improved: batch normalisation, maybe dropout, and Adam in the place of SGD.
        long: trained for `long_epochs`.
    """

    title: str
    shuffled: bool = False
    improved: bool = False
    long: bool = False


VARIANTS: dict[str, Variant] = {
    "practical": Variant("as in the practical"),
    "shuffled": Variant("shuffled", shuffled=True),
    "improved": Variant("with batch normalisation", shuffled=True, improved=True),
    "long": Variant("longer", long=True),
}


@dataclass(frozen=True)
class Way:
    """What a variant leaves open.

    Attributes:
        c: of its schedule; None without a domain head.
        norm: how it normalises.
        dropout: of feature maps, in training.
    """

    c: float | None
    norm: Normalisation
    dropout: float = 0.0


class Settings(domains.Settings):
    """What every stage that trains has to say; a profile gives all of them the same data and widths."""

    channels: tuple[int, int] = Field(default=(32, 48), description="of the convolutions; the practical's")
    batch_size: int = Field(
        default=128, ge=2, le=4096, description="pictures of both domains together; the practical's"
    )
    learning_rate: float = Field(default=0.01, gt=0, le=1, description="of SGD, the practical's")
    adam_learning_rate: float = Field(
        default=1e-3, gt=0, le=1, description="of the improved variant; Adam's default"
    )
    dropout: float = Field(
        default=0.5, ge=0, lt=1, description="of feature maps, in the improved variant without adaptation"
    )
    precision: device.PrecisionChoice = Field(
        default="float32", description="of the networks' operations; auto: bfloat16 where the device has it"
    )
    seeds: tuple[int, ...] = Field(
        default=(1, 2, 3, 4, 5), min_length=2, description="of initial weights and order"
    )

    def recipe(self, epochs: int, improved: bool = False, dropout: float = 0.0) -> Recipe:
        """How to train for some epochs."""
        return Recipe(
            epochs,
            self.batch_size,
            "adam" if improved else "sgd",
            self.adam_learning_rate if improved else self.learning_rate,
            device.resolve(self.precision, device.choose()),
            dropout,
        )


class VariantSettings(Settings):
    epochs: int = Field(default=10, ge=1, le=1000, description="the practical's, without adaptation")
    long_epochs: int = Field(default=100, ge=1, le=1000, description="of the variant long; published once")
    variants: tuple[VariantName, ...] = Field(
        default=("practical", "improved"), min_length=1, description="ways to train"
    )


class VariantMethod(Method):
    method: Literal["source only", "DANN", "target only"] = quantity("what was trained on")
    slug: VariantName = quantity("the variant's name in arrays and settings")
    c: float | None = quantity("the constant of the reversal's schedule; none without reversal")
    norm: Normalisation = quantity("batch normalisation: none, over the whole batch, or domain by domain")
    dropout: float = quantity("share of the feature maps that are left out in training", "fraction", 0)
    learning_rate: float = quantity("at the start of training")


def run_variants(
    settings: VariantSettings,
    both: Domains,
    sides: Sequence[Domain],
    ways: Callable[[Variant], Way] | None,
    baseline: dict[str, Baseline] | None,
    outputs: stage.Outputs,
) -> list[VariantMethod]:
    """Train and measure each variant; writes the weights as <variant>-<seed>.safetensors.

    Args:
        sides: the domains that are trained on; digits are learnt of the first.
        ways: gives each variant's schedule, normalisation and dropout, where there is a domain head.
        baseline: of each variant what its runs are held against, `practical` for those not named.
    """
    pools = [pool(getattr(both, side), labelled=side == sides[0]) for side in sides]
    found = []
    for slug in settings.variants:
        variant = VARIANTS[slug]
        if ways:
            way = ways(variant)
        else:
            way = Way(None, "shared", settings.dropout) if variant.improved else Way(None, "none")
        epochs = settings.long_epochs if variant.long else settings.epochs
        recipe = settings.recipe(epochs, variant.improved, way.dropout)
        shape = Shape(settings.channels, way.norm)
        schedule = practical(way.c) if way.c else None
        plans = [Plan(seed, schedule, variant.shuffled) for seed in settings.seeds]
        trained = train(plans, pools, recipe, shape, outputs, slug)
        for one in trained:
            keep(one, outputs, f"{slug}-{one.plan.seed}")
        held_against = baseline.get(slug, baseline["practical"]) if baseline else None
        runs = evaluate(trained, both, held_against)
        fields = summarize(runs, **about(trained, recipe), shuffled=variant.shuffled)
        found.append(
            VariantMethod(
                **fields,
                method="DANN" if schedule else "source only" if sides[0] == "source" else "target only",
                slug=slug,
                title=variant.title,
                c=way.c,
                norm=way.norm,
                dropout=way.dropout,
                learning_rate=recipe.learning_rate,
            )
        )
    return found


def about(trained: Sequence[Trained], recipe: Recipe) -> dict[str, int]:
    """The fields of a `Method` that say how much was trained."""
    return {
        "parameters": sum(p.numel() for p in trained[0].network.parameters()),
        "epochs": recipe.epochs,
        "iterations": max(len(one.losses) for one in trained),
        "batch_size": recipe.batch_size,
    }


def keep(trained: Trained, outputs: stage.Outputs, name: str) -> None:
    """Write a network's weights."""
    state = {key: value.contiguous().cpu() for key, value in trained.network.state_dict().items()}
    save_file(state, outputs.path(f"{name}.safetensors"))


def load(result: stage.Result, slug: str, seed: int, channels: tuple[int, int]) -> Adapted:
    """A network that `run_variants` kept, in evaluation mode, on the CPU.

    Raises ColophonError where the result has no such variant or seed.
    """
    state = load_file(result.path(f"{slug}-{seed}.safetensors"))
    domain = any(name.startswith("domain.") for name in state)
    norm = next(method["norm"] for method in result.metrics["methods"] if method["slug"] == slug)
    network = Adapted(Shape(channels, norm), domain)
    network.load_state_dict({name: torch.as_tensor(tensor) for name, tensor in state.items()})
    return network.eval()


def baselines(result: stage.Result, margin: float) -> dict[str, Baseline]:
    """What each variant of adapt/source_only reached, by its name, `practical` among them.

    Raises ColophonError where the profile does not have that one trained.
    """
    slugs = [method["slug"] for method in result.metrics["methods"]]
    if "practical" not in slugs:
        raise ColophonError(
            f"adapt/source_only trained {', '.join(slugs)}, and not as in the practical",
            "Add practical to its variants: failures are told by it.",
        )
    return {
        method["slug"]: Baseline(
            source=method["source"]["value"], target=method["target"]["value"], margin=margin
        )
        for method in result.metrics["methods"]
    }
