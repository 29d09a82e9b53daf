"""Headless Chromium, and what a page in it is asked for."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PATIENCE = 120_000  # milliseconds, for machines that have other work


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that is installed; fails the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("chromium is missing: make chromium installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """An open page, and what went wrong since: console messages, errors, failed requests, other hosts."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        note = self.complaints.append
        self.page.on("console", lambda message: note(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: note(f"error: {error}"))
        self.page.on("requestfailed", lambda request: note(f"failed: {request.url[:200]}"))
        self.page.on("request", lambda request: self.outside(request.url))

    def outside(self, url: str) -> None:
        if not url.startswith(("data:", "file:", "http://127.0.0.1:")):
            self.complaints.append(f"asks for {url}")

    def contrasts(self, *within: str) -> list[str]:
        """The same of contrasts alone, which take long to look at, in some parts of the page."""
        return self.serious("color-contrast", "link-in-text-block", within=within)

    def serious(self, *rules: str, within: Sequence[str] = ("html",)) -> list[str]:
        """What axe-core finds serious or critical, by some rules or by all but that of contrasts; each with
        the first place."""
        spec = find_spec("axe_playwright_python")
        assert spec and spec.origin
        self.page.evaluate(Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8"))
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        options |= {"runOnly": list(rules)} if rules else {"rules": {"color-contrast": {"enabled": False}}}
        context = {"include": [[place] for place in within]}
        found = self.page.evaluate("([context, options]) => axe.run(context, options)", [context, options])
        return [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:300]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
