"""A worksheet as a spreadsheet, read back: its numbers, its formulas when numbers change, and its marks.

A small evaluator (cells.py) computes the formulas of five sheets; with BYHAND_FULL=1, LibreOffice those of all.
"""

import io
import math
import random
from fractions import Fraction
from functools import lru_cache

import openpyxl
import pytest
from cells import Book
from every_sheet import CASES, FULL, made
from office import SOFFICE, printed, recomputed
from pypdf import PdfReader

from byhand.arithmetic.domain import is_neg_inf
from byhand.arithmetic.systems import number_system
from byhand.arrange import arranged
from byhand.errors import ByHandError
from byhand.formats import Setup
from byhand.formats.xlsx.formulas import CODE, FIRST, MARK, WORTH, number
from byhand.formats.xlsx.plan import plan
from byhand.formats.xlsx.workbook import workbook
from byhand.marking.marker import Marker
from byhand.mistakes import MISTAKES, foil
from byhand.model import MODELS
from byhand.notation.spreadsheet import cell_name
from byhand.notation.text import value_text
from byhand.options import Options
from byhand.page.page import lower
from byhand.reading.remade import _values
from byhand.reading.spreadsheet import filled_in
from byhand.worksheet.document import Blank, Reply
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.starts import starts

PRINTED = ("shapes", "attention-head", "softmax", "kv-cache", "gpt", "llama-block")
NUMBERED = [case for case in CASES if case[0] != "attention-in-letters"]
CODES = {"missing": 0, "right": 1, "followed": 2, "wrong": 3}


class Made:
    """A workbook, with the cells in which the places of its run stand."""

    def __init__(self, sheet, seed=0, feedback=True, **options):
        self.document, self.run = made(sheet, seed, **options)
        self.content = workbook(lower(self.document, self.run), "key", Setup(feedback=feedback))
        self.plan = plan(lower(self.document, self.run), feedback)
        sections = self.document.sections
        self.answers = [each for s in sections for each in (*s.blanks, *(r for r in s.replies if r.options))]

    def at(self, each):
        """The cell in which something stands, on the worksheet and on its key."""
        if isinstance(each, Reply):
            return cell_name(*self.plan.of_reply[each.id])
        return cell_name(*self.plan.of_cell[id(each.cell if isinstance(each, Blank) else each)])

    def shown(self):
        """The cells that show a number of the run, each with its place."""
        cells = [cell for block in self.document.blocks for cell in block.cells]
        return [(cell, cell.place) for cell in cells if cell.at is not None and cell.shows == "run"]

    def inputs(self):
        """The cells whose numbers can be changed, each with its place."""
        page = openpyxl.load_workbook(io.BytesIO(self.content))["worksheet"]
        return [(at, place) for cell, place in self.shown()
                if not cell.blank and not page[at := self.at(cell)].protection.locked]  # fmt: skip

    def key(self):
        """The key in every blank, as a student writes it into a cell."""
        return {each.id: self.written(each) for each in self.answers}

    def written(self, each, value=None):
        if isinstance(each, Reply):
            labels = each.labels or (
                [word.capitalize() for word in each.options] if each.role == "claim" else each.options
            )
            return labels[each.options.index(each.right)]
        found = each.cell.value if value is None else value
        return number(found) if each.role not in ("word", "text", "change") else found


@lru_cache(maxsize=4)
def opened(sheet, seed):
    return Made(sheet, seed)


