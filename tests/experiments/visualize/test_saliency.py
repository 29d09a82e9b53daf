from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from safetensors.torch import load_file, save_file

from experiments.nn import backbones
from experiments.visualize import agreement, frozen, randomisation, saliency, subjects
from experiments.visualize.maps import scaled
from experiments.visualize.saliency_metrics import average
from report import stage

SMALL: dict[str, Any] = {
    "collection": "letters", "images": 4, "samples": 2, "steps": 2, "cell": 4, "shares": (0.1, 0.5),
    "checks": 2, "shuffles": 1, "orders": 3, "precision": "float32",
}  # fmt: skip


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> Any:
    """Filled by the first test that runs the stage: it takes a second or two."""
    return {}


@pytest.fixture
def done(run_stage, untrained, load, nothing, seen) -> Any:
    if not seen:
        pretrained = untrained("small/vgg")
        metrics, result = run_stage(saliency, [pretrained], backbone="small/vgg", **SMALL)
        again, _ = run_stage(saliency, [pretrained], folder="again", backbone="small/vgg", **SMALL)
        network = load(pretrained)
        found = subjects.load("letters", network.backbone, 4, nothing)
        seen.update(metrics=metrics, again=again, result=result, network=network, found=found)
        seen["arrays"] = {path.stem: np.load(path) for path in result.directory.glob("*.npy")}
    return seen


def test_maps_are_captums_for_the_true_and_for_the_predicted_class(done) -> None:
    network, found, arrays = done["network"], done["found"], done["arrays"]
    images = network.normalized(found.images)
    oracle = attr.Saliency(network.network)
    predicted = network.logits(images).argmax(dim=1)
    for name, classes in (("true", torch.from_numpy(found.labels)), ("gradient", predicted)):
        theirs = oracle.attribute(images, target=classes).amax(dim=1)
        theirs /= theirs.amax(dim=(1, 2), keepdim=True)
        np.testing.assert_allclose(arrays[f"maps-{name}"], theirs.numpy(), atol=1e-3)
    np.testing.assert_array_equal(arrays["images"], found.images)
    names = [found.classes[index] for index in predicted]
    assert [picture.predicted for picture in done["metrics"].pictures] == names
    assert [picture.true for picture in done["metrics"].pictures] == found.names()


def test_consistent_is_what_beats_centre_and_edges_by_its_own_curves(done) -> None:
    metrics, arrays = done["metrics"], done["arrays"]
    assert metrics.shares == [0, 0.1, 0.5, 1]
    gains = {
        name: np.trapezoid(arrays[f"insertion-{name}"] - arrays[f"deletion-{name}"], metrics.shares, axis=1)
        for name in metrics.methods
    }
    for name, method in metrics.methods.items():
        np.testing.assert_allclose(method.gains, gains[name], atol=1e-6)
        assert method.gain.value == pytest.approx(np.mean(gains[name]))
    for name, place in (("gradient", "top"), ("random", "random")):  # a tenth is the second point
        masked = [getattr(picture, place) for picture in metrics.pictures]
        np.testing.assert_allclose(masked, arrays[f"deletion-{name}"][:, 1], rtol=1e-5)
    for index, picture in enumerate(metrics.pictures):
        best = max(gains["centre"][index], gains["edges"][index])
        assert picture.consistent == (gains["gradient"][index] > best)
        assert picture.hangs == (picture.top < min(picture.random, picture.least))
        assert picture.margin == pytest.approx(gains["gradient"][index] - best, abs=1e-6)
    assert metrics.consistent == sum(picture.consistent for picture in metrics.pictures)


def test_the_chance_to_be_consistent_counts_random_orders_by_the_same_rule(done) -> None:
    metrics = done["metrics"]
    chance, methods = metrics.chance, metrics.methods
    assert chance.orders == 3 and chance.map_values == [picture.consistent for picture in metrics.pictures]
    first = [
        random > max(centre, edges)
        for random, centre, edges in zip(
            *(methods[name].gains for name in ("random", "centre", "edges")), strict=True
        )
    ]
    for passed, share in zip(first, chance.random_values, strict=True):
        assert round(3 * share) in ((1, 2, 3) if passed else (0, 1, 2))
        assert share == pytest.approx(round(3 * share) / 3)
    assert chance.random.value == pytest.approx(np.mean(chance.random_values))


def test_half_precision_serves_the_quick_logits_alone(done) -> None:
    network, found = done["network"], done["found"]
    scene = saliency.Scene(network, found, "bfloat16")
    exact, quick = network.logits(scene.images), scene.quick_logits(scene.images)
    assert quick.dtype == torch.float32 and not torch.equal(quick, exact)
    torch.testing.assert_close(quick, exact, rtol=0.05, atol=0.05 * float(exact.abs().max()))
    torch.testing.assert_close(scene.scores, exact)
    assert all(weight.dtype == torch.float32 for weight in network.network.parameters())
    one, other = (
        s.smooth_maps(scene.predicted, 2, 0.15, 1) for s in (scene, replace(scene, precision="float32"))
    )
    assert randomisation.rank_correlations(one, other).min() > 0.9


