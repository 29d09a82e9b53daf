"""Whole trainings: interrupted or not, stacked or one by one, their order, their drawings and their ends."""

import numpy as np
import pytest
import torch

from experiments.generate.kept import draw, noise
from experiments.generate.networks import Shape
from experiments.generate.runs import Grid, iterations, train
from experiments.generate.training import Recipe, Stack
from report.errors import ColophonError

SHAPE = Shape(noise=5, generator=3, discriminator=3, size=8)
TOLD = Shape(noise=5, generator=2, discriminator=2, size=8, classes=10)


def grid(every: int = 3, shape: Shape = SHAPE) -> Grid:
    return Grid(noise(4, 5, 0), torch.arange(4) if shape.classes else None, every)


def weights(trained) -> torch.Tensor:
    return torch.cat([tensor.flatten().float() for tensor in trained.generator.state_dict().values()])


@pytest.mark.parametrize("shape", [SHAPE, TOLD], ids=["without classes", "with classes"])
def test_an_interrupted_training_ends_with_the_weights_of_a_whole_one(digits, make_outputs, shape) -> None:
    arguments = (1, 2), digits, shape, "dcgan", Recipe(4, 16)
    grids = [grid(shape=shape) for _ in range(3)]
    whole = train(*arguments, grids[0], make_outputs("whole"), "one")
    with pytest.raises(KeyboardInterrupt):
        train(*arguments, grids[1], make_outputs("cut", stop_after=2), "one")
    resumed = train(*arguments, grids[2], make_outputs("cut"), "one")
    for one, other in zip(whole, resumed, strict=True):
        assert torch.equal(weights(one), weights(other))
        assert np.array_equal(one.records, other.records)
    assert grids[0].displayed == grids[2].displayed == [0, 3, 6, 9, 12]
    assert np.array_equal(np.stack(grids[0].frames), np.stack(grids[2].frames))


@pytest.mark.parametrize("shape", [SHAPE, TOLD], ids=["without classes", "with classes"])
def test_stacked_trainings_end_where_those_one_by_one_do(digits, make_outputs, shape) -> None:
    arguments = (1, 2, 3), digits, shape, "torch", Recipe(2, 16)
    single = train(*arguments, grid(shape=shape), make_outputs("single"), "one", at_once=1)
    stacked = train(*arguments, grid(shape=shape), make_outputs("stacked"), "one", at_once=2)
    for one, other in zip(single, stacked, strict=True):
        assert one.records.shape == (2 * 3, 4)
        np.testing.assert_allclose(other.records, one.records, rtol=1e-3, atol=1e-4)
        assert one.last == pytest.approx(one.records[-3:].mean(0))
    again = train(*arguments, grid(shape=shape), make_outputs("again"), "one", at_once=1)
    assert all(torch.equal(weights(a), weights(b)) for a, b in zip(single, again, strict=True))
    assert not torch.equal(weights(single[0]), weights(single[1]))


def test_each_epoch_shows_every_picture_once_in_an_order_of_its_own(
    digits, make_outputs, monkeypatch
) -> None:
    seen = []
    original = Stack.step
    monkeypatch.setattr(
        Stack, "step", lambda self, real, *rest: seen.append(real) or original(self, real, *rest)
    )
    train([1], digits, SHAPE, "dcgan", Recipe(2, 16), grid(), make_outputs("order"), "one")
    assert [len(batch[0]) for batch in seen] == [16, 16, 8] * 2 and iterations(40, 16) == 3
    epochs = [torch.cat([batch[0] for batch in seen[i : i + 3]]).flatten(1) for i in (0, 3)]
    expected = digits.images.reshape(40, -1) / 127.5 - 1
    for epoch in epochs:
        np.testing.assert_allclose(np.unique(epoch, axis=0), np.unique(expected, axis=0), atol=1e-6)
    assert not torch.equal(*epochs)


def test_the_grid_is_drawn_at_the_start_now_and_then_and_at_the_end(digits, make_outputs) -> None:
    own = grid(every=4)
    (trained,) = train([1], digits, SHAPE, "dcgan", Recipe(2, 16), own, make_outputs("grid"), "one")
    assert own.displayed == [0, 4, 6]
    assert np.array_equal(own.frames[-1], draw(trained.generator, own.noise))
    assert not np.array_equal(own.frames[0], own.frames[1])
    drawn_twice = grid(every=3)
    train([1], digits, SHAPE, "dcgan", Recipe(2, 16), drawn_twice, make_outputs("twice"), "one")
    assert drawn_twice.displayed == [0, 3, 6]


def test_a_diverging_training_ends_alone_and_its_grid_and_weights_stay_those_before(
    digits, make_outputs, monkeypatch, capsys
) -> None:
    original = Stack.step

    def step(self, real, noise, labels):
        if self is broken[0] and self.records.shape[1] == 3:
            real = real * torch.inf
        return original(self, real, noise, labels)

    broken = []
    begin = Stack.__init__

    def init(self, *arguments):
        begin(self, *arguments)
        broken.append(self)

    monkeypatch.setattr(Stack, "__init__", init)
    monkeypatch.setattr(Stack, "step", step)
    own = grid(every=3)
    wild, tame = train((1, 2), digits, SHAPE, "dcgan", Recipe(3, 16), own, make_outputs("wild"), "one")
    assert wild.stopped == 4 and wild.last is None and wild.records.shape == (9, 4)
    assert np.isnan(wild.records[3:]).all() and np.isfinite(wild.records[:3]).all()
    assert torch.isfinite(weights(wild)).all()
    assert tame.stopped is None and tame.last is not None and np.isfinite(tame.records).all()
    assert "seed 1: a loss was not finite at iteration 4;" in capsys.readouterr().out
    assert own.displayed[:2] == [0, 3]
    assert np.array_equal(own.frames[1], draw(wild.generator, own.noise))


def test_too_few_pictures_for_a_batch_are_told(digits, make_outputs) -> None:
    with pytest.raises(ColophonError, match="40 training images do not fill one batch of 64"):
        train([1], digits, SHAPE, "dcgan", Recipe(1, 64), grid(), make_outputs("few"), "one")
