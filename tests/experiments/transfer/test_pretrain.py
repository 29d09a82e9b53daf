from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from safetensors.numpy import load_file

from experiments.nn import backbones, training
from experiments.transfer import pretrain

TINY = {"train_per_class": 10, "validation_per_class": 4, "epochs": 2, "batch_size": 32}


@pytest.mark.parametrize("backbone", ["small/vgg", "small/squeezenet", "small/vit"])
def test_the_same_settings_give_the_same_weights_and_metrics(run_stage, backbone: str) -> None:
    first, one = run_stage(pretrain, backbone=backbone, folder="one", **TINY)
    again, two = run_stage(pretrain, backbone=backbone, folder="two", **TINY)
    assert first == again
    assert one.path("weights.safetensors").read_bytes() == (two.path("weights.safetensors").read_bytes())


def test_an_interrupted_stage_goes_on_to_the_same_weights(run_stage, monkeypatch) -> None:
    whole, one = run_stage(pretrain, folder="whole", **TINY)
    epoch = training.Trainer.epoch

    def interrupted(trainer: training.Trainer, *data) -> None:
        if trainer.epochs_done == 1:
            raise KeyboardInterrupt
        epoch(trainer, *data)

    monkeypatch.setattr(training.Trainer, "epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_stage(pretrain, folder="cut", **TINY)
    monkeypatch.setattr(training.Trainer, "epoch", epoch)
    resumed, two = run_stage(pretrain, folder="cut", **TINY)
    assert resumed == whole
    assert np.array_equal(one.array("loss"), two.array("loss"))
    assert one.path("weights.safetensors").read_bytes() == (two.path("weights.safetensors").read_bytes())


def test_the_weights_fit_the_backbone_and_the_counts_are_right(run_stage) -> None:
    metrics, result = run_stage(pretrain, backbone="small/vit", **TINY)
    network = backbones.load(backbones.find("small/vit"), result.path("weights.safetensors"))
    assert metrics.parameters == sum(p.numel() for p in network.parameters())
    assert set(load_file(result.path("weights.safetensors"))) == set(network.state_dict())
    assert metrics.train_images == 260 and metrics.validation.total == 104
    assert metrics.iterations == len(result.array("loss")) == 2 * (260 // 32)


def test_half_a_minute_of_letters_is_not_needed_to_beat_chance(run_stage) -> None:
    settings = {**TINY, "train_per_class": 60, "epochs": 2, "batch_size": 32}
    metrics, _ = run_stage(pretrain, backbone="small/vgg", **settings)
    assert metrics.validation.low > 3 / 26


@pytest.mark.parametrize(
    ("key", "value"),
    [("epochs", 0), ("learning_rate", 0.0), ("backbone", "small/resnet"), ("epoch", 3)],
)
def test_settings_out_of_range_or_unknown_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        pretrain.Settings(**{key: value})
