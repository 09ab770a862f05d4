"""The pictures of whole models: the road, the lanes, and who looks where."""

import re
from fractions import Fraction

import pytest

from byhand.lessons.encoder import followed
from byhand.options import Options
from byhand.pictures import PICTURES, UndrawableError
from byhand.pipeline import prepare
from byhand.worksheet.document import Picture
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet

LANES = ("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "ln1.hook_normalized", "hook_mlp_out", "hook_resid_post",
         "hook_normalized_resid_post")  # fmt: skip


def sketch(name, *steps, **options):
    return PICTURES[name].sketch(messages().say, steps, options)


def test_a_road_shows_the_last_row_that_attention_changes():
    x, added = [[1, 0, 2, 0], [3, 1, 0, 0]], [[1, 1, 0, 0], [0, 0, 0, 0]]
    total = [[2, 1, 2, 0], [3, 1, 0, 0]]
    drawn = sketch("residual_road", x, added, total, tokens=["the", "cat"])
    assert "“the” drives on with 2, 1, 2, 0" in drawn.key_says
    assert "2, 1, 2, 0" not in drawn.worksheet_says
    with pytest.raises(UndrawableError):
        sketch("residual_road", x, [[0] * 4] * 2, x, tokens=["the", "cat"])


@pytest.mark.parametrize("seed", range(12))
def test_the_number_that_goes_through_the_lanes_adds_up(seed):
    document, run = prepare(load_sheet("encoder"), Options(seed=seed))
    assert any(isinstance(block, Picture) for block in document.blocks)
    steps = [run.values(f"encoder.0.{name}") for name in LANES]
    i, j = followed(*steps)
    x, attended, total, normed, fed, second, _ = (rows[i][j] for rows in steps)
    assert (x + attended, normed + fed) == (total, second)
    assert attended
    assert fed
    assert total != normed


@pytest.mark.parametrize(("attended", "written"), [(-1, "(−1)"), (2, "2")])
def test_a_negative_number_that_is_added_stands_in_brackets(attended, written):
    own = (3, attended, 3 + attended, 1, 1, 2, 1)
    lanes = sketch("lanes", *([[value]] * 3 for value in own), tokens=["the", "cat", "sat"])
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", lanes.printed)
    assert texts[texts.index("3") : texts.index("+")] == ["3", written, str(3 + attended), "1"]


def widths(svg):
    return sorted(float(w) for w in re.findall(r'stroke-width="([\d.]+)"', svg))


def test_a_look_is_as_thick_as_its_share():
    written = [[1, 0], [Fraction(1, 4), Fraction(3, 4)]]
    across = [[Fraction(1, 6), Fraction(2, 3), Fraction(1, 6)], [Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)]]
    drawn = sketch("who_looks_where", written, across, source=["le", "chat", "dort"], tokens=["the", "cat"])
    up_and_back = [3.2 * share for share in (1 / 6, 1 / 6, 1 / 4, 1 / 4, 1 / 4, 1 / 2, 2 / 3)]
    assert widths(drawn.pen) == pytest.approx(up_and_back, abs=0.01)
    assert len({*widths(drawn.printed)}) == 1  # what is printed, before anything is computed, tells no share
    assert "“the” looks up at le 1/6, chat 2/3, dort 1/6." in drawn.key_says
    assert "“cat” looks back at “the”: 1/4." in drawn.key_says
    assert not re.search(r"\d", drawn.worksheet_says)
    with pytest.raises(UndrawableError):
        sketch("who_looks_where", written, across, source=["le", "chat"], tokens=["the", "cat"])


def test_a_guess_has_a_box_and_the_models_word_is_in_the_key_only():
    drawn = sketch("guess", [[1], [3]], tokens=["we", "sing"], words=["we", "sing", "at", "dawn"], step=24, read=True)
    assert ">dawn<" in drawn.pen
    assert "dawn" in drawn.key_says
    assert "The model knows we, sing, at, dawn." in drawn.worksheet_says
    assert "copy your own" in drawn.printed
    alone = sketch(
        "guess", [[1], [3]], tokens=["we", "sing"], words=["we", "sing", "at", "dawn"], step=24, read=False
    )
    assert "copy your own" not in alone.printed
