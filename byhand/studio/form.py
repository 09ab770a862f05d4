"""What the page of a paper sends, as the paper's file and the options of the commands say it.

The whole paper is one form. Its fields are named after the entries of the file; those of a sheet or a text have its
place behind them, as `points-2` has. A button that adds, moves or removes a part sends the whole form, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from byhand.errors import ConfigError, UnknownNameError
from byhand.notation.number import shown
from byhand.options import Options
from byhand.options_file import options_of
from byhand.paper import PaperFile, PaperPart, Points
from byhand.studio.previews import Step
from byhand.worksheet.looks import ready_made, words_of

MOST_PARTS = 200  # sheets and texts
StepsOf = Callable[[str], Sequence[Step]]


class Sent(Protocol):
    """A form: fields by their names, of which some are there several times."""

    def get(self, name: str, default: str = "") -> Any: ...
    def getlist(self, name: str) -> list[Any]: ...


def said_by_form(form: Sent, steps_of: StepsOf, before: PaperFile) -> PaperFile:
    """The paper's file that a form says. before: what it said, of which the form does not have all.

    Raises: ConfigError where a field holds what no file can have.
    """
    return PaperFile(
        title=_line(form, "title") or "A paper without a title",
        parts=[part for n in range(min(_number(form, "parts", "how many parts there are"), MOST_PARTS))
               if (part := _part(form, n, steps_of)) != PaperPart()],
        course=_line(form, "course"), date=_line(form, "date"), time=_number(form, "time", "minutes"),
        order="shuffled" if form.get("order") == "shuffled" else "fixed", cover=bool(form.get("cover")),
        help=bool(form.get("help")), text=_text(form, "text"), head=before.head,
    )  # fmt: skip


def _part(form: Sent, n: int, steps_of: StepsOf) -> PaperPart:
    """The sheet or the text at a place; nothing where a text is empty."""
    sheet = _line(form, f"sheet-{n}")
    if not sheet:
        return PaperPart(text=_text(form, f"own-{n}"))
    known = [str(step.number) for step in steps_of(sheet)]
    ticked = [number for number in known if number in form.getlist(f"steps-{n}")]
    if not ticked:
        raise ConfigError(f"tick at least one step of {sheet}, or remove it")
    of_steps = {number: worth for number in ticked if (worth := _line(form, f"points-{n}-{number}"))}
    points = _worth(_line(form, f"points-{n}"))
    worths: dict[str, Points] = {step: _worth(worth) or 0 for step, worth in of_steps.items()}
    return PaperPart(
        sheet=sheet, steps="" if ticked == known else ranges([*map(int, ticked)]), points=worths or points,
        lines=_number(form, f"lines-{n}", "lines"), level=_line(form, f"level-{n}") or None,  # type: ignore[arg-type]
    )  # fmt: skip


def ranges(numbers: Sequence[int]) -> str:
    """Numbers that go up as a file has them: 1-3, 5."""
    runs = list[list[int]]()
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _worth(typed: str) -> Points | None:
    """Points as a file has them: a number where it is one, else the text, of which the file's reader says more."""
    typed = typed.replace(",", ".").replace("½", ".5")
    if not typed:
        return None
    try:
        worth = float(typed)
    except ValueError:
        return typed
    return int(worth) if worth.is_integer() else worth


def options_by_form(form: Sent) -> tuple[Options, bool]:
    """The options that a form says, and whether a class has a secret.

    Raises: ConfigError.
    """
    base = _line(form, "base")
    entries: Mapping[str, Any] = {
        "seed": _number(form, "seed", "a seed"), "level": _line(form, "level") or None,
        "numbers": _line(form, "numbers") or None, "orientation": _line(form, "orientation") or "rows",
        "paper": _line(form, "paper") or "a4", "large": bool(form.get("large")),
        "base": int(base) if base in ("2", "3") else base or None, "language": _line(form, "language") or "en",
        "tokens": _line(form, "tokens").split(),
        "look": words_of(_chosen(form, "look", ready_made())),
    }  # fmt: skip
    return options_of(entries, "options"), bool(form.get("secret"))


def _chosen(form: Sent, name: str, known: Collection[str]) -> str:
    """One of these names, or none.

    Raises: UnknownNameError.
    """
    chosen = _line(form, name)
    if chosen and chosen not in known:
        raise UnknownNameError(name, chosen, known)
    return chosen


def changed(said: PaperFile, form: Sent) -> PaperFile:
    """What a paper's file says after a button was pressed. `add` names a sheet, which is there once however often it
    is pressed; `remove` a part, by its sheet or its place; `move` a part and its new place, such as "softmax 1".
    """
    parts = [*said.parts]
    name = _line(form, "add")
    if name and name not in (part.sheet for part in parts):
        at = _line(form, "at")
        parts.insert(int(at) if at.isdecimal() else len(parts), PaperPart(sheet=name))
    if (place := _place(parts, _line(form, "remove"))) is not None:
        del parts[place]
    which, _, end = _line(form, "move").partition(" ")
    if (place := _place(parts, which)) is not None and end.isdecimal():
        parts.insert(min(int(end), len(parts) - 1), parts.pop(place))
    return replace(said, parts=parts)


def _place(parts: Sequence[PaperPart], which: str) -> int | None:
    """The place of a part; one that is not there any more has none."""
    places = {part.sheet or str(n): n for n, part in enumerate(parts)}
    return places.get(which)


def _line(form: Sent, name: str) -> str:
    typed = form.get(name, "")
    return " ".join(typed.split()) if isinstance(typed, str) else ""


def _text(form: Sent, name: str) -> str:
    typed = form.get(name, "")
    return "\n".join(typed.strip().splitlines()) if isinstance(typed, str) else ""


def _number(form: Sent, name: str, what: str) -> int:
    """A whole number; 0 where nothing is typed."""
    typed = _line(form, name)
    if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 19):
        raise ConfigError(f"{shown(typed)} is no number; give {what}")
    return int(typed or 0)
