"""Kept generators: they draw after loading what they drew before, from a seed's noise, and refuse bad labels."""

import numpy as np
import pytest
import torch

from experiments.generate.kept import DRAWN_AT_ONCE, keep, load_generator, noise, sample
from experiments.generate.networks import Shape, build
from experiments.generate.pictures import levels
from report import stage
from report.errors import ColophonError


def generator(**shape):
    """One whose running statistics are not those of a new network."""
    found, _ = build(Shape(noise=5, generator=2, size=8, **shape), "torch", 1)
    for _ in range(3):
        found(torch.randn(20, 5) + 1, torch.arange(20) % 10 if found.shape.classes else None)
    return found


@pytest.mark.parametrize(("slug", "shape"), [("", {}), ("conditional", {"classes": 10})])
def test_a_loaded_generator_draws_what_the_kept_one_drew(tmp_path, slug, shape) -> None:
    outputs = stage.Outputs(tmp_path, tmp_path, lambda items, *_: iter(items))
    original = generator(**shape)
    keep(original, outputs, 3, slug)
    loaded = load_generator(stage.Result("generate/dcgan", {}, tmp_path), 3, slug)
    assert loaded.shape == original.shape and not loaded.training
    labels = torch.arange(7) if shape else None
    assert np.array_equal(sample(loaded, 7, 2, labels), sample(original, 7, 2, labels))
    with pytest.raises(ColophonError, match="no output"):
        load_generator(stage.Result("generate/dcgan", {}, tmp_path), 4, slug)


def test_samples_are_drawn_in_evaluation_mode_whatever_their_number() -> None:
    own = generator()
    few, many = sample(own, 3, 1), sample(own, DRAWN_AT_ONCE + 3, 1)
    assert own.training  # as it was
    assert many.shape == (DRAWN_AT_ONCE + 3, 8, 8) and many.dtype == np.uint8
    assert np.abs(many[:3].astype(int) - few).max() <= 1  # rounding: the batch sizes differ
    with torch.no_grad():
        expected = levels(own.eval()(noise(3, 5, 1)))
    assert np.array_equal(few, expected)
    assert not np.array_equal(sample(own, 3, 2), few)


def test_noise_of_a_seed_is_standard_normal_and_begins_alike_whatever_its_number() -> None:
    assert torch.equal(noise(1000, 50, 1)[:10], noise(10, 50, 1))
    assert noise(1000, 50, 1).mean().item() == pytest.approx(0, abs=0.02)
    assert noise(1000, 50, 1).std().item() == pytest.approx(1, abs=0.02)


def test_labels_go_with_generators_that_have_classes_alone() -> None:
    with pytest.raises(ColophonError, match="of 0 classes was given labels"):
        sample(generator(), 2, 1, torch.tensor([0, 1]))
    with pytest.raises(ColophonError, match="of 10 classes was given no labels"):
        sample(generator(classes=10), 2, 1)
    with pytest.raises(ColophonError, match="a label is not one of the generator's 10 classes"):
        sample(generator(classes=10), 2, 1, torch.tensor([0, 10]))
