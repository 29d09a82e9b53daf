"""`make new`, and the experiment of docs/add-an-experiment.md in a project that it lays down."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html

from report.errors import ColophonError
from report.new import create, title
from tests.smoke import text_of
from tests.tiny import ENGINE, VENV, Tiny, run

GUIDE = (ENGINE / "docs/add-an-experiment.md").read_text(encoding="utf-8")


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Make in the new project, through its own Makefile."""
    return subprocess.run(
        ["make", *words, f"VENV={VENV}", "RENDERER=pandoc"],
        cwd=folder, env=Tiny(folder).environment(), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project, laid down through the engine's Makefile, with its page built."""
    folder = tmp_path_factory.mktemp("somewhere else") / "my-report"
    new = make(ENGINE, "new", f"NAME={folder}")
    assert new.returncode == 0, new.stderr
    assert f"cd '{folder}' && make report" in new.stdout
    done = make(folder, "html")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_new_project_builds_at_once_and_has_nothing_to_do_then(made: Path) -> None:
    page = html.fromstring((made / "build/demo/report.html").read_text(encoding="utf-8"))
    metrics = json.loads((made / "build/demo/stages/digits/neighbours/metrics.json").read_text())
    assert metrics["accuracy"]["correct"] > 0.9 * metrics["accuracy"]["total"]
    shown = text_of(page).replace("\u00a0", " ")
    assert page.findtext(".//h1") == "My report"
    assert f"{100 * metrics['accuracy']['value']:.1f} % (95 % interval" in shown
    assert "Nearest neighbours are right more often" in shown
    assert "up to date" in make(made, "html").stdout


def block(after: str) -> str:
    """The code block that follows the line of the guide that begins with `after`."""
    found = re.search(rf"^{re.escape(after)}.*?\n\n```\w+\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/add-an-experiment.md has no block after {after!r}"
    return found[1]


def test_the_experiment_that_the_guide_adds_runs_alone_and_shows_in_the_page(made: Path) -> None:
    project = Tiny(made)
    project.write("experiments/digits/means.py", block("`experiments/digits/means.py`"))
    project.edit("pipeline.yaml", "stages:\n", "stages:\n" + block("In `pipeline.yaml`"))
    chapter = "templates/report/digits.qmd.j2"
    project.write(chapter, project.read(chapter) + "\n" + block("At the end of `templates/report/digits"))
    done = make(made, "html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^✓ (\S+)  ", done.stdout, re.MULTILINE) == ["digits/means"]
    page = html.fromstring(project.read("build/demo/report.html"))
    assert "Nearest neighbours are right more often than mean images, by" in text_of(page)
    assert len(page.get_element_by_id("tbl-both").xpath(".//tbody/tr")) == 2


def test_the_tests_and_checks_of_the_project_pass_with_the_experiment_in_it(made: Path) -> None:
    """All but the types: those of the skeleton are checked with the engine's, in less time."""
    assert (made / "experiments/digits/means.py").is_file()
    tested = make(made, "test")
    assert tested.returncode == 0 and "1 passed" in tested.stdout, tested.stdout + tested.stderr
    assert Tiny(made).report("lint").returncode == 0
    for words in ("ruff check .", "ruff format --check .", "lint-imports --no-cache"):
        environment = Tiny(made).environment(PYTHONPATH=str(ENGINE))
        checked = run([f"{VENV}/bin/{words.split()[0]}", *words.split()[1:]], cwd=made, env=environment)
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("name", "problem", "remedy"),
    [
        ("", "NAME is missing", "make new NAME=my-report"),
        ("two words", "'two words' is no name for a project", "Letters, digits"),
        ("-x", "'-x' is no name for a project", "Letters, digits"),
        ("../é", "'é' is no name for a project", "Letters, digits"),
        ("taken", "is there already", "Choose another name"),
        ("no/such", "no folder", "Make it first"),
    ],
)
def test_a_name_that_can_not_be_is_refused(name: str, problem: str, remedy: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(ColophonError) as refused:
        create(name, tmp_path)
    assert problem in refused.value.problem and remedy in refused.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_make_tells_of_a_missing_name_and_of_a_missing_engine(tmp_path: Path) -> None:
    refused = make(ENGINE, "new")
    assert refused.returncode != 0 and "error: NAME is missing" in refused.stderr
    folder = create("report_2", tmp_path)
    moved = make(folder, "status", "ENGINE=../nowhere")
    assert moved.returncode != 0 and "ENGINE=../nowhere: no engine there" in moved.stderr


def test_a_project_beside_the_engine_names_it_by_a_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("report.new.ENGINE", tmp_path / "colophon")
    assert "ENGINE ?= ../colophon\n" in (create("beside", tmp_path) / "Makefile").read_text()
    (tmp_path / "colophon").mkdir()
    inside = create("inside", tmp_path / "colophon")
    assert "ENGINE ?= ..\n" in (inside / "Makefile").read_text()
    (tmp_path / "far").mkdir()
    far = create("away", tmp_path / "far")
    assert f"ENGINE ?= {tmp_path / 'colophon'}\n" in (far / "Makefile").read_text()


def test_caches_of_the_skeleton_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skeleton = tmp_path / "skeleton"
    shutil.copytree("report/skeleton", skeleton, ignore=shutil.ignore_patterns(".*_cache"))
    monkeypatch.setattr("report.new.SKELETON", skeleton)
    clean = sorted(path.name for path in create("clean", tmp_path).rglob("*"))
    for cache in (".ruff_cache", "experiments/__pycache__"):
        (skeleton / cache).mkdir(exist_ok=True)
        (skeleton / cache / "kept").touch()
    assert sorted(path.name for path in create("other", tmp_path).rglob("*")) == clean


def test_the_title_is_the_name_in_words() -> None:
    assert [title(name) for name in ("my-report", "GAN_notes", "x.y")] == ["My report", "GAN notes", "X.y"]
