"""The rooms and the one direction: imports flow downwards only."""

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import byhand.press

PACKAGE = Path(__file__).resolve().parents[1] / "byhand"
ROOMS = ["errors", "extras", "deadline", "files", "brought", "cache", "secret", "loading", "witness", "arithmetic", "notation", "tape", "ops", "model", "runs", "record", "backward", "symmetry", "mistakes",
         "effort", "numbers", "pictures", "lessons", "worksheet", "fonts", "page", "press", "formats", "options", "options_file", "first_seeds", "choose",
         "arrange", "course", "own_numbers", "variants", "same_numbers", "pipeline", "book", "paper", "classroom", "reading", "marking", "defaults", "doctor", "studio", "interrupts", "cli"]  # fmt: skip
FORBIDDEN = {
    "witness": {"files", "brought", "cache", "secret", "loading"},
}
FILES = {path.relative_to(PACKAGE).as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(path):
    """A file as Python reads it, once for all tests of a process."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path):
    """All that is within a file."""
    return tuple(ast.walk(tree(path)))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms that a file imports from, also within its functions."""
    for node in nodes(path):
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: imports by full names only"
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{name}" for name in names]
        for name in names:
            first, *rest = name.split(".")
            if first == "byhand" and rest and rest[0] in ROOMS:
                yield rest[0]


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"__init__.py"}))
def test_imports_flow_downwards(name):
    path = FILES[name]
    assert room(path) in ROOMS, f"{room(path)} is no room of the design"
    above = set(ROOMS[ROOMS.index(room(path)) + 1 :])
    assert not set(imported_rooms(path)) & (above | FORBIDDEN.get(room(path), set()))


def test_the_design_lists_every_room_in_order():
    rows = re.findall(
        r"^\| (`.*?`) \|", (PACKAGE.parent / "docs" / "design.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name.removesuffix("/") for row in rows for name in re.findall(r"`(.*?)`", row)] == ROOMS


TEXTS = [
    path
    for pattern in ("*.md", "docs/*.md", "docs/howto/*.md", "bench/*.*", "tools/*.*", "tools/website/*.*")
    for path in sorted(PACKAGE.parent.glob(pattern))
    if path.suffix in (".md", ".py", ".sh")
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(PACKAGE.parent).as_posix())
def test_a_text_names_files_that_there_are(path):
    named = re.findall(r"\b(?:byhand|tests|docs|bench|tools)/[\w/-]+(?:\.\w+)*", path.read_text(encoding="utf-8"))
    assert not [name for name in named if not (PACKAGE.parent / name).exists()]


PUBLIC = {"weasyprint", "weasyprint.urls", "weasyprint.text.fonts"}  # of WeasyPrint, as its documentation says
BOXES = {"_page_box", "_box", "position_x", "position_y", "element_tag", "is_in_normal_flow", "margin_width"}


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"press/inner.py"}))
def test_one_file_knows_the_inner_forms_of_weasyprint(name):
    imported = {module for node in nodes(FILES[name]) for module in modules(node)}
    assert not {each for each in imported if each.partition(".")[0] in ("weasyprint", "pydyf")} - PUBLIC
    assert not {getattr(node, "attr", None) for node in nodes(FILES[name])} & BOXES


HEAVY = {"weasyprint", "ziamath", "sympy", "mpmath", "fontTools", "numpy"}


@pytest.mark.parametrize("module", ["pipeline", "cli", "model", "formats.html.page"])
def test_importing_a_room_imports_nothing_heavy(module):
    code = f"import sys, byhand.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert not HEAVY & set(loaded.stdout.split())


