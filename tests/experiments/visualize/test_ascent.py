from typing import Any

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from experiments.nn import device
from experiments.visualize import ascent, frozen
from experiments.visualize.ascent import Ascent, Batch, Slope, blur_matrix
from experiments.visualize.variants import Variant

JITTER, SIGMA = 2, 0.5
PRECISIONS: tuple[device.Precision, ...] = ("float32", "bfloat16")
MIXED = [
    Variant(name="a", iterations=6),
    Variant(name="b", iterations=6, penalty="squared", l2=0.05, blur_every=2, learning_rate=20),
    Variant(name="c", iterations=6, step="normalised", blur_every=None, l2=0),
    Variant(name="d", iterations=4, l2=0.5, blur_every=3, learning_rate=0.5),
    Variant(name="e", iterations=6, step="normalised", l2=0.1),
]


def planned(variants: list[Variant], start: torch.Tensor | None = None) -> list[Ascent]:
    return [
        Ascent(variant, seed, target, start, frozenset(range(variant.iterations + 1)))
        for seed, (variant, target) in enumerate(zip(variants, (3, 7, 3, 0, 25), strict=False))
    ]


def ascend(network: frozen.Frozen, ascents: list[Ascent], checkpoint=None) -> Batch:
    slope = Slope(network, sorted({one.target for one in ascents}), "float32")
    batch = Batch(slope, ascents, JITTER, SIGMA, checkpoint)
    for _ in batch.run():
        pass
    return batch


def practical(network: frozen.Frozen, one: Ascent) -> list[np.ndarray]:
    """The practical's loop: the picture is shifted, and autograd differentiates the penalty too."""
    variant, picture = one.variant, one.first(32)[None].clone()
    rng = np.random.default_rng((one.seed, 1))
    kept = [network.pictures(picture)[0]]
    for t in range(variant.iterations):
        rows, columns = (int(n) for n in rng.integers(0, JITTER + 1, 2))
        picture = torch.roll(picture, (rows, columns), (2, 3)).requires_grad_()
        norm = picture.norm() ** (2 if variant.penalty == "squared" else 1)
        (network.network(picture)[0, one.target] - variant.l2 * norm).backward()
        gradient = picture.grad
        assert gradient is not None
        if variant.step == "normalised":
            gradient = gradient / gradient.norm()
        picture = picture.detach() + variant.learning_rate * gradient
        picture = torch.roll(picture, (-rows, -columns), (2, 3))
        picture = torch.maximum(torch.minimum(picture, network.white), network.black)
        if variant.blur_every and t % variant.blur_every == 0:
            blurred = gaussian_filter1d(picture.numpy(), SIGMA, axis=2)
            picture = torch.from_numpy(gaussian_filter1d(blurred, SIGMA, axis=3))
        kept.append(network.pictures(picture)[0])
    return kept


def test_variants_side_by_side_are_what_the_practicals_loop_makes_of_each_alone(small) -> None:
    batch = ascend(small, planned(MIXED))
    for one, kept in zip(batch.ascents, batch.kept, strict=True):
        expected = practical(small, one)
        assert sorted(kept) == list(range(one.variant.iterations + 1))
        for iteration, picture in enumerate(expected):
            apart = np.abs(kept[iteration].astype(int) - picture.astype(int))
            assert apart.max() <= 1 and apart.mean() < 0.01  # grey levels: rounding


def test_an_ascent_depends_neither_on_its_neighbours_nor_on_how_long_it_goes_on(small) -> None:
    ascents = planned(MIXED)
    together = ascend(small, ascents)
    longer = Ascent(MIXED[0].model_copy(update={"iterations": 8}), 0, 3, None, frozenset([6]))
    alone = ascend(small, [longer])
    place = together.ascents.index(ascents[0])
    apart = together.kept[place][6].astype(int) - alone.kept[0][6]
    assert np.abs(apart).max() <= 1


def test_an_interrupted_ascent_ends_with_the_very_same_bytes(small, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ascent, "CHECKPOINT_EVERY", 2)
    whole = ascend(small, planned(MIXED))
    file = tmp_path / "batch.pt"
    for cut in (3, 2):  # one iteration after a checkpoint, which is lost, and then right behind one
        batch = Batch(Slope(small, [0, 3, 7, 25], "float32"), planned(MIXED), JITTER, SIGMA, file)
        for _ in zip(range(cut), batch.run(), strict=False):
            pass
    assert batch.done == 4
    resumed = ascend(small, planned(MIXED), file)
    for one, other in zip(whole.kept, resumed.kept, strict=True):
        assert {t: p.tobytes() for t, p in one.items()} == {t: p.tobytes() for t, p in other.items()}
    assert torch.equal(whole.lengths, resumed.lengths)
    again = ascend(small, planned(MIXED), file)  # nothing is left to do
    assert again.done == 6 and again.kept[0].keys() == whole.kept[0].keys()


