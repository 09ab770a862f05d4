"""What a paper takes of a sheet: whatever is left out, what is taken can be done with what stands on the page."""

from __future__ import annotations

from fractions import Fraction

import pytest

from byhand.arithmetic.expr import refs
from byhand.arrange import arrange
from byhand.choose import choose
from byhand.errors import ConfigError, UnknownNameError
from byhand.options import Options
from byhand.options_file import as_entries, options_of
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.worksheet.asked import _of_excerpt, excerpt_of
from byhand.worksheet.document import Answer, Claim, Space
from byhand.worksheet.excerpt import HEAD, Excerpt
from byhand.worksheet.sheet import all_names, load_sheet


def page(name, *steps, seed=0, **asked):
    return prepare(load_sheet(name), Options(seed=seed, excerpt=Excerpt(steps, **asked)))[0]


def asking(document):
    return [section.number for section in document.sections if section.blanks or section.replies]


@pytest.mark.parametrize("name", all_names())
def test_each_step_by_itself_has_what_it_is_computed_from(name):
    """Of a step that is taken alone, each number is there from which its blanks are computed: on the page, or, as on
    the whole sheet, by the rules of what stands there.
    """
    sheet = load_sheet(name)
    options = Options().on(sheet)
    values, _ = choose(sheet, options)
    whole, run = arrange(sheet, values, options)
    reader = lower(whole, run).reader
    at = {section.number: n for n, section in enumerate(whole.sections) if section.number}
    for section in whole.sections:
        if not (section.blanks or section.replies):
            continue
        alone = Options(excerpt=Excerpt((str(section.number),))).on(sheet)
        try:
            document, part = arrange(sheet, values, alone)
        except ConfigError:  # it only copies what another step computes
            assert {blank.role for blank in section.blanks} == {"copy"}
            continue
        assert part.hash == run.hash  # the numbers are those of the whole sheet
        assert asking(document) == [section.number]
        (own,) = [each for each in document.sections if each.number == section.number]
        assert {blank.id for blank in own.blanks} <= {blank.id for blank in section.blanks}
        assert [reply.id for reply in own.replies] == [reply.id for reply in section.replies]
        shown = {place for each in document.sections for place in each.front}

        def missing(rule, shown=shown, before=at[section.number]):
            for ref in refs(rule):
                place = (ref.matrix, *ref.index)
                if place in shown:
                    continue
                if reader.source(before, place) is not None:
                    yield place
                elif run[ref.matrix].op is not None:
                    yield from missing(run.rule(*place), shown, before)

        assert not [
            place for blank in own.blanks if blank.cell.rule is not None for place in missing(blank.cell.rule)
        ]


def test_a_step_that_is_left_out_prints_what_others_need_of_it():
    document = page("attention-head", "Softmax")
    assert [(section.number, section.title) for section in document.sections] == [(2, "Scale"), (3, "Softmax")]
    scale = document.sections[0]
    assert [panel.role for panel in scale.figures[0].matrices] == ["given"]
    assert not scale.blanks


def test_what_would_be_copied_from_a_step_that_is_left_out_is_printed():
    whole, part = page("gpt"), page("gpt", "11")
    roles = {p.step: p.role for s in whole.sections if s.number == 11 for b in s.blocks for p in b.matrices}
    now = {p.step: p.role for s in part.sections if s.number == 11 for b in s.blocks for p in b.matrices}
    assert [(step, role, now[step]) for step, role in roles.items() if role != now[step]] == [
        ("blocks.0.attn.hook_q[1]", "copy", "given")
    ]


@pytest.mark.parametrize(
    "steps", [("1-3", "5"), ("1", "2", "3", "5"), ("1 – 3", "True or false?"), ("5", "3", "1-2")]
)
def test_steps_are_named_by_numbers_ranges_and_titles(steps):
    assert asking(page("softmax", *steps)) == [1, 2, 3, 5]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (("12",), "softmax has the steps 1 to 8, and no step 12"),
        (("7-12",), "softmax has the steps 1 to 8, and no step 9"),
        (("3-2",), "softmax: 3-2 is no range of steps; write 2-4"),
        (("0",), "softmax has the steps 1 to 8, and no step 0"),
    ],
)
def test_a_step_that_there_is_not_is_refused_in_a_line(steps, told):
    with pytest.raises(ConfigError, match=told):
        page("softmax", *steps)


def test_a_title_that_is_nearly_right_is_named():
    with pytest.raises(UnknownNameError, match="no step of softmax 'Build'; did you mean 'Build it'"):
        page("softmax", "Build")


def test_a_step_with_nothing_left_to_do_is_refused_in_a_line():
    told = "step 7 of flash-attention, “All at once”, only copies what another step computes"
    with pytest.raises(ConfigError, match=told):
        page("flash-attention", "7")
    assert asking(page("flash-attention", "4-7"))[-1] == 7


