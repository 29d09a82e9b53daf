"""The variants of class visualisation: one row each way in which an ascent is run."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from experiments.nn.device import Precision, PrecisionChoice
from report import stage

NOISE = "noise"
SEVERAL = (1, 2, 3, 4, 5)  # for what is compared; what is only shown has one

Name = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class Variant(stage.Settings):
    """How pictures are driven towards a class; the defaults are the practical's."""

    name: Name = Field(description="in metrics, arrays and templates; small letters, digits, hyphens")
    target: str = Field(default="subject", description="a role that `classes` casts, or a class")
    start: str = Field(default=NOISE, description="noise, or such a class: that of the first picture of it")
    learning_rate: float = Field(default=5.0, gt=0, le=1e4, description="of the plain gradient step")
    l2: float = Field(default=1e-3, ge=0, le=1e4, description="λ, the weight of the penalty")
    penalty: Literal["norm", "squared"] = Field(
        default="norm", description="λ‖x‖ as in the practical, or λ‖x‖² as in CS231n, whose exercise it was"
    )
    step: Literal["plain", "normalised"] = Field(
        default="plain", description="whether the gradient is divided by its length, as many solutions do"
    )
    blur_every: int | None = Field(default=10, ge=1, description="iterations between blurs; None: no blur")
    iterations: int = Field(default=200, ge=1, le=100_000, description="gradient steps")
    marks: tuple[int, ...] = Field(default=(), description="iterations to show and measure before the last")
    frames_every: int | None = Field(default=None, ge=1, description="iterations between frames to animate")
    seeds: tuple[int, ...] = Field(
        default=(1,), min_length=1, description="of noise and jitter: equal seeds see equal ones"
    )
    precision: PrecisionChoice | None = Field(default=None, description="None: that of the stage")
    curve: bool = Field(
        default=False, description="whether it is judged all along its way, and not at the marks alone"
    )

    @model_serializer(mode="wrap")
    def _told(self, told: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What differs from the defaults: the colophon prints the settings of a stage."""
        default = type(self).model_fields
        return {
            key: value for key, value in told(self).items() if getattr(self, key) != default[key].default
        }

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.marks) != sorted(set(self.marks)) or not all(
            0 <= m < self.iterations for m in self.marks
        ):
            raise ValueError(
                f"{self.name}: marks {self.marks} do not rise, or reach its {self.iterations} iterations"
            )
        if len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise ValueError(f"{self.name}: seeds {self.seeds} are not distinct and from 0 on")
        return self

    def adapted(
        self, seeds: int | None, iterations: int | None, rate_factor: float, precision: Precision
    ) -> "Variant":
        """The same with the first so many seeds, at most so many iterations, another learning rate and
        a precision that is chosen.

        None leaves seeds and iterations as they are; marks beyond the iterations fall away.
        """
        most = min(self.iterations, iterations or self.iterations)
        changed = {
            "seeds": self.seeds[:seeds],
            "iterations": most,
            "marks": tuple(mark for mark in self.marks if mark < most),
            "learning_rate": rate_factor * self.learning_rate,
            "precision": precision,
        }
        return self.model_copy(update=changed)


CLASSES = {  # those of the practical and of the published reports
    "subject": "bee eater",
    "animated": "wombat",
    "grid": "tarantula",
    "drawn": "snail",
    "ground": "hay",
}
FEW = SEVERAL[:3]
BARELY: dict[str, Any] = {"blur_every": 2, "l2": 1e-5}  # the published report's other setting


def _grid() -> list[Variant]:
    return [
        Variant(name=f"grid-{rate}-{weight}", target="grid", learning_rate=rate, l2=l2, marks=(50, 100))
        for rate in (1, 5, 25)
        for weight, l2 in (("weak", 1e-3), ("strong", 1.0))
    ]


VARIANTS = (
    Variant(name="baseline", marks=(20,), seeds=SEVERAL, curve=True),
    Variant(name="float32", marks=(20,), seeds=FEW, precision="float32"),
    Variant(name="wombat", target="animated", iterations=1000, marks=(200,), frames_every=10),
    Variant(name="wombat-short", target="animated"),
    Variant(name="wombat-barely", target="animated", **BARELY),
    Variant(name="l2-none", l2=0, seeds=SEVERAL),
    Variant(name="l2-low", l2=1e-5),
    Variant(name="l2-high", l2=1e-2, seeds=SEVERAL),
    Variant(name="l2-high-long", l2=1e-2, iterations=2000, marks=(200,)),
    Variant(name="squared-low", l2=1e-5, penalty="squared"),
    Variant(name="squared", penalty="squared"),
    Variant(name="squared-high", l2=1e-2, penalty="squared", seeds=SEVERAL, curve=True),
    Variant(name="blur-often", blur_every=2, seeds=SEVERAL, curve=True),
    Variant(name="blur-none", blur_every=None, seeds=SEVERAL, curve=True),
    Variant(name="long", iterations=1000, marks=(200, 500), seeds=SEVERAL, curve=True, **BARELY),
    Variant(name="free", l2=0, blur_every=None, iterations=1000, marks=(200, 500)),
    Variant(name="rate-high", learning_rate=10, seeds=FEW),
    Variant(name="rate-low", learning_rate=0.5, iterations=600, marks=(200,), seeds=SEVERAL, curve=True),
    Variant(name="rate-low-long", learning_rate=0.5, iterations=2000),
    Variant(name="normalised", step="normalised", seeds=FEW),
    Variant(name="from-itself", start="subject", frames_every=2, seeds=SEVERAL, **BARELY),
    Variant(name="on-ground", target="drawn", start="ground", frames_every=2, seeds=FEW, **BARELY),
    Variant(name="drawn", target="drawn", seeds=FEW, **BARELY),
    *_grid(),
)
