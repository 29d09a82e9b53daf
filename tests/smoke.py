"""A copy of this project, and its smoke report built through the Makefile."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
PARTS = ("experiments", "figures", "profiles", "templates", "pipeline.yaml", "Makefile", "pyproject.toml")


def copy_to(folder: Path) -> None:
    """What a build reads, without what was built."""
    for part in PARTS:
        source, target = REPOSITORY / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Make in a copy, with the engine of this one."""
    variables = [f"ENGINE={REPOSITORY}", f"VENV={sys.prefix}", "PROFILE=smoke", "RENDERER=pandoc"]
    return subprocess.run(
        ["make", *words, *variables], cwd=folder, capture_output=True, text=True, check=False
    )


def text_of_pdf(path: Path) -> str:
    """The text of a PDF, laid out as there; fails the test where its reader is missing."""
    if shutil.which("pdftotext") is None:
        pytest.fail("pdftotext is missing: make latex installs it (poppler-utils)")
    words = ["pdftotext", "-layout", str(path), "-"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def text_of(element: Any) -> str:
    """The text of an element of the page that is read, in one line."""
    return " ".join("".join(element.xpath(".//text()[not(ancestor::script)]")).split())
