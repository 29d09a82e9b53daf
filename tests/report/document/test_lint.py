"""Numbers typed by hand are found where they stand; facts, names, labels and code are left alone."""

from pathlib import Path

import pytest
from jinja2 import Environment

from report.document.assemble import Manifest
from report.document.lint import lint, require_clean
from report.errors import ColophonError

ENVIRONMENT = Environment(
    comment_start_string="<#", comment_end_string="#>", trim_blocks=True, lstrip_blocks=True
)
NAMES = ["VGG16", "ViT-B/16", "SqueezeNet 1.1", "15-Scene", "ImageNet-1k", "top 5"]


def found(folder: Path, template: str, **manifest: object) -> list[tuple[int, str]]:
    """Line and number of each offence in a chapter."""
    (folder / "one.qmd.j2").write_text(template, encoding="utf-8")
    given = {"title": "T", "chapters": ["one.qmd.j2"], "names": NAMES} | manifest
    offences = lint(ENVIRONMENT, folder, Manifest.model_validate(given))
    return [(offence.line, offence.text.split(" in ")[0]) for offence in offences]


PLANTED = {
    "prose": ("One.\n\nIt reaches 88.4 here.", [(3, "88.4")]),
    "a percentage": ("The share is 88.4 % of all.", [(1, "88.4 %")]),
    "without a space": ("It is 88%, or 88\\%.", [(1, "88"), (1, "88%")]),
    "a space that does not break": ("It is 88.4\u00a0%.", [(1, "88.4\u00a0%")]),
    "an entity": ("It is 88&nbsp;%.", [(1, "88")]),
    "a negative number": ("Falls by -2.1 or by −3.", [(1, "-2.1"), (1, "−3")]),
    "thousands": ("Of 12,345 images.", [(1, "12,345")]),
    "other digits": ("Of ٣٤ images.", [(1, "٣٤")]),
    "a power": ("About 1e-3 of it.", [(1, "-3"), (1, "1e")]),
    "part of a word": ("With conv3 it is 3x better.", [(1, "3x"), (1, "conv3")]),
    "a heading": ("Text.\n\n## Reaching 90 % {#sec-a}", [(3, "90 %")]),
    "a list": ("1. first\n2. reaches 77\n\n- and 78", [(2, "77"), (4, "78")]),
    "a line that begins like a list": ("The accuracy was\n93. It rose.", [(2, "93")]),
    "a table": ("| a | b |\n|---|--:|\n| x | 88.4 |", [(3, "88.4")]),
    "a caption": ("![Up to 97.]({{ f }}){#fig-a}", [(1, "97")]),
    "an alternative text": ('![A]({{ f }}){#fig-a2\n fig-alt="About 97 of them"}', [(2, "97")]),
    "a callout's title": ('::: {.callout-note title="The 5 best"}\n:::', [(1, "5")]),
    "a link's text": ("[see 12](#sec-a1)", [(1, "12")]),
    "a footnote": ("A[^1].\n\n[^1]: It was 55.", [(3, "55")]),
    "behind a value": ("{{ a }}\n{{ b.c }} of 99", [(2, "99")]),
    "after tags of several lines": (
        "{% set x = [\n  a,\n  b] %}\n\n{% if x -%}\n  yes\n{%- endif %}\n42",
        [(8, "42")],
    ),
    "a formula": ("$x = 3.5$ and\n$$\ny = 1{,}000 + 12\n$$", [(1, "3.5"), (3, "12"), (3, "1{,}000")]),
    "a name within a number": (
        "15-Scenes or 115-Scene",
        [(1, "115"), (1, "15")],
    ),
    "a caption given to a function": (
        '{{ table("tbl-x", "Line one\nreaches 88 %.", [], r) }}',
        [(2, "88 %")],
    ),
    "a column's head": (
        '{{ table("tbl-x", "C", [["88.4", "a"], ["Of 5", "b"]], r) }}',
        [(1, "5"), (1, "88.4")],
    ),
    "a wording": ('{{ claim(holds="a is 3 points up", fails="no") }}', [(1, "3")]),
    "a text put together": ('{% set a = "by " ~ 12 ~ " %" %}', [(1, "12")]),
    "a number printed": ("{{ 88 }}\n{{ 88.4 }}\n{{ 3 | string }}", [(1, "88"), (2, "88.4"), (3, "3")]),
    "a number reckoned": (
        "{{ 80 + 8 }} {{ -3 }} {{ a if b > 7 else 9 }}",
        [(1, "-3"), (1, "88"), (1, "9")],
    ),
    "a number that a filter makes": (
        "{{ rows | length }} {{ rows | sum }} {{ rows | join }}{% if rows | length > 2 %}{% endif %}",
        [(1, "what `| length` computes"), (1, "what `| sum` computes")],
    ),
    "a number with a name": ("{% set a = 88 %}\n{{ a }} {{ 'x' ~ a }}", [(1, "88")]),
    "numbers of a list": (
        "{{ [88, 90] | join(', ') }}{% for a in [3, 4] %}{{ a }}{% endfor %}",
        [(1, "3"), (1, "4"), (1, "88"), (1, "90")],
    ),
    "a name that ends in a share": ("The top 5 % and the top 5\u00a0\\%.", [(1, "5 %"), (1, "5")]),
    "a number in quotes": ('{{ "88.4" }}', [(1, "88.4")]),
    "raw text": ("{% raw %}88{% endraw %}", [(1, "88")]),
}


@pytest.mark.parametrize(("template", "expected"), PLANTED.values(), ids=PLANTED)
def test_a_number_typed_by_hand_is_found_in(template, expected, tmp_path):
    assert found(tmp_path, template) == expected


