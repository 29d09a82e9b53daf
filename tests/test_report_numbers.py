"""The smoke report's numbers, tables and claims are those of the metrics."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.smoke import text_of


@pytest.fixture(scope="module")
def svm(project: Path) -> dict[str, Any]:
    return metrics(project, "svm_depth")


def cells(accuracy: dict[str, float]) -> str:
    return f"{100 * accuracy['value']:.1f} [{100 * accuracy['low']:.1f}, {100 * accuracy['high']:.1f}]"


def test_every_accuracy_of_the_tables_is_in_both_documents(svm, page, printed):
    shown = text_of(page)
    for row in svm["rows"]:
        for scaling in ("raw", "normalized"):
            assert cells(row[scaling]["accuracy"]) in shown
            assert cells(row[scaling]["accuracy"]) in printed


def test_every_number_leads_to_its_stage_and_tells_the_value_of_its_metrics(project, page):
    values = json.loads((project / "build/smoke/report/values.json").read_text())
    numbers = page.xpath("//a[@class='value']")
    assert len(numbers) > 40
    for number in numbers:
        if re.match(r"[-−\d][^:/]*: .*\w+/\w+.*: ", number.get("title")):
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
        entry = target.xpath("ancestor::dd/preceding-sibling::dt[1]") or [target]  # some share one
        assert stage.split("/")[1] in entry[0].text_content()


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
         "Class mean": "normalized.class_mean"},
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
    "variants": (
        "../generate/measures", "variants",
        {"Variant": "title", "Fréchet distance": "frechet", "Precision": "precision.value",
         "Recall": "recall.value", "Coverage": "coverage.value", "Entropy": "entropy.value",
         "Background": "background.value"},
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
    visualized = ("fooling", "controls", "transfer", "ascent")
    adapted = ("adaptation", "fixed", "latent", "pseudo", "published", "schedules")
    generated = ("conditional", "style")
    names = (*TABLES, *visualized, *adapted, *generated)
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
