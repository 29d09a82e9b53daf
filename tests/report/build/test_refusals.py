"""Bad input: a clear message, a status that is not zero, and earlier results as they were."""

import shutil
from collections.abc import Callable

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.build.settings import resolve
from report.errors import ColophonError
from tests.tiny import Tiny

Change = Callable[[Tiny], object]

VARIABLES = {
    ("experiments", "PROFILE=nope"): ["PROFILE=nope: no such profile", "Profiles: demo"],
    ("experiments", "JOBS=many"): ["JOBS=many: not a number of jobs", "A whole number from 1 up."],
    ("experiments", "JOBS=0"): ["JOBS=0: not a number of jobs"],
    ("experiments", "EXECUTOR=pbs"): ["EXECUTOR=pbs: no such executor", "One of: local, slurm"],
    ("status", "RENDERER=word"): ["RENDERER=word: no such renderer", "One of: auto, pandoc, quarto"],
    ("experiments", "DATA_DIR=/no where"): [
        "DATA_DIR=/no where: no such folder",
        "Name a folder that exists",
    ],
    ("html", "DOC=thesis"): ["DOC=thesis: no such document", "Documents:"],
    ("help", "MAKE_VERSION=3.81"): ["GNU make 4 or newer is needed, this is 3.81"],
}


@pytest.mark.parametrize(
    ("words", "expected"), VARIABLES.items(), ids=[" ".join(words) for words in VARIABLES]
)
def test_a_wrong_variable_is_refused_with_what_is_right(
    words: tuple[str, ...], expected: list[str], bare: Tiny
) -> None:
    done = bare.make(*words)
    assert done.returncode != 0
    assert all(text in done.stderr for text in expected), done.stderr
    assert "Traceback" not in done.stderr
    assert not (bare.root / "build").exists()


def row(name: str, text: str) -> Change:
    return lambda t: t.edit("pipeline.yaml", "stages:\n", f"stages:\n  {name}: {text}\n")


def profile(text: str) -> Change:
    return lambda t: t.edit("profiles/demo.yaml", "  chain/source: {scale: 2.0}", text)


def need_itself(tiny: Tiny) -> None:
    tiny.edit("pipeline.yaml", "  chain/source:\n", "  chain/source:\n    needs: [chain/total]\n")


def break_script(tiny: Tiny) -> None:
    tiny.edit("experiments/side.py", "return Metrics(", "return Metrics(()")


def no_description(tiny: Tiny) -> None:
    tiny.edit("experiments/side.py", 'float = quantity("twice the start")', "float")


def latin1(tiny: Tiny) -> None:
    (tiny.root / "profiles/demo.yaml").write_bytes("about: für".encode("latin-1"))