def test_a_dead_class_leaves_the_picture_to_the_penalty_and_is_no_number_gone_wrong(small) -> None:
    bias = small.network.get_submodule("classifier.1").bias
    assert isinstance(bias, torch.Tensor)
    with torch.no_grad():
        bias[3] = -1e6  # SqueezeNet's scores pass a ReLU
    start = 0.5 * torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    calm: dict[str, Any] = {
        "target": "x",
        "blur_every": None,
        "learning_rate": 1.0,
        "iterations": 1,
        "l2": 0.1,
    }
    variants = [
        Variant(name="norm", **calm),
        Variant(name="squared", penalty="squared", **calm),
        Variant(name="none", step="normalised", **calm).model_copy(update={"l2": 0.0}),
    ]
    for variant, factor in zip(variants, (1 - 0.1 / start.norm().item(), 0.8, 1.0), strict=True):
        batch = ascend(small, [Ascent(variant, 0, 3, start, frozenset([1]))])
        expected = small.pictures(factor * start[None])[0].astype(int)
        assert np.abs(batch.kept[0][1].astype(int) - expected).max() <= 1
        assert batch.lengths.item() == 0
    zero = torch.zeros(3, 32, 32)  # its norm has no gradient
    kept = ascend(small, [Ascent(variants[0], 0, 3, zero, frozenset([1]))]).kept[0][1]
    np.testing.assert_array_equal(kept, small.pictures(zero[None])[0])


def test_a_normalised_step_is_as_long_as_the_learning_rate(small) -> None:
    variant = Variant(name="n", step="normalised", learning_rate=3, l2=0.2, blur_every=None, iterations=1)
    start = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0)) - 0.5
    batch = ascend(small, [Ascent(variant, 0, 3, start, frozenset([1]))])
    levels = batch.kept[0][1].astype(float) - small.grey_levels(start[None])[0].permute(1, 2, 0).numpy()
    assert np.linalg.norm(levels / 255 / 0.5) == pytest.approx(3, rel=0.02)  # rounded to 8 bits


def test_the_slope_of_a_score_is_its_gradient_in_either_precision(small) -> None:
    given = small.normalized(np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8))
    targets = [7, 3, 7]
    weights = {key: value.clone() for key, value in small.network.state_dict().items()}
    exact, rough = (Slope(small, [3, 7], precision)(given, targets) for precision in PRECISIONS)
    asked = given.clone().requires_grad_()
    small.network(asked)[torch.arange(3), targets].sum().backward()
    assert asked.grad is not None
    torch.testing.assert_close(exact, asked.grad, rtol=1e-4, atol=1e-6)
    alike = torch.cosine_similarity(rough.flatten(1), exact.flatten(1))
    longer = ascent.length(rough) / ascent.length(exact)
    assert rough.dtype == torch.float32 and not torch.equal(rough, exact)
    assert alike.min() > 0.9 and (longer - 1).abs().max() < 0.1  # ReLUs near zero may go the other way
    for key, value in small.network.state_dict().items():
        assert torch.equal(value, weights[key])  # those of others' networks stay exact


def test_the_score_rises(small) -> None:
    batch = ascend(small, [Ascent(Variant(name="up", iterations=20), 1, 7, None, frozenset([0, 20]))])
    with torch.no_grad():
        pictures = np.stack([batch.kept[0][0], batch.kept[0][20]])
        before, after = small.logits(small.normalized(pictures))[:, 7].tolist()
    assert after > before


def test_noise_and_shifts_come_from_the_seed_alone(small) -> None:
    one, same = (Ascent(variant, 5, 0, None, frozenset()) for variant in MIXED[:2])
    other = Ascent(MIXED[0], 6, 0, None, frozenset())
    assert torch.equal(one.first(32), same.first(32)) and not torch.equal(one.first(32), other.first(32))
    long = Ascent(Variant(name="l", iterations=500), 5, 0, None, frozenset())
    np.testing.assert_array_equal(long.shifts(16)[:6], one.shifts(16))
    assert (long.shifts(16).min(), long.shifts(16).max()) == (0, 16)
    assert one.first(32).std().item() == pytest.approx(1, abs=0.05)


def test_the_blur_is_scipys_of_both_axes() -> None:
    picture = np.random.default_rng(0).normal(size=(9, 9))
    matrix = blur_matrix(9, 0.5).double().numpy()
    np.testing.assert_allclose(matrix @ picture @ matrix.T, gaussian_filter(picture, 0.5), atol=1e-6)


def test_batches_hold_ascents_of_like_length() -> None:
    ascents = planned([Variant(name="s", iterations=n) for n in (2, 9, 4, 9, 1)])
    lengths = [[one.variant.iterations for one in part] for part in ascent.batches_of(ascents, 2)]
    assert lengths == [[9, 9], [4, 2], [1]]
