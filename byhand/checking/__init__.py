"""From a printed file back: what it shows is read, run and printed again, and compared; a run.json is judged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

from byhand import __version__
from byhand.arithmetic.domains import Domain
from byhand.checking.guess import fitted, original, values_of
from byhand.errors import ByHandError, DomainError, UnknownNameError, UnreadableError, WitnessError
from byhand.model.weights import Values, complete
from byhand.pipeline import ROUNDINGS, Options, number_system, recorded
from byhand.render.html import Medium, Pages
from byhand.render.json import fingerprint
from byhand.verify.back import Again, Print, Printed, Shown, check
from byhand.verify.page import Page, read_html, squeezed
from byhand.verify.witness import judge
from byhand.worksheet.document import Level
from byhand.worksheet.figures import Orientation
from byhand.worksheet.sheet import Sheet, load_sheet

Judges = Sequence[Callable[[Mapping[str, Any]], None]]
ROUGHLY = number_system("decimal", rounding="once")  # which loses nothing and fails at nothing
LARGEST_FILE = 50_000_000  # bytes
MOST_PLACES = 12


@dataclass(frozen=True)
class Verdict:
    """What was found in a file: a line for each fault, and one that says what it is."""

    faults: tuple[str, ...]
    about: str


def verify(path: Path | str, *, onnx: bool = False) -> Verdict:
    """Judge a worksheet, key or worked file, HTML or PDF, or a run.json; with `onnx`, by ONNX's reference, too.

    Raises: UnreadableError where it is none of these; ExtraError.
    """
    path = Path(path)
    judges = [judge]
    if onnx:
        from byhand.verify import graph

        judges.append(graph.judge)
    content = _content(path)
    if path.suffix.lower() == ".json":
        record = _record(content)
        return Verdict(_denied(record, judges), f"{record['model']}, {len(record['steps'])} steps")
    medium: Medium = "print" if content.startswith(b"%PDF") else "screen"
    if medium == "print":
        from byhand.verify.pdf import read_pdf

        page = read_pdf(content)
    else:
        page = read_html(_text(content))
    sheet, found, refused = _sheet(page), list[tuple[str, ...]](), list[UnreadableError]()
    for options in options_of(page):
        try:
            found.append(_faults(page, medium, sheet, options, judges))
        except UnreadableError as error:
            refused.append(error)
            continue
        if not found[-1]:
            break
    if not found:
        raise refused[0]
    return Verdict(min(found, key=len), _about(page))


def _faults(page: Page, medium: Medium, sheet: Sheet, options: Options, judges: Judges) -> tuple[str, ...]:
    """What is not as the page's givens make it, if the page was asked for like this."""
    domain = _system(options)

    def printer(own: Values) -> Print:
        def print_again(shown: Shown, roughly: bool) -> Printed:
            values = values_of(own, shown)
            try:
                document, record, _ = recorded(sheet, values, options, domain, None)
                for each in judges:
                    each(record)
            except DomainError:
                if not roughly:
                    raise
                document, record, _ = recorded(sheet, values, options, ROUGHLY, None)
            stamp = {"seed": page.foot.seed, "hash": fingerprint(record, document.steps)}
            words = {kind: tuple(map(str, getattr(values, kind))) for kind in ("tokens", "source", "vocabulary")}
            return Printed(Pages(replace(document, stamp=stamp)), record, stamp["hash"], words)

        return print_again

    own = original(sheet, options, domain, page)
    try:
        if own is None:
            own = fitted(complete(sheet.given(letters=options.numbers == "symbolic", base=options.base)),
                         lambda values, shown: Again(printer(values)(shown, True), page, medium))  # fmt: skip
        return tuple(check(page, medium, printer(own)))
    except UnreadableError:
        raise
    except ByHandError as error:
        return (f"the page's givens cannot be worked with: {error}",)


def said(path: Path | str, *, onnx: bool = False) -> tuple[list[str], bool]:
    """What to say of a file: what it is and each fault; and whether it could be read.

    Raises: ExtraError.
    """
    try:
        verdict = verify(path, onnx=onnx)
    except UnreadableError as error:
        return [f"cannot be verified: {error}"], False
    return [f"{verdict.about}: {'WRONG' if verdict.faults else 'right'}", *verdict.faults], True


def options_of(page: Page) -> list[Options]:
    """What a page may have been asked for, as its conventions say; what they do not say may be anything.

    Raises: UnreadableError where they do not say how numbers are written.
    """
    said = page.texts[0]
    level = re.search(rf"byhand(?:·worksheet\d+)?·({'|'.join(get_args(Level))})", said)
    systems = [Options(numbers="exact"), Options(numbers="symbolic")]
    for places, rounding in product(range(1, MOST_PLACES + 1), ROUNDINGS):
        systems.append(Options(numbers="decimal", places=places, rounding=rounding))
    system = next((o for o in systems if squeezed(_system(o).rule) in said), None)
    if system is None:
        raise UnreadableError("its conventions do not say how its numbers are written, as our pages do")
    base = re.search(r"Softmaxhasbase(2|3|e)\.", said)
    bases: tuple[int | str | None, ...] = (_base(base[1]),) if base else (None, 2, 3, "e")
    ways = [way for way in get_args(Orientation) if f"{way.capitalize()}aretokens" in said] or get_args(Orientation)
    return [
        replace(system, seed=0, base=of, orientation=way, level=level[1] if level else None)  # type: ignore[arg-type]
        for of, way in product(bases, ways)
    ]


def _base(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _system(options: Options) -> Domain:
    return number_system(options.numbers, options.places, options.rounding)


def _sheet(page: Page) -> Sheet:
    try:
        return load_sheet(page.foot.sheet)
    except UnknownNameError as error:
        raise UnreadableError(f"it is of another course: {error}") from None


def _about(page: Page) -> str:
    """What a file is, and whether another version made it."""
    numbers = sum(bool(re.search(r"\d", text)) for table in page.tables for row in table.rows for text in row)
    foot, other = page.foot, page.foot.version != __version__
    made = f"; byhand {foot.version} made it, this is {__version__}, whose pages may be others" if other else ""
    return f"{foot.sheet}, seed {foot.seed}, {page.view}: {numbers} cells with numbers{made}"


def _denied(record: Mapping[str, Any], judges: Judges) -> tuple[str, ...]:
    """What the witnesses of a run say against it."""
    faults = []
    for each in judges:
        try:
            each(record)
        except WitnessError as error:
            faults.append(str(error))
        except (LookupError, TypeError, AttributeError, ValueError):
            raise UnreadableError("it is no run.json of byhand's: a step lacks what it should have") from None
    return tuple(faults)


def _record(content: bytes) -> Any:
    try:
        record = json.loads(_text(content))
        if record["schema"] == 1 and all(record[key] is not None for key in ("model", "config", "numbers", "steps")):
            return record
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    raise UnreadableError("it is no run.json of byhand's")


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableError(f"it has over {LARGEST_FILE // 1_000_000} MB; no page of ours is as long")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror or error}") from None


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("it is neither HTML nor PDF nor a run.json") from None
