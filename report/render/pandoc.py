"""The pandoc route: markdown through our filters to HTML, or to LaTeX and latexmk."""

import importlib.util
import json
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import NamedTuple

from report.errors import ColophonError
from report.render import citations, latex, lean, pieces
from report.render.embed import embed, is_ours
from report.render.kept import drop_others, keep, kept
from report.render.problems import Problem, parse_filter_report, raise_first, repeated_labels
from report.render.tools import FILTERS, HERE, THEME, Job, run_tool

READER_FILTERS = ("read", "percent", "lone", "value", "breaks", "callouts", "labels", "visible")
HEAP = ["+RTS", "-A128m", "-RTS"]  # 128 MB before the first collection: a tenth less time for 100 pages
READER = [f"--data-dir={THEME}", "--from=markdown", f"--lua-filter={FILTERS / 'read.lua'}"]
OWN_CODE = ("pieces.py", "citations.py", *(f"filters/{name}.lua" for name in READER_FILTERS))
CITEPROC = ["--citeproc", "--metadata=link-citations:true", f"--lua-filter={FILTERS / 'breaks.lua'}"]
FOR_A_FORMAT = re.compile(r'"content-(?:visible|hidden)"')
ONE_AT_A_TIME = threading.Lock()
LATEX_VARIABLES = {
    "documentclass": "scrreprt",
    "classoption": "fontsize=11pt,paper=a4,oneside,numbers=noenddot",
    "toc-depth": "1",
    "secnumdepth": "2",
    "colorlinks": "true",
    "linkcolor": "link",
    "urlcolor": "link",
    "citecolor": "link",
    "toccolor": "black",
}


class Read(NamedTuple):
    """A document as pandoc's JSON; whether its citations are set; what is wrong with its labels."""

    document: Path
    is_cited: bool
    problems: list[Problem]


def executable() -> str:
    """Pandoc's program: the one the pypandoc_binary wheel brings, else the one on the PATH."""
    found = importlib.util.find_spec("pypandoc")
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "files" / "pandoc"
        if bundled.exists():
            return str(bundled)
    on_path = shutil.which("pandoc")
    if on_path is None:
        raise ColophonError(
            "pandoc is not installed", "Run `make report` again, or pip install pypandoc_binary."
        )
    return on_path


def render(job: Job) -> None:
    """Renders the job's source to its output. Raises ColophonError as `report.render.render`."""
    if job.format == "html":
        to_html(job)
        return
    latex.require()
    folder = job.source.parent / "latex"
    folder.mkdir(exist_ok=True)
    document = folder / "document.tex"
    fresh = folder / "document.new"
    to_latex(job, fresh)
    text = f"% SOURCE_DATE_EPOCH={job.epoch}\n" + fresh.read_text(encoding="utf-8")
    fresh.unlink()
    if not document.exists() or document.read_text(encoding="utf-8") != text:
        document.write_text(text, encoding="utf-8")
    latex.compile(job, document)
    shutil.copyfile(document.with_suffix(".pdf"), job.output)


def to_html(job: Job) -> None:
    """Writes the whole page to the job's output."""
    found = read(job)
    text = found.document.read_text(encoding="utf-8")
    text = lean.for_html(text) if found.is_cited else text
    ours = is_ours(text)
    write(job, found, text, [*html_options(found), *([] if ours else ["--embed-resources"])], job.output)
    raise_first(job, embed(job.output, job.source.parent) if ours else [])


def to_latex(job: Job, output: Path) -> None:
    """Writes the document in LaTeX to `output`."""
    found = read(job)
    text = found.document.read_text(encoding="utf-8")
    write(job, found, lean.for_latex(text) if found.is_cited else text, latex_options(found), output)


def common_options(found: Read) -> list[str | Path]:
    """Filters in their order and numbering: the same for every format.

    The template is found through the data folder, for pandoc takes a path as an address and so
    mistakes a `%` in it.
    """
    return [
        f"--data-dir={THEME}",
        "--from=json",
        "--standalone",
        "--number-sections",
        "--top-level-division=chapter",
        "--toc",
        f"--lua-filter={FILTERS / 'portable.lua'}",
        f"--lua-filter={FILTERS / 'crossref.lua'}",
        *([] if found.is_cited else CITEPROC),
    ]


def html_options(found: Read) -> list[str | Path]:
    """A page with its look and script inside, formulas as MathML."""
    return [
        *common_options(found),
        "--to=html5",
        "--mathml",
        "--section-divs",
        "--toc-depth=2",
        "--syntax-highlighting=none",
        "--template=page.html",
        f"--metadata=head-file:{THEME / 'report.css'}",
        f"--metadata=script-file:{THEME / 'reader.html'}",
    ]


