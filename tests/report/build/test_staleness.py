"""What runs again after a change, and what does not: DESIGN.md's rules, through `make`."""

import json
import os
import shutil
from collections.abc import Callable

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.build.status import describe
from tests.tiny import CHAIN, Tiny

MEMBERS = ["chain/member/seed=1", "chain/member/seed=2"]
Change = Callable[[Tiny], object]


def touch_everything(tiny: Tiny) -> None:
    for path in tiny.root.rglob("*"):
        if path.is_file():
            os.utime(path)


def reformat(tiny: Tiny) -> None:
    tiny.edit("experiments/chain/double.py", "(inputs[", "(\n        inputs[")
    tiny.edit(
        "experiments/chain/double.py",
        '"values")) + settings.offset',
        '"values")\n    ) + (settings.offset)',
    )


def lose_the_cache(tiny: Tiny) -> None:
    (tiny.root / "build/demo/cache.json").unlink()


NOTHING_RUNS: dict[str, Change] = {
    "the project is copied to another path": lambda t: None,
    "every file is touched": touch_everything,
    "a comment is edited": lambda t: t.edit("experiments/shared.py", "# a comment", "# an apt one"),
    "a docstring is edited": lambda t: t.edit("experiments/shared.py", "Doubles.", "Multiplies."),
    "a docstring is removed": lambda t: t.edit(
        "experiments/shared.py", '"""Helps chain/double and side."""', ""
    ),
    "a script is reformatted": reformat,
    "a setting equal to its default is written out": lambda t: t.edit(
        "profiles/demo.yaml", "{scale: 2.0}", "{scale: 2, seed: 7}"
    ),
    "the profile's keys change their order": lambda t: t.write(
        "profiles/demo.yaml", "stages:\n  chain/source: {scale: 2.0}\nvalues: {seeds: [1, 2]}\n"
    ),
    "the rows change their order": lambda t: t.write(
        "pipeline.yaml",
        t.read("pipeline.yaml")
        .replace("  side:\n    about: depends on nothing\n    minutes: 0.01\n", "")
        .replace("stages:\n", "stages:\n  side:\n    about: depends on nothing\n    minutes: 0.01\n"),
    ),
    "a helper that nobody imports appears": lambda t: t.write("experiments/chain/unused.py", "X = 1\n"),
    "the cache is lost": lose_the_cache,
    "prose is edited": lambda t: t.write("templates/report/chain.qmd", "Prose."),
}


def test_a_setting_that_is_no_number_or_infinite_does_not_stay_stale(built: Tiny) -> None:
    built.edit("experiments/side.py", "start: int = 3", "start: int = 3\n    below: float = float('nan')")
    built.edit("experiments/side.py", "\n    below", "\n    above: float = float('inf')\n    below")
    assert built.make("experiments").returncode == 0
    assert built.ran() == ["side"]
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"
    built.edit("profiles/demo.yaml", "stages:\n", "stages:\n  side: {below: 0}\n")
    assert "  side: setting below: nan is now 0.0\n" in built.make("experiments").stdout


@pytest.mark.parametrize("change", NOTHING_RUNS.values(), ids=NOTHING_RUNS)
def test_nothing_runs_when(change: Change, built: Tiny) -> None:
    before = built.results()
    change(built)
    done = built.make("figures")
    assert (done.returncode, done.stdout) == (0, "demo: figures is up to date\n"), done.stderr
    assert built.ran() == []
    assert built.results() == before


def alter_in_place(tiny: Tiny) -> None:
    """Change one byte and set the time back, as a careless copy might."""
    path = tiny.root / "build/demo/stages/chain/double/values.npy"
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def delete(path: str) -> Change:
    return lambda tiny: (tiny.root / "build/demo" / path).unlink()


def damage_provenance(tiny: Tiny) -> None:
    path = tiny.root / "build/demo/stages/chain/total/provenance.json"
    made = json.loads(path.read_text())
    path.write_text(json.dumps({key: made[key] for key in ("stage", "settings")}))


