"""What is measured of trained networks."""

import numpy as np
import pytest
import torch
from scipy.stats import sem, t

from experiments.adapt.evaluation import Baseline, Method, evaluate, over_seeds, predict, summarize
from experiments.adapt.networks import Shape, build
from experiments.adapt.reversal import practical
from experiments.adapt.sweep import Plan, Trained


def untrained(seed: int, domain: bool = True, stopped: int | None = None) -> Trained:
    network = build(Shape((4, 6)), domain, seed).eval()
    plan = Plan(seed, practical(2) if domain else None)
    return Trained(plan, network, np.ones(4, np.float32), None if stopped else 1.0, stopped)


def test_accuracies_are_those_of_the_networks_own_outputs(domains) -> None:
    trained = untrained(1)
    (run,) = evaluate([trained], domains, None)

    def outputs(digits):
        images = torch.from_numpy(digits.images).expand(-1, -1, -1, 3).permute(0, 3, 1, 2)
        with torch.no_grad():
            logits, domain = trained.network((images / 255 - 0.13066062) / 0.30810776)
        return (logits.argmax(1).numpy() == digits.labels).mean(), (domain > 0).float().mean().item()

    right, source_share = outputs(domains.source_test)
    assert (run.source, run.domain_source) == pytest.approx((right, source_share))
    right, source_share = outputs(domains.target_test)
    assert (run.target, run.domain_target) == pytest.approx((right, 1 - source_share))
    assert run.unseen == pytest.approx(outputs(domains.target_unseen)[0])
    assert run.loss == 1.0 and run.failed is None


def test_a_network_without_a_domain_head_has_no_domain_accuracy(domains) -> None:
    runs = evaluate([untrained(1, domain=False), untrained(2, domain=False)], domains, None)
    found = summarize(runs)
    assert runs[0].domain_source is None and found["domain"] is None
    assert predict(untrained(1, domain=False).network, domains.source_test.images, "source")[1] is None


def test_a_run_fails_for_one_of_three_reasons() -> None:
    baseline = Baseline(source=0.99, target=0.55, margin=5)
    assert baseline.why_failed(0.95, 0.6, None) is None
    assert baseline.why_failed(0.93, 0.6, None) == "source"
    assert baseline.why_failed(0.95, 0.5, None) == "target"
    assert baseline.why_failed(0.99, 0.6, stopped=17) == "loss"


def test_a_summary_is_over_seeds_and_counts_failures(domains) -> None:
    runs = evaluate([untrained(1), untrained(2, stopped=3)], domains, None)
    assert [run.failed for run in runs] == [None, "loss"]
    found = Method(
        title="untrained",
        parameters=1,
        epochs=1,
        iterations=4,
        batch_size=2,
        **summarize(runs, shuffled=True),
    )
    assert (found.failures, found.diverged) == (1, 1)
    assert found.target.value == pytest.approx(np.mean([run.target for run in runs]))
    assert found.domain
    shares = [
        value for run in runs for value in (run.domain_source, run.domain_target) if value is not None
    ]
    assert found.domain.value == pytest.approx(np.mean(shares))


def test_an_interval_over_seeds_is_students_and_ends_where_accuracies_do() -> None:
    values = [0.93, 0.95, 0.97]
    low, high = t.interval(0.95, 2, np.mean(values), sem(values))
    assert high > 0.99 and (over_seeds(values).low, over_seeds(values).high) == pytest.approx((low, high))
    wide = over_seeds([0.1, 0.1, 0.9])
    assert (wide.low, wide.high) == (0, 1)
