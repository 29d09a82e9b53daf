"""A document's templates and the results become one complete Quarto-markdown file."""

import contextlib
import shutil
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError
from pydantic import BaseModel, ConfigDict

from report.build.content import read_json_once, write_json
from report.build.documents import engine_hash
from report.build.frozen import stale_shown
from report.build.pipeline import Task, load_profile, rows_of
from report.build.plan import Planner
from report.build.project import open_project, source_date
from report.build.provenance import read_provenance
from report.build.validation import read_model, read_yaml
from report.document import derived, escape, exports, hypotheses, lint, marks, provenance, stale
from report.document.claim_block import ClaimBlock
from report.document.claims import Claims
from report.document.comparison import comparisons
from report.document.estimates import kept_in
from report.document.facts import facts_value
from report.document.kept import Kept
from report.document.paired import paired
from report.document.parsed import SHARED, ParsedLoader, Templates
from report.document.pictures import Pictures
from report.document.tables import Table, Tables
from report.document.values import Origin, Value
from report.errors import ColophonError, suggestion

CLAIMS = "claims.json"


class Manifest(BaseModel):
    """templates/<document>/document.yaml: the title page, the chapters in order, the bibliography.

    Chapters and bibliography are files of the document's folder, or `shared/…` of templates/shared.
    `names` are the names with digits in them (VGG16) that prose may use; all other digits are linted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    subtitle: str = ""
    authors: list[str] = []
    abstract: str = ""
    chapters: list[str]
    bibliography: str = ""
    names: list[str] = []


@dataclass(frozen=True)
class Assembled:
    """A document's source, and the tables in it."""

    source: Path
    tables: list[Table]

    def export(self, planner: Planner) -> None:
        """Write the tables and all values beside the source, for documents of one's own."""
        version = engine_hash(planner, "document")
        exports.write(self.source.parent, self.tables, every_metric(planner), version)


def assemble(planner: Planner, document: str) -> Assembled:
    """Write `build/<profile>/<document>/<document>.qmd` and what it cites.

    Raises ColophonError, with the template's file and line, for a value that does not exist and for
    numbers typed by hand.
    """
    project = planner.project
    folder = project.root / "templates" / document
    manifest = read_manifest(planner, document)
    target = project.build / document / f"{document}.qmd"
    target.parent.mkdir(parents=True, exist_ok=True)
    environment = make_environment(planner)
    lint.require_clean(environment, folder, manifest)
    claims: Claims = environment.claims  # type: ignore[attr-defined]  # ClaimBlock extends it
    with kept_in(planner.content):
        chapters = [claims.decide(render_chapter(environment, folder, name)) for name in manifest.chapters]
    claims.require_listed(document)
    write_json(target.with_name(CLAIMS), {"claims": [one.export() for one in claims.records()]})
    head = yaml.safe_dump(front_matter(planner, manifest), sort_keys=False, allow_unicode=True)
    if manifest.bibliography:
        bibliography = file_of(folder, manifest.bibliography)
        shutil.copyfile(bibliography, target.parent / bibliography.name)
    shown = stale_shown(planner)
    body = marks.settle(
        "\n\n".join(chapter.strip() for chapter in [stale.notice(shown), *chapters]).strip()
    )
    body = stale.mark_pictures(body, shown)
    whole = f"---\n{head}---\n\n{body}\n"
    if not target.is_file() or target.read_text(encoding="utf-8") != whole:
        temporary = target.with_suffix(".tmp")
        temporary.write_text(whole, encoding="utf-8")
        temporary.replace(target)
    planner.content.save()
    return Assembled(target, list(environment.globals["table"].made.values()))


def read_manifest(planner: Planner, document: str) -> Manifest:
    """The manifest of `document`.

    Raises ColophonError for a key that is unknown or of another type, and for a file of another folder.
    """
    name = f"templates/{document}/document.yaml"
    manifest = read_model(name, Manifest, read_yaml(planner.project.root / name))
    for file in (*manifest.chapters, manifest.bibliography):
        if ".." in Path(file).parts or Path(file).is_absolute():
            raise ColophonError(
                f"{name}: {file} lies in another folder, whose edits would not render the document again",
                f"Move it to templates/{document}/ or templates/{SHARED}/.",
            )
    return manifest


def front_matter(planner: Planner, manifest: Manifest) -> dict[str, Any]:
    date = datetime.fromtimestamp(source_date(planner.project.root), UTC)
    head = {
        "title": escape.markdown(manifest.title),
        "subtitle": escape.markdown(manifest.subtitle),
        "author": [escape.markdown(name) for name in manifest.authors],
        "date": f"{date:%-d %B %Y}",
        "date-iso": f"{date:%Y-%m-%d}",
        "profile": escape.markdown(planner.project.profile),
        "abstract": manifest.abstract,
        "lang": "en",
        "bibliography": Path(manifest.bibliography).name,
        "link-citations": True,
    }
    return {key: value for key, value in head.items() if value}


def make_environment(planner: Planner) -> Environment:
    """Jinja with the functions that templates may call, and without a way to anything else in Python.

    Comments are written `<# … #>`, since `{#` opens an identifier in Quarto's markdown.
    """
    project = planner.project
    environment = Templates(
        loader=ParsedLoader(project.root / "templates", kept=kept_templates(planner)),
        undefined=StrictUndefined,
        finalize=finalize,
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=[ClaimBlock],
        autoescape=False,  # the output is Markdown; values escape themselves
    )
    profile = load_profile(project, planner.content, planner.pipeline)
    pictures = Pictures(planner)
    environment.filters["plain"] = plain
    environment.globals |= derived.FUNCTIONS | {
        "results": lambda stage, **each: results(planner, stage, each),
        "all_results": lambda stage: [metrics_of(planner, task) for task in find(planner, stage)],
        "figure": pictures.figure,
        "animation": pictures.animation,
        "facts": lambda stage, **each: facts(planner, stage, each),
        "table": Tables(),
        **{test.__name__: test for test in (*hypotheses.TESTS, paired)},
        **comparisons(project.root / "templates"),
        "claims": environment.claims.listing,  # type: ignore[attr-defined]  # ClaimBlock extends it
        "stages": provenance.stage_records(planner),
        "shared": provenance.shared,
        "grouped": provenance.grouped,
        "profile": {"name": project.profile, "about": escape.markdown(profile.about)},
    }
    return environment


