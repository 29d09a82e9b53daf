import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from experiments.nn import backbones
from experiments.transfer import features, pretrain
from report.errors import ColophonError

TINY = {"train_per_class": 4, "validation_per_class": 2, "epochs": 1, "batch_size": 32}


@pytest.fixture
def trained(run_stage):
    _, result = run_stage(pretrain, folder="pretrain", backbone="small/vgg", **TINY)
    return result


@pytest.fixture
def scenes(tmp_path):
    """A folder in 15-Scene's form: 2 classes, 3 train and 2 test images each, one leaked."""
    root = tmp_path / "scenes"
    rng = np.random.default_rng(0)
    for split, count in (("train", 3), ("test", 2)):
        for label in ("coast", "forest"):
            folder = root / split / label
            folder.mkdir(parents=True)
            for index in range(count):
                grey = rng.integers(0, 256, (50, 40), dtype=np.uint8)
                Image.fromarray(grey).save(folder / f"image_{index}.jpg")
    leaked = (root / "train/coast/image_0.jpg").read_bytes()
    (root / "test/coast/image_1.jpg").write_bytes(leaked)
    return root


def test_digits_get_the_features_of_the_trained_network(run_stage, trained) -> None:
    metrics, result = run_stage(
        features, [trained], backbone="small/vgg", dataset="digits", precision="float32"
    )
    assert (metrics.train, metrics.test, metrics.classes) == (100, 1697, 10)
    assert [layer.label for layer in metrics.layers] == ["relu6", "relu7", "fc8"]
    network: Any = backbones.load(backbones.find("small/vgg"), trained.path("weights.safetensors"))
    relu6, relu7, fc8 = (
        torch.from_numpy(np.array(result.array(f"test-{layer.array}"))) for layer in metrics.layers
    )
    with torch.no_grad():  # the saved layers follow from one another through the classifier
        torch.testing.assert_close(network.classifier[3:5](relu6), relu7, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(network.classifier[6](relu7), fc8, rtol=1e-4, atol=1e-4)
    assert len(json.loads(result.path("test-files.json").read_text())) == 1697


def test_a_leaked_test_image_is_marked_and_has_the_same_features(run_stage, trained, scenes) -> None:
    metrics, result = run_stage(
        features, [trained], lambda name: scenes, backbone="small/vgg", batch_size=3
    )
    assert (metrics.duplicate_groups, metrics.test_duplicates) == (1, 1)
    assert metrics.class_names == ["coast", "forest"]
    files = json.loads(result.path("test-files.json").read_text())
    (leaked,) = np.flatnonzero(result.array("test-duplicates"))
    assert files[leaked] == "test/coast/image_1.jpg"
    np.testing.assert_allclose(
        result.array("test-relu6")[leaked], result.array("train-relu6")[0], rtol=1e-2, atol=1e-2
    )


def test_in_bfloat16_the_parameters_are_those_of_the_network_as_trained(run_stage, trained, scenes) -> None:
    metrics, _ = run_stage(
        features, [trained], lambda name: scenes, backbone="small/vgg", precision="bfloat16"
    )
    assert metrics.parameters == sum(p.numel() for p in backbones.find("small/vgg").build().parameters())


def test_one_layer_can_be_chosen(run_stage, trained, scenes) -> None:
    metrics, result = run_stage(
        features, [trained], lambda name: scenes, backbone="small/vgg", layers=("relu7",)
    )
    assert [layer.label for layer in metrics.layers] == ["relu7"]
    with pytest.raises(ColophonError, match=r"no output 'train-relu6\.npy'"):
        result.array("train-relu6")


def test_a_truncated_jpeg_stops_the_stage_with_its_name(run_stage, trained, scenes) -> None:
    path = scenes / "test/forest/image_0.jpg"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ColophonError, match=r"test/forest/image_0\.jpg"):
        run_stage(features, [trained], lambda name: scenes, backbone="small/vgg")


def test_missing_data_and_weights_stop_the_stage(run_stage, scenes) -> None:
    with pytest.raises(ColophonError, match="15-scene is missing"):
        run_stage(features, backbone="small/vgg")
    with pytest.raises(ColophonError, match="small/vgg has no weights"):
        run_stage(features, backbone="small/vgg", dataset="digits")

    def only_scenes(name: str):
        if name == "15-scene":
            return scenes
        raise ColophonError(f"{name} is missing")

    with pytest.raises(ColophonError, match="torchvision/vgg16 is missing"):
        run_stage(features, data=only_scenes, backbone="torchvision/vgg16")


def test_an_unknown_layer_stops_the_stage_with_the_known_ones(run_stage, trained) -> None:
    with pytest.raises(ColophonError, match="Its layers: relu6, relu7, fc8"):
        run_stage(features, [trained], backbone="small/vgg", dataset="digits", layers=("conv5",))


@pytest.mark.parametrize(
    ("key", "value"),
    [("backbone", "resnet"), ("dataset", "cifar"), ("precision", "int8"), ("batch_size", 0)],
)
def test_settings_out_of_range_or_unknown_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        features.Settings(**{key: value})
