"""The perceptron inside its backbone, on digits and a small network with random weights."""

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from experiments.data import datasets
from experiments.nn import backbones
from experiments.nn.training import Trainer
from experiments.transfer import features, fine_tune, mlp_head, svm_tuning
from experiments.transfer.inside import Grey, Inside, compare_frozen
from report import stage

NAME = "small/squeezenet"
SMALL: dict[str, Any] = {
    "backbone": NAME, "dataset": "digits", "seeds": (1, 2), "epochs": 2, "batch_size": 25,
    "checked_images": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> stage.Result:
    """What transfer/pretrain would have made."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    save_file(backbones.find(NAME).build().state_dict(), folder / "weights.safetensors")
    (folder / "metrics.json").write_text(f'{{"backbone": "{NAME}"}}')
    return stage.Result("transfer/pretrain", {"backbone": NAME}, folder)


@pytest.fixture
def inputs(run_stage, weights, monkeypatch) -> list[stage.Result]:
    """All that fine_tune needs, with only 40 test images."""
    load = datasets.load

    def few(*arguments: Any) -> datasets.Split:
        split = load(*arguments)
        return datasets.Split(split.train, datasets.subset(split.test, np.arange(40)))

    monkeypatch.setattr(datasets, "load", few)
    _, found = run_stage(
        features, [weights], folder="features", backbone=NAME, layers=("fire6", "fire9"),
        dataset="digits", precision="float32",
    )  # fmt: skip
    _, tuning = run_stage(svm_tuning, [found], folder="tuning", c_values=(1.0,), raw_c_values=(), folds=2)
    _, alone = run_stage(
        mlp_head, [found, tuning], folder="alone", backbone=NAME, layers={NAME: "fire9"},
        hidden=(16, 8), epochs=2, seeds=(1, 2), batch_size=25,
    )  # fmt: skip
    return [weights, found, tuning, alone]


def test_the_frozen_network_with_the_perceptron_is_the_perceptron_alone(inputs, run_stage) -> None:
    metrics, _ = run_stage(fine_tune, inputs, **SMALL)
    assert metrics.frozen.images == metrics.frozen.agreeing == 5
    assert metrics.frozen.difference < 1e-4 * max(metrics.frozen.logits, 1)


def test_a_head_alone_on_saved_features_has_the_logits_of_the_head_inside(inputs, weights) -> None:
    backbone = backbones.find(NAME)
    file = weights.path("weights.safetensors")
    split = datasets.load("digits", lambda name: file, 10, 1)
    grey = torch.from_numpy(np.stack([split.test.read(index, 32) for index in range(40)]))
    torch.manual_seed(0)
    head = torch.nn.Linear(128, 10)
    inside, apart = compare_frozen(backbone, file, {"fire9": "features.12"}, head, grey)
    saved = torch.from_numpy(np.array(inputs[1].array("test-fire9")))
    with torch.no_grad():
        expected = head(torch.nn.functional.normalize(saved) * 128**0.5)
    torch.testing.assert_close(inside, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(apart, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_before_training_a_divided_network_has_the_logits_of_the_whole(weights) -> None:
    backbone, file = backbones.find(NAME), weights.path("weights.safetensors")
    grey = torch.randint(0, 256, (4, 32, 32), dtype=torch.uint8)
    logits = []
    for first in (None, "features.0", "features.9"):
        torch.manual_seed(1)
        network = Inside(backbone, file, "features.12", first, torch.nn.Linear(128, 10))
        logits.append(network.whole.eval()(network.before(grey)))
    assert torch.equal(logits[0], logits[1]) and torch.equal(logits[0], logits[2])


def test_images_enter_as_the_backbone_was_trained_with_them() -> None:
    backbone = backbones.find("torchvision/squeezenet1_1")
    grey = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    red = Grey(backbone)(grey)[0, 0].flatten()
    torch.testing.assert_close(red, (torch.arange(256) / 255 - 0.485) / 0.229)


def test_only_what_follows_the_named_module_is_trained(inputs, run_stage, monkeypatch) -> None:
    trained = []
    epoch = Trainer.epoch

    def spy(self: Trainer, *data: torch.Tensor) -> None:
        epoch(self, *data)
        trained.append(self.network)

    monkeypatch.setattr(Trainer, "epoch", spy)
    metrics, result = run_stage(fine_tune, inputs, **SMALL, first_trained={NAME: "features.11"})
    whole, _ = run_stage(fine_tune, inputs, folder="whole", **SMALL)
    assert metrics.first_trained == "features.11" and whole.first_trained is None
    assert metrics.network_parameters == whole.network_parameters == whole.trained_parameters
    fires = ("features.11.", "features.12.")
    counts = [
        p.numel() for name, p in backbones.find(NAME).build().named_parameters() if name.startswith(fires)
    ]
    assert metrics.trained_parameters == sum(counts)
    assert metrics.fine_tuned.parameters - metrics.trained_parameters == 128 * 16 + 16 + 16 * 8 + 8 + 90
    assert result.array("loss").shape == (2, 2 * 4)
    assert len(trained) == 2 * 2 * 2


def test_an_interrupted_run_ends_with_the_same_metrics(inputs, run_stage, monkeypatch) -> None:
    whole, _ = run_stage(fine_tune, inputs, folder="whole", **SMALL)
    epoch, left = Trainer.epoch, [3]

    def killed(self: Trainer, *data: torch.Tensor) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        epoch(self, *data)

    monkeypatch.setattr(Trainer, "epoch", killed)
    with pytest.raises(KeyboardInterrupt):
        run_stage(fine_tune, inputs, folder="cut", **SMALL)
    left[0] = 1  # seed 1 is done, seed 2 has one epoch to go
    resumed, _ = run_stage(fine_tune, inputs, folder="cut", **SMALL)
    assert resumed.model_dump_json() == whole.model_dump_json()


def test_the_gain_is_over_the_perceptron_alone_and_over_the_svm(inputs, run_stage) -> None:
    metrics, result = run_stage(fine_tune, inputs, **SMALL)
    alone = inputs[-1].metrics
    mean = np.mean([result.array(run.test.correct).mean() for run in metrics.fine_tuned.runs])
    assert metrics.fine_tuned.accuracy.value == pytest.approx(mean)
    assert metrics.gain_over_alone == pytest.approx(100 * (mean - alone["mlp"]["accuracy"]["value"]))
    assert metrics.fine_tuned.gain == pytest.approx(100 * (mean - alone["svm"]["accuracy"]["value"]))
    assert np.array_equal(result.array("labels"), inputs[2].array("labels"))


@pytest.mark.parametrize("name", ["torchvision/vgg16", "torchvision/vit_b_16:IMAGENET1K_V1"])
def test_the_published_networks_can_be_trained_whole(name: str, monkeypatch, tmp_path) -> None:
    """With any weights, two images, one step: the shapes fit and every parameter gets a gradient."""
    backbone = backbones.find(name)
    for fill in ("kaiming_uniform_", "kaiming_normal_", "normal_", "uniform_", "trunc_normal_"):
        monkeypatch.setattr(torch.nn.init, fill, lambda tensor, *_, **__: tensor)  # drawing them is slow
    monkeypatch.setattr("experiments.transfer.inside.load", lambda b, weights: b.build())
    path = {"vgg16": "classifier.4"}.get(name.split("/")[1], "encoder.ln")
    width = 4096 if "vgg" in name else 768
    network = Inside(backbone, tmp_path, path, None, torch.nn.Linear(width, 15))
    grey = torch.randint(0, 256, (2, 224, 224), dtype=torch.uint8)
    logits = network.whole.train()(network.before(grey))
    assert logits.shape == (2, 15)
    logits.square().sum().backward()
    assert all(p.grad is not None for p in network.trained.parameters())
