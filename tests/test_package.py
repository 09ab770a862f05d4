"""What `pip install byhand` gives somebody who has no checkout."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, CHECKOUT)
    (path,) = folder.glob("byhand-*.whl")
    return path


def test_the_wheel_holds_every_template_and_the_licence(wheel):
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
    templates = [path for path in (CHECKOUT / "templates").rglob("*") if path.is_file()]
    assert templates
    assert {f"byhand/{path.relative_to(CHECKOUT).as_posix()}" for path in templates} <= held
    assert "byhand/run.schema.json" in held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)


def test_the_wheel_alone_prints_a_worksheet_and_its_key(wheel, tmp_path):
    venv, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    run(sys.executable, "-m", "venv", "--without-pip", venv)
    python = venv / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)

    # The dependencies come from the running environment, so that no network is needed. Its .pth files are
    # not read for a folder named in a .pth, so its editable byhand stays out.
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    shared = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(packages) / "dependencies.pth").write_text("\n".join(sorted(shared)), encoding="utf-8")

    # A newcomer's machine: no path to the checkout, no fonts cached by earlier runs.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    where = run(python, "-c", "import byhand; print(byhand.__file__)", cwd=elsewhere, env=env)
    assert Path(where).is_relative_to(packages)

    byhand = venv / "bin" / "byhand"
    run(byhand, "generate", "attention-head", "--format", "html", "--out", "sheets", cwd=elsewhere, env=env)
    (folder,) = (elsewhere / "sheets").glob("attention-head-seed*")
    assert {path.name for path in folder.glob("*.html")} == {"worksheet.html", "key.html"}
