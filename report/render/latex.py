"""latexmk and pdfLaTeX: run them, and tell their first error in words that help."""

import os
import re
import shutil
from pathlib import Path

from report.errors import ColophonError
from report.render import preamble
from report.render.tools import Job, Outcome, run_tool

READ_BACK = (".aux", ".toc", ".out")
VISIBLE = 2.0  # points that a line may stick out of the text
PACKAGE_LIST = Path(__file__).parents[2] / "tools" / "latex-packages.txt"


def latex_packages() -> list[str]:
    """The Debian packages that the PDF needs, from tools/latex-packages.txt."""
    return PACKAGE_LIST.read_text().split()


def require() -> None:
    """Raises ColophonError, with the command that installs them, where LaTeX's tools are missing."""
    missing = [tool for tool in ("pdflatex", "latexmk") if shutil.which(tool) is None]
    if missing:
        raise ColophonError(
            f"the PDF needs {' and '.join(missing)}, not found on the PATH",
            f"sudo apt-get install --no-install-recommends -y {' '.join(latex_packages())}\n"
            "  (`make html` needs none of them)",
        )


def compile(job: Job, document: Path) -> None:
    """Makes `document`'s PDF beside it, with as many passes as the references need.

    The auxiliary files stay in the folder, so that a later build needs fewer passes; after an
    error they are removed, for they may be broken themselves.
    """
    body = preamble.prepare(job, document)
    outcome = (one_pass(job, document, body) if body else None) or latexmk(job, document, body)
    if body and outcome.status != 0:
        clear(document)
        outcome = latexmk(job, document, None)
    log = document.with_suffix(".log")
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else outcome.text
    if outcome.status != 0:
        clear(document)
        message = first_error(text) or first_error(outcome.text) or outcome.text[-2000:]
        where = source_line(job.source, message)
        raise ColophonError(f"{where}: LaTeX stopped:\n{message}", f"Full output: {job.log}")
    undefined = re.findall(r"(?:Reference|Citation) `([^']+)' on page \d+ undefined", text)
    if undefined:
        names = ", ".join(dict.fromkeys(undefined))
        raise ColophonError(f"{job.source}: LaTeX cannot resolve {names}", f"Log: {job.log}")
    if wide := too_wide(text):
        lines = "a line is" if len(wide) == 1 else f"{len(wide)} lines are"
        print(f"  {job.source.stem}.pdf: {lines} up to {max(wide)} pt too wide; log: {log}", flush=True)


def one_pass(job: Job, document: Path, body: Path) -> Outcome | None:
    """Runs pdfLaTeX once, which is enough where an edit moves nothing that is read back in the next pass.

    None where the pass before is not there, or another one is needed: latexmk counts them.
    """
    before = read_back(document)
    if not before:
        return None
    document.with_suffix(".fdb_latexmk").unlink(missing_ok=True)  # it knows nothing of this pass
    folder = document.parent.relative_to(job.source.parent)
    options = ["-interaction=nonstopmode", "-halt-on-error", f"-output-directory={folder}"]
    command = [*pdflatex(body), *options, f"-jobname={document.stem}", body]
    outcome = run_tool(job, command, formats_in(folder))
    return outcome if outcome.status != 0 or read_back(document) == before else None


def read_back(document: Path) -> dict[str, bytes]:
    """What a pass left for the next one."""
    found = [document.with_suffix(suffix) for suffix in READ_BACK]
    return {path.name: path.read_bytes() for path in found if path.is_file()}


def latexmk(job: Job, document: Path, body: Path | None) -> Outcome:
    """Runs latexmk on `document`, or on its body with its format."""
    folder = document.parent.relative_to(job.source.parent)
    command = [
        "latexmk",
        "-norc",
        "-pdf",
        f"-pdflatex={' '.join([*pdflatex(body), '%O', '%S'])}",
        "-interaction=nonstopmode",
        "-halt-on-error",
        f"-outdir={folder}",
        f"-jobname={document.stem}",
        body or folder / document.name,
    ]
    return run_tool(job, command, formats_in(folder))


def pdflatex(body: Path | None) -> list[str]:
    """The program, with the format of a body. A format's name must have no folder, for pdfTeX takes it for
    that of a file of its own."""
    return ["pdflatex", "-no-shell-escape", *([f"-fmt={preamble.NAME}"] if body else [])]


def formats_in(folder: Path) -> dict[str, str]:
    """The environment in which formats are found in `folder`, too."""
    return {"TEXFORMATS": f"{folder}:{os.environ.get('TEXFORMATS', '')}"}


def clear(document: Path) -> None:
    """Remove what passes left beside `document`, but for the log."""
    for stale in document.parent.glob(f"{document.stem}.*"):
        if stale.suffix not in (".tex", ".log"):
            stale.unlink()


def too_wide(log: str) -> list[float]:
    """By how many points the lines of a LaTeX log stick out that can be seen to."""
    found = re.findall(r"^Overfull \\hbox \(([\d.]+)pt too wide\)", log, re.MULTILINE)
    return [float(points) for points in found if float(points) > VISIBLE]


def first_error(log: str) -> str:
    """The first `! …` message of a LaTeX log with its line number and context; else empty."""
    lines = log.splitlines()
    for start, line in enumerate(lines):
        if line.startswith("! "):
            block = lines[start : start + 40]
            end = next((i for i, text in enumerate(block) if re.match(r"l\.\d+", text)), None)
            if end is None:
                return "\n".join(block[:4])
            kept = [text for text in block[: end + 2] if text.strip()]
            return "\n".join(kept)
    return ""


def source_line(source: Path, message: str) -> str:
    """`report.qmd, line 12` where the message's last macro stands in the source; else the path."""
    lines = source.read_text(encoding="utf-8").splitlines()
    for macro in reversed(re.findall(r"\\[A-Za-z]+", message)):
        whole = re.compile(re.escape(macro) + r"(?![A-Za-z])")
        found = [number for number, line in enumerate(lines, start=1) if whole.search(line)]
        if found:
            return f"{source.name}, line {found[0]}"
    return str(source)
