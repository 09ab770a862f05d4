"""What `pip install byhand` gives somebody who has no checkout."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from base64 import b64decode
from hashlib import sha256
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from zipfile import ZipFile

import brotli
import pytest
from every_sheet import FULL
from installed import built, installed, run
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from byhand.fonts import FACES, packed

CHECKOUT = Path(__file__).resolve().parents[1]


SHEET = "shapes"  # whose pages the wheel brings


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    return built(CHECKOUT, tmp_path_factory.mktemp("dist"), "wheel", "sdist", BYHAND_BRINGS=SHEET)


@pytest.fixture(scope="module")
def wheel(archives):
    return archives[0]


@pytest.mark.skipif(not FULL, reason="make test-every")
def test_the_archives_come_out_the_same_bytes_from_another_folder_at_another_time(archives, tmp_path):
    wheel, source = archives
    before = os.umask(0o077)
    try:
        with tarfile.open(source) as archive:
            archive.extractall(tmp_path / "elsewhere", filter="data")
        (elsewhere,) = (tmp_path / "elsewhere").iterdir()
        for path in elsewhere.rglob("*"):
            os.utime(path, (10**9, 10**9))
        again = built(elsewhere, tmp_path / "dist", "wheel", "sdist", BYHAND_BRINGS=SHEET)
    finally:
        os.umask(before)
    assert [path.read_bytes() for path in again] == [wheel.read_bytes(), source.read_bytes()]


def test_the_wheel_holds_every_template_and_the_licence(wheel):
    with ZipFile(wheel) as archive:
        held = set(archive.namelist())
    templates = [path for path in (CHECKOUT / "templates").rglob("*") if path.is_file()]
    assert templates
    assert {f"byhand/{path.relative_to(CHECKOUT).as_posix()}" for path in templates} <= held
    assert {f"byhand/{name}.schema.json" for name in ("run", "page", "answers", "places")} <= held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in held)
    assert any(name.endswith(".dist-info/licenses/LICENSE-fonts") for name in held)
    assert any(name.endswith(".dist-info/sboms/byhand.cdx.json") for name in held)


def test_the_wheel_brings_the_fonts_of_pages_made_here(wheel):
    with ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if "/built/" in name}
    table = json.loads(held.pop("byhand/fonts/built/built.json"))
    fonts = {name: content for face in FACES for name, content in files_of(face)}
    assert held == {f"byhand/fonts/built/{name}": file for name, file in fonts.items()}
    assert table["files"] == {name: sha256(file).hexdigest() for name, file in fonts.items()}


def files_of(face):
    """A font's files by their names: plain, compressed, and with few letters."""
    yield face.name, face.font
    yield from ((packed(face.name, few), b64decode(face.url(few).partition(",")[2])) for few in (False, True))


BUILD = """
import hashlib, json, sys
from byhand.fonts import build
print(json.dumps({name: hashlib.sha256(file).hexdigest() for name, file in build().items()}))
print(*sys.modules)
"""


