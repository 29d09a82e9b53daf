"""A machine whose commands only pretend."""

import shutil
import subprocess
from pathlib import Path

from tests.tiny import ENGINE


class Machine:
    """A PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("grep", "tr", "mktemp", "tail", "rm", "cat", "cp"):
            (self.bin / name).symlink_to(shutil.which(name) or "/nowhere")

    def command(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run(self, tool: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(ENGINE / "tools" / tool), *words],
            env={"PATH": str(self.bin), **more}, capture_output=True, text=True, check=False,
        )  # fmt: skip
