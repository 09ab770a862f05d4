"""The work of followed answers."""

from fractions import Fraction

from students import NEG_INF, Page, Student

from byhand.marking.marker import Marker


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
