import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file
from scipy.special import softmax

from experiments.data import letters
from experiments.visualize import class_visualization, pictures, subjects
from experiments.visualize.ascent import Batch
from experiments.visualize.class_visualization import Settings
from experiments.visualize.variants import VARIANTS, Variant
from figures.ascent import CURVES
from report import stage
from report.errors import ColophonError

LETTERS = {
    "network": "small/squeezenet",
    "others": ("small/vgg", "small/squeezenet"),
    "collection": "letters",
}
ROWS = (
    Variant(name="first", target="subject", iterations=4, marks=(2,), seeds=(1, 2)),
    Variant(name="smooth", target="subject", iterations=4, blur_every=1, seeds=(1, 2), marks=(2,)),
    Variant(name="other", target="Z", iterations=3, start="subject", frames_every=2),
)
CLASSES = {"subject": "Q"}


@pytest.fixture
def both(untrained) -> list[stage.Result]:
    return [untrained("small/squeezenet"), untrained("small/vgg")]


def test_metrics_tell_what_networks_say_of_the_pictures_that_were_written(run_stage, load, both) -> None:
    metrics, result = run_stage(class_visualization, both, variants=ROWS, classes=CLASSES, **LETTERS)
    assert metrics.others == ["VGG (small)"] and metrics.jitter == 2
    assert metrics.gradients == 2 * 4 + 2 * 4 + 3
    networks = [load(result) for result in both]
    for name, target in (("first", "Q"), ("other", "Z")):
        drawn = metrics.variants[name]
        saved = np.asarray(result.array(drawn.pictures))
        trace = np.asarray(result.array(drawn.trace))
        index = letters.CLASSES.index(target)
        assert drawn.target == target
        for place, mark in enumerate(drawn.marks):
            images = saved[:, place]
            scores, others = (pictures.logits(network, images) for network in networks)
            np.testing.assert_allclose(mark.logit, scores[:, index], atol=1e-4)
            np.testing.assert_allclose(mark.probability, softmax(scores, axis=1)[:, index], atol=1e-5)
            np.testing.assert_allclose(mark.elsewhere, softmax(others, axis=1)[:, index], atol=1e-5)
            assert mark.recognised == np.sum(scores.argmax(axis=1) == index)
            np.testing.assert_allclose(mark.variation, pictures.total_variation(images), rtol=1e-6)
            (point,) = np.flatnonzero(trace[0, :, 0] == mark.iteration)
            np.testing.assert_allclose(trace[:, point, 1], mark.probability, rtol=1e-6)
    assert result.array("frames-other").shape == (3, 32, 32, 3)  # after 0, 2 and 3 iterations
    assert [mark.iteration for mark in metrics.variants["first"].marks] == [0, 2, 4]


def test_the_pictures_to_start_from_are_told_by_their_own_classes(run_stage, load, nothing, both) -> None:
    metrics, _ = run_stage(
        class_visualization, both, variants=ROWS[:1], classes=CLASSES, images=30, sigma=0.7, **LETTERS
    )
    own = load(both[0])
    found = subjects.load("letters", own.backbone, 30, nothing)
    with torch.no_grad():
        scores = own.logits(own.normalized(found.images)).numpy()
    true = [row[label] for row, label in zip(scores, found.labels, strict=True)]
    assert metrics.picture_logit == pytest.approx(np.mean(true), abs=1e-4)
    assert metrics.picture_logit_highest == pytest.approx(max(true), abs=1e-4)
    levels = found.images.astype(int)
    steps = [np.abs(np.diff(levels, axis=axis)).ravel() for axis in (1, 2)]
    assert metrics.picture_variation == pytest.approx(np.concatenate(steps).mean(), rel=1e-4)
    assert (metrics.pictures, metrics.collection, metrics.sigma) == (30, found.title, 0.7)


def test_a_variant_is_compared_with_the_first_of_the_same_seeds(run_stage, both) -> None:
    metrics, result = run_stage(class_visualization, both, variants=ROWS, classes=CLASSES, **LETTERS)
    first, smooth, other = (metrics.variants[row.name] for row in ROWS)
    assert first.marks[-1].distance is None and other.marks[-1].distance is None
    assert smooth.marks[0].distance == [0, 0]  # one noise
    ends = [np.asarray(result.array(drawn.pictures))[:, -1] for drawn in (smooth, first)]
    expected = [pictures.distance(a, b) for a, b in zip(*ends, strict=True)]
    assert smooth.marks[-1].distance == expected and min(expected) > 1
    assert smooth.marks[-1].spread == pytest.approx(pictures.distance(*ends[0]))
    assert max(smooth.marks[-1].variation) < min(first.marks[-1].variation)
    assert other.marks[0].moved == [0] and other.marks[0].spread is None


def test_variants_that_differ_in_length_alone_share_their_gradients(run_stage, both) -> None:
    row = ROWS[0].model_dump()
    brief = Variant(**(row | {"name": "brief", "iterations": 3, "marks": (), "seeds": (2,)}))
    same = {"classes": CLASSES, **LETTERS}
    metrics, result = run_stage(class_visualization, both, variants=(brief, *ROWS[:2]), **same)
    assert metrics.gradients == 2 * 4 + 2 * 4
    alone, other = run_stage(class_visualization, both, variants=(brief,), folder="alone", **same)
    assert alone.gradients == 3
    shared, own = (np.asarray(one.array("pictures-brief")).astype(int) for one in (result, other))
    assert shared.shape == own.shape == (1, 2, 32, 32, 3)
    assert np.abs(shared - own).max() <= 1  # rounding in a batch of another size
    assert metrics.variants["brief"].gradient == pytest.approx(alone.variants["brief"].gradient, rel=1e-3)
    assert metrics.variants["first"].marks[-1].distance is None  # the first variant has not that seed


