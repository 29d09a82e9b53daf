"""`make record` keeps fresh results under recorded/, `make record-check` looks whether they are whole."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from report.build.content import sha256, write_whole
from report.build.entries import Entry, read_entry
from report.build.locks import exclusive
from report.build.packing import pack
from report.build.pipeline import Task
from report.build.plan import DONE, Planner, Status, is_read
from report.build.provenance import read_provenance
from report.build.recorded import Recorded
from report.build.settings import key as settings_key
from report.errors import ColophonError

LEFT_OUT = ("*.safetensors", "*.pt", "*.pth", "*.ckpt", "*.pkl")  # weights; and what isn't safe to load
STAGE_LIMIT, PROFILE_LIMIT = 4_000_000, 40_000_000  # bytes, compressed


@dataclass(frozen=True)
class Batch:
    """What `make record` is about to put into the record.

    Attributes:
        entries: every entry that the record will have.
        packed: the compressed content that is new, by the sha256 of what it holds.
    """

    entries: list[Entry]
    packed: dict[str, bytes]


def record(planner: Planner) -> str:
    """Keep every fresh result of the profile, drop those of no present key; says what it did.

    Figures and animations are drawn again from results, and kept only where these are not enough.

    Raises ColophonError, with nothing changed, where a stage or the profile would be too large, and for
    a result that is altered while it is read.
    """
    recorded = planner.recorded
    with exclusive(planner.project.build / "state" / "@record.lock", "record"):
        found = planner.statuses()
        stages, drawn = ([s for s in found if s.task.is_drawn == kind] for kind in (False, True))
        entries = entries_of(planner, stages, found)
        kept_drawn, undrawn = drawn_entries(planner, drawn, found, entries)
        batch = Batch([*entries, *kept_drawn], pack_new(planner, [*entries, *kept_drawn]))
        require_small(recorded, batch)
        begins = not recorded.listed
        new = sum(write(recorded, batch))
        pruned = prune(recorded, batch.entries)
        have = {entry.provenance["id"] for entry in entries}
        if recorded.missing.exists() or (begins and entries):
            note_missing(recorded, [s.task.id for s in stages if s.task.id not in have])
        size = sum(path.stat().st_size for path in recorded.folder.rglob("*") if path.is_file())
        planner.content.save()
    where = planner.project.relative(recorded.folder)
    figures = f" and {len(kept_drawn)} figure{'s' * (len(kept_drawn) > 1)}" if kept_drawn else ""
    lines = [
        f"{where}: {len(entries)} of {len(stages)} results{figures} ({new} new, {pruned} pruned), "
        f"{megabytes(size)} of {megabytes(PROFILE_LIMIT)}"
    ]
    lines += [
        f"  not recorded: {s.task.id}: {'; '.join(s.because)}" for s in stages if s.task.id not in have
    ]
    lines += [f"  {e.provenance['id']} is kept as drawn, as it reads what is left out" for e in kept_drawn]
    return "\n".join(lines + undrawn)


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def make_entry(planner: Planner, task: Task) -> Entry:
    """The entry of a fresh result; what an earlier record left out of it stays left out."""
    made = read_provenance(planner.project, task)
    absent = made.pop("restored", {}).get("left_out", [])
    folder, patterns = task.directory(planner.project), (*LEFT_OUT, *task.row.unrecorded)
    left_out = [name for name in made["outputs"] if any(fnmatch(name, one) for one in patterns)]
    left_out = sorted({*left_out, *(name for name in absent if not (folder / name).exists())})
    kept = {name: (folder / name).stat().st_size for name in made["outputs"] if name not in left_out}
    made_from = settings_key(planner.project, planner.content, task)
    return Entry(provenance=made, settings_key=made_from, kept=kept, left_out=left_out)


def entries_of(planner: Planner, wanted: list[Status], statuses: list[Status]) -> list[Entry]:
    """Those of the wanted tasks: what is fresh, and of others what is recorded and may be restored."""
    made = {s.task.id: make_entry(planner, s.task) for s in wanted if s.state == "fresh"}
    others = [status.task for status in wanted if status.task.id not in made]
    return [*made.values(), *present(planner, others, statuses)]


def drawn_entries(
    planner: Planner, drawn: list[Status], statuses: list[Status], entries: list[Entry]
) -> tuple[list[Entry], list[str]]:
    """The figures and animations that the entries of the stages are not enough to draw, as they were
    drawn; and a line on each that is not fresh, and so can't be kept."""
    left_out = {entry.provenance["id"]: entry.left_out for entry in entries}

    def lacking(made: dict[str, Any]) -> str:
        unknown = {need: ["*"] for need in made.get("inputs", {})}  # of what an earlier engine drew
        for need, names in made.get("reads", unknown).items():
            for name in left_out.get(need, []):
                if is_read(name, names):
                    return f"{name} of {need}"
        return ""

    kept = [e for e in entries_of(planner, drawn, statuses) if lacking(e.provenance)]
    have = {entry.provenance["id"] for entry in kept}
    needy = {s.task.id: lacking(read_provenance(planner.project, s.task)) for s in drawn}
    undrawn = [
        f"  {task_id} can't be drawn from the record alone, which leaves out {lost}, and is stale itself"
        for task_id, lost in needy.items()
        if lost and task_id not in have
    ]
    return kept, undrawn