def filled(content, written):
    """A workbook in which a person has written into cells of the worksheet, as another program saves it."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for at, value in written.items():
        book["worksheet"][at].value = value
    book.save(out := io.BytesIO())
    return out.getvalue()


def values_of(one):
    """What the model starts from, with all that the page prints to start from in place of what it is computed from."""
    values, printed = _values(one.run), {step for _, (step, _, _) in one.shown()}
    for name in starts(one.document.sections, one.run.steps.values()):
        if one.run.steps[name].op is not None and name in printed:
            values.inputs[name] = [[*row] for row in one.run.texts[name]]
    return values


def run_again(one, place, value):
    """The numbers of every step on the page, computed anew with another number at a place; or else to 12 decimals.

    None where a model chooses other rules for these numbers, as a sampler does that keeps other words.
    """
    values, (name, i, j) = values_of(one), place
    shape = one.run.steps[name].shape
    if name in values.inputs:
        values.inputs[name] = [[value if (r, c) == (i, j) else x for c, x in enumerate(row)]
                               for r, row in enumerate(values.inputs[name])]  # fmt: skip
    else:
        flat = i * shape[1] + j
        values.weights[name] = _replaced(values.weights[name], flat, value)[0]
    sheet, asked = load_sheet(one.run.sheet), Options(**one.document.options())
    for domain in (one.run.domain, number_system("decimal", 12, "once")):
        try:
            again = arranged(sheet, values, asked, domain)[1]
            return again.rows if all(again.steps[s].params == one.run.steps[s].params for s in again.steps) else None
        except ByHandError:
            continue
    return None


def _replaced(nested, flat, value):
    """Nested lists with the entry at a place in their order replaced."""
    if not isinstance(nested, list | tuple):
        return (value if flat == 0 else nested), flat - 1
    found = []
    for each in nested:
        new, flat = _replaced(each, flat, value)
        found.append(new)
    return found, flat


def close(found, expected):
    if isinstance(found, str) or isinstance(expected, str):
        return found == expected
    return found is not None and math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


def changed(one, dice):
    """Cells to change, each with a new number and the numbers of the run that it makes."""
    inputs = one.inputs()
    assert inputs
    dice.shuffle(inputs)
    for at, place in inputs:
        old = one.run.values(place[0])[place[1]][place[2]]
        if is_neg_inf(old):
            continue
        new = Fraction(old) + 1
        if (rows := run_again(one, place, new)) is not None:
            yield at, float(new), rows


def mistaken(one):
    """For each classic mistake that changes what is asked, the numbers of who makes it everywhere, by blank."""
    tape = MODELS[one.run.model].run(_values(one.run), one.run.domain, force=False)
    for name in MISTAKES:
        try:
            wrong = foil(tape, name)
            written = {}
            for each in one.answers:
                if isinstance(each, Blank) and each.role in ("ask", "entry", "copy"):
                    rows = wrong.values(each.cell.step)
                    i, j = each.cell.at
                    if i < len(rows) and j < len(rows[0]):
                        written[each.id] = rows[i][j]
        except (ByHandError, KeyError):
            continue
        blanks = {each.id: each for each in one.answers}
        if any(written[b] != one.run.value(_ref(blanks[b])) for b in written):
            yield name, written


def _ref(blank):
    from byhand.arithmetic.expr import Ref

    return Ref(blank.cell.step, blank.cell.at)


def verdicts(one, answers):
    """The code of the verdict on each blank, by the program that marks; None where it knows more than a spreadsheet."""
    marks = Marker.of(one.document, one.run).mark(answers)
    return {b.id: None if b.source or b.form.startswith("rounded") or b.form == "another solution" else CODES[b.verdict]
            for b in marks.blanks}  # fmt: skip


# what is written


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_the_numbers_that_are_kept_are_those_of_the_run(sheet, seed):
    one = opened(sheet, seed)
    kept = openpyxl.load_workbook(io.BytesIO(one.content), data_only=True)
    for cell, place in one.shown():
        expected = number(one.run.values(place[0])[place[1]][place[2]])
        if one.run.numbers == "symbolic" and isinstance(expected, float) and not expected.is_integer():
            expected = cell.text  # 1/2, as letters are texts
        if not cell.blank:
            assert close(kept["worksheet"][one.at(cell)].value, expected), (place, one.at(cell))
        assert close(kept["key"][one.at(cell)].value, expected), (place, one.at(cell))
    for blank in one.document.blanks():
        assert kept["worksheet"][one.at(blank)].value is None
    for page in kept.worksheets:
        assert all(cell.value is not None for row in page.iter_rows() for cell in row if cell.data_type == "f")


@pytest.mark.parametrize(("sheet", "seed"), CASES)
def test_no_value_of_a_formula_is_another_than_it_computes(sheet, seed):
    one = opened(sheet, seed)
    book, kept = Book(one.content), openpyxl.load_workbook(io.BytesIO(one.content), data_only=True)
    for page in book.book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    value = kept[page.title][cell.coordinate].value
                    assert value not in (None, "")
                    assert close(book[page.title, cell.coordinate], value), (page.title, cell.coordinate, cell.value)


def test_a_cell_of_the_key_is_the_rule_on_the_same_sheet():
    one = opened("attention-head", 3)
    key = openpyxl.load_workbook(io.BytesIO(one.content))["key"]
    score = next(blank for blank in one.document.blanks() if blank.id == "1/ask/blocks.0.attn.scores_raw[0]/2,3")
    row, col = one.plan.of_cell[id(score.cell)]
    query = [cell_name(row, 3 + k) for k in range(4)]
    top = next(row for row in range(row, 0, -1) if key.cell(row, col + 1).value == "seeds")
    keys = [cell_name(top + k, col) for k in range(4)]
    assert key[one.at(score)].value == "=" + "+".join(f"{q}*{k}" for q, k in zip(query, keys, strict=True))


def test_the_same_bytes_each_time():
    one = opened("cross-attention", 8)
    assert workbook(lower(one.document, one.run), "key", Setup()) == one.content


# what is computed


def assert_numbers(one, value, rows):
    """Every cell has the number of the run, on the key, and where it is printed."""
    for cell, (step, i, j) in one.shown():
        for page in ("key",) if cell.blank else ("worksheet", "key"):
            assert close(value(page, one.at(cell)), number(rows[step][i][j])), (page, one.at(cell), step, i, j)


def assert_all_marks(one, value):
    """Every blank is right, and the mark is all that there is."""
    assert [value("check", cell_name(FIRST + n, CODE)) for n in range(len(one.answers))] == [1] * len(one.answers)
    worth = sum(value("check", cell_name(FIRST + n, WORTH)) for n in range(len(one.answers)))
    (mark,) = (spot for spot in one.plan.spots if spot.role == "mark")
    assert value("worksheet", cell_name(mark.row, mark.col)) == f"Right: {worth:g} of {worth:g} cells"


def assert_verdicts(one, value, numbers):
    """Every blank has the verdict of the program that marks, and no mark where it is wrong."""
    expected = verdicts(one, {blank: value_text(x) for blank, x in numbers.items()})
    for n, each in enumerate(one.answers):
        if isinstance(each, Blank) and expected[each.id] is not None:
            code, mark = (value("check", cell_name(FIRST + n, col)) for col in (CODE, MARK))
            assert code == expected[each.id], each.id
            assert code in (1, 2) or mark == 0


def by_cell(one, numbers):
    """What a student writes, by cells of the worksheet."""
    return {one.at(each): number(numbers[each.id]) for each in one.answers if each.id in numbers}


def some_mistakes(one, seed, count):
    """Classic mistakes, and what a student writes who makes them."""
    found = dict(mistaken(one))
    return [(name, found[name]) for name in random.Random(seed).sample(sorted(found), min(count, len(found)))]


@pytest.mark.parametrize(("sheet", "seed"), NUMBERED)
def test_a_number_that_is_changed_changes_what_is_computed_from_it_as_in_a_new_run(sheet, seed):
    one = opened(sheet, seed)
    book = Book(one.content)
    at, value, rows = next(changed(one, random.Random(seed)))
    book.set("worksheet", at, value)
    assert_numbers(one, lambda *cell: book[cell], rows)


@pytest.mark.parametrize(("sheet", "seed"), NUMBERED)
def test_the_key_has_all_marks_and_nothing_has_none(sheet, seed):
    one = opened(sheet, seed)
    book = Book(one.content)
    assert sum(book["check", cell_name(FIRST + n, MARK)] for n in range(len(one.answers))) == 0
    for each in one.answers:
        book.set("worksheet", one.at(each), one.key()[each.id])
    assert_all_marks(one, lambda *cell: book[cell])


@pytest.mark.parametrize(("sheet", "seed"), NUMBERED)
def test_a_classic_mistake_has_the_verdicts_of_the_program_that_marks(sheet, seed):
    one = opened(sheet, seed)
    for _, numbers in some_mistakes(one, seed, 2):
        book = Book(one.content)
        for at, value in by_cell(one, numbers).items():
            book.set("worksheet", at, value)
        assert_verdicts(one, lambda *cell, book=book: book[cell], numbers)


@pytest.mark.skipif(not (FULL and SOFFICE), reason="make test-formats computes every sheet in LibreOffice")
@pytest.mark.parametrize(("sheet", "seed"), NUMBERED)
def test_libreoffice_computes_the_same(sheet, seed, tmp_path):
    """A number is changed; the key is filled in, and read as LibreOffice saved it; a classic mistake is made."""
    one = opened(sheet, seed)
    at, value, rows = next(changed(one, random.Random(seed)))
    key = {one.at(each): one.key()[each.id] for each in one.answers}
    files, mistakes = {"changed": {at: value}, "key": key}, some_mistakes(one, seed, 1)
    for _, numbers in mistakes:
        files["mistake"] = by_cell(one, numbers)
    saved = recomputed({name: filled(one.content, written) for name, written in files.items()}, tmp_path)
    books = {name: openpyxl.load_workbook(io.BytesIO(content), data_only=True) for name, content in saved.items()}
    found = {name: lambda page, at, book=book: book[page][at].value for name, book in books.items()}
    assert_numbers(one, found["changed"], rows)
    assert_all_marks(one, found["key"])
    for _, numbers in mistakes:
        assert_verdicts(one, found["mistake"], numbers)
    marks = Marker.of(one.document, one.run).mark(filled_in(saved["key"]).answers)
    assert {mark.verdict for mark in marks.blanks} == {"right"}
    assert all(mark.points == mark.worth for mark in marks.blanks)


DECIMALS = {"1/2": ("0.5", "0,5", ".5", "1/2", "0.50"), "-1/2": ("-0.5", "−0,5", "-1/2")}


def in_texts():
    """A workbook, and for each way to write a number as a text, what is written where, and the row of its verdict."""
    one = opened("cross-attention", 8)
    asked = [(n, each) for n, each in enumerate(one.answers) if isinstance(each, Blank) and each.role == "ask"]
    for value, texts in DECIMALS.items():
        n, each = next((n, each) for n, each in asked if each.cell.value == Fraction(value))
        yield from ((one, text, one.at(each), cell_name(FIRST + n, CODE)) for text in texts)


def test_a_decimal_in_a_text_is_right_with_a_point_or_a_comma():
    for one, text, at, code in in_texts():
        book = Book(one.content)
        book.set("worksheet", at, text)
        assert book["check", code] == 1, text


@pytest.mark.skipif(not (FULL and SOFFICE), reason="make test-formats computes every sheet in LibreOffice")
@pytest.mark.parametrize("language", ["en-US", "de-DE"])
def test_a_decimal_in_a_text_is_right_in_any_language(language, tmp_path):
    files, codes = {}, {}
    for n, (one, text, at, code) in enumerate(in_texts()):
        files[f"{n}"], codes[f"{n}"] = filled(one.content, {at: text}), (text, code)
    for name, saved in recomputed(files, tmp_path, language).items():
        text, code = codes[name]
        assert openpyxl.load_workbook(io.BytesIO(saved), data_only=True)["check"][code].value == 1, text


# printing


def test_nothing_says_that_a_hidden_sheet_is_printed():
    """LibreOffice prints the area of a hidden sheet, too."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(lower(*made("attention-head", 0)), "key", Setup())))
    assert [sheet.sheet_state for sheet in book] == ["visible", "hidden", "hidden", "veryHidden"]
    assert [bool(sheet.print_area) for sheet in book] == [True, False, False, False]
    assert not any(sheet.print_title_rows or sheet.print_title_cols for sheet in book)
    assert not book.defined_names


