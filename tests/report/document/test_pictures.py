"""A document shows what the rows of pipeline.yaml drew, and nothing that lies in the build from before."""

from pathlib import Path

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.document.pictures import Pictures
from report.errors import ColophonError
from tests.tiny import Tiny

REEL = """\
from report import stage


class Settings(stage.Settings):
    pass


def animate(settings, inputs, outputs):
    outputs.path("wombat/animation.json").write_text("{}")
"""


@pytest.fixture(scope="module")
def once(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    tiny = built_once.copy(tmp_path_factory.mktemp("pictures") / "a tiny project")
    tiny.write("figures/ascent.py", REEL)
    tiny.edit("figures/chain.py", "total.txt", "total.pdf")
    rows = "animations:\n  ascent: {needs: [chain/total], minutes: 0.01}\ndata:\n"
    tiny.edit("pipeline.yaml", "data:\n", rows)
    done = tiny.make("figures")
    assert done.returncode == 0, done.stderr
    return tiny


@pytest.fixture
def drawn(once: Tiny, tmp_path: Path) -> Tiny:
    """The tiny project with an animation, everything built."""
    return once.copy(tmp_path / "a copy")


def pictures(tiny: Tiny) -> Pictures:
    return Pictures(Planner(open_project("demo", tiny.root, {})))


def test_figures_and_animations_are_named_by_their_paths_from_the_document(drawn: Tiny) -> None:
    assert pictures(drawn).figure("chain/total") == "../figures/chain/total"
    assert pictures(drawn).animation("ascent/wombat") == "../animations/ascent/wombat"
    with pytest.raises(ColophonError, match=r"no figure 'chain/totl'\s+Did you mean chain/total\?"):
        pictures(drawn).figure("chain/totl")
    with pytest.raises(ColophonError, match=r"no animation 'ascent/wombta'\s+Did you mean ascent/wombat\?"):
        pictures(drawn).animation("ascent/wombta")


def test_what_a_row_that_was_renamed_has_left_in_the_build_is_not_shown(drawn: Tiny) -> None:
    for old, new in (("chain", "chains"), ("ascent", "ascents")):
        (drawn.root / f"figures/{old}.py").rename(drawn.root / f"figures/{new}.py")
        drawn.edit("pipeline.yaml", f"  {old}: {{", f"  {new}: {{")
    done = drawn.make("figures")
    assert done.returncode == 0, done.stderr
    assert (drawn.root / "build/demo/figures/chain/total.pdf").is_file()
    assert (drawn.root / "build/demo/animations/ascent/wombat/animation.json").is_file()
    with pytest.raises(ColophonError, match=r"no figure 'chain/total'\s+Did you mean chains/total\?"):
        pictures(drawn).figure("chain/total")
    with pytest.raises(
        ColophonError, match=r"no animation 'ascent/wombat'\s+Did you mean ascents/wombat\?"
    ):
        pictures(drawn).animation("ascent/wombat")
    assert pictures(drawn).figure("chains/total") == "../figures/chains/total"