def present(planner: Planner, tasks: Iterable[Task], statuses: list[Status]) -> list[Entry]:
    """The recorded results of the tasks that a build may still restore: none of their parts is known to
    differ."""
    to_run = {status.task.id for status in statuses if status.state not in DONE}
    found = []
    for task in tasks:
        waits = [need for need in task.needs if need in to_run]
        for entry in planner.recorded.entries(task):
            if not planner.changes(task, entry.provenance, waits)[0]:
                found.append(entry)
    return found


def pack_new(planner: Planner, entries: list[Entry]) -> dict[str, bytes]:
    """The compressed content, by sha256, of outputs that the record does not have, or not whole."""
    wanted: dict[str, Path] = {}
    for entry in entries:
        folder = planner.tasks[entry.provenance["id"]].directory(planner.project)
        for name, hashed in entry.blobs().items():
            if hashed not in wanted and not has(planner.recorded, entry, name):
                wanted[hashed] = folder / name

    def packed(hashed: str) -> bytes:
        content = wanted[hashed].read_bytes()
        if sha256(content) != hashed:
            where = planner.project.relative(wanted[hashed])
            raise ColophonError(f"{where} was altered while it was recorded", "Run `make record` again.")
        return pack(content, wanted[hashed].name)

    with ThreadPoolExecutor() as pool:
        return dict(zip(wanted, pool.map(packed, wanted), strict=True))


def has(recorded: Recorded, entry: Entry, name: str) -> bool:
    try:
        recorded.content(entry, name)
    except ColophonError:
        return False
    return True


