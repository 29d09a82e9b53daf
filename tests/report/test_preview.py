"""`make preview` of a tiny project: what a browser is told after each edit."""

import json
import re
import signal
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium

from report.errors import ColophonError
from report.preview.server import State, serve
from report.preview.watch import is_prose, snapshot
from tests.browser import Visit
from tests.tiny import Tiny, finish, wait_for

PATIENCE = 90.0  # seconds, on a machine that has other work
TEMPLATE = "templates/report/a.qmd.j2"


class Browser:
    """Reads the page and follows its events, as the script in the page does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[dict[str, Any]] = []
        threading.Thread(target=self.follow, daemon=True).start()

    def page(self) -> str:
        with urllib.request.urlopen(self.address, timeout=10) as answer:
            return answer.read().decode()

    def follow(self) -> None:
        (seen,) = re.findall(r"/events\?seen=(\d+)", self.page())
        with urllib.request.urlopen(f"{self.address}events?seen={seen}", timeout=PATIENCE) as stream:
            for line in stream:
                if line.startswith(b"data: "):
                    self.told.append(json.loads(line[6:]))

    def hears(self, key: str, text: str = "") -> None:
        """Wait until it is told of a new page, or of a problem that mentions `text`."""
        wait_for(lambda: any(news[key] and text in str(news[key]) for news in self.told), PATIENCE)


@pytest.fixture(scope="module")
def served(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tiny, str]]:
    """A project with a page, previewed; and the address."""
    tiny = built_once.copy(tmp_path_factory.mktemp("previewed") / "a tiny project")
    tiny.write("templates/report/document.yaml", "title: T\nchapters: [a.qmd.j2]\n")
    tiny.write(TEMPLATE, '# One {#sec-one}\n\nIt is {{ results("side").value }}.\n')
    process = tiny.start("log.txt", "preview", "PORT=0", "RENDERER=pandoc")
    try:
        wait_for(lambda: "✓ report.html" in tiny.read("log.txt"), PATIENCE)
        (address,) = re.findall(r"preview: (http://127\.0\.0\.1:\d+/) ", tiny.read("log.txt"))
        yield tiny, address
    finally:
        finish(process, signal.SIGINT)
        assert "Traceback" not in tiny.read("log.txt")
        with pytest.raises(urllib.error.URLError, match="refused"):
            urllib.request.urlopen(address, timeout=10)


def test_an_edit_of_the_prose_is_told_and_served_and_runs_no_stage(served: tuple[Tiny, str]) -> None:
    tiny, address = served
    tiny.ran()
    browser = Browser(address)
    assert "It is 6." in plain(browser.page())
    wait_for(lambda: browser.told, PATIENCE)
    tiny.edit(TEMPLATE, "It is", "It was")
    browser.hears("reload")
    assert "It was 6." in plain(browser.page())
    assert browser.told[-1]["problem"] == "" and tiny.ran() == []


def test_data_that_changed_unwatched_are_noticed_after_an_edit_of_the_prose(
    served: tuple[Tiny, str],
) -> None:
    tiny, address = served
    tiny.ran()
    (path,) = [p for p in (tiny.root / "data").rglob("*") if p.is_file()][:1]
    good = path.read_bytes()
    path.write_bytes(good + b"1\n")
    tiny.write(TEMPLATE, tiny.read(TEMPLATE) + "\nBeside other data.\n")
    browser = Browser(address)
    browser.hears("reload")
    assert "Beside other data." in browser.page()
    wait_for(lambda: tiny.ran() != [], PATIENCE)
    path.write_bytes(good)


@pytest.mark.browser
def test_a_browser_shows_the_edit_and_the_error_over_the_last_good_page(
    browser: Chromium, served: tuple[Tiny, str]
) -> None:
    tiny, address = served
    good = tiny.read(TEMPLATE)
    visit = Visit(browser.new_page())
    visit.page.goto(address)
    tiny.write(TEMPLATE, good + "\nSeen at once.\n")
    visit.page.get_by_text("Seen at once.").wait_for()
    tiny.edit(TEMPLATE, ".value", ".vale")
    news = visit.page.locator("#preview-news.problem")
    news.wait_for()
    assert f"{TEMPLATE}, line 3: side: its metrics have no 'vale'" in news.inner_text()
    assert visit.page.get_by_text("Seen at once.").is_visible()
    assert visit.contrasts("#preview-news") == []
    tiny.write(TEMPLATE, good + "\nMended.\n")
    visit.page.get_by_text("Mended.").wait_for()
    assert not news.is_visible()
    assert [one for one in visit.complaints if "/events?" not in one] == []  # closed before each reload
    visit.page.close()


def test_an_edited_stage_runs_and_its_new_number_is_served(served: tuple[Tiny, str]) -> None:
    tiny, address = served
    tiny.ran()
    browser = Browser(address)
    wait_for(lambda: browser.told, PATIENCE)
    tiny.edit("experiments/side.py", "times(settings.start)", "times(settings.start) + 1")
    browser.hears("reload")
    assert " 7." in plain(browser.page()) and tiny.ran() == ["side"]
    good = tiny.read("experiments/side.py")
    tiny.write(
        "experiments/side.py", good.replace("return M", "raise RuntimeError('on purpose')\n    return M")
    )
    browser = Browser(address)
    browser.hears("problem", "side: RuntimeError: on purpose")
    assert " 7." in plain(browser.page())
    browser = Browser(address)
    wait_for(lambda: browser.told, PATIENCE)
    browser.told.clear()
    tiny.write(TEMPLATE, tiny.read(TEMPLATE) + "\nMore.\n")
    browser.hears("problem", "side: RuntimeError: on purpose")  # prose hides no failed stage
    assert "More." not in plain(browser.page())


def test_other_addresses_are_not_found(served: tuple[Tiny, str]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{served[1]}pipeline.yaml", timeout=10)


def test_a_page_elsewhere_whose_name_leads_here_is_refused(served: tuple[Tiny, str]) -> None:
    foreign = urllib.request.Request(served[1], headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(foreign, timeout=10)
    port = urllib.parse.urlsplit(served[1]).port
    own = urllib.request.Request(served[1], headers={"Host": f"localhost:{port}"})
    with urllib.request.urlopen(own, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("port", ["x", "65536", "", "-1"])
def test_a_port_that_is_none_is_refused(port: str, tmp_path: Path) -> None:
    with pytest.raises(ColophonError, match=f"PORT={port}: no port"):
        serve(State(tmp_path / "report.html"), port)


def test_a_port_that_is_taken_is_told_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ColophonError, match=f"PORT={port}: Address already in use\n  Name another, or 0"
        ):
            serve(State(tmp_path / "report.html"), str(port))


def test_what_editors_leave_beside_a_file_is_no_change(tmp_path: Path) -> None:
    tiny = Tiny.create(tmp_path / "project")
    before = snapshot(tiny.root)
    for name in (".side.py.swp", "side.py~", "#side.py#", "__pycache__/side.pyc"):
        tiny.write(f"experiments/{name}", "x")
    tiny.write("build/demo/report.html", "x")
    assert snapshot(tiny.root) == before
    tiny.write("experiments/new.py", "x")
    assert len(snapshot(tiny.root)) == len(before) + 1


def test_links_that_lead_back_or_nowhere_do_not_end_the_watch(tmp_path: Path) -> None:
    tiny = Tiny.create(tmp_path / "a tiny project")
    tiny.write("templates/report/one.qmd.j2", "Words.")
    before = snapshot(tiny.root)
    templates = tiny.root / "templates"
    for name, target in {"itself": "itself", "here": ".", "report/up": "..", "gone": "nowhere"}.items():
        (templates / name).symlink_to(target)
    linked = snapshot(tiny.root)
    assert before.items() <= linked.items() and len(linked) < len(before) + 5
    tiny.write("templates/report/one.qmd.j2", "Other words.")
    assert snapshot(tiny.root) != linked


def test_a_change_is_prose_where_templates_alone_changed(tmp_path: Path) -> None:
    tiny = Tiny.create(tmp_path / "project")
    before = snapshot(tiny.root)
    tiny.write(TEMPLATE, "# Other\n")
    edited = snapshot(tiny.root)
    assert is_prose(tiny.root, before, edited)
    tiny.write("experiments/new.py", "x")
    assert not is_prose(tiny.root, before, snapshot(tiny.root))
    assert not is_prose(tiny.root, edited, snapshot(tiny.root))


def plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)
