"""Data that are missing: told before anything runs, or taken as unchanged."""

import json

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.build.provenance import write_provenance
from report.build.settings import resolve
from report.build.status import describe
from tests.tiny import Tiny


def test_missing_data_are_refused_before_any_stage_runs_saying_what_to_put_where(bare: Tiny) -> None:
    (bare.root / "data/numbers.txt").unlink()
    done = bare.make("experiments")
    assert done.returncode != 0
    assert (
        "error: numbers (three numbers) is missing: nothing at data/numbers.txt\n"
        "  Put it there, or set DATA_DIR to the folder that holds numbers.txt.\n"
        "  Get it from: the author of these tests\n"
    ) in done.stderr
    assert bare.ran() == []
    elsewhere = bare.root / "other data"
    elsewhere.mkdir()
    refused = bare.make("experiments", f"DATA_DIR={elsewhere}")
    assert "is missing: nothing at other data/numbers.txt" in refused.stderr
    (elsewhere / "numbers.txt").write_text("1\n2\n")
    done = bare.report("run", "chain/source", DATA_DIR=str(elsewhere))
    assert done.returncode == 0, done.stderr


def test_a_setting_that_lists_data_needs_each_entry_that_it_names(bare: Tiny) -> None:
    bare.edit(
        "experiments/chain/source.py",
        'dataset: str = Field("numbers"',
        'dataset: tuple[str, ...] = Field(("numbers", "made here")',
    )
    bare.edit("experiments/chain/source.py", "settings.dataset", "settings.dataset[0]")
    planner = Planner(open_project(root=bare.root, env={}))
    (task,) = planner.task("chain/source")
    entries = planner.data_entries(task, resolve(planner.project, planner.content, planner.recorded, task))
    assert list(entries) == ["numbers"]  # the other is no entry of the catalogue
    assert bare.report("run", "chain/source").returncode == 0
    (bare.root / "data/numbers.txt").unlink()
    refused = bare.report("run", "chain/source", "--force")
    assert "numbers (three numbers) is missing" in refused.stderr


def test_results_stay_fresh_without_the_data_they_were_made_from(built: Tiny) -> None:
    (built.root / "data/numbers.txt").unlink()
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"
    built.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
    assert "Put it there" in built.make("experiments").stderr
    planner = Planner(open_project(root=built.root, env={}))
    state, notes = describe(planner, planner.statuses({"chain/source"})[0], {})
    assert state == "stale" and notes.endswith(
        "numbers (three numbers) is missing: nothing at data/numbers.txt"
    )


def test_data_at_another_path_that_are_not_there_are_not_taken_as_unchanged(built: Tiny) -> None:
    built.edit("pipeline.yaml", "path: numbers.txt", "path: more.txt")
    refused = built.make("experiments")
    assert refused.returncode != 0 and "is missing: nothing at data/more.txt" in refused.stderr
    (built.root / "data/numbers.txt").rename(built.root / "data/more.txt")
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"
    path = "build/demo/stages/chain/source/provenance.json"
    made = json.loads(built.read(path))
    del made["data_paths"], made["checksum"]  # as earlier engines wrote it
    write_provenance(built.root / path.removesuffix("/provenance.json"), made)
    (built.root / "data/more.txt").unlink()
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"


@pytest.mark.parametrize(
    ("variables", "place"), [({}, "data/torch"), ({"TORCH_HOME": "my nets"}, "my nets")]
)
def test_missing_torch_weights_are_looked_for_in_torch_home_and_the_command_fetches_them_there(
    variables: dict[str, str], place: str, bare: Tiny
) -> None:
    bare.edit("pipeline.yaml", "path: numbers.txt", "path: torch/hub/numbers.pth")
    bare.edit(
        "pipeline.yaml", "the author of these tests", "the author, with TORCH_HOME={torch_home} fetch"
    )
    done = bare.make("experiments", **variables)
    quoted = f"'{place}'" if " " in place else place
    assert (
        f"is missing: nothing at {place}/hub/numbers.pth\n"
        "  Put it there, or set TORCH_HOME to the folder that holds hub/numbers.pth.\n"
        f"  Get it from: the author, with TORCH_HOME={quoted} fetch\n"
    ) in done.stderr
