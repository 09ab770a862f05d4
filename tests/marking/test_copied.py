"""What is copied: from the same section, from one before, or from a matrix that a step has left as it was."""

from fractions import Fraction

import pytest
from properties import SHEETS, marked, wrong
from students import Page, Student

from byhand.arithmetic.expr import Ref
from byhand.page.reader import Reader

SAME_SECTION = {"linear-attention", "llama-block", "recurrent-depth", "reversible"}


def copied_from_their_own_section(page):
    """The blanks that the same section asks for, and asks to copy."""
    asked = {(page.section_of[b.id], b.cell.place): b.id for b in page.blanks if b.role == "ask"}
    copies = {(page.section_of[b.id], b.cell.place) for b in page.blanks if b.role == "copy"}
    return [name for at, name in asked.items() if at in copies]


def test_sheets_that_ask_for_a_matrix_and_a_copy_of_it_in_one_section():
    assert {sheet for sheet in SHEETS if copied_from_their_own_section(Page.of(sheet))} == SAME_SECTION


@pytest.mark.parametrize("sheet", sorted(SAME_SECTION))
def test_a_copy_of_a_slip_in_the_same_section_is_right(sheet):
    page = Page.of(sheet)
    for name in copied_from_their_own_section(page)[:2]:
        marks = marked(page, Student(page, written={name: Fraction(7, 3)}))
        copy = name.replace("/ask/", "/copy/")
        (mark,) = (mark for mark in marks.blanks if mark.id == copy)
        assert (mark.verdict, mark.answer, mark.reads) == ("followed", "7/3", (name,))
        assert wrong(marks) == {name}


def test_what_a_step_has_left_as_it_was_is_copied_from_before_it():
    """microgpt normalises twice, and says that the second time changes nothing."""
    page, name = Page.of("microgpt"), "2/ask/embed.ln.hook_normalized/3,1"
    marks = marked(page, Student(page, written={name: Fraction(9)}))
    copies = [mark for mark in marks.blanks if mark.id.endswith("copy/blocks.0.ln1.hook_normalized/3,1")]
    assert {(mark.answer, mark.verdict) for mark in copies} == {("9", "followed")}
    assert wrong(marks) == {name}


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_copy_is_copied_from_the_page(sheet):
    """From a blank or a printed number, so that a faithful copy of a slip is never wrong."""
    page = Page.of(sheet)
    reader = Reader(page.document, page.run)
    for blank in page.blanks:
        if blank.role == "copy":
            at = reader.rule(blank)
            while reader.shown(blank, (at.matrix, *at.index)) is None:
                at = page.run.rule(at.matrix, *at.index)  # such as heads side by side
                assert isinstance(at, Ref), blank.id
