"""What a marked page says in its margin: a note for each slip, not for each cell, in the order of the page.

A slip has a number, by which its cells are found. What follows from a slip has the sign ↳ and one note a section; at
the end of the chain it says what the answers are once the slip is mended.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

from markupsafe import Markup, escape
from msgspec import Struct

from byhand.arithmetic.expr import Ref, substitute
from byhand.marking.causes import FOIL, UNEXPLAINED
from byhand.marking.marks import BlankMark, Cause, Counts, Marks, section_of
from byhand.marking.places import Places, matrix_name
from byhand.mistakes.slips import EITHER, PERHAPS
from byhand.notation.html import terms_html
from byhand.notation.text import text
from byhand.notation.typed import read
from byhand.notation.words import capital as with_capital
from byhand.notation.words import escaped
from byhand.page.reader import place_of
from byhand.runs import Run
from byhand.worksheet.document import Blank, Cell, Document, Panel
from byhand.worksheet.messages import Messages

State = Literal["right", "own", "not", "empty"]
STATES: tuple[State, ...] = ("right", "own", "not", "empty")
_STATE: dict[str, State] = {
    "right": "right", "followed": "own", "wrong": "not", "missing": "empty", "unreadable": "not",
}  # fmt: skip
MOST_VALUES = 12  # that a note lists
LONGEST_WORD = 60  # letters of a student's word that stay together
_INFINITY = {"-inf", "-oo", "-infinity", "-∞", "−∞"}
LONGEST_LINE = 44  # characters of a line of arithmetic in a note
MOST_SLIPS = 9  # that a lead sentence counts; of more it says where to begin
MOST_GUESSES = 3  # notes of a section that guess at one answer each
QUIET_FORMS = ("", "plus")  # of right answers: nothing is said of them


def state(mark: BlankMark) -> State:
    """How a blank is shown: right, right from the student's own numbers, not right, or empty."""
    return _STATE[mark.verdict]


def work_told(counts: Counts | None, messages: Messages) -> str:
    """How much help, how many checks and how much time a sheet took on a screen, in words; "" elsewhere."""
    known = counts._asdict() if counts else {}
    return ", ".join(messages.say(f"marked.work_of.{name}", n=n) for name, n in known.items() if n)


def is_computed(mark: BlankMark) -> bool:
    """Whether an answer counts: a copy does not."""
    return mark.id.split("/")[1] != "copy"


def tally(marks: Iterable[BlankMark]) -> dict[State, int]:
    """How many of the computed answers are in each state."""
    counts = Counter(state(mark) for mark in marks if is_computed(mark))
    return {each: counts[each] for each in STATES}


class Note(Struct, frozen=True):
    """A note."""

    sign: str
    """The number of a slip, or "own", "form", "empty" or "guard"."""
    text: Markup
    """HTML."""

    @property
    def kind(self) -> str:
        """The kind of its sign: "number" for that of a slip."""
        return "number" if self.sign.isdecimal() else self.sign


