"""The forms of somebody's own numbers: sizes and choices in which they are not as a sheet's.

A page says them among its metadata, for who prints it again. They hold no number: those are read off the page. The
rounded steps from which a page in decimals starts are among them, as if they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from msgspec import MsgspecError, Struct, json

from byhand.arithmetic.copies import varies
from byhand.errors import UnreadableError
from byhand.model.config import Config
from byhand.model.nested import DEEPEST, MOST_ENTRIES, flat, sizes
from byhand.model.weights import Values

# the entries of a config that are said: sizes, which a page's tables have, and a choice that its conventions tell
SAID = ("d_model", "d_head", "d_v", "d_mlp", "n_ctx", "attention_dir")
ELSEWHERE = ("softmax_base", "d_vocab")  # those that a page says as its base and its words
GIVEN = ("inputs", "weights")
Form = list[
    int
]  # the sizes of a nested list; then 0 if all in it is 0, else 1: some givens are printed only if not 0


class Forms(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What numbers have in another form than a sheet's own."""

    config: dict[str, Any] = {}
    """The entries of the config that differ, of those that are SAID."""
    inputs: dict[str, Form] = {}
    """By name, the forms of given steps that differ, or that the sheet does not give."""
    weights: dict[str, Form] = {}
    """The same of weights."""
    unsaid: list[str] = []
    """Other options in which the config differs: no page says them, so that such a page cannot be printed again."""


def forms_of(values: Values, entries: Mapping[str, Any]) -> str:
    """The forms of values where they differ from those of a sheet's entries, as JSON; "" where none does."""
    usual, forms = Config.of(entries.get("config", {})), Forms()
    for name in Config.__struct_fields__:
        if (choice := getattr(values.config, name)) == getattr(usual, name) or name in ELSEWHERE:
            continue
        if name in SAID:
            forms.config[name] = choice
        else:
            forms.unsaid.append(name)
    for kind in GIVEN:
        of_sheet = entries.get(kind, {})
        for name, entry in sorted(getattr(values, kind).items()):
            if name not in of_sheet or _form(name, entry) != _form(name, of_sheet[name]):
                getattr(forms, kind)[name] = _form(name, entry)
    return json.encode(forms).decode() if forms != Forms() else ""


def with_forms(said: str) -> dict[str, Any]:
    """The entries of a file of values that have the forms that a page says, with 1 for each number not yet read.

    Raises: UnreadableError where no page says that.
    """
    try:
        forms = json.decode(said or "{}", type=Forms)
    except MsgspecError as error:
        raise UnreadableError(f"the forms that it says its numbers have are none of byhand's ({error})") from None
    if forms.unsaid:
        raise UnreadableError(
            f"it is made with another {', '.join(forms.unsaid)} than the sheet's, which no page says; verify run.json"
        )
    if forms.config.keys() - {*SAID}:
        raise UnreadableError(f"it says entries of a config that no page says; there are: {', '.join(SAID)}")
    given = {kind: {name: _filled(*form) for name, form in getattr(forms, kind).items()} for kind in GIVEN}
    return {"config": forms.config, **given}


def _form(name: str, entry: Any) -> Form:
    is_zero = not any(varies(number) or number for number in flat(name, entry, minus_infinity=True))
    return [*sizes(name, entry), int(not is_zero)]


def _filled(*form: int) -> Any:
    """A nested list of a form.

    Raises: UnreadableError for one that no given has.
    """
    *sizes, filled = form or (-1, 1)
    if len(sizes) > DEEPEST or not all(0 < size <= MOST_ENTRIES for size in sizes) or prod(sizes) > MOST_ENTRIES:
        raise UnreadableError("it says a size that no page of ours has")
    nested: Any = int(bool(filled))
    for size in reversed(sizes):
        nested = [nested] * size
    return nested
