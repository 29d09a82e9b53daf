"""Code and files beside it that no key could hold without more ado: held, or refused."""

import json
import os
from pathlib import Path

import pytest

from tests.tiny import Tiny

SIDE = "experiments/side.py"
WORDS = """\
import os
os.open("experiments", os.O_RDONLY)  # a folder, as os.walk's kin open it
words = Path(__file__).with_name("words.txt").read_text().split()
with open("experiments/../experiments/more.txt", "rb") as file:
    words += file.read().split()
Path("experiments/written.txt").write_text("by itself")
return Metrics(value=len(words), more=[])
"""


NOTES = """\
here = Path(__file__).parent
Path(here, "own.txt").write_text("by itself")
kept = [Path(here, name).read_text() for name in ("own.txt", ".cache/kept.txt", "__pycache__/kept.nbi")]
Path(here, "own.txt").unlink()
return Metrics(value=len(kept), more=[])
"""


ALONE = """\
import glob, os, runpy, subprocess, sys
os.listdir(Path(__file__).parent / "words")
words = [name for folder in ("words", "words/more", "none") for name in glob.glob(f"experiments/{folder}/*.txt")]
values = runpy.run_path("experiments/plain.py")
command = [sys.executable, "-m", "experiments.started"]
told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
subprocess.run(f"cd . && '{sys.executable}' experiments/shelled.py; {sys.executable} -m experiments.kit", shell=True)
return Metrics(value=len(words) + values["VALUE"] + int(told), more=[])
"""


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


def test_a_file_beside_the_code_counts_as_the_code_that_reads_it(built: Tiny) -> None:
    built.stage("words", WORDS)
    built.write("experiments/words.txt", "bee eater\n")
    built.write("experiments/more.txt", "wombat\n")
    built.write("experiments/unread.txt", "")
    built.write("figures/chain.mplstyle", "font.size: 10\n")
    built.edit(
        "figures/chain.py",
        "from pathlib import Path\n",
        "from pathlib import Path\n\nimport matplotlib.style\n\n"
        'matplotlib.style.use(Path(__file__).with_name("chain.mplstyle"))\n',
    )
    assert built.make("figures").returncode == 0
    modules = json.loads(built.read("build/demo/stages/words/provenance.json"))["modules"]
    beside = ["experiments/more.txt", "experiments/words.txt"]
    assert list(modules) == ["experiments/__init__.py", "experiments/words.py", *beside]
    built.ran()
    built.write("experiments/unread.txt", "edited")
    built.write("experiments/written.txt", "edited")
    assert built.make("figures").stdout == "demo: figures is up to date\n"
    built.write("experiments/more.txt", "")
    built.write("figures/chain.mplstyle", "font.size: 9\n")
    told = built.make("figures").stdout
    assert "  words: experiments/more.txt was edited\n" in told
    assert "  figures/chain: figures/chain.mplstyle was edited\n" in told
    assert built.ran() == ["figures/chain"]
    assert json.loads(built.read("build/demo/stages/words/metrics.json"))["value"] == 2
    (built.root / "experiments/words.txt").unlink()
    assert "words: experiments/words.txt is gone\n" in built.make("experiments").stdout


def test_a_default_that_is_read_from_a_file_is_read_anew(built: Tiny) -> None:
    built.write("experiments/start.txt", "3")
    built.edit(SIDE, "= 3", '= int(Path(__file__).with_name("start.txt").read_text())')
    assert built.make("experiments").returncode == 0
    built.write("experiments/start.txt", "4")
    assert built.make("experiments").returncode == 0
    assert json.loads(built.read("build/demo/stages/side/metrics.json")) == {"value": 8}
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"


def test_caches_and_files_that_a_stage_writes_itself_are_not_read_as_its_code(built: Tiny) -> None:
    built.write("experiments/.cache/kept.txt", "one")
    built.write("experiments/__pycache__/kept.nbi", "one")
    built.stage("notes", NOTES)
    assert built.make("experiments").returncode == 0
    modules = json.loads(built.read("build/demo/stages/notes/provenance.json"))["modules"]
    assert list(modules) == ["experiments/__init__.py", "experiments/notes.py"]
    built.write("experiments/.cache/kept.txt", "another")
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"


