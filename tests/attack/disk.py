"""Full disks and killed programs: a file that is there is whole, and the same command again makes the rest."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic

from attack import attack

COMMANDS = (
    ("generate", "softmax", "--format", "html,json"),
    ("class", "softmax", "--anonymous", "3"),
)


def _start(arguments: tuple[str, ...], folder: Path, largest: int | None = None) -> subprocess.Popen[str]:
    """byhand, with the attack's own cache; it can write no file that is larger."""
    limit = largest and partial(resource.setrlimit, resource.RLIMIT_FSIZE, (largest, largest))
    command = [sys.executable, "-m", "byhand.cli", *arguments, "--out", str(folder / "out")]
    env = os.environ | {"XDG_CACHE_HOME": str(folder.parent / "cache")}
    return subprocess.Popen(
        command, env=env, preexec_fn=limit or None, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _files(folder: Path) -> dict[str, bytes]:
    """All files that can be seen: neither they nor their folders begin with a point."""
    paths = [path.relative_to(folder / "out") for path in (folder / "out").rglob("*") if path.is_file()]
    seen = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    return {str(path): (folder / "out" / path).read_bytes() for path in seen}


def _wrong(whole: dict[str, bytes], found: dict[str, bytes]) -> str:
    return "".join(f"{name} is not whole; " for name, content in found.items() if whole.get(name) != content)


@attack(few=0, bounded=16, full=400)
def disks(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """Files that may not grow beyond a limit, as on a full disk: one clear line, nothing half-written."""
    whole: dict[tuple[str, ...], dict[str, bytes]] = {}
    for n in range(count or 0):
        arguments, own = COMMANDS[n % len(COMMANDS)], folder / str(n)
        if arguments not in whole:
            _start(arguments, folder / f"whole{n}").communicate()
            whole[arguments] = _files(folder / f"whole{n}")
        largest = max(map(len, whole[arguments].values()))
        process = _start(arguments, own, dice.randrange(1, largest))
        _, errors = process.communicate()
        wrong = _wrong(whole[arguments], _files(own))
        if not wrong and process.returncode != 1:
            wrong = f"exit code {process.returncode}"
        if not wrong and (errors.count("byhand: ") != 1 or "Traceback" in errors):
            wrong = f"no clear line: {errors[-300:]!r}"
        yield f"{' '.join(arguments)}: {wrong}" if wrong else ""


@attack(few=0, bounded=16, full=400)
def kills(dice: Random, folder: Path, count: int | None) -> Iterator[str]:
    """byhand, killed at any moment: nothing half-written, and the same command again makes the same files."""
    whole: dict[tuple[str, ...], tuple[dict[str, bytes], float]] = {}
    for n in range(count or 0):
        arguments, own = COMMANDS[n % len(COMMANDS)], folder / str(n)
        if arguments not in whole:
            start = monotonic()
            _start(arguments, folder / f"whole{n}").communicate()
            whole[arguments] = _files(folder / f"whole{n}"), monotonic() - start
        files, usual = whole[arguments]
        process = _start(arguments, own)
        try:
            process.wait(dice.uniform(0, usual))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()
        wrong = _wrong(files, _files(own))
        _start(arguments, own).communicate()
        wrong = wrong or _wrong(_files(own), files)
        yield f"{' '.join(arguments)}: {wrong}" if wrong else ""
