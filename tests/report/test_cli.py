"""One stage by hand, the tally that Make's runs keep, `make help`, `make clean`, `make status`."""

import json
import re
from pathlib import Path

import pytest

from report.build.provenance import write_provenance
from report.cli import count_off
from tests.tiny import CHAIN, ENGINE, Tiny


def words(text: str) -> str:
    """`text` with its columns and folded lines as single spaces."""
    return " ".join(text.split())


def test_a_stage_by_hand_runs_what_it_needs_and_is_stale_first(built: Tiny) -> None:
    built.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
    built.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    refused = built.report("run", "chain/double", "--alone", "--profile", "demo")
    assert refused.returncode == 1
    assert (
        "chain/double needs chain/source, which is stale (setting scale: 2.0 is now 3.0)\n"
        "  Run it first, or build again if it was edited meanwhile: make run STAGE=chain/source PROFILE=demo\n"
    ) in refused.stderr
    assert built.ran() == []
    done = built.report("run", "chain/total")
    assert done.returncode == 0, done.stderr
    assert built.ran() == CHAIN
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        "chain/source", "chain/double", "chain/member/seed=1", "chain/member/seed=2", "chain/total",
    ]  # fmt: skip
    assert built.report("run", "chain/total").stdout == "✓ chain/total  already fresh\n"
    assert built.ran() == []


def test_a_name_stands_for_every_combination_and_an_id_for_one(built: Tiny) -> None:
    assert built.report("run", "chain/member", "--force").returncode == 0
    assert built.ran() == ["chain/member/seed=1", "chain/member/seed=2"]
    assert built.report("run", "chain/member/seed=2", "--force").returncode == 0
    assert built.ran() == ["chain/member/seed=2"]
    assert built.report("run", "figures/chain", "--force").returncode == 0
    assert built.ran() == ["figures/chain"]


def test_a_failed_need_stops_a_stage_by_hand(built: Tiny) -> None:
    built.edit("experiments/chain/source.py", "values = np", "raise RuntimeError('no')\n    values = np")
    done = built.report("run", "chain/total")
    assert done.returncode == 1
    assert (
        "error: chain/source: RuntimeError: no\n  log: build/demo/state/chain.source.log\n" in done.stderr
    )
    assert built.ran() == ["chain/source"]


def test_the_tally_counts_each_task_once_and_tells_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = tmp_path / "experiments.mk"
    plan.write_text('# a\n# expected seconds: {"a": 60, "b": 120, "c": 0.5}\nall:\n')
    monkeypatch.setenv("COLOPHON_PLAN", str(plan))
    monkeypatch.setenv("COLOPHON_JOBS", "2")
    assert count_off("b") == "  (1 of 3, about 30 s left)"
    assert count_off("b") == "  (1 of 3, about 30 s left)"
    assert count_off("c") == "  (2 of 3, about 30 s left)"
    assert count_off("a") == "  (3 of 3)"
    monkeypatch.delenv("COLOPHON_PLAN")
    assert count_off("a") == ""


def test_help_lists_every_target_with_a_line_each(bare: Tiny) -> None:
    done = bare.make("help")
    makefile = (ENGINE / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE).group(1).split()  # type: ignore[union-attr]
    listed = re.findall(r"^  ([a-z-]+) +\S.*$", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(targets)
    assert all(
        f"{name}" in done.stdout
        for name in ("PROFILE=", "JOBS=", "DATA_DIR=", "RENDERER=", "Profiles: demo")
    )
    assert bare.make().stdout == done.stdout


def test_clean_removes_only_what_the_build_made(built: Tiny) -> None:
    (built.root / "build/other").mkdir()
    for path in ("build/demo/notes.txt", "build/demo/my.mk", "build/other/result.txt", "notes.txt"):
        built.write(path, "mine")
    done = built.make("clean")
    assert done.returncode == 0
    assert done.stdout.startswith("removed from build/demo: stages, figures, state, cache.json")
    assert sorted(p.name for p in (built.root / "build/demo").iterdir()) == ["my.mk", "notes.txt"]
    assert built.read("build/other/result.txt") == built.read("notes.txt") == "mine"
    assert built.make("clean").stdout == "removed from build/demo: nothing, it was clean\n"


def test_clean_leaves_no_folder_of_its_own(built: Tiny) -> None:
    (built.root / "build/demo/.cache.json.123").touch()
    assert built.make("clean").returncode == 0
    assert not (built.root / "build/demo").exists()


def test_status_tells_the_state_of_each_stage_and_why(built: Tiny) -> None:
    fresh = built.make("status").stdout
    assert re.search(
        r"^chain/member/seed=1 +fresh +\d{4}-\d\d-\d\d \d\d:\d\d +\S.* \d\.\d s$", fresh, re.MULTILINE
    )
    assert "every stage is fresh" in fresh
    built.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
    built.edit("profiles/demo.yaml", "[1, 2]", "[1, 2, 3]")
    built.edit("experiments/lazy.py", "STEP = 1", "STEP = 2")
    made = json.loads(built.read("build/demo/stages/side/provenance.json"))
    made["versions"] |= {"numpy": "0.0.1"}
    del made["checksum"]
    write_provenance(built.root / "build/demo/stages/side", made)
    text = words(built.make("status").stdout)
    assert "chain/source stale setting scale: 2.0 is now 3.0" in text
    assert "chain/double after if chain/source changes" in text
    assert "chain/member/seed=1 stale experiments/lazy.py was edited" in text
    assert "chain/member/seed=3 missing never run" in text
    assert "side fresh made with other versions: numpy 0.0.1" in text
    assert "7 to run, about" in text
    assert built.ran() == []


def test_status_of_a_project_of_which_nothing_is_built_shows_all_missing(bare: Tiny) -> None:
    done = bare.make("status")
    assert done.returncode == 0
    assert done.stdout.count("missing") == 7
    assert "7 to run, about 4.2 s left" in done.stdout
    assert bare.make("-n", "experiments").returncode == 0
    assert bare.ran() == []


def test_lint_names_the_numbers_typed_by_hand_in_every_document(bare: Tiny) -> None:
    bare.write("templates/one/document.yaml", "title: T\nchapters: [a.qmd.j2]\n")
    bare.write("templates/one/a.qmd.j2", "Text.\n\nIt reaches 88.4 %.\n")
    bare.write("templates/two/document.yaml", "title: T\nchapters: [b.qmd.j2]\nnames: [VGG16]\n")
    bare.write("templates/two/b.qmd.j2", "VGG16 has 13 of them, VGG19 more.\n")
    done = bare.report("lint")
    assert done.returncode == 1
    assert 'templates/one/a.qmd.j2, line 3: 88.4 % in "It reaches 88.4 %."' in done.stderr
    assert "templates/two/b.qmd.j2, line 1: 13 in" in done.stderr
    assert "line 1: VGG19 in" in done.stderr and "VGG16 in" not in done.stderr
    bare.edit("templates/one/a.qmd.j2", "88.4 %", "{{ fact(224) }} pixels")
    bare.write("templates/two/b.qmd.j2", "VGG16 is one of them.\n")
    assert bare.report("lint").returncode == 0
