"""What the colophon says of settings."""

import pytest

from report.document.provenance import text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "none"),
        ({}, "none"),
        (None, "default"),
        (True, "yes"),
        ([1, 2.5], "1, 2.5"),
        ({"a/b": "relu6", "c": [1]}, "a/b relu6, c 1"),
    ],
)
def test_a_setting_reads_as_words(value, words):
    assert text(value) == words
