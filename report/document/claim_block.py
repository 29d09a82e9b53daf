"""The block of a claim in templates.

{% claim "depth-helps", mcnemar(late, early) %}
{% holds %} The later layer is better by {{ claim.difference }}.
{% fails %} The later layer is worse by {{ claim.size }}.
{% undecided %} Which layer is better can't be told ({{ claim.p }}).
{% endclaim %}
"""

import re
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser

from report.document.claims import NAME, VERDICTS, Claim, Claims, Verdict
from report.document.hypotheses import Outcome
from report.errors import ColophonError

ENDS = tuple(f"name:{word}" for word in (*VERDICTS, "endclaim", "claim"))
CHOICE = "_wording"  # the wording that the body is asked for; not a name that templates use


class ClaimBlock(Extension):
    """Parses the block; the claims are kept in `environment.claims`."""

    tags = {"claim"}  # noqa: RUF012  # as jinja2 declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._rendering = ""
        environment.extend(claims=Claims())

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Keep the end of the line after a claim, which stands inside a paragraph."""
        return re.sub(r"(\{%-?\s*endclaim)\s*%\}", r"\1 +%}", source)

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        name = parser.parse_expression()
        parser.stream.expect("comma")
        test = parser.parse_expression()
        before = parser.parse_statements(ENDS)
        if any(not blank(node) for node in before):
            parser.fail("a claim begins with {% holds %}, {% fails %} or {% undecided %}", line)
        bodies: dict[str, list[nodes.Node]] = {}
        while (word := next(parser.stream)).value != "endclaim":
            if word.value == "claim":
                parser.fail("a claim inside a claim", word.lineno)
            if word.value in bodies:
                parser.fail(f"the claim has two wordings {word.value}", word.lineno)
            bodies[word.value] = parser.parse_statements(ENDS)
        given = nodes.List([nodes.Const(verdict) for verdict in bodies])
        call = self.call_method("_add", [name, test, given, nodes.Const(parser.name), nodes.Const(line)])
        choices = [nodes.Name("claim", "param"), nodes.Name(CHOICE, "param")]
        body = [chosen(verdict, body) for verdict, body in bodies.items()]
        return nodes.CallBlock(call, choices, [], body).set_lineno(line)

    def _add(
        self,
        name: Any,
        outcome: Any,
        given: list[Verdict],
        template: str,
        line: int,
        caller: Callable[[Claim, str], str],
    ) -> str:
        """Render the wordings and hand the claim over; called while the chapter is rendered."""
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise ColophonError(f"{name!r} is no name for a claim", "Small letters, digits and hyphens.")
        if not isinstance(outcome, Outcome):
            raise ColophonError(
                f"claim {name!r} has no test",
                "After its name and a comma: mcnemar, bootstrap, against, equals or ordered.",
            )
        if self._rendering:
            raise ColophonError(f"claim {name!r} lies inside claim {self._rendering!r}", "Take it out.")
        self._rendering = name
        try:
            wordings: dict[Verdict, str] = {
                verdict: caller(Claim(name, outcome, verdict), verdict).strip() for verdict in given
            }
        finally:
            self._rendering = ""
        claims: Claims = self.environment.claims  # type: ignore[attr-defined]  # extended above
        return claims.add(name, outcome, wordings, f"{template}, line {line}")


def blank(node: nodes.Node) -> bool:
    """Whether a node is white space alone."""
    if not isinstance(node, nodes.Output):
        return False
    return all(isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes)


def chosen(verdict: str, body: list[nodes.Node]) -> nodes.Node:
    """`body` if the wording asked for is that of `verdict`."""
    test = nodes.Compare(nodes.Name(CHOICE, "load"), [nodes.Operand("eq", nodes.Const(verdict))])
    return nodes.If(test, body, [], [])
