"""What the colophon says of each stage: its script, commit, settings, seed, machine and time."""

from datetime import datetime
from typing import Any

from report.build.names import anchor
from report.build.pipeline import DRAWN
from report.build.plan import Planner
from report.build.progress import duration
from report.build.provenance import read_provenance
from report.document.escape import markdown
from report.document.facts import fact_text

NBSP = "\u00a0"
OWN = ("anchor", "each", "when", "took", "facts", "data")  # of each record of a stage that was expanded


def stage_records(planner: Planner) -> list[dict[str, Any]]:
    """One record a task in running order, every text escaped for Markdown."""
    found = []
    for task in planner.tasks.values():
        made = read_provenance(planner.project, task)
        if made:
            found.append(record(made))
    return found


def record(made: dict[str, Any]) -> dict[str, Any]:
    hardware = made["hardware"]
    machine = hardware.get("gpu") or hardware["processor"]
    commit = made["commit"][:8] or "none"
    each = ", ".join(f"{key} {value}" for key, value in made["each"].items())
    settings = {key: value for key, value in made["settings"].items() if key not in made["each"]}
    several = any(key.endswith("seeds") for key in settings)  # they stand among the settings
    return {
        "anchor": anchor(made["id"]),
        "stage": markdown(made["stage"]),
        "drawn": made["id"].split("/")[0] in DRAWN,  # anew anywhere: when and where says nothing
        "each": markdown(each),
        "about": markdown(made["about"]),
        "script": markdown(made["script"]),
        "commit": markdown(commit) + ("\\*" if made["uncommitted_changes"] else ""),
        "uncommitted": made["uncommitted_changes"],
        "settings": {markdown(key): markdown(text(value)) for key, value in settings.items()},
        "seed": str(made["seed"]) if made["seed"] is not None else "several" if several else "none",
        "machine": markdown(f"{machine}, {hardware['cores']} cores, {hardware['memory_gib']:.0f} GiB"),
        "facts": {markdown(key): fact_text(value) for key, value in made.get("facts", {}).items()},
        "versions": markdown(", ".join(f"{n} {v}" for n, v in made["versions"].items())),
        "took": duration(made["seconds"]).replace(" ", NBSP),
        "when": f"{datetime.fromisoformat(made['started']):%Y-%m-%d %H:%M}".replace(" ", NBSP).replace(
            "-", "\u2011"
        ),
        "data": {markdown(name): fingerprint[:12] for name, fingerprint in made["data"].items()},
    }


def grouped(records: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The records of a stage that was expanded together, where they have the same settings and machine."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        alike = {key: value for key, value in record.items() if key not in OWN}
        groups.setdefault(repr(alike), []).append(record)
    return list(groups.values())


def text(value: Any) -> str:
    if value in ({}, []):
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(f"({text(item)})" if isinstance(item, dict) else text(item) for item in value)
    if value is None:
        return "not set"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def shared(records: list[dict[str, Any]], key: str) -> str:
    """The one value that all records share under `key`; empty where they differ."""
    values = {record[key] for record in records}
    return values.pop() if len(values) == 1 else ""
