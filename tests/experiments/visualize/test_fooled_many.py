"""What is told of attacks that were made by hand, on a linear network."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax

from experiments.nn import backbones
from experiments.visualize import disturbances, fooled_many
from experiments.visualize.fooled_many import Run
from experiments.visualize.fooling import Fooled
from experiments.visualize.frozen import Frozen
from experiments.visualize.shares import Attacks

OWNER = np.array([0, 0, 1, 2, 3, 4, 5])
CHANGES = np.array([10, 200, 20, 30, 40, 50, 60])  # grey levels, up or down
AHEAD = np.array([1, 1, 1, -1, 1, 1, 1])  # whether an attack goes along its first gradient
TARGET = np.arange(7)


@pytest.fixture(scope="module")
def made() -> Any:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 26))
    network.requires_grad_(False)
    model = Frozen(backbones.find("small/vgg"), network, torch.device("cpu"))
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    levels = pictures.transpose(0, 3, 1, 2)[OWNER].astype(float)
    change = CHANGES[:, None, None, None] * rng.choice([-1.0, 1.0], levels.shape)
    clean = model.normalized(pictures)
    boundary = model.from_grey_levels(torch.from_numpy(levels + change).float())
    moved = boundary - clean[OWNER]
    first = moved * torch.from_numpy(AHEAD / moved.flatten(1).norm(dim=1).numpy()).float().view(-1, 1, 1, 1)
    reached, none = torch.ones(7, dtype=torch.bool), torch.zeros(7, dtype=torch.bool)
    named = model.logits(clean).argmax(1).numpy()
    fooled = Fooled(boundary, boundary, torch.arange(7), reached, none, first, torch.zeros(1, 7, 2))
    done = Run(model, Attacks(OWNER, TARGET, named[OWNER]), clean[OWNER], fooled)
    told = fooled_many.judge(done, beyond=4, noise_times=3, seed=1)
    return SimpleNamespace(
        model=model, pictures=pictures, levels=levels, change=change, named=named, fooled=fooled, told=told
    )


def by_picture(values: np.ndarray) -> list[float]:
    return [float(values[index == OWNER].mean()) for index in range(6)]


def said(made, levels: np.ndarray) -> np.ndarray:
    return (
        made.model.logits(made.model.from_grey_levels(torch.from_numpy(levels).float())).argmax(1).numpy()
    )


def test_sizes_and_iterations_are_medians_over_the_pictures_of_means_over_their_attacks(made) -> None:
    size = made.told["boundary"].size
    middle = np.median(by_picture(CHANGES))
    assert [size.rms, size.linf] == pytest.approx([middle, middle], rel=1e-4)
    assert size.l2 == pytest.approx(middle * np.sqrt(3 * 32 * 32), rel=1e-4)
    assert made.told["boundary"].iterations == np.median(by_picture(np.arange(7)))
    assert made.told["further"].iterations == np.median(by_picture(np.arange(7))) + 4


def test_values_beyond_black_and_white_are_counted_and_the_furthest_is_told(made) -> None:
    moved = made.levels + made.change
    excess = np.maximum(-moved, moved - 255)
    assert made.told["boundary"].outside == pytest.approx(np.mean(excess > 0.01))
    assert made.told["boundary"].furthest == pytest.approx(excess.max(), abs=1e-3)


def test_probability_and_alignment_are_means(made) -> None:
    scores = softmax(made.model.logits(made.fooled.boundary).double().numpy(), axis=1)
    expected = np.mean(by_picture(scores[np.arange(7), TARGET]))
    assert made.told["boundary"].probability == pytest.approx(expected, rel=1e-4)
    assert made.told["boundary"].alignment == pytest.approx(AHEAD.mean(), abs=1e-5)


def test_controls_are_judged_on_the_clean_pictures_with_something_else_added(made) -> None:
    change = torch.from_numpy(made.change).float()
    noise = disturbances.noise(change, seed=1).numpy()
    added = [noise, 3 * noise, disturbances.shuffled(change, seed=1).numpy()]
    titles = ["noise of the same length", "noise 3 times as long", "the attack's pixels shuffled"]
    assert [control.title for control in made.told["controls"]] == titles
    for control, what in zip(made.told["controls"], added, strict=True):
        now = said(made, made.levels + what)
        assert control.changed_by_picture == pytest.approx(by_picture(now != made.named[OWNER]))
        assert control.target_by_picture == pytest.approx(by_picture(now == TARGET))
    cosines = disturbances.cosines(torch.from_numpy(noise) / made.model.std, made.fooled.first)
    assert made.told["noise_alignment"] == pytest.approx(float(cosines.abs().mean()), rel=1e-3)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_what_jpeg_does_to_clean_pictures_is_told_of_each_picture_once(made) -> None:
    for row, quality in zip(made.told["untouched"], (95, 75), strict=True):
        after = np.stack([jpeg(picture, quality) for picture in made.pictures])
        changed = said(made, after.transpose(0, 3, 1, 2)) != made.named
        assert (row.title, row.changed.pictures) == (f"JPEG {quality}", 6)
        assert row.changed.value == pytest.approx(changed.mean())
    assert made.told["untouched"][1].changed.value > 0
    titles = [way.title for way in made.told["boundary"].treatments]
    assert titles == ["as it is", "rounded to 8 bits", "JPEG 95", "JPEG 75"]
