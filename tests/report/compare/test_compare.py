"""`make diff` of a tiny project against a folder and against a commit with recorded results."""

import lzma
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tiny import Tiny

CHAPTER = """\
# One {#sec-one}

{% set total = results("chain/total") %}
{% claim "large", against(total.total, 20) %}
{% holds %}
It is large.
{% fails %}
It is small.
{% undecided %}
Who knows.
{% endclaim %}
"""
LISTING = """\
# Claims {#sec-claims}

{% for chapter in claims() %}{% for claim in chapter.records %}
[]{#claims-{{ claim.name }}} {{ claim.verdict }}
{% endfor %}{% endfor %}
"""


@pytest.fixture
def documented(built: Tiny) -> Tiny:
    """A built project with a document that makes one claim, and a copy of its build in `old/`."""
    built.write("templates/report/document.yaml", "title: T\nchapters: [a.qmd.j2, b.qmd.j2]\n")
    built.write("templates/report/a.qmd.j2", CHAPTER)
    built.write("templates/report/b.qmd.j2", LISTING)
    done = built.report("claims", "report")
    assert done.returncode == 0, done.stderr
    shutil.copytree(built.root / "build/demo", built.root / "old", copy_function=shutil.copyfile)
    return built


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_changed_setting_shows_in_values_claims_and_figures_and_in_the_comment(documented: Tiny) -> None:
    same = documented.make("diff", "REF=old")
    assert same.returncode == 0, same.stderr
    assert "No value, claim or figure differs." in same.stdout
    documented.edit("profiles/demo.yaml", "scale: 2.0", "scale: 1.0")
    done = documented.make("diff", "REF=old", "COMMENT=comment.md")
    assert done.returncode == 0, done.stderr
    shown = words(done.stdout)
    assert "demo/report: from old to now" in shown
    assert "large holds fails 7 −5" in shown
    assert "chain/double:largest 12 6 −6 –" in shown
    assert "figures/chain/total changed" in shown
    comment = documented.read("comment.md")
    assert "| large | holds | fails | 7 | −5 |" in comment
    assert "| figures/chain/total | changed |" in comment


def test_a_folder_of_exports_alone_is_compared_but_for_its_figures(
    documented: Tiny, tmp_path: Path
) -> None:
    alone = tmp_path / "from the CI"
    shutil.copytree(documented.root / "old/report", alone)
    documented.edit("profiles/demo.yaml", "scale: 2.0", "scale: 1.0")
    shown = words(documented.make("diff", f"REF={alone}").stdout)
    assert "large holds fails" in shown and "chain/total:total 27 15" in shown
    assert "Figures were not compared: REF does not hold them." in shown


def test_what_a_renamed_stage_left_in_our_build_counts_as_gone(documented: Tiny) -> None:
    for name in ("experiments/side.py", "figures/chain.py"):
        (documented.root / name).rename(documented.root / name.replace(".py", "s.py"))
    documented.edit("pipeline.yaml", "  side:\n", "  sides:\n")
    documented.edit("pipeline.yaml", "  chain: {needs", "  chains: {needs")
    shown = words(documented.make("diff", "REF=old").stdout)
    assert (documented.root / "build/demo/stages/side/metrics.json").is_file()
    assert "New: 1 value of sides. Gone: 1 value of side." in shown
    assert "figures/chain/total gone figures/chains/total new" in shown


def git(tiny: Tiny, *what: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *who, *what], cwd=tiny.root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_commit_is_compared_by_what_it_recorded_with_its_own_wordings_and_data(documented: Tiny) -> None:
    documented.write(".gitignore", "/build/\n/old/\nruns.txt\n")
    git(documented, "init")
    git(documented, "add", ".")
    git(documented, "commit", "-m", "nothing recorded")
    none = documented.make("diff", "REF=HEAD")
    assert none.returncode != 0
    assert (
        "this commit has no recorded results of the profile demo\n  Name the folder of a build"
        in none.stderr
    )
    assert documented.make("record").returncode == 0
    git(documented, "add", ".")
    git(documented, "commit", "-m", "recorded")
    commit = git(documented, "rev-parse", "HEAD")
    documented.edit("profiles/demo.yaml", "scale: 2.0", "scale: 1.0")
    documented.edit("templates/report/a.qmd.j2", "20", "10")
    done = documented.make("diff", "REF=main")
    assert done.returncode == 0, done.stderr
    shown = words(done.stdout)
    assert f"from main ({commit[:8]}) to now" in shown
    assert "large holds holds 7 5" in shown and "chain/total:total 27 15" in shown
    assert "figures/chain changed" in shown
    for blob in (documented.root / "recorded/demo/blobs").iterdir():
        blob.write_bytes(lzma.compress(b"other"))
    git(documented, "commit", "-am", "altered")
    git(documented, "checkout", "HEAD~1", "--", "recorded")
    altered = documented.make("diff", "REF=HEAD")
    assert altered.returncode != 0
    assert "was altered: its content has another hash\n  Restore it with git" in altered.stderr


def test_a_commit_from_before_the_document_has_values_and_no_claims(documented: Tiny) -> None:
    documented.write(".gitignore", "/build/\n/old/\n/templates/\nruns.txt\n")
    git(documented, "init")
    assert documented.make("record").returncode == 0
    git(documented, "add", ".")
    git(documented, "commit", "-m", "recorded, and no document yet")
    documented.edit("profiles/demo.yaml", "scale: 2.0", "scale: 1.0")
    done = documented.make("diff", "REF=HEAD")
    assert done.returncode == 0, done.stderr
    shown = words(done.stdout)
    assert "chain/total:total 27 15" in shown
    assert "Claims were not compared: the commit has no document report." in shown


@pytest.mark.parametrize(
    ("ref", "problem"),
    [
        ("", "REF is missing\n  make diff REF=old/build/demo"),
        ("nowhere", "REF=nowhere: neither a folder nor a commit"),
        ("profiles", "profiles: no build there, neither stages/ nor values.json"),
    ],
)
def test_what_is_no_build_is_refused(ref: str, problem: str, documented: Tiny) -> None:
    done = documented.report("diff", "report", "--ref", ref)
    assert done.returncode == 1 and f"error: {problem}" in done.stderr.replace(
        f"REF={documented.root}/", ""
    )


def test_what_is_no_build_or_no_document_is_refused_before_anything_runs(documented: Tiny) -> None:
    documented.edit("profiles/demo.yaml", "scale: 2.0", "scale: 1.0")
    documented.ran()
    for goal, problem in (
        (["diff"], "REF is missing"),
        (["diff", "REF=nowhere"], "REF=nowhere: neither a folder nor a commit"),
        (["diff", "REF=profiles"], "profiles: no build there, neither stages/ nor values.json"),
        (["diff", "REF=old", "DOC=typo"], "DOC=typo: no such document\n  Documents: report"),
        (["claims", "DOC=typo"], "DOC=typo: no such document\n  Documents: report"),
    ):
        done = documented.make(*goal)
        assert done.returncode != 0 and problem in done.stderr
        assert "to run" not in done.stdout and documented.ran() == []
