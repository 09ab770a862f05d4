"""The work of followed answers."""

from fractions import Fraction

import pytest
from students import NEG_INF, Page, Student

from byhand.marking.marker import Marker


def test_who_makes_one_slip_keeps_the_points_of_what_follows_however_easy_it_is():
    """With a 0 in the mixture, fewer products are left than half of those of the key."""
    page, name = Page.of("microgpt", seed=164), "8/ask/blocks.0.attn.hook_z[0]/3,3"
    marks = Marker.of(page.document, page.run).mark(
        {**Student(page, written={name: Fraction(0)}).answers(), **page.ticks}
    )
    assert [mark.id for mark in marks.blanks if mark.points < mark.worth] == [name]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_number_everywhere_earns_nothing_where_it_follows_from_itself(seed):
    """The products of rows of zeros are all 0, so that none of them is wrong; what is 0 in the key is right."""
    page = Page.of("embedding", seed=seed)
    marks = Marker.of(page.document, page.run).mark(dict.fromkeys(page.by_id, "0"))
    assert {mark.key for mark in marks.blanks if mark.points} <= {"0"}
    assert marks.points <= 1


def test_what_has_no_value_takes_the_work_of_the_key():
    """A share of −∞ has no product with a value. Who then writes the right mixture has worked it out elsewhere."""
    page, shares = Page.of("attention-head"), "7/copy/blocks.0.attn.hook_pattern[0]"
    written = {f"{shares}/1,1": Fraction(5), f"{shares}/2,1": NEG_INF, f"{shares}/3,1": Fraction(5)}
    answers = Student(page, written=written).answers()
    right = {name: page.by_id[name].cell.text for name in answers if name.startswith("7/ask/") and "/2," in name}
    marks = Marker.of(page.document, page.run).mark({**answers, **right})
    (section,) = (section for section in marks.sections if section.number == 7)
    assert {mark.verdict for mark in marks.blanks if mark.id in right} == {"right"}
    assert [mark.verdict for mark in marks.blanks if mark.id.startswith("7/ask/")].count("followed") >= 3
    assert (section.guard, section.points) == ("kept", section.worth)
