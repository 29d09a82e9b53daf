"""Do two networks' saliency maps show the same places? (Question 4)

The gradient's maps for the pictures' true classes, which are the same for both networks, are reduced
to a coarse grid, and the first network's are compared with those of each other network: for the same
picture, and for another one, since any two maps have something in common, such as a bright centre.
"""

import numpy as np
from PIL import Image
from pydantic import Field

from experiments.visualize import randomisation
from experiments.visualize.saliency_metrics import Average, average
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    side: int = Field(default=16, ge=2, le=256, description="of the grid: maps differ from pixel to pixel")


class Pair(stage.Metrics):
    """Two networks; the lists have a value a picture."""

    first: str = quantity("the first network's name in the document")
    second: str = quantity("the other network's name in the document")
    same: Average = quantity("rank correlation of the two maps of a picture")
    other: Average = quantity("rank correlation of the first map and the second of another picture, mean")
    same_values: list[float] = quantity("rank correlation of the two maps of each picture", digits=2)
    other_values: list[float] = quantity("that with the maps of the other pictures, mean", digits=2)


class Metrics(stage.Metrics):
    side: int = quantity("cells on a side of the grid, a count")
    images: int = quantity("pictures, a count")
    pairs: list[Pair] = quantity("the first network with each of the others")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Compares the maps of all networks with the first one's."""
    found = inputs.all("visualize/saliency")
    coarse = [reduced(np.asarray(result.array("maps-true")), settings.side) for result in found]
    titles = [result.metrics["title"] for result in found]
    pairs = []
    for title, maps in zip(titles[1:], coarse[1:], strict=True):
        same = randomisation.rank_correlations(coarse[0], maps)
        other = randomisation.unrelated(coarse[0], maps)
        pairs.append(
            Pair(
                first=titles[0],
                second=title,
                same=average(same),
                other=average(other),
                same_values=same.tolist(),
                other_values=other.tolist(),
            )
        )
    return Metrics(side=settings.side, images=len(coarse[0]), pairs=pairs)


def reduced(maps: np.ndarray, side: int) -> np.ndarray:
    """Maps (n, size, size) as the means over a grid, float32 (n, side, side)."""
    return np.stack(
        [
            np.asarray(Image.fromarray(one.astype(np.float32)).resize((side, side), Image.Resampling.BOX))
            for one in maps
        ]
    )
