"""What differs between the parts that a result was made from and those there are now, in words."""

from typing import Any

from report.build.content import digest


def part_changes(old: dict[str, Any], new: dict[str, Any], waits: list[str]) -> list[str]:
    """Why a result made from the parts `old` is stale beside `new`; the inputs in `waits` don't count."""
    return [
        *module_changes(old["modules"], new["modules"]),
        *setting_changes(old["settings"], new["settings"]),
        *mapping_changes("input", without(old["inputs"], waits), without(new["inputs"], waits)),
        *order_changes(old["inputs"], new["inputs"]),
        *mapping_changes("data", old["data"], new["data"]),
    ]


def without(mapping: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def module_changes(old: dict[str, str], new: dict[str, str]) -> list[str]:
    changed = [path for path in old if old[path] != new.get(path)]
    return [f"{path} {edited(path, new[path])}" for path in changed]


def edited(path: str, found: str) -> str:
    if found == "missing":
        return "is gone"
    return "holds other names" if path.endswith("/") else "was edited"


def setting_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    keys = [*old, *(key for key in new if key not in old)]
    return [
        f"setting {key}: {old.get(key, 'unset')} is now {new.get(key, 'unset')}"
        for key in keys
        if old.get(key) != new.get(key) and digest(old.get(key)) != digest(new.get(key))  # NaN != NaN
    ]


def order_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    same = old.keys() == new.keys() and list(old) != list(new)
    return ["its inputs come in another order"] if same else []


def mapping_changes(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    keys = [*old, *(key for key in new if key not in old)]
    words = {key: "is new" if key not in old else "is no longer used" for key in old.keys() ^ new.keys()}
    return [f"{kind} {key} {words.get(key, 'changed')}" for key in keys if old.get(key) != new.get(key)]
