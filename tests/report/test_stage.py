"""What a script sees of the engine."""

from pathlib import Path

import numpy as np
import pytest

from report import stage
from report.errors import ColophonError


class Summary(stage.Metrics):
    accuracy: float = stage.quantity("share classified rightly", "fraction", 1, ge=0, le=1)
    classes: dict[str, list[float]] = stage.quantity("per class", "fraction")


def test_metrics_refuse_what_is_not_finite_out_of_bounds_or_undeclared() -> None:
    good = {"accuracy": 0.5, "classes": {"a": [0.5]}}
    assert Summary.model_validate(good).model_dump() == good
    for bad in (
        {"accuracy": float("nan")},
        {"classes": {"a": [float("inf")]}},
        {"accuracy": 1.5},
        {"precision": 0.5},
    ):
        with pytest.raises(ValueError, match="validation error"):
            Summary.model_validate(good | bad)


def test_a_metrics_unit_stands_in_its_schema() -> None:
    accuracy = Summary.model_json_schema()["properties"]["accuracy"]
    assert accuracy["description"] == "share classified rightly (fraction)"
    assert (accuracy["unit"], accuracy["digits"]) == ("fraction", 1)


def test_an_array_on_disk_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    outputs = stage.Outputs(tmp_path, tmp_path / "checkpoint", lambda items, *_: iter(items))
    outputs.array("frames/a", (2, 3), np.int16)[:] = [[1, 2, 3], [4, 5, 6]]
    outputs.save("b", np.arange(3.0))
    result = stage.Result("x", {}, tmp_path)
    assert result.array("frames/a").tolist() == [[1, 2, 3], [4, 5, 6]]
    assert isinstance(result.array("frames/a"), np.memmap)
    assert result.array("b").tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ColophonError, match=r"x has no output 'c\.npy'\n  It wrote: b.npy, frames"):
        result.array("c")


class Trap:
    """Touches a file when a pickle with it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return (Path.touch, (self.path,))


def test_no_array_is_pickled_or_read_from_a_pickle(tmp_path: Path) -> None:
    trap = np.array([Trap(tmp_path / "sprung")], dtype=object)
    outputs = stage.Outputs(tmp_path, tmp_path / "checkpoint", lambda items, *_: iter(items))
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        outputs.save("trap", trap)
    np.save(tmp_path / "trap.npy", trap, allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        stage.Result("x", {}, tmp_path).array("trap")
    assert not (tmp_path / "sprung").exists()
    np.load(tmp_path / "trap.npy", allow_pickle=True)
    assert (tmp_path / "sprung").exists(), "the trap works"


def test_the_results_of_a_stage_come_in_order_and_the_one_result_only_where_there_is_one(
    tmp_path: Path,
) -> None:
    results = [stage.Result("many", {"seed": n}, tmp_path) for n in (2, 1)] + [
        stage.Result("one", {}, tmp_path)
    ]
    inputs = stage.Inputs(results, lambda name: tmp_path / name)
    assert [result.each["seed"] for result in inputs.all("many")] == [2, 1]
    assert inputs["one"] is results[2]
    assert inputs.all("none") == []
    assert inputs.data("letters") == tmp_path / "letters"
    for name, count in (("many", "2"), ("none", "none")):
        with pytest.raises(ColophonError, match=f"the one result of '{name}', but there are {count}"):
            inputs[name]
