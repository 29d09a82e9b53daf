"""What is known of a run besides its metrics: how long it took, on what machine, what it recorded."""

from pathlib import Path
from typing import Any

from report.document.escape import markdown
from report.document.values import Origin, Value, show

FIELDS = {
    "seconds": {"unit": "s", "digits": 1, "description": "duration of the run (s)"},
    "processor": {"description": "the processor"},
    "gpu": {"description": "the GPU, none where no GPU was used"},
    "cores": {"unit": "", "description": "processor cores that the run could use"},
}


def facts_value(made: dict[str, Any], origin: Origin) -> Value:
    """The facts in the provenance `made`: those that the stage recorded, and those of every run."""
    hardware = made["hardware"]
    recorded = {name: fact_of(given) for name, given in made.get("facts", {}).items()}
    common = {"seconds": made["seconds"]} | {
        key: hardware.get(key) for key in ("processor", "gpu", "cores")
    }
    raw = common | {name: value for name, (value, _) in recorded.items()}
    schema = {"properties": FIELDS | {name: declared for name, (_, declared) in recorded.items()}}
    return Value(origin, (), raw, schema, schema)


def fact_of(given: Any) -> tuple[Any, dict[str, Any]]:
    """A recorded fact and its declaration: `Outputs.record` writes a mapping where there is a unit."""
    return (given["value"], given) if isinstance(given, dict) else (given, {})


def fact_text(value: Any) -> str:
    """A recorded fact as the colophon prints it, escaped."""
    raw, declared = fact_of(value)
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    if not isinstance(raw, int | float):
        return markdown(str(raw))
    return show(Value(Origin("", Path()), (), raw, declared, declared))