# points


def test_points_for_all_steps_are_shared_by_the_work_in_halves_and_add_up():
    document = page("softmax", "1-3", "5", points={"": "8"})
    assert sum(document.points.values()) == 8
    assert all(worth >= Fraction(1, 2) and (2 * worth).denominator == 1 for worth in document.points.values())
    assert [*document.points] == [1, 2, 3, 5]
    assert document.points[1] > document.points[5]
    assert document.told_points == "8 points"
    titles = {section.number: section.title for section in document.sections}
    assert titles[5] == "True or false? (1 point: ½, and ½ for words)"


def test_points_by_step_may_have_halves_and_are_said_in_the_head():
    document = page("softmax", "1", "Build it", points={"1": "2.5", "Build it": "1"})
    assert dict(document.points) == {1: Fraction(5, 2), 6: 1}
    assert "3½ points" in document.series
    assert "(2½ points)" in document.sections[1].title


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ({"": "0"}, "points: '0'; give a number from 1/2 to 1,000"),
        ({"1": "-1"}, "points of step 1: '-1'"),
        ({"1": "0.3"}, "points of step 1: '0.3'"),
        ({"": "4", "1": "2"}, "together, or for each by itself"),
        ({"": "1"}, "softmax: 1 points for 4 steps; give at least 2"),
        ({"4": "2"}, "softmax: step 4 has points, and there is nothing to do in it here"),
        ({"1": "2"}, "softmax: step 2 has no points, and others have"),
    ],
)
def test_points_that_cannot_be_are_refused_in_a_line(points, told):
    with pytest.raises(ConfigError, match=told):
        page("softmax", "1-3", "5", points=points)


# room, texts and the head


def test_more_lines_lengthen_those_that_there_are_or_give_some():
    whole, more = page("softmax", "1-3", "5"), page("softmax", "1-3", "5", lines=2)

    def lines(document, kind):
        return [getattr(word, "lines", getattr(word, "rules", 0)) for s in document.sections for word in s.words
                if isinstance(word, kind)]  # fmt: skip

    assert lines(more, Claim) == [n + 2 for n in lines(whole, Claim)]
    assert lines(more, Answer) == lines(whole, Answer)  # a question with one line in the middle of a step keeps it
    assert lines(whole, Space) == []
    assert lines(more, Space) == [2, 2, 2]


def test_a_head_has_only_what_is_asked_for():
    short = page("softmax", "1", head=())
    assert (short.head, short.before, short.objectives, short.origin) == ((), (), (), ())
    assert short.opening == ()
    assert short.series == "byhand"
    assert page("softmax").head == HEAD


def test_a_picture_of_steps_that_are_left_out_goes_with_them():
    titles = [section.title for section in page("softmax", "1-3").sections]
    assert titles[:3] == ["Guess first", "Powers and shares", "See it"]
    assert "See it" not in [section.title for section in page("softmax", "1-2").sections]  # bars of step 3
    assert page("softmax", "1-2").gone >= {"doubled.softmax"}


@pytest.mark.parametrize("name", all_names())
def test_without_help_no_sheet_has_hints_checks_and_guesses_and_all_its_answers_stay(name):
    whole, bare = page(name), page(name, help=False)
    kinds = {block.kind for block in bare.blocks}
    assert not kinds & {"hint", "check", "pencil"}
    assert bare.stamp["hash"] == whole.stamp["hash"]
    shown = {place for section in bare.sections for place in section.front}
    for section in bare.sections:
        assert not section.number or section.title in [each.title for each in whole.sections]
    assert {blank.id for section in bare.sections for blank in section.blanks} == {
        blank.id for section in whole.sections for blank in section.blanks if section.number
    }
    asked = {blank.cell.place for s in bare.sections for blank in s.blanks if blank.cell.at is not None}
    assert asked <= shown


@pytest.mark.parametrize("asked", [{"lines": -1}, {"lines": 31}, {"before": "x" * 5001}, {"head": ("foot",)}])
def test_what_no_page_has_is_refused(asked):
    with pytest.raises(ConfigError):
        Excerpt(**asked)


@pytest.mark.parametrize(
    "excerpt",
    [
        Excerpt(),
        Excerpt(("1-3", "Back to the cake"), {"": "8"}, 2, "A *text* of $X$ = 5 % …\n\nTwo.", "Bye", ("map",)),
        Excerpt((), {"1": "2.5", "Find the error": "3"}, 0, "", "", (), False),
    ],
)
def test_a_page_and_a_file_say_what_was_taken(excerpt):
    said = {name: text for name, text in _of_excerpt(excerpt).items() if text}
    assert excerpt_of(said) == excerpt
    assert options_of(as_entries(Options(excerpt=excerpt)), "file").excerpt == excerpt


def test_all_that_a_sheet_has_beside_its_steps_can_be_kept():
    assert Excerpt().head == HEAD
