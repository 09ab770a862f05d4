"""At the stretch level, numbers are lost that a student finds from what the page prints, whatever the seed."""

import pytest
from every_sheet import FULL

from byhand.arithmetic.expr import refs
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import Blank, Cell, Prose
from byhand.worksheet.sheet import load_sheet

LOST = {  # of each sheet: the operands with a lost number, and the step from which it is found
    "attention-head": (["blocks.0.attn.hook_k[0]"], "blocks.0.attn.scores_raw[0]"),
    "cross-attention": (["decoder.0.cross_attn.W_V[0]"], "decoder.0.cross_attn.hook_v[0]"),
    "embedding": (["other.W_E"] * 3, "other.embed"),
    "layer-norm-or-batch-norm": (["other.x"] * 2, "other.mean"),
    "positional-encoding": (["hook_embed"], "blocks.0.hook_resid_pre"),
    "sampling": (["logits"], "scaled"),
    "one-by-one-convolution": (["blocks.0.mlp.b_out"], "blocks.0.hook_conv_out"),
}

FOUND_BEFORE = {"positional-encoding": "hook_pos_embed"}  # the table that the student has filled in and adds


def cells_of(found):
    """The cells among what a reader sees, also those of blanks."""
    cells = (each.cell if isinstance(each, Blank) else each for each in found)
    return [each for each in cells if isinstance(each, Cell)]


def lost_numbers(sheet, **options):
    """The section that asks for lost numbers, its blanks for them, the run, and what stands before."""
    document, run = prepare(load_sheet(sheet), Options(level="stretch", **options))
    (section,) = (s for s in document.sections if any(blank.role == "inverse" for blank in s.blanks))
    before = (each for s in document.sections[: document.sections.index(section)] for each in s.seen)
    return section, [blank for blank in section.blanks if blank.role == "inverse"], run, [*before]


@pytest.mark.parametrize(
    "sheet", [sheet for sheet in LOST if sheet != "one-by-one-convolution"]
)  # reads four maps as one
def test_each_lost_number_follows_from_numbers_that_its_step_or_one_before_has(sheet):
    for seed in range(0, 51, 3 if FULL else 10):
        section, lost, run, before = lost_numbers(sheet, seed=seed)
        assert ([blank.cell.step for blank in lost], {blank.result for blank in lost}) == (
            LOST[sheet][0],
            {LOST[sheet][1]},
        )
        here = [each for each in section.seen if isinstance(each, Cell) or getattr(each, "role", "") == "copy"]
        known, earlier = ({(each.step, each.at) for each in cells_of(found)} for found in (here, before))
        for blank in lost:
            needed = {(ref.matrix, ref.index) for ref in refs(blank.cell.rule)} - known
            assert {step for step, _ in needed} <= {FOUND_BEFORE.get(sheet)}
            assert needed <= earlier
            assert (blank.cell.step, blank.cell.at) not in known | earlier
            assert run.domain.settle(blank.cell.rule, run.value) == blank.cell.value != 0


@pytest.mark.parametrize("sheet", ["positional-encoding", "sampling", "one-by-one-convolution"])
@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_a_strip_loses_a_number_and_prints_one_of_its_result_in_return(sheet, orientation):
    section, (lost,), *_ = lost_numbers(sheet, seed=4, orientation=orientation)
    (result,) = (panel for block in section.blocks for panel in block.matrices if panel.step == LOST[sheet][1])
    (printed,) = (cell for cell in result.flat if not cell.blank)
    assert {ref.index for ref in refs(lost.cell.rule) if ref.matrix == result.step} == {printed.at}
    usual, _ = prepare(load_sheet(sheet), Options(seed=4, orientation=orientation))
    assert not [blank for blank in usual.blanks() if blank.role == "inverse"]


@pytest.mark.parametrize(("sheet", "names"), [("positional-encoding", ("E", "X")), ("sampling", ("L", r"L \div T"))])
def test_what_is_said_of_a_lost_number_names_the_matrices_as_the_page_does(sheet, names):
    section, *_ = lost_numbers(sheet, seed=4)
    paragraphs = (
        inner for word in section.words if isinstance(word, Prose) for inner in word.tokens if inner.children
    )
    texts = ["".join(token.content for token in each.children) for each in paragraphs]
    told = "One number of {} is lost; in return, one of {} is printed. Work back from it, then go on."
    assert told.format(*names) in texts


def test_lost_numbers_of_one_matrix_stand_in_rows_and_columns_of_their_own():
    for sheet in ("embedding", "layer-norm-or-batch-norm"):
        places = [blank.cell.at for blank in lost_numbers(sheet, seed=3)[1]]
        assert all(len(set(line)) == len(places) for line in zip(*places, strict=True))
