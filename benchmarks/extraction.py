"""Images per second of feature extraction: the practical's own loop against this project's.

    python benchmarks/extraction.py --data-dir DATA_DIR [--images N]

The practical's loop reads a picture with PIL, converts it to grey, stacks it three times, resizes
it to 224 pixels, normalises it, and runs the network in float32 on batches of 8 from a DataLoader
of two workers (its notebook's `batch_size = 8`, `num_workers = 2`). Ours is
`experiments.nn.extraction` at the precision and batch size of the stage's defaults. Both run on
the same images with the same number of threads. The cosine is between the two feature vectors of
one image; the accuracies are those of LinearSVC (C = 1) on the full test set and are measured only
when all images are extracted.

Times depend on what else the machine does: repeat them.
"""

import argparse
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

from experiments.data import datasets
from experiments.data.images import ImageSet, subset
from experiments.nn import backbones, device
from experiments.nn.extraction import LayerFeatures, extract
from experiments.transfer.features import Settings

PROJECT = Path(__file__).parents[1]
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
        return self.prepare(image.resize((self.size, self.size), Image.Resampling.BILINEAR))


def practical(
    root: Path, images: ImageSet, backbone: backbones.Backbone, network: torch.nn.Module
) -> list[np.ndarray]:
    """Features (n, dimensions) of each layer by the practical's loop."""
    extractor = LayerFeatures(network, backbone.layers)
    loader = DataLoader(PracticalImages(root, images, backbone), batch_size=8, num_workers=2)
    with torch.no_grad():
        batches = [extractor(batch) for batch in loader]
    return [torch.cat(layer).numpy() for layer in zip(*batches, strict=True)]


def ours(
    images: ImageSet, backbone: backbones.Backbone, network: torch.nn.Module
) -> list[np.ndarray]:
    """Features (n, dimensions) of each layer as transfer/features extracts them."""
    settings = Settings(backbone=backbone.name)
    precision = device.resolve(settings.precision, device.choose())
    extractor = LayerFeatures(network, backbone.layers)
    batches = extract(extractor, backbone, images, settings.batch_size, precision)
    return [np.concatenate(layer) for layer in zip(*(found for _, found in batches), strict=True)]


def timed(run: Callable[[], list[np.ndarray]], count: int) -> tuple[list[np.ndarray], float]:
    """The features and the images per second."""
    start = time.perf_counter()
    features = run()
    return features, count / (time.perf_counter() - start)


def compare(name: str, root: Path, weights: Path, split: datasets.Split, count: int | None) -> None:
    """Print one network's block of the table."""
    backbone = backbones.find(name)
    chosen = [
        images if count is None else subset(images, spread(len(images), count // 2))
        for images in (split.train, split.test)
    ]
    features: dict[str, list[list[np.ndarray]]] = {"practical": [], "ours": []}
    seconds = {"practical": 0.0, "ours": 0.0}
    for images in chosen:
        for who in features:
            network = backbones.load(backbone, weights)
            run = (
                (lambda: practical(root, images, backbone, network))
                if who == "practical"
                else (lambda: ours(images, backbone, network))
            )
            found, rate = timed(run, len(images))
            features[who].append(found)
            seconds[who] += len(images) / rate
    total = sum(map(len, chosen))
    rates = {who: total / spent for who, spent in seconds.items()}
    print(
        f"{backbone.title}: {total} images, practical {rates['practical']:.1f}/s, "
        f"ours {rates['ours']:.1f}/s, ratio {rates['ours'] / rates['practical']:.2f}"
    )
    for index, layer in enumerate(backbone.layers):
        a, b = ([part[index] for part in features[who]] for who in ("practical", "ours"))
        line = f"  {layer:12s} {difference(np.concatenate(a), np.concatenate(b))}"
        if count is None:
            line += f"  accuracy raw {score(a, split, False)} -> {score(b, split, False)}"
            line += f", L2 {score(a, split, True)} -> {score(b, split, True)}"
        print(line, flush=True)


def spread(total: int, count: int) -> np.ndarray:
    """`count` indices evenly spread over `total` images."""
    return np.linspace(0, total - 1, min(count, total)).astype(int)


def difference(a: np.ndarray, b: np.ndarray) -> str:
    """How far the features differ: the cosine, and the distance as a share of the length."""
    cosine = np.sum(normalize(a) * normalize(b), axis=1)
    distance = np.linalg.norm(a - b, axis=1) / np.linalg.norm(a, axis=1)
    return (
        f"cosine mean {cosine.mean():.5f} least {cosine.min():.5f}, "
        f"relative distance mean {distance.mean():.4f} most {distance.max():.4f}"
    )


def score(features: list[np.ndarray], split: datasets.Split, unit_length: bool) -> str:
    """The test accuracy of LinearSVC with C = 1."""
    train, test = (normalize(part) if unit_length else part for part in features)
    machine = LinearSVC(C=1.0, max_iter=100_000, random_state=0).fit(train, split.train.labels)
    return f"{machine.score(test, split.test.labels):.4f}"


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
    for name in arguments.network or NETWORKS:
        compare(name, locate("15-scene"), locate(name), split, arguments.images)


if __name__ == "__main__":
    main()
