"""What is slow to import is imported only by what needs it."""

import os
import subprocess
import sys

import pytest

ASK = """
import sys
from byhand.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*sorted(sys.modules))
"""
PRINTING = {"weasyprint", "fontTools", "ziamath", "numpy"}
SYMBOLS = {"sympy", "mpmath"}


def imported(*arguments):
    command = [sys.executable, "-c", ASK, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    modules = done.stdout.splitlines()[-1].split()
    return {name.partition(".")[0] for name in modules} | {name for name in modules if name.startswith("byhand.")}


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--format", "html,json"], PRINTING | SYMBOLS),
        (["--format", "html", "--numbers", "decimal", "--softmax", "e"], PRINTING | {"sympy"}),
        (["--format", "html", "--numbers", "symbolic"], PRINTING),
        (["--format", "pdf"], SYMBOLS | {"ziamath"}),
    ],
)
def test_generate_spares_what_it_does_not_need(arguments, spared, tmp_path):
    imported("generate", "attention-head", "--format", "html", "--out", tmp_path)  # the fonts may have to be built
    held = imported("generate", "gpt", *arguments, "--out", tmp_path)
    assert "byhand" in held
    assert not held & spared


def test_list_and_show_print_nothing_on_paper():
    # the first time, lessons are read, some of which draw their numbers; and the minutes of one in letters need sympy
    assert not imported("list") & (PRINTING - {"numpy"})
    for command in (["list"], ["show", "gpt"]):
        assert not imported(*command) & (PRINTING | SYMBOLS), command


@pytest.mark.parametrize("command", [["list"], ["generate", "shapes", "--format", "html", "--out", "output"]])
def test_what_was_made_before_needs_nothing_that_makes_it(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    making = {"byhand.tape", "byhand.worksheet.sheet", "byhand.formats.html.page", "yaml", "jinja2", "markdown_it"}
    imported(*command)
    assert not imported(*command) & making


def test_another_seed_parses_no_shipped_text_anew(tmp_path):
    generate = ("generate", "shapes", "--format", "html", "--out", tmp_path, "--seed")
    imported(*generate, 1)
    assert not imported(*generate, 2) & {"yaml", "tomllib"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, Python finds libraries by itself")
def test_no_program_is_started_to_find_pango():
    code = """
import sys
sys.addaudithook(lambda event, _: event == "subprocess.Popen" and print(event))
from byhand.press.engine import weasyprint
print(weasyprint().__name__)
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "weasyprint\n"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_command_starts_no_threads_that_it_does_not_need():
    code = "import os, byhand.cli, numpy; print(len(os.listdir('/proc/self/task')))"
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    assert subprocess.check_output([sys.executable, "-c", code], text=True, env=environment) == "1\n"
