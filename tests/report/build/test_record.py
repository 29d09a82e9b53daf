"""What `make record` keeps is whole, small and of a present key; what was altered is refused."""

import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from report.build import record as recording
from report.build.content import digest
from report.build.entries import read_entry
from report.build.makefile import plan
from report.build.packing import item_size, pack
from report.build.record import check, record
from report.errors import ColophonError
from tests.forked import built, planner
from tests.recorded_project import entry, files
from tests.tiny import Tiny


def flip(path: Path, where: int) -> None:
    content = bytearray(path.read_bytes())
    content[where % len(content)] ^= 1
    path.write_bytes(content)


def other_json(change: Callable[[dict], object]) -> Callable[[Tiny], Path]:
    def alter(tiny: Tiny) -> Path:
        path = entry(tiny, "side")
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))
        return path

    return alter


def blob_of_side(tiny: Tiny) -> Path:
    hashed = json.loads(entry(tiny, "side").read_text())["provenance"]["outputs"]["metrics.json"]
    return tiny.root / f"recorded/demo/blobs/{hashed}.xz"


def forge(tiny: Tiny) -> Path:
    """Other metrics, packed as if they were the recorded ones."""
    path = blob_of_side(tiny)
    path.write_bytes(lzma.compress(lzma.decompress(path.read_bytes()).replace(b"6", b"9")))
    return path


def bomb(tiny: Tiny) -> Path:
    path = blob_of_side(tiny)
    path.write_bytes(lzma.compress(bytes(10**7)))
    return path


def flipped(tiny: Tiny) -> Path:
    flip(blob_of_side(tiny), 40)
    return blob_of_side(tiny)


def gone(tiny: Tiny) -> Path:
    blob_of_side(tiny).unlink()
    return blob_of_side(tiny)


def halved(tiny: Tiny) -> Path:
    path = entry(tiny, "side")
    path.write_bytes(path.read_bytes()[:700])
    return path


def renamed(tiny: Tiny) -> Path:
    path = entry(tiny, "side")
    return path.rename(path.with_name("side@0123456789abcdef.json"))


ALTERED: dict[str, tuple[Callable[[Tiny], Path], str]] = {
    "metrics forged": (forge, "its content has another hash"),
    "metrics with a flipped bit": (flipped, "was altered: it can't be unpacked"),
    "metrics that unpack to very much": (bomb, "its content has another hash"),
    "metrics removed": (gone, "is missing from the record"),
    "the provenance's time": (
        other_json(lambda c: c["provenance"].update(seconds=1)),
        "its content and its checksum differ",
    ),
    "the checksum": (other_json(lambda c: c.update(checksum="0")), "its content and its checksum differ"),
    "half of the provenance": (halved, "not readable as JSON"),
    "the entry's name": (renamed, "was renamed: it is side@"),
}


@pytest.mark.parametrize(("alter", "told"), ALTERED.values(), ids=ALTERED)
def test_an_altered_record_is_refused_by_name_and_mended_where_it_was_made(
    alter: Callable[[Tiny], Path], told: str, clone: Tiny, recorded: Tiny
) -> None:
    where = alter(clone).relative_to(clone.root).as_posix()
    for attempt in (lambda: plan(planner(clone), "experiments", ""), lambda: check(planner(clone))):
        with pytest.raises(ColophonError) as refused:
            attempt()
        assert where in str(refused.value) and told in str(refused.value)
        assert "Restore it with git, or run `make record` where" in str(refused.value)
        assert not (clone.root / "build/demo/stages/side").exists()
    whole = files(recorded.root / "recorded")
    alter(recorded)
    assert files(recorded.root / "recorded") != whole
    record(planner(recorded))
    assert files(recorded.root / "recorded") == whole


FORGED = {
    "a path out of its folder": lambda made: made["outputs"].update({"../x": made["outputs"].pop("metrics.json")}),
    "a hash that is a path": lambda made: made["outputs"].update({"metrics.json": "../../x"}),
    "another setting": lambda made: made["settings"].update(start=4),
    "no modules": lambda made: made.pop("modules"),
    "modules that are none": lambda made: made.update(modules=None),
}  # fmt: skip


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_an_entry_that_contradicts_itself_is_refused_even_with_its_checksum_forged(
    change: Callable[[dict], object], clone: Tiny
) -> None:
    path = entry(clone, "side")
    content = json.loads(path.read_text())
    del content["checksum"]
    change(content["provenance"])
    made = content["provenance"]
    made["digest"] = digest(made["outputs"])
    content["kept"] = dict.fromkeys(made["outputs"], 14)
    path.write_text(json.dumps({"checksum": digest(content)} | content))
    with pytest.raises(ColophonError, match="was altered: "):
        read_entry(planner(clone).project, path)