LEGITIMATE = {
    "facts": 'Of {{ fact(224) }} pixels, $z = {{ fact("1.96") }}$, {{ table("t", "A " ~ fact(95) ~ " %.", c, r) }}',
    "values": '{{ results("s2", seed=1).rows[0].top5 }} {% if x > 3 %}a{% endif %} {{ rows["a 1"] }}',
    "names": "VGG16, ViT-B/16; SqueezeNet\n1.1. 15-Scene's, (ImageNet-1k).",
    "names in texts": '{{ table("t", "Of VGG16 and SqueezeNet 1.1.", [["15-Scene", "a1"]], r) }}',
    "numbers that are not printed": (
        "{% set s = 12 %}{{ results('x', seed=s).a }}{% for i in [3, 4] %}{{ rows[i] }}{% endfor %}"
        "{% if s > 3 %}a{% endif %}{{ fact(s) }}{{ loop.index + 3 }}"
    ),
    "comparisons": '{% if title == "Top 5" %}a{% endif %}',
    "identifiers": '{{ figure("transfer/confusion-1") }} {% set p = {"top 5": "fan2008"} %}',
    "small digits in formulas": r"$\ell_2$, $x^2 + 1$, $$\frac{1}{1 + z^2} + x_0$$",
    "code": "`a[3]` and\n\n```python\nx = 88.4\n```\n\n~~~\n7\n~~~",
    "raw blocks": "```{=latex}\n\\vspace{12pt}\n```",
    "attributes": '# A {#sec-2 .x3}\n\n::: {layout-ncol=2}\n![a](b){#fig-1 width=80%}\n:::\n\n| a |\n: C {tbl-colwidths="[40,60]"}',
    "citations": "[@x2015; see @y2016, p. 12] and -@z99 and @fig-3 and [Figs. @fig-1b].",
    "addresses": "[a](http://a.b/2?c=3) <https://x.y/1> https://z.w/12/a\n\n[r]: https://a/4",
    "comments": "<# 12 #> <!-- 13\n14 --> text",
    "lists": "Text.\n\n1. first\n2. second\n   more\n3. third\n\n10) other",
    "footnotes and entities": "A[^1]&#160;b\n\n[^1]: text",
    "tags": '<div style="width: 3em">a</div>',
    "front matter": "---\nx: 12\n---\ntext",
    "a price in dollars of no digits": r"\$ and \$ and $x$",
}


@pytest.mark.parametrize("template", LEGITIMATE.values(), ids=LEGITIMATE)
def test_no_number_typed_by_hand_is_seen_in(template, tmp_path):
    assert found(tmp_path, template) == []


def test_all_offences_are_told_at_once_with_file_line_words_around_and_the_remedy(tmp_path):
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "one.qmd.j2").write_text("Text.\n\nIt reaches 88.4 % on all digits.\nAnd {{ x }} of 5.\n")
    (folder / "document.yaml").write_text("chapters: []\ntitle: The 7 best\n")
    manifest = Manifest(title="The 7 best", chapters=[])
    with pytest.raises(ColophonError) as caught:
        require_clean(ENVIRONMENT, folder, manifest)
    message = str(caught.value)
    assert message.startswith("3 numbers typed by hand:\n")
    assert 'templates/paper/document.yaml, line 2: 7 in "The 7 best"' in message
    assert 'templates/paper/one.qmd.j2, line 3: 88.4 % in "It reaches 88.4 % on all"' in message
    assert 'templates/paper/one.qmd.j2, line 4: 5 in "… of 5."' in message
    assert "{{ fact(224) }}" in message and "`names` in document.yaml" in message


@pytest.mark.parametrize("file", ["shared/own.qmd.j2", "shared/words.md", "paper/plain.qmd"])
def test_what_a_document_includes_is_linted_too_whatever_it_is_called(file, tmp_path):
    folder = tmp_path / "paper"
    for name in {"paper", Path(file).parent.name}:
        (tmp_path / name).mkdir()
    (tmp_path / file).write_text("Words.\nIt reaches 88.4 %.\n")
    included = "" if file.endswith("own.qmd.j2") else f'{{% include "{file}" %}}'
    (folder / "one.qmd").write_text(f"{included}\nAnd 5 of it.\n")
    manifest = Manifest(title="T", chapters=["one.qmd"])
    found = [(offence.file, offence.line) for offence in lint(ENVIRONMENT, folder, manifest)]
    assert sorted(found) == sorted([(file, 2), ("paper/one.qmd", 2)])


@pytest.mark.parametrize("word", ["include", "import", "extends"])
def test_a_template_of_another_document_is_not_included(word, tmp_path):
    for name, text in {"paper/one.qmd.j2": "Words.\n", "slides/one.qmd.j2": "Words.\n"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    alias = " as other" if word == "import" else ""
    (tmp_path / "paper/one.qmd.j2").write_text(f'Words.\n\n{{% {word} "slides/one.qmd.j2"{alias} %}}\n')
    with pytest.raises(ColophonError) as caught:
        lint(ENVIRONMENT, tmp_path / "paper", Manifest(title="T", chapters=["one.qmd.j2"]))
    assert str(caught.value).startswith(
        "templates/paper/one.qmd.j2, line 3: slides/one.qmd.j2 is included from another folder"
    )
    assert "Move it to templates/paper/ or templates/shared/" in str(caught.value)


def test_a_name_without_a_letter_is_no_name(tmp_path):
    with pytest.raises(ColophonError, match=r"names: '88.4 %' has no letter"):
        found(tmp_path, "It is 88.4 %.", names=["88.4 %"])


def test_a_template_that_is_no_template_is_named(tmp_path):
    with pytest.raises(ColophonError, match=rf"templates/{tmp_path.name}/one.qmd.j2, line 2: "):
        found(tmp_path, "\n{% if %}")
