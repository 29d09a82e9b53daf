"""Whatever stands in a profile, in the stage table or in metrics: an error that names it, or a right build."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from report import stage
from report.build.execute import metric_error, require_finite
from report.build.makefile import announce, rules
from report.build.plan import Planner
from report.build.project import open_project
from report.build.validation import read_yaml
from report.errors import ColophonError
from report.stage import quantity
from tests.tiny import Tiny

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
    | st.sampled_from(["chain/source", "chain/double", "seeds", "seed", "side", "numbers", "../x", "demo", ".inf"])
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "stages",
        "figures",
        "animations",
        "data",
        "values",
        "about",
        "extends",
        "needs",
        "each",
        "device",
        "minutes",
        "cpus",
        "unrecorded",
        "path",
        "chain/source",
        "chain/member",
        "side",
        "seeds",
        "scale",
        "seed",
        "start",
        "dataset",
        "numbers",
    ]
) | st.text(max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
FUZZ = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return Tiny.create(tmp_path_factory.mktemp("fuzz") / "a tiny project")


def plan_of(tiny: Tiny) -> str:
    """The rules of a build, as far as it is planned without a script being run."""
    planner = Planner(open_project(root=tiny.root, env={}))
    statuses = planner.statuses()
    announce(statuses, [], "experiments", "demo")
    return rules(planner, statuses, [], tiny.root / "build/demo/experiments.mk")


def refused_or_planned(tiny: Tiny, name: str, text: str) -> None:
    kept = tiny.read(name)
    tiny.write(name, text)
    try:
        made = plan_of(tiny)
        assert made.count("run --alone") == len(Planner(open_project(root=tiny.root, env={})).tasks)
    except ColophonError as error:
        assert name in str(error) or "profiles/" in str(error) or "pipeline.yaml" in str(error), error
    finally:
        tiny.write(name, kept)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container below `value` with each of its keys."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def altered(text: str, data: st.DataObject) -> str:
    """The YAML `text` with a few values deleted, replaced or added, so that much of it stays right."""
    content = yaml.safe_load(text)
    for _ in range(data.draw(st.integers(1, 3))):
        if not (found := places(content)):
            break
        container, key = data.draw(st.sampled_from(found))
        how = data.draw(st.sampled_from(["delete", "replace", "add"]))
        if how == "delete":
            del container[key]
        elif how == "replace":
            container[key] = data.draw(VALUES)
        elif isinstance(container, dict):
            container[data.draw(KEYS)] = data.draw(VALUES)
        else:
            container.append(data.draw(VALUES))
    return dumped(content)


def dumped(value: Any) -> str:
    return yaml.dump(value, allow_unicode=True)


@FUZZ
@given(st.data())
def test_any_profile_is_planned_or_refused_by_name(fuzzed: Tiny, data: st.DataObject) -> None:
    refused_or_planned(fuzzed, "profiles/demo.yaml", altered(fuzzed.read("profiles/demo.yaml"), data))


@FUZZ
@given(st.data())
def test_any_stage_table_is_planned_or_refused_by_name(fuzzed: Tiny, data: st.DataObject) -> None:
    refused_or_planned(fuzzed, "pipeline.yaml", altered(fuzzed.read("pipeline.yaml"), data))


@FUZZ
@given(KEYS, VALUES)
def test_any_setting_is_taken_or_refused_by_stage_and_key(fuzzed: Tiny, key: Any, value: Any) -> None:
    base = yaml.safe_load(fuzzed.read("profiles/demo.yaml"))
    base["stages"]["chain/source"] = {key: value}
    refused_or_planned(fuzzed, "profiles/demo.yaml", dumped(base))


@FUZZ
@given(st.binary(max_size=60) | st.text(alphabet="{}[]&*!:-<> \n\tab1.,'\"|%", max_size=40).map(str.encode))
def test_any_bytes_are_read_as_yaml_or_refused_by_the_name_of_the_file(
    fuzzed: Tiny, content: bytes
) -> None:
    path = fuzzed.root / "any.yaml"
    path.write_bytes(content)
    try:
        json.dumps(read_yaml(path), sort_keys=True)
    except ColophonError as error:
        assert str(path) in str(error)


HOSTILE = {
    "itself": ("a: &x {b: *x}", "a.b: contains itself"),
    "a date": ("a: {b: 2020-01-01}", "a.b: a date, which no setting can be"),
    "a date that is none": ("a: 2020-99-99", "month must be in 1..12"),
    "a set": ("a: !!set {b}", "a: a set"),
    "a key that is a number": ("a: {1: 2}", "a: the key 1 is no text"),
    "a key that is a list": ("? [1]\n: 2", "not readable as YAML"),
    "an object": ("a: !!python/object/apply:os.system ['touch pwned']", "could not determine a constructor"),
    "depth": ("a: " + "[" * 5000, "not readable as YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "told"), HOSTILE.values(), ids=HOSTILE)
def test_yaml_that_no_setting_can_be_is_refused_by_file_and_key(
    text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(ColophonError, match=r"a\.yaml") as refused:
        read_yaml(path)
    assert told in str(refused.value)
    assert not Path("pwned").exists()


class Deep(stage.Metrics):
    more: list[float] = quantity("numbers")
    names: dict[str, Any] = Field({}, description="anything")


class Made(stage.Metrics):
    value: float = quantity("a number")
    deep: Deep = quantity("numbers below it")


@FUZZ
@given(
    st.floats(), st.lists(st.floats(), max_size=3), st.dictionaries(st.text(max_size=3), VALUES, max_size=2)
)
def test_any_metrics_come_back_from_their_file_or_are_refused_by_name(
    fuzzed: Tiny, value: float, more: list[float], names: dict[str, Any]
) -> None:
    task = Planner(open_project(root=fuzzed.root, env={})).tasks["side"]
    try:
        made = Made(value=value, deep=Deep(more=more, names=names)).model_dump(mode="json")
        require_finite(task, made)
    except (ValidationError, ColophonError) as error:
        told = metric_error(task, error) if isinstance(error, ValidationError) else error
        assert "side: " in str(told) and (
            "value" in str(told) or "more" in str(told) or "names" in str(told)
        )
        return
    with contextlib.suppress(TypeError):
        assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_values_that_are_not_finite_are_no_names_of_folders(bare: Tiny) -> None:
    bare.edit("profiles/demo.yaml", "[1, 2]", "[1, .nan]")
    with pytest.raises(ColophonError, match=r"profiles/demo.yaml: values.seeds.1"):
        Planner(open_project(root=bare.root, env={}))
    bare.edit("pipeline.yaml", "minutes: 0.01\nfigures", "minutes: .inf\nfigures")
    with pytest.raises(ColophonError, match=r"pipeline.yaml: stages.side.minutes"):
        Planner(open_project(root=bare.root, env={}))
