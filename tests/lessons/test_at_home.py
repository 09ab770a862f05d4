"""A lesson has one home: byhand/lessons/NAME.py, which is read when it is asked for, and whose two witnesses share
nothing.
"""

import ast
import builtins
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from every_sheet import ORDER

import byhand
from byhand.arithmetic.exact import RATIONALS
from byhand.mistakes import MISTAKES
from byhand.model import MODELS
from byhand.numbers.promises import SHEET_PROMISES
from byhand.pictures import PICTURES
from byhand.worksheet.sheet import load_sheet

PACKAGE = Path(byhand.__file__).parent
LESSONS = sorted(path for path in (PACKAGE / "lessons").glob("*.py") if path.stem != "__init__")
ROOMS = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "lessons")


def test_a_lesson_has_the_name_of_its_sheet():
    assert {path.stem.replace("_", "-") for path in LESSONS} <= {*ORDER, "thread"}  # the sheets of a thread share one


@pytest.mark.parametrize(
    ("asked_for", "read"),
    [
        ("from byhand.worksheet.sheet import load_sheet; load_sheet('hashed-attention')", ["hashed_attention"]),
        ("from byhand.model import MODELS; MODELS['rotary']", ["rotary"]),
        ("from byhand.model import MODELS; MODELS['gpt']", []),
        ("import byhand.pipeline, byhand.marking.marker, byhand.cli", []),
    ],
)
def test_a_lesson_is_read_when_it_is_asked_for_and_only_then(asked_for, read):
    told = f"{asked_for}; import sys; print([m for m in sys.modules if m.startswith('byhand.lessons.')])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([f"byhand.lessons.{name}" for name in read])


def is_wiring(function):
    """Whether a function is decorated @wiring(…)."""
    calls = [d.func for d in getattr(function, "decorator_list", ()) if isinstance(d, ast.Call)]
    return any(isinstance(call, ast.Name) and call.id == "wiring" for call in calls)


def borrowed(path):
    """The names that the second wiring in a file uses, and that are neither its own nor Python's nor the witness's."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {*dir(builtins)}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("byhand.witness."):
            allowed |= {alias.asname or alias.name for alias in node.names}
    found = set()
    for function in filter(is_wiring, tree.body):
        bound = {arg.arg for node in ast.walk(function) if isinstance(node, ast.arguments) for arg in arguments(node)}
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        bound |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
        bound |= {node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)}
        found |= {name.id for name in names} - bound - allowed
    return found


def arguments(of):
    return [*of.posonlyargs, *of.args, *of.kwonlyargs, *filter(None, (of.vararg, of.kwarg))]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_second_wiring_borrows_nothing(path):
    assert not borrowed(path)


def test_a_wiring_that_borrows_is_found(tmp_path):
    lesson = tmp_path / "borrowing.py"
    lesson.write_text("WIDTH = 2\n@wiring('a')\ndef _second(w):\n    w('a', 'b', by=WIDTH, to=softmax(len([])))\n")
    assert borrowed(lesson) == {"WIDTH", "softmax", "wiring"}


def of_lessons():
    """What general rooms may not name: models, pictures, mistakes and promises of lessons, and steps that only one
    lesson has, as far as their names are no ordinary words.
    """
    models = {name for name, model in MODELS.items() if model.write.__module__.startswith("byhand.lessons")}
    steps = defaultdict(set)
    for name in ORDER:
        sheet = load_sheet(name)
        for step in sheet.model.run(sheet.given(letters=False), RATIONALS, force=False).steps:
            steps[step.partition("[")[0]].add(name if sheet.model.name in models else "")
    alone = {step for step, lessons in steps.items() if len(lessons) == 1 and "" not in lessons and "." in step}
    registered = [(name, picture.draw) for name, picture in PICTURES.items()]
    registered += [(name, mistake.rewrite) for name, mistake in MISTAKES.items()] + [*SHEET_PROMISES.items()]
    named = {name for name, function in registered if function.__module__.startswith("byhand.lessons")}
    return {
        name for name in alone | named | models if not name.isalpha() or name in ("microgpt", "sizing", "sampling")
    }


def test_no_general_room_names_a_lesson():
    # a layer has an attn.bias, too; five sheets share a promise about what is seen of a mistake
    unheard = of_lessons() - {"attn.bias", "elementwise"}
    assert {"kv-cache", "four_boxes", "query-from-cache", "again.bucket", "microgpt"} <= unheard
    found = []
    for path in ROOMS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in unheard:
                found.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.value}")
    assert not found