PROFILE, SIDE = "profiles/demo.yaml", "experiments/side.py"
PROJECTS: dict[str, tuple[Change, list[str]]] = {
    "an unknown setting": (
        profile("  chain/source: {scael: 2.0}"),
        [
            "profiles/demo.yaml: stages.chain/source: scael: unknown.",
            "Did you mean scale? Known: dataset, scale, seed",
        ],
    ),
    "a setting out of range": (
        profile("  chain/source: {scale: -1}"),
        ["demo.yaml: stages.chain/source: scale = -1: Input should be greater than or equal to 0"],
    ),
    "a setting of the wrong type": (profile("  side: {start: soon}"), ["stages.side: start = 'soon':"]),
    "a cycle": (
        need_itself,
        ["pipeline.yaml: a cycle of needs: ", "source", "double", "member", "total"],
    ),
    "a row whose data are no setting": (
        lambda t: t.edit("pipeline.yaml", "[dataset]", "[data_set]"),
        ["chain/source: data names 'data_set', which is no setting", "Settings: dataset, scale, seed"],
    ),
    "a key twice": (
        lambda t: t.edit(PROFILE, "values:\n", "values:\n  seeds: [3]\n"),
        ["profiles/demo.yaml, line 3: not readable as YAML: the key 'seeds' stands twice"],
    ),
    "a syntax error in a script": (break_script, ["experiments/side.py, line 19: "]),
    "an error while a script is imported": (
        lambda t: t.edit(SIDE, "from pathlib import Path\n", "from pathlib import Path\n\nX = 1 / 0\n"),
        [
            "experiments/side.py can't be imported: ZeroDivisionError: division by zero",
            "(experiments/side.py, line 3)",
        ],
    ),
    "a script that leaves while it is imported": (
        lambda t: t.edit(SIDE, "from pathlib import Path\n", "raise SystemExit(0)\n"),
        ["experiments/side.py can't be imported: SystemExit: 0 (experiments/side.py, line 1)"],
    ),
    "a script without settings": (
        lambda t: t.edit(SIDE, "class Settings(", "class Sitting("),
        ["experiments/side.py has no class Settings", "Derive one from report.stage.Settings"],
    ),
    "a metric without description": (
        no_description,
        ["experiments.side.Metrics: no description (with a unit) for value"],
    ),
}
TABLES: dict[str, tuple[Change, list[str]]] = {
    "settings of a stage that does not exist": (
        profile("  chain/sauce: {scale: 1}"),
        ["profiles/demo.yaml: stages.chain/sauce: no such stage", "Did you mean chain/source?"],
    ),
    "a profile's section that does not exist": (
        lambda t: t.edit(PROFILE, "values:", "valves:"),
        ["profiles/demo.yaml: valves: unknown. Did you mean values?"],
    ),
    "a setting that `each` sets": (
        profile("  chain/member: {seed: 1}"),
        ["stages.chain/member.seed: set by `each`", "Change values.seeds instead."],
    ),
    "a list that a stage is expanded over and that is not there": (
        lambda t: t.edit(PROFILE, "seeds:", "sedes:"),
        ["chain/member is expanded over `values.seeds`, which is not there", "Did you mean sedes?"],
    ),
    "a list that no stage is expanded over": (
        lambda t: t.edit(PROFILE, "values:\n", "values:\n  seedz: [1]\n"),
        ["profiles/demo.yaml: values.seedz: no row is expanded over it", "Did you mean seeds?"],
    ),
    "a value twice in such a list": (
        lambda t: t.edit(PROFILE, "[1, 2]", "[1, 1]"),
        ["two combinations of chain/member share the folder chain/member/seed=1"],
    ),
    "values that only case tells apart": (
        lambda t: t.edit(PROFILE, "[1, 2]", "[a+b, A-b]"),
        ["the names chain/member/seed=a+b and chain/member/seed=A-b are too much alike"],
    ),
    "a profile that extends itself": (
        lambda t: t.edit(PROFILE, "values:", "extends: demo\nvalues:"),
        ["profiles/demo.yaml: extends 'demo', which extends it in turn"],
    ),
    "a missing row": (
        row("more", "{needs: [chain/totla]}"),
        ["more needs 'chain/totla', which has no row", "Did you mean chain/total?"],
    ),
    "a row without a script": (
        row("more", "{}"),
        ["more has a row but no script", "Write experiments/more.py"],
    ),
    "a row with an unknown column": (
        row("more", "{gpus: 1}"),
        ["pipeline.yaml: stages.more.gpus: unknown"],
    ),
    "a row with numbers out of range": (
        row("more", "{cpus: 0, minutes: .inf, memory: -1}"),
        [
            "pipeline.yaml: stages.more.minutes = inf: Input should be less than inf",
            "stages.more.cpus = 0: Input should be greater than 0",
            "stages.more.memory = -1: Input should be greater than 0",
        ],
    ),
    "a value that is not finite": (
        lambda t: t.edit(PROFILE, "[1, 2]", "[1, .nan]"),
        ["profiles/demo.yaml: values.seeds.1.", "float = nan: Input should be less than inf"],
    ),
    "a row inside another stage's folder": (
        row("side/more", "{}"),
        ["the folder of side/more would lie inside that of side"],
    ),
    "a row with a name that is none": (row("'more stuff'", "{}"), ["'more stuff' is not a name"]),
    "broken YAML": (
        profile("  side: start: 5"),
        ["profiles/demo.yaml, line 4: not readable as YAML: mapping values are not allowed"],
    ),
    "a list where YAML should hold keys": (
        lambda t: t.write("pipeline.yaml", "- a\n"),
        ["pipeline.yaml: expected keys with values, found a list"],
    ),
    "a file that is not UTF-8": (
        latin1,
        ["profiles/demo.yaml: not readable as YAML: 'utf-8' codec"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), PROJECTS.values(), ids=PROJECTS)
def test_a_build_is_refused_before_any_stage_runs_for(
    change: Change, expected: list[str], built: Tiny
) -> None:
    before = built.results()
    change(built)
    done = built.make("experiments", "PROFILE=demo")
    assert done.returncode != 0
    assert done.stdout == ""
    assert all(text in done.stderr for text in expected), done.stderr
    assert "Traceback" not in done.stderr
    assert built.ran() == []
    assert built.results() == before


@pytest.mark.parametrize(("change", "expected"), TABLES.values(), ids=TABLES)
def test_planning_refuses(change: Change, expected: list[str], bare: Tiny) -> None:
    change(bare)
    with pytest.raises(ColophonError) as refused:
        Planner(open_project(root=bare.root, env={}))
    assert all(text in str(refused.value) for text in expected), refused.value


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


@pytest.mark.skipif(shutil.which("quarto") is not None, reason="needs a machine without Quarto")
def test_a_renderer_that_is_not_installed_is_refused_before_any_stage_runs(bare: Tiny) -> None:
    bare.write("templates/report/document.yaml", "title: T\nchapters: []\n")
    done = bare.make("html", "RENDERER=quarto")
    assert done.returncode != 0
    assert "`quarto` is not on the PATH" in done.stderr and "use RENDERER=pandoc" in done.stderr
    assert bare.ran() == []


def test_an_empty_profile_variable_means_the_default(built: Tiny) -> None:
    shutil.rmtree(built.root / "build/demo/stages/side")
    assert built.make("experiments", "PROFILE=").returncode == 0
    assert built.ran() == ["side"]


def test_a_stage_unknown_by_hand_is_refused_with_those_there_are(built: Tiny) -> None:
    done = built.report("run", "chain/middle")
    assert done.returncode == 1
    assert "'chain/middle': no such stage in profile demo" in done.stderr
    assert (
        "Stages: chain/double, chain/member, chain/source, chain/total, figures/chain, side" in done.stderr
    )


def test_a_folder_without_a_project_is_refused(bare: Tiny) -> None:
    (bare.root / "pipeline.yaml").unlink()
    done = bare.make("status")
    assert done.returncode != 0
    assert f"no pipeline.yaml in {bare.root}" in done.stderr