def imported_files(path):
    """The files of the package that a file imports, also within its functions and for type checkers."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom):
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                file = name.removeprefix("byhand.").replace(".", "/") + ".py"
                if name.startswith("byhand.") and file in FILES:
                    yield file


@pytest.mark.parametrize("name", sorted(name for name in FILES if not name.startswith("press/")))
def test_the_press_is_used_through_its_door(name):
    """Also within functions: what a file of the press is called is of no concern to other rooms."""
    for node in nodes(FILES[name]):
        assert not [module for module in modules(node) if module.startswith("byhand.press.")]
        if isinstance(node, ast.ImportFrom) and node.module == "byhand.press":
            assert {alias.name for alias in node.names} <= {*byhand.press.__all__}


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.startswith("reading/")))
def test_no_message_is_needed_to_read_a_page(name):
    assert "worksheet/messages.py" not in set(imported_files(FILES[name]))


def test_no_files_import_each_other_in_a_circle():
    left = {name: set(imported_files(path)) for name, path in FILES.items()}
    while free := [name for name, imports in left.items() if not imports & left.keys()]:
        for name in free:
            del left[name]
    assert not left


def modules(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) else []


def is_heavy(module):
    """Whether a library is heavy, or a file of the package imports one that is."""
    file = module.removeprefix("byhand.").replace(".", "/") + ".py"
    imports = tree(FILES[file]).body if file in FILES else []
    return bool(
        HEAVY & {name.partition(".")[0] for name in (module, *(m for node in imports for m in modules(node)))}
    )


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.startswith("arithmetic/")))
def test_arithmetic_imports_within_a_function_only_what_is_heavy(name):
    for function in nodes(FILES[name]):
        if isinstance(function, ast.FunctionDef):
            imported = [module for node in ast.walk(function) for module in modules(node)]
            assert all(map(is_heavy, imported)), f"{name}: {function.name} imports {imported}"


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"arithmetic/copies.py", "notation/marks.py"}))
def test_only_a_class_and_its_printing_know_of_many_copies(name):
    """Other rooms call the functions of arithmetic/copies on any value."""
    if name.startswith(("classroom/", "press/")):
        return
    for node in nodes(FILES[name]):
        named = {getattr(node, field, None) for field in ("id", "attr", "name")}
        assert not named & {"Many", "Copies", "MarkedCopies"}, f"{name} names the type"


@pytest.mark.parametrize("name", sorted(name for name in FILES if not name.startswith(("page/", "worksheet/"))))
def test_only_the_reader_of_a_page_says_what_a_section_shows(name):
    """Other rooms ask byhand/page/reader.py where a number is found; a method of this name is called."""
    called = {id(node.func) for node in nodes(FILES[name]) if isinstance(node, ast.Call)}
    read = [node for node in nodes(FILES[name]) if isinstance(node, ast.Attribute) and id(node) not in called]
    assert not [node.lineno for node in read if node.attr in ("front", "fronts") and isinstance(node.ctx, ast.Load)]


def test_only_the_reader_of_a_page_says_what_a_mistake_makes_of_a_cell():
    """Who needs to know which numbers of a mistake stand nowhere, computes its cells."""
    imported = {
        name
        for name, path in FILES.items()
        for node in nodes(path)
        if isinstance(node, ast.ImportFrom) and node.module in ("byhand.mistakes", "byhand.mistakes.registry")
        if "away" in {alias.name for alias in node.names}
    }
    assert imported - {"mistakes/__init__.py"} == {"page/reader.py"}


def test_no_name_of_a_file_is_bound_twice():
    """Else the second meaning takes the place of the first, also in the functions before it."""
    for path in FILES.values():
        found = Counter[str]()
        for node in tree(path).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] += node.name != "_"
            targets = node.targets if isinstance(node, ast.Assign) else []
            found.update(x.id for target in targets for x in ast.walk(target)
                         if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store))  # fmt: skip
        assert [name for name, count in found.items() if count > 1] == [], path


def test_no_two_files_of_tests_have_one_name():
    """Else pytest takes the second for the first, and tests none of it."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_there_is_one_kind_of_record():
    """msgspec's Struct; a notebook's cell, which may have no msgspec, says what stands for it."""
    defining = re.compile(r"(?<!is_)\bdataclass\(|@dataclass")
    others = {name for name, path in FILES.items() if defining.search(path.read_text(encoding="utf-8"))}
    assert others == {"formats/notebook/checks.py", "formats/notebook/arrays.py"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_field_is_described_below_it(name):
    """The docstring of a class is about the whole, and no comment stands beside a field."""
    text = FILES[name].read_text(encoding="utf-8")
    for each in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)):
        about = " ".join((ast.get_docstring(each) or "").split())
        for field in (node for node in each.body if isinstance(node, ast.AnnAssign)):
            assert not re.search(rf"(?:^|[.;] |, ){field.target.id}: ", about), f"{each.name}: {field.target.id}"
            assert " # " not in text.splitlines()[field.end_lineno - 1], f"{each.name}: {field.target.id}"