def test_a_stage_beyond_the_limit_is_refused_naming_its_largest_file(recorded: Tiny) -> None:
    before = files(recorded.root / "recorded")
    noise = "rng = np.random.default_rng(0)\noutputs.path('noise').write_bytes(rng.bytes({}))\n"
    recorded.stage("big", noise.format(4_100_000) + "return Metrics(value=0, more=[])")
    built(recorded)
    done = recorded.make("record")
    assert done.returncode != 0
    assert "big would take 4.1 MB, a stage may take 4.0 MB; the largest is noise, 4.1 MB\n" in done.stderr
    assert "`unrecorded: ['*.npy']` in its row of pipeline.yaml" in done.stderr
    assert files(recorded.root / "recorded") == before
    recorded.edit("pipeline.yaml", "big: {minutes: 0.01}", "big: {minutes: 0.01, unrecorded: [noi*]}")
    assert "10 of 10 results (1 new" in record(planner(recorded))
    assert json.loads(entry(recorded, "big").read_text())["left_out"] == ["noise"]


def test_a_profile_beyond_the_limit_is_refused_naming_its_largest_stages(
    recorded: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PROFILE_LIMIT", 2_000)
    for attempt in (record, check):
        with pytest.raises(
            ColophonError, match=r"recorded/demo would take 0\.0 MB, .* largest: [a-z/]+ 0\.0"
        ):
            attempt(planner(recorded))


def test_recording_drops_what_has_no_present_key_and_keeps_what_is_not_here(clone: Tiny) -> None:
    total = entry(clone, "chain.total")
    clone.edit("profiles/demo.yaml", "[1, 2]", "[1]")
    side = entry(clone, "side")
    clone.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    gone = "chain/member/seed=2, chain/total, side"
    assert f"no present key, to be dropped by the next `make record`: {gone}" in check(planner(clone))
    told = record(planner(clone))
    assert told.startswith("recorded/demo: 6 of 8 results (0 new, 3 pruned)")
    assert "  not recorded: side: never run; its recorded result is stale: " in told
    assert not total.exists() and not side.exists() and not list(total.parent.glob("*seed=2*"))
    needed = {
        h
        for p in total.parent.glob("*.json")
        for h in read_entry(planner(clone).project, p).blobs().values()
    }
    assert {p.stem for p in (total.parent.parent / "blobs").iterdir()} == needed
    assert check(planner(clone)).endswith(": none")


def test_a_check_can_prune(clone: Tiny) -> None:
    clone.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    done = clone.make("record-check", "PRUNE=1")
    assert (
        done.stdout
        == "recorded/demo: 9 results, each as it was written; 1 of no present key were dropped\n"
    )
    assert not list((clone.root / "recorded/demo/results").glob("side@*"))


def test_there_is_nothing_to_check_where_nothing_is_recorded(bare: Tiny) -> None:
    assert check(planner(bare)).startswith("recorded/demo: 0 results")
    assert record(planner(bare)).startswith("recorded/demo: 0 of 6 results")


@settings(deadline=None)
@example(b"\x93NUMPY")
@example(b"\x93NUMPY\x01\x00\x50\x00{'descr': '|u1', 'shape': 5}")
@given(
    st.binary(max_size=300)
    | st.binary(max_size=90).map(b"\x93NUMPY\x01\x00\x50\x00{'descr': ".__add__)
    | arrays.arrays(st.sampled_from([np.uint8, np.float32, np.int64]), (3, 4, 3))
)
def test_packed_content_unpacks_to_the_same_bytes_and_packs_the_same_again(
    given: bytes | np.ndarray,
) -> None:
    if isinstance(given, np.ndarray):
        file = io.BytesIO()
        np.save(file, given)
        content = file.getvalue()
        assert item_size(content) == (3 if given.dtype == np.uint8 else given.itemsize)
    else:
        content = given
    packed = pack(content, "a.npy")
    assert lzma.decompress(packed) == content
    assert pack(content, "a.npy") == packed


def test_smooth_pictures_take_less_as_differences() -> None:
    ramp = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    file = io.BytesIO()
    np.save(file, np.stack([ramp, ramp + 7, ramp * 3], axis=-1))
    assert len(pack(file.getvalue(), "a.npy")) < len(pack(file.getvalue(), "a.bin")) / 1.5
