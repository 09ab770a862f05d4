"""The reference: pages that are made of the code itself, by Sphinx and by these functions."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
from sphinx.pycode import ModuleAnalyzer

import byhand
from byhand.model.config import Config
from byhand.model.parameters import parameter_shapes
from byhand.options import Options
from byhand.paper import EXAMPLE, PaperFile
from byhand.worksheet.front import read
from byhand.worksheet.order import order

SCHEMAS = ("run", "page", "answers")
NAMES = {
    "object": "table", "string": "text", "integer": "whole number", "null": "`null`", "boolean": "true or false",
}  # fmt: skip
PACKAGE = Path(byhand.__file__).parent


def write_reference(source: Path) -> tuple[str, ...]:
    """Write the pages of the reference, and return their names in order."""
    folder = source / "reference"
    folder.mkdir()
    pages = {
        "commands": _commands(), "values-file": _values_file(), "exam-toml": _exam_toml(), "python": _python(),
        **{f"{name}-json": _schema_file(name, folder) for name in SCHEMAS},
    }  # fmt: skip
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return tuple(f"reference/{name}" for name in pages)


def _rst(*lines: str) -> str:
    """Lines of reStructuredText, in which the directives of autodoc and sphinx-click are written."""
    return "\n".join(["```{eval-rst}", *lines, "```"])


def _commands() -> str:
    listed = _rst(".. click:: byhand.cli:main", "   :prog: byhand", "   :nested: full")
    return f"# Commands\n\n{listed}\n"


def _fields(kind: type[msgspec.Struct]) -> str:
    """What stands in a class: each entry, its type, what it is without being asked for, and what its author says."""
    said = ModuleAnalyzer.for_module(kind.__module__).find_attr_docs()
    types, defaults = inspect.get_annotations(kind), kind.__struct_defaults__  # all of them have one
    rows = [
        f"| `{name}` | {_cell(f'`{types[name]}`')} | {_default(default)} "
        f"| {_cell(' '.join(said.get((kind.__qualname__, name), [])).strip())} |"
        for name, default in zip(kind.__struct_fields__, defaults, strict=True)
    ]
    return "\n".join(["| | type | by default | |", "|---|---|---|---|", *rows])


def _default(default: Any) -> str:
    if isinstance(default, (str, Fraction)):
        return f"`{_cell(str(default))}`" if default != "" else ""
    return f"`{default}`" if isinstance(default, (int, tuple, type(None))) else ""  # others are made when needed


def _python() -> str:
    """The public functions, and what can be asked of them."""
    functions = "\n\n".join(_rst(f".. autofunction:: byhand.{name}") for name in byhand.__all__ if name != "Options")
    how = inspect.getdoc(byhand) or ""
    return f"# From Python\n\n{how}\n\n{functions}\n\n## Options\n\n{_fields(Options)}\n"


def _values_file() -> str:
    block = parameter_shapes(Config(d_vocab=6))
    shapes = "\n".join(f"| `{name}` | {' × '.join(map(str, shape))} |" for name, shape in block.items())
    sheets = "\n".join(
        f"| `{name}` | {_names(front.get('inputs'))} | {_names(front.get('weights'))} |"
        for name in order()
        if (front := read(name, "en")[0])
    )
    return "\n\n".join([
        "# Values files: every name",
        "What a file for `--values` may hold; [Your own numbers](../values.md) tells how it is used.",
        "## Options of a model, under `config`",
        _fields(Config),
        "## Weights",
        "Those of a model of one layer with the sizes above and six words; a shape has its own with other sizes.",
        f"| under `weights` | shape |\n|---|---|\n{shapes}",
        "## What each sheet has",
        "A file for a sheet may have any of its sheet’s entries; what it leaves out is as the sheet has it.",
        f"| sheet | `inputs` | `weights` |\n|---|---|---|\n{sheets}",
    ]) + "\n"  # fmt: skip


def _names(entries: Mapping[str, Any] | None) -> str:
    return ", ".join(f"`{name}`" for name in entries or ())


def _exam_toml() -> str:
    schema = msgspec.json.schema(PaperFile)
    return "\n\n".join([
        "# exam.toml",
        "A paper, as `byhand paper new exam.toml` writes an example; [Papers](../papers.md) tells what comes of it.",
        f"```toml\n{EXAMPLE.format(name='exam.toml')}```",
        "## Entries",
        *_objects(schema),
    ]) + "\n"  # fmt: skip


def _schema_file(name: str, folder: Path) -> str:
    """The page of a JSON Schema that byhand ships."""
    file = PACKAGE / f"{name}.schema.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    there = Path(os.path.relpath(file, folder)).as_posix()
    return "\n\n".join([
        f"# {name}.json",
        f"{schema['description']}\n\nAs a [JSON Schema]({there}).",
        *_objects(schema),
    ]) + "\n"  # fmt: skip


def _objects(schema: Mapping[str, Any]) -> Iterator[str]:
    """Every object that a schema describes, each as a table of its entries under its name."""
    if "properties" in schema:
        yield _table(schema)
    for name, of in schema.get("$defs", {}).items():
        yield f"## {name}"
        if said := of.get("description"):
            yield said
        yield _table(of) if "properties" in of else f"{_kind(of)}."


def _table(schema: Mapping[str, Any]) -> str:
    rows = [
        f"| `{name}`{'' if name in schema.get('required', ()) else ' (may be left out)'} | {_cell(_kind(of))} "
        f"| {_cell(_said(of))} |"
        for name, of in schema["properties"].items()
    ]
    return "\n".join(["| entry | kind | |", "|---|---|---|", *rows])


def _said(schema: Any) -> str:
    """What a schema says of an entry, and its default."""
    if not isinstance(schema, Mapping):
        return ""
    default = [f"Without it: `{json.dumps(schema['default'])}`."] if schema.get("default") not in (None, "") else []
    return " ".join([*filter(None, [schema.get("description", "")]), *default])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _kind(schema: Any) -> str:
    """What an entry may be, in a few words."""
    if schema is True or schema == {}:
        return "anything"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(map(_kind, schema[word])))
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    kinds = schema.get("type", "object" if "properties" in schema else "anything")
    if isinstance(kinds, list):
        return " or ".join(_kind({**schema, "type": kind}) for kind in kinds)
    if kinds == "array":
        inner = schema.get("items", True)
        return f"list of {_kind(inner)}" if inner is not False else "list"
    if kinds == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"table of {_kind(schema['additionalProperties'])}"
    return NAMES.get(kinds, kinds)
