"""The check: a sheet with a row for each blank, which says what is right, and what that is worth.

Whether something is written is asked of the worksheet's cell. What it says is read in two steps: as a text with the
signs of a keyboard, and as a number, −∞ or a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from byhand.arithmetic.decimals import Decimals
from byhand.formats.xlsx.formulas import (
    CODE,
    EMPTY,
    FIRST,
    FOLLOWS,
    IS_FOLLOWED,
    IS_NOT_YET,
    IS_RIGHT,
    IS_ROUNDED,
    KEY,
    MARK,
    NAME,
    READ,
    STEP,
    VERDICT,
    VERDICT_NAMES,
    WORTH,
    WRITTEN,
    Entry,
    Formulas,
)
from byhand.notation.spreadsheet import CLOSE, INFINITE, cell_name, quoted
from byhand.page.parts import labels
from byhand.worksheet.construction import named, typed
from byhand.worksheet.document import Blank, Reply
from byhand.worksheet.spoken import called

HEADS = ("step", "blank", "written", "read", "counts", "from_own", "key", "verdict", "verdict", "points", "worth")
NOTHING = "–"  # what is read in an empty blank
# signs of a word or a shape, and what they count as
ALIKE = ((" ", ""), ("x", "×"), ("*", "×"), ("-", "—"), ("–", "—"))


class Check(Struct, frozen=True, eq=False):
    """The check of a workbook."""

    of: Formulas
    """The formulas of the workbook's key."""
    answers: Sequence[tuple[int, Blank | Reply]]
    """Blanks, and choices among options, in order, each with the index of its section."""

    @property
    def end(self) -> int:
        """The row after the last blank."""
        return FIRST + len(self.answers)

    def column(self, col: int) -> str:
        """All cells of a column."""
        sheet = self.of.names.check
        return f"{cell_name(FIRST, col, sheet, fixed=True)}:{cell_name(self.end - 1, col, fixed=True)}"

    def worth(self, section: int | None = None) -> int:
        """What the blanks of a section, or all of them, are worth together."""
        return sum(_worth(each) for at, each in self.answers if section in (None, at))

    def rows(self) -> Iterator[list[Entry]]:
        """The rows of the blanks."""
        names = {spoken.id: spoken.name for spoken in called(self.of.page.document)}
        for n, (section, each) in enumerate(self.answers):
            yield self._row(FIRST + n, section, each, names[each.id])

    def _row(self, row: int, section: int, each: Blank | Reply, name: str) -> list[Entry]:
        text, write = [Entry("", "")] * len(HEADS), self._at(each, self.of.names.worksheet)
        text[STEP], text[NAME] = Entry("", float(self.of.page.document.sections[section].number)), Entry("", name)
        text[WRITTEN : KEY + 1] = self._compared(row, section, each, write)
        code, say = cell_name(row, CODE), self.of.page.document.messages.say
        text[CODE] = Entry(self._code(row, section, each, write), float(EMPTY))
        words = [say(f"spreadsheet.{verdict}") for verdict in VERDICT_NAMES]
        text[VERDICT] = Entry(f"CHOOSE({code}+1,{','.join(map(quoted, words))})", words[EMPTY])
        text[MARK] = Entry(f"{cell_name(row, WORTH)}*CHOOSE({code}+1,0,1,1,0,0.5)", 0.0)
        text[WORTH] = Entry("", float(_worth(each)))
        return text

    def _at(self, each: Blank | Reply, sheet: str) -> str:
        """The cell of a sheet in which it is written."""
        plan = self.of.plan
        place = plan.of_cell[id(each.cell)] if isinstance(each, Blank) else plan.of_reply[each.id]
        return cell_name(*place, sheet)

    def _compared(self, row: int, section: int, each: Blank | Reply, write: str) -> list[Entry]:
        """Of one blank, in the order of the columns: what is written in it, what that is read as, what counts as the
        student's own number, what follows from the numbers before it, and the key. write: the cell for the answer.
        """
        text, read, key = (cell_name(row, col) for col in (WRITTEN, READ, KEY))
        on_key = self._at(each, self.of.names.key)
        as_written = Entry(text, NOTHING)  # of what is no number
        if isinstance(each, Reply):
            right = labels(each, self.of.page.messages)[each.options.index(each.right)]
            true, false = (quoted(self._claim(word)) for word in ("true", "false"))
            said = Entry(_empty(write, f"IF(ISLOGICAL({write}),IF({write},{true},{false}),TRIM({write}))"), NOTHING)
            return [said, as_written, as_written, Entry(key, right), Entry(on_key, right)]
        value = self.of.value(each.cell)
        if each.role == "text":
            canon = _canonical(str(value))
            said = Entry(_empty(write, _folded(write)), NOTHING)
            return [said, as_written, as_written, Entry(key, canon), Entry(_folded(on_key), canon)]
        if each.role == "change":
            said = Entry(_empty(write, _plain(write)), NOTHING)
            place = self._place(each, text)
            return [said, place, as_written, Entry(key, value), Entry(on_key, value)]
        follows = self.of.follows(section, each)
        follow = Entry(f"IFERROR({follows},{quoted(NOTHING)})" if follows else key, value)
        if each.role == "word":
            word = f"IF(ISNUMBER({write}),IFERROR(INDEX({self.of.words},{write}),{write}),TRIM({write}))"
            said = Entry(_empty(write, word), NOTHING)
            return [said, as_written, as_written, follow, Entry(on_key, value)]
        said = Entry(_empty(write, _plain(write)), NOTHING)
        counts = Entry(f"IF(OR(ISNUMBER({read}),{read}={quoted(INFINITE)}),{read},{key})", value)
        return [said, Entry(_number(text), NOTHING), counts, follow, Entry(on_key, value)]

    def _place(self, box: Blank, text: str) -> Entry:
        """What is read in a box of a changed number: the place that a label or a number names, or the number."""
        construction, boxes = self.of.page.reader.constructions[box.id]
        at = boxes.index(box.id)
        if at == len(boxes) - 1:
            return Entry(_number(text), NOTHING)
        labels = construction.labels[construction.axes[at]]
        place = f"IFERROR(VALUE({text}),0)"
        for n in reversed(range(len(labels))):
            spelt = typed(named(labels, n))
            for name in (spelt, f"+{spelt}") if labels[n].startswith("+") else (spelt,):
                place = f'IF({text}&""={quoted(name)},{n + 1},{place})'
        return Entry(place, 0.0)

    def _claim(self, word: str) -> str:
        return self.of.page.document.messages.say(f"questions.{word}")

    def _code(self, row: int, section: int, each: Blank | Reply, write: str) -> str:
        """The formula of the verdict's code."""
        if isinstance(each, Blank) and each.role == "change":
            _, boxes = self.of.page.reader.constructions[each.id]
            empty = ",".join(f"{cell_name(self.of.row_of[box], WRITTEN)}={quoted(NOTHING)}" for box in boxes)
            is_so = f"IFERROR({self.of.changed(section, each)},FALSE)"
            return f"IF(OR({empty}),{EMPTY},IF({is_so},{IS_RIGHT},{IS_NOT_YET}))"
        read, follows, key = (cell_name(row, col) for col in (READ, FOLLOWS, KEY))
        slack = self._slack(each)
        otherwise = str(IS_NOT_YET)
        if isinstance(each, Blank) and each.role not in ("text", "word"):
            if self.of.run.numbers == "exact" and each.cell.places is None:
                tests = ",".join(f"ABS({read}-ROUND({x},{n}))<{CLOSE}" for x in (key, follows) for n in (2, 3, 4))
                rounded = f"IFERROR(AND({read}<>0,OR({tests})),FALSE)"
                otherwise = f"IF({rounded},{IS_ROUNDED},{otherwise})"
            if results := [*self.of.results(section, each)]:
                made = ",".join(_equal(made, printed, slack) for printed, made in results)
                otherwise = f"IF(IFERROR(AND({made}),FALSE),{IS_RIGHT},{otherwise})"
        followed = f"IF({_equal(read, follows, slack)},{IS_FOLLOWED},{otherwise})"
        return f"IF(ISBLANK({write}),{EMPTY},IF({_equal(read, key, slack)},{IS_RIGHT},{followed}))"

    def _slack(self, each: Blank | Reply) -> str:
        """How far from a number an answer may be: half a unit of the last decimal place, where there is one."""
        places = each.cell.places if isinstance(each, Blank) else None
        if places is None and isinstance(self.of.run.domain, Decimals):
            places = self.of.run.places
        return CLOSE if places is None else f"5E-{places + 1}+{CLOSE}"


