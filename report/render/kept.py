"""Files that keep what was made of a text: named by the text and by what is in them."""

from hashlib import sha256
from pathlib import Path

from report.build.content import write_whole


def keep(folder: Path, version: str, text: str, made: bytes) -> Path:
    """Keep in `folder` what was made of `text` by `version`, and that alone."""
    file = folder / f"{name_of(version, text)}-{sha256(made).hexdigest()}.json"
    write_whole(file, made)
    for other in folder.glob(f"{name_of(version, text)}-*.json"):
        if other != file:
            other.unlink()
    return file


def kept(folder: Path, version: str, text: str) -> Path | None:
    """The file with what was made of `text`; one that is not as it was written is none."""
    for file in folder.glob(f"{name_of(version, text)}-*.json"):
        if file.stem.endswith(sha256(file.read_bytes()).hexdigest()):
            return file
        file.unlink()
    return None


def drop_others(folder: Path, used: list[Path | None]) -> None:
    """Remove from `folder` what the present document doesn't need."""
    for path in set(folder.glob("*.json")) - set(used):
        path.unlink(missing_ok=True)


def name_of(version: str, text: str) -> str:
    return sha256(f"{version}\n{text}".encode()).hexdigest()[:32]