RUNS: dict[str, tuple[Change, list[str]]] = {
    "a setting": (
        lambda t: t.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0"),
        [*CHAIN, "figures/chain"],
    ),
    "a setting, to the same output": (
        lambda t: t.edit("profiles/demo.yaml", "scale: 2.0", "scale: 2.9"),
        ["chain/source"],
    ),
    "a setting of a stage that nothing follows": (
        lambda t: t.edit("profiles/demo.yaml", "stages:\n", "stages:\n  side: {start: 5}\n"),
        ["side"],
    ),
    "a default": (
        lambda t: t.edit("experiments/side.py", "start: int = 3", "start: int = 5"),
        ["side"],
    ),
    "a helper": (
        lambda t: t.edit("experiments/shared.py", "FACTOR = 2", "FACTOR = 1 + 1"),
        ["chain/double", "side"],
    ),
    "a helper that is imported while a stage runs": (
        lambda t: t.edit("experiments/lazy.py", "STEP = 1", "STEP = 2 - 1"),
        MEMBERS,
    ),
    "a helper that is imported while a stage runs, to another output": (
        lambda t: t.edit("experiments/lazy.py", "STEP = 1", "STEP = 3"),
        [*MEMBERS, "chain/total", "figures/chain"],
    ),
    "a data file": (
        lambda t: t.write("data/numbers.txt", "1\n2\n3.0\n"),
        ["chain/source"],
    ),
    "an output, deleted": (delete("stages/chain/double/values.npy"), ["chain/double"]),
    "an output, altered by hand at the same size and time": (alter_in_place, ["chain/double"]),
    "metrics, altered by hand": (
        lambda t: t.edit("build/demo/stages/chain/total/metrics.json", '"total"', '"tutal"'),
        ["chain/total"],
    ),
    "a figure, deleted": (delete("figures/chain/total.txt"), ["figures/chain"]),
    "provenance, removed": (delete("stages/chain/total/provenance.json"), ["chain/total"]),
    "provenance, with half of it cut away": (damage_provenance, ["chain/total"]),
    "a whole result, removed": (
        lambda t: shutil.rmtree(t.root / "build/demo/stages/side"),
        ["side"],
    ),
    "a list that a stage is expanded over, by one more": (
        lambda t: t.edit("profiles/demo.yaml", "[1, 2]", "[1, 2, 3]"),
        ["chain/member/seed=3", "chain/total", "figures/chain"],
    ),
    "the order of a list that a stage is expanded over": (
        lambda t: t.edit("profiles/demo.yaml", "[1, 2]", "[2, 1]"),
        ["chain/total", "figures/chain"],
    ),
    "a list that a stage is expanded over, by one less": (
        lambda t: t.edit("profiles/demo.yaml", "[1, 2]", "[2]"),
        ["chain/total", "figures/chain"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), RUNS.values(), ids=RUNS)
def test_exactly_what_follows_runs_after_a_change_of(
    change: Change, expected: list[str], built: Tiny
) -> None:
    change(built)
    done = built.make("figures")
    assert done.returncode == 0, done.stdout + done.stderr
    assert built.ran() == sorted(expected)


def test_a_result_follows_a_second_edit_within_the_same_second(built: Tiny) -> None:
    for factor in (4, 6, 8):
        built.edit(
            "experiments/shared.py",
            built.read("experiments/shared.py").split("\n")[2],
            f"FACTOR = {factor}",
        )
        os.utime(built.root / "experiments/shared.py", (1_700_000_000, 1_700_000_000))
        done = built.report("run", "side", PYTHONDONTWRITEBYTECODE="")
        assert done.returncode == 0, done.stderr
        assert json.loads(built.read("build/demo/stages/side/metrics.json")) == {"value": 3 * factor}


def test_a_stage_depends_on_no_module_of_another_whose_settings_were_read_on_the_way(built: Tiny) -> None:
    (built.root / "build/demo/cache.json").unlink()
    done = built.report("run", "--force", "chain/total", PYTHONHASHSEED="0")
    assert done.returncode == 0, done.stderr
    modules = json.loads(built.read("build/demo/stages/chain/total/provenance.json"))["modules"]
    assert list(modules) == [
        "experiments/__init__.py",
        "experiments/chain/__init__.py",
        "experiments/chain/total.py",
    ]


def test_a_helper_edited_while_a_stage_runs_makes_its_result_stale(built: Tiny) -> None:
    built.edit(
        "experiments/chain/member.py",
        "STEP\n\n",
        "STEP\n\n    Path('experiments/lazy.py').write_text('STEP = 5\\n')\n",
    )
    done = built.report("run", "chain/member/seed=1")
    assert done.returncode == 0, done.stderr
    assert json.loads(built.read("build/demo/stages/chain/member/seed=1/metrics.json")) == {"value": 13}
    refused = built.report("run", "chain/total", "--alone")
    assert "chain/member/seed=1, which is stale (experiments/lazy.py was edited)" in refused.stderr


def test_a_deleted_helper_is_an_error_that_names_it(built: Tiny) -> None:
    before = built.results()
    (built.root / "experiments/shared.py").unlink()
    done = built.make("figures")
    assert done.returncode != 0
    assert "No module named 'experiments.shared' (experiments/side.py, line 3)" in done.stderr
    assert built.results() == before
    assert built.ran() == []


def test_every_stage_to_run_is_told_with_its_reason(built: Tiny) -> None:
    shutil.rmtree(built.root / "build/demo/stages/side")
    built.edit("profiles/demo.yaml", "scale: 2.0", "scale: 2.5")
    told = built.make("experiments").stdout
    assert told.startswith("demo: 6 to run for `experiments`, about")
    assert "  side: never run\n" in told
    assert "  chain/source: setting scale: 2.0 is now 2.5\n" in told
    assert "  chain/double: if chain/source changes\n" in told
    assert "✓ chain/total  already fresh  (" in told
    assert built.ran() == ["chain/source", "side"]


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
