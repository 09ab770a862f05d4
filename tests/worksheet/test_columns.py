"""Where tokens are columns, pages say columns; and wherever tokens stand, the product that a text names is the one
that the figure shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any

import pytest
from every_sheet import ORDER, a_share, in_turn, made

from byhand.arithmetic.expr import Mul, nodes, refs
from byhand.course import course
from byhand.formats import Setup
from byhand.formats.written.markdown import markdown
from byhand.mistakes import MISTAKES
from byhand.page.page import lower
from byhand.pictures.registry import picture_named
from byhand.tape import OPS, Step
from byhand.worksheet.context import Context
from byhand.worksheet.document import Document, Falk, Panel, Picture, Strip, plain_words
from byhand.worksheet.half_page import half_page
from byhand.worksheet.lecturer import lecturer
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import thread

ALL = (*ORDER, *thread().sheets)
LEVELS = ("standard", "easy", "stretch")
ORIENTATIONS = ("rows", "columns")
LINES = re.compile(r"\b(rows?|columns?|side by side)\b", re.IGNORECASE)
SHAPE = re.compile(r"\b(\d+) × (?!\1\b)\d+\b")
TURNED = r"^{\mathrm{T}}"
# What is said of rows and columns in the same words either way: of any matrix, of a table or a picture that is drawn
# alike either way, or of nothing at all.
EITHER_WAY = (
    """
