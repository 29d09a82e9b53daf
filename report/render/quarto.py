"""The Quarto route: writes the project file beside the source, runs `quarto render`, reads what it
says. Quarto takes our preamble, style sheet, page template and the filter that both routes share,
so that the two look alike; numbers and references are its own."""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from report.errors import ColophonError
from report.render import latex, pandoc
from report.render.problems import Problem, raise_first
from report.render.tools import FILTERS, THEME, Job, run_tool

THEME_FOLDER = "quarto-theme"
OURS = ("portable", "animation", "percent", "value", "callouts")  # the filter, and what it requires


def render(job: Job) -> None:
    """Renders the job's source to its output. Raises ColophonError as `report.render.render`.

    The document's holes are looked for with pandoc and our filters first: Quarto itself only warns
    of an unresolved reference and ends with status 0.
    """
    if job.format == "pdf":
        latex.require()
    with FileLock(job.source.parent / ".quarto-lock"):
        if job.format == "html":
            pandoc.to_html(job)
        else:
            pandoc.to_latex(job, job.output)
        write_project(job.source)
        made = job.source.with_name(f"quarto-output.{job.format}")
        outcome = run_tool(job, command(job.source, job.format))
        raise_first(job, parse_output(outcome.text))
        if outcome.status != 0 or not made.exists():
            message = latex.first_error(outcome.text) or outcome.text.strip()[-2000:]
            raise ColophonError(f"{job.source}: Quarto stopped:\n{message}", f"Log: {job.log}")
        shutil.move(made, job.output)


def command(source: Path, to: str) -> list[str]:
    """The command line, run in the source's folder; the output lies beside the source."""
    return ["quarto", "render", source.name, "--to", to, "--output", f"quarto-output.{to}"]


def write_project(source: Path) -> Path:
    """Writes `_quarto.yml` and the theme that it names into the source's folder.

    The folder is then a Quarto project of its own: `quarto render` in it does the same by hand.
    """
    folder = source.parent / THEME_FOLDER
    folder.mkdir(exist_ok=True)
    page = THEME / "templates" / "page.html"
    filters = [FILTERS / f"{name}.lua" for name in OURS]
    for file in (THEME / "preamble.tex", THEME / "report.css", THEME / "reader.html", page, *filters):
        shutil.copyfile(file, folder / file.name)
    path = source.parent / "_quarto.yml"
    text = yaml.safe_dump(project(source.name), sort_keys=False, allow_unicode=True)
    fresh = path.with_suffix(".yml.new")
    fresh.write_text("# Written by the build; edits are lost.\n" + text, encoding="utf-8")
    fresh.replace(path)
    return path


def project(name: str) -> dict[str, Any]:
    """The content of `_quarto.yml` for the document `name`: what the pandoc route does by options.

    Sources: quarto.org/docs/reference, formats HTML and PDF, of Quarto 1.10.
    """
    return {
        "project": {"type": "default", "render": [name]},
        "number-sections": True,
        "number-depth": 3,
        "crossref": {"chapters": True},
        "link-citations": True,
        "citeproc": True,
        "date-format": "D MMMM YYYY",
        "callout-appearance": "minimal",
        "callout-icon": False,
        "filters": [{"at": "pre-ast", "path": f"{THEME_FOLDER}/portable.lua"}],
        "format": {"html": html_format(), "pdf": pdf_format()},
    }


def html_format() -> dict[str, Any]:
    """One page with everything in it, in our template, without Quarto's own styles and scripts."""
    return {
        "minimal": True,
        "theme": "none",
        "template": f"{THEME_FOLDER}/page.html",
        "css": f"{THEME_FOLDER}/report.css",
        "include-in-header": [{"file": f"{THEME_FOLDER}/reader.html"}],
        "embed-resources": True,
        "html-math-method": "mathml",
        "section-divs": True,
        "default-image-extension": "svg",
        "toc": True,
        "toc-depth": 2,
        "appendix-style": "none",
    }


def pdf_format() -> dict[str, Any]:
    """A scrreprt document for pdfLaTeX; `pdf-engine` is set, for Quarto's default is lualatex."""
    return {
        "pdf-engine": "pdflatex",
        "pdf-engine-opts": ["-no-shell-escape"],
        "latex-auto-install": False,
        "latex-tinytex": False,
        "documentclass": "scrreprt",
        "classoption": pandoc.LATEX_VARIABLES["classoption"].split(","),
        "top-level-division": "chapter",
        "include-in-header": [{"file": f"{THEME_FOLDER}/preamble.tex"}],
        "default-image-extension": "pdf",
        "fig-pos": "htbp",
        "toc": True,
        "toc-depth": 2,
        "colorlinks": True,
        **{key: pandoc.LATEX_VARIABLES[key] for key in ("linkcolor", "urlcolor", "citecolor")},
        "toccolor": pandoc.LATEX_VARIABLES["toccolor"],
    }


def parse_output(text: str) -> list[Problem]:
    """The holes that Quarto warns of and then ignores, and the filter's own complaints."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    references = re.findall(r"Unable to resolve crossref @(\S+)", plain)
    citations = re.findall(r"citation (\S+) not found", plain)
    images = re.findall(r"Could not fetch resource (.+?)(?:: |$)", plain, flags=re.MULTILINE)
    found = [Problem("reference", name, "nothing in the document has this label") for name in references]
    found += [Problem("citation", name, "not in the bibliography") for name in citations]
    found += [Problem("resource", name.strip("'\""), "not found") for name in images]
    return list(dict.fromkeys(found))
