"""Images per second of feature extraction: the practical's own loop against this project's.

    python benchmarks/extraction.py --data-dir DATA_DIR [--images N]

The practical's loop reads a picture with PIL, converts it to grey, stacks it three times, resizes
it to 224 pixels, normalises it, one image after the other, and runs the network in float32 on
batches of 8. Ours is
`experiments.nn.extraction` at the precision and batch size of the stage's defaults. Both run on
the same images with the same number of threads. The cosine is between the two feature vectors of
one image. The accuracies are those of LinearSVC (C = 1) on the test set, measured only when all
images are extracted, at a tolerance of 1e-6: at scikit-learn's 1e-4 the solver stops so early that
even the number of threads of the float32 loop moves them by 0.3 points.

Times depend on what else the machine does: repeat them.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import yaml
from PIL import Image
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))  # run as a file, from any folder

from experiments.data import datasets  # noqa: E402
from experiments.data.images import ImageSet, subset  # noqa: E402
from experiments.nn import backbones, device  # noqa: E402
from experiments.nn.extraction import LayerFeatures, extract  # noqa: E402
from experiments.transfer.features import Settings  # noqa: E402

Loop = Callable[[ImageSet], list[np.ndarray]]
NETWORKS = ("torchvision/squeezenet1_1", "timm/deit_tiny_patch16_224")


class PracticalImages(Dataset[torch.Tensor]):
    """The pictures as the practical prepares them."""

    def __init__(self, root: Path, images: ImageSet, backbone: backbones.Backbone) -> None:
        self.paths = [root / name for name in images.names]
        self.prepare = transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize(backbone.mean, backbone.std)]
        )
        self.size = backbone.size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        grey = np.array(Image.open(self.paths[index]).convert("L"))
        image = Image.fromarray(np.dstack([grey, grey, grey]))
        resized = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        return torch.as_tensor(self.prepare(resized))


def practical(root: Path, backbone: backbones.Backbone, weights: Path) -> Loop:
    """The practical's loop: images -> features (n, dimensions) of each layer."""
    extractor = LayerFeatures(backbones.load(backbone, weights), backbone.layers)

    def loop(images: ImageSet) -> list[np.ndarray]:
        loader = DataLoader(PracticalImages(root, images, backbone), batch_size=8)
        with torch.no_grad():
            batches = [extractor(batch) for batch in loader]
        return [torch.cat(layer).numpy() for layer in zip(*batches, strict=True)]

    return loop


def ours(backbone: backbones.Backbone, weights: Path) -> Loop:
    """What transfer/features does: images -> features (n, dimensions) of each layer."""
    settings = Settings(backbone=backbone.name)
    precision = device.resolve(settings.precision, device.choose())
    extractor = LayerFeatures(backbones.load(backbone, weights), backbone.layers)

    def loop(images: ImageSet) -> list[np.ndarray]:
        batches = extract(extractor, backbone, images, settings.batch_size, precision)
        return [np.concatenate(layer) for layer in zip(*(found for _, found in batches), strict=True)]

    return loop


def compare(
    name: str, root: Path, weights: Path, split: datasets.Split, count: int | None
) -> dict[str, float]:
    """Print one network's block of the table; returns seconds an image of each loop."""
    backbone = backbones.find(name)
    chosen = [
        images if count is None else subset(images, spread(len(images), count // 2))
        for images in (split.train, split.test)
    ]
    loops = {"practical": practical(root, backbone, weights), "ours": ours(backbone, weights)}
    features: dict[str, list[list[np.ndarray]]] = {who: [] for who in loops}
    seconds = dict.fromkeys(loops, 0.0)
    for images in chosen:
        for who, loop in loops.items():
            start = time.perf_counter()
            features[who].append(loop(images))
            seconds[who] += time.perf_counter() - start
    total = sum(map(len, chosen))
    rates = {who: total / spent for who, spent in seconds.items()}
    print(
        f"{backbone.title}: {total} images, practical {rates['practical']:.1f}/s, "
        f"ours {rates['ours']:.1f}/s, ratio {rates['ours'] / rates['practical']:.2f}"
    )
    for index, layer in enumerate(backbone.layers):
        theirs = [part[index] for part in features["practical"]]
        own = [part[index] for part in features["ours"]]
        line = f"  {layer:12s} {difference(np.vstack(theirs), np.vstack(own))}"
        if count is None:
            line += f"  accuracy raw {score(theirs, split, False)} -> {score(own, split, False)}"
            line += f", L2 {score(theirs, split, True)} -> {score(own, split, True)}"
        print(line, flush=True)
    return {who: spent / total for who, spent in seconds.items()}


def spread(total: int, count: int) -> np.ndarray:
    """`count` indices evenly spread over `total` images."""
    return np.linspace(0, total - 1, min(count, total)).astype(int)


def difference(a: np.ndarray, b: np.ndarray) -> str:
    """How far the features differ: the cosine, and the distance as a share of the length."""
    cosine = np.sum(np.asarray(normalize(a)) * np.asarray(normalize(b)), axis=1)
    distance = np.linalg.norm(a - b, axis=1) / np.linalg.norm(a, axis=1)
    return (
        f"cosine mean {cosine.mean():.5f} least {cosine.min():.5f}, "
        f"relative distance mean {distance.mean():.4f} most {distance.max():.4f}"
    )


def score(features: list[np.ndarray], split: datasets.Split, unit_length: bool) -> str:
    """The test accuracy of LinearSVC with C = 1."""
    train, test = (np.asarray(normalize(part) if unit_length else part) for part in features)
    machine = LinearSVC(C=1.0, tol=1e-6, max_iter=100_000, random_state=0)
    return f"{machine.fit(train, split.train.labels).score(test, split.test.labels):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the speed of feature extraction.")
    parser.add_argument("--data-dir", type=Path, required=True, help="holds 15SceneData")
    parser.add_argument("--images", type=int, help="how many images; all of them if not given")
    parser.add_argument("--threads", type=int, default=2, help="threads of both loops")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="default: both")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    catalogue = yaml.safe_load((PROJECT / "pipeline.yaml").read_text())["data"]

    def locate(name: str) -> Path:
        return arguments.data_dir / catalogue[name]["path"]

    split = datasets.load("15-scene", locate, train_per_class=1, seed=0)
    networks = arguments.network or NETWORKS
    spent = [compare(n, locate("15-scene"), locate(n), split, arguments.images) for n in networks]
    practical_total, own_total = (sum(s[who] for s in spent) for who in ("practical", "ours"))
    print(f"{len(networks)} networks together: ratio {practical_total / own_total:.2f}")


if __name__ == "__main__":
    main()
