"""The texts that a page may say have the places that its script fills in, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from every_sheet import SHEETS, made
from scripts import named

from byhand.formats import Setup
from byhand.formats.html.script import CHECKS, CONSTRUCTIONS, PAGE
from byhand.formats.html.sheet import of_page
from byhand.page.page import lower
from byhand.worksheet.folders import shipped

PLACE = re.compile(r"\{(\w+)\}")
NAME = re.compile(r"""(["`])((?:screen|marked|rules|slips|mistakes|shapes)\.[^"`]*)\1""")
WHY = re.compile(r"""\["(?:wrong|unreadable)", (["`])([^"`]+)\1""")  # why a changed number is not right
CHOICE = re.compile(r"\$\{[^}]*\}")
FILLED = re.compile(r", \{ ")  # what follows a name where its places are filled in
PLURALS = re.compile(r"\.(one|other)$")
FILES = (*CHECKS, *CONSTRUCTIONS, *PAGE)
SCRIPT = "\n".join((shipped() / "screen" / f"{name}.js").read_text("utf-8") for name in FILES)


def fields_of(literal: str) -> Iterator[str]:
    """The names of the fields of an object, with which some JavaScript begins."""
    depth, field = 0, ""
    for sign in literal:
        if depth == 1 and sign in ":,}":
            if field.strip():
                yield field.strip()
            field = "" if sign == "," else "\n"  # what follows a colon is the field's value
        elif depth == 1 and not field.startswith("\n"):
            field += sign
        depth += (sign in "{[(") - (sign in "}])")
        if depth == 0:
            return


def said() -> dict[str, set[frozenset[str]]]:
    """The names of texts in the script, which may leave a choice, and the places that each call fills in."""
    found: dict[str, set[frozenset[str]]] = {}
    for begin, names in (("", NAME), ("construction.", WHY)):
        for name in names.finditer(SCRIPT):
            filled = (
                frozenset(fields_of(SCRIPT[name.end() + 2 :])) if FILLED.match(SCRIPT, name.end()) else frozenset()
            )
            found.setdefault(f"{begin}{name[2]}", set()).add(filled)
    return found


def test_the_places_of_a_call_are_read_as_javascript_reads_them():
    assert [*fields_of("{ n: left + f({ a: 1 }, b), of, told: say(`x.${y}.z`) })")] == ["n", "of", "told"]
    assert said()["screen.found.rows"] == {frozenset({"labels"})}
    assert said()["screen.found.stand"] == {frozenset({"n", "of"})}
    assert said()["marked.either"] == {frozenset({"told", "other"})}
    assert said()["slips.${kind}.told"] == {frozenset()}
    assert said()["construction.no_${line}"] == {frozenset({"text", "labels"})}
    assert said()["construction.several"] == {frozenset()}


def test_no_two_files_of_the_script_define_one_name():
    files = [path.read_text("utf-8") for path in (shipped() / "screen").glob("*.js")]
    names = [
        name
        for text in files
        for name in re.findall(r"^(?:function\*? |class |const |let )(\w+)", text, re.MULTILINE)
    ]
    assert len(names) > 100
    assert sorted(names) == sorted({*names})


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_a_text_has_the_places_that_the_script_fills_in(orientation):
    texts = {
        name: text
        for sheet in {*SHEETS, "linear-layer", "gpt"}  # with what one works back, and words to choose
        for name, text in named(of_page(lower(*made(sheet, orientation=orientation)), Setup())["texts"])
    }
    calls, used = said(), set()
    for name, text in texts.items():
        stem = PLURALS.sub("", name)
        whole = [each for each in (name, stem) if each in calls]
        patterns = whole[:1] or [
            each for each in calls if "$" in each and re.fullmatch(CHOICE.sub("[^.]+", each), name)
        ]
        assert patterns, f"nothing says {name}"
        places = {*PLACE.findall(text)} | ({"n"} if patterns == [stem] != [name] else set())
        assert all(filled == places for each in patterns for filled in calls[each]), name
        used.update(patterns)
    assert used == {*calls}