@pytest.mark.skipif(not (FULL and SOFFICE), reason="make test-formats prints spreadsheets with LibreOffice")
def test_libreoffice_prints_the_worksheet_and_nothing_else(tmp_path):
    files = {sheet: workbook(lower(*made(sheet, 1)), "key", Setup()) for sheet in PRINTED}
    for sheet, pdf in printed(files, tmp_path).items():
        document, _ = made(sheet, 1)
        page = openpyxl.load_workbook(io.BytesIO(files[sheet]))["worksheet"]
        texts = [each.extract_text() for each in PdfReader(io.BytesIO(pdf)).pages]
        assert len(texts) == len(page.row_breaks.brk) + 1, sheet
        told = " ".join(" ".join(texts).split())
        replies = [each.right[:30] for each in document.replies() if not each.options and len(each.right) > 12]
        assert replies
        assert not [right for right in replies if right in told], sheet  # a word or a number may stand elsewhere


# other spreadsheets


def test_without_feedback_nothing_in_the_file_tells_what_is_right():
    one = Made("attention-head", 3, feedback=False)
    book = openpyxl.load_workbook(io.BytesIO(one.content))
    assert book.sheetnames == ["worksheet", "byhand"]
    cells = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
    for page in book.worksheets:
        rules = [rule for ranges in page.conditional_formatting for rule in ranges.rules]
        # the student's own shares as tones, and whole numbers without the room of a fraction
        assert all(rule.type == "colorScale" or (rule.dxf.fill, rule.dxf.font) == (None, None) for rule in rules)
    assert all(cell.value.startswith("=N(") for cell in cells if cell.data_type == "f")
    printed = {number(cell.value) for cell, _ in one.shown() if not cell.blank}
    asked = {number(blank.cell.value) for blank in one.document.blanks()} - printed
    assert asked
    assert not asked & {cell.value for cell in cells if isinstance(cell.value, int | float)}