def latex_options(found: Read) -> list[str | Path]:
    """A scrreprt document with our preamble, for pdfLaTeX."""
    return [
        *common_options(found),
        "--to=latex",
        f"--lua-filter={FILTERS / 'latex.lua'}",
        f"--metadata=head-file:{THEME / 'preamble.tex'}",
        *(f"--variable={key}={value}" for key, value in LATEX_VARIABLES.items()),
    ]


def read(job: Job) -> Read:
    """The source as pandoc's JSON, its citations set where that can be done at once for all formats."""
    folder, version = job.source.parent, reader_version()
    with ONE_AT_A_TIME:  # the formats are rendered side by side
        document = pieces.read(job.source, folder / "read", version, lambda text: to_json(text, job))
        text, cited = document.read_text(encoding="utf-8"), folder / "cited"
        if FOR_A_FORMAT.search(text):
            own, cited = folder / f"read-{job.format}", folder / f"cited-{job.format}"
            document = kept(own, version, text) or keep(own, version, text, to_visible(text, job))
            drop_others(own, [document])
            text = document.read_text(encoding="utf-8")
        done = citations.settle(document, cited, version, lambda text: to_cited(text, job))
    return Read(done or document, done is not None, repeated_labels(text))


def write(job: Job, found: Read, text: str, options: list[str | Path], output: Path) -> None:
    """Runs pandoc on `text`, what was read; its warnings that leave a hole in the document are errors."""
    messages = job.log.with_name(f"{job.log.name}{output.suffix}.json")
    command = [executable(), *options, "--output", output, f"--log={messages}", *HEAP]
    try:
        outcome = run_tool(job, command, given=text)
        warnings = json.loads(messages.read_text()) if messages.exists() else []
    finally:
        messages.unlink(missing_ok=True)
    problems = found.problems + parse_filter_report(outcome.text) + parse_warnings(warnings)
    raise_first(job, problems)
    if outcome.status != 0:
        raise ColophonError(f"{job.source}: pandoc stopped: {outcome.text.strip()}", f"{job.log}")


def to_json(text: str, job: Job) -> bytes:
    """What pandoc reads in the job's document, or in a piece of it, as its JSON; its warnings are logged.

    Raises ColophonError where it can't.
    """
    done = run_json(READER, text, job)
    said = done.stderr.decode(errors="replace").strip()
    if said:
        with job.log.open("a", encoding="utf-8") as log:
            log.write(f"pandoc, reading {text.strip().split(chr(10))[0]!r} …\n{said}\n\n")
    if done.returncode:
        raise ColophonError(f"{job.source}: pandoc stopped: {said}", f"{job.log}")
    return done.stdout


def to_cited(text: str, job: Job) -> bytes | None:
    """A document of citations, pandoc's JSON, with these set; None where one is missing."""
    options = [f"--data-dir={THEME}", "--from=json", *CITEPROC, "--fail-if-warnings"]
    done = run_json(options, text, job)
    return None if done.returncode else done.stdout


def to_visible(text: str, job: Job) -> bytes:
    """A document, pandoc's JSON, with what is meant for the job's format alone."""
    filters = [f"--lua-filter={FILTERS / 'visible.lua'}", f"--metadata=shown-in:{job.format}"]
    done = run_json([f"--data-dir={THEME}", "--from=json", *filters], text, job)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise ColophonError(f"{job.source}: pandoc stopped: {said}", f"{job.log}")
    return done.stdout


def run_json(options: list[str], text: str, job: Job) -> subprocess.CompletedProcess[bytes]:
    """Pandoc in the source's folder, from its input to JSON."""
    command = [executable(), *options, "--to=json", "+RTS", "-A16m", "-RTS"]
    folder = job.source.parent
    return subprocess.run(command, input=text.encode(), capture_output=True, check=False, cwd=folder)


def identity() -> str:
    """The program, and what tells it from another one at the same place."""
    program = Path(executable())
    return f"{program} {program.stat().st_size} {program.stat().st_mtime_ns}"


def reader_version() -> str:
    """What the reading depends on: the program, how it is called, and what is done with what it reads."""
    code = "".join((HERE / name).read_text(encoding="utf-8") for name in OWN_CODE)
    return f"{identity()} {READER} {CITEPROC} {code}"


def parse_warnings(warnings: list[dict[str, str]]) -> list[Problem]:
    """The warnings in pandoc's JSON log that mean something is missing from the document."""
    problems: list[Problem] = []
    for entry in warnings:
        if entry["type"] == "CiteprocWarning" and "not found" in entry["message"]:
            key = entry["message"].split()[1]
            problems.append(Problem("citation", key, "not in the bibliography"))
        elif entry["type"] == "CouldNotFetchResource":
            problems.append(Problem("resource", entry["path"], entry.get("message", "not found")))
    return problems
