"""The one exception that reaches a user without a traceback, and the words it is made of."""


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


def suggestion(word: str, known: list[str]) -> str:
    """What is allowed in place of `word`, the nearest named first."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    listed = f"Known: {', '.join(known)}" if known else "None are known here."
    return f"Did you mean {near[0]}? {listed}" if near else listed


class Forked(BaseException):
    """Leaves the fork server's code, in a fork that is to run the command of `sys.argv`."""
