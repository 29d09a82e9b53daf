"""The stages of the chapter, on small domains made by hand."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from experiments.adapt import (
    ablations,
    dann,
    data,
    latent,
    pseudo_labels,
    schedules,
    source_only,
    target_only,
)
from experiments.adapt.evaluation import Baseline, predict
from experiments.adapt.methods import load
from experiments.adapt.stack import Stack
from experiments.data import domains as data_domains
from report import stage
from report.errors import ColophonError

SMALL = {"channels": (4, 6), "batch_size": 40, "learning_rate": 0.05, "seeds": (1, 2)}
BRIEFLY = {"candidate_epochs": 1, "candidate_seeds": (1,)}


@pytest.fixture(autouse=True)
def small_domains(monkeypatch, domains) -> None:
    monkeypatch.setattr(data_domains, "load", lambda settings, locate: domains)


@pytest.fixture
def baseline(run_stage) -> stage.Result:
    return run_stage(source_only, epochs=1, folder="source", **SMALL)[1]


@pytest.fixture
def adapted(run_stage, baseline) -> stage.Result:
    return run_stage(dann, [baseline], epochs=2, folder="dann", **BRIEFLY, **SMALL)[1]


def test_training_on_one_domain_learns_it_and_is_measured_on_both(run_stage) -> None:
    metrics, _ = run_stage(source_only, epochs=8, **SMALL)
    practical, improved = metrics.methods
    assert practical.source.value > 0.8 and practical.domain is None and not practical.shuffled
    assert practical.iterations == 8 * (200 // 40)
    assert (improved.norm, improved.shuffled) == ("shared", True)
    metrics, _ = run_stage(target_only, epochs=8, folder="target", variants=("practical",), **SMALL)
    assert metrics.methods[0].target.value > 0.7
    assert (metrics.methods[0].method, metrics.training_set) == ("target only", "200 training digits")


def test_the_kept_weights_give_the_accuracies_again(domains, baseline) -> None:
    for method in baseline.metrics["methods"]:
        for run in method["runs"]:
            network = load(baseline, method["slug"], run["seed"], (4, 6))
            logits, _ = predict(network, domains.target_test.images, "target")
            right = logits.argmax(1) == domains.target_test.labels
            assert right.mean() == run["target"]


def test_adaptation_is_held_against_its_own_variant_without_it(baseline, adapted) -> None:
    metrics = adapted.metrics
    assert [method["slug"] for method in metrics["methods"]] == ["practical", "shuffled", "improved"]
    chosen = metrics["choice"]["chosen"]
    assert [method["dropout"] for method in metrics["methods"]] == [0, 0, chosen["dropout"]]
    assert metrics["baseline"]["source"] == baseline.metrics["methods"][0]["source"]["value"]
    for method in metrics["methods"]:
        assert method["domain"]["count"] == 2
        reasons = [run["failed"] for run in method["runs"]]
        assert method["failures"] == 2 - reasons.count(None)


def test_failures_cannot_be_told_without_the_practicals_baseline(run_stage) -> None:
    _, other = run_stage(source_only, epochs=1, folder="other", variants=("shuffled",), **SMALL)
    with pytest.raises(ColophonError, match="trained shuffled, and not as in the practical"):
        run_stage(dann, [other], epochs=1, **SMALL)


def test_ablations_train_every_schedule_with_the_same_seeds(run_stage, baseline) -> None:
    metrics, _ = run_stage(
        ablations,
        [baseline],
        epochs=1,
        fixed_epochs=1,
        c_values=(2, 10),
        strengths=(0.5, 1),
        slopes=(0, 3),
        grid_seeds=(1, 2),
        **SMALL,
    )
    assert metrics.trainings == (3 + 2 + 4) * 2
    assert metrics.scheduled == metrics.by_c
    assert [row.slug for row in metrics.fixed] == ["not-reversed", "cut", "full"]
    assert [row.end for row in metrics.fixed] == [-1, 0, 1]
    assert [round(row.end, 3) for row in metrics.by_c] == [0.762, 1.0]
    assert [(row.end, row.slope) for row in metrics.grid] == [(0.5, 0), (0.5, 3), (1, 0), (1, 3)]
    assert all([run.seed for run in row.runs] == [1, 2] for row in metrics.grid)
    best = max(row.target.value for row in metrics.by_c)
    assert metrics.oracle and metrics.oracle.target.value == best
    cut = next(row for row in metrics.fixed if row.slug == "cut")
    assert metrics.baseline.source == cut.source.value and cut.failures == cut.diverged
    rows = [*metrics.fixed, *metrics.by_c, *metrics.grid]
    for run in (run for row in rows if row is not cut for run in row.runs):
        assert run.failed == metrics.baseline.why_failed(run.source, run.target, run.stopped)
    assert metrics.failures == sum(run.failed is not None for row in rows for run in row.runs)


def test_fixed_strengths_of_another_length_have_schedules_and_a_gradient_cut_off_of_their_own(
    run_stage,
) -> None:
    options = {"epochs": 3, "fixed_epochs": 2, "fixed_c": (10,), "c_values": (2, 10), "strengths": ()}
    metrics, _ = run_stage(ablations, **options, **SMALL)
    assert metrics.trainings == (3 + 1) * 2 + (1 + 2) * 2
    assert [(row.slug, row.epochs) for row in metrics.fixed] == [
        ("not-reversed", 2), ("cut", 2), ("full", 2)
    ]  # fmt: skip
    assert [(row.c, row.epochs) for row in metrics.scheduled] == [(10, 2)]
    assert [(row.c, row.epochs) for row in metrics.by_c] == [(2, 3), (10, 3)]
    cut = metrics.fixed[1]
    own = Baseline(source=cut.source.value, target=cut.target.value, margin=5)
    for run in (run for row in metrics.fixed if row is not cut for run in row.runs):
        assert run.failed == own.why_failed(run.source, run.target, run.stopped)
    equal, _ = run_stage(ablations, folder="equal", **options | {"epochs": 2}, **SMALL)
    assert (equal.fixed, equal.scheduled) == (metrics.fixed, metrics.scheduled)
    assert equal.baseline == own and equal.trainings == (3 + 2) * 2


def test_a_network_whose_loss_is_not_finite_stops_and_the_others_train_on(
    run_stage, adapted, capsys
) -> None:
    file = adapted.path("practical-1.safetensors")
    save_file({name: weights * torch.nan for name, weights in load_file(file).items()}, file)
    options = {"rounds": 2, "starts": ("practical",), **SMALL}
    metrics, _ = run_stage(pseudo_labels, [adapted], folder="wild", **options)
    said = capsys.readouterr().out
    for curve in metrics.curves:
        assert [run.stopped for run in curve.runs] == [1, None]
        assert f"{curve.selection}, seed 1: the loss was not finite at iteration 1" in said
    assert "seed 2" not in said


def test_a_sweep_without_the_runs_that_the_others_are_held_against_is_refused() -> None:
    with pytest.raises(ValidationError, match="cut must be among them"):
        ablations.Settings(fixed=("full",))


def test_cutting_the_gradient_leaves_the_digits_as_if_there_were_no_domain_head(
    run_stage, baseline, domains
) -> None:
    """The source half of each batch is all that features and digit head learn from."""
    metrics, _ = run_stage(
        ablations,
        [baseline],
        epochs=6,
        fixed_epochs=6,
        fixed=("cut",),
        fixed_c=(),
        c_values=(),
        strengths=(),
        **SMALL,
    )
    half = SMALL | {"batch_size": 20}
    alone, _ = run_stage(source_only, epochs=6, folder="half", variants=("practical",), **half)
    (cut,) = metrics.fixed
    assert [run.source for run in cut.runs] == pytest.approx(
        [run.source for run in alone.methods[0].runs], abs=0.02
    )
    assert [run.target for run in cut.runs] == pytest.approx(
        [run.target for run in alone.methods[0].runs], abs=0.04
    )


@pytest.mark.parametrize(
    ("name", "value"), [("c_values", (0,)), ("c_values", (101,)), ("strengths", (11,)), ("slopes", (-1,))]
)
def test_schedules_out_of_range_are_refused(name, value) -> None:
    with pytest.raises(ValidationError, match=f"{name}.0\n.*(greater|less) than"):
        ablations.Settings.model_validate({name: value})
    with pytest.raises(ValidationError, match=r"c\n.*greater than 0"):
        dann.Settings(c=0)


def test_latent_measures_and_maps_both_networks(run_stage, baseline, adapted) -> None:
    metrics, result = run_stage(
        latent, [baseline, adapted], pictures=50, perplexity=5, tsne_seeds=(3,), folder="latent", **SMALL
    )
    assert (metrics.pictures, metrics.dimensions, metrics.maps) == (50, 6 * 49, 1)
    for which in ("without", "with"):
        assert result.array(f"map-{which}-0").shape == (100, 2)
    assert result.array("labels").shape == (100,)
    assert all(0 <= run.probe <= 1 for run in metrics.without.runs)
    again, other = run_stage(
        latent, [baseline, adapted], pictures=50, perplexity=5, tsne_seeds=(3,), folder="again", **SMALL
    )
    assert metrics == again
    assert np.array_equal(result.array("map-with-0"), other.array("map-with-0"))


def test_pseudo_labels_start_at_the_adapted_network_and_count_what_was_right(
    run_stage, adapted, domains
) -> None:
    metrics, result = run_stage(
        pseudo_labels, [adapted], rounds=3, starts=("practical",), folder="pseudo", **SMALL
    )
    start = next(m for m in adapted.metrics["methods"] if m["slug"] == "practical")
    assert [curve.slug for curve in metrics.curves] == [
        "practical-none",
        "practical-all",
        "practical-confident",
        "practical-balanced",
    ]
    for curve in metrics.curves:
        assert [run.first for run in curve.runs] == [run["target"] for run in start["runs"]]
        accuracies = result.array(f"{curve.slug}-target")
        assert accuracies.shape == (2, 4)
        assert [run.last for run in curve.runs] == accuracies[:, -1].tolist()
    none, every = metrics.curves[:2]
    assert every.kept_last == 1
    assert none.kept_last == 0 and not result.array("practical-none-precision").any()
    network = load(adapted, "practical", 1, (4, 6))
    logits, _ = predict(network, domains.target.images, "target")
    right = logits.argmax(1) == domains.target.labels
    assert every.runs[0].precision_first == right.mean()


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_each_way_is_trained_with_its_dropout_and_so_are_its_pseudo_labels(
    run_stage, baseline, domains, monkeypatch, dropout
) -> None:
    seen, original = [], Stack.epoch

    def epoch(stack: Stack, parts, strengths, number, kept=None) -> None:
        seen.append((stack.recipe.dropout, kept is not None))
        original(stack, parts, strengths, number, kept)

    monkeypatch.setattr(Stack, "epoch", epoch)
    options = SMALL | BRIEFLY | {"candidate_dropout": (dropout,), "candidate_c": (10,)}
    result = run_stage(dann, [baseline], epochs=1, folder="one", variants=("improved",), **options)[1]
    assert set(seen) == {(dropout, dropout > 0)}
    seen.clear()
    labelled = {"rounds": 1, "starts": ("improved",), "selections": ("all",), **SMALL}
    run_stage(pseudo_labels, [result], folder="labelled", **labelled)
    assert set(seen) == {(dropout, dropout > 0)}


def test_pseudo_labels_go_on_after_an_interruption_to_the_same_numbers(
    run_stage, adapted, monkeypatch, tmp_path
) -> None:
    options = {"rounds": 3, "starts": ("practical",), "selections": ("all",), **SMALL}
    whole, _ = run_stage(pseudo_labels, [adapted], folder="whole", **options)
    saved, original = [], torch.save

    def save(*arguments) -> None:
        original(*arguments)
        saved.append(arguments)
        if len(saved) == 2:
            arguments[1].replace(arguments[1].with_suffix(".pt"))
            raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(KeyboardInterrupt):
        run_stage(pseudo_labels, [adapted], folder="cut", **options)
    resumed, _ = run_stage(pseudo_labels, [adapted], folder="cut", **options)
    assert len(saved) == 3  # two rounds before, one after
    assert resumed == whole


def test_the_panel_shows_a_digit_of_each_class_in_both_domains(run_stage, domains) -> None:
    metrics, result = run_stage(data)
    assert (metrics.source.train, metrics.target.test) == (200, 60)
    assert metrics.target.mean == pytest.approx(domains.target.images.mean() / 255)
    panels = {name: result.array(f"panel-{name}") for name in ("source", "target", "unseen")}
    for digit in range(10):
        first = int(np.argmax(domains.source_test.labels == digit))
        assert np.array_equal(panels["target"][digit], domains.target_test.images[first])
        assert np.array_equal(panels["source"][digit][..., 2], domains.source_test.images[first][..., 0])


def test_the_schedules_curves_are_the_formula_and_its_true_range(run_stage) -> None:
    metrics, result = run_stage(schedules, c_values=(2, 10))
    progress = result.array("progress")
    for row, c in zip(result.array("strengths"), (2, 10), strict=True):
        np.testing.assert_allclose(row, 2 / (1 + np.exp(-c * progress)) - 1, atol=1e-12)
    assert metrics.practical.end == pytest.approx(0.762, abs=5e-4)
    assert metrics.paper.end == pytest.approx(0.9999, abs=1e-4)
    assert metrics.rows[0].mean == pytest.approx(result.array("strengths")[0].mean(), abs=1e-2)
