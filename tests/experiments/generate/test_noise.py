"""What the noise stands for, with generators that draw as they are told here."""

import numpy as np
import pytest
from pydantic import ValidationError

from experiments.generate import classifier, columns, noise, ways
from experiments.generate import kept as kept_generators
from report import stage
from report.errors import ColophonError

SMALL = {"pairs": 30, "shown": 3, "steps": 5, "columns": 20, "shuffles": 99}


@pytest.fixture
def judge(run_stage, small_digits) -> stage.Result:
    return run_stage(classifier, epochs=8, batch_size=20, width=4, shift=0, folder="classifier")[1]


@pytest.fixture
def needs(judge, trained) -> list[stage.Result]:
    return [judge, trained(), trained(("conditional", "blind"), "generate/cdcgan")]


def test_the_pictures_kept_are_those_between_the_first_pairs(run_stage, needs) -> None:
    metrics, result = run_stage(noise, needs, folder="out", **SMALL)
    line, sphere = result.array("line"), result.array("sphere")
    assert line.shape == sphere.shape == (3, 5, 32, 32) and line.dtype == np.uint8
    assert np.array_equal(line[:, [0, -1]], sphere[:, [0, -1]])
    assert not np.array_equal(line[:, 2], sphere[:, 2])
    generator = kept_generators.load_generator(needs[1], 1)
    ends = kept_generators.noise(60, 6, 2000 + 1)
    middle = kept_generators.draw(generator, (ends[:3] + ends[30:33]) / 2)
    assert np.abs(line[:, 2].astype(int) - middle).max() <= 1
    found = metrics.ways
    assert (found.pairs, found.shown, found.noise) == (30, 3, 6)
    assert found.length_line < found.length_sphere == pytest.approx(found.length_ends, rel=0.1)
    assert [step.alpha for step in found.steps] == [0, 0.25, 0.5, 0.75, 1]
    assert found.steps[2].sphere == found.sphere
    assert run_stage(noise, needs, folder="again", **SMALL)[0] == metrics


def test_confidence_is_lost_where_the_noise_is_too_short(
    run_stage, needs, monkeypatch, small_digits
) -> None:
    """Here a generator draws a digit from long noise and an empty picture from short noise."""
    train, _ = small_digits

    def draw(generator, vectors, labels=None):
        sure = vectors.norm(dim=1).numpy() > 2.0
        return np.where(sure[:, None, None], train.images[0, ..., 0], 0).astype(np.uint8)

    def answer(network, images):
        sure = images.any((1, 2))
        probabilities = np.where(sure[:, None], np.eye(10)[0], 0.1)
        return classifier.features.Answers(np.zeros((len(images), 1)), probabilities)

    monkeypatch.setattr(ways, "draw", draw)
    monkeypatch.setattr(ways, "answer", answer)
    metrics, _ = run_stage(noise, needs, folder="out", **SMALL)
    for run in metrics.ways.runs:
        both = kept_generators.noise(60, 6, 2000 + run.seed).reshape(2, 30, 6)
        assert run.line == pytest.approx(float((both.mean(0).norm(dim=1) > 2.0).double().mean()))
        assert run.ends == pytest.approx(float((both.norm(dim=2) > 2.0).double().mean()))
    assert metrics.ways.line.value < metrics.ways.ends.value


def test_style_that_the_noise_decides_is_shared_and_other_style_is_not(
    run_stage, needs, monkeypatch
) -> None:
    """Bars whose thickness the noise decides, and whose grey level is drawn anew for each picture."""

    def draw(generator, vectors, labels):
        assert labels.tolist()[:12] == [*range(10), 0, 1]  # a column is ten classes
        images = np.zeros((len(vectors), 32, 32), dtype=np.uint8)
        greys = np.random.default_rng(0).integers(100, 200, len(vectors))
        for image, vector, grey in zip(images, vectors.numpy(), greys, strict=True):
            image[8:24, 4 : 8 + int(4 * abs(vector[0]))] = grey
        return images

    monkeypatch.setattr(columns, "draw", draw)
    metrics, _ = run_stage(noise, needs, folder="out", **SMALL)
    assert [method.slug for method in metrics.shared] == ["conditional", "blind"]
    for method in metrics.shared:
        assert method.width.shared.value == pytest.approx(1) and method.width.above == 2
        assert 0.3 < method.ink.shared.value < 1
        assert method.slant.shared.value == pytest.approx(0, abs=1e-6) and method.slant.above == 0
        for run in method.width.runs:
            assert run.low < 0 < run.high < run.shared and run.p == 1 / 100


def test_interpolation_needs_the_default_variant_and_a_middle(run_stage, judge, trained) -> None:
    other = [judge, trained(("long",)), trained(("conditional",), "generate/cdcgan")]
    with pytest.raises(ColophonError, match="no variant default, only: long"):
        run_stage(noise, other, **SMALL)
    with pytest.raises(ValidationError, match="an even number of steps has no middle"):
        noise.Settings(steps=4)
