"""What templates compute from values, against scipy's statistics and by hand."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from report.document.derived import count_of, difference, fact, mean, span, total
from report.document.tables import as_cell
from report.document.values import Origin, Value, show
from report.errors import ColophonError
from report.stage import Metrics, quantity


class Share(Metrics):
    value: float = quantity("a share", "fraction", 1)
    low: float = quantity("its lower end", "fraction", 1)
    high: float = quantity("its upper end", "fraction", 1)


class Run(Metrics):
    test: Share = quantity("on the test images")
    loss: float = quantity("the loss", "nats", 2)
    images: int = quantity("images, a count")
    took: float = quantity("duration", "s", 1)
    name: str = quantity("its name")


def run(seed: int, accuracy: float, **more: float) -> Value:
    share = Share(value=accuracy, low=accuracy - 0.01, high=accuracy + 0.01)
    given = {"loss": 0.5, "images": 1000 + seed, "took": 200.4, "name": "a"} | more
    metrics = Run.model_validate({"test": share} | given)
    schema = Run.model_json_schema(mode="serialization")
    origin = Origin(f"part/run/seed={seed}", Path(), "abcdef12", f"stage-{seed}")
    return Value(origin, (), metrics.model_dump(mode="json"), schema, schema)


@pytest.fixture
def runs() -> list[Value]:
    return [run(seed, accuracy) for seed, accuracy in enumerate([0.81, 0.84, 0.83, 0.86])]


def test_a_difference_of_fractions_is_in_points_with_its_sign_and_names_both(runs):
    gain = difference(runs[1].test, runs[0].test)
    assert show(gain) == "+3.0\u00a0points"
    assert show(difference(runs[0].test.value, runs[1].test)) == "−3.0\u00a0points"
    assert "seed=1: test = 0.84, 95 % interval 0.83 to 0.85" in gain._about()
    assert "seed=0: test = 0.81" in gain._about()
    assert show(difference(runs[2].images, runs[0].images)) == "+2"


def test_a_mean_over_repetitions_has_the_interval_of_students_t(runs):
    low, high = stats.ttest_1samp([0.81, 0.84, 0.83, 0.86], 0).confidence_interval(0.95)
    middle = mean(runs, "test.value")
    assert middle._raw == pytest.approx({"value": 0.835, "low": low, "high": high})
    assert show(middle) == f"83.5\u00a0% (95\u00a0% interval {100 * low:.1f} to {100 * high:.1f}\u00a0%)"
    assert show(mean(runs, "test")) == show(middle)
    assert mean([r.loss for r in runs])._raw == {"value": 0.5, "low": 0.5, "high": 0.5}
    assert "mean of 4: part/run/seed=0: test.value = 0.81, commit abcdef12; " in middle._about()
    alone = middle.value  # names what it was made from too, and no metric that does not exist
    assert show(alone) == "83.5\u00a0%" and alone._about().startswith("0.835")
    assert "mean of 4: part/run/seed=0: test.value = 0.81" in alone._about()
    assert "low end of the interval, mean of 4" in middle.low._about()


def test_the_mean_of_one_run_has_no_interval(runs):
    assert show(mean(runs[:1], "test")) == "81.0\u00a0%"


def test_totals_and_counts_are_those_of_numpy(runs):
    assert show(total(runs, "images")) == f"{np.sum([1000, 1001, 1002, 1003]):,}"
    assert show(total([r.took for r in runs])) == "801.6\u00a0s"
    assert show(count_of(r for r in runs if r.test.value._raw > 0.82)) == "3"
    assert count_of(runs) == 4 and show(count_of([])) == "0"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.42, "0.4 s"), (200.4, "3 min 20 s"), (7500, "2 h 05 min")]
)
def test_a_duration_prints_in_words(seconds, words):
    assert show(span(run(0, 0.5, took=seconds).took)) == words.replace(" ", "\u00a0")


def test_a_derived_number_is_a_cell_of_a_table_with_its_full_value(runs):
    cell = as_cell(mean(runs, "test"))
    assert cell.data.keys() == {"", " low", " high"} and cell.numeric
    assert cell.data[""] == pytest.approx(0.835)
    assert "[+3.0](#stage-1){.value" in as_cell(difference(runs[1].test, runs[0].test)).text


@pytest.mark.parametrize(
    ("given", "printed"), [(224, "224"), (1281167, "1,281,167"), ("1.96", "1.96"), ("2015", "2015")]
)
def test_a_fact_prints_as_given_with_thousands_separated(given, printed):
    assert fact(given) == printed


def test_what_can_not_be_computed_is_refused(runs):
    with pytest.raises(
        ColophonError, match=r"different units: part/run/seed=0: test.value \(fraction\), .*nats"
    ):
        difference(runs[0].test, runs[1].loss)
    with pytest.raises(ColophonError, match=r"0\.5 is no metric"):
        difference(runs[0].test, 0.5)  # type: ignore[arg-type]  # the mistake that is refused
    with pytest.raises(ColophonError, match="name is a str, not a number"):
        mean(runs, "name")
    with pytest.raises(ColophonError, match="mean of no values"):
        mean([])
    with pytest.raises(ColophonError, match="loss is no duration: its unit is nats"):
        span(runs[0].loss)
    with pytest.raises(
        ColophonError, match=r'fact\(1.96\) takes a whole number or a string.*\n.*fact\("1.96"\)'
    ):
        fact(1.96)  # type: ignore[arg-type]  # the mistake that is refused