how many rows it has / rows × columns / Rows first / rows first / | rows | columns | / | row | column | becomes | / read rows and columns
made from a row on the left and a column / Lay two side by side / says two words in a row / along one row of scores
a row of the left matrix and a column of the right one / with rows and columns exchanged / A row of $M$ has 5 numbers
a row of the one meets a column of the other / other rows meet other columns / a row meets a column
in the same row can change / have 3 rows and 2 columns / the column of switches / the row −2, 0, 1, 1 comes through
In its row, “BEGIN” looks at itself / three whole numbers in a row / One row, six ways / one row of scores through
compute one row as six members / the sum of its row / each row of shares / each of your six rows / Which row or rows hide
the four rows above / Row 1: / Row 2: / Row 3: / A row of pixels / Two rows of dials / a row of lamps
Three words, each in a row, / write the two shapes side by side / What both bring, side by side
One row of scores, three members / Skip the rows “bucket” and “cups” / made from a row and a column, pair by pair
a row on the left, and how long a column on the right / Which row and which column meet / a row of the left factor meets
where its row and its column meet / such blocks in a row
""".strip()
    .replace("\n", " / ")
    .split(" / ")
)


@cache
def page(sheet: str, orientation: str, level: str) -> tuple[Document, str]:
    document, run = made(sheet, 0, orientation=orientation, level=level)
    return document, markdown(lower(document, run), "key", Setup()).decode()


def sentences(text: str, of: re.Pattern[str] = LINES) -> set[str]:
    """The sentences that speak of rows, of columns, or of what stands side by side; or of something else."""
    parts = re.split(r"(?<=[.?!:;])\s+|\n+", text)
    return {part.strip() for part in parts if of.search(part)}


@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_what_is_said_of_rows_is_said_of_columns_where_tokens_are_columns(sheet, level):
    rows, columns = (sentences(page(sheet, orientation, level)[1]) for orientation in ORIENTATIONS)
    assert [s for s in sorted(rows & columns) if not any(phrase in s for phrase in EITHER_WAY)] == []


@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=[sheet for sheet in ALL if sheet != "shapes"]))
def test_a_shape_in_a_text_is_turned_where_tokens_are_columns(sheet, level):
    """On the sheet of shapes itself, some belong to no model; the shape over a matrix is its own."""
    rows, columns = (sentences(page(sheet, orientation, level)[1], SHAPE) for orientation in ORIENTATIONS)
    assert [said for said in sorted(rows & columns) if not said.startswith("**$")] == []


def test_texts_of_mistakes_slips_and_operations_leave_a_place_for_rows_and_columns():
    """Those that say it of the left and the right matrix are true either way."""
    told = {f"{m.name}.{part}": getattr(m, part) for m in MISTAKES.values() for part in ("told", "mend")}
    told |= {op.name: op.said for op in OPS.values()}
    told |= {name: text for name, text in messages().texts.items() if name.startswith(("slips.", "rules."))}
    assert {name for name, text in told.items() if LINES.search(re.sub(r"\{\w+\}", "", text))} == {
        name for name, text in told.items() if "left matrix" in text
    }


# ---- products ----


def panels(document: Document) -> Iterator[Panel]:
    return (panel for section in document.sections for block in section.blocks for panel in block.matrices)


def formulas(text: str) -> Iterator[str]:
    """The formulas of a text, and what is said as one in words, with single spaces between their symbols."""
    one = r"(the transpose of )?\$([^$]+)\$"
    for t, left, u, right in re.findall(rf"{one} times (?:its )?{one}", text):
        yield f"{left}{TURNED * bool(t)} {right}{TURNED * bool(u)}"
    for formula in re.findall(r"\$([^$]+)\$", text):
        yield spaced(formula)


def spaced(formula: str) -> str:
    return re.sub(r"(?:\\[,;]|\s)+", " ", formula)


def of_any_word(formula: str) -> str:
    """A formula without the numbers of words, passes and heads: what is said of each is said of all."""
    return re.sub(r"_(\d+|\{\d+\})", "", spaced(formula))


def holds(formula: str, part: str) -> bool:
    """Whether a part of a formula stands in it by itself, and is not a part of longer symbols."""
    return re.search(rf"(?<![\w}}'^]){re.escape(part)}(?![\w'^_])", formula) is not None


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_the_product_or_stack_that_a_text_names_is_the_one_that_is_computed(sheet, level, orientation):
    """What the operations of the run would be with tokens the other way stands nowhere."""
    document, text = page(sheet, orientation, level)
    run = made(sheet, 0, orientation=orientation, level=level)[1]
    tape = {name: SimpleNamespace(step=step) for name, step in run.steps.items()}
    both = [Context(load_sheet(sheet), tape, run.config, orientation=o).formula for o in ORIENTATIONS]
    right, wrong = (
        {spaced(formula(name)) for name, step in run.steps.items() if step.op and step.op.columns != step.op.formula}
        for formula in (both[::-1] if document.transposed else both)
    )
    said = {formula.replace(r" \cdot ", " ") for formula in formulas(text)}
    found = {(formula, way) for formula in said for way in wrong - right if holds(formula, way)}
    assert found == set()


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_matrices_that_a_text_multiplies_fit(sheet, level, orientation):
    document, text = page(sheet, orientation, level)
    shapes = dict[str, set[tuple[int, int]]]()
    for panel in panels(document):
        name = spaced(panel.symbol).removesuffix(TURNED)
        shapes.setdefault(name, set()).add(panel.shape if not panel.symbol.endswith(TURNED) else panel.shape[::-1])
    names = "|".join(sorted(map(re.escape, filter(None, shapes)), key=len, reverse=True)) or "$^"
    each = re.compile(rf"(?<![\w}}'^])({names})({re.escape(TURNED)})?(?![\w'^_])")
    for formula in formulas(text):
        found = [*each.finditer(formula)]
        for left, right in pairwise(found):
            is_stack = formula[: left.start()].count("[") > formula[: left.start()].count("]")
            if formula[left.end() : right.start()] == " " and not is_stack:
                ways = product(*([shape[:: -1 if m[2] else 1] for shape in shapes[m[1]]] for m in (left, right)))
                assert any(one[1] == other[0] or (1, 1) in (one, other) for one, other in ways), formula


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("sheet", a_share(ALL))
def test_a_figure_of_a_product_shows_what_its_formula_says(sheet, orientation):
    document = page(sheet, orientation, "standard")[0]
    for figure in (block for section in document.sections for block in section.blocks if isinstance(block, Falk)):
        left, right, result = figure.left, figure.upper, figure.result
        assert figure.formula.startswith(f"{result.symbol} = {left.symbol} {right.symbol}")
        assert left.shape[1] == right.shape[0]
        assert result.shape == (left.shape[0], right.shape[1])


def factors(step: Step, transposed: bool) -> tuple[str, ...]:
    """The operands of a product, as the page's formula has them; () for another step."""
    if step.op is None or step.op.name not in ("matmul", "affine", "dot_rows", "affine_rows", "dot_columns"):
        return ()
    return step.inputs[1::-1] if transposed else step.inputs[:2]


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_two_factors_stand_in_a_text_as_in_the_product_that_is_computed_of_them(sheet, level, orientation):
    """Also where a text speaks of any word, φ(k)ᵀ v for φ(k₁)ᵀ v₁; and no transpose is left out, save beside a dot:
    q · k is a number.
    """
    document, text = page(sheet, orientation, level)
    run = made(sheet, 0, orientation=orientation, level=level)[1]
    tape = {name: SimpleNamespace(step=step) for name, step in run.steps.items()}
    context = Context(load_sheet(sheet), tape, run.config, orientation=orientation)
    computed = dict[frozenset[str], set[str]]()
    for name, step in run.steps.items():
        if factors(step, document.transposed):
            *both, bias = (*map(context.symbol, step.inputs[:2]), "".join(map(context.symbol, step.inputs[2:])))
            whole = of_any_word(context.formula(name).removesuffix(f" + {bias}"))
            computed.setdefault(frozenset(map(of_any_word, both)), set()).add(whole)
    for formula in map(of_any_word, formulas(text.replace(r"\cdot", "·"))):
        for both, ways in computed.items():
            one = rf"((?:{'|'.join(map(re.escape, both))})(?:{re.escape(TURNED)})?)"
            for pair in re.findall(rf"(?<![\w}}'^]){one} {one}(?![\w'^_])", formula):
                assert {factor.removesuffix(TURNED) for factor in pair} != both or " ".join(pair) in ways, formula


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_a_worked_line_has_the_factors_in_the_order_of_the_formula(sheet, level, orientation):
    document, run = made(sheet, 0, orientation=orientation, level=level)
    for panel in panels(document):
        of_step = factors(run.steps[panel.step], document.transposed)
        rules = (cell.rule for row in panel.cells for cell in row if cell.rule)
        for product_ in (node for rule in rules for node in nodes(rule) if isinstance(node, Mul)):
            read = tuple(ref.matrix for ref in refs(product_))
            assert read == of_step or {*read} != {*of_step}, panel.step