def test_fonts_are_built_alike_anywhere_with_nothing_but_what_building_a_wheel_asks_for():
    odd = {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1"}
    env = {**os.environ, **odd, "FONTTOOLS_LOOKUP_DEBUGGING": "1"}
    found, modules = run(sys.executable, "-c", BUILD, cwd=CHECKOUT, env=env).splitlines()
    assert json.loads(found) == {name: sha256(file).hexdigest() for face in FACES for name, file in files_of(face)}
    imported = {name.partition(".")[0] for name in modules.split()}
    installed = packages_distributions()
    owners = {canonicalize_name(owner) for name in imported for owner in installed.get(name, ())}
    at_will = {"lxml", "uharfbuzz", "zopfli"}  # which fontTools uses where they are installed
    at_will.add("typing-extensions")  # which msgspec uses where it is installed
    asked = run(
        sys.executable, "-c", "from hatchling.build import *; print(*get_requires_for_build_wheel())",
        cwd=CHECKOUT, env={**os.environ, "BYHAND_BRINGS": "fonts"},
    )  # fmt: skip
    assert owners - at_will - {"byhand", "setuptools"} <= {Requirement(need).name for need in asked.split()}


def needed(requirements, extra=""):
    """The packages that are required here, and those that these need."""
    for need in map(Requirement, requirements):
        if need.marker is None or need.marker.evaluate({"extra": extra}):
            yield canonicalize_name(need.name)
            for more in ("", *need.extras):
                yield from needed(distribution(need.name).requires or (), more)


BILL = json.loads((CHECKOUT / "byhand.cdx.json").read_text(encoding="utf-8"))["components"]


def test_the_bill_of_materials_lists_what_is_needed_at_its_pinned_version():
    listed = {canonicalize_name(part["name"]): part["version"] for part in BILL}
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = {canonicalize_name(name): version for name, _, version in (x.partition("==") for x in lines) if version}
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert listed.keys() == set(needed(project["dependencies"]))
    assert listed == {name: pins[name] for name in listed}


def test_the_licence_of_every_package_is_told():
    rows = (CHECKOUT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    told = dict(
        row.strip("| ").split(" | ") for row in rows if row.startswith("| ") and not row.startswith("| package")
    )
    assert told.keys() == {part["name"] for part in BILL}
    assert all(told.values())
    for part in BILL:
        said = [each.get("expression") or each["license"].get("id") for each in part.get("licenses", [])]
        if len(said) == 1 and said[0]:  # else it is a classifier, or a choice
            assert told[part["name"]] == said[0]


def make(target, *path, **environment):
    """What `make` prints with these folders as the path, beside what make itself needs."""
    found = os.pathsep.join(map(str, (*path, "/usr/bin", "/bin")))
    env = {**os.environ, "PATH": found, **environment}
    return run("make", "--silent", target, cwd=CHECKOUT, env=env)


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
def test_the_audit_runs_without_network_or_says_why_it_is_skipped(tmp_path):
    (tmp_path / "bin").mkdir()
    scanner, cache = tmp_path / "bin" / "osv-scanner", {"OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY": str(tmp_path)}
    if shutil.which("osv-scanner", path="/usr/bin:/bin") is None:
        assert make("audit", tmp_path / "bin", **cache) == "make audit is skipped: it needs osv-scanner"
    scanner.write_text('#!/bin/sh\necho "$@"\n')
    scanner.chmod(0o755)
    told = make("audit", tmp_path / "bin", **cache)
    assert told.startswith(
        f"make audit is skipped: osv-scanner has no list of vulnerabilities in {tmp_path}; to get it"
    )
    (tmp_path / "osv-scanner" / "PyPI").mkdir(parents=True)
    (tmp_path / "osv-scanner" / "PyPI" / "all.zip").touch()
    assert make("audit", tmp_path / "bin", **cache) == "scan source --offline -L requirements.txt:constraints.txt"


def test_the_wheel_alone_prints_a_worksheet_and_its_key(wheel, tmp_path):
    venv, elsewhere = tmp_path / "venv", tmp_path / "elsewhere"
    elsewhere.mkdir()
    python = installed(wheel, venv)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")

    # A newcomer's machine: no path to the checkout, no fonts cached by earlier runs.
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    env["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    where = run(python, "-c", "import byhand; print(byhand.__file__)", cwd=elsewhere, env=env)
    assert Path(where).is_relative_to(packages)

    byhand = venv / "bin" / "byhand"
    run(byhand, "generate", "attention-head", "--format", "html", "--out", "sheets", cwd=elsewhere, env=env)
    (folder,) = (elsewhere / "sheets").glob("attention-head-seed*")
    assert {path.name for path in folder.glob("*.html")} == {"worksheet.html", "key.html"}
    assert not (tmp_path / "cache" / "byhand" / "fonts").exists()


GENERATE = """
import sys
from byhand.cli import main
main(["generate", *sys.argv[1:]], standalone_mode=False)
print("weasyprint" in sys.modules)
"""


@pytest.fixture(scope="module")
def with_layouts(wheel, tmp_path_factory):
    """The Python of an environment with the wheel."""
    return installed(wheel, tmp_path_factory.mktemp("with layouts") / "venv")


def generated(python, folder, *words):
    """The files of a sheet, made with an empty cache, and whether WeasyPrint was imported."""
    env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": ""}
    folder.mkdir()
    told = run(python, "-c", GENERATE, SHEET, *words, "--out", folder / "out", cwd=folder, env=env)
    return {path.name: path.read_bytes() for path in folder.glob("out/*/*")}, told.splitlines()[-1] == "True"


@pytest.mark.parametrize("asked", [("--seed", "2"), *([("--paper", "letter"), ("--paper", "a4")] if FULL else [])])
def test_the_first_generate_makes_nothing_that_the_wheel_has_brought(with_layouts, asked, tmp_path):
    brought, laid_out = generated(with_layouts, tmp_path / "brought", *asked)
    assert not laid_out
    kept = {path.name for path in (tmp_path / "brought" / "cache" / "byhand").iterdir()}
    assert kept == {"sheets", "code", "compiled"}
    anew, laid_out = generated(with_layouts, tmp_path / "anew", *asked, "--no-cache")
    assert laid_out
    assert brought == anew
    assert {"worksheet.pdf", "key.pdf"} <= brought.keys()


def test_what_is_damaged_in_the_wheel_is_laid_out_anew(with_layouts, tmp_path):
    whole, _ = generated(with_layouts, tmp_path / "whole")
    (file,) = with_layouts.parents[1].glob("lib/*/site-packages/byhand/brought.bin")
    content = file.read_bytes()
    index = b"\n".join(content.split(b"\n", 2)[:2])
    try:
        for damaged in (b"", b"\0" + content[1:], content[: len(index) + 100]):
            file.write_bytes(damaged)
            assert generated(with_layouts, tmp_path / str(len(damaged))) == (whole, True)
    finally:
        file.write_bytes(content)


WITHOUT_PANGO = """
import cffi

def missing(self, name, flags=0):
    raise OSError(f"cannot load library {name!r}")

cffi.FFI.dlopen = missing
"""


@pytest.mark.skipif(not FULL, reason="make test-every")
def test_without_pango_a_wheel_has_fonts_and_numbers_and_a_line_says_so(wheel, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_PANGO)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, CHECKOUT],
        env={**os.environ, "BYHAND_BRINGS": SHEET, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "The wheel has no laid-out pages: a PDF needs Pango" in done.stdout + done.stderr
    with ZipFile(next(tmp_path.glob("*.whl"))) as made, ZipFile(wheel) as with_pages:
        assert {*made.namelist()} == {*with_pages.namelist()}
        _, index, numbers = made.read("byhand/brought.bin").split(b"\n", 2)
    assert len(json.loads(index)) == 1
    assert json.loads(brotli.decompress(numbers).partition(b"\n")[2])["1"]["inputs"]


@pytest.mark.parametrize(("version", "brings"), [("editable", "all"), ("standard", "")])
def test_an_install_from_a_checkout_makes_nothing_and_asks_for_nothing(version, brings):
    code = f"""
import sys
sys.path.insert(0, "")
from hatch_build import Brought
build_data, hook = {{}}, Brought(".", {{}}, None, None, "", "wheel")
hook.initialize({version!r}, build_data)
print(build_data, "byhand" in sys.modules, {brings!r} or hook.dependencies())
"""
    env = {**os.environ, "BYHAND_BRINGS": brings}
    assert run(sys.executable, "-c", code, cwd=CHECKOUT, env=env) == f"{{}} False {brings or []}"
