"""What the lint parsed is compiled as it is, once, unless the file was changed in between."""

from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.ext import Extension
from jinja2.lexer import TokenStream

from report.build.content import Content
from report.document.assemble import Manifest
from report.document.kept import Kept
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


def kept(root: Path, engine: str = "engine") -> Environment:
    """An environment that keeps what it finds in root's `cache.json` and `kept`."""
    content = Content(root / "cache.json")
    return Environment(
        loader=ParsedLoader(root / "templates", kept=Kept(content, root / "kept", engine)),
        extensions=[Counting],
    )


class Counting(Extension):
    """Counts how many templates were parsed; each lexing of one passes here."""

    parsed = 0

    def filter_stream(self, stream: TokenStream) -> TokenStream:
        Counting.parsed += 1
        return stream


def built(root: Path, engine: str = "engine", names: tuple[str, ...] = ()) -> tuple[str, list[str], int]:
    """A build's text, what the lint refuses, and how many templates it parsed."""
    environment, Counting.parsed = kept(root, engine), 0
    manifest = Manifest(title="T", chapters=["one.qmd.j2"], names=list(names))
    found = [offence.text for offence in lint(environment, root / "templates/report", manifest)]
    text = environment.get_template("report/one.qmd.j2").render(words=["a"])
    loader = environment.loader
    assert isinstance(loader, ParsedLoader) and loader.kept
    loader.kept._content.save()
    return text, found, Counting.parsed


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "report/one.qmd.j2": TEXT.replace("1 + 1", "words[0]"),
        "shared/more.j2": ".",
    }.items():
        path = tmp_path / "templates" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    assert built(tmp_path) == ("a and a.", [], 2)
    return tmp_path


def test_a_build_parses_no_template_that_an_earlier_one_found_clean(root: Path):
    assert built(root) == ("a and a.", [], 0)


def test_of_the_templates_the_edited_one_alone_is_parsed_again(root: Path):
    (root / "templates/shared/more.j2").write_text("!")
    assert built(root) == ("a and a!", [], 1)
    assert built(root) == ("a and a!", [], 0)


def test_a_template_with_a_number_typed_by_hand_is_refused_at_every_build(root: Path):
    (root / "templates/shared/more.j2").write_text(", 42 % of VGG16")
    for _ in range(2):
        text, found, _ = built(root)
        assert text == "a and a, 42 % of VGG16" and len(found) == 2
    assert len(built(root, names=("VGG16",))[1]) == 1
    assert len(built(root)[1]) == 2


def test_another_engine_parses_everything_anew(root: Path):
    assert built(root, engine="another") == ("a and a.", [], 2)


def test_kept_code_with_a_flipped_byte_is_compiled_anew(root: Path):
    for path in (root / "kept").iterdir():
        held = bytearray(path.read_bytes())
        held[-3] ^= 1
        path.write_bytes(held)
    text, found, parsed = built(root)
    assert (text, found) == ("a and a.", []) and parsed == 2