def test_letters_are_written_as_texts_and_not_judged():
    one = Made("attention-in-letters", 3)
    book = openpyxl.load_workbook(io.BytesIO(one.content))
    assert book.sheetnames == ["worksheet", "key", "byhand"]
    blank = next(b for b in one.document.blanks() if "a" in b.cell.text)
    assert book["key"][one.at(blank)].value == blank.cell.text
    assert book["worksheet"][one.at(blank)].number_format == "@"


OPTIONS = [
    ("queries-keys-values", {"orientation": "columns"}), ("softmax", {"numbers": "decimal"}), ("scores", {"level": "easy"}),
    ("softmax", {"numbers": "decimal", "rounding": "once", "base": "e"}), ("linear-layer", {"level": "stretch"}),
    ("layer-norm", {"numbers": "decimal", "places": 3}), ("softmax", {"base": 3}),
]  # fmt: skip


@pytest.mark.parametrize(("sheet", "options"), OPTIONS, ids=lambda each: str(each))
def test_columns_decimals_levels_and_bases_compute_and_mark_the_same(sheet, options):
    one = Made(sheet, 1, **options)
    book = Book(one.content)
    at, value, rows = next(changed(one, random.Random(1)))
    before = book.formula("worksheet", at)
    book.set("worksheet", at, value)
    assert_numbers(one, lambda *cell: book[cell], rows)
    book.set("worksheet", at, before)
    for each in one.answers:
        book.set("worksheet", one.at(each), one.key()[each.id])
    assert_all_marks(one, lambda *cell: book[cell])
