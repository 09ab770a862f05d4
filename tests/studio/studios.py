"""A studio that runs in a process of its own, as `byhand studio` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

COMMAND = (sys.executable, "-m", "byhand.cli", "studio", "--folder")


class Running:
    """A studio over a folder, until it is closed or killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = [*COMMAND, str(folder), "--no-browser"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address, self.process.communicate()[1]
        self.told: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        self.told += self.process.stderr

    def end(self, by: int = signal.SIGTERM) -> None:
        """End it: in order, or as a power cut does, with all that it has started (SIGKILL)."""
        if self.process.poll() is None:
            (os.killpg if by == signal.SIGKILL else os.kill)(self.process.pid, by)
            self.process.wait(30)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


class Department(Running):
    """That of a department. Browsers keep its cookie for localhost without a proxy that has a certificate."""

    def __init__(self, folder: Path, *users: str) -> None:
        self.tokens = {
            user: subprocess.run(
                [*COMMAND, str(folder), "--add-user", user], check=True, capture_output=True, text=True
            ).stdout.strip()
            for user in users
        }
        settings = folder / "studio.toml"
        settings.write_text(settings.read_text("utf-8").replace("names = []", 'names = ["localhost"]'), "utf-8")
        super().__init__(folder)
        self.address = f"http://localhost:{self.address.rpartition(':')[2]}/"
