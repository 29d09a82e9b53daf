"""The claims of a built document: made with `make claims`, refused where they would not hold."""

import json
import re

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.document.build import assemble_claims
from report.document.claim_list import show
from report.errors import ColophonError
from tests.tiny import Tiny

CHAPTER = """# One {#sec-one}

{% claim "grows", against(results("chain/total").total, 1) %}
{% holds %}The total is above one by {{ claim.difference }}.
{% fails %}It is not above one.
{% undecided %}It can't be told.
{% endclaim %}
"""
TABLE = "{% for chapter in claims() %}{% for c in chapter.records %}{{ c.name }}: {{ c.verdict }}{% endfor %}{% endfor %}"


@pytest.fixture
def claiming(built: Tiny) -> Tiny:
    """A built project whose document makes a claim."""
    built.write("templates/report/document.yaml", "title: T\nchapters: [one.qmd.j2, claims.qmd.j2]\n")
    built.write("templates/report/one.qmd.j2", CHAPTER)
    built.write("templates/report/claims.qmd.j2", TABLE)
    return built


def test_make_claims_prints_and_writes_the_claims_after_running_what_is_stale(claiming: Tiny):
    claiming.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
    done = claiming.make("claims")
    assert done.returncode == 0, done.stderr
    assert "chain/source" in claiming.ran()
    assert re.search(r"^grows +The total is above one by .* holds *$", done.stdout, re.MULTILINE)
    (record,) = json.loads(claiming.read("build/demo/report/claims.json"))["claims"]
    assert (record["name"], record["chapter"], record["verdict"]) == ("grows", "sec-one", "holds")
    assert record["exact"] is True and record["p"] is None
    assert "grows: holds" in claiming.read("build/demo/report/report.qmd")


def assembled(tiny: Tiny) -> list[str]:
    """The names of the claims, as `make claims` finds them."""
    path = assemble_claims(Planner(open_project(root=tiny.root, env={"SOURCE_DATE_EPOCH": "0"})), "report")
    return [claim["name"] for claim in json.loads(path.read_text())["claims"]]


def test_claims_of_stale_results_are_refused(claiming: Tiny):
    assert claiming.report("claims", "report").returncode == 0
    claiming.edit("profiles/demo.yaml", "scale: 2.0", "scale: 3.0")
    done = claiming.report("claims", "report")
    assert done.returncode != 0
    assert "report would show stale results: chain/source" in done.stderr


def test_a_document_that_claims_must_list_its_claims(claiming: Tiny):
    claiming.write("templates/report/document.yaml", "title: T\nchapters: [claims.qmd.j2, one.qmd.j2]\n")
    with pytest.raises(ColophonError, match="report does not list the claims of sec-one"):
        assembled(claiming)


def test_a_missing_wording_is_refused_with_file_and_line(claiming: Tiny):
    claiming.edit("templates/report/one.qmd.j2", "{% fails %}It is not above one.\n", "")
    message = r"templates/report/one.qmd.j2, line 3: claim 'grows' has no wording for fails"
    with pytest.raises(ColophonError, match=message):
        assembled(claiming)


def test_a_document_without_claims_says_so(claiming: Tiny, capsys: pytest.CaptureFixture[str]):
    claiming.write("templates/report/one.qmd.j2", "# One\n")
    assert assembled(claiming) == []
    show(claiming.root / "build/demo/report/claims.json")
    assert capsys.readouterr().out == "no claims\n"
