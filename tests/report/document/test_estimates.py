"""What was computed for the same numbers is not computed again, and is the same to the bit."""

import json
import math
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.build.content import Content
from report.document import estimates, statistics
from report.document.estimates import estimate, kept_in, student_quantile, wilson

SEEDS = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=6)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache.json"


def ask(cache: Path) -> list[Any]:
    content = Content(cache)
    with kept_in(content):
        found = [
            *astuple(estimate("mcnemar", 12, 5, 100)),
            *astuple(estimate("mean_against", [0.5, 0.5, 0.5], 0.1)),
            *astuple(estimate("by_flips", [0.1 * k - 0.3 for k in range(20)])),
            *wilson(0.53, 1000),
            student_quantile(4),
        ]
    content.save()
    return found


def test_a_second_build_takes_the_answers_of_the_first(cache: Path, monkeypatch: pytest.MonkeyPatch):
    first = ask(cache)
    for name in ("mcnemar", "mean_against", "by_flips", "wilson", "student_quantile"):
        monkeypatch.setattr(statistics, name, lambda *_: pytest.fail("computed again"))
    assert [repr(x) for x in ask(cache)] == [repr(x) for x in first]  # NaN is not equal to itself
    assert any(math.isnan(x) for x in first)
    with kept_in(Content(cache)), pytest.raises(pytest.fail.Exception):
        estimate("mcnemar", 12, 6, 100)


@pytest.mark.parametrize("what", ["the functions' code", "a library"])
def test_nothing_is_taken_from_before_when_changed_is(
    what: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ask(cache)
    if what == "a library":
        monkeypatch.setattr(estimates, "library_versions", lambda: ["9.9"])
    else:
        (tmp_path / "other.py").write_text("other")
        monkeypatch.setattr(estimates, "SOURCES", [tmp_path / "other.py"])
    monkeypatch.setattr(statistics, "mcnemar", lambda *_: pytest.fail("computed again"))
    with pytest.raises(pytest.fail.Exception):
        ask(cache)


@settings(deadline=None, max_examples=25)
@given(SEEDS, SEEDS)
def test_an_answer_comes_back_from_json_as_it_went(first: list[float], second: list[float]):
    found = estimate("bootstrap", first, second)
    again = estimates.Estimate(*json.loads(json.dumps(astuple(found))))
    assert repr(again) == repr(found) == repr(statistics.bootstrap(first, second))
