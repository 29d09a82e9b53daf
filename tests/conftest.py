"""The smoke report, built once a session for all modules that look into it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.smoke import copy_to, make, text_of_pdf


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, in a folder with a space in its name, with its smoke report built."""
    folder = tmp_path_factory.mktemp("a report") / "my project"
    folder.mkdir()
    copy_to(folder)
    done = make(folder, "report")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def page(project: Path) -> Any:
    """The HTML."""
    return html.fromstring((project / "build/smoke/report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def printed(project: Path) -> str:
    """The text of the PDF."""
    return text_of_pdf(project / "build/smoke/report.pdf")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as found:
        yield found
