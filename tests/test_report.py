"""The smoke report, built once from end to end through the Makefile, and what is inside it."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lxml import html

REPOSITORY = Path(__file__).parents[1]
PARTS = ("experiments", "figures", "profiles", "templates", "pipeline.yaml", "Makefile", "pyproject.toml")


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    variables = [f"ENGINE={REPOSITORY}", f"VENV={REPOSITORY / '.venv'}", "PROFILE=smoke", "RENDERER=pandoc"]
    return subprocess.run(
        ["make", *words, *variables], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, in a folder with a space in its name, with its smoke report built."""
    folder = tmp_path_factory.mktemp("a report") / "my project"
    folder.mkdir()
    for part in PARTS:
        source, target = REPOSITORY / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    done = make(folder, "report")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def svm(project: Path) -> dict[str, Any]:
    return json.loads((project / "build/smoke/stages/transfer/svm_depth/metrics.json").read_text())


@pytest.fixture(scope="module")
def page(project: Path) -> Any:
    return html.fromstring((project / "build/smoke/report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def printed(project: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.fail("pdftotext is missing: make latex installs it (poppler-utils)")
    words = ["pdftotext", "-layout", str(project / "build/smoke/report.pdf"), "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split())


def cells(accuracy: dict[str, float]) -> str:
    return f"{100 * accuracy['value']:.1f} [{100 * accuracy['low']:.1f}, {100 * accuracy['high']:.1f}]"


def test_every_accuracy_of_the_tables_is_in_both_documents(svm, page, printed):
    shown = text_of(page)
    for row in svm["rows"]:
        for scaling in ("raw", "normalized"):
            assert cells(row[scaling]["accuracy"]) in shown
            assert cells(row[scaling]["accuracy"]) in printed


def test_tables_and_figures_are_numbered_by_chapter_alike_in_both_documents(page, printed):
    shown = text_of(page)
    captions = re.findall(
        r"(?:Table|Figure) \d\.\d", " ".join(map(text_of, page.iter("caption", "figcaption")))
    )
    assert {"Table 1.1", "Table 1.2", "Figure 1.1", "Figure 1.2"} <= set(captions)
    for caption in captions:
        assert re.search(rf"{caption}\s*:", printed), caption
    for reference in ("Equation 1.2", "Equation 1.3", "Table 1.3", "Figure 1.7 (a)"):
        assert reference in shown.replace("\u00a0", " ")
        assert reference in " ".join(re.sub(r"-\n\s*", "", printed).split())


def test_nothing_is_left_unresolved(page, printed):
    for text in (text_of(page), printed):
        assert "??" not in text
        assert not re.search(r"@(tbl|fig|eq|sec)-", text)
        assert "{{" not in text and "{%" not in text


def test_every_link_within_the_page_has_its_target(page):
    targets = {element.get("id") for element in page.xpath("//*[@id]")}
    links = [link.get("href")[1:] for link in page.xpath("//a[starts-with(@href, '#')]")]
    assert len(links) > 10
    assert set(links) <= targets


def test_every_number_leads_to_its_stage_and_tells_the_value_of_its_metrics(project, page):
    values = json.loads((project / "build/smoke/report/values.json").read_text())
    numbers = page.xpath("//a[@class='value']")
    assert len(numbers) > 40
    for number in numbers:
        if re.match(r"[−\d][^:/]*: .*\w+/\w+.*: ", number.get("title")):
            continue  # computed from others, which it names; a stage's name begins with a letter
        ((stage, path, value, rest),) = re.findall(r"^(.+): (.+) = ([^ ,]+)(.*)$", number.get("title"))
        if f"{stage}:{path}" not in values:  # a fact of the run
            made = json.loads((project / "build/smoke/stages" / stage / "provenance.json").read_text())
            fact = (made["hardware"] | made["facts"])[path]
            assert float(value) == pytest.approx(
                fact["value"] if isinstance(fact, dict) else fact, rel=1e-3
            )
            continue
        described = values[f"{stage}:{path}"]
        assert float(value) == described["value"]
        if "low" in described:
            assert f"95 % interval {described['low']} to {described['high']}" in rest
        shown = number.text_content().replace("\n", " ")
        assert shown == described["text"] or number.getparent().tag == "td"
        (target,) = page.xpath(f"//*[@id='{number.get('href')[1:]}']")
        assert stage.split("/")[1] in target.text_content()


DEPTH = {
    "Network": "title", "Layer": "layer", "Dim.": "dimensions", "Raw": "raw.accuracy",
    "Unit length": "normalized.accuracy",
}  # fmt: skip
TUNING = {
    "Network": "title", "Layer": "layer", "C": "normalized.c", "Near": "normalized.plateau",
    "CV": "normalized.cross_validation.value", "± sd": "normalized.cross_validation.standard_deviation",
    "Test": "normalized.tuned.accuracy",
}  # fmt: skip
TABLES = {
    "architecture": (
        "architecture", "networks",
        {"Network": "title", "Parameters": "parameters", "Convolutions": "convolutional",
         "Linear": "fully_connected", "Mult.-adds": "multiply_adds",
         "Top 1": "top1"},
    ),
    "predictions": (
        "predictions", "networks",
        {"Network": "title", "Top 1": "accuracy", "Top 5": "top5", "Confidence": "confidence",
         "Calibration error": "calibration_error"},
    ),
    "depth": ("svm_depth", "rows:convolutional", DEPTH),
    "transformers": ("svm_depth", "rows:transformer", DEPTH),
    "counts": (
        "svm_depth", "rows",
        {"Network": "title", "Layer": "layer", "Accuracy": "normalized.accuracy",
         "Class mean": "normalized.class_mean", "Without duplicates": "normalized.without_duplicates"},
    ),
    "tuning": ("svm_tuning", "rows:convolutional", TUNING),
    "tuning-transformers": ("svm_tuning", "rows:transformer", TUNING),
    "protocol": (
        "svm_protocol", "rows",
        {"Network": "title", "Layer": "layer", "C": "c", "Mean": "corrected",
         "± sd": "corrected.standard_deviation", "Lowest": "lowest", "Highest": "highest"},
    ),
    "mlp": (
        "architecture", "mlp.layers",
        {"Layer": "label", "Inputs": "inputs", "Outputs": "outputs", "Parameters": "parameters"},
    ),
    "faithfulness": (
        "../visualize/saliency", "methods",
        {"Network": "network", "Map": "title", "Insertion": "insertion", "Deletion": "deletion",
         "Difference": "gain", "Grain": "grain", "Edges": "like_edges"},
    ),
    "heads": (
        "", "",
        {"Network": "title", "Trained": "head", "Parameters": "parameters", "Train": "train_accuracy",
         "Test": "accuracy"},
    ),
}  # fmt: skip


def metrics(project: Path, stage: str) -> Any:
    return json.loads((project / f"build/smoke/stages/transfer/{stage}/metrics.json").read_text())


def at(row: Any, path: str) -> Any:
    for key in path.split("."):
        row = row[key]
    return row


def rows_of(project: Path, stage: str, path: str) -> list[Any]:
    """The rows that a table shows; those of heads and of saliency maps come from a stage a network."""
    if not stage:
        found = []
        for name in ("vgg", "squeezenet", "vit"):
            alone = metrics(project, f"mlp_head/backbone=small-{name}")
            inside = project / f"build/smoke/stages/transfer/fine_tune/backbone=small-{name}/metrics.json"
            found += [alone["linear"], alone["mlp"]]
            found += [json.loads(inside.read_text())["fine_tuned"]] if inside.exists() else []
        return found
    if stage == "../visualize/saliency":
        runs = [metrics(project, f"{stage}/backbone=small-{name}") for name in ("squeezenet", "vgg")]
        return [method for run in runs for method in run[path].values()]
    path, _, family = path.partition(":")
    return [row for row in at(metrics(project, stage), path) if not family or row["family"] == family]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_reads_back_from_csv_as_the_metrics_it_shows(project, name):
    stage, path, columns = TABLES[name]
    rows = rows_of(project, stage, path)
    frame = pd.read_csv(project / f"build/smoke/report/tables/tbl-{name}.csv")[: len(rows)]
    assert rows and len(frame) == len(rows)
    for head, column in columns.items():
        values = [at(row, column) for row in rows]
        if isinstance(values[0], dict):
            for end, suffix in (("value", ""), ("low", " low"), ("high", " high")):
                assert list(frame[head + suffix]) == [value[end] for value in values]
        else:
            assert [None if pd.isna(value) else value for value in frame[head]] == values


def test_every_table_and_nothing_else_is_exported(project):
    folder = project / "build/smoke/report/tables"
    names = (*TABLES, "fooling", "controls", "transfer", "ascent")
    expected = {f"tbl-{name}.{suffix}" for name in names for suffix in ("csv", "tex")}
    assert {path.name for path in folder.iterdir()} == expected


def test_no_published_value_is_compared_with_the_letters_and_digits_of_this_profile(project):
    for name in ("depth", "transformers", "tuning", "tuning-transformers", "heads"):
        frame = pd.read_csv(project / f"build/smoke/report/tables/tbl-{name}.csv")
        assert set(frame["Verdict"].dropna()) <= {"not comparable", "not run here"}
        compared = frame[frame["Verdict"] == "not comparable"]
        assert len(compared) and all("instead of" in reason for reason in compared["Verdict reason"])
    counted = pd.read_csv(project / "build/smoke/report/tables/tbl-mlp.csv")
    assert set(counted["Verdict"]) == {"reproduced"}


def test_every_claim_is_decided_and_listed_in_both_documents(project, page, printed):
    claims = json.loads((project / "build/smoke/report/claims.json").read_text())["claims"]
    names = [claim["name"] for claim in claims]
    assert len(names) == len(set(names)) >= 10
    flat = " ".join(printed.replace("-\n", "-").split())
    for claim in claims:
        assert claim["verdict"] in ("holds", "fails", "undecided")
        assert page.xpath(f"//*[@id='claims-{claim['name']}']") and f"{claim['name']}:" in flat


def test_every_image_is_in_the_page_and_has_an_alternative_text(page):
    images = page.xpath("//img")
    assert len(images) > 20
    for image in images:
        head, _, data = image.get("src").partition(",")
        assert head.startswith(("data:image/svg+xml;base64", "data:image/png;base64"))
        assert b"<svg" in base64.b64decode(data) or b"PNG" in base64.b64decode(data)[:8]
        assert len(image.get("alt")) > 20


def test_the_page_asks_nothing_of_other_hosts(page):
    outside = page.xpath(
        "//*[starts-with(@src, 'http')] | //link[starts-with(@href, 'http')] | //script[@src]"
    )
    assert outside == []


def test_the_title_page_names_the_profile_and_the_colophon_every_stage(project, page, printed):
    assert "profile smoke" in " ".join(printed.split("\f")[0].split())
    stages = [path.parent for path in (project / "build/smoke/stages").rglob("provenance.json")]
    assert len(stages) == 32
    flat = " ".join(printed.split())
    unbroken = re.sub(r"-\n\s*|\s+", "", printed)  # long paths are broken at the end of a line
    for stage in stages:
        record = json.loads((stage / "provenance.json").read_text())
        assert record["script"] in unbroken and record["stage"] in text_of(page)
    assert record["versions"]["torch"] in flat and record["hardware"]["processor"] in flat


def test_what_a_stage_decided_while_running_is_in_its_provenance_and_in_the_colophon(project, page):
    folder = project / "build/smoke/stages/transfer/features/backbone=small-vit"
    assert json.loads((folder / "provenance.json").read_text())["facts"]["precision"] == "float32"
    assert "precision float32" in text_of(page)


def test_a_second_build_does_nothing_and_edited_prose_runs_no_stage(project):
    made = {
        path: path.stat().st_mtime_ns for path in (project / "build/smoke").rglob("*") if path.is_file()
    }
    again = make(project, "report")
    assert again.returncode == 0 and "up to date" in again.stdout
    (project / "build/smoke/report/values.tex").unlink()
    assert make(project, "html").returncode == 0
    assert (project / "build/smoke/report/values.tex").is_file()
    chapter = project / "templates/report/transfer.qmd.j2"
    chapter.write_text(chapter.read_text() + "\nA sentence that was added.\n")
    done = make(project, "html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A sentence that was added." in (project / "build/smoke/report.html").read_text()
    kept = [path for path in made if path.is_relative_to(project / "build/smoke/stages")]
    assert kept and all(path.stat().st_mtime_ns == made[path] for path in kept)


def test_a_value_that_does_not_exist_stops_the_build_with_file_and_line(project):
    before = (project / "build/smoke/report.html").read_bytes()
    chapter = project / "templates/report/transfer.qmd.j2"
    good = chapter.read_text()
    lines = good.count("\n") + 1
    chapter.write_text(good + "{{ svm.best.acuracy }}\n")
    done = make(project, "html")
    chapter.write_text(good)
    assert done.returncode != 0
    assert (
        f"templates/report/transfer.qmd.j2, line {lines}: transfer/svm_depth: best has no 'acuracy'"
        in done.stderr
    )
    assert (project / "build/smoke/report.html").read_bytes() == before
