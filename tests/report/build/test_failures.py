"""A stage that fails: its own error first, its log second, and the earlier result in place."""

import shutil
from pathlib import Path

import pytest

from report.build.place import in_words
from tests.tiny import Tiny

FAILURES = {
    "nan": ("return Metrics(value=float('nan'), more=[])", "value = nan: Input should be a finite"),
    "nested": ("return Metrics(value=1.0, more=[0.5, np.inf])", "more.1 = inf: Input should be a finite"),
    "unchecked": (
        "return Metrics.model_construct(value=1.0, more=[0.0, float('nan')])",
        "unchecked: the metric more.1 is nan, not a finite number",
    ),
    "untyped": (
        "class Free(Metrics):\n    free: object = quantity('anything')\n"
        "return Free(value=1.0, more=[], free={'a': ({np.float64('nan')},)})",
        "untyped: the metric free.a.0.0 is nan, not a finite number",
    ),
    "logs": (
        "outputs.path('log.txt').touch()\nreturn Metrics(value=1, more=[])",
        "logs wrote log.txt, which the engine writes itself",
    ),
    "links": (
        "outputs.path('weights').symlink_to('half.npy')\nreturn Metrics(value=1, more=[])",
        "links wrote the link weights",
    ),
    "dictionary": ("return {'value': 1.0}", "dictionary.py: run returned dict, not its Metrics"),
    "error": ("return {}['absent']", "error: KeyError: 'absent'"),
    "leaves": ("raise SystemExit(0)", "experiments/leaves.py called sys.exit(0)"),
    "untold": (
        "inputs.data('numbers')",
        "untold reads the data 'numbers', which its row in pipeline.yaml does not tell",
    ),
    "file": ("Path('absent.txt').read_text()", "file: No such file or directory: absent.txt"),
}


class Wreck:
    """What `make -k` of a project with failing stages gave."""

    def __init__(self, tiny: Tiny) -> None:
        stages = tiny.root / "build/demo/stages"
        for name, (body, _) in FAILURES.items():
            tiny.stage(name, f"outputs.save('half', np.ones(2))\n{body}")
            shutil.copytree(stages / "side", stages / name)  # an earlier result, of other settings
        tiny.stage("independent", "return Metrics(value=2.0, more=[])")
        self.before = tiny.results()
        tiny.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
        tiny.edit(
            "experiments/chain/double.py", "values = times", "raise RuntimeError('no')\n    values = times"
        )
        self.done = tiny.make("-k", "experiments")
        self.tiny = tiny


@pytest.fixture(scope="module")
def wreck(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    return Wreck(built_once.copy(tmp_path_factory.mktemp("failures") / "a wreck"))


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_stage_tells_its_error_then_its_log_and_leaves_the_earlier_result(
    name: str, wreck: Wreck
) -> None:
    lines = wreck.done.stderr.splitlines()
    said = [number for number, line in enumerate(lines) if FAILURES[name][1] in line]
    log = [number for number, line in enumerate(lines) if line == f"  log: build/demo/state/{name}.log"]
    assert said and log and said[0] < log[0], wreck.done.stderr
    assert "Traceback" not in wreck.done.stderr
    folder = f"build/demo/stages/{name}/"
    after = wreck.tiny.results()
    earlier = {path: content for path, content in wreck.before.items() if path.startswith(folder)}
    assert earlier and earlier == {k: v for k, v in after.items() if k.startswith(folder)}
    log_text = wreck.tiny.read(f"build/demo/state/{name}.log")
    assert f"experiments/{name}.py" in log_text or name in (
        "nan",
        "unchecked",
        "untyped",
        "logs",
        "links",
        "dictionary",
    )
    assert not list((wreck.tiny.root / "build/demo/state").glob("*.tmp-*"))


def test_make_k_finishes_what_does_not_depend_on_a_failed_stage(wreck: Wreck) -> None:
    assert wreck.done.returncode != 0
    assert wreck.tiny.ran() == ["chain/double", "chain/source"]
    assert "✓ independent" in wreck.done.stdout
    assert '"value": 2.0' in wreck.tiny.read("build/demo/stages/independent/metrics.json")
    chain = {k: v for k, v in wreck.before.items() if "/chain/" in k and "source" not in k}
    assert {k: v for k, v in wreck.tiny.results().items() if k in chain} == chain


def test_status_tells_which_stage_failed_why_and_where_its_log_is(wreck: Wreck) -> None:
    text = " ".join(wreck.tiny.make("status").stdout.split())
    assert "error failed error: KeyError: 'absent' (log: build/demo/state/error.log)" in text


def test_a_stage_that_works_again_is_failed_no_longer(built: Tiny) -> None:
    built.edit("experiments/side.py", "return Metrics(", "raise RuntimeError('no')\n    return Metrics(")
    assert built.report("run", "side").returncode == 1
    assert "side failed side: RuntimeError: no" in " ".join(built.make("status").stdout.split())
    built.edit("experiments/side.py", "raise RuntimeError('no')", "print('yes')")
    assert built.make("experiments").returncode == 0
    assert "failed" not in built.make("status").stdout
    assert [name for name in built.state() if not name.endswith(".lock")] == []


def test_a_figure_that_writes_nothing_is_an_error(built: Tiny) -> None:
    before = built.results()
    built.write("figures/chain.py", "def draw(inputs, outputs):\n    print('well')\n")
    done = built.make("figures")
    assert done.returncode != 0
    assert "error: figures/chain wrote nothing\n" in done.stderr
    assert built.results() == before
    built.write("figures/chain.py", "def paint(inputs, outputs):\n    pass\n")
    assert "figures/chain.py has no function draw" in built.make("figures").stderr


def test_an_error_without_a_number_is_taken_for_a_full_disk_where_numpy_could_not_write_all() -> None:
    assert in_words(OSError("cannot identify image file 'a'")) == "cannot identify image file 'a'"
    assert (
        in_words(OSError("80 requested and 0 written")) == "80 requested and 0 written (is the disk full?)"
    )


def test_a_figure_or_an_animation_that_leaves_is_an_error(built: Tiny) -> None:
    before = built.results()
    built.edit("figures/chain.py", "    outputs.path(", "    raise SystemExit(0)\n    outputs.path(")
    built.write(
        "figures/reel.py",
        "from report.stage import Settings\n\n\ndef animate(settings, inputs, outputs):\n"
        "    outputs.path('half.txt').touch()\n    raise SystemExit\n",
    )
    built.edit("pipeline.yaml", "data:\n", "animations:\n  reel: {}\ndata:\n")
    done = built.make("-k", "figures")
    assert done.returncode != 0
    assert "error: figures/chain.py called sys.exit(0)" in done.stderr
    assert "error: animations/reel: figures/reel.py called sys.exit(None)" in done.stderr
    assert built.results() == before


def test_a_script_can_print_and_its_log_is_kept_with_the_result(built: Tiny) -> None:
    built.edit("experiments/side.py", "return", "print('half way')\n    print('hello')\n    return")
    assert "half way\nhello\n" in built.make("experiments").stdout
    assert Path(built.root / "build/demo/stages/side/log.txt").read_text() == "half way\nhello\n"
