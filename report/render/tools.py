"""What the renderers share: the job, how a tool is run, where the theme and the filters lie."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
THEME = HERE / "theme"
FILTERS = HERE / "filters"
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Job:
    """One rendering: absolute paths, and the date in seconds since 1970."""

    source: Path
    output: Path
    epoch: int
    log: Path

    @property
    def format(self) -> str:
        """`html` or `pdf`."""
        return self.output.suffix[1:]


@dataclass(frozen=True)
class Outcome:
    """What a tool left: its exit status and what it printed (both streams in `text`)."""

    status: int
    text: str


def run_tool(
    job: Job, command: Sequence[str | Path], variables: Mapping[str, str] = NOTHING, given: str = ""
) -> Outcome:
    """Runs `command` in the source's folder with the job's date; appends its output to the log.

    Args:
        variables: of the environment, besides those that are there.
        given: what the tool reads from its input.
    """
    environment = dict(os.environ) | dict(variables)
    environment |= {
        "SOURCE_DATE_EPOCH": str(job.epoch),
        "FORCE_SOURCE_DATE": "1",
        "TZ": "UTC",
        "max_print_line": "10000",
    }
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=job.source.parent,
        env=environment,
        input=given.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    text = done.stdout.decode("utf-8", errors="replace")
    with job.log.open("a", encoding="utf-8") as log:
        log.write(f"$ {' '.join(words)}\n{text}\n[exit status {done.returncode}]\n\n")
    return Outcome(done.returncode, text)
