"""Jinja for untrusted templates: they can use only the values that they are given, and rendering always ends.

Jinja's own sandbox keeps a template from files, modules and private attributes. This one also limits time and memory:
each iteration of a loop, each call, each part of a list and each character that an expression produces is paid from a
budget, and a rendering whose budget is spent is stopped, as is one that takes too long.
"""

from __future__ import annotations

import marshal
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from numbers import Number
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateSyntaxError,
    Undefined,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from byhand.arithmetic.copies import categories
from byhand.cache import cached
from byhand.deadline import deadline
from byhand.worksheet.program import code

FILTERS_ALLOWED = (
    "abs", "capitalize", "default", "e", "escape", "first", "float", "int", "last", "length", "list", "lower", "max",
    "min", "reverse", "round", "sort", "string", "sum", "title", "trim", "unique", "upper",
)  # fmt: skip
METHODS_ALLOWED = {
    "count",
    "endswith",
    "get",
    "index",
    "items",
    "keys",
    "lower",
    "startswith",
    "strip",
    "upper",
    "values",
}
BUILT_IN = (str, bytes, int, float, complex, list, tuple, dict, set, frozenset, range)
SECONDS = 5.0  # of the processor's time, for a rendering; one of the course takes a tenth of one
PART = 100  # what a part of a list costs, in characters
TURN = 1_000  # what a turn of a loop or a call costs, in characters
HIGHEST_POWER = 64
LARGEST_NUMBER = 10**18
LARGEST_TEMPLATE = 1_000_000  # characters
_PLACE = re.compile(r"\{\{.*\}\}", re.DOTALL)


def _in_time() -> AbstractContextManager[None]:
    return deadline(SECONDS, f"a sheet or a template takes over {SECONDS:.3g} seconds; make it simpler")


class Sandbox(ImmutableSandboxedEnvironment):
    """A Jinja environment in which each rendering has a budget of characters."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, budget: int, finalize: Callable[[Any], Any] = lambda value: value, **options: Any) -> None:
        super().__init__(undefined=StrictUndefined, finalize=lambda value: self._paid(finalize(value)), **options)
        self.budget = self.left = budget
        self.turn = TURN
        self.safe: dict[tuple[type, str], bool] = {}
        self.filters = {name: FILTERS[name] for name in FILTERS_ALLOWED} | {
            "join": _join, "replace": _replace, _COUNTED: _counted, _CONCAT: _join, _BUILT: _built,
        }  # fmt: skip

    def rendered(self, template: str, **values: Any) -> str:
        """Render a template of the loader within the budget."""
        self.left = self.budget
        with _in_time():
            return "".join(self.get_template(template).generate(**values))

    def rendered_text(self, source: str) -> str:
        """Render a template's text within the budget; here an iteration costs as many characters as the text has."""
        self.left, self.turn = self.budget, max(TURN, len(source))
        with _in_time():
            return "".join(self.from_string(source).generate())

    def compile(  # type: ignore[override] # never raw
        self, source: str, name: str | None = None, filename: str | None = None, **options: Any
    ) -> Any:
        """The bytecode of a template, compiled or from the cache.

        Jinja's part of the work is to write the template as Python. It takes four times as long as Python's own, and
        is the same for each version of Python, so that the wheel can bring it.
        """
        translate: Callable[[], Any] = partial(super().compile, source, name, filename, raw=True, **options)
        file = filename or "<template>"
        looks = repr((name, options, self.autoescape, self.trim_blocks, self.lstrip_blocks, sorted(self.filters)))

        def bytecode() -> bytes:
            python = cached("templates", lambda: translate().encode(), code(), looks, source)
            return marshal.dumps(compile(python, file, "exec"))

        return marshal.loads(cached("compiled", bytecode, sys.version, code(), file, looks, source))

    def pay(self, characters: int) -> None:
        """Take characters from the budget.

        Raises: SecurityError where it is spent.
        """
        self.left -= characters
        if self.left < 0:
            raise SecurityError("it repeats too much, or makes too long a text; a page is shorter")

    def pay_for(self, value: Any) -> None:
        """Pay for a text, or for a list and all that is in it, as often as it is in it.

        So a list that holds another twice, which holds another twice, and so on, is stopped while it is made: nothing
        that writes or compares it would end.
        """
        if isinstance(value, str):
            self.pay(len(value))
            return
        left = [value]
        while left:
            part = left.pop()
            if isinstance(part, str):
                self.pay(len(part))
            elif isinstance(part, list | tuple | set | frozenset | dict):
                self.pay(PART * len(part))
                left += [*part.values(), *part] if isinstance(part, dict) else part
            else:
                _check_defined(part)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Call an object; this costs as much as an iteration.

        Raises: UndefinedError where an argument is not defined; else it would be where the argument is used.
        """
        self.pay(self.turn)
        for given in (*args, *kwargs.values()):
            _check_defined(given)
        return super().call(context, obj, *args, **kwargs)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An attribute of an object; at once, where it is known that it may be read."""
        if self.safe.get((type(obj), attribute)) and not isinstance(obj, BUILT_IN):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                pass
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether an attribute may be read: of built-in types, only methods that make nothing longer."""
        if isinstance(obj, BUILT_IN) and callable(value):
            return attr in METHODS_ALLOWED
        asked = type(obj), attr  # Jinja's own test looks at nothing else
        if asked not in self.safe:
            self.safe[asked] = super().is_safe_attribute(obj, attr, value)
        return self.safe[asked]

    def wrap_str_format(self, value: Any) -> None:
        """Forbid `"…".format`: its widths can make texts of any length."""

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Apply a binary operator, if its numbers are small enough; a longer text or list is paid for."""
        lefts, rights = categories(left), categories(right)
        if all(isinstance(x, Number) for x in (*lefts, *rights)):
            most = HIGHEST_POWER if operator == "**" else LARGEST_NUMBER
            if not all(abs(x) <= limit for of, limit in ((lefts, LARGEST_NUMBER), (rights, most)) for x in of):
                raise SecurityError(f"a number before or after {operator} is too large; use smaller numbers")
        elif operator == "*":
            count, repeated = (left, right) if isinstance(left, int) else (right, left)
            self.pay(len(repeated) * count if isinstance(count, int) else 0)
        elif operator == "+":
            self.pay(len(left) + len(right))
        else:
            raise SecurityError(f"{operator} is for numbers")
        return super().call_binop(context, operator, left, right)

    def _paid(self, value: Any) -> Any:
        self.pay(0 if isinstance(value, str) else TURN)
        self.pay_for(value)
        return value

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(source) > LARGEST_TEMPLATE:
            raise SecurityError(f"it has {len(source):,} characters; {LARGEST_TEMPLATE:,} are the most")
        tree = _Filling(super()._parse).visit(super()._parse(source, name, filename))
        return _Paying().visit(tree)  # type: ignore[no-any-return]