class Notes(Struct, frozen=True, eq=False, dict=True):
    """The notes on one student's sheet."""

    document: Document
    run: Run
    marks: Marks

    @cached_property
    def known(self) -> dict[str, BlankMark]:
        """The marks by the ids of their blanks."""
        return {mark.id: mark for mark in (*self.marks.blanks, *self.marks.choices)}

    @cached_property
    def blanks(self) -> dict[str, Blank]:
        """The blanks of the page by their ids."""
        return {blank.id: blank for blank in self.document.blanks()}

    @cached_property
    def causes(self) -> dict[int, Cause]:
        """The causes by their numbers."""
        return {cause.number: cause for cause in self.marks.causes}

    @cached_property
    def counts(self) -> dict[State, int]:
        """How many answers of the sheet are in each state."""
        return tally(self.marks.blanks)

    # which slip an answer belongs to

    @cached_property
    def slips(self) -> dict[tuple[str, int], list[BlankMark]]:
        """The answers that are not right, by slip, in the order of the page.

        A slip is a cause, or all answers of a section that nothing explains, or all that cannot be read.
        """
        by_slip: dict[tuple[str, int], list[BlankMark]] = {}
        for mark in self.marks.blanks:
            if state(mark) == "not":
                by_slip.setdefault(self._slip(mark), []).append(mark)
        return by_slip

    def ticked(self, choice: BlankMark) -> Markup:
        """What should have been ticked. A page says it beside the boxes, and has no note on it."""
        key = self.document.messages.texts.get(f"questions.{choice.key}", choice.key)
        return self.say("ticked", key=Markup('<span class="key">{}</span>').format(key))

    def _slip(self, mark: BlankMark) -> tuple[str, int]:
        if mark.verdict == "unreadable":
            return "unread", section_of(mark.id)
        cause = self.causes.get(mark.cause) if mark.cause is not None else None
        if cause is None or cause.kind == UNEXPLAINED or cause.number in self._crowded:
            return "alone", section_of(mark.id)
        return "cause", cause.number

    @cached_property
    def _crowded(self) -> set[int]:
        """The causes that share a note with what is unexplained: guesses at one answer, where a section has many."""
        guesses = [c for c in self.marks.causes if not c.sure and len(c.cells) == 1 and not c.explains]
        count = Counter(section_of(cause.first) for cause in guesses)
        return {cause.number for cause in guesses if count[section_of(cause.first)] > MOST_GUESSES}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """For each answer that is not right, the number of its note."""
        return {mark.id: number for number, marks in enumerate(self.slips.values(), 1) for mark in marks}

    @cached_property
    def sources(self) -> dict[str, frozenset[int]]:
        """For each answer that is right from the student's own numbers, the notes on what it follows from."""
        by_answer: dict[str, frozenset[int]] = {}
        for mark in self.marks.blanks:
            reads = [self.known[read] for read in mark.reads if read in self.known]
            before = [by_answer.get(each.id, frozenset()) for each in reads]
            numbers = {self.numbers[each.id] for each in reads if each.id in self.numbers}
            if state(mark) == "own":
                by_answer[mark.id] = frozenset(numbers).union(*before)
        return by_answer

    @cached_property
    def ends(self) -> dict[int, int]:
        """For each note, the section in which the last of what follows from it stands."""
        ends: dict[int, int] = {}
        for mark in self.marks.blanks:
            if state(mark) == "own" and is_computed(mark):
                ends |= dict.fromkeys(self.sources[mark.id], section_of(mark.id))
        return ends

    @cached_property
    def places(self) -> Places:
        """Where the blanks stand."""
        return Places(self.document)

    # what is said

    def say(self, name: str, /, **places: Any) -> Markup:
        """A text of the messages as HTML."""
        return Markup(self.document.messages.say(f"marked.{name}", escape, **places))

    def counted(self, n: int) -> str:
        """A number in words, if the messages have it."""
        return self.document.messages.counted(n)

    def told(self, mark: BlankMark) -> str:
        """What a marked answer says to who has the page read aloud; "" for one that is simply right."""
        say, answer = self.document.messages.say, written(mark.answer)
        match state(mark):
            case "not":
                return say("marked.told.not", answer=answer, n=self.numbers[mark.id])
            case "own":
                return say("marked.told.own", answer=answer) if is_computed(mark) else ""
            case "empty":
                return say("marked.told.empty") if is_computed(mark) else ""
        return say("marked.told.form", answer=answer, key=printed(mark.key)) if self.form(mark) else ""

    def form(self, mark: BlankMark) -> str:
        """What an answer is in the usual form, if it is accepted in another."""
        if mark.form in QUIET_FORMS or state(mark) not in ("right", "own"):
            return ""
        usual = printed(mark.followed if state(mark) == "own" and mark.followed else mark.key)
        return "" if usual == written(mark.answer) else usual

    def of_section(self, number: int) -> list[Note]:
        """The notes on a section."""
        blanks = [mark for mark in self.marks.blanks if section_of(mark.id) == number]
        notes = []
        for n, ((kind, cause), marks) in enumerate(self.slips.items(), 1):
            here = [mark for mark in marks if section_of(mark.id) == number]
            if here and here[0] is marks[0]:
                notes.append(Note(str(n), self._slip_note(kind, self.causes.get(cause), here)))
            elif here:
                notes.append(Note(str(n), self.say("again", note=n, section=section_of(marks[0].id))))
        notes += self._own_notes(number, [m for m in blanks if state(m) == "own" and is_computed(m)])
        notes += self._form_notes(blanks)
        notes += [
            Note("ticked", self.ticked(choice))
            for choice in self.marks.choices
            if section_of(choice.id) == number and choice.id.split("/")[1] == "tick" and state(choice) == "not"
        ]
        empty = [mark for mark in blanks if state(mark) == "empty" and is_computed(mark)]
        if empty:
            whole = len(empty) == sum(map(is_computed, blanks)) > 1
            notes.append(Note("empty", self._of_all("empty", len(empty), whole)))
        guard = next((each.guard for each in self.marks.sections if each.number == number), "kept")
        return [*notes, Note("guard", self.say(f"guard.{guard}"))] if guard != "kept" else notes

    def _slip_note(self, kind: str, cause: Cause | None, marks: Sequence[BlankMark]) -> Markup:
        """The note on a slip: where, what the student has and what it is, and why."""
        first = marks[0]
        if self._is_change(first):
            solution = ", ".join(mark.key for mark in marks if self._is_change(mark))
            return _joined([escape(first.note), self.say("solution", solution=_key(solution))])
        if kind == "unread":
            different = list(dict.fromkeys(_cut(written(mark.answer)) for mark in marks))[:3]
            texts = Markup(", ").join(self.say("quoted", text=text) for text in different)
            return self.say("unread", texts=texts)
        known = cause if kind == "cause" else None
        reason = self._reason(known, first) if known else Markup()
        if len(marks) == 1:
            followed = first.followed if first.followed and not _same(first.followed, first.key) else ""
            where = self._bold(self.places.where(first.id) or self.say("cell"))
            head = self.say("one_of_own" if followed else "one", where=where, have=_number(first.answer),
                            key=_key(first.key), own=_key(followed))  # fmt: skip
            return _joined([head, reason, self._line(first)])
        count = self._bold(capital(self.say("cells", n=len(marks), count=self.counted(len(marks)))))
        had = [known.had.get(mark.id, mark.key) if known else mark.key for mark in marks]
        return _joined([self.say("several", count=count), reason or self.say("once_more"), self._values(marks, had)])

    def _is_change(self, mark: BlankMark) -> bool:
        """Whether an answer is a part of a changed number, of which its note says all."""
        return mark.id in self.blanks and self.blanks[mark.id].role == "change"

    def _values(self, marks: Sequence[BlankMark], had: Sequence[str]) -> Markup:
        """What several answers should have been; of those in several matrices, the first matrix's."""
        panel = self._panel(marks[0])
        first = [(mark, value) for mark, value in zip(marks, had, strict=True) if self._panel(mark) is panel]
        keys = _listed([value for _, value in first])
        if len(first) > MOST_VALUES:
            return Markup()
        if len(first) < len(marks) and panel is not None:
            return self.say("in_matrix", matrix=matrix_name(panel), keys=keys)
        return self.say(
            "they_are_own" if not all(_same(value, mark.key) for mark, value in first) else "they_are", keys=keys
        )

    def _panel(self, mark: BlankMark) -> Panel | None:
        spot = self.places.spots.get(mark.id)
        return spot.panel if spot else None

    def _reason(self, cause: Cause, mark: BlankMark) -> Markup:
        """Why an answer is not right, in a sentence or two; nothing where it is not known."""
        messages, transposed = self.document.messages, self.document.transposed
        if cause.kind == FOIL:
            told = " ".join(messages.mistake(cause.foil, part, transposed) for part in ("told", "mend"))
            return escape(told) if cause.sure else self.say("perhaps_foil", told=told)
        kinds = [cause.kind]
        likely = [reason for reason in mark.because if reason.weight >= EITHER]
        if not cause.sure and likely and likely[0].weight < PERHAPS:
            kinds = list(dict.fromkeys(reason.kind for reason in likely if reason.kind != FOIL))[:2]
        first, *other = (messages.slip(kind, "told", transposed) for kind in kinds)
        if other:
            return self.say("either", told=first, other=other[0])
        said = self.say("sure", told=capital(first)) if cause.sure else self.say("perhaps", told=first)
        return _joined([said, escape(messages.slip(kinds[0], "mend", transposed))])

    def _line(self, mark: BlankMark) -> Markup:
        """The line of arithmetic of an answer in the student's own numbers, if it is short."""
        worked = self._worked(mark)
        return self.say("line", line=worked) if worked else Markup()

    def _worked(self, mark: BlankMark) -> Markup:
        blank = self.blanks.get(mark.id)
        if blank is None or blank.cell.rule is None or blank.role not in ("ask", "entry") or not mark.followed:
            return Markup()
        by_place = {_place(self.blanks[read].cell): self.known[read] for read in mark.reads if read in self.blanks}

        def value(ref: Ref) -> Any:
            theirs = by_place.get(place_of(ref))
            number = _parsed(theirs.answer) if theirs is not None and self.run.numbers == "exact" else None
            return self.run.value(ref) if number is None else number

        tree = substitute(blank.cell.rule, value)
        if len(text(tree)) > LONGEST_LINE or text(tree) == printed(mark.followed):
            return Markup()
        terms = [Markup('<span class="math">{}</span>').format(Markup(term)) for term in terms_html(tree)]
        result = mark.key if _same(mark.followed, mark.key) else mark.followed
        return Markup(" + ").join(terms) + Markup(" =&nbsp;{}").format(_number(result))

    def _own_notes(self, number: int, marks: Sequence[BlankMark]) -> list[Note]:
        """The note on what is right from the student's own numbers; at the end of a chain, with the mended values."""
        if not marks:
            return []
        whole = len(marks) == self._asked(number) > 1
        line = self._worked(marks[0]) if len(marks) == 1 else Markup()
        said = self.say("own_line", line=line) if line else self._of_all("own", len(marks), whole)
        ended = {n for mark in marks for n in self.sources[mark.id] if self.ends[n] == number}
        last = [mark for mark in marks if self.sources[mark.id] & ended]
        if last and len(last) <= MOST_VALUES:
            notes = Markup(f" {self.say('and')} ").join(self._bold(str(n)) for n in sorted(ended))
            rows: dict[tuple[int, int], list[str]] = {}
            for mark in last:
                spot = self.places.spots.get(mark.id)
                rows.setdefault((id(spot.panel), spot.row) if spot else (0, 0), []).append(mark.key)
            values = Markup("&nbsp;· ").join(Markup("&nbsp;&nbsp;").join(map(_key, row)) for row in rows.values())
            said = _joined([said, self.say("mended", notes=notes, values=values)])
        return [Note("own", said)]

    def _form_notes(self, marks: Sequence[BlankMark]) -> list[Note]:
        """The notes on right answers whose form costs points: rounded decimals, and powers not worked out."""
        notes = []
        for form in ("rounded", "power"):
            of_form = [m for m in marks if m.form == form and m.points < m.worth and self.form(m) and is_computed(m)]
            if of_form:
                keys = _listed([m.followed or m.key for m in of_form] if len(of_form) <= MOST_VALUES else [])
                notes.append(Note("form", self._of_all(f"forms.{form}", len(of_form), False, keys=keys)))
        return notes

    def _asked(self, number: int) -> int:
        return sum(is_computed(mark) for mark in self.marks.blanks if section_of(mark.id) == number)

    def _of_all(self, name: str, n: int, whole: bool, **places: Any) -> Markup:
        """A sentence about some answers of a section, or about all."""
        count = self.counted(n)
        return capital(self.say(f"{name}.all" if whole else name, n=n, count=count, **places))

    def _bold(self, said: str) -> Markup:
        return Markup("<b>{}</b>").format(said)

    # the sheet as a whole

    @cached_property
    def lead(self) -> tuple[str, Markup]:
        """The lead of the page in bold, and the sentences after it: they count slips, and say where to look again."""
        counts, n = self.counts, sum(kind != "unread" for kind, _ in self.slips)
        unread = sum(mark.verdict == "unreadable" for mark in self.marks.blanks)
        marked = counts["own"] + counts["not"] - unread
        unreadable = [capital(self.say("lead.unread", n=unread, count=self.counted(unread)))] if unread else []
        if unreadable and not n:
            return str(unreadable[0]), _joined(self._look_again())
        if not n and not counts["own"]:
            if not counts["empty"]:
                return str(self.say("lead.all", n=counts["right"], count=self.counted(counts["right"]))), Markup()
            if not counts["right"]:
                return str(self.say("lead.nothing")), Markup()
            said = self.say("lead.empty", n=counts["empty"], count=self.counted(counts["empty"]))
            return str(self.say("lead.so_far")), capital(said)
        if n > MOST_SLIPS:
            lead = self.say("lead.many", count=counts["not"], of=sum(counts.values()))
        elif marked > n:
            slips = self.say("lead.slips", n=n, count=self.counted(n))
            lead = capital(self.say("lead.not_mistakes", slips=slips, count=self.counted(marked)))
        else:
            slips = self.say("lead.slips", n=n, count=self.counted(n))
            lead = capital(self.say("lead.only", slips=slips))
        after = [self.say("lead.follows")] if counts["own"] and n <= MOST_SLIPS else []
        return str(lead), _joined([*after, *unreadable, *self._look_again()])

    def _look_again(self) -> list[Markup]:
        """A sentence that names the sections of the most telling slips, two at most."""
        order = [(key, marks) for key, marks in self.slips.items()]
        order.sort(key=lambda each: (each[0][0] != "cause", each[0][1] if each[0][0] == "cause" else -len(each[1])))
        sections = list(dict.fromkeys(section_of(marks[0].id) for _, marks in order))[:2]
        titles = {section.number: section.title for section in self.document.sections}
        names = [self.say("lead.step", title=titles[number]) for number in sorted(sections)]
        if not names:
            return []
        return [self.say("lead.look_at_two", one=names[0], other=names[1]) if len(names) == 2
                else self.say("lead.look_at", one=names[0])]  # fmt: skip


