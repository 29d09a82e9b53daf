"""What the colophon says of settings."""

import pytest

from report.document.provenance import grouped, text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "none"),
        ({}, "none"),
        (None, "not set"),
        (True, "yes"),
        ([1, 2.5], "1, 2.5"),
        ({"a/b": "relu6", "c": [1]}, "a/b relu6, c 1"),
        ([{"a": 1, "b": [2, 3]}, {"a": None}], "(a 1, b 2, 3), (a not set)"),
    ],
)
def test_a_setting_reads_as_words(value, words):
    assert text(value) == words


def test_records_that_differ_in_no_setting_stand_together():
    rows = [
        {
            "stage": stage,
            "anchor": each,
            "each": each,
            "when": each,
            "took": each,
            "facts": {"speed": each},
            "data": {"weights": each},
            "settings": {"rate": rate},
        }
        for stage, each, rate in [("a", "x", "1"), ("b", "x", "1"), ("a", "y", "1"), ("a", "z", "2")]
    ]
    assert [[row["each"] for row in group] for group in grouped(rows)] == [["x", "y"], ["x"], ["z"]]