def test_a_float32_variant_is_run_anew_only_where_the_others_are_not_float32(run_stage, both) -> None:
    exact = ROWS[0].model_copy(update={"name": "exact", "precision": "float32"})
    for precision, times in (("float32", 1), ("bfloat16", 2)):
        metrics, _ = run_stage(
            class_visualization, both, variants=(ROWS[0], exact), classes=CLASSES, precision=precision,
            folder=precision, **LETTERS,
        )  # fmt: skip
        assert (metrics.precision, metrics.gradients) == (precision, times * 2 * 4)
        apart = metrics.variants["exact"].marks[-1].distance
        assert (max(apart) > 0) == (times == 2)


def test_what_is_drawn_as_a_curve_is_judged_all_along_its_way_and_all_else_at_its_marks(
    run_stage, both
) -> None:
    assert {row.name for row in VARIANTS if row.curve} == set(CURVES)
    rows = (ROWS[0], ROWS[1].model_copy(update={"curve": True}))
    metrics, result = run_stage(class_visualization, both, variants=rows, classes=CLASSES, **LETTERS)
    points = [result.array(metrics.variants[row.name].trace)[0, :, 0].tolist() for row in rows]
    assert points == [[0, 2, 4], [0, 1, 2, 4]]


def test_gradients_that_are_nothing_are_counted(run_stage, both) -> None:
    file = both[0].path("weights.safetensors")
    weights = load_file(file)
    weights["classifier.1.bias"][letters.CLASSES.index("Q")] = -1e6  # SqueezeNet's scores pass a ReLU
    save_file(weights, file)
    metrics, _ = run_stage(class_visualization, both, variants=ROWS, classes=CLASSES, **LETTERS)
    assert (metrics.dead, metrics.gradients) == (2 * 4 + 2 * 4, 2 * 4 + 2 * 4 + 3)


def test_an_interrupted_stage_goes_on_to_the_same_pictures(run_stage, both, monkeypatch) -> None:
    few = {"variants": ROWS, "classes": CLASSES, "batch_size": 2, **LETTERS}
    whole, one = run_stage(class_visualization, both, folder="whole", **few)
    iterate, done = Batch._iterate, []

    def interrupted(batch: Batch, count: int) -> None:
        done.append(count)
        if len(done) == 7:  # in the second batch
            raise KeyboardInterrupt
        iterate(batch, count)

    monkeypatch.setattr(Batch, "_iterate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_stage(class_visualization, both, folder="cut", **few)
    resumed, two = run_stage(class_visualization, both, folder="cut", **few)
    assert len(done) == 7 + 4 + 3  # the first batch was not run again
    assert resumed == whole
    for row in ROWS:
        name = f"pictures-{row.name}.npy"
        assert one.path(name).read_bytes() == two.path(name).read_bytes()


def test_a_profile_may_limit_a_network_to_some_variants_and_all_to_few_iterations(run_stage, both) -> None:
    metrics, _ = run_stage(
        class_visualization, both, variants=ROWS, classes=CLASSES, most_iterations=2, rate_factor=0.5,
        limited={"small/squeezenet": {"smooth": 1, "other": 3}}, **LETTERS,
    )  # fmt: skip
    assert {name: drawn.iterations for name, drawn in metrics.variants.items()} == {"smooth": 2, "other": 2}
    assert [mark.iteration for mark in metrics.variants["smooth"].marks] == [0, 2]
    assert {name: drawn.seeds for name, drawn in metrics.variants.items()} == {"smooth": 1, "other": 1}
    assert metrics.variants["smooth"].learning_rate == 2.5


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"target": "ß"}, "know no class 'ß'"),
        ({"start": "nosuch"}, "know no class 'nosuch'"),
        ({"start": "Y"}, "none of the 2 letters of unseen fonts shows Y"),
    ],
)
def test_a_class_that_does_not_exist_or_is_not_shown_is_refused(run_stage, both, row, message) -> None:
    variants = (Variant(name="a", iterations=1, **({"target": "Q"} | row)),)
    with pytest.raises(ColophonError, match=message):
        run_stage(class_visualization, both, variants=variants, images=2, **LETTERS)


def test_networks_of_other_classes_cannot_judge(run_stage, both, with_random_weights) -> None:
    with pytest.raises(ColophonError, match="know different classes"):
        run_stage(
            class_visualization, both, with_random_weights, network="small/squeezenet",
            others=("torchvision/squeezenet1_1",), collection="letters",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"iterations": 0}, "iterations"),
        ({"l2": -1e-3}, "l2"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"blur_every": 0}, "blur_every"),
        ({"marks": (5, 2)}, "do not rise"),
        ({"marks": (200,)}, "reach its 200 iterations"),
        ({"seeds": (1, 1)}, "not distinct"),
        ({"penalty": "cubed"}, "penalty"),
        ({"name": "A b"}, "name"),
    ],
)
def test_a_variant_that_cannot_be_run_is_refused(row, message) -> None:
    with pytest.raises(ValidationError, match=message):
        Variant(**({"name": "a"} | row))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"network": "torchvision/nosuch"}, "unknown backbone"),
        ({"others": ("torchvision/squeezenet1_1",)}, "none can judge"),
        ({"variants": (VARIANTS[0], VARIANTS[0])}, "baseline is there twice"),
        ({"limited": {"small/vgg": {"nosuch": 1}}}, "no variant is called nosuch"),
        ({"limited": {"small/vgg": {"baseline": 0}}}, "greater than 0"),
        ({"limited": {"small/vgg": {}}}, "a network without a variant"),
        ({"sigma": 0}, "sigma"),
    ],
)
def test_settings_that_cannot_be_run_are_refused(given, message) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings(**given)
