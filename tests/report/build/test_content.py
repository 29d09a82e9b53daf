"""Hashes follow the bytes, whatever the file's times say."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.build import content
from report.build.content import Content, digest, read_json, read_once, sha256, write_json
from report.build.provenance import output_hashes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def reordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(), JSON))
def test_the_digest_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert digest(value) == digest(reordered(value))


@given(JSON, JSON)
def test_values_that_json_tells_apart_have_different_digests(one: object, other: object) -> None:
    same = repr(reordered(one)) == repr(reordered(other)) or one == other
    assert same or digest(one) != digest(other)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("content")


@given(st.binary(min_size=1, max_size=20), st.integers(min_value=0), st.integers(1, 255))
@settings(max_examples=50, deadline=None)
def test_altered_bytes_change_the_hash_also_at_the_same_size_and_time(
    folder: Path, data: bytes, where: int, flip: int
) -> None:
    path = folder / "files" / "a"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    stat = path.stat()
    before = Content(folder / "cache.json")
    one, tree = before.file(path), before.tree(path.parent)
    before.save()
    altered = bytearray(data)
    altered[where % len(data)] ^= flip
    path.write_bytes(altered)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = Content(folder / "cache.json")
    assert after.file(path) != one
    assert after.tree(path.parent) != tree


def test_a_file_that_is_remembered_is_not_read_again_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    monkeypatch.setattr(content, "RACY_NS", -(10**12))
    first = Content(tmp_path / "cache.json")
    assert first.file(path) == content.sha256(b"one")
    first.save()
    (tmp_path / "cache.json").write_text(
        (tmp_path / "cache.json").read_text().replace(content.sha256(b"one"), "marked")
    )
    assert Content(tmp_path / "cache.json").file(path) == "marked"
    time.sleep(0.02)
    path.touch()
    assert Content(tmp_path / "cache.json").file(path) == content.sha256(b"one")


def test_the_fingerprint_of_a_folder_follows_names_and_bytes_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for root in (one, other):
        (root / "sub").mkdir(parents=True)
        (root / "sub/a").write_text("x")
        (root / "b").write_text("y")
    os.utime(other / "b", (0, 0))
    memory = Content(tmp_path / "cache.json")
    assert memory.tree(one) == memory.tree(other)
    (other / "b").rename(other / "c")
    assert memory.tree(one) != Content(tmp_path / "cache.json").tree(other)


def test_what_is_read_once_is_read_again_when_it_was_written_anew(tmp_path: Path) -> None:
    read: list[Path] = []
    file = tmp_path / "values.json"

    @read_once
    def reading(path: Path) -> dict[str, object]:
        read.append(path)
        return read_json(path)

    assert reading(file) == {}
    for number in (1, 2):
        write_json(file, {"a": number})
        assert [reading(file), reading(file)] == [{"a": number}] * 2
    file.unlink()
    assert reading(file) == {}
    assert len(read) == 4


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"ü": 1})
    with pytest.raises(TypeError):
        write_json(path, {"bad": object()})
    assert read_json(path) == {"ü": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    path.write_text('{"half": ')
    assert read_json(path) == {}


def test_what_cannot_be_remembered_is_no_error(tmp_path: Path) -> None:
    memory = Content(tmp_path / "a file" / "cache.json")
    (tmp_path / "a file").touch()
    memory.remember("modules", "a", "b")
    memory.save()
    assert memory.recall("modules", "a") == "b"


def test_of_links_in_a_result_those_to_files_are_outputs_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "result"
    (folder / "step").mkdir(parents=True)
    (folder / "step/w").write_text("w")
    for name, target in {"latest": "step", "gone": "nowhere", "self": ".", "copy": "step/w"}.items():
        (folder / name).symlink_to(target)
    found = output_hashes(Content(tmp_path / "cache.json"), folder)
    assert found == dict.fromkeys(("copy", "step/w"), sha256(b"w"))
    assert output_hashes(Content(tmp_path / "cache.json"), tmp_path / "no folder") == {}


def test_names_that_are_no_utf_8_are_hashed_and_remembered_as_well(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    odd.mkdir()
    try:
        Path(os.fsdecode(os.fsencode(odd) + b"/\xff.txt")).write_text("one")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    (tmp_path / "café").mkdir()
    (tmp_path / "café/other.txt").write_text("one")
    for path in (odd, *odd.iterdir()):
        os.utime(path, (1e9, 1e9))
    memory = Content(tmp_path / "cache.json")
    memory._now = time.time_ns() + 10**10  # long after the files were written
    found = memory.tree(odd)
    assert found != memory.tree(tmp_path / "café")
    memory.save()
    known = Content(tmp_path / "cache.json").recall("trees", str(odd))
    assert known[1] == found
