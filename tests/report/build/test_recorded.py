"""Recorded results: kept once, restored instead of run, refused where they were altered."""

import io
import json
import lzma
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from report.build import record as recording
from report.build.content import digest
from report.build.makefile import plan
from report.build.packing import item_size, pack
from report.build.record import check, record
from report.build.recorded import read_entry
from report.errors import ColophonError
from tests.forked import built, planner
from tests.tiny import CHAIN, ENGINE, VENV, Tiny

NET = """\
with Path("runs.txt").open("a") as file:
    file.write("net\\n")
outputs.path("part/net.safetensors").write_bytes(bytes(10))
outputs.save("loss", np.arange(9))
return Metrics(value=1, more=[])
"""
USE = """\
with Path("runs.txt").open("a") as file:
    file.write("use\\n")
return Metrics(value=len(inputs["net"].path("part/net.safetensors").read_bytes()), more=[])
"""
PLOT = """\
with Path("runs.txt").open("a") as file:
    file.write("plot\\n")
return Metrics(value=inputs["net"].array("loss").sum(), more=[])
"""


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def states(tiny: Tiny) -> dict[str, str]:
    return {status.task.id: status.state for status in planner(tiny).statuses()}


def recorded_once_of(tiny: Tiny) -> Tiny:
    tiny.stage("net", NET)
    for name, body in (("use", USE), ("plot", PLOT)):
        tiny.stage(name, body, "{needs: [net], minutes: 0.01}")
    built(tiny, "figures")
    done = tiny.make("record")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("recorded/demo: 9 of 9 results (9 new, 0 pruned), 0.0 MB of 40.0 MB\n")
    tiny.ran()
    return tiny


