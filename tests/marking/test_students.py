"""The simulated students do what they say, so that the marks of what they write are evidence."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from random import Random

import pytest
from oddly import BUILT, odd
from slips import KINDS, one_slip, possible
from students import EXACT, NEG_INF, Method, NoNumberError, Page, Student, as_number, methods, telling, worked

from byhand.arithmetic.expr import Fn, Num, Ref, Sum, expr
from byhand.errors import DomainError
from byhand.worksheet.front import sheet_files

SHEETS = sorted(sheet_files())
Q, RAW, SCORES = (f"blocks.0.attn.{name}[0]" for name in ("hook_q", "scores_raw", "hook_attn_scores"))


def number(text):
    return NEG_INF if text == "−∞" else Fraction(text)


@pytest.mark.parametrize("asked", [{}, {"orientation": "columns", "numbers": "decimal"}], ids=str)
@pytest.mark.parametrize("sheet", SHEETS)
def test_who_makes_no_mistake_writes_the_key(sheet, asked):
    page = Page.of(sheet, **asked)
    answers = Student(page, EXACT if not asked else Method(places=2)).answers()
    for blank in page.blanks:
        if blank.role in ("word", "text", "change"):
            assert answers[blank.id] == blank.cell.value
        else:
            assert number(answers[blank.id]) == as_number(blank.cell.value), blank.id


def changed_by_two_more(page, name):
    """The blanks that change if a number is too large by 2."""
    key = Student(page).answers()
    found = Student(page, written={name: as_number(page.by_id[name].cell.value) + 2}).answers()
    return [each for each in key if key[each] != found[each]]


def whole_head():
    """A head that asks for everything, from the queries on."""
    return Page.of("attention-in-letters", numbers="exact")


def test_a_number_in_one_blank_is_carried_to_the_next_checkpoint():
    """Q is asked for in step 1, and printed in step 3. The scores are asked for there, and not printed again."""
    page = whole_head()
    assert changed_by_two_more(page, f"1/ask/{Q}/1,2") == [f"1/ask/{Q}/1,2"]
    name = f"3/ask/{RAW}/2,1"
    changed = changed_by_two_more(page, name)
    assert changed[0] == name
    assert {page.by_id[each].cell.at[0] for each in changed} == {1}  # only the row of the second token
    assert [page.section_of[each] + 1 for each in changed] == sorted(page.section_of[each] + 1 for each in changed)
    assert {page.section_of[each] + 1 for each in changed} == {4, 5, 6, 7}  # the guess is a part, too


def test_a_slip_is_never_what_the_rule_says():
    page = whole_head()
    name = f"1/ask/{Q}/1,2"
    right, student = as_number(page.by_id[name].cell.value), Student(page)

    def written(kind):
        return [made.value for made in possible(student, page.by_id[name], kind)]

    assert written("sign-of-result") == [-right]
    assert written("off-by-1") == [right + 1, right - 1]
    terms = [worked(term, student.reader(page.tape, 0)) for term in page.tape.cell(Q, 0, 1).terms]
    assert written("term-dropped") == [right - term for term in dict.fromkeys(terms) if term]
    assert written("root-forgotten") == []


def test_slips_in_which_the_very_same_is_computed_are_one():
    page = whole_head()
    blank = page.by_id[f"1/ask/{Q}/1,3"]
    made = possible(Student(page), blank, "wrong-row")
    assert [each.kinds for each in made] == [{"wrong-row"}]
    turned = possible(Student(page), blank, "mirrored")
    assert [each.value for each in turned] == [as_number(page.by_id[f"1/ask/{Q}/3,1"].cell.value)]


def test_every_kind_of_slip_is_made_somewhere():
    left = set(KINDS)
    for sheet in ("gpt", "encoder-decoder", "sizing"):
        student = Student(Page.of(sheet))
        left -= {kind for kind in left if one_slip(student, kind, Random(kind))}
    assert not left


@pytest.mark.parametrize("sheet", ["attention-head", "layer-norm", "multi-head-attention"])
def test_a_mistake_on_own_numbers_gives_the_numbers_of_its_run(sheet):
    page = Page.of(sheet)
    for name, tape in page.wrong.items():
        student, compared = Student(page, mistaken=tape, alone=True), 0
        for blank in page.blanks:
            step, at = blank.cell.step, blank.cell.at
            if blank.role != "ask" or tape.steps[step].shape != page.tape.steps[step].shape:
                continue
            try:
                expected = tape.values(step)[at[0]][at[1]]
            except DomainError:
                continue  # the student writes some decimals of it
            assert student.answer(blank)[1] == expected, (name, blank.id)
            compared += 1
        assert compared


def test_a_mistake_on_the_numbers_of_the_page_changes_what_it_is_made_in():
    page = whole_head()
    student = Student(page, mistaken=page.wrong["no-mask"])
    assert [page.by_id[name].cell.at for name in telling(page, student)] == [(0, 1), (0, 2), (1, 2)]
    assert {page.by_id[name].cell.step for name in telling(page, student)} == {SCORES}
    part = Student(page, mistaken=page.wrong["no-mask"], only={f"4/ask/{SCORES}/1,2"})
    assert telling(page, part) == [name for name in telling(page, student) if name.endswith("1,2")]


@pytest.mark.parametrize("places", [2, 3])
def test_right_methods_differ_by_little(places):
    page = Page.of("layer-norm", numbers="decimal", places=places)
    ways = [Student(page, method).answers() for method in methods(places).values()]
    assert len({tuple(way.values()) for way in ways}) > 3
    for name in (blank.id for blank in page.blanks if blank.role != "change"):
        values = [number(way[name]) for way in ways]
        assert max(values) - min(values) <= Fraction(20, 10**places), name


def test_rounding_is_to_the_nearest_and_of_ties_as_the_method_says():
    half = Fraction(1, 8)
    assert Method(2).written(half) == ("0.13", Fraction(13, 100))
    assert Method(2, even=True).written(-half) == ("-0.12", Fraction(-12, 100))
    assert Method(2, extra=1).written(half) == ("0.125", half)
    assert Method(2, carried=True).written(half) == ("0.13", half)
    assert EXACT.written(-half) == ("-1/8", -half)
    assert worked(expr(half) * 3 + expr(half) * 3, lambda ref: half, Method(2, noted=True).within) == Fraction(
        76, 100
    )


def test_what_has_no_value_is_left_out():
    for rule in (expr(1) / 0, Fn("sqrt", (expr(-1),)), expr(NEG_INF) * 2, expr(2) ** expr(10**6)):
        with pytest.raises(NoNumberError):
            worked(rule, lambda ref: Fraction(0))
    assert worked(Sum((Num(NEG_INF), Ref("x", (0, 0)))), lambda ref: Fraction(1)) == NEG_INF
    assert worked(expr(2) ** expr(NEG_INF), lambda ref: Fraction(0)) == 0


def read(text):
    """A number in any notation, but for a root, a power or −∞."""
    text = re.sub(f"[{''.join(BUILT.values())}]", lambda m: f" {unicodedata.normalize('NFKC', m[0])}", text)
    text = unicodedata.normalize("NFKC", text.strip())
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    text = re.sub(r"\s+", " ", re.sub("[−–—‐‑]", "-", re.sub("[∕⁄÷]", "/", text))).replace(",", ".")
    text = re.sub(r" ?/ ?", "/", re.sub(r"^([+-]) ", r"\1", text))
    if text.endswith("%"):
        return read(text[:-1]) / 100
    if " " in text:
        whole, rest = text.split(" ")
        return read(whole) + read(rest) * (-1 if whole.startswith("-") else 1)
    top, _, bottom = text.partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def test_a_number_in_odd_notation_is_the_same_number():
    dice, seen = Random(0), set()
    for value in (Fraction(n, d) for n in range(-20, 21) for d in (1, 2, 3, 7, 8, 20)):
        for _ in range(20):
            text = odd(value, dice)
            seen.add(text)
            if not re.search(r"√|sqrt|\^", text):
                assert read(re.sub(r"^([+\-−–—‐‑－ ]*)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])", r"\g<1>0\2", text.strip())) == value, text
    assert len(seen) > 2_000
