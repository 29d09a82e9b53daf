"""The image for Docker: what it is built from, without Docker."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.tiny import ENGINE
from tests.tools.machine import Machine

TEXT = (ENGINE / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
COPIED = [shlex.split(rest)[0].rstrip("/") for word, rest in LINES if word == "COPY"]
VARIABLES = dict(pair.split("=") for word, rest in LINES if word == "ENV" for pair in shlex.split(rest))


def test_it_is_made_of_a_dated_debian_and_of_nothing_but_what_it_copies() -> None:
    (base,) = (rest for word, rest in LINES if word == "FROM")
    assert re.fullmatch(r"debian:bookworm-\d{8}-slim", base), "whose Python is 3.11"
    rules = (ENGINE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    left = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert sorted(left) == sorted(COPIED)
    assert "*" in rules
    assert all((ENGINE / name).exists() for name in COPIED)


def test_what_it_copies_installs_latex_by_the_list_and_packages_by_the_lock_file(
    machine: Machine, tmp_path: Path
) -> None:
    commands = [rest.split("&&")[0].strip() for word, rest in LINES if word == "RUN"]
    assert commands[1:] == ["make latex", "make setup"]
    project = tmp_path / "colophon"
    project.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ENGINE / name).is_dir() else shutil.copy
        copy(ENGINE / name, project / name)
    for name in ("make", "sh", "xargs", "cmp", "mkdir"):
        (machine.bin / name).symlink_to(shutil.which(name) or "/nowhere")
    machine.command("id", "echo 0")
    machine.command("apt-get", f'echo "$@" >>"{machine.bin}/calls"')
    tool = machine.command("tool", f'echo "$@" >>"{machine.bin}/calls"')
    venv = f'mkdir -p "$4/bin"; for name in python uv; do ln -sf "{tool}" "$4/bin/$name"; done'
    machine.command("ln", f'exec {shutil.which("ln")} "$@"')
    machine.command("python3.11", f'case "$2" in venv) {venv};; esac')
    done = subprocess.run(
        ["make", "latex", "setup"], cwd=project, capture_output=True, text=True, check=False,
        env={"PATH": str(machine.bin), **VARIABLES, "VENV": str(tmp_path / "venv")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    calls = (machine.bin / "calls").read_text().splitlines()
    packages = (ENGINE / "tools/latex-packages.txt").read_text().split()
    assert calls[:2] == ["update -q", "install -y --no-install-recommends " + " ".join(packages)]
    assert any("--require-hashes" in call and call.endswith("-r ./requirements.lock") for call in calls[2:])
    assert (tmp_path / "venv/installed.lock").read_bytes() == (ENGINE / "requirements.lock").read_bytes()
