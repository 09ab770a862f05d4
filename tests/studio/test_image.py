"""The container image of a department's studio, which is not built here: its file is read."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the file, with what each is given in one line."""
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in whole.splitlines() if line)]


def given(word: str) -> list[str]:
    return [rest for name, rest in instructions() if name == word]


def test_it_stands_on_one_version_of_python_and_runs_without_rights():
    stages = {line.partition(" AS ")[2] for line in given("FROM")}
    bases = {line.partition(" AS ")[0] for line in given("FROM")} - stages
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-trixie", bases.pop())
    assert int(given("USER")[-1]) >= 10_000
    assert not re.search(r"(?i)secret|password|token|api.?key", FILE.read_text(encoding="utf-8"))


def test_it_asks_for_its_health_where_it_listens():
    (port,) = given("EXPOSE")
    (asked,) = given("HEALTHCHECK")
    (command,) = given("CMD")
    assert f"http://127.0.0.1:{port}/health" in asked
    assert f'"--port", "{port}"' in command
    assert given("VOLUME") == ["/papers"]
    assert '"--folder", "/papers"' in command


def test_it_is_built_from_what_the_wheel_is_made_of_and_has_what_byhand_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installs = [line for line in given("RUN") if "pip install" in line]
    assert all("-c constraints.txt" in line for line in installs)
    extras = re.search(r"\.whl\)\[(.*)\]", installs[-1])[1].split(",")
    assert "studio" in extras
    assert set(extras) <= project["project"]["optional-dependencies"].keys()
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["sbom-files"], *wheel["force-include"], *project["project"]["license-files"],
              project["project"]["readme"], "pyproject.toml", "hatch_build.py", "constraints.txt"}  # fmt: skip
    assert let_in == needed
    setup = (ROOT / "tools" / "setup.sh").read_text(encoding="utf-8")
    libraries = [package for line in given("RUN") for package in re.findall(r"\blib[\w.-]+", line) if "apt" in line]
    of_setup = re.findall(r"apt\*:(?:Pango|Harf\*)\) install=\"\$install (.*)\"", setup)
    assert sorted(libraries) == sorted(" ".join(of_setup).split())


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="there is no hadolint")
def test_hadolint_finds_nothing():
    subprocess.run(["hadolint", FILE], check=True)
