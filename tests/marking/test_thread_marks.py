"""A slip on a sheet of the thread costs one answer, and ends where the sheet ends: the next one has the right numbers."""

from fractions import Fraction

import pytest
from properties import marked, wrong
from students import Page, Student

from byhand.worksheet.thread import thread

SHEETS = thread().sheets
SEED = 7
SLIP = Fraction(7, 2)  # no number of a thread
TOLD = "Tags say which sheet a number comes from. Go on with the printed ones, even if yours differ."


def computed(page):
    """The blanks that the student computes, in the order of the page."""
    return [blank.id for blank in page.blanks if blank.role == "ask"]


def slips(name):
    """A blank of each step that a sheet asks for, in turn from its first and from its last number."""
    page = Page.of(name, seed=SEED)
    of_steps = {}
    for blank in computed(page):
        of_steps.setdefault(blank.rpartition("/")[0], []).append(blank)
    return [blanks[-(n % 2)] for n, blanks in enumerate(of_steps.values())]


def points(marks):
    """The points before they are rounded."""
    return sum(section.points for section in marks.sections)


@pytest.mark.parametrize("name", SHEETS)
def test_a_slip_costs_its_own_answer_and_what_follows_from_it_follows(name):
    page = Page.of(name, seed=SEED)
    whole = marked(page, Student(page))
    assert {mark.verdict for mark in whole.blanks} == {"right"}
    for slip in slips(name):
        marks = marked(page, Student(page, written={slip: SLIP}))
        assert wrong(marks) == {slip}
        followed = [mark for mark in marks.blanks if mark.verdict == "followed"]
        assert {mark.verdict for mark in marks.blanks} <= {"right", "followed", "wrong"}
        assert all(mark.points == mark.worth for mark in followed)
        (own,) = (mark for mark in marks.blanks if mark.id == slip)
        assert points(whole) - points(marks) == own.worth > own.points == 0


@pytest.mark.parametrize("name", SHEETS[1:])
def test_the_next_sheet_goes_on_from_the_right_numbers_and_says_so(name):
    """Each number that earlier sheets have found is printed as their keys have it, whoever wrote what there."""
    page = Page.of(name, seed=SEED)
    earlier = {}
    for number, sheet in enumerate(SHEETS[: SHEETS.index(name)], 1):
        before = Page.of(sheet, seed=SEED)
        for section in before.document.sections:
            for step in section.asked:
                earlier.setdefault(step, (number, section.number, before.run.values(step)))
    found = 0
    for panel in (panel for block in page.document.blocks for panel in block.matrices if panel.bead):
        number, section, right = earlier[panel.step]
        assert (panel.bead, panel.note) == (str(number), f"from sheet {number}, step {section}")
        assert not panel.has_blanks
        for cell in panel.flat:
            _, i, j = cell.place
            assert cell.value == right[i][j]
        found += 1
    assert found or name == "thread-feed-forward"
    assert TOLD in ["".join(token.content for token in line) for line in page.document.conventions]
