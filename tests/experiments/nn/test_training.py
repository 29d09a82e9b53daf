from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from experiments.nn.training import Recipe, Trainer, predict
from report.errors import ColophonError

RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=1e-2, weight_decay=0.01)


def data() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    images = torch.randn(40, 1, 4, 4, generator=rng)
    return images, (images.mean((1, 2, 3)) > 0).long()


def network() -> nn.Module:
    """With dropout and batch normalisation: the two whose state a checkpoint may forget."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(16, 12), nn.BatchNorm1d(12), nn.Dropout(0.5), nn.Linear(12, 2)
    )


def train(trainer: Trainer, epochs: int) -> None:
    for _ in range(epochs):
        trainer.epoch(*data())


def test_an_interrupted_training_ends_with_the_very_same_weights(tmp_path: Path) -> None:
    whole = Trainer(network(), RECIPE, 40, tmp_path / "whole")
    train(whole, 3)
    train(Trainer(network(), RECIPE, 40, tmp_path / "cut"), 1)
    torch.manual_seed(12345)  # another process starts with another state
    resumed = Trainer(network(), RECIPE, 40, tmp_path / "cut")
    assert resumed.epochs_done == 1
    train(resumed, 2)
    assert resumed.losses == whole.losses and resumed.epochs_done == 3
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name


def test_a_checkpoint_is_put_in_place_whole(tmp_path: Path, monkeypatch) -> None:
    trainer = Trainer(network(), RECIPE, 40, tmp_path)
    train(trainer, 1)
    before = (tmp_path / "training.pt").read_bytes()

    def killed(state: object, path: Path) -> None:
        Path(path).write_bytes(b"half a checkpo")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        train(trainer, 1)
    assert (tmp_path / "training.pt").read_bytes() == before


def test_training_learns_a_separable_task(tmp_path: Path) -> None:
    recipe = Recipe(epochs=30, batch_size=8, learning_rate=1e-2, weight_decay=0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    train(Trainer(linear, recipe, 40, tmp_path), 30)
    images, labels = data()
    assert float((predict(linear, images, 7) == labels).float().mean()) > 0.9


def test_the_first_loss_is_the_cross_entropy_of_the_first_batch(tmp_path: Path) -> None:
    images, labels = data()
    linear = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    torch.manual_seed(8)
    batch = torch.randperm(40)[:8]
    expected = functional.cross_entropy(linear(images[batch]), labels[batch]).item()
    torch.manual_seed(8)
    trainer = Trainer(linear, RECIPE, 40, tmp_path)
    train(trainer, 1)
    assert trainer.losses[0] == pytest.approx(expected)
    assert len(trainer.losses) == 5


def test_a_diverged_loss_stops_the_training(tmp_path: Path) -> None:
    images, labels = data()
    trainer = Trainer(network(), RECIPE, 40, tmp_path)
    with pytest.raises(ColophonError, match=r"diverged: the loss is nan at iteration 1"):
        trainer.epoch(images * float("inf"), labels)
    assert not (tmp_path / "training.pt").exists()


def test_fewer_images_than_a_batch_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColophonError, match="7 training images do not fill one batch of 8"):
        Trainer(network(), RECIPE, 7, tmp_path)


def test_predictions_are_made_in_evaluation_mode() -> None:
    images, _ = data()
    trained = network()
    trained.train()
    assert torch.equal(predict(trained, images), predict(trained, images))


def test_groups_are_trained_at_their_own_constant_rates_as_adam_does(tmp_path: Path) -> None:
    images, labels = data()
    images = images.flatten(1)

    def layers() -> nn.Sequential:
        torch.manual_seed(3)
        return nn.Sequential(nn.Linear(16, 4), nn.Linear(4, 2))

    ours, plain = layers(), layers()
    rates = (1e-3, 1e-2)
    recipe = Recipe(2, 8, 1e-2, 0.0, "constant", order_seed=5)
    groups = [{"params": list(m.parameters()), "lr": r} for m, r in zip(ours, rates, strict=True)]
    trainer = Trainer(ours, recipe, 40, tmp_path, groups)
    reference = torch.optim.Adam(
        [{"params": m.parameters(), "lr": r} for m, r in zip(plain, rates, strict=True)]
    )
    for epoch in range(2):
        trainer.epoch(images, labels)
        order = torch.from_numpy(np.random.default_rng((5, epoch)).permutation(40))
        for batch in order.split(8):
            reference.zero_grad()
            functional.cross_entropy(plain(images[batch]), labels[batch]).backward()
            reference.step()
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_networks_with_the_same_order_seed_see_the_images_in_the_same_order(tmp_path: Path) -> None:
    images, labels = data()
    seen: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    recipe = Recipe(2, 8, 1e-2, 0.0, "constant", order_seed=1)
    for place, dropout in enumerate((0.0, 0.5)):
        network = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(16, 2))

        def keep(_: nn.Module, args: tuple[torch.Tensor], kept: list = seen[place]) -> None:
            kept.append(args[0])

        network.register_forward_pre_hook(keep)
        trainer = Trainer(network, recipe, 40, None)
        for _ in range(2):
            trainer.epoch(images, labels)
    assert len(seen[0]) == 10
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))
    assert not torch.equal(seen[0][0], seen[0][5])  # another order in each epoch
