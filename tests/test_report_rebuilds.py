"""What a second build of the smoke report does, after edits and without."""

from tests.smoke import make


def test_a_second_build_does_nothing_and_edited_prose_runs_no_stage(project):
    made = {
        path: path.stat().st_mtime_ns for path in (project / "build/smoke").rglob("*") if path.is_file()
    }
    again = make(project, "report")
    assert again.returncode == 0 and "up to date" in again.stdout
    page = (project / "build/smoke/report.html").read_bytes()
    (project / "build/smoke/report/values.tex").unlink()
    assert make(project, "html").returncode == 0
    assert (project / "build/smoke/report.html").read_bytes() == page
    assert (project / "build/smoke/report/values.tex").is_file()
    chapter = project / "templates/report/transfer.qmd.j2"
    chapter.write_text(chapter.read_text() + "\nA sentence that was added.\n")
    done = make(project, "html")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (project / "build/smoke/html.report.mk").exists()  # Make had nothing to do
    assert "A sentence that was added." in (project / "build/smoke/report.html").read_text()
    kept = [path for path in made if path.is_relative_to(project / "build/smoke/stages")]
    assert kept and all(path.stat().st_mtime_ns == made[path] for path in kept)


def test_a_value_that_does_not_exist_stops_the_build_with_file_and_line(project):
    before = (project / "build/smoke/report.html").read_bytes()
    chapter = project / "templates/report/transfer.qmd.j2"
    good = chapter.read_text()
    lines = good.count("\n") + 1
    chapter.write_text(good + "{{ svm.best.acuracy }}\n")
    done = make(project, "html")
    chapter.write_text(good)
    assert done.returncode != 0
    assert (
        f"templates/report/transfer.qmd.j2, line {lines}: transfer/svm_depth: best has no 'acuracy'"
        in done.stderr
    )
    assert (project / "build/smoke/report.html").read_bytes() == before
