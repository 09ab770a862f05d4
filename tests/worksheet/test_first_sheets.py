"""Facts that the first sheets state, whatever their numbers."""

import math
import re

import pytest

from byhand.arithmetic.exact import RATIONALS
from byhand.options import Options
from byhand.pipeline import prepare
from byhand.worksheet.document import Answer, Check, Claim, Falk, Strip
from byhand.worksheet.front import sheet_files
from byhand.worksheet.sheet import load_sheet


@pytest.fixture(scope="module")
def tape_of():
    return lambda name: (sheet := load_sheet(name)).model.run(sheet.given(letters=False), RATIONALS)


def figures(name, kind, **options):
    document, _ = prepare(load_sheet(name), Options(**options))
    return [figure for section in document.sections for figure in section.figures if isinstance(figure, kind)]


@pytest.mark.parametrize("orientation", ["rows", "columns"])
def test_one_number_of_each_vector_is_lost(orientation):
    (lost,) = (p for f in figures("dot-product", Strip, orientation=orientation) for p in f.panels if p.step == "q")
    vectors = lost.cells if orientation == "rows" else zip(*lost.cells, strict=True)
    assert [sum(cell.blank for cell in vector) for vector in vectors] == [1, 1, 1]


def test_a_weight_and_a_bias_are_lost():
    _, lost = figures("linear-layer", Falk)
    blanks = {panel.step: sum(c.blank for row in panel.cells for c in row) for panel in lost.matrices}
    assert blanks == {"x": 0, "other.W": 1, "other.b": 1, "other.y": 0}


def test_both_orders_of_a_product_have_the_same_diagonal_sum(tape_of):
    ab, ba = (tape_of("matrix-product").values(name) for name in ("AB", "BA"))
    assert ab != ba
    assert sum(ab[i][i] for i in range(3)) == sum(ba[i][i] for i in range(3))


def test_shares_feel_a_factor_and_not_a_shift(tape_of):
    tape = tape_of("softmax")
    shares, shifted, doubled = (tape.values(f"{at}softmax") for at in ("", "shifted.", "doubled."))
    assert shares == shifted
    assert all(max(new) > max(old) for new, old in zip(doubled, shares, strict=True))


def test_a_word_looked_up_is_a_one_hot_product(tape_of):
    tape = tape_of("embedding")
    assert tape.values("hook_embed") == tape.values("one_hot.product")


def test_the_second_hand_tells_apart_what_the_first_does_not(tape_of):
    sheet = load_sheet("positional-encoding")
    periods = sheet.values["config"]["sinusoidal_periods"]
    places = tape_of("positional-encoding").values("hook_pos_embed")
    assert len(set(places)) == len(places) == periods[0]  # the first hand comes again with the next word
    assert periods[1] == 2 * periods[0]  # and the second points the other way then


def test_claims_are_judged_by_the_run():
    held = {}
    for name in ("matrix-product", "mlp", "softmax", "embedding"):
        document, _ = prepare(load_sheet(name), Options())
        held[name] = [
            word.holds for section in document.sections for word in section.words if isinstance(word, Claim)
        ]
    assert held == {"matrix-product": [False], "mlp": [False, False], "softmax": [False], "embedding": []}


@pytest.mark.parametrize(
    ("name", "seeds"),
    [("shapes", 3), ("dot-product", 8), ("matrix-product", 8), ("linear-layer", 8), ("mlp", 8), ("softmax", 40)],
)
def test_every_seed_has_a_page(name, seeds):
    for seed in range(1, seeds + 1):
        document, run = prepare(load_sheet(name), Options(seed=seed))
        assert run.seed == seed
        assert len(document.sections) > 4


@pytest.mark.parametrize("name", sorted(set(sheet_files()) - {"positional-encoding"}))
def test_a_check_of_rounded_numbers_says_about(name):
    document, _ = prepare(load_sheet(name), Options(numbers="decimal", base="e"))
    checks = ["".join(t.content for t in word.tokens)
              for section in document.sections for word in section.words
              if isinstance(word, Check)]  # fmt: skip
    assert not [check for check in checks if re.search(r"(each|pattern|result).* adds? up to [01]\b", check)]


@pytest.mark.parametrize(("base", "other"), [(2, 3), (3, 2), ("e", 2)])
def test_a_question_about_bases_is_about_those_of_the_page(base, other):
    document, _ = prepare(load_sheet("softmax"), Options(numbers="decimal", base=base))
    (answer,) = [word for section in document.sections if section.title == "Another base"
                 for word in section.words if isinstance(word, Answer)]  # fmt: skip
    said = "".join(token.content for token in answer.tokens)
    between = base != "e" and min(base, other) < math.e < max(base, other)
    assert ("a larger base gives more" in said) == between
