"""Animations are planned and run like figures, and have settings like stages."""

import json
import re
from pathlib import Path

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.errors import ColophonError
from tests.tiny import ENGINE, EVERYTHING, Tiny

REEL = """\
from pathlib import Path

from pydantic import Field

from report import stage


class Settings(stage.Settings):
    frames: int = Field(3, ge=2, le=10)


def animate(settings, inputs, outputs):
    with Path("runs.txt").open("a") as file:
        file.write("animations/reel\\n")
    total = inputs["chain/total"].metrics["total"]
    for index in range(settings.frames):
        outputs.path(f"reel/frame-{index}.txt").write_text(f"{total * index}")
    outputs.record("frames", settings.frames)
"""
FILM = """\
import numpy as np

from figures.animation import Settings, write


def animate(settings: Settings, inputs, outputs):
    frames = np.full((3, 16, 16, 3), 200, np.uint8)
    outputs.record("kept", len(write(frames, outputs, "film", settings)))
"""
FRAMES = "build/demo/animations/reel/reel"


def add_reel(tiny: Tiny) -> None:
    tiny.write("figures/reel.py", REEL)
    tiny.edit(
        "pipeline.yaml", "data:\n", "animations:\n  reel: {needs: [chain/total], minutes: 0.01}\ndata:\n"
    )


