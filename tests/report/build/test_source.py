"""What counts of a module's source: its syntax, not how it is written."""

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.build import pipeline, plan, runner
from report.build.source import named_imports, syntax_hash

NAMES = st.sampled_from(["a", "rate", "x1"])
CONSTANTS = (
    st.integers()
    | st.booleans()
    | st.none()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False)
)
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=10)


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[str, object]]:
    return draw(st.lists(st.tuples(NAMES, CONSTANTS), min_size=1, max_size=4))


def plainly(program: list[tuple[str, object]]) -> str:
    return "def f():\n" + "".join(f"    {name} = {value!r}\n" for name, value in program)


@given(programs(), WORDS, st.integers(1, 3))
def test_comments_docstrings_and_formatting_do_not_count(
    program: list[tuple[str, object]], text: str, width: int
) -> None:
    indent = " " * width
    body = "".join(f"{indent}{name}  =  (\n{value!r})  # {text}\n\n" for name, value in program)
    dressed = f"'''{text}'''\n# {text}\ndef f(  ):\n{indent}'''{text}'''\n{body}"
    assert syntax_hash(dressed.encode()) == syntax_hash(plainly(program).encode())


@given(programs(), CONSTANTS)
def test_a_changed_constant_counts(program: list[tuple[str, object]], other: object) -> None:
    name, value = program[-1]
    changed = [*program[:-1], (name, other)]
    same = repr(value) == repr(other)
    assert (syntax_hash(plainly(program).encode()) == syntax_hash(plainly(changed).encode())) is same


@pytest.mark.parametrize("module", [pipeline, plan, runner])
def test_a_module_written_anew_from_its_syntax_is_the_same(module: object) -> None:
    source = inspect.getsource(module)  # type: ignore[arg-type]  # a module
    assert syntax_hash(ast.unparse(ast.parse(source)).encode()) == syntax_hash(source.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 'a'", "x = b'a'"),
        ("x = None", "x = ..."),
        ("f(a, b)", "f(b, a)"),
        ("f(*a)", "f(**a)"),
        ("x = [[], [1]]", "x = [[1], []]"),
        ("def f(a, *, b): 0", "def f(a, b): 0"),
        ("def f(a=1, b=None): 0", "def f(a, b=1): 0"),
        ("def f(*, a=None, b=1): 0", "def f(*, a, b=1): 0"),
        ("a < b", "a > b"),
        ("x: int", "x: int = None"),
        ("try: a()\nexcept E: b()\nelse: c()", "try: a()\nexcept E: b()\nfinally: c()"),
        ("for x in y:\n    a()\nb()", "for x in y:\n    a()\n    b()"),
        ("return_ = 'text'", "'text'"),
        ("async def f(): 0", "def f(): 0"),
        ("from a import b", "from .a import b"),
        ("f'{a!r}'", "f'{a!s}'"),
        ("x = {**a}", "x = {None: a}"),
    ],
)
def test_programs_that_mean_different_things_differ(one: str, other: str) -> None:
    assert syntax_hash(one.encode()) != syntax_hash(other.encode())


def test_imports_are_named_in_every_form_also_within_functions() -> None:
    source = b"""
import numpy, experiments.nn.small as small
from experiments.data import letters
from . import shared
from ..nn import *
def run():
    from figures.style import page
"""
    assert named_imports(source, ["experiments", "transfer"]) == {
        "experiments.nn.small",
        "experiments.data", "experiments.data.letters",
        "experiments.transfer", "experiments.transfer.shared",
        "experiments.nn", "experiments.nn.*",
        "figures.style", "figures.style.page",
    }  # fmt: skip