def test_folders_that_are_listed_and_python_that_runs_alone_count_as_the_code_that_uses_them(
    built: Tiny,
) -> None:
    built.stage("alone", ALONE)
    built.write("experiments/words/one.txt", "")
    built.write("experiments/words/more/two.txt", "")
    built.write("experiments/words/.hidden", "")
    built.write("experiments/plain.py", "VALUE = 10\n")
    built.write("experiments/helped.py", "VALUE = 100\n")
    built.write("experiments/shelled.py", "")
    built.write("experiments/kit/__init__.py", "")
    built.write("experiments/kit/__main__.py", "")
    built.write("experiments/started.py", "from experiments import helped\n\nprint(helped.VALUE)\n")
    assert built.make("experiments").returncode == 0
    metrics = "build/demo/stages/alone/metrics.json"
    assert json.loads(built.read(metrics))["value"] == 112
    modules = json.loads(built.read("build/demo/stages/alone/provenance.json"))["modules"]
    assert list(modules) == [
        "experiments/__init__.py",
        "experiments/alone.py",
        "experiments/helped.py",
        "experiments/kit/__init__.py",
        "experiments/kit/__main__.py",
        "experiments/plain.py",
        "experiments/shelled.py",
        "experiments/started.py",
        "experiments/words/",
        "experiments/words/more/",
    ]
    built.write("experiments/words/.other", "")  # hidden
    built.write("experiments/plain.py", "# told\nVALUE = 10\n")  # the same syntax
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"
    for path, text, why in [
        ("experiments/words/more/three.txt", "", "experiments/words/more/ holds other names"),
        ("experiments/plain.py", "VALUE = 20\n", "experiments/plain.py was edited"),
        ("experiments/helped.py", "VALUE = 200\n", "experiments/helped.py was edited"),
    ]:
        built.write(path, text)
        assert f"  alone: {why}\n" in built.make("experiments").stdout
    assert json.loads(built.read(metrics))["value"] == 223


def test_a_file_beside_the_code_whose_name_is_no_utf8_is_refused(built: Tiny) -> None:
    built.stage("latin", 'return Metrics(value=len(open(b"experiments/w\\xf6rter").read()), more=[])\n')
    Path(os.fsdecode(bytes(built.root / "experiments") + b"/w\xf6rter")).write_text("one")
    done = built.make("experiments")
    assert done.returncode != 0
    assert (
        "'experiments/w\\udcf6rter' counts as code, but its name is no UTF-8\n  Rename it." in done.stderr
    )


def test_an_empty_module_that_is_edited_while_the_stage_runs_is_kept_as_it_was_loaded(built: Tiny) -> None:
    built.write("experiments/none.py", "")
    built.stage(
        "edits", 'Path("experiments/none.py").write_text("A = 1")\nreturn Metrics(value=1, more=[])'
    )
    built.edit(
        "experiments/edits.py",
        "class Settings(",
        "from experiments import none as none\n\n\nclass Settings(",
    )
    assert built.make("experiments").returncode == 0
    assert "  edits: experiments/none.py was edited\n" in built.make("experiments").stdout


WRITES = """\
import importlib.util, os, pkgutil, shutil
here = Path(__file__).parent
versions = len(list((here / "runs").glob("*")))
(here / "runs" / f"v{versions}").mkdir(parents=True)
before = len((here / "kept.txt").read_text())
(here / "kept.tmp").write_text("x" * (before + 1))
os.replace(here / "kept.tmp", here / "kept.txt")
(here / "scratch").mkdir()
(here / "scratch" / "one.txt").write_text("1")
found = [path.read_text() for path in (here / "scratch").iterdir()]
shutil.rmtree(here / "scratch")
spec = importlib.util.spec_from_file_location("plain", here / "plain.py")
plain = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plain)
words = pkgutil.get_data("experiments", "words.txt").split()
(here / "old.py").read_text()
return Metrics(value=plain.VALUE + len(words), more=[])
"""


def test_what_a_stage_writes_there_itself_does_not_count_and_what_loaders_read_does(built: Tiny) -> None:
    built.stage("writes", WRITES)
    built.write("experiments/kept.txt", "x")
    built.write("experiments/plain.py", "VALUE = 10\n")
    built.write("experiments/words.txt", "bee eater")
    built.write("experiments/old.py", "print 'of Python 2'\n")
    assert built.make("experiments").returncode == 0
    modules = json.loads(built.read("build/demo/stages/writes/provenance.json"))["modules"]
    others = ["experiments/plain.py", "experiments/words.txt"]
    assert list(modules) == ["experiments/__init__.py", "experiments/writes.py", *others]
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"
    built.write("experiments/plain.py", "VALUE = 20\n")
    built.write("experiments/words.txt", "wombat")
    assert "  writes: experiments/plain.py was edited (and 1 more)\n" in built.make("experiments").stdout
    assert json.loads(built.read("build/demo/stages/writes/metrics.json"))["value"] == 21


def test_a_result_that_is_read_without_being_needed_is_refused(built: Tiny) -> None:
    source = "build/demo/stages/chain/source/metrics.json"
    built.stage("spies", f'return Metrics(value=len(Path("{source}").read_text()), more=[])')
    done = built.make("experiments")
    assert done.returncode != 0
    assert f"error: spies reads {source}, of results that it does not need\n" in done.stderr
