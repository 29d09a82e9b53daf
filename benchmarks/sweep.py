"""Trained images per second: a stacked sweep against the same trainings one after the other.

    python benchmarks/sweep.py [--data-dir DATA_DIR] [--models N] [--images N] [--epochs N]

The trainings are DANN's of the practical, with as many seeds and schedules as models. They run on this
project's loop, once stacked as `adapt/ablations` stacks them on this device, once all in one stack and
once one by one, each operation in as many threads as the process has: as a script would. Without
MNIST in the data folder the demo's digits are taken.

Times depend on what else the machine does: repeat them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))  # run as a file, from any folder

from experiments.adapt.evaluation import evaluate, pool  # noqa: E402
from experiments.adapt.networks import Shape  # noqa: E402
from experiments.adapt.reversal import practical  # noqa: E402
from experiments.adapt.stack import Recipe  # noqa: E402
from experiments.adapt.sweep import Plan, Trained, train  # noqa: E402
from experiments.data import domains  # noqa: E402
from experiments.nn import device  # noqa: E402
from report.stage import Outputs  # noqa: E402


def main() -> None:
    arguments = parse()
    settings = (
        domains.Settings(train_images=arguments.images, test_images=2000)
        if (arguments.data_dir / "mnist").is_dir()
        else domains.Settings(source="digits", target="sample-photos", train_images=arguments.images)
    )
    both = domains.load(settings, lambda name: arguments.data_dir / name)
    plans = [Plan(1 + index // 2, practical(2 if index % 2 else 10)) for index in range(arguments.models)]
    recipe = Recipe(arguments.epochs, 128)
    used = arguments.epochs * (len(both.source) // 64) * 128 * len(plans)
    print(f"{both.source_title} to {both.target_title}: {len(plans)} models, {used:,} images trained on")
    print(f"on {device.choose()}, {torch.get_num_threads()} threads")
    kinds = {"as the stage runs them": None, "one stack": len(plans)}
    for name, at_once in kinds.items():
        started = time.perf_counter()
        trained = sweep(both, plans, recipe, at_once)
        tell(name, used / (time.perf_counter() - started), both, trained)
    started = time.perf_counter()
    trained = [one for plan in plans for one in sweep(both, [plan], recipe, 1)]
    tell("one after the other", used / (time.perf_counter() - started), both, trained)


def sweep(both: domains.Domains, plans: list[Plan], recipe: Recipe, at_once: int | None) -> list[Trained]:
    """Train all plans, as a stage would."""
    pools = [pool(both.source), pool(both.target, labelled=False)]
    with tempfile.TemporaryDirectory() as folder:
        outputs = Outputs(Path(folder), Path(folder), lambda items, *_: iter(items))
        return train(plans, pools, recipe, Shape(), outputs, "sweep", at_once)


def tell(name: str, speed: float, both: domains.Domains, trained: list[Trained]) -> None:
    """Print a row: the speed, and mean and spread of the accuracies that it ended with."""
    runs = evaluate(trained, both, None)
    ends = []
    for side in ("source", "target"):
        values = [100 * getattr(run, side) for run in runs]
        ends.append(f"{side} {np.mean(values):5.1f} % ± {np.std(values):.1f}")
    print(f"{name:24s} {speed:10,.0f} images/s   {'   '.join(ends)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=PROJECT / "data")
    parser.add_argument("--models", type=int, default=8)
    parser.add_argument("--images", type=int, default=1280, help="training images of each domain")
    parser.add_argument("--epochs", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