def beside(strip: Strip) -> Iterator[tuple[str, str]]:
    """The matrices that stand side by side. A row with the columns of a matrix before it stands below that matrix."""
    for (left, right), sign in zip(pairwise(strip.panels), strip.joints, strict=True):
        if sign or right.shape[0] > 1 or left.shape[0] == 1 or left.cols != right.cols:
            yield left.step, right.step


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_factors_that_stand_beside_their_product_have_the_order_of_the_formula(sheet, level, orientation):
    document, run = made(sheet, 0, orientation=orientation, level=level)
    for strip in (block for section in document.sections for block in section.blocks if isinstance(block, Strip)):
        pairs = [*beside(strip)]
        for of_step in (factors(run.steps[panel.step], document.transposed) for panel in strip.panels):
            assert not of_step or of_step[::-1] not in pairs or of_step[0] == of_step[1], of_step


@pytest.mark.parametrize(("sheet", "level"), in_turn(*LEVELS, among=ALL))
def test_a_power_has_the_symbol_of_its_score_where_the_page_has_another_of_that_name(sheet, level):
    document, run = made(sheet, 0, level=level)
    shown = {panel.step: spaced(panel.symbol) for panel in panels(document)}
    for panel in panels(document):
        step = run.steps[panel.step]
        if step.op and step.op.name == "power_of" and (score := re.search(r"\^\{?(\w'*)\}?$", panel.caption)):
            others = {name for name, symbol in shown.items() if symbol == score[1] and not sums(run.steps[name])}
            assert step.inputs[0] in others or not others, panel.caption


