"""What a page says of itself, in words for machines: `view=key language=en … sheet=softmax seed=0 hash=1234567`.

It stands among the metadata of HTML and PDF: what the page was asked for, and what it prints of itself at head and
foot. Who reads a page back prints it again as this says, and compares all. `left` are the entries that its inverse
exercises leave out, and the constructions to which somebody's own numbers leave nothing to do; `forms` are those of
somebody's own numbers where the sheet's have others, `leads` names the sheets beside it to which a page of a book
leads, and `templates` is a hash of somebody's own templates, if it was printed with some.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from byhand.notation.marks import rewritten
from byhand.worksheet.context import Context
from byhand.worksheet.excerpt import HEAD, Excerpt
from byhand.worksheet.folders import own_templates
from byhand.worksheet.inverse import LeftOut, leave_out

NAME = "byhand"  # of the entry among the metadata
OPTIONS = ("numbers", "places", "rounding", "base", "orientation", "level", "language")  # of an answers file
LARGE, LARGE_ALONE = "yes", "own"  # large print: as all copies of a class have it, or as one of them alone
FORMS = "forms"  # the word for the forms of somebody's own numbers
LEADS = "leads"  # the word for the sheets to which a page of a book leads
FIELDS = "fields"  # the word for how many fields there are on a form
DOT = "·"  # in the name of a field of a PDF, for a dot, which a PDF reads as a step down a hierarchy
_WORD = r"[a-z]+=[\w.:;,/\[\]%~-]*"
_WORDS = re.compile(rf"{_WORD}( {_WORD})*")
_ENTRY = re.compile(r"([^:;,/]+)/([0-9]{1,4})\.([0-9]{1,4})")


def asked(context: Context) -> dict[str, str]:
    """What a sheet was asked for: as much as decides, besides numbers and words, what is printed of it."""
    domain, config = context.tape.domain, context.config
    known = {
        "language": context.messages.language, "level": context.level, "orientation": context.orientation,
        "numbers": domain.name, **domain.details(), "base": config.softmax_base,
    }  # fmt: skip
    chosen = ";".join(
        f"{name}:{','.join(f'{operand}/{i + 1}.{j + 1}' for operand, i, j in places)}"
        for (name, _), places in context.left_out.items()
    )
    words = {"tokens": context.tokens, "source": context.source, "vocabulary": context.vocabulary}
    said = {
        kind: ",".join(rewritten(as_word, context.spelled.get(word, word)) for word in texts)
        for kind, texts in words.items()
    }
    listed = {"left": chosen, FORMS: as_word(context.forms), **said, "templates": own_templates(),
              "large": LARGE * context.large, "look": as_word(context.look),
              **_of_excerpt(context.excerpt)}  # fmt: skip
    return {name: str(value) for name, value in known.items()} | {name: text for name, text in listed.items() if text}


def _of_excerpt(excerpt: Excerpt) -> dict[str, str]:
    """What is taken of a sheet, as words; nothing for all of it, as it is."""
    return {
        "steps": ",".join(map(as_word, excerpt.steps)),
        "points": ",".join(f"{as_word(step)}:{worth}" for step, worth in excerpt.points.items()),
        "lines": str(excerpt.lines or ""), "above": as_word(excerpt.before), "below": as_word(excerpt.after),
        "head": "" if excerpt.head == HEAD else ",".join(excerpt.head) or "none",
        "help": "" if excerpt.help else "none",
    }  # fmt: skip


def excerpt_of(known: Mapping[str, str]) -> Excerpt:
    """What a page says that was taken of its sheet.

    Raises: ConfigError where that cannot be taken.
    """
    points = (entry.rpartition(":") for entry in filter(None, known.get("points", "").split(",")))
    lines, head = known.get("lines", "0"), known.get("head", ",".join(HEAD))
    return Excerpt(
        as_texts(known.get("steps", "")), {as_text(step): worth for step, _, worth in points},
        int(lines) if lines.isdecimal() else 0, as_text(known.get("above", "")), as_text(known.get("below", "")),
        () if head == "none" else tuple(head.split(",")), known.get("help") != "none",
    )  # fmt: skip


def left_out(known: Mapping[str, str]) -> LeftOut:
    """The entries that a page says its inverse exercises leave out."""
    omitted: LeftOut = {}
    for exercise in filter(None, known.get("left", "").split(";")):
        name, _, places = exercise.partition(":")
        leave_out(omitted, name, ((operand, int(i) - 1, int(j) - 1) for operand, i, j in _ENTRY.findall(places)))
    return omitted


def as_word(text: str) -> str:
    """A text as one word: all but ASCII letters, digits and `_.-~` percent-encoded."""
    return quote(text, safe="")


def as_words(known: Mapping[str, str]) -> str:
    """What a page says as one line. Its texts are words."""
    return " ".join(f"{name}={value}" for name, value in known.items())


def field_name(text: str) -> str:
    """A text as the name of a field of a PDF."""
    return text.replace(".", DOT)


def from_words(line: str) -> dict[str, str]:
    """What a line says, in words; nothing where it is none of ours."""
    return dict(word.split("=") for word in line.split()) if _WORDS.fullmatch(line) else {}


def as_text(word: str) -> str:
    """The text that was made one word; of a mark, one that stands for the text of the word in its place."""
    return rewritten(unquote, word)


def as_texts(words: str) -> tuple[str, ...]:
    """The texts of a list of words."""
    return tuple(map(as_text, words.split(","))) if words else ()