def require_small(recorded: Recorded, batch: Batch) -> None:
    """Raise ColophonError, naming the largest, where a stage or the whole profile passes its limit."""

    def size(hashed: str) -> int:
        packed = batch.packed.get(hashed)
        return recorded.blob(hashed).stat().st_size if packed is None else len(packed)

    problems = []
    for entry in batch.entries:
        sizes = {name: size(hashed) for name, hashed in entry.blobs().items()}
        whole = len(entry.text().encode()) + sum(sizes.values())
        if whole > STAGE_LIMIT:
            largest = max(sizes, key=lambda name: sizes[name])
            problems.append(
                f"{entry.provenance['id']} would take {megabytes(whole)}, a stage may take "
                f"{megabytes(STAGE_LIMIT)}; the largest is {largest}, {megabytes(sizes[largest])}"
            )
    remedy = "Leave out what no figure or claim reads: `unrecorded: ['*.npy']` in its row of pipeline.yaml."
    if problems:
        raise ColophonError("\n".join(problems), remedy)
    blobs = {hashed: size(hashed) for entry in batch.entries for hashed in entry.blobs().values()}
    total = sum(blobs.values()) + sum(len(entry.text().encode()) for entry in batch.entries)
    if total > PROFILE_LIMIT:
        stages = {e.provenance["id"]: sum(blobs[h] for h in set(e.blobs().values())) for e in batch.entries}
        first = sorted(stages, key=lambda task_id: -stages[task_id])[:3]
        listed = ", ".join(f"{task_id} {megabytes(stages[task_id])}" for task_id in first)
        raise ColophonError(
            f"{recorded.project.relative(recorded.folder)} would take {megabytes(total)}, a profile may "
            f"take {megabytes(PROFILE_LIMIT)}; the largest: {listed}",
            remedy,
        )


def write(recorded: Recorded, batch: Batch) -> list[bool]:
    """Write contents, then the entries that name them; for each entry whether it is new or another."""
    for hashed, packed in batch.packed.items():
        write_whole(recorded.blob(hashed), packed)
    written = []
    for entry in batch.entries:
        path, content = recorded.results / entry.name, entry.text().encode()
        written.append(not path.is_file() or path.read_bytes() != content)
        if written[-1]:
            write_whole(path, content)
    return written


def note_missing(recorded: Recorded, stages: list[str]) -> None:
    """List the stages of a record that is not whole yet, one a line. Of one that was whole before nothing
    is listed: a build from it is to fail with the stage's name."""
    if stages:
        write_whole(recorded.missing, "".join(f"{stage}\n" for stage in stages).encode())
    else:
        recorded.missing.unlink(missing_ok=True)


def prune(recorded: Recorded, entries: list[Entry]) -> int:
    """Remove every file that `entries` do not need; returns how many results were among them."""
    kept = {recorded.results / entry.name for entry in entries}
    kept |= {recorded.blob(hashed) for entry in entries for hashed in entry.blobs().values()}
    there = [path for folder in (recorded.results, recorded.blobs) for path in folder.glob("*")]
    gone = [path for path in there if path.is_file() and path not in kept]
    for path in gone:
        path.unlink()
    return sum(path.parent == recorded.results and path.suffix == ".json" for path in gone)


def check(planner: Planner, drop: bool = False) -> str:
    """Look whether every recorded result is as it was written and within the limits; says what it saw.

    Args:
        planner: of the project.
        drop: also remove the results of no present key, and content that no result needs.

    Raises ColophonError with every problem.
    """
    recorded, project = planner.recorded, planner.project
    entries, problems = [], []
    for path in sorted(recorded.results.glob("*.json")):
        try:
            entries.append(read_entry(project, path))
            for name in entries[-1].kept:
                recorded.content(entries[-1], name)
        except ColophonError as error:
            problems.append(str(error))
    if not problems and entries:
        try:
            require_small(recorded, Batch(entries, {}))
        except ColophonError as error:
            problems.append(str(error))
    if problems:
        raise ColophonError("\n".join(problems))
    valid = present(planner, planner.tasks.values(), planner.statuses())
    have = {entry.provenance["id"] for entry in valid}
    names = {entry.name for entry in valid}
    stale = [entry.provenance["id"] for entry in entries if entry.name not in names]
    where = project.relative(recorded.folder)
    words = f"{where}: {len(entries)} results, each as it was written"
    if drop:
        if recorded.missing.exists():
            stages = [task.id for task in planner.tasks.values() if not task.is_drawn]
            note_missing(recorded, [stage for stage in stages if stage not in have])
        return f"{words}; {prune(recorded, valid)} of no present key were dropped"
    return (
        f"{words}; of no present key, to be dropped by the next `make record`: {', '.join(stale) or 'none'}"
    )