def plain(text: str | Sequence[Any]) -> str:
    return text if isinstance(text, str) else plain_words(text)


def sums(step: Step) -> bool:
    return step.op is not None and step.op.name == "row_sum"


# ---- pictures, and what a lecturer is told ----


@pytest.mark.parametrize("sheet", a_share(ALL))
def test_a_half_page_says_of_columns_what_it_says_of_rows(sheet):
    halves = (half_page(made(sheet, 0, orientation=orientation)[0]) for orientation in ORIENTATIONS)
    rows, columns = (
        {s for kind, text in half.parts if kind != "drawing" for s in sentences(plain(text))} for half in halves
    )
    assert [s for s in sorted(rows & columns) if not any(phrase in s for phrase in EITHER_WAY)] == []


def shapes_of(name: str, kind: str, *rows: Any, **options: Any) -> list[str]:
    """The shapes of a kind that a picture has, printed and in pen."""
    sketch = picture_named(name).sketch(messages().say, rows, options)
    return sorted(re.findall(rf"<{kind}[^>]*>", sketch.printed + sketch.pen))


def turned(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return [*zip(*rows, strict=True)]


def test_a_grid_of_who_looks_at_whom_is_turned_where_tokens_are_columns():
    before = [[int(j <= i) for j in range(6)] for i in range(6)]
    window = [[int(0 <= i - j < 3) for j in range(6)] for i in range(6)]
    grids = [before, window, before, window, before]
    assert shapes_of("sparse_grids", "rect", *grids, transposed=True) == shapes_of(
        "sparse_grids", "rect", *map(turned, grids)
    )
    shares = [[Fraction(n, 6) for n in row] for row in ([4, 1, 1], [1, 2, 3], [3, 1, 2])]
    words = {"tokens": ["we", "drink", "tea"]}
    across, down = (shapes_of("who_looks", "circle", shares, transposed=t, **words) for t in (False, True))
    assert len(across) == len(down) == 9
    assert across != down
    assert down == shapes_of("who_looks", "circle", turned(shares), **words)


def test_in_the_last_column_of_a_family_stand_the_dots_that_are_left_to_draw():
    pattern = [[Fraction(1, i + 1) if j <= i else 0 for j in range(4)] for i in range(4)]
    drawn = picture_named("family").sketch(messages().say, [pattern] * 8, {"transposed": True})
    printed, pen = (re.findall(r'<circle[^>]* cx="([\d.]+)"', layer) for layer in (drawn.printed, drawn.pen))
    assert len(pen) == 32
    assert len(set(pen)) == 4  # four grids stand over the four others
    assert set(pen).isdisjoint(printed)


@pytest.mark.parametrize(("orientation", "sign"), [("rows", ""), ("columns", "T")])
def test_a_matrix_that_is_drawn_with_words_as_rows_is_called_turned_where_they_are_columns(orientation, sign):
    for sheet, letters in (("latent-attention", "KVXC"), ("embedding", "W")):
        blocks = made(sheet, orientation=orientation)[0].blocks
        drawn = "".join(block.sketch.printed for block in blocks if isinstance(block, Picture))
        names = [re.sub("<[^>]*>", "", text) for text in re.findall("<text[^>]*Math Italic.*?</text>", drawn)]
        assert [name for name in names if name[0] in letters] == [
            f"{letter}{'E' if letter == 'W' else ''}{sign}" for letter in letters
        ]


@pytest.mark.parametrize("transposed", [False, True])
def test_a_lecturer_is_told_of_rows_and_columns_as_the_pages_say_them(transposed):
    listed = [(s.name, s.number, s.title, s.minutes) for s in course() if s.name == "attention-head"]
    (told,) = lecturer(listed, messages(), transposed).sheets
    word = "column" if transposed else "row"
    assert f"stand in one {word}" in told.ask
    assert "{" not in "".join((told.look_for, told.thinks, told.ask))
