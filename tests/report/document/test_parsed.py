"""What the lint parsed is compiled as it is, once, unless the file was changed in between."""

from pathlib import Path

import pytest
from jinja2 import Environment

from report.document.assemble import Manifest
from report.document.lint import lint
from report.document.parsed import ParsedLoader

TEXT = "{% for word in words %}{{ word }} and {% endfor %}{{ 1 + 1 }}{% include 'shared/more.j2' %}"


@pytest.fixture
def linted(tmp_path: Path) -> Environment:
    (tmp_path / "report").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "report/one.qmd.j2").write_text(TEXT)
    (tmp_path / "shared/more.j2").write_text(", {{ words | length }}")
    environment = Environment(loader=ParsedLoader(tmp_path))
    lint(environment, tmp_path / "report", Manifest(title="T", chapters=["one.qmd.j2"]))
    return environment


def test_a_linted_template_is_not_parsed_again(linted: Environment, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Environment, "_parse", lambda *_: pytest.fail("parsed again"))
    assert linted.get_template("report/one.qmd.j2").render(words=["a", "b"]) == "a and b and 2, 2"


def test_a_template_changed_after_the_lint_is_read_anew(linted: Environment, tmp_path: Path):
    (tmp_path / "report/one.qmd.j2").write_text("Other.")
    assert linted.get_template("report/one.qmd.j2").render() == "Other."


def test_a_template_is_compiled_twice_to_the_same(linted: Environment):
    first = linted.get_template("report/one.qmd.j2").render(words=["a"])
    linted.cache.clear()  # type: ignore[union-attr]  # None where caching is off
    assert linted.get_template("report/one.qmd.j2").render(words=["a"]) == first == "a and 2, 1"
