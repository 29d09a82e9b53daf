"""Trained images per second: a stacked sweep against the same trainings one after the other.

    python benchmarks/sweep.py [--data-dir DATA_DIR] [--seeds N] [--images N] [--epochs N] [--batch-size N]

The trainings are DANN's of the practical, from each seed with two schedules. They run on this project's
loop, once stacked as `adapt/ablations` stacks them on this device, once all in one stack and once one by
one, each operation in as many threads as the process has: as a script would; on a GPU once more without
recorded iterations, which scripts rarely have. Each way starts from the same weights, so that its
accuracies, means with the standard deviation over the seeds, should be those of the others; the last
column is the largest difference of any training from the same one by one.
Without MNIST in the data folder the demo's digits are taken.

Times depend on what else the machine does: repeat them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))  # run as a file, from any folder

from experiments.adapt.evaluation import Run, evaluate, pool  # noqa: E402
from experiments.adapt.networks import Shape  # noqa: E402
from experiments.adapt.reversal import practical  # noqa: E402
from experiments.adapt.stack import Recipe  # noqa: E402
from experiments.adapt.sweep import Plan, Trained, train  # noqa: E402
from experiments.data import domains  # noqa: E402
from experiments.nn import device, replay  # noqa: E402
from report.stage import Outputs  # noqa: E402

CONSTANTS = (2, 10)  # of the schedule: the practical's and the paper's


def main() -> None:
    arguments = parse()
    chosen = {"train_images": arguments.images, "test_images": 1000, "unseen_photos": 0}
    if not (arguments.data_dir / "mnist").is_dir():
        chosen |= {"source": "digits", "target": "sample-photos"}
    both = domains.load(domains.Settings.model_validate(chosen), lambda name: arguments.data_dir / name)
    plans = [Plan(seed, practical(c)) for c in CONSTANTS for seed in range(1, arguments.seeds + 1)]
    recipe = Recipe(arguments.epochs, arguments.batch_size)
    half = arguments.batch_size // 2
    used = arguments.epochs * (len(both.source) // half) * 2 * half * len(plans)
    print(f"{both.source_title} to {both.target_title}: {len(plans)} models, {used:,} images trained on")
    print(f"on {device.choose()}, {torch.get_num_threads()} threads")

    def one_by_one() -> list[Trained]:
        return [one for plan in plans for one in sweep(both, [plan], recipe, 1)]

    alone, speed = timed(used, one_by_one)
    expected = evaluate(alone, both, None)
    tell("one after the other", speed, expected, expected)
    if device.choose().type == "cuda":
        with patch.object(replay, "EAGER", sys.maxsize):
            trained, speed = timed(used, one_by_one)
        tell("likewise, not recorded", speed, evaluate(trained, both, None), expected)
    for name, at_once in {"as the stage runs them": None, "one stack": len(plans)}.items():
        trained, speed = timed(used, partial(sweep, both, plans, recipe, at_once))
        tell(name, speed, evaluate(trained, both, None), expected)


def timed(used: int, work: Callable[[], list[Trained]]) -> tuple[list[Trained], float]:
    """What `work` gives, and images per second, of which it trains on `used`."""
    started = time.perf_counter()
    return work(), used / (time.perf_counter() - started)


def sweep(both: domains.Domains, plans: list[Plan], recipe: Recipe, at_once: int | None) -> list[Trained]:
    """Train all plans, as a stage would."""
    pools = [pool(both.source), pool(both.target, labelled=False)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = Outputs(Path(folder), Path(folder), lambda items, *_: iter(items))
        return train(plans, pools, recipe, Shape(), outputs, "sweep", at_once)


def tell(name: str, speed: float, runs: list[Run], expected: list[Run]) -> None:
    """Print a row for the speed and the accuracies, and how far the latter are from those expected."""
    sides = "source", "target"
    found, wanted = (
        100 * np.array([[getattr(run, side) for side in sides] for run in rows])
        for rows in (runs, expected)
    )
    ends = []
    for c, own in zip(CONSTANTS, np.split(found, len(CONSTANTS)), strict=True):
        each = zip(sides, own.mean(0), own.std(0, ddof=1), strict=True)
        ends.append(f"c = {c}: " + ", ".join(f"{side} {m:.1f} ± {sd:.1f} %" for side, m, sd in each))
    ends.append(f"{np.abs(found - wanted).max():.1f} points apart")
    print(f"{name:24s} {speed:8,.0f} images/s   {'   '.join(ends)}", flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=PROJECT / "data")
    parser.add_argument("--seeds", type=int, default=3, help="two trainings each; at least 2")
    parser.add_argument("--images", type=int, default=1024, help="training images of each domain")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64, help="images of both domains together")
    return parser.parse_args()


if __name__ == "__main__":
    main()