_COUNTED, _CONCAT, _BUILT = (
    "counted turns",
    "joined parts",
    "built list",
)  # filter names with a space, so that no template can use them


class _Filling(NodeTransformer):
    """Render {{ … }} within string literals, too: "each {{ row }} adds up to 1"."""

    def __init__(self, parse: Callable[..., nodes.Template]) -> None:
        self.parse = parse

    def visit_Const(self, node: nodes.Const, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        if not isinstance(node.value, str) or not _PLACE.search(node.value):
            return node
        try:
            body = self.parse(node.value, None, None).body
        except TemplateSyntaxError as error:
            error.lineno = node.lineno
            raise
        if not all(isinstance(each, nodes.Output) for each in body):
            raise TemplateSyntaxError("a text in quotes may hold {{ … }}, and no {% … %}", node.lineno)
        parts = [part for output in body for part in output.iter_child_nodes()]
        parts = [nodes.Const(part.data) if isinstance(part, nodes.TemplateData) else part for part in parts]
        return self.visit(nodes.Concat(parts).set_lineno(node.lineno, override=True))  # type: ignore[no-any-return]


class _Paying(NodeTransformer):
    """Route loops, lists and concatenations through the filters that pay for them; refuse what Python refuses."""

    def visit_Call(self, node: nodes.Call | nodes.Filter, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        named = [each.key for each in node.kwargs]
        if twice := next((name for name in named if named.count(name) > 1), ""):
            raise TemplateSyntaxError(f"{twice}= is given twice; give it once", node.lineno)
        self.generic_visit(node)
        return node

    visit_Filter = visit_Call  # noqa: N815

    def visit_List(self, node: nodes.Expr, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(node, _BUILT)

    visit_Dict = visit_List  # noqa: N815

    def visit_Tuple(self, node: nodes.Tuple, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        return self.visit_List(node) if node.ctx == "load" else node

    def visit_Name(self, node: nodes.Name, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        return _filter(node, _BUILT) if node.name in ("varargs", "kwargs") and node.ctx == "load" else node

    def visit_For(self, node: nodes.For, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = _filter(node.iter, _COUNTED)
        return node

    def visit_Concat(self, node: nodes.Concat, *args: Any, **kwargs: Any) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), _CONCAT)


def _check_defined(value: Any) -> None:
    """Raises: UndefinedError where a value is not defined: here, where the line of the template is known."""
    if isinstance(value, Undefined):
        str(value)


def _filter(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_context
def _counted(context: Any, items: Iterable[Any]) -> Iterator[Any]:
    for item in items:
        context.environment.pay(context.environment.turn)
        yield item


@pass_context
def _built(context: Any, value: Any) -> Any:
    context.environment.pay_for(value)
    return value


@pass_context
def _join(context: Any, parts: Iterable[Any], between: Any = "") -> str:
    """Join the parts to one text, escaped if the template escapes."""
    escaping = context.eval_ctx.autoescape
    as_text = escape if escaping else str
    texts = []
    for part in parts:
        texts.append(as_text(part))
        context.environment.pay(len(texts[-1]) + len(str(between)))
    joined = as_text(between).join(texts)
    return Markup(joined) if escaping else joined


@pass_context
def _replace(context: Any, text: str, old: str, new: str) -> str:
    context.environment.pay(len(text) * (len(new) + 1))
    return (escape(text) if context.eval_ctx.autoescape else str(text)).replace(str(old), new)


class OwnFiles(FileSystemLoader):
    """A loader of the templates in a folder that refuses links out of the folder."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """A template's source, as Jinja's loader gives it.

        Raises: TemplateNotFound; SecurityError for a link out of the folder.
        """
        for folder in map(Path, self.searchpath):
            path = folder / template
            if path.exists() and not path.resolve().is_relative_to(folder.resolve()):
                raise SecurityError(f"{template} is a link that leads out of its folder")
        return super().get_source(environment, template)


def loader(folders: Iterable[Path]) -> BaseLoader:
    """A loader of templates from several folders; an earlier folder hides templates of later ones."""
    return ChoiceLoader([OwnFiles(folder) for folder in folders])