def written(answer: str) -> str:
    """What a student wrote, as a page shows it: in one line, and with minus signs as in print."""
    plain = escaped_line(answer)
    return "−∞" if plain.lower() in _INFINITY else plain.replace("-", "−")


def escaped_line(said: str) -> str:
    """A text in one line, in which what cannot be printed is written as \\x1b, and no word is longer than a line."""
    return " ".join(word[i : i + LONGEST_WORD] for word in escaped(" ".join(said.split())).split(" ")
                    for i in range(0, max(len(word), 1), LONGEST_WORD))  # fmt: skip


def printed(number: str) -> str:
    """A number of a marking as a page prints it; any other text as it is."""
    return written(number).replace("*", "·")


def _same(one: str, other: str) -> bool:
    """Whether two texts are one number: 0.00 is 0."""
    return one == other or (bool(read(one).values) and read(one).values == read(other).values)


def _parsed(answer: str) -> Any:
    """The number that a student wrote; None where it is none."""
    values = read(answer).values
    return values[0] if values and values[0] != math.inf else None


def _number(number: str) -> Markup:
    """What a student has, as HTML."""
    return Markup('<span class="own">{}</span>').format(_cut(written(number)))


def _key(number: str) -> Markup:
    """What an answer is, as HTML."""
    return Markup('<span class="key">{}</span>').format(printed(number))


def _listed(numbers: Sequence[str]) -> Markup:
    return Markup(", ").join(map(_key, numbers))


def _joined(parts: Iterable[Markup | str]) -> Markup:
    return Markup(" ").join(part for part in parts if part)


def capital(said: str) -> Markup:
    """A sentence with its first letter as a capital. One that begins with what somebody wrote stays as it is."""
    return Markup(with_capital(said))


def _cut(said: str, most: int = 40) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"


def _place(cell: Cell) -> tuple[str, int, int] | None:
    return cell.place if cell.at is not None else None
