"""A document with every construct, in a folder whose name is hard on tools, rendered once."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import pytest
from pypdf import PdfReader, PdfWriter

from report.render import render

HERE = Path(__file__).parent
EPOCH = 1_763_596_800
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120" viewBox="0 0 200 120">'
    '<rect id="frame" width="200" height="120" fill="#eee"/></svg>'
)


def lay_out(folder: Path, text: str) -> Path:
    """A project folder with three figures, a bibliography and `text` as its document's source."""
    figures = folder / "figures" / "transfer"
    figures.mkdir(parents=True)
    for name in ("depth", "left", "right"):
        (figures / f"{name}.svg").write_text(SVG)
        page = PdfWriter()
        page.add_blank_page(200, 120)
        page.write(figures / f"{name}.pdf")
    source = folder / "report" / "report.qmd"
    source.parent.mkdir()
    source.write_text(text, encoding="utf-8")
    shutil.copy(HERE / "sample.bib", source.parent)
    return source


@dataclass
class Rendered:
    """The sample in both formats: HTML as a tree, the PDF's pages as text."""

    folder: Path
    html_path: Path
    pdf_path: Path

    def __post_init__(self) -> None:
        self.html = lxml.html.parse(str(self.html_path)).getroot()
        self.pdf = PdfReader(self.pdf_path)


def render_both(folder: Path, text: str) -> Rendered:
    source = lay_out(folder, text)
    for suffix in ("html", "pdf"):
        render(
            source,
            folder / f"report.{suffix}",
            renderer="pandoc",
            epoch=EPOCH,
            log=folder / f"{suffix}.log",
        )
    return Rendered(folder, folder / "report.html", folder / "report.pdf")


@pytest.fixture(scope="session")
def needs_latex() -> None:
    """Skips where no PDF can be made."""
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        pytest.skip("latexmk or pdflatex is not installed: no PDF can be made")


@pytest.fixture(scope="session")
def render_sample(needs_latex):
    """Renders the sample into a new folder, in both formats."""
    text = (HERE / "sample.qmd").read_text(encoding="utf-8")

    def make(folder: Path) -> Rendered:
        return render_both(folder, text)

    return make


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, render_sample) -> Rendered:
    return render_sample(tmp_path_factory.mktemp("sample") / "my #1 project %41_é~x")


@pytest.fixture
def project(tmp_path: Path):
    """Lays out a project with the given body of a document; returns its source."""

    def make(body: str) -> Path:
        head = "---\ntitle: A title\nbibliography: sample.bib\n---\n\n"
        return lay_out(tmp_path / "my project", head + body)

    return make