@pytest.fixture(scope="module")
def recorded_once(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return recorded_once_of(built_once.copy(tmp_path_factory.mktemp("recorded") / "a tiny project"))


@pytest.fixture
def recorded(recorded_once: Tiny, tmp_path: Path) -> Tiny:
    """The project with three stages more, where it was built and recorded."""
    return recorded_once.copy(tmp_path / "where it ran")


@pytest.fixture
def clone(recorded_once: Tiny, tmp_path: Path) -> Tiny:
    """Its clone on another machine, without build and data."""
    return recorded_once.copy(tmp_path / "a clone", "build", "data")


def entry(tiny: Tiny, name: str) -> Path:
    (found,) = (tiny.root / "recorded/demo/results").glob(f"{name}@*.json")
    return found


def test_a_clone_without_data_restores_every_stage_and_draws_the_figures(
    clone: Tiny, recorded_once: Tiny
) -> None:
    before = recorded_once.results()
    done = clone.make("figures", "FROZEN=1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo: 9 restored from recorded/demo\ndemo: 1 to run for `figures`")
    assert clone.ran() == ["figures/chain"]
    after = clone.results()
    kept = [name for name in before if not name.endswith((".safetensors", "provenance.json", "log.txt"))]
    assert len(kept) == 13
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert not any(name.endswith(".safetensors") for name in after)
    assert clone.make("figures").stdout == "demo: figures is up to date\n"
    told = " ".join(clone.make("status").stdout.split())
    assert "net fresh restored; without part/net.safetensors" in told
    assert "chain/source fresh restored; the data numbers are not here, taken as unchanged" in told


def test_status_tells_what_the_next_build_restores(clone: Tiny) -> None:
    told = clone.make("status").stdout
    assert "side                 recorded  the next build restores it" in told
    assert "1 to run, about 0.6 s left, 9 to restore" in told
    assert not (clone.root / "build/demo/stages").exists()


def test_planning_from_a_record_imports_no_stage_and_no_numpy(clone: Tiny) -> None:
    code = (
        "import sys; from report.cli import main; assert main(['plan', 'experiments']) == 0\n"
        "assert not {'numpy', 'torch', 'experiments'} & set(sys.modules), sorted(sys.modules)"
    )
    environment = clone.environment(PYTHONPATH=str(ENGINE))
    done = subprocess.run(
        [VENV / "bin/python", "-c", code],
        cwd=clone.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("demo: experiments is up to date\n")


def test_contents_are_kept_once_and_only_what_changed_is_written_again(recorded: Tiny) -> None:
    folder = recorded.root / "recorded/demo"
    before = files(folder)
    assert record(planner(recorded)).startswith("recorded/demo: 9 of 9 results (0 new, 0 pruned)")
    assert files(folder) == before
    for name in ("twin", "brother"):
        recorded.stage(name, "outputs.save('a', np.arange(500.0))\nreturn Metrics(value=0, more=[])")
    built(recorded)
    assert "(2 new, 0 pruned)" in record(planner(recorded))
    new = files(folder).keys() - before.keys()
    assert len([name for name in new if name.startswith("blobs/")]) == 2  # the array, and the metrics


def test_a_record_made_from_restored_results_is_the_same(clone: Tiny) -> None:
    before = files(clone.root / "recorded")
    plan(planner(clone), "experiments", "")
    assert set(states(clone).values()) == {"fresh", "missing"}
    record(planner(clone))
    assert files(clone.root / "recorded") == before


def test_what_reads_left_out_weights_has_their_stage_run_and_what_does_not_has_not(
    clone: Tiny,
) -> None:
    clone.edit("experiments/plot.py", ".sum()", ".mean()")
    built(clone)
    assert clone.ran() == ["plot"]
    clone.edit("experiments/use.py", "value=len(", "value=1 + len(")
    told = built(clone)
    assert "net: part/net.safetensors is left out of its record, and use reads it\n" in told
    assert clone.ran() == ["net", "use"]
    assert (clone.root / "build/demo/stages/net/part/net.safetensors").is_file()
    assert built(clone) == ""


def test_a_stage_that_has_never_run_is_taken_to_read_the_weights(clone: Tiny) -> None:
    clone.stage("more", USE.replace("use", "more"), "{needs: [net], minutes: 0.01}")
    done = clone.report("run", "more")
    assert done.returncode == 0, done.stderr
    assert clone.ran() == ["more", "net"]


def test_a_figure_that_reads_what_is_left_out_is_told_when_it_is_recorded_and_drawn(
    recorded: Tiny, tmp_path: Path
) -> None:
    recorded.edit("pipeline.yaml", "needs: [chain/total]", "needs: [chain/total, net]")
    recorded.edit(
        "figures/chain.py", "    outputs", '    inputs["net"].path("part/net.safetensors")\n    outputs'
    )
    built(recorded, "figures")
    told = record(planner(recorded))
    assert (
        "figures/chain can't be drawn from the record alone: it leaves out part/net.safetensors of net"
        in told
    )
    clone = recorded.copy(tmp_path / "a clone", "build")
    done = clone.make("figures", "FROZEN=1")
    assert done.returncode != 0
    assert (
        "figures/chain: net: its output part/net.safetensors is left out of the record that it was "
        "restored from\n  Run it whole: python -m report run --force net" in done.stderr
    )
    assert clone.report("run", "--force", "net").returncode == 0
    built(clone, "figures")


def test_dependants_of_a_stage_that_runs_to_the_recorded_result_are_restored(clone: Tiny) -> None:
    entry(clone, "chain.double").unlink()
    told = built(clone)
    assert clone.ran() == ["chain/double"]
    assert "chain/member/seed=1: if chain/double changes" in told
    assert "✓ chain/total  restored\n" in told
    assert set(states(clone).values()) == {"fresh", "missing"}


def test_results_of_other_data_are_not_restored(clone: Tiny) -> None:
    clone.write("data/numbers.txt", "1\n2\n4\n")
    found = states(clone)
    assert {name for name in found if found[name] == "recorded"} == {"net", "side", "plot", "use"}
    built(clone)
    assert clone.ran() == CHAIN


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
@given(
    st.binary(max_size=300) | arrays.arrays(st.sampled_from([np.uint8, np.float32, np.int64]), (3, 4, 3))
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