def test_scaling_leaves_the_ranks_that_agreement_goes_by() -> None:
    rng = np.random.default_rng(0)
    maps, others = rng.lognormal(size=(2, 3, 32, 32)).astype(np.float32) * 40
    before, after = (
        randomisation.rank_correlations(agreement.reduced(one, 8), agreement.reduced(other, 8))
        for one, other in ((maps, others), (scaled(maps), scaled(others)))
    )
    np.testing.assert_allclose(after, before, atol=0.01)
    assert scaled(maps).max() == 1 and not scaled(np.zeros((1, 4, 4), dtype=np.float32)).any()


def test_curves_begin_and_end_alike_whatever_the_order(done) -> None:
    metrics, arrays = done["metrics"], done["arrays"]
    for kind in ("insertion", "deletion"):
        ends = [arrays[f"{kind}-{name}"][:, [0, -1]] for name in metrics.methods]
        assert all(np.array_equal(ends[0], end) for end in ends)
    intact = [picture.probability for picture in metrics.pictures]
    np.testing.assert_allclose(arrays["deletion-random"][:, 0], intact, rtol=1e-5)
    np.testing.assert_allclose(arrays["insertion-random"][:, -1], intact, rtol=1e-5)


def test_the_same_seed_gives_the_same_metrics(done) -> None:
    assert done["metrics"] == done["again"]


def test_a_convolutional_network_has_grad_cam_and_a_transformer_has_none(
    done, run_stage, untrained
) -> None:
    assert set(done["metrics"].checks) == {"gradient", "grad_cam"}
    metrics, result = run_stage(saliency, [untrained("small/vit")], backbone="small/vit", **SMALL)
    assert set(metrics.checks) == {"gradient"} and "grad_cam" not in metrics.methods
    assert not (result.directory / "maps-grad_cam.npy").exists()


def test_a_dead_class_is_counted_and_leaves_no_nan(run_stage, untrained, tmp_path) -> None:
    """The scores of SqueezeNet end in a ReLU: with biases far below zero all classes are dead."""
    pretrained = untrained("small/squeezenet")
    path = pretrained.path("weights.safetensors")
    state = load_file(path)
    state["classifier.1.bias"] -= 1e6
    save_file(state, path)
    metrics, result = run_stage(saliency, [pretrained], backbone="small/squeezenet", **SMALL)
    assert metrics.limits.dead == 4 and metrics.checks["gradient"].silent == metrics.checks["gradient"].maps
    assert not np.any(result.array("maps-true"))
    assert metrics.consistent == 0 and metrics.checks["gradient"].similarity[0].value == 0


def test_numbers_of_the_limits_are_exact_for_a_linear_network(nothing) -> None:
    """Without a bend the gradient foretells all, integrates to the difference, and noise leaves it alone."""
    torch.manual_seed(0)
    linear = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 32 * 32, 26))
    linear.requires_grad_(False)
    network = frozen.Frozen(backbones.find("small/vgg"), linear.eval(), torch.device("cpu"))
    scene = saliency.Scene(network, subjects.load("letters", network.backbone, 5, nothing))
    settings = saliency.Settings(collection="letters", images=5, cell=4)
    gradient, true = (scene.gradient_maps(classes) for classes in (scene.predicted, scene.true))
    integrated = scene.integrated(scene.predicted, 3)
    limits = saliency.limits_of(scene, settings, gradient, true, integrated)
    assert limits.completeness < 1e-4
    assert [limits.first_order_low, limits.first_order, limits.first_order_high] == pytest.approx([1] * 3)
    assert limits.shaken.value == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shares": (0.5, 0.1)}, "must rise"),
        ({"shares": (0.1, 1.0)}, "between 0 and 1"),
        ({"images": 2}, "greater than or equal to 3"),
        ({"backbone": "alexnet"}, "unknown backbone"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given, message) -> None:
    with pytest.raises(ValueError, match=message):
        saliency.Settings(**given)


def test_an_average_has_students_interval() -> None:
    found = average([1.0, 2.0, 6.0])
    assert found.value == 3
    assert found.high - 3 == pytest.approx(4.302653 * np.sqrt(7) / np.sqrt(3), rel=1e-6)
    with pytest.raises(ValueError, match="no t-interval"):
        average([1.0])


def test_networks_agree_on_the_same_picture_more_than_on_others(run_stage, tmp_path) -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((5, 32, 32)).astype(np.float16)
    results = []
    for name, array in (
        ("one", maps),
        ("two", maps.repeat(2, axis=1).repeat(2, axis=2)),
        ("three", 1 - maps),
    ):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "maps-true.npy", array)
        (tmp_path / name / "metrics.json").write_text(f'{{"title": "{name}"}}')
        results.append(stage.Result("visualize/saliency", {"backbone": name}, tmp_path / name))
    metrics, _ = run_stage(agreement, results, side=8)
    same, opposite = metrics.pairs
    assert (same.first, same.second, opposite.second) == ("one", "two", "three")
    np.testing.assert_allclose(same.same_values, 1)
    np.testing.assert_allclose(opposite.same_values, -1, atol=1e-3)
    assert max(map(abs, same.other_values)) < 0.4 and len(same.other_values) == 5
