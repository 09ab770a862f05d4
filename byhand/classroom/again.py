"""A class that was made, again: its plan, and each student's numbers, as its folder says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from byhand.classroom.class_run import ClassRun
from byhand.classroom.fitting import AGAIN, COPY_ATTEMPTS, fitting
from byhand.classroom.index import read_index
from byhand.classroom.plan import NumberSets, Plan
from byhand.classroom.roster import Student
from byhand.errors import RosterError, SheetError
from byhand.options_file import options_of
from byhand.runs import Run
from byhand.secret import Secret
from byhand.worksheet.document import Document, Reply
from byhand.worksheet.sheet import load_sheet

if TYPE_CHECKING:
    from byhand.press import TextOf

CLASS_FILE, INDEX_FILE = "class.json", "index.csv"


def is_of_paper(folder: Path) -> bool:
    """Whether a folder holds a class of a paper, and of each of its sheets in a folder within."""
    with suppress(OSError, ValueError):
        return "paper" in json.loads((folder / CLASS_FILE).read_text("utf-8"))
    return False


class Copy(Struct, frozen=True):
    """A student of a class."""

    student: Student
    hash: str
    """The hash of the student's numbers."""
    answers: str = ""
    """The key, in the order of the page, with spaces between."""


class Class(Struct, frozen=True):
    """A class that was made."""

    plan: Plan
    copies: Sequence[Copy]
    """Its students in the roster's order."""

    @classmethod
    def in_folder(cls, folder: Path, secret: Secret | None = None) -> Class:
        """The class in a folder. secret: the one that it was made with.

        Raises: RosterError where the folder holds no class, or one that another secret or version made.
        """
        try:
            said = json.loads((folder / CLASS_FILE).read_text("utf-8"))
            rows = read_index((folder / INDEX_FILE).open("rb"))
            copies = [
                Copy(Student(row["student"], row["id"], row["group"]), row["hash"], row["answers"]) for row in rows
            ]
            made_with, asked, name = said["secret"], said["options"], str(said["sheet"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RosterError(f"{folder} holds no finished class ({error}); byhand class makes one") from None
        if made_with != (repr(secret) if secret else None):
            told = "another secret" if secret and made_with else "a secret" if made_with else "a seed, and no secret"
            raise RosterError(f"{folder} was made with {told}; name with --secret what byhand class was given")
        options = options_of(asked, f"{folder / CLASS_FILE}")
        sheet = load_sheet(name, options.language)
        if said["body"] != sheet.body:
            told = f"the sheet {name} is no longer the one that {folder} was made of"
            raise RosterError(f"{told}; use the byhand that made it, or make the class again")
        plan = Plan(
            sheet, structs.replace(options, secret=secret, large=False, look="", scan=False).on(sheet), ""
        )  # as pages are marked
        moved = plan.beside([copy.student for copy in copies])
        return cls(plan, [structs.replace(copy, student=each) for copy, each in zip(copies, moved, strict=True)])


class OwnCopy(Struct, frozen=True):
    """A student's copy."""

    copy: Copy
    document: Document
    run: Run
    replies: Sequence[Reply]
    """The replies of the document, with the copy's own texts."""
    texts: TextOf | None = None
    """What stands in the document's slots on this copy; None where the document is not the class's."""
    typical: TextOf | None = None
    """What stands in those slots where the pages are laid out."""


def own_copies(plan: Plan, copies: Sequence[Copy]) -> Iterator[OwnCopy]:
    """Each student's copy, in their order.

    Those whose page is the class's share one document, in which numbers that differ from copy to copy are columns.

    Raises: RosterError where a copy has another hash than its numbers.
    """
    numbers = NumberSets(plan)
    keys, of_class = _run(numbers, copies)
    document, first = of_class.document, of_class.domain.count - sum(map(bool, keys))
    replies = document.replies()
    texts_of_replies = "\0".join(text for reply in replies for text in (reply.right, *reply.labels))
    filled = map(of_class.filled, (document.stamp["hash"], texts_of_replies))
    columns = zip(of_class.runs(), *filled, strict=True)
    own_runs = enumerate(islice(columns, first, None), first)
    for copy, key in zip(copies, keys, strict=True):
        at, (run, hash_, said) = next(own_runs) if key else (0, (of_class.run, "", ""))
        if hash_ == copy.hash:
            texts, usual = partial(of_class.text_of, copy=at), partial(_typical, of_class)
            own_run = structs.replace(run, hash=hash_)
            own_replies = _with_texts(replies, iter(said.split("\0")))
            yield OwnCopy(copy, document, own_run, own_replies, texts, usual)
        else:
            page, run = _by_itself(plan, numbers, copy, document)
            yield OwnCopy(copy, page, run, page.replies())


def _with_texts(replies: Sequence[Reply], texts: Iterator[str]) -> Sequence[Reply]:
    """Replies with the texts of a copy."""
    return [
        structs.replace(reply, right=next(texts), labels=tuple(islice(texts, len(reply.labels)))) for reply in replies
    ]


def _run(numbers: NumberSets, copies: Sequence[Copy]) -> tuple[Sequence[str | None], ClassRun]:
    """For each copy, the key that its numbers were drawn with, and a run of the sets of numbers and of these copies.

    None for a copy that was laid out by itself. Mostly, numbers that were drawn once are those of the copy's hash.
    """
    if numbers.have_own_words:
        return [None] * len(copies), numbers.run([])  # each is run with its own words
    keys = [numbers.plan.key(copy.student) for copy in copies]
    run = numbers.run(keys)
    hashes = [*run.filled(run.document.stamp["hash"])][-len(keys) :]
    if hashes == [copy.hash for copy in copies] and not run.domain.differing.any():
        return keys, run
    fit = fitting(numbers.run, keys)
    return fit, numbers.run([key for key in fit if key])


def _typical(run: ClassRun, mark: int) -> str:
    from byhand.press import typical  # what draws pages is heavy

    return typical(run.text_of(mark, 0))


def _by_itself(plan: Plan, numbers: NumberSets, copy: Copy, of_class: Document) -> tuple[Document, Run]:
    """The document and the run of a copy that was laid out by itself, its key drawn again as often as it takes.

    of_class: the document of the class.

    Raises: RosterError where none has its hash.
    """
    from byhand.classroom.students import judged_page  # what draws pages is heavy

    left, minutes = of_class.asked.get("left", ""), of_class.sittings
    for attempt in range(COPY_ATTEMPTS):
        with suppress(SheetError):
            page, run = judged_page(plan, numbers.of(plan.key(copy.student) + AGAIN * attempt), left, minutes)
            if run.hash == copy.hash:
                return page, run
    whose = copy.student.whose
    raise RosterError(f"{whose!r} had numbers with the hash {copy.hash}, which this byhand does not make")
