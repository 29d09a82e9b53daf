"""A stage whose result is recorded is restored instead of run, if that is what a run would make."""

import shutil
import subprocess
from pathlib import Path

from report.build.makefile import plan
from report.build.record import check, record
from tests.forked import built, planner
from tests.recorded_project import USE, entry, files, states
from tests.tiny import CHAIN, ENGINE, VENV, Tiny


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


def test_a_record_lists_what_is_missing_until_it_is_whole_and_not_what_is_stale_later(
    recorded: Tiny,
) -> None:
    folder = recorded.root / "recorded/demo"
    listed = folder / "missing.txt"
    recorded.stage("late", "return Metrics(value=0, more=[])")
    assert "not recorded: late: never run" in record(planner(recorded))
    assert not listed.exists()  # it was whole before
    shutil.rmtree(folder)
    record(planner(recorded))
    assert listed.read_text() == "late\n"
    recorded.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    check(planner(recorded), drop=True)
    assert set(listed.read_text().split()) == {"late", "side"}
    built(recorded)
    record(planner(recorded))
    assert not listed.exists()


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


READS_WEIGHTS = '    inputs["net"].path("part/net.safetensors")\n    outputs'


def test_a_figure_that_reads_what_is_left_out_is_kept_as_it_was_drawn(
    recorded: Tiny, tmp_path: Path
) -> None:
    recorded.edit("pipeline.yaml", "needs: [chain/total]", "needs: [chain/total, net]")
    recorded.edit("figures/chain.py", "    outputs", READS_WEIGHTS)
    built(recorded, "figures")
    recorded.ran()
    told = record(planner(recorded))
    assert told.startswith("recorded/demo: 9 of 9 results and 1 figure (1 new, 0 pruned)")
    assert "figures/chain is kept as drawn, as it reads what is left out" in told
    clone = recorded.copy(tmp_path / "a clone", "build", "data")
    built(clone, "figures", FROZEN="1")
    assert clone.ran() == []
    drawn = "build/demo/figures/chain/total.txt"
    assert clone.read(drawn) == recorded.read(drawn)
    before = files(clone.root / "recorded")
    record(planner(clone))
    assert files(clone.root / "recorded") == before
    assert check(planner(clone)).endswith(": none")

    clone.edit("figures/chain.py", "str(", "repr(")
    done = clone.make("figures", "FROZEN=1")
    assert done.returncode != 0
    assert (
        "figures/chain: net: its output part/net.safetensors is left out of the record that it was "
        "restored from\n  Run it whole: make run FORCE=1 STAGE=net" in done.stderr
    )
    told = record(planner(clone))
    lost = "leaves out part/net.safetensors of net"
    assert f"figures/chain can't be drawn from the record alone, which {lost}, and is stale itself" in told
    assert not list((clone.root / "recorded/demo/results").glob("figures*"))
    clone.ran()
    built(clone, "figures")
    assert clone.ran() == ["figures/chain", "net"]


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
