"""Rendering a report: our pandoc route beside pandoc and latexmk alone, and Quarto where it is installed.

    python -m benchmarks.render [build/demo/report/report.qmd]

Each renders a copy of the same source to HTML and PDF, one after the other: first from nothing, then after
a sentence was added, with LaTeX's auxiliary files there. Seconds are of the wall, in brackets those that
the processors worked, which other work on the machine disturbs less. The bare tools get our LaTeX preamble,
without which the source doesn't compile, and each animation's poster; they number and resolve nothing.
"""

import argparse
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report.render import render
from report.render.pandoc import LATEX_VARIABLES, executable
from report.render.tools import THEME

FORMATS = ("html", "pdf")
SENTENCE = "\n\nA sentence that was added.\n"
BARE = ["--standalone", "--citeproc", "--toc", "--number-sections", "--top-level-division=chapter"]


def ours(source: Path, to: str, renderer: str = "pandoc") -> None:
    target = source.parent.parent / f"report.{to}"
    render(source, target, renderer=renderer, epoch=86400, log=source.parent / f"{to}.log")


def bare(source: Path, to: str) -> None:
    """Pandoc's own writers, and latexmk."""
    command = [
        executable(),
        source.name,
        *BARE,
        f"--default-image-extension={'svg' if to == 'html' else 'pdf'}",
    ]
    if to == "html":
        run([*command, "--embed-resources", "--mathml", "--output=bare.html"], source.parent)
        return
    variables = [f"--variable={key}={value}" for key, value in LATEX_VARIABLES.items()]
    run(
        [*command, f"--include-in-header={THEME / 'preamble.tex'}", *variables, "--output=bare.tex"],
        source.parent,
    )
    run(["latexmk", "-norc", "-pdf", "-interaction=nonstopmode", "bare.tex"], source.parent)


def run(words: list[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise SystemExit(
            f"{words[0]} ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}"
        )


def copied(source: Path, folder: Path, posters: bool) -> Path:
    """The source with its bibliography, beside links to what it shows."""
    target = folder / "report" / source.name
    target.parent.mkdir(parents=True)
    text = source.read_text(encoding="utf-8")
    if posters:
        text = re.sub(
            r"\]\(([^()\s]+)\)(?=\{[^{}]*\.animation)", lambda m: f"]({poster(source, m[1])})", text
        )
    target.write_text(text, encoding="utf-8")
    for file in source.parent.glob("*.bib"):
        shutil.copy(file, target.parent)
    for name in ("figures", "animations"):
        (folder / name).symlink_to((source.parent.parent / name).resolve())
    return target


def poster(source: Path, animation: str) -> str:
    """The still picture of an animation that `source` shows."""
    stem = source.parent / animation
    found = next(stem.parent.glob(f"{stem.name}-poster.*"))
    return f"{animation}-poster{found.suffix}"


def timed(what: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the wall and of the processors, those of processes that were started included."""

    def worked() -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used)

    begun, before = time.monotonic(), worked()
    what()
    return time.monotonic() - begun, worked() - before


def main() -> None:
    parser = argparse.ArgumentParser(description="Our rendering beside that of bare tools.")
    parser.add_argument("source", nargs="?", type=Path, default=Path("build/demo/report/report.qmd"))
    source: Path = parser.parse_args().source
    if not source.is_file():
        raise SystemExit(f"{source}: no such document; make report first, or name another")
    routes: dict[str, Callable[[Path, str], None]] = {"ours": ours, "bare pandoc and latexmk": bare}
    if shutil.which("quarto"):
        routes["Quarto"] = lambda source, to: ours(source, to, "quarto")
    else:
        print("Quarto is not on the PATH: left out")
    print("| route | " + " | ".join(f"{to} | {to}, edited" for to in FORMATS) + " |")
    print("| --- |" + " ---: |" * 2 * len(FORMATS))
    for name, route in routes.items():
        cells = []
        with tempfile.TemporaryDirectory() as folder:
            document = copied(source, Path(folder), posters=route is bare)
            for to in FORMATS:
                cells.append(timed(lambda: route(document, to)))  # noqa: B023  # called at once
                document.write_text(document.read_text(encoding="utf-8") + SENTENCE, encoding="utf-8")
                cells.append(timed(lambda: route(document, to)))  # noqa: B023
        print(
            f"| {name} | " + " | ".join(f"{wall:.1f} ({work:.1f})" for wall, work in cells) + " |",
            flush=True,
        )


if __name__ == "__main__":
    main()
