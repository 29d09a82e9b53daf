from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from scipy.special import softmax

from experiments.data import imagenet, letters
from experiments.data.photos import labelled
from experiments.nn import backbones, inference
from experiments.transfer import predictions
from report.errors import ColophonError

SMALL = {"backbones": ("small/vgg",), "photos_from": "letters", "labelled_from": "letters", "labelled": 60}
REAL = {"backbones": ("torchvision/squeezenet1_1",), "photos_from": "photos"}


def test_the_five_classes_are_torchs_topk_of_the_softmax(run_stage, with_random_weights, samples) -> None:
    metrics, result = run_stage(predictions, data=with_random_weights, **REAL)
    backbone = backbones.find("torchvision/squeezenet1_1")
    network = backbones.load(backbone, with_random_weights(backbone.name))
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in backbones.IMAGENET)
    (row,) = metrics.networks
    for index, answer in enumerate(row.answers):
        image = Image.open(samples / answer.file).resize((224, 224), Image.Resampling.BILINEAR)
        pixels = torch.tensor(np.asarray(image)).permute(2, 0, 1) / 255
        with torch.no_grad():
            values, places = network((pixels - mean)[None] / std).softmax(1).topk(5)
        assert [g.name for g in answer.top] == [imagenet.CLASSES[i] for i in places[0]]
        np.testing.assert_allclose([g.probability for g in answer.top], values[0], rtol=1e-4)
        np.testing.assert_array_equal(result.array("images-squeezenet-1-1")[index], np.asarray(image))
        assert result.array(f"photo-{index}").shape == (50, 40, 3)


def test_a_photo_without_a_class_is_neither_right_nor_wrong(run_stage, with_random_weights) -> None:
    metrics, _ = run_stage(predictions, data=with_random_weights, **REAL)
    assert [photo.true for photo in metrics.photos] == [None, "tench", "wombat", "komondor"]
    assert metrics.photos[0].title == "friend"
    unknown, *known = metrics.networks[0].answers
    assert (unknown.first_right, unknown.among_five, unknown.rank, unknown.probability) == (None,) * 4
    for answer in known:
        assert answer.first_right is (answer.rank == 1) is (answer.top[0].name == answer.true)
        assert answer.among_five is (answer.true in [guess.name for guess in answer.top])
    assert (metrics.shown, metrics.shown_known, metrics.labelled) == (4, 3, 3)


def test_accuracies_belong_to_the_arrays_that_are_written(run_stage, untrained) -> None:
    metrics, result = run_stage(predictions, [untrained("small/vgg")], **SMALL)
    (row,) = metrics.networks
    correct = np.array(result.array(row.correct))
    assert correct.dtype == bool and correct.shape == result.array("labels").shape == (60,)
    assert row.accuracy.correct == correct.sum() <= row.top5.correct
    counts, confidence, accuracy = result.array(row.reliability)
    assert counts.sum() == 60
    assert row.confidence == pytest.approx(np.sum(counts * confidence) / 60)
    assert row.calibration_error == pytest.approx(np.sum(counts * np.abs(accuracy - confidence)) / 60)
    assert row.overconfidence == pytest.approx(100 * (row.confidence - row.accuracy.value))


def test_ranks_run_from_one_for_the_first_class_to_the_last(run_stage, untrained) -> None:
    result = untrained("small/vgg")
    backbone = backbones.find("small/vgg")
    network = backbones.load(backbone, result.path("weights.safetensors"))
    found = labelled("letters", 60, letters.CLASSES, lambda name: Path())
    said = softmax(np.concatenate(list(inference.of_photos(network, backbone, found))), axis=1)
    assert (predictions.ranks(said, said.argmax(axis=1)) == 1).all()
    assert (predictions.ranks(said, said.argmin(axis=1)) == 26).all()


def test_networks_of_different_classes_are_refused(run_stage) -> None:
    with pytest.raises(ColophonError, match="know different classes"):
        run_stage(predictions, backbones=("small/vgg", "torchvision/squeezenet1_1"))


def test_a_named_photo_that_is_missing_stops_the_stage(run_stage, with_random_weights) -> None:
    with pytest.raises(ColophonError, match=r"nowhere\.jpg is missing"):
        run_stage(predictions, data=with_random_weights, photos=("nowhere.jpg",), **REAL)


@pytest.mark.parametrize(("key", "value"), [("backbones", ()), ("backbones", ("x",)), ("labelled", 1)])
def test_settings_out_of_range_are_refused(key: str, value: Any) -> None:
    with pytest.raises(ValidationError, match=key):
        predictions.Settings(**{key: value})
