"""Facts of a run, as templates and the colophon see them."""

from pathlib import Path

import pytest

from report.document.facts import fact_text, facts_value
from report.document.values import MissingValueError, Origin, show
from report.stage import Outputs

HARDWARE = {"processor": "A CPU", "gpu": None, "cores": 2, "memory_gib": 8.0}
ORIGIN = Origin("part/run", Path())


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    outputs = Outputs(tmp_path, tmp_path, lambda items, *_: iter(items))
    outputs.record("precision", "float_32")
    outputs.record("extraction", 12.345, "s", 1)
    outputs.record("images", 1234)
    return outputs


def test_recorded_facts_and_those_of_every_run_print_with_their_unit(outputs):
    facts = facts_value({"seconds": 3.21, "hardware": HARDWARE, "facts": outputs.facts}, ORIGIN)
    assert show(facts.extraction) == "12.3\u00a0s"
    assert (show(facts.images), show(facts.precision)) == ("1,234", r"float\_32")
    assert (show(facts.seconds), show(facts.processor), show(facts.cores)) == ("3.2\u00a0s", "A CPU", "2")
    assert not facts.gpu
    with pytest.raises(
        MissingValueError, match=r"have no 'power'\s+.*seconds, processor, gpu, cores, precision"
    ):
        _ = facts.power


def test_provenance_without_units_or_without_facts_can_still_be_read():
    old = facts_value(
        {"seconds": 1.0, "hardware": {"processor": "P", "cores": 1}, "facts": {"n": 2}}, ORIGIN
    )
    assert show(old.n) == "2" and not old.gpu
    assert show(facts_value({"seconds": 1.0, "hardware": HARDWARE}, ORIGIN).cores) == "2"


def test_the_colophon_prints_each_fact_in_words(outputs):
    assert [fact_text(value) for value in outputs.facts.values()] == [r"float\_32", "12.3\u00a0s", "1,234"]
    assert fact_text(True) == "yes"
