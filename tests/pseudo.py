"""A made-up language, xx: English with every text in brackets and a third longer.

    python tests/pseudo.py FOLDER
    BYHAND_TEMPLATES=FOLDER byhand generate --all --language xx

What is printed without brackets has no place in a translation. Formulas, numbers, places, calls and the names of steps
are as they are, as a translator leaves them.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment

from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages, said_elsewhere

LANGUAGE = "xx"
FILLER = "éüß ðæ çñåþ øœł šž êîûâ "  # letters of other languages, which the fonts have
FRONT = ("title", "goal")  # of a sheet's front matter, what is printed
OF_FAMILY = {"origin": ("who", "when", "name", "runs", "number"), "delta": ("label", "what", "so"),
             "poster": ("name", "scores", "kept", "forgets"), "cut_out": ("name", "how")}  # fmt: skip
# which strings of a call are texts, by place and by name; in a table all are
PLACES = {"hint": {0}, "check": {0}, "checkpoint": {0}, "lines": {1}, "claim": {0, 2, 3}, "find_the_error": {3},
          "guess": {0}, "question": {0, 1}, "sentence": {*range(9)}, "construct": {0}, "row of a contrast": {0}}  # fmt: skip
ROWS = {"contrast": "rows of a contrast", "rows of a contrast": "row of a contrast"}
LINES = {"lines": 0, "find_the_error": 2}  # where a call says how many lines an answer has
LINE = 68  # characters of an English reason that may be longer than a line
NAMES = {
    "text",
    "answer",
    "reason",
    "otherwise",
    "note",
    "caption",
    "question",
    "near",
    "others",
    "words",
    "cells",
    "place",
    "meet",
}
_CODE = ("variable_begin", "block_begin"), ("variable_end", "block_end")
_FILLED = re.compile(r"\{\{.*?\}\}")
_TEXT = re.compile(r"(\\+text\{)([^{}]*)(\})")
_KEPT = re.compile(  # formulas, places and what stands for code; commands of LaTeX; Markdown's signs and lines
    r"(\$[^$]*\$|\{\w+\}|___|[\ue000-\uf8ff]|\\+[A-Za-z]+|\*+|\n(?:[ \t]*\n)+|^#+ )", re.DOTALL | re.MULTILINE
)
_CORE = re.compile(r"[^\W_](?:.*[^\W_])?[.,:;?!’”)]*", re.DOTALL)


def longer(text: str) -> str:
    """A text in brackets, a third longer."""
    more = max(0, round(len(text) / 3) - 3)
    filler = (FILLER * (1 + more // len(FILLER)))[:more].strip()
    return f"[{text} {filler}]" if filler else f"[{text}]"


def prose(text: str) -> str:
    """A text with what it says made longer, and all else as it is."""
    if _TEXT.search(text) and "$" not in text:
        return latex(text)
    parts = _KEPT.split(text)
    return "".join(latex(part) if at % 2 else _said(part) for at, part in enumerate(parts))


def latex(text: str) -> str:
    r"""A formula, whose words stand in \text{…}."""
    return _TEXT.sub(lambda m: m[1] + _said(m[2]) + m[3], text)


def _said(text: str) -> str:
    core = _CORE.search(text)
    if core is None or not re.search(r"[^\W\d_]", core[0]):
        return text
    return text[: core.start()] + longer(core[0]) + text[core.end() :]


def sheet(text: str) -> str:
    """A sheet's text in the made-up language; what its front matter does not say is as in English."""
    front, body = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()
    entries = yaml.safe_load(front)
    said = {key: prose(entries[key]) for key in FRONT} | {"objectives": [*map(prose, entries["objectives"])]}
    said["lecturer"] = {key: prose(entries["lecturer"][key]) for key in ("look_for", "thinks", "ask")}
    if "riddle" in entries:
        said["riddle"] = _body(entries["riddle"])
    for table, printed in OF_FAMILY.items():
        if table in entries:
            said[table] = {key: _body(text) for key, text in entries[table].items() if key in printed}
    if "cost" in entries:
        said["cost"] = {prose(name): formula for name, formula in entries["cost"].items()}
    if names := entries.get("names"):
        said["names"] = {axis: [*map(prose, words)] for axis, words in names.items()}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
    return "\n".join(["---", *lines, "---", _body(body)])


