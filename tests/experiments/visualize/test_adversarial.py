"""The stages of the adversarial examples, on small untrained networks."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from experiments.data import letters
from experiments.nn import backbones
from experiments.visualize import (
    adversarial,
    budgets,
    fooled_example,
    frozen,
    one_pixel,
    subjects,
    transferability,
)
from experiments.visualize.fooling import Plan
from experiments.visualize.subjects import Subjects
from report import stage
from report.errors import ColophonError

FEW = {"collection": "letters", "images": 4}
EXAMPLE = "Q"
PLAN = {
    "example": EXAMPLE,
    "example_target": "S",
    "targets": 2,
    "iterations": 25,
    "beyond": 2,
    "clamp": True,
}


@pytest.fixture
def pretrained(untrained) -> stage.Result:
    return untrained("small/vgg")


@pytest.fixture
def network(load, pretrained) -> frozen.Frozen:
    return load(pretrained)


@pytest.fixture
def attacked(run_stage, pretrained):
    return run_stage(adversarial, [pretrained], backbone="small/vgg", **FEW, **PLAN)


def test_counts_and_shares_follow_from_what_was_saved(attacked, network) -> None:
    metrics, result = attacked
    reached, owner, target = (np.asarray(result.array(name)) for name in ("reached", "owner", "target"))
    assert owner.tolist() == [i for i in range(4) for _ in range(2)]
    assert metrics.attacks == 8 and metrics.reached == reached.sum() > 0
    assert metrics.attacks == metrics.reached + metrics.dead + metrics.ran_out
    by_picture = [reached[owner == i].mean() for i in range(4)]
    assert metrics.fooled.value == pytest.approx(np.mean(by_picture))

    saved = np.asarray(result.array("boundary"))[reached]
    said = network.logits(network.normalized(saved)).argmax(1).numpy()
    rounded = metrics.boundary.treatments[1]
    kept = said == target[reached]
    expected = [kept[owner[reached] == i].mean() for i in np.unique(owner[reached])]
    assert rounded.title == "rounded to 8 bits" and rounded.target_by_picture == pytest.approx(expected)
    assert metrics.boundary.treatments[0].target.value == 1
    assert metrics.further.iterations == metrics.boundary.iterations + 2


def test_the_example_is_the_original_plus_its_difference(attacked) -> None:
    metrics, result = attacked
    original, fooled, difference, trace = (
        np.asarray(result.array(f"example-{name}"))
        for name in ("original", "fooled", "difference", "trace")
    )
    np.testing.assert_allclose(fooled, original + difference, atol=0.51)
    example = metrics.example
    assert np.linalg.norm(difference) == pytest.approx(example.size.l2, rel=1e-4)
    assert np.abs(difference).max() == pytest.approx(example.size.linf, rel=1e-4)
    assert example.clipped == pytest.approx(np.mean(10 * np.abs(difference) > 127.5))
    assert trace[0] == pytest.approx([example.before.original, example.before.target], abs=1e-5)
    at = min(example.iterations, len(trace) - 1)
    assert trace[at] == pytest.approx([example.after.original, example.after.target], abs=1e-5)


def test_the_same_seed_gives_the_same_attacks(attacked, run_stage, pretrained) -> None:
    first, result = attacked
    again, _ = run_stage(adversarial, [pretrained], folder="again", backbone="small/vgg", **FEW, **PLAN)
    assert again == first
    other, there = run_stage(
        adversarial, [pretrained], folder="other", backbone="small/vgg", seed=2, **FEW, **PLAN
    )
    assert not np.array_equal(there.array("target"), result.array("target"))
    assert other.example == first.example


def test_targets_are_neither_the_true_class_nor_the_one_that_is_named() -> None:
    few = ["a", "b", "c", "d"]
    labels = np.array([0, 1, 2] * 20)
    named = np.array([0, 2, 3] * 20)
    pictures = Subjects(np.zeros((60, 1, 1, 3), dtype=np.uint8), labels, few, "")
    drawn = adversarial.draw_targets(named, pictures, 2, seed=0).reshape(60, 2)
    for row, label, name in zip(drawn, labels, named, strict=True):
        assert len({*row, label, name}) == 2 + len({label, name})
    assert len({tuple(row) for row in drawn}) > 4
    with pytest.raises(ColophonError, match="3 targets, but 2 classes are left"):
        adversarial.draw_targets(named, pictures, 3, seed=0)


@pytest.mark.parametrize("iterations", [1, 25])
def test_the_probability_of_what_is_named_is_told_whether_or_not_the_attack_succeeds(
    run_stage, pretrained, network, nothing, iterations
) -> None:
    pictures = subjects.load("letters", backbones.find("small/vgg"), 4, nothing)
    arrays: dict[str, np.ndarray] = {}
    outputs: Any = SimpleNamespace(save=arrays.__setitem__)
    plan = Plan(step=1, iterations=iterations)
    made = fooled_example.make(network, pictures, (EXAMPLE, "S"), plan, None, outputs)
    assert made.reached == (iterations == 25)
    original, fooled = arrays["example-original"], arrays["example-fooled"]
    moved = torch.from_numpy(original + arrays["example-difference"].astype(float)).permute(2, 0, 1)[None]
    shown = {
        "before": network.normalized(original[None]),
        "after": network.from_grey_levels(moved.float()),
        "saved": network.normalized(fooled[None]),
    }
    for name, picture in shown.items():
        probabilities = network.logits(picture).softmax(1)[0].numpy()
        reading = getattr(made, name)
        assert reading.named == letters.CLASSES[probabilities.argmax()]
        assert reading.probability == pytest.approx(probabilities.max(), abs=1e-4)
        assert reading.target == pytest.approx(probabilities[letters.CLASSES.index("S")], abs=1e-4)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"example": "stingray"}, "no class 'stingray'"),
        ({"example_target": "6"}, "no class '6'"),
        ({"example": "A"}, "none of the 4 pictures shows 'A'"),
        ({"step": 1e-4}, "none of 8 attacks on small/vgg reached its target"),
    ],
)
def test_examples_that_cannot_be_made_and_attacks_that_all_fail_are_refused(
    run_stage, pretrained, changed, message
) -> None:
    with pytest.raises(ColophonError, match=message):
        run_stage(adversarial, [pretrained], backbone="small/vgg", **FEW, **(PLAN | changed))


def test_an_example_that_the_network_takes_for_its_target_already_is_refused(
    run_stage, pretrained, network, nothing
) -> None:
    pictures = subjects.load("letters", backbones.find("small/vgg"), 4, nothing)
    said = network.logits(network.normalized(pictures.images)).argmax(1)
    present = letters.CLASSES[int(said[pictures.names().index(EXAMPLE)])]
    with pytest.raises(ColophonError, match="says it is already"):
        run_stage(
            adversarial,
            [pretrained],
            backbone="small/vgg",
            **FEW,
            **(PLAN | {"example_target": present}),
        )


def test_a_network_is_judged_beside_others_on_what_was_saved(
    attacked, run_stage, pretrained, untrained, network, nothing
) -> None:
    recorded, result = attacked
    source = stage.Result("visualize/adversarial", {"backbone": "small/vgg"}, result.directory)
    trained = [pretrained, untrained("small/vit")]
    metrics, _ = run_stage(
        transferability, [source, *trained], folder="judged", backbones=["small/vgg", "small/vit"], **FEW
    )
    (other,) = metrics.pairs
    assert other.source == "VGG (small)" and other.judge == "ViT (small)"
    inputs, settings = stage.Inputs([], nothing), transferability.Settings(**FEW)
    itself = transferability.pair(source, network, settings, inputs)
    rounded, further = (stop.treatments[1] for stop in (recorded.boundary, recorded.further))
    assert itself.boundary.target == rounded.target and itself.boundary.changed == rounded.changed
    assert itself.further.target == further.target and itself.further.changed == further.changed


def test_accuracy_falls_with_the_budget_and_a_stronger_attack_leaves_no_more(
    run_stage, pretrained, nothing
) -> None:
    metrics, result = run_stage(
        budgets, [pretrained], backbone="small/vgg", budgets=[0, 64, 16], steps=3, **FEW
    )
    assert [row.budget for row in metrics.budgets] == [0, 16, 64]
    left = [row.pgd.accuracy.correct for row in metrics.budgets]
    assert left == sorted(left, reverse=True)
    clean = np.asarray(result.array("correct-clean"))
    assert metrics.clean.accuracy.correct == clean.sum()
    assert left == [np.asarray(result.array(row.pgd.correct)).sum() for row in metrics.budgets]
    for row in (metrics.clean, metrics.budgets[0].fgsm, metrics.budgets[0].pgd):
        np.testing.assert_array_equal(result.array(row.correct), clean)  # no budget, no attack
    labels = subjects.load("letters", backbones.find("small/vgg"), 4, nothing).labels
    np.testing.assert_array_equal(result.array("labels"), labels)


def test_one_pixel_is_sought_in_pictures_that_are_named_rightly(
    run_stage, pretrained, network, nothing
) -> None:
    pictures = subjects.load("letters", backbones.find("small/vgg"), 25, nothing)
    said = network.logits(network.normalized(pictures.images)).argmax(1).numpy()
    right = np.flatnonzero(said == pictures.labels)
    settings = {"collection": "letters", "backbone": "small/vgg", "population": 6, "generations": 2}
    metrics, result = run_stage(one_pixel, [pretrained], attacked=2, **settings)
    assert [attempt.true for attempt in metrics.attempts] == [pictures.names()[i] for i in right[:2]]
    share = np.mean([attempt.fooled for attempt in metrics.attempts])
    assert metrics.fooled.value == pytest.approx(share) and metrics.fooled.total == 2
    falls = [attempt.before - attempt.after for attempt in metrics.attempts]
    assert metrics.drop == pytest.approx(100 * np.median(falls))
    assert 2 * 6 <= metrics.queries <= 2 * 6 * (1 + 2)
    original, fooled = np.array(result.array("original")), np.array(result.array("fooled"))
    assert (original != fooled).any(axis=2).sum() <= 1
    shown = metrics.attempts[metrics.shown]
    again = network.logits(network.normalized(fooled[None])).softmax(1)[0]
    assert shown.named == letters.CLASSES[int(again.argmax())]
    assert shown.after == pytest.approx(float(again[letters.CLASSES.index(shown.true)]), abs=1e-5)


def test_a_network_that_is_always_wrong_leaves_nothing_to_fool(run_stage, pretrained, monkeypatch) -> None:
    load = subjects.load

    def mislabelled(*args) -> Subjects:
        return replace(load(*args), labels=np.full(4, -1))

    monkeypatch.setattr(subjects, "load", mislabelled)
    with pytest.raises(ColophonError, match="names no picture of letters rightly"):
        run_stage(one_pixel, [pretrained], backbone="small/vgg", **FEW)