@pytest.fixture(scope="module")
def once(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    tiny = built_once.copy(tmp_path_factory.mktemp("reel") / "a tiny project")
    add_reel(tiny)
    done = tiny.make("figures")
    assert done.returncode == 0, done.stderr
    assert "✓ animations/reel" in done.stdout
    assert tiny.ran() == ["animations/reel"]
    return tiny


@pytest.fixture
def reel(once: Tiny, tmp_path: Path) -> Tiny:
    """A tiny project with an animation, everything built."""
    return once.copy(tmp_path / "another folder")


def test_an_animation_lies_in_its_folder_with_its_provenance(reel: Tiny) -> None:
    assert sorted(p.name for p in (reel.root / FRAMES).iterdir()) == [f"frame-{i}.txt" for i in range(3)]
    made = json.loads(reel.read("build/demo/animations/reel/provenance.json"))
    assert (made["script"], made["settings"], made["facts"]) == (
        "figures/reel.py",
        {"frames": 3},
        {"frames": 3},
    )
    assert list(made["inputs"]) == ["chain/total"]


def test_nothing_runs_again_after_nothing_changed(reel: Tiny) -> None:
    assert reel.make("figures").stdout == "demo: figures is up to date\n"
    assert reel.make("figures").stderr == ""


def test_an_edit_of_its_script_runs_the_animation_alone(reel: Tiny) -> None:
    reel.edit("figures/reel.py", "total * index", "total + index")
    assert reel.make("figures").returncode == 0
    assert reel.ran() == ["animations/reel"]


def test_another_setting_runs_it_again_and_is_told(reel: Tiny) -> None:
    reel.edit("profiles/demo.yaml", "stages:\n", "stages:\n  animations/reel: {frames: 5}\n")
    told = reel.make("figures")
    assert "animations/reel: setting frames: 3 is now 5" in told.stdout
    assert reel.ran() == ["animations/reel"]
    assert len(list((reel.root / FRAMES).iterdir())) == 5


def test_an_altered_frame_runs_it_again(reel: Tiny) -> None:
    reel.write(f"{FRAMES}/frame-0.txt", "7")
    assert "output reel/frame-0.txt was altered" in reel.make("status").stdout.replace("\n", " ")
    assert reel.make("figures").returncode == 0
    assert reel.ran() == ["animations/reel"]


def test_the_experiments_leave_animations_out(bare: Tiny) -> None:
    add_reel(bare)
    assert bare.make("experiments").returncode == 0
    assert bare.ran() == sorted(set(EVERYTHING) - {"figures/chain"})


def test_animations_are_cleaned_away(reel: Tiny) -> None:
    assert reel.make("clean").returncode == 0
    assert not (reel.root / "build/demo/animations").exists()


def test_an_animation_goes_from_its_frames_into_the_page(reel: Tiny) -> None:
    for name in ("animation", "pictures"):
        reel.write(f"figures/{name}.py", (ENGINE / f"figures/{name}.py").read_text())
    reel.write("figures/reel.py", FILM)
    reel.write("templates/report/document.yaml", "title: T\nchapters: [one.qmd.j2]\n")
    chapter = '# One\n\n![A]({{ animation("reel/film") }}){#fig-a .animation}\n\nKept: {{ facts("animations/reel").kept }}.\n'
    reel.write("templates/report/one.qmd.j2", chapter)
    done = reel.make("html", RENDERER="pandoc")
    assert done.returncode == 0, done.stderr
    assert re.search(r"✓ build/demo/report.html \(0\.\d MB\)  ", done.stdout)
    page = reel.read("build/demo/report.html")
    assert page.count("<video ") == 1 and "Kept: " in page and "animations/reel: kept = 3" in page
    assert reel.make("html", RENDERER="pandoc").stdout == "demo: html is up to date\n"
    reel.write("build/demo/animations/reel/film/animation.json", "{}")
    again = reel.make("html", RENDERER="pandoc")
    assert "animations/reel: output film/animation.json was altered" in again.stdout


REFUSED = {
    "{frame: 4}": "stages.animations/reel: frame: unknown. Did you mean frames?",
    "{frames: 1}": "stages.animations/reel: frames = 1: Input should be greater than or equal to 2",
}


@pytest.mark.parametrize("settings", REFUSED)
def test_a_setting_that_is_unknown_or_out_of_range_is_refused_before_anything_runs(
    settings: str, reel: Tiny
) -> None:
    reel.edit("profiles/demo.yaml", "stages:\n", f"stages:\n  animations/reel: {settings}\n")
    done = reel.make("figures")
    assert done.returncode != 0
    assert f"profiles/demo.yaml: {REFUSED[settings]}" in done.stderr
    assert reel.ran() == []


def plan(tiny: Tiny) -> Planner:
    return Planner(open_project(root=tiny.root, env={}))


def test_settings_of_figures_or_of_no_row_are_refused(bare: Tiny) -> None:
    add_reel(bare)
    text = bare.read("profiles/demo.yaml")
    bare.write("profiles/demo.yaml", text + "  animations/real: {frames: 2}\n")
    with pytest.raises(
        ColophonError, match=r"animations/real: no such stage\s+Did you mean animations/reel\?"
    ):
        plan(bare)
    bare.write("profiles/demo.yaml", text + "  figures/chain: {frames: 2}\n")
    with pytest.raises(ColophonError, match=r"stages.figures/chain: no such stage"):
        plan(bare)


def test_one_script_is_not_both_figures_and_an_animation(bare: Tiny) -> None:
    add_reel(bare)
    bare.edit("pipeline.yaml", "  chain: {needs", "  reel: {needs: []}\n  chain: {needs")
    with pytest.raises(ColophonError, match=r"figures and animations both have a row reel"):
        plan(bare)


def test_a_stage_may_not_lie_in_the_folder_of_the_animations(bare: Tiny) -> None:
    bare.edit("pipeline.yaml", "stages:\n", "stages:\n  animations/x: {}\n")
    with pytest.raises(ColophonError, match=r"folder of animations/x would lie inside that of animations"):
        plan(bare)


def test_a_script_without_what_an_animation_needs_is_refused_with_what_it_lacks(reel: Tiny) -> None:
    reel.edit("figures/reel.py", "def animate(", "def draw(")
    assert "figures/reel.py has no function animate" in reel.make("figures").stderr
    reel.edit("figures/reel.py", "class Settings(", "class Sitting(")
    assert "figures/reel.py has no class Settings" in reel.make("figures").stderr


def test_a_row_without_a_script_is_refused_with_the_script_to_write(bare: Tiny) -> None:
    add_reel(bare)
    (bare.root / "figures/reel.py").unlink()
    with pytest.raises(
        ColophonError, match=r"animations/reel has a row but no script\s+Write figures/reel.py"
    ):
        plan(bare)