def _body(text: str) -> str:
    """Prose with calls in it."""
    parts, code = list[str](), list[tuple[str, str]]()
    for _, kind, value in Environment(keep_trailing_newline=True).lex(text):
        if kind in _CODE[0] or code:
            code.append((kind, value))
        else:
            parts.append(value)
        if kind in _CODE[1]:
            parts.append("".join(_call(code)))
            code = []
    calls = [part for part in parts if part.startswith(("{{", "{%"))]
    return aside(re.compile("|".join(map(re.escape, dict.fromkeys(calls))) or "$^"), "".join(parts), prose)


def aside(what: re.Pattern[str], text: str, make: Callable[[str], str]) -> str:
    """What is made of a text in which each of some parts is put aside and stands as one character."""
    kept = what.findall(text)
    signs = map(chr, range(0xE000, 0xE000 + len(kept)))
    made = make(what.sub(lambda m: next(signs), text))
    return re.sub("[\ue000-\uf8ff]", lambda m: kept[ord(m[0]) - 0xE000], made)


def _call(code: list[tuple[str, str]]) -> Iterator[str]:
    """An expression or a statement, its texts made longer."""
    calls = [["", 0, ""]]  # name, argument's place and name
    before, longest = "", 0
    for at, (kind, value) in enumerate(code):
        choice = before == "else" or _next(code, at) == "if"  # of one text or another, where it is printed
        chosen = choice and len(calls) == 1 and code[0][0] == _CODE[0][0]
        if kind == "string" and (chosen or _is_text(*calls[-1])) and before not in ("==", "!=", "in"):
            make: Callable[[str], str] = latex if calls[-1][2] == "caption" else prose
            longest = max(longest, len(value))
            value = value[0] + aside(_FILLED, _FILLED.sub(_filled, value[1:-1]), make) + value[0]
        elif kind == "integer" and calls[-1][1:] == [LINES.get(calls[-1][0]), ""]:
            value = str(math.ceil(int(value) * 4 / 3))
        elif value == "(":
            longest = 0
            calls.append([before, 0, ""] if code[at - 1][0] == "name" else _inside(calls[-1]))
        elif value == "[":  # after a name, what is taken from it
            calls.append(["", 0, ""] if code[at - 1][0] == "name" else _inside(calls[-1]))
        elif value in (")", "]"):
            name, _, named = calls.pop()
            if name == "claim" and longest > LINE and value == ")" and named != "lines":
                value = ", lines=2)"
        elif value == ",":
            calls[-1][1:] = calls[-1][1] + 1, ""
        elif value == "=":
            calls[-1][2] = before
        if kind != "whitespace":
            before = value
        yield value


def _next(code: list[tuple[str, str]], at: int) -> str:
    """What stands after a place of some code, spaces left out."""
    return next((value for kind, value in code[at + 1 :] if kind != "whitespace"), "")


def _filled(found: re.Match[str]) -> str:
    """An expression within a text, which may choose between texts of its own."""
    return "".join(_call([(kind, value) for _, kind, value in Environment().lex(found[0])]))


def _inside(argument: list[Any]) -> list[Any]:
    """What stands in brackets within an argument: as in a table, all are texts, or none is; in a row of a contrast,
    the first is.
    """
    if argument[0] in ROWS:
        return [ROWS[argument[0]], 0, ""]
    return ["table" if _is_text(*argument) else "", 0, ""]


def _is_text(call: str, place: int, name: str) -> bool:
    return name in NAMES or call == "table" or (not name and place in PLACES.get(call, ()))


def write(folder: Path) -> None:
    """All sheets and messages into a folder of templates."""
    for inside in ("worksheets", "messages"):
        (folder / inside).mkdir(parents=True, exist_ok=True)
    sheets = folder / "worksheets" / LANGUAGE
    sheets.mkdir(exist_ok=True)
    for name, path in sheet_files().items():
        (sheets / f"{name}.md").write_text(sheet(path.read_text(encoding="utf-8")), encoding="utf-8")
    said = messages().texts | dict(said_elsewhere())
    texts = (f"{name} = {json.dumps(prose(text), ensure_ascii=False)}" for name, text in said.items())
    (folder / "messages" / f"{LANGUAGE}.toml").write_text("\n".join([*texts, ""]), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
