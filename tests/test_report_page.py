"""The smoke report's page in a browser: as a phone, a tablet and a wide screen show it, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser import Visit

pytestmark = pytest.mark.browser
WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=740)
PARTS = ("#TOC", "header", "#sec-transfer > section:first-of-type", "#sec-claims")
LOADED = """async () => {
  const loads = (source) => { const image = new Image(); image.src = source; return image.decode(); };
  const fails = (name) => () => name;
  const images = [...document.querySelectorAll("main img")].map((image) => image.decode().catch(fails("image " + image.alt)));
  const videos = [...document.querySelectorAll("video")].map((video) => new Promise((done) => {
    if (video.readyState) done();
    video.onloadedmetadata = () => done();
    video.onerror = () => done("video " + video.error?.message);
  }));
  const posters = [...document.querySelectorAll("video")].map(
    (video) => loads(video.poster).catch(fails("poster of " + video.getAttribute("aria-label"))));
  const failed = await Promise.all([...images, ...videos, ...posters]);
  return { images: images.length, videos: videos.length, failed: failed.filter(Boolean) };
}"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const beyond = [...document.querySelectorAll("body *")].filter((element) => {
    const place = element.getBoundingClientRect();
    const scrolls = element.closest(".table-scroll, pre, math[display=block], .visually-hidden");
    return place.width > 0 && (place.right > width + 1 || place.left < -1) && (!scrolls || scrolls === element);
  });
  return { page: document.documentElement.scrollWidth - width,
           beyond: beyond.map((element) => element.outerHTML.slice(0, 200)) };
}"""
FOLLOWED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  document.documentElement.style.scrollBehavior = "auto";
  const contents = document.getElementById("TOC"), wrong = [];
  const links = [...contents.querySelectorAll("a[href^='#']")];
  for (const link of links) {
    document.getElementById(decodeURIComponent(link.hash.slice(1))).scrollIntoView();
    await frame();
    const last = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - window.innerHeight;
    const marked = [...contents.querySelectorAll("[aria-current]")];
    const place = marked[0]?.getBoundingClientRect(), box = contents.getBoundingClientRect();
    const seen = place && place.top >= box.top && place.bottom <= box.bottom;
    if (marked.length !== 1 || !seen || (marked[0] !== link && !last)) wrong.push(link.hash);
  }
  window.scrollTo(0, document.documentElement.scrollHeight);
  await frame();
  return { entries: links.length, wrong, end: contents.querySelector("[aria-current]").hash, last: links.at(-1).hash };
}"""


@pytest.fixture(scope="module")
def address(project: Path) -> str:
    return (project / "build/smoke/report.html").as_uri()


@pytest.fixture(scope="module")
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    """The page as it opens on a wide, light screen."""
    visit = Visit(browser.new_page(viewport=WIDE, color_scheme="light"))
    visit.page.goto(address)
    yield visit
    visit.page.close()


def test_every_image_video_and_poster_loads_without_a_complaint_or_a_request_elsewhere(
    visit: Visit,
) -> None:
    found = visit.page.evaluate(LOADED)
    assert found["images"] > 20 and found["videos"] > 0
    assert found["failed"] == []
    assert visit.complaints == []


def test_the_contents_follow_the_reader_and_stay_in_view(visit: Visit) -> None:
    found = visit.page.evaluate(FOLLOWED)
    assert found["entries"] > 20
    assert found["wrong"] == []
    assert found["end"] == found["last"]


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_screen(width: int, visit: Visit) -> None:
    visit.page.set_viewport_size({"width": width, "height": 900})
    assert visit.page.evaluate(OVERFLOW) == {"page": 0, "beyond": []}


def test_the_accessibility_checker_finds_nothing_serious(visit: Visit) -> None:
    visit.page.set_viewport_size(WIDE)
    assert visit.serious() == []
    assert visit.contrasts(*PARTS) == []


def test_the_dark_page_is_dark_and_its_contrasts_suffice(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="dark")
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    found = visit.contrasts(*PARTS)
    visit.page.emulate_media(color_scheme="light")
    assert max(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) < 64
    assert found == []
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 254, 251)"


@pytest.mark.parametrize("key", ["click", "Enter", "Space"])
def test_a_figure_is_enlarged_by_mouse_and_keyboard_and_escape_leads_back(key: str, visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size(WIDE)
    small = page.locator("#fig-confusion img, main figure img").first
    width = small.evaluate("image => image.getBoundingClientRect().width")
    small.click() if key == "click" else small.press(key)
    large = page.locator("dialog[open] img")
    assert large.get_attribute("src") == small.get_attribute("src")
    assert large.get_attribute("alt") == small.get_attribute("alt")
    assert large.evaluate("image => image.getBoundingClientRect().width") > 1.5 * width
    assert page.locator("dialog p").inner_text() in small.locator("xpath=ancestor::figure[1]").inner_text()
    assert visit.serious("color-contrast", "aria-dialog-name", "button-name", within=["dialog"]) == []
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert small.evaluate("image => image === document.activeElement")


def test_paper_has_no_contents_and_stills_in_place_of_videos(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    shown = visit.page.evaluate(
        """() => Object.fromEntries(["#TOC", "video", ".animation-still", "main h1", ".anchor"].map(
             (name) => [name, document.querySelector(name).checkVisibility()]))"""
    )
    visit.page.emulate_media(media="screen")
    assert shown == {
        "#TOC": False,
        "video": False,
        ".animation-still": True,
        "main h1": True,
        ".anchor": False,
    }


def test_without_scripts_a_phone_shows_all_the_text_and_opens_the_contents(
    browser: Browser, address: str, visit: Visit
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = Visit(context.new_page()).page
    page.goto(address)
    assert page.locator("main").inner_text().split() == visit.page.locator("main").inner_text().split()
    first = page.locator("#TOC li a").first
    assert not first.is_visible()
    page.locator(".toc-label").click()
    assert first.is_visible()
    context.close()
