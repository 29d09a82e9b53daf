"""The set-up scripts, with commands that only pretend."""

from pathlib import Path

import pytest

from tests.tiny import ENGINE
from tests.tools.machine import Machine


def packages() -> list[str]:
    lines = (ENGINE / "tools/latex-packages.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


@pytest.mark.parametrize("sudo", [None, "exit 1"], ids=["no sudo", "sudo that asks for a password"])
def test_without_root_latex_is_not_installed_but_the_one_command_is_told(
    sudo: str | None, machine: Machine
) -> None:
    machine.command("id", "echo 1000")
    machine.command("apt-get", "echo called >&2; exit 0")
    if sudo:
        machine.command("sudo", sudo)
    done = machine.run("debian.sh", "LaTeX", *packages())
    assert done.returncode == 1
    commands = [line.strip() for line in done.stderr.splitlines() if "apt-get" in line]
    install = "sudo apt-get install -y --no-install-recommends " + " ".join(packages())
    assert commands == [f"sudo apt-get update && {install}"]
    assert "called" not in done.stderr


def test_root_installs_latex_and_a_failure_shows_its_last_lines(machine: Machine) -> None:
    machine.command("id", "echo 0")
    machine.command("apt-get", f'echo "$@" >>"{machine.bin}/calls"')
    assert machine.run("debian.sh", "LaTeX", *packages()).returncode == 0
    calls = (machine.bin / "calls").read_text().splitlines()
    assert calls == ["update -q", "install -y --no-install-recommends " + " ".join(packages())]
    machine.command("apt-get", "echo no network; exit 100")
    done = machine.run("debian.sh", "LaTeX", *packages())
    assert done.returncode == 1
    assert done.stderr.startswith("no network\nerror: LaTeX could not be installed (log: ")


def test_without_apt_latex_is_left_to_the_user(machine: Machine) -> None:
    done = machine.run("debian.sh", "LaTeX", *packages())
    assert done.returncode == 1
    assert "error: LaTeX is missing. Install it with your system's packages" in done.stderr


def test_a_python_too_old_is_refused(machine: Machine, tmp_path: Path) -> None:
    old = machine.command("python3", "exit 1")
    done = machine.run("setup.sh", str(ENGINE), str(tmp_path / "venv"))
    assert done.returncode == 1
    assert "error: Python 3.11, 3.12 or 3.13 is needed and none was found" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    named = machine.run("setup.sh", str(ENGINE), str(tmp_path / "venv"), PYTHON=str(old))
    assert named.returncode == 1
    assert f"error: PYTHON={old} is not Python 3.11, 3.12 or 3.13" in named.stderr
    assert not (tmp_path / "venv").exists()


def test_the_venv_module_is_installed_by_root_and_asked_for_by_others(
    machine: Machine, tmp_path: Path
) -> None:
    machine.command("python3.12", 'case "$2" in *ensurepip*) exit 1;; *venv*) exit 3;; esac')
    machine.command("sh", 'exec /bin/sh "$@"')
    machine.command("id", "echo 1000")
    machine.command("apt-get", f'echo "$@" >>"{machine.bin}/calls"')
    done = machine.run("setup.sh", str(ENGINE), str(tmp_path / "venv"))
    assert done.returncode == 1
    assert "sudo apt-get install -y --no-install-recommends python3.12-venv" in done.stderr
    machine.command("id", "echo 0")
    done = machine.run("setup.sh", str(ENGINE), str(tmp_path / "venv"))
    assert done.returncode == 3, "the virtual environment is the next step"
    assert (machine.bin / "calls").read_text().splitlines()[-1].endswith("python3.12-venv")


def test_a_folder_that_is_no_virtual_environment_is_not_overwritten(
    machine: Machine, tmp_path: Path
) -> None:
    machine.command("python3.12", "exit 0")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").touch()
    done = machine.run("setup.sh", str(ENGINE), str(tmp_path / "home"))
    assert done.returncode == 1
    assert f"error: {tmp_path}/home is there and is no virtual environment" in done.stderr
    assert (tmp_path / "home/thesis.txt").exists()


def test_an_environment_behind_a_link_is_not_emptied(machine: Machine, tmp_path: Path) -> None:
    machine.command("python3.12", "exit 0")
    theirs = tmp_path / "theirs"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "pyvenv.cfg").touch()
    (tmp_path / "link").symlink_to(theirs)
    done = machine.run("setup.sh", str(ENGINE), str(tmp_path / "link"))
    assert done.returncode == 1
    assert f"error: {tmp_path}/link is a link" in done.stderr
    assert (theirs / "pyvenv.cfg").exists()


def test_an_installation_that_fails_is_done_again_next_time(machine: Machine, tmp_path: Path) -> None:
    venv = tmp_path / "a venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").touch()
    (venv / "bin/python").symlink_to(machine.command("python3.12", "exit 0"))
    (venv / "bin/uv").symlink_to(machine.command("uv", "exit 2"))
    assert machine.run("setup.sh", str(ENGINE), str(venv)).returncode == 2
    assert not (venv / "installed.lock").exists()
    machine.command("uv", "exit 0")
    assert machine.run("setup.sh", str(ENGINE), str(venv)).returncode == 0
    assert (venv / "installed.lock").read_bytes() == (ENGINE / "requirements.lock").read_bytes()
