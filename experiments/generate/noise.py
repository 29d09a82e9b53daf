"""What the noise stands for: ways between its vectors, and what classes that share one have in common."""

from pydantic import Field, field_validator

from experiments.generate import columns, features, ways
from experiments.generate.columns import Columns, StyleRun
from experiments.generate.paths import KINDS
from experiments.generate.side_by_side import each
from experiments.generate.ways import Walked, Ways
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(stage.Settings):
    pairs: int = Field(default=200, ge=2, le=10_000, description="of noise vectors, measured for each seed")
    shown: int = Field(default=8, ge=1, le=100, description="pairs whose pictures are kept")
    steps: int = Field(default=11, ge=3, le=101, description="from one end to the other, ends included")
    confident: float = Field(
        default=0.9, gt=0, lt=1, description="probability of its class at which a picture counts as a digit"
    )
    columns: int = Field(default=200, ge=3, le=10_000, description="noise vectors shared by all classes")
    shuffles: int = Field(default=999, ge=19, le=99_999, description="of the columns, for their interval")
    sample_seed: int = Field(
        default=2000, ge=0, lt=2**31, description="of the noise, plus that of the training"
    )

    @field_validator("steps")
    @classmethod
    def _has_a_middle(cls, steps: int) -> int:
        if steps % 2 == 0:
            raise ValueError("an even number of steps has no middle")
        return steps


class Metrics(stage.Metrics):
    ways: Ways = quantity("between noise vectors of the default generator without classes")
    columns: int = quantity("noise vectors shared by all classes, for each seed, a count")
    shuffles: int = quantity("shuffles of the columns, a count")
    shared: list[Columns] = quantity("what pictures of one noise and different classes share")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes line and sphere uint8 (shown, steps, s, s): the first seed's pictures between pairs."""
    network = features.load(inputs["generate/classifier"])
    default, told = _default(inputs), inputs["generate/cdcgan"]

    def walk(seed: int) -> Walked:
        return ways.walk(
            network,
            default,
            seed,
            noise_seed=settings.sample_seed + seed,
            pairs=settings.pairs,
            shown=settings.shown,
            steps=settings.steps,
            confident=settings.confident,
        )

    def measure(task: tuple[str, int]) -> dict[str, StyleRun]:
        slug, seed = task
        noise_seed = settings.sample_seed + seed
        return columns.measure(told, slug, seed, noise_seed, settings.columns, settings.shuffles)

    walked = each(walk, [one["seed"] for one in default.metrics["runs"]], outputs, "ways")
    for kind in KINDS:
        outputs.save(kind, walked[0].pictures[kind])
    variants = told.metrics["variants"]
    tasks = [(variant["slug"], one["seed"]) for variant in variants for one in variant["runs"]]
    found = dict(zip(tasks, each(measure, tasks, outputs, "columns"), strict=True))
    about = {"pairs": settings.pairs, "confident": settings.confident}
    return Metrics(
        ways=ways.summarize(walked, about),
        columns=settings.columns,
        shuffles=settings.shuffles,
        shared=[
            columns.summarize(variant, [found[variant["slug"], one["seed"]] for one in variant["runs"]])
            for variant in variants
        ],
    )


def _default(inputs: stage.Inputs) -> stage.Result:
    results = inputs.all("generate/dcgan")
    for result in results:
        if result.metrics["slug"] == "default":
            return result
    have = ", ".join(result.metrics["slug"] for result in results) or "none"
    raise ColophonError(
        f"generate/dcgan has no variant default, only: {have}", "Add default to gan_variants."
    )
