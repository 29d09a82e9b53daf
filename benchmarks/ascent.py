"""Image-iterations per second of class visualisation: the practical's own loop against this project's.

    python benchmarks/ascent.py --data-dir DATA_DIR [--pictures N] [--iterations N]

The practical's loop drives one picture after the other: a batch of one in float32, in torch's default
memory format, on all threads, the scores of all classes, a blur in scipy. Ours is
`experiments.visualize.ascent` as the stage runs it: batches of pictures, each on a core of its own, in
float32 and in bfloat16. All begin with the same noise and shift by the same amounts, towards one class
with the practical's defaults.

How far the pictures are from the practical's is given after a few iterations, where they must agree up
to rounding, and at the end: an ascent doubles small differences again and again, and what can be
compared there are statistics. Scores and probabilities are those of the network in float32.

It measures the CPU: a GPU is hidden. Times depend on what else the machine does: repeat them.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before torch is imported

import numpy as np
import torch
import yaml
from scipy.ndimage import gaussian_filter1d
from scipy.special import softmax

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))  # run as a file, from any folder

from experiments.data import imagenet  # noqa: E402
from experiments.nn import device  # noqa: E402
from experiments.nn.threads import in_order  # noqa: E402
from experiments.visualize import frozen, pictures  # noqa: E402
from experiments.visualize.ascent import Ascent, Batch, Slope, batches_of  # noqa: E402
from experiments.visualize.class_visualization import Settings  # noqa: E402
from experiments.visualize.frozen import Frozen  # noqa: E402
from experiments.visualize.variants import Variant  # noqa: E402
from report.stage import Inputs  # noqa: E402

Loop = Callable[[list[Ascent]], list[dict[int, np.ndarray]]]
NETWORKS = ("torchvision/squeezenet1_1", "timm/deit_tiny_patch16_224")
TARGET = "bee eater"
EARLY = 5  # iterations after which rounding alone may tell the pictures apart
DEFAULTS = Settings()


def practical(own: Frozen) -> Loop:
    """The practical's loop: ascents -> of each, iteration -> picture uint8 (size, size, 3)."""
    network = as_built(own)
    low, high = own.black.flatten().tolist(), own.white.flatten().tolist()

    def one(ascent: Ascent) -> dict[int, np.ndarray]:
        variant, kept = ascent.variant, {}
        picture = ascent.first(own.backbone.size)[None].clone()
        for t, (rows, columns) in enumerate(ascent.shifts(DEFAULTS.max_jitter).tolist()):
            picture = torch.roll(picture, (rows, columns), (2, 3)).requires_grad_()
            score = network(picture)[0, ascent.target] - variant.l2 * picture.norm()
            (gradient,) = torch.autograd.grad(score, picture)
            with torch.no_grad():
                picture = picture + variant.learning_rate * gradient
                picture = torch.roll(picture, (-rows, -columns), (2, 3))
                for channel in range(3):
                    picture[:, channel].clamp_(low[channel], high[channel])
                if variant.blur_every and t % variant.blur_every == 0:
                    blurred = gaussian_filter1d(picture.numpy(), DEFAULTS.sigma, axis=2)
                    picture = torch.from_numpy(gaussian_filter1d(blurred, DEFAULTS.sigma, axis=3))
            if t + 1 in ascent.keep:
                kept[t + 1] = own.pictures(picture)[0]
        return kept

    return lambda ascents: [one(ascent) for ascent in ascents]


def as_built(own: Frozen) -> torch.nn.Module:
    """The network in torch's default memory format, as a new one has it."""
    network = own.backbone.build().eval().requires_grad_(False)
    network.load_state_dict({key: value.contiguous() for key, value in own.network.state_dict().items()})
    return network


def ours(own: Frozen, precision: device.Precision) -> Loop:
    """What visualize/class_visualization does, in the same terms."""

    def loop(ascents: list[Ascent]) -> list[dict[int, np.ndarray]]:
        slope = Slope(own, sorted({ascent.target for ascent in ascents}), precision)

        def climb(part: list[Ascent]) -> list[dict[int, np.ndarray]]:
            batch = Batch(slope, part, DEFAULTS.max_jitter, DEFAULTS.sigma)
            for _ in batch.run():
                pass
            return batch.kept

        with device.single_threaded() as threads:
            parts = batches_of(ascents, DEFAULTS.batch_size)
            return [kept for batch in in_order(climb, parts, threads) for kept in batch]

    return loop


def compare(own: Frozen, count: int, iterations: int) -> None:
    """Print one network's block."""
    target = imagenet.CLASSES.index(TARGET)
    variant = Variant(name="baseline", iterations=iterations)
    keep = frozenset({1, EARLY, iterations})
    ascents = [Ascent(variant, seed, target, None, keep) for seed in range(1, count + 1)]
    loops: dict[str, Loop] = {
        "practical": practical(own),
        "ours float32": ours(own, "float32"),
        "ours bfloat16": ours(own, "bfloat16"),
    }
    print(f"{own.backbone.title}, {TARGET}: {count} pictures, {iterations} iterations each")
    rates, first = {}, None
    for name, loop in loops.items():
        loop([Ascent(variant.adapted(None, 1, 1.0, "float32"), 0, target, None, frozenset())])  # warms up
        start = time.perf_counter()
        found = loop(ascents)
        rates[name] = count * iterations / (time.perf_counter() - start)
        first = first or found
        ratio = rates[name] / rates["practical"]
        print(f"  {name:14s} {rates[name]:6.1f} image-iterations/s, ratio {ratio:.2f}")
        print(f"    {statistics(own, [kept[iterations] for kept in found], target)}", flush=True)
        if found is not first:
            for t in sorted(keep):
                apart = [pictures.distance(a[t], b[t]) for a, b in zip(found, first, strict=True)]
                alike = [correlation(a[t], b[t]) for a, b in zip(found, first, strict=True)]
                print(
                    f"    after {t} iterations: differ by {np.mean(apart):.2f} grey levels (rms), "
                    f"most {max(apart):.2f}; correlation {np.mean(alike):.4f}, least {min(alike):.4f}"
                )


def statistics(own: Frozen, images: list[np.ndarray], target: int) -> str:
    """Of the last pictures, each as mean and standard deviation over the seeds."""
    scores = pictures.logits(own, np.stack(images))
    found = {
        "logit": scores[:, target],
        "probability": softmax(scores.astype(float), axis=1)[:, target],
        "total variation": pictures.total_variation(np.stack(images)),
    }
    told = ", ".join(f"{name} {np.mean(v):.3f} ± {np.std(v):.3f}" for name, v in found.items())
    return f"{told}; two seeds differ by {pictures.spread(np.stack(images)):.1f} grey levels"


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's, over all pixels and channels."""
    return float(np.corrcoef(first.ravel().astype(float), second.ravel().astype(float))[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the speed of class visualisation.")
    parser.add_argument("--data-dir", type=Path, required=True, help="holds the networks' weights")
    parser.add_argument("--pictures", type=int, default=16, help="as many ascents")
    parser.add_argument("--iterations", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2, help="threads of all loops")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="default: both")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    catalogue = yaml.safe_load((PROJECT / "pipeline.yaml").read_text())["data"]
    inputs = Inputs([], lambda name: arguments.data_dir / catalogue[name]["path"])
    for name in arguments.network or NETWORKS:
        compare(frozen.load(name, inputs), arguments.pictures, arguments.iterations)


if __name__ == "__main__":
    main()
