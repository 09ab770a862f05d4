"""Kinds of question beyond filling a matrix: every answer is the run's, and what cannot be asked is said."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from kinds import kinds, kinds_and_run, lesson
from msgspec.structs import replace

from byhand.arithmetic.decimals import Decimals
from byhand.arithmetic.exact import RATIONALS
from byhand.arithmetic.expr import refs, substitute
from byhand.errors import ConfigError, SheetError
from byhand.model.config import Config
from byhand.notation.marks import MarkedCopies
from byhand.notation.text import text
from byhand.ops.linear import affine, matmul
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.tape import Tape
from byhand.worksheet.calls import CALLS, largest, most, product_shape, ranked
from byhand.worksheet.context import Context
from byhand.worksheet.document import Answer, Cell, Choice, Claim, Falk, Hint, Strip, Table
from byhand.worksheet.inverse import solutions
from byhand.worksheet.sheet import load_sheet, parse_sheet

ATTN = "blocks.0.attn."


def figures(document, kind):
    return [f for s in document.sections for f in s.figures if isinstance(f, kind)]


def worked(run, cell):
    return text(substitute(cell.rule, run.value))


def words(document, kind):
    return [w for s in document.sections for w in s.words if isinstance(w, kind)]


def said(tokens):
    return "".join(token.content for token in tokens)


# inverse


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_an_inverse_prints_the_result_and_leaves_out_an_operands_entry(orientation):
    document, run = kinds_and_run(orientation=orientation)
    falk = figures(document, Falk)[0]
    assert not falk.result.has_blanks
    blanks = {panel.symbol: [c for row in panel.cells for c in row if c.blank] for panel in (falk.left, falk.upper)}
    assert {symbol: [(c.value, worked(run, c)) for c in cells] for symbol, cells in blanks.items()} == (
        {
            "X": [(-2, "(4 − (0·0 + 2·0 + 2·1)) ÷ (−1)")],
            "W_{Q}": [(1, "(−3 − (2·(−1) + 0·(−1) + (−1)·0)) ÷ (−1)")],
        }
        if orientation == "rows"
        else {
            "X": [(-2, "(4 − (0·0 + 0·2 + 1·2)) ÷ (−1)")],
            "W_{Q}": [(1, "(−3 − ((−1)·2 + (−1)·0 + 0·(−1))) ÷ (−1)")],
        }
    )


def product(x, w, domain=RATIONALS, **given):
    numbers = {name: [[Fraction(n) for n in row] for row in rows] for name, rows in {"x": x, "w": w, **given}.items()}
    tape = Tape(domain, numbers)
    operands = [tape.given("x", (len(x), len(x[0]))), tape.given("w", (len(w), len(w[0])))]
    if given:
        affine(*operands, tape.given("b", (1, len(w[0]))), name="y")
    else:
        matmul(*operands, name="y")
    return tape


def test_an_unknown_is_found_from_the_cell_with_the_smallest_division():
    tape = product([[3, 1], [1, 2], [0, 5]], [[4], [7]])
    rule = solutions(tape, "y", [("w", 0, 0)])["w", 0, 0]
    assert text(rule) == "y[2, 1] − x[2, 2]·w[2, 1]"
    assert text(substitute(rule, tape.value)) == "18 − 2·7"


def test_a_name_leaves_out_the_entry_that_is_easiest_to_find():
    tape = product([[0, 3], [0, 2]], [[4], [7]])
    assert list(solutions(tape, "y", ["w"])) == [("w", 1, 0)]


def test_unknowns_may_follow_from_each_other():
    tape = product([[1, 1], [2, 1]], [[4], [7]], b=[[5]])
    found = solutions(tape, "y", [("x", 0, 0), ("w", 0, 0)])
    assert {place: text(substitute(rule, tape.value)) for place, rule in found.items()} == {
        ("w", 0, 0): "(20 − (1·7 + 5)) ÷ 2",
        ("x", 0, 0): "(16 − (1·7 + 5)) ÷ 4",
    }


@pytest.mark.parametrize(
    ("unknown", "message"),
    [
        ([("w", 0, 0)], "w, row 1, column 1, cannot be found from y: where it counts, its factor is 0"),
        ([("x", 0, 1), ("w", 1, 0)], "x, row 1, column 2, cannot be found from y"),
        ([("v", 0, 0)], "y does not read 'v'; it reads x, w"),
        (["x", ("x", 0, 1), ("x", 0, 0)], "x, row 1, column 2, cannot be found from y"),
    ],
)
def test_what_a_result_does_not_determine_is_an_error(unknown, message):
    with pytest.raises(SheetError, match="^" + message):
        solutions(product([[0, 3]], [[4], [7]]), "y", unknown)


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_an_inverse_of_a_dot_product_stands_side_by_side(orientation):
    sheet = parse_sheet(
        "dots",
        "---\ntitle: T\nmodel: dot-product\ngoal: G\ninputs: {u: [[2, 1], [3, 0]], v: [[5, 4], [1, 2]]}\n---\n"
        "## A\n\n{{ inverse('dot', ('v', 1, 0)) }}\n",
    )
    document, run = prepare(sheet, Options(orientation=orientation))
    (strip,) = figures(document, Strip)
    assert strip.joints == ("·", "=")
    (cell,) = (c for row in strip.panels[1].cells for c in row if c.blank)
    assert (cell.value, worked(run, cell)) == (1, "(3 − 0·2) ÷ 3")
    where = [[c.blank for c in row] for row in strip.panels[1].cells]
    assert where == ([[False, False], [True, False]] if orientation == "rows" else [[False, True], [False, False]])


def test_a_rounded_result_determines_nothing():
    tape = product([["1/10"]], [["2/5"]], domain=Decimals(1))
    with pytest.raises(SheetError, match="where it counts, its factor is 0, the result is rounded"):
        solutions(tape, "y", [("w", 0, 0)])


# tables, shapes, counts


def test_which_products_exist_is_what_the_operation_says():
    assert product_shape((3, 4), (4, 2)) == (3, 2)
    assert product_shape((3, 4), (3, 4)) is None


@pytest.mark.parametrize(
    ("orientation", "rows"),
    [
        (
            "rows",
            [
                ("X 3 × 4", "W_Q 4 × 4", "yes", "3 × 4"), ("W_Q 4 × 4", "X 3 × 4", "no", "—"),
                ("Q 3 × 4", "Kᵀ 4 × 3", "yes", "3 × 3"), ("3 × 4", "4 × 32", "yes", "3 × 32"),
            ],
        ),
        (
            "columns",
            [
                ("W_Q 4 × 4", "X 4 × 3", "yes", "4 × 3"), ("X 4 × 3", "W_Q 4 × 4", "no", "—"),
                ("Kᵀ 3 × 4", "Q 4 × 3", "yes", "3 × 3"), ("32 × 4", "4 × 3", "yes", "32 × 3"),
            ],
        ),
    ],
)  # fmt: skip
def test_shapes_turn_with_the_sheet(orientation, rows):
    table = figures(kinds(orientation=orientation), Table)[0]
    assert [tuple(x.text for x in row) for row in table.rows] == rows
    assert [c.blank for c in table.rows[0][2:]] == [True, True]


def test_names_may_stand_without_the_shapes_that_the_student_has_found():
    x, w = "blocks.0.hook_resid_pre", f"{ATTN}W_Q[0]"
    document, _ = prepare(
        lesson(f"## A\n\n{{{{ shapes(('{x}', '{w}'), ([3, 4], '{w}'), named=True) }}}}\n"), Options()
    )
    rows = [tuple(entry.text for entry in row) for row in figures(document, Table)[0].rows]
    assert rows == [("X", "W_Q", "yes", "3 × 4"), ("3 × 4", "W_Q", "yes", "3 × 4")]


def test_an_entry_may_be_rounded():
    sheet = parse_sheet(
        "size",
        "---\ntitle: T\nmodel: sizing\ngoal: G\nconfig: {tie_word_embeddings: true}\ninputs: {n_layers: [[12]], "
        "d_model: [[768]], n_heads: [[12]], d_head: [[64]], d_mlp: [[3072]], n_ctx: [[1024]], d_vocab: [[50257]], "
        "bias: [[1]]}\n---\n"
        "## A\n\n{{ table(['part', 'parameters', '%', 'known'], ['embedding', entry('params.embed'), "
        "entry('share.params.embed', places=1), number('params', 0, 0)]) }}\n",
    )
    whole, share, known = figures(prepare(sheet, Options())[0], Table)[0].cells
    assert (whole.text, share.text) == ("38,597,376", "31.0")
    assert (known.text, known.blank) == ("124,439,808", False)


def test_counts_come_from_the_shapes_of_the_run():
    counting = figures(kinds(), Table)[1]
    assert [(cell.value, cell.rule and text(cell.rule)) for cell in counting.cells] == [
        (16, "4·4"), (4, None), (10, "4·2 + 2"),
    ]  # fmt: skip


def test_an_entry_is_the_runs_number_with_its_arithmetic_or_a_word():
    body = (
        "## A\n\n{{ table(['', 'score', 'word'],"
        f" ['a', entry('{ATTN}scores_raw[0]', 0, 1), entry('{ATTN}scores_raw[0]', 1, 0, word=True)]) }}}}\n"
    )
    document, run = prepare(lesson(body), Options())
    score, word = figures(document, Table)[0].cells
    assert (score.value, worked(run, score)) == (-4, "4·2 + 2·(−2) + 4·(−2) + 4·0")
    assert word.value == "on"  # the vocabulary's word 4


def test_entries_are_a_row_or_a_column_of_a_step():
    raw = f"{ATTN}scores_raw[0]"
    body = f"## A\n\n{{{{ table(['', '1', '2', '3'], ['r'] + entries('{raw}', 1), ['c'] + entries('{raw}', column=1)) }}}}\n"
    document, run = prepare(lesson(body), Options())
    cells, rows = figures(document, Table)[0].cells, run.values(raw)
    assert [cell.value for cell in cells] == [*rows[1], *(row[1] for row in rows)]


# claims, choices, errors


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_a_claim_holds_as_the_run_says(orientation):
    assert [claim.holds for claim in words(kinds(orientation=orientation), Claim)] == [True, False, False]


def test_a_claim_that_fails_has_its_own_reason():
    body = "## A\n\n{{ claim('Yes.', sums('x') == [2, -2, -1], 'It is.', 'It is not.') }}\n"
    body = body.replace("'x'", "'blocks.0.hook_resid_pre'")
    for numbers, holds, reason in (([2, 2, -2, 2], False, "It is not."), ([0, 2, -2, 2], True, "It is.")):
        values = {"inputs": {"blocks.0.hook_resid_pre": [numbers, [2, -1, 0, -1 - 2], [-2, 1, -1, 1]]}}
        (claim,) = words(prepare(lesson(body), Options(values=values))[0], Claim)
        assert (claim.holds, said(claim.reason)) == (holds, reason)


def test_a_word_is_chosen_from_the_vocabulary():
    (choice,) = words(kinds(), Choice)
    assert choice.words[choice.right] == "on"
    assert choice.words == ("the", "cat", "sat", "down", "on", "mat")


def test_the_words_at_the_largest_numbers_of_a_row_are_joined():
    tape = Tape(RATIONALS, {"shares": [[1, 0], [2, 2]]})
    tape.given("shares", (2, 2), ("pos", "pos"))
    context = Context(lesson(""), tape, Config(), tokens=("cat", "sat"))
    for orientation in ("rows", "columns"):
        asked = replace(context, orientation=orientation)
        assert [most(asked, "shares", i) for i in (0, -1)] == ["cat", "cat” and “sat"]


def test_the_largest_number_is_that_of_a_step_or_of_one_of_its_rows():
    tape = Tape(RATIONALS, {"x": [[1, 0], [2, 2]]})
    tape.given("x", (2, 2))
    context = Context(lesson(""), tape, Config())
    assert (largest(context, "x"), largest(context, "x", 0)) == (2, 1)
    assert [ranked(context, "x", 0, k) for k in (0, 1)] == [0, 1]


def test_a_number_that_a_sheet_computes_is_written_for_each_copy():
    copies = MarkedCopies(RATIONALS, 2)
    own = copies.number((1, 2), np.array([0, 1])) + 3
    assert CALLS["text"](Context(lesson(""), Tape(RATIONALS, {}), Config()), own) == "\U000f0000"
    assert copies.texts[0].tolist() == ["4", "5"]


def test_of_a_step_the_last_row_may_be_asked_for_alone():
    body = f"## A\n\n{{{{ strip(blank('{ATTN}scores_raw[0]', last=True)) }}}}\n"
    (strip,) = figures(prepare(lesson(body), Options())[0], Strip)
    assert [panel.rows for panel in strip.panels] == [("sat",)]
    assert {cell.at[0] for cell in strip.cells} == {2}


def test_the_first_rows_may_be_given():
    body = f"## A\n\n{{{{ ask('{ATTN}scores_raw[0]', given=2) }}}}\n"
    document, _ = prepare(lesson(body), Options())
    assert {blank.cell.at[0] for blank in document.blanks()} == {2}
    body = "## A\n\n{{ norm('blocks.0.ln1', 'blocks.0.hook_resid_pre', given=2) }}\n"
    document, _ = prepare(replace(load_sheet("layer-norm"), body=body), Options())
    assert {blank.cell.at[0] for blank in document.blanks()} == {2}


def test_of_a_single_row_the_first_numbers_may_be_given():
    sheet = replace(load_sheet("flash-attention"), body="## A\n\n{{ strip(blank('plain.pattern', given=3)) }}\n")
    assert [blank.cell.at for blank in prepare(sheet, Options())[0].blanks()] == [(0, 3)]


def test_a_norm_may_leave_out_the_rows_that_it_normalises():
    body = "## A\n\n{{ norm('blocks.0.ln1', 'blocks.0.hook_resid_pre', shown=False) }}\n"
    sheet = replace(load_sheet("layer-norm"), body=body)
    first, _ = figures(prepare(sheet, Options())[0], Strip)
    assert [panel.step.rpartition(".")[2] for panel in first.panels] == ["mean", "centered", "variance", "hook_scale"]


def test_the_first_wrong_step_is_the_one_to_tick():
    panels = figures(kinds(), Strip)[-1].panels
    assert [panel.right for panel in panels] == [False, False, True, False]
    right = prepare(lesson("## A\n\nText.\n"), Options())[1].texts[f"{ATTN}hook_attn_scores[0]"]
    assert tuple(tuple(str(c.value) for c in row) for row in panels[1].cells) == right


def test_without_an_answer_the_key_says_what_the_mistake_is():
    on_lines = [answer for answer in words(kinds(), Answer) if not answer.asks]
    assert said(on_lines[-1].tokens) == "Each power divided by the sum of its column."


# levels


def test_easy_asks_for_last_rows_only():
    document = prepare(load_sheet("attention-head"), Options(seed=0, level="easy"))[0]
    for panel in document.panels():
        assert [any(c.blank for c in row) for row in panel.cells] == [False, False, True], panel.step


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_stretch_can_ask_for_a_lost_number_of_an_input_and_prints_one_of_the_result_in_return(orientation):
    body = f"## A\n\n{{{{ ask('{ATTN}hook_q[0]', first=true, lost='{ATTN}W_Q[0]') }}}}\n"
    roles = {}
    for level in ("standard", "stretch"):
        document, run = prepare(lesson(body), Options(level=level, orientation=orientation, seed=0))
        roles[level] = Counter(blank.role for blank in document.blanks())
    assert roles == {"standard": {"ask": 11}, "stretch": {"ask": 11, "inverse": 1}}
    (lost,) = (blank for blank in document.blanks() if blank.role == "inverse")
    assert lost.cell.value != 0
    known = {each.place for each in document.sections[0].seen if isinstance(each, Cell)}
    assert {(ref.matrix, *ref.index) for ref in refs(lost.cell.rule)} <= known
    assert run.domain.settle(lost.cell.rule, run.value) == lost.cell.value
    assert "One number of" in said(document.sections[0].words[0].tokens[1].children)


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_easy_says_in_its_goal_what_is_given(orientation):
    given = f" Most {orientation} are given; you fill in the rest."
    for sheet, says in (("gpt", given), ("shapes", ""), ("kv-cache", "")):
        usual, easy = (
            said(prepare(load_sheet(sheet), Options(seed=0, level=level, orientation=orientation))[0].goal)
            for level in ("standard", "easy")
        )
        assert "every number" not in easy
        assert easy == usual + says


def test_easy_asks_for_all_rows_of_a_step_that_is_asked_for_whole():
    document, _ = prepare(load_sheet("causal-mask"), Options(level="easy"))
    asked = {
        step: {cell.at[0] for cell in panel.flat if cell.blank}
        for panel in document.panels()
        for step in [panel.step]
    }
    assert (asked[f"{ATTN}hook_attn_scores[0]"], asked[f"{ATTN}hook_pattern.exp[0]"]) == ({0, 1, 2}, {2})


def test_easy_asks_for_the_rows_that_hold_the_letters():
    document = prepare(load_sheet("attention-in-letters"), Options(seed=0, level="easy"))[0]
    assert said(document.goal).endswith(
        "The last two rows of each matrix are yours to fill in; what is before them is given."
    )
    found = {
        str(blank.cell.value) for blank in document.blanks() if blank.cell.step.endswith(("hook_q[0]", "hook_v[0]"))
    }
    assert all(any(letter in value for value in found) for letter in "ab")
    with pytest.raises(SheetError, match="easy_rows: 3 rows at the easy level; use 1 or 2"):
        parse_sheet("own", "---\ntitle: T\ngoal: g\nmodel: softmax\neasy_rows: 3\n---\n## A\n")


def test_stretch_has_no_hints_and_lets_a_sheet_ask_otherwise():
    document = prepare(load_sheet("attention-head"), Options(seed=0, level="stretch"))[0]
    assert not words(document, Hint)
    body = "## A\n\n{% if level == 'stretch' %}{{ inverse('Q', 'X') }}{% else %}{{ ask('Q') }}{% endif %}\n"
    body = body.replace("'Q'", f"'{ATTN}hook_q[0]'").replace("'X'", "'blocks.0.hook_resid_pre'")
    for level, asked in (("standard", 12), ("stretch", 1)):
        assert len(prepare(lesson(body), Options(seed=0, level=level))[0].blanks()) == asked


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("table(['a', 'b'], ['c'])", "the table's head has 2 entries; a row has 1"),
        (
            "table(['a', 'b'], ['c', entry('hook_q', 3, 0)])",
            "hook_q[0] is 3 × 4; it has no entry 3, 0 (counted from 0)",
        ),
        ("shapes(('hook_q', 3))", "3 is neither a matrix of the run nor a shape such as [3, 4]"),
        (
            "find_the_error('no-mask', ['hook_q'], 1)",
            "the foil no-mask changes nothing in blocks.0.attn.hook_q[0]; choose",
        ),
        ("inverse('hook_attn_scores', 'x')", "hook_attn_scores[0] is no product, sum, mean or look-up; leave out"),
    ],
)
def test_what_cannot_be_asked_is_said(call, message):
    full = re.sub(r"'(hook_\w+)'", rf"'{ATTN}\1[0]'", call)
    with pytest.raises(SheetError) as error:
        prepare(lesson(f"## A\n\n{{{{ {full} }}}}\n"), Options())
    assert message in str(error.value)


def test_a_mistake_that_options_of_ones_own_take_away_is_told_by_these():
    with pytest.raises(ConfigError) as error:
        prepare(load_sheet("feed-forward"), Options(values={"config": {"act_fn": "gelu"}}, numbers="decimal"))
    assert str(error.value) == (
        "feed-forward is written for act_fn='relu', and with act_fn='gelu' the foil no-relu changes nothing in "
        "blocks.0.hook_mlp_out; leave that out, or use byhand run feed-forward"
    )


def test_the_inputs_of_a_product_may_be_computed_where_they_stand():
    document, run = prepare(load_sheet("mlp"), Options())
    (step,) = [section for section in document.sections if "blocks.0.mlp.hook_post" in section.asked]
    assert step.asked == ("blocks.0.mlp.hook_post", "blocks.0.hook_mlp_out")
    units = [blank for blank in step.blanks if blank.cell.step == "blocks.0.mlp.hook_post"]
    assert {blank.role for blank in units} == {"ask"}
    assert len(units) == 12
    assert worked(run, units[1].cell) == f"max(0, {run.texts['blocks.0.mlp.hook_pre'][0][1]})".replace("-", "−")


def test_an_operand_of_an_inverse_may_be_copied():
    document, _ = prepare(load_sheet("transformer-by-hand"), Options(seed=0, level="stretch"))
    (step,) = [section for section in document.sections if section.title == "First layer"]
    roles = [blank.role for blank in step.blanks]
    assert (roles.count("copy"), roles.count("inverse")) == (12, 2)


def test_the_smallest_number_is_compared():
    body = f"## A\n\n{{{{ claim('c', smallest('{ATTN}hook_q[0]') < 0, 'r') }}}}\n"
    document, run = prepare(lesson(body), Options())
    assert words(document, Claim)[0].holds is any(
        text.startswith("-") for row in run.texts[f"{ATTN}hook_q[0]"] for text in row
    )


def test_values_compare_as_numbers():
    body = f"## A\n\n{{{{ claim('c', number('{ATTN}hook_pattern[0]', 2, 0) < 1, 'r') }}}}\n"
    document, run = prepare(lesson(body), Options())
    pattern = run.texts[f"{ATTN}hook_pattern[0]"]
    assert words(document, Claim)[0].holds is (Fraction(pattern[2][0]) < 1)


def test_a_caption_names_what_a_mistake_made():
    body = f"## A\n\n{{{{ find_the_error('no-mask', '{ATTN}hook_pattern[0]', 1, caption='x') }}}}\n"
    (panel,) = figures(prepare(lesson(body), Options())[0], Strip)[0].panels
    assert panel.caption == "x"


@pytest.mark.parametrize("orientation", ["rows", "columns"])
@pytest.mark.parametrize(("row", "shown"), [(1, "cat"), (2, "the")])
def test_a_mistake_is_shown_in_one_row_that_it_changes(row, shown, orientation):
    """The last token sees all the others, with a mask and without."""
    body = f"## A\n\n{{{{ find_the_error('no-mask', '{ATTN}hook_pattern[0]', 1, row={row}) }}}}\n"
    (panel,) = figures(prepare(lesson(body), Options(orientation=orientation))[0], Strip)[0].panels
    assert (panel.cols if orientation == "columns" else panel.rows) == (shown,)
    assert len(panel.flat) == 3


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_a_mistake_may_be_shown_in_all_rows_that_it_changes_and_no_other(orientation):
    body = f"## A\n\n{{{{ find_the_error('no-mask', '{ATTN}hook_pattern[0]', 1, changed_only=True) }}}}\n"
    (panel,) = figures(prepare(lesson(body), Options(orientation=orientation))[0], Strip)[0].panels
    assert (panel.cols if orientation == "columns" else panel.rows) == ("the", "cat")


def test_a_share_is_rounded():
    document, _ = prepare(load_sheet("sizing"), Options())
    entries = [cell for table in figures(document, Table) for cell in table.cells if cell.step == "mfu"]
    assert [cell.text for cell in entries] == ["50", "37.1"]


def test_a_query_asks_for_the_labels_of_its_positive_numbers():
    for orientation in ("rows", "columns"):
        document, _ = prepare(load_sheet("queries-keys-values"), Options(orientation=orientation))
        (said,) = (reply.right for reply in document.replies() if reply.id == "1/line/1")
        assert said == "at noun and first: for a noun that comes first"


@pytest.mark.parametrize(("orientation", "shape"), [("rows", (1, 2)), ("columns", (2, 1))])
def test_a_mistake_may_show_one_token_only(orientation, shape):
    document, _ = prepare(load_sheet("feed-forward"), Options(orientation=orientation))
    (error,) = (section for section in document.sections if section.title == "Find the error")
    (panel,) = error.figures[0].matrices
    assert panel.shape == shape
    assert "the" in (panel.rows if orientation == "rows" else panel.cols)
