"""What a student may have gone by."""

from fractions import Fraction

from students import Page, Student

from byhand.marking.marker import Marker


def test_who_goes_on_with_own_numbers_has_the_first_cell_from_the_page():
    """A wrong variance makes other queries and keys, which are printed before the scores; the student goes on with
    their own. But the first query's first number is printed where the queries are asked for, so it is never theirs.
    """
    page, name = Page.of("gpt"), "2/ask/blocks.0.ln1.variance/1,1"
    marks = Marker.of(page.document, page.run).mark(
        Student(page, written={name: Fraction(36)}, stubborn=True).answers()
    )
    verdicts = {mark.id: mark.verdict for mark in marks.blanks}
    assert [blank for blank, verdict in verdicts.items() if verdict == "wrong"] == [name]
    (score,) = (mark for mark in marks.blanks if mark.id == "6/ask/blocks.0.attn.scores_raw[0]/1,3")
    assert (score.verdict, score.source) == ("followed", "own")


def test_a_comma_is_read_as_is_nearest_to_the_key():
    """2,945 FLOPs are wrong by one, and carried on as two thousand and not as two."""
    page, name = Page.of("sizing"), "5/table/1"
    answers = Student(page, written={name: Fraction(2945)}).answers()
    marks = Marker.of(page.document, page.run).mark({**answers, name: "2,945"})
    assert [mark.id for mark in marks.blanks if mark.verdict == "wrong"] == [name]
    (total,) = (mark for mark in marks.blanks if mark.id == "5/table/3")
    assert (total.answer, total.verdict) == ("4417", "followed")


def test_capitals_of_a_word_matter_only_where_they_alone_tell_two_words_apart():
    sorter, gpt = Page.of("counting-sorter", seed=0), Page.of("gpt", seed=0)
    letters = [blank.id for blank in sorter.document.blanks() if blank.role == "word"]
    marks = Marker.of(sorter.document, sorter.run).mark(dict(zip(letters, ["a", "B", "."], strict=True)))
    assert [mark.verdict for mark in marks.blanks if mark.id in letters] == ["right", "wrong", "right"]  # not b
    (said,) = [blank.id for blank in gpt.document.blanks() if blank.role == "word"][-1:]
    answer = Student(gpt).answers()[said]
    marks = Marker.of(gpt.document, gpt.run).mark({said: answer.upper()})
    assert [mark.verdict for mark in marks.blanks if mark.id == said] == ["right"]
