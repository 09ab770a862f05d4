"""Pictures of ideas: in every view and for every copy, drawn from the page's numbers, and told to who hears the page."""

import io
import re
from fractions import Fraction
from functools import cache

import pikepdf
import pytest
from class_runs import own_numbers, run_together
from every_sheet import FULL
from kinds import lesson
from page_pdf import different

from byhand.errors import SheetError
from byhand.formats import Setup
from byhand.formats.html.page import Pages
from byhand.formats.pdf import filled
from byhand.notation.text import by_word
from byhand.options import Options
from byhand.page.page import lower
from byhand.pictures import PICTURES
from byhand.pictures.canvas import Canvas
from byhand.pipeline import prepare
from byhand.press.printing import pdf
from byhand.worksheet.document import Picture
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import all_sheets, load_sheet

DRAWN = "\n### See it\n\nDraw the bars.\n\n{{ picture(%s) }}\n"
KEY_PEN = "#1c3f94"


@cache
def made(name, seed=3, **options):
    return prepare(load_sheet(name), Options(seed=seed, **options))


def pictures_of(document):
    return [block for block in document.blocks if isinstance(block, Picture)]


WITH_PICTURE = [sheet.name for sheet in all_sheets() if "picture(" in sheet.body]


@pytest.mark.parametrize("name", WITH_PICTURE if FULL else WITH_PICTURE[::2])
def test_a_picture_is_drawn_alike_in_both_views_and_its_pen_is_in_the_key_only(name):
    document, run = made(name)
    assert pictures_of(document)
    worksheet, key = (Pages(lower(document, run)).html(view, "screen") for view in ("worksheet", "key"))
    for picture in pictures_of(document):
        sketch = picture.sketch
        assert sketch.printed in worksheet
        assert sketch.printed in key
        assert KEY_PEN not in sketch.printed
        assert sketch.pen not in worksheet
        assert sketch.pen in key


@pytest.mark.parametrize("name", WITH_PICTURE)
def test_a_picture_ends_where_the_page_does(name):
    """Beside the words of a section there is room for 118 mm."""
    for drawn in pictures_of(made(name)[0]):
        assert drawn.sketch.reach <= max(drawn.picture.width, 118) + 0.5, drawn.picture.name


@pytest.mark.parametrize("name", WITH_PICTURE)
def test_the_alternative_text_of_the_worksheet_is_another_than_the_keys(name):
    for picture in pictures_of(made(name)[0]):
        worksheet, key = picture.sketch.worksheet_says, picture.sketch.key_says
        assert worksheet
        assert key
        assert worksheet != key


def figures(content):
    with pikepdf.open(io.BytesIO(content)) as file:
        kinds = (each for each in file.objects if isinstance(each, pikepdf.Dictionary))
        return [str(each.get("/Alt", "")) for each in kinds if each.get("/S") == "/Figure"]


@pytest.mark.parametrize("view", ["worksheet", "key"])
def test_a_pdf_that_is_filled_in_is_the_one_that_is_laid_out_by_itself(view):
    document, run = made("softmax")
    whole = pdf(Pages(lower(document, run)).printed(view))
    shared = filled(lower(document, run), view, Setup())
    assert different(whole, shared) < 0.001
    (picture,) = pictures_of(document)
    said = picture.sketch.key_says if view == "key" else picture.sketch.worksheet_says
    assert said in figures(whole)
    assert said in figures(shared)


def test_each_copy_of_a_class_has_its_own_picture():
    sheet, options, first = own_numbers("softmax", 5)
    second = own_numbers("softmax", 6)[2]
    run = run_together(sheet, [first, second], options)
    (picture,) = pictures_of(run.document)
    for k, seed in enumerate((5, 6)):
        (own,) = pictures_of(made("softmax", seed)[0])
        assert picture.sketch.at(k) == own.sketch


def test_letters_have_no_picture_and_its_part_of_the_page_is_left_out():
    titles = [section.title for section in made("softmax")[0].sections]
    assert "See it" in titles
    sheet = lesson("## Step\n\nWords.\n" + DRAWN % _bars("blocks.0.attn.W_V[0]"))
    document, _ = prepare(sheet, Options(numbers="symbolic"))
    assert [section.title for section in document.sections] == ["Step"]


def _bars(step):
    return ", ".join(['"softmax_bars"', *[f'"{step}"'] * 6])


def test_a_part_without_a_number_asks_for_no_answer():
    sheet = lesson("## Step\n\nWords.\n\n### See it\n\n{{ lines(2, 'Because.') }}\n")
    with pytest.raises(SheetError, match="“See it” asks for answers, so it has a number; begin it with ##, not ###"):
        prepare(sheet, Options())


def test_a_picture_that_there_is_not():
    sheet = lesson("## Step\n\n{{ picture('shaddow', 'u') }}\n")
    with pytest.raises(SheetError, match="no picture 'shaddow'"):
        prepare(sheet, Options())


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_every_picture_is_on_a_sheet_or_can_be(name):
    picture = PICTURES[name]
    assert picture.draw.__doc__
    assert 0 < picture.height <= 60
    assert 0 < picture.width <= 174
    assert picture.minutes >= 1


def test_a_built_fraction_has_a_bar_and_its_sign():
    on = Canvas(20, 10, messages().say)
    on.number(5, 5, Fraction(-3, 4))
    assert re.findall(r">([^<]+)</text>", on.svg) == ["−", "3", "4"]
    assert on.svg.count("<path") == 1


def test_nothing_is_too_thin_or_too_small_to_be_printed():
    on = Canvas(20, 10, messages().say)
    with pytest.raises(ValueError, match=r"0.1 mm is too thin; use 0.18 or more"):
        on.line((0, 0), (1, 1), width=0.1)
    with pytest.raises(ValueError, match=r"2 mm is too small a text; use 2.3 or more"):
        on.text(0, 0, "word", 2)


@pytest.mark.parametrize("numbers", ["exact", "decimal"])
def test_the_scores_of_a_query_are_those_of_the_run(numbers):
    document, run = made("queries-keys-values", numbers=numbers)
    scores = [text.replace("-", "−") for text in run.texts["blocks.0.attn.scores_raw[0]"][1]]
    assert any(by_word(run.tokens, scores) in picture.sketch.key_says for picture in pictures_of(document))
