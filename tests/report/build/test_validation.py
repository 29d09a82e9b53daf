"""YAML as profiles use it: settings that several stages share are written once."""

from pathlib import Path

import pytest

from report.build.validation import read_yaml
from report.errors import ColophonError


def read(tmp_path: Path, text: str) -> dict:
    path = tmp_path / "profile.yaml"
    path.write_text(text)
    return read_yaml(path)


def test_a_mapping_can_be_merged_into_others_and_overridden_there(tmp_path) -> None:
    content = read(
        tmp_path,
        "a: &first {one: 1, two: 2}\n"
        "b: &second {<<: *first, two: 20}\n"
        "c: {<<: *second, one: 10, three: 3}\n"
        "d: *second\n"
        "e: {<<: *second}\n",
    )
    assert content["b"] == content["d"] == content["e"] == {"one": 1, "two": 20}
    assert content["c"] == {"one": 10, "two": 20, "three": 3}
    assert content["a"] == {"one": 1, "two": 2}


def test_a_key_given_twice_beside_a_merge_is_still_refused(tmp_path) -> None:
    with pytest.raises(ColophonError, match="the key 'two' stands twice"):
        read(tmp_path, "a: &first {one: 1}\nb: {<<: *first, two: 2, two: 3}\n")
