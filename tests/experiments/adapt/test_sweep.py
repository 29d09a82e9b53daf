"""Sweeps: stacked or one by one, whole or interrupted, shuffled or in the practical's pairing."""

import numpy as np
import pytest
import torch

from experiments.adapt.evaluation import pool
from experiments.adapt.networks import Shape
from experiments.adapt.reversal import Schedule, practical
from experiments.adapt.stack import Recipe
from experiments.adapt.sweep import Plan, data_of, kept_maps, train
from report import stage
from report.errors import ColophonError

SHAPE = Shape((4, 6))
PLANS = [Plan(1, practical(2)), Plan(2, Schedule(1.0), shuffled=True), Plan(1, Schedule(0.0))]


@pytest.fixture
def outputs(tmp_path):
    """Makes outputs whose checkpoints lie in a folder of this name; stops after some epochs if told to."""

    def make(name: str, stop_after: int | None = None) -> stage.Outputs:
        def progress(items, total, unit, label):
            for done, item in enumerate(items):
                if done == stop_after:
                    raise KeyboardInterrupt
                yield item

        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return stage.Outputs(folder, folder, progress)

    return make


def weights(trained) -> torch.Tensor:
    return torch.cat([p.flatten() for p in trained.network.parameters()])


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_stacked_networks_end_where_single_ones_do(domains, outputs, dropout) -> None:
    pools = [pool(domains.source), pool(domains.target, labelled=False)]
    recipe = Recipe(3, 40, dropout=dropout)
    single = train(PLANS, pools, recipe, SHAPE, outputs("single"), "sweep", at_once=1)
    stacked = train(PLANS, pools, recipe, SHAPE, outputs("stacked"), "sweep", at_once=2)
    for one, other in zip(single, stacked, strict=True):
        assert one.plan == other.plan and len(one.losses) == 3 * 10
        assert one.loss == pytest.approx(one.losses[-10:].mean())
        np.testing.assert_allclose(other.losses, one.losses, rtol=1e-3)
        torch.testing.assert_close(weights(other), weights(one), rtol=1e-3, atol=1e-4)


def test_what_is_trained_with_dropout_ends_elsewhere(domains, outputs) -> None:
    pools = [pool(domains.source), pool(domains.target, labelled=False)]
    plain, dropped = (
        train(PLANS[:1], pools, Recipe(1, 40, dropout=rate), SHAPE, outputs(f"{rate}"), "sweep")[0]
        for rate in (0.0, 0.5)
    )
    assert plain.losses[0] != dropped.losses[0]
    assert not torch.allclose(weights(plain), weights(dropped))


def test_an_interrupted_sweep_ends_with_the_weights_of_a_whole_one(domains, outputs) -> None:
    pools = [pool(domains.source), pool(domains.target, labelled=False)]
    recipe = Recipe(4, 40, "adam", 1e-3, dropout=0.5)
    arguments = PLANS, pools, recipe, Shape((4, 6), norm="own")
    whole = train(*arguments, outputs("whole"), "sweep")
    with pytest.raises(KeyboardInterrupt):
        train(*arguments, outputs("cut", stop_after=2), "sweep")
    resumed = train(*arguments, outputs("cut"), "sweep")
    for one, other in zip(whole, resumed, strict=True):
        assert torch.equal(weights(one), weights(other))
        assert np.array_equal(one.losses, other.losses)


def test_the_practicals_order_shows_the_same_digits_in_both_domains(domains) -> None:
    pools = [pool(domains.source), pool(domains.target)]
    plans = [Plan(1), Plan(1, shuffled=True), Plan(2, shuffled=True)]
    source, target = data_of(plans, pools, Recipe(1, 40), epoch=0)
    assert source.order[0].flatten().tolist() == list(range(200))
    assert torch.equal(source.order[0], target.order[0])
    assert sorted(source.order[1].flatten().tolist()) == list(range(200))
    orders = [part.order[index].flatten().tolist() for part in (source, target) for index in (1, 2)]
    assert len({tuple(order) for order in orders}) == 4
    again, _ = data_of(plans, pools, Recipe(1, 40), epoch=0)
    later, _ = data_of(plans, pools, Recipe(1, 40), epoch=1)
    assert torch.equal(again.order, source.order)
    assert not torch.equal(later.order[1], source.order[1])


def test_a_schedule_runs_once_through_the_whole_training(domains, outputs, monkeypatch) -> None:
    seen = []
    original = Schedule.at
    monkeypatch.setattr(
        Schedule, "at", lambda self, progress: seen.append(progress) or original(self, progress)
    )
    pools = [pool(domains.source), pool(domains.target, labelled=False)]
    train([PLANS[0]], pools, Recipe(2, 40), SHAPE, outputs("schedule"), "sweep")
    np.testing.assert_allclose(np.concatenate(seen), np.arange(20) / 20)


def test_a_diverging_training_stops_and_the_sweep_goes_on(domains, outputs, capsys) -> None:
    pools = [pool(domains.source), pool(domains.target, labelled=False)]
    plans = [Plan(1, Schedule(-1e30)), Plan(1, practical(2))]
    wild, tame = train(plans, pools, Recipe(2, 40), SHAPE, outputs("wild"), "sweep")
    assert wild.stopped and wild.stopped <= 10 and wild.loss is None
    assert not np.isfinite(wild.losses[wild.stopped - 1])
    assert torch.isfinite(weights(wild)).all()
    told = capsys.readouterr().out
    assert "seed=1, schedule=Schedule(end=-1e+30, slope=inf)" in told
    assert f"not finite at iteration {wild.stopped};" in told
    assert tame.stopped is None and tame.loss is not None


def test_dropout_leaves_its_share_of_maps_by_seed_and_epoch_alone(domains) -> None:
    pools = [pool(domains.source), pool(domains.target)]
    recipe = Recipe(1, 40, dropout=0.25)
    data = data_of(PLANS[:2], pools, recipe, epoch=0)
    both = kept_maps([1, 2], data, recipe, SHAPE, epoch=3)
    assert both is not None and both.shape == (2, 10, 40, 6)
    assert both.float().mean() == pytest.approx(0.75, abs=0.03)
    alone = kept_maps([2], data, recipe, SHAPE, epoch=3)
    assert alone is not None and torch.equal(alone[0], both[1])
    assert not torch.equal(both[0], both[1])
    later = kept_maps([2], data, recipe, SHAPE, epoch=4)
    assert later is not None and not torch.equal(later, alone)
    assert kept_maps([1], data, Recipe(1, 40), SHAPE, epoch=0) is None


def test_too_few_pictures_for_a_batch_are_told(domains, outputs) -> None:
    with pytest.raises(ColophonError, match="200 training images do not fill their part of a batch, 256"):
        train([Plan(1)], [pool(domains.source)], Recipe(1, 256), SHAPE, outputs("few"), "sweep")
