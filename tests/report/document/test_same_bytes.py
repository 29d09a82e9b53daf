"""A project rendered in two folders, by two processes, gives the same bytes."""

import shutil
from pathlib import Path

import pytest

from tests.tiny import ENGINE, Tiny

CHAPTER = """# One {#sec-one}

It is {{ results("side").value }}, and took {{ facts("side").seconds }}; see @tbl-members and @sec-colophon.

{{ table("tbl-members", "Members.", [["Value", "value"]], all_results("chain/member")) }}
"""


@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed: no PDF can be made")
def test_the_same_results_give_the_same_documents_whatever_folder_zone_and_order_of_sets(
    built_once: Tiny, tmp_path: Path
) -> None:
    made = []
    for number, zone in enumerate(("UTC", "Asia/Tokyo"), start=1):
        tiny = built_once.copy(tmp_path / f"folder {number}")
        colophon = (ENGINE / "templates/shared/colophon.qmd.j2").read_text(encoding="utf-8")
        manifest = "title: T\nauthors: [A]\nchapters: [one.qmd.j2, colophon.qmd.j2]\n"
        tiny.write("templates/report/document.yaml", manifest)
        tiny.write("templates/report/one.qmd.j2", CHAPTER)
        tiny.write("templates/report/colophon.qmd.j2", colophon)
        variables = {"TZ": zone, "PYTHONHASHSEED": str(number), "RENDERER": "pandoc"}
        done = tiny.report("render", "report", "html", "pdf", SOURCE_DATE_EPOCH="86400", **variables)
        assert done.returncode == 0, done.stderr
        made.append([(tiny.root / f"build/demo/report.{kind}").read_bytes() for kind in ("html", "pdf")])
    assert b"chain/member" in made[0][0]
    assert made[0][0] == made[1][0] and made[0][1] == made[1][1]
