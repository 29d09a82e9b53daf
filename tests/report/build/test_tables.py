"""What pipeline.yaml and profiles say is remembered, and read again whenever it may be something else."""

import subprocess
from pathlib import Path
from typing import Any

from report.build.content import Content
from report.build.tables import Load, remembered
from tests.forked import planner
from tests.tiny import ENGINE, VENV, Tiny

SLOW = ("pydantic", "yaml", "filelock", "numpy", "importlib.metadata", "asyncio")


def test_a_build_with_nothing_to_do_imports_nothing_that_takes_long(built: Tiny) -> None:
    code = (
        "import sys; from report.cli import main; assert main(['plan', 'figures']) == 0\n"
        f"assert not {set(SLOW)} & set(sys.modules), sorted(sys.modules)"
    )
    planner(built).statuses()  # the project lies in another folder than it was built in
    done = subprocess.run(
        [VENV / "bin/python", "-c", code],
        cwd=built.root, env=built.environment(PYTHONPATH=str(ENGINE)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "demo: figures is up to date\n"


def test_an_edit_of_a_profile_or_of_what_it_extends_is_seen(bare: Tiny) -> None:
    def settings() -> dict:
        found = planner(bare)
        found.statuses()
        return found.tasks["side"].overrides

    bare.write("profiles/base.yaml", "stages:\n  side: {start: 5}\n")
    bare.edit("profiles/demo.yaml", "values:", "extends: base\nvalues:")
    assert settings() == settings() == {"start": 5}
    bare.edit("profiles/base.yaml", "5", "6")
    assert settings() == {"start": 6}
    bare.edit("profiles/demo.yaml", "extends: base\n", "")
    assert settings() == {}
    (bare.root / "profiles/base.yaml").unlink()
    assert settings() == {}


def test_what_was_edited_while_it_was_read_is_not_remembered(tmp_path: Path) -> None:
    file = tmp_path / "table.yaml"
    file.write_text("a: 1\n")
    reads = []

    def read(load: Load) -> dict[str, Any]:
        found = load(file)
        reads.append(found)
        if len(reads) == 1:
            file.write_text("a: 22\n")
        return found

    content = Content(tmp_path / "cache.json")
    assert [remembered(content, file, read) for _ in range(3)] == [{"a": 1}, {"a": 22}, {"a": 22}]
    assert reads == [{"a": 1}, {"a": 22}]