def _worth(each: Blank | Reply) -> int:
    return int(isinstance(each, Reply) or each.role != "copy")


def _empty(cell: str, otherwise: str) -> str:
    return f"IF(ISBLANK({cell}),{quoted(NOTHING)},{otherwise})"


def _substituted(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        text = f"SUBSTITUTE({text},{quoted(old)},{quoted(new)})"
    return text


def _plain(cell: str) -> str:
    """A number, or a text with the signs of a keyboard."""
    return f"IF(ISNUMBER({cell}),{cell},{_substituted(f'TRIM({cell})', ('−', '-'), ('∞', 'inf'))})"


def _number(text: str) -> str:
    """The number that a text says, or −∞; else the text. A decimal is read by its digits, since a program of another
    language takes 0.25, or 0,25, for no number.
    """
    slash = f'FIND("/",{text})'
    quotient = f"VALUE(LEFT({text},{slash}-1))/VALUE(MID({text},{slash}+1,20))"
    marked = _substituted(text, (",", "."))
    digits = _substituted(marked, (".", ""))
    decimal = f'VALUE({digits})/10^(LEN({marked})-FIND(".",{marked}))'
    return f"IF(ISNUMBER({text}),{text},IFERROR({quotient},IFERROR({decimal},IFERROR(VALUE({text}),{text}))))"


def _folded(cell: str) -> str:
    """A word or a shape as it is compared."""
    return _substituted(f"LOWER(TRIM({cell}))", *ALIKE)


def _canonical(text: str) -> str:
    """The same, of a text."""
    folded = text.strip().lower()
    for old, new in ALIKE:
        folded = folded.replace(old, new)
    return folded


def _equal(a: str, b: str, slack: str) -> str:
    """Whether two cells hold the same number, or the same text."""
    return f"IF(AND(ISNUMBER({a}),ISNUMBER({b})),ABS({a}-({b}))<={slack}+1E-12*ABS({b}),{a}={b})"
