"""What a reader of a page makes of it: where numbers stand, what follows from those they wrote, and from a mistake."""

from fractions import Fraction

import pytest
from every_sheet import made

from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import Ref, evaluate, refs
from byhand.page.reader import Paper, Reader, Rewritten, place_of
from byhand.worksheet.document import Blank

# sheets on which rules read numbers that stand nowhere: kernels and maps, shares of another sheet
HIDDEN = ["one-by-one-convolution", "sampling", "sizing"]


def computed(sheet):
    """The blanks of a sheet that have a rule, each with the index of its section and the rule as its reader has it."""
    document, run = made(sheet)
    reader = Reader(document, run)
    for at, section in enumerate(document.sections):
        for blank in section.blanks:
            if blank.cell.rule is not None and blank.role != "size":
                yield reader, at, blank, reader.on_page(at, blank.cell.rule)


@pytest.mark.parametrize("sheet", ["attention-head", *HIDDEN])
def test_a_rule_on_the_page_reads_only_what_stands_there_and_has_the_same_value(sheet):
    run = made(sheet)[1]
    for reader, at, blank, tree in computed(sheet):
        assert all(reader.source(at, place_of(ref)) is not None for ref in refs(tree))
        assert evaluate(tree, run.value, RATIONALS) == evaluate(blank.cell.rule, run.value, RATIONALS)


@pytest.mark.parametrize("sheet", HIDDEN)
def test_a_rule_whose_numbers_stand_nowhere_is_replaced(sheet):
    assert any(tree != blank.cell.rule for _, _, blank, tree in computed(sheet))


def test_a_place_is_found_in_its_section_or_in_the_nearest_before():
    document, run = made("attention-head")
    reader = Reader(document, run)
    scores = place_of(Ref("blocks.0.attn.scores_raw[0]", (0, 1)))
    of_scores = next(n for n, section in enumerate(document.sections) if section.blanks)
    first, second = reader.source(of_scores, scores), reader.source(of_scores + 1, scores)
    assert isinstance(first, Blank)
    assert (first.role, second.role) == ("ask", "copy")
    assert reader.source(0, place_of(Ref("blocks.0.hook_resid_pre", (0, 0)))) is None
    assert reader.source(len(document.sections) - 1, ("blocks.0.attn.hook_q[0]", 0, 0)).value == Fraction(0)


def paper(reader, **written):
    """A student who has the right number in each blank but these."""
    run = reader.run

    def printed(section, place):
        return run.values(place[0])[place[1]][place[2]]

    right = {name: printed(0, blank.cell.place) for name, blank in reader.blanks.items() if blank.cell.at}
    return Paper(reader, right | written, printed, lambda tree, number: evaluate(tree, number, RATIONALS))


@pytest.mark.parametrize("sheet", ["attention-head", "kv-cache", *HIDDEN])
def test_from_right_numbers_the_key_follows(sheet):
    reader = Reader(*made(sheet))
    student = paper(reader)
    for blank in reader.blanks.values():
        if blank.role in ("ask", "copy"):
            assert student.follows(blank) == student.printed(0, blank.cell.place)


def test_what_follows_from_another_number_is_told_by_what_a_blank_reads():
    reader = Reader(*made("attention-head"))
    wrong = "1/ask/blocks.0.attn.scores_raw[0]/1,2"
    right, other = paper(reader), paper(reader, **{wrong: Fraction(1000)})
    changed = {n for n, b in reader.blanks.items() if b.role == "copy" and right.follows(b) != other.follows(b)}
    assert changed == {n for n, b in reader.blanks.items() if b.role == "copy" and wrong in reader.reads(b)} != set()


@pytest.mark.parametrize("sheet", ["attention-head", "layer-norm", "causal-mask"])
def test_a_mistake_made_in_one_step_has_the_value_of_its_rule_there(sheet):
    """Who has all right numbers in front of them, and makes a mistake that needs no steps and no boxes of its own."""
    reader = Reader(*made(sheet))
    student, tried = paper(reader), 0
    for steps in reader.mistakes.values():
        mistake = Rewritten(reader.run, steps, reader.asked_steps | reader.printed_steps)
        for blank in reader.blanks.values():
            if not (step := blank.cell.step):
                continue  # of a construction: no number of the run
            needs_none = not mistake.away and all(map(mistake.fits, (step, *mistake.whole[step].inputs)))
            if blank.role == "ask" and mistake.tells(step) and needs_none:
                rule = mistake.whole.rule(*blank.cell.place)
                found = student.mistaken(mistake, blank).value(blank.cell.place)
                assert found == evaluate(rule, reader.run.value, RATIONALS)
                tried += 1
    assert tried
