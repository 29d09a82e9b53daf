"""Code and files beside it that no key could hold without more ado: held, or refused."""

import pytest

from tests.tiny import Tiny

SIDE = "experiments/side.py"


@pytest.mark.parametrize("depth", [0, 1], ids=["at the top", "while it runs"])
def test_a_module_that_is_in_no_key_is_refused(depth: int, built: Tiny) -> None:
    before = built.results()
    built.write("utils.py", "FACTOR = 3\n")
    built.write("lib/more.py", "import utils\n")
    line = "    return Metrics(" if depth else "class Settings("
    built.edit(SIDE, line, f"{'    ' * depth}import lib.more\n{line}")
    done = built.make("experiments")
    assert done.returncode != 0
    assert (
        "error: side imports lib/more.py, utils.py: an edit there would rerun nothing\n"
        "  Move what it needs into experiments/ or figures/.\n"
    ) in done.stderr
    assert built.results() == before