def kept_templates(planner: Planner) -> Kept:
    """Where the build keeps the templates' code; how they are read is told by the engine's own code."""
    folder = planner.project.build / "state" / "templates"
    return Kept(planner.content, folder, engine_hash(planner, "document"))


def finalize(value: Any) -> Any:
    """What `{{ … }}` prints: numbers only through values, which know their unit and precision."""
    if isinstance(value, float):
        raise ColophonError(
            f"the number {value} was computed in the template",
            "Compute it in the stage, as a metric with a unit.",
        )
    return value


def file_of(folder: Path, name: str) -> Path:
    """The file that the manifest in `folder` calls `name`: there, or `shared/…` beside the documents."""
    return (folder.parent if name.startswith(f"{SHARED}/") else folder) / name


def chapter_file(folder: Path, name: str) -> Path:
    """The template of a chapter. Raises ColophonError where the manifest names one that is not there."""
    file = file_of(folder, name)
    if not file.is_file():
        own = [p.name for p in folder.glob("*.j2")]
        known = sorted([*own, *(f"{SHARED}/{p.name}" for p in folder.parent.glob(f"{SHARED}/*.j2"))])
        raise ColophonError(f"{folder.name}/document.yaml: no chapter {name}", suggestion(name, known))
    return file


def render_chapter(environment: Environment, folder: Path, name: str) -> str:
    path = chapter_file(folder, name).relative_to(folder.parent).as_posix()
    try:
        return environment.get_template(path).render()
    except TemplateSyntaxError as error:
        raise ColophonError(f"templates/{error.name}, line {error.lineno}: {error.message}") from None
    except (TemplateError, ColophonError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        inside = [f for f in frames if Path(f.filename).is_relative_to(folder.parent)]
        where = f"line {inside[-1].lineno}" if inside else "somewhere"
        here = Path(inside[-1].filename).relative_to(folder.parent) if inside else path
        raise ColophonError(f"templates/{here}, {where}: {error}") from error


def find(planner: Planner, stage: str) -> list[Task]:
    """The tasks of a row of pipeline.yaml; raises ColophonError where there is no such row."""
    if stage not in rows_of(planner.pipeline):
        known = sorted(rows_of(planner.pipeline))
        raise ColophonError(f"no stage {stage!r}", suggestion(stage, known))
    return [task for task in planner.tasks.values() if task.name == stage]


def the_one(planner: Planner, stage: str, each: dict[str, Any]) -> Task:
    """The one task of `stage` (with the values `each`, if it is expanded)."""
    found = [t for t in find(planner, stage) if all(t.each.get(k) == v for k, v in each.items())]
    if len(found) != 1:
        have = "; ".join(task.id for task in find(planner, stage))
        raise ColophonError(f"{stage} {each or ''}: {len(found)} results, not one", f"There are: {have}")
    return found[0]


def results(planner: Planner, stage: str, each: dict[str, Any]) -> Value:
    """The metrics of the one task of `stage` (with the values `each`, if it is expanded)."""
    return metrics_of(planner, the_one(planner, stage, each))


def facts(planner: Planner, stage: str, each: dict[str, Any]) -> Value:
    """What the provenance of that task holds: what it recorded, its duration and its machine."""
    task = the_one(planner, stage, each)
    made = read_provenance(planner.project, task)
    if not made:
        raise ColophonError(f"{task.id} has not run yet", "Run `make experiments` first.")
    return facts_value(made, origin_of(planner, task, made))


def metrics_of(planner: Planner, task: Task) -> Value:
    path = task.directory(planner.project) / "metrics.json"
    if task.is_drawn:
        raise ColophonError(f"{task.id} has pictures and no metrics", "Name a stage, or use facts().")
    if not path.is_file():
        raise ColophonError(f"{task.id} has no metrics yet", "Run `make experiments` first.")
    made = read_provenance(planner.project, task)
    schema = made.get("schema", {})
    return Value(origin_of(planner, task, made), (), read_json_once(path), schema, schema)


def every_metric(planner: Planner) -> list[Value]:
    """The metrics of every stage that has run."""
    tasks = [task for task in planner.tasks.values() if not task.is_drawn]
    made = [t for t in tasks if (t.directory(planner.project) / "metrics.json").is_file()]
    return [metrics_of(planner, task) for task in made]


def read_ahead(profile: str) -> None:
    """Read the results, for a process that is told later what to do; what is wrong is told then."""
    with contextlib.suppress(ColophonError, OSError):
        planner = Planner(open_project(profile))
        every_metric(planner)
        make_environment(planner)


def origin_of(planner: Planner, task: Task, made: dict[str, Any]) -> Origin:
    directory, anchor = task.directory(planner.project), provenance.anchor(task.id)
    commit = made.get("commit", "")[:8] + (" with changes" if made.get("uncommitted_changes") else "")
    return Origin(task.id, directory, commit, anchor, task.id in stale_shown(planner))


def plain(value: Any) -> str:
    """The filter `plain`: a number, or a text with numbers, without links."""
    return marks.plain(str(value))
