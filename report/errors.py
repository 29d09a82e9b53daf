"""The one exception that reaches a user without a traceback."""


class ColophonError(Exception):
    """A problem the user can mend: says what is wrong with which thing, and what to do next.

    Args:
        problem: names the thing and what is wrong with it, one sentence.
        remedy: what to do next; empty where the problem already says it.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem if not remedy else f"{problem}\n  {remedy}")
        self.problem = problem
        self.remedy = remedy
