"""The lecturer's half page: five blocks and a bar of time for every sheet, true of its numbers, in half a page of paper."""

import re
from fractions import Fraction
from itertools import pairwise
from statistics import fmean

import pytest
from accessible import faults
from every_sheet import ORDER, a_share, in_turn, made
from msgspec.structs import replace

from byhand.arithmetic.exact import RATIONALS
from byhand.book import book
from byhand.effort import TYPICAL
from byhand.errors import ByHandError, ConfigError
from byhand.formats import Setup
from byhand.formats.html.half_page import half_pages
from byhand.mistakes import cells_changed
from byhand.model.weights import complete
from byhand.options import Options
from byhand.page.half_page import sketch, time_bar
from byhand.page.page import lower
from byhand.pictures.shapes import Rectangle, Text
from byhand.pipeline import generate, prepare
from byhand.press.engine import rendered_document
from byhand.press.inner import page_box
from byhand.press.pieces import SANS
from byhand.press.shape import width
from byhand.reading.verify import verify
from byhand.worksheet.document import plain_words
from byhand.worksheet.half_page import half_page
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.thread import thread

THREAD = thread().sheets
SHEETS = (*ORDER, *THREAD)
SEEDS = (61, 74)
HEAD = "blocks.0.attn.hook_pattern[0]"
PX = 96 / 25.4  # in a mm


def half(sheet, seed=SEEDS[0], **options):
    return half_page(made(sheet, seed, **options)[0])


# ---- what it says ----


@pytest.mark.parametrize(("sheet", "seed"), [*a_share(in_turn(*SEEDS), 3), *in_turn(0, 7, 23, among=THREAD)])
def test_every_sheet_has_all_five_blocks(sheet, seed):
    page = half(sheet, seed)
    said = [plain_words(words) for words in (*page.wrong, page.ask, page.answer, page.skip, *page.next)]
    assert all(text.strip()[-1] in ".?!”)" for text in said), said
    assert page.board.caption
    assert not any("{" in text or "}" in text for text in (*said, page.board.said(page.document.messages.say)))
    assert len({*said}) == len(said)


def test_what_is_said_without_a_run_calls_for_none_of_its_numbers():
    for sheet in SHEETS:
        told = load_sheet(sheet).lecturer
        assert not any("{{" in text for text in (told.look_for, told.thinks, told.ask)), sheet


@pytest.mark.parametrize(
    ("sheet", "options"),
    a_share(
        in_turn(
            {"level": "easy"}, {"level": "stretch"}, {"orientation": "columns"}, {"numbers": "decimal"}, among=SHEETS
        ),
        3,
    ),
)
def test_it_is_there_for_every_way_to_print_a_sheet(sheet, options):
    assert half(sheet, **options).board.shapes


def test_what_comes_next_is_the_course_s():
    first, last = half("softmax"), half(ORDER[-1])
    after = load_sheet(ORDER[ORDER.index("softmax") + 1])
    assert plain_words(first.next[0]).startswith(f"Sheet {after.number}, “{after.title}”: {after.goal[:20]}")
    *needing, last_one = [load_sheet(name).number for name in ORDER if "softmax" in load_sheet(name).prerequisites]
    assert plain_words(first.next[1]) == f"Sheets {', '.join(map(str, needing))} and {last_one} need it, too."
    assert [plain_words(words) for words in last.next] == ["Nothing: this is the last sheet."]


def test_what_comes_next_in_the_thread_is_its_next_sheet():
    for number, (sheet, after) in enumerate(pairwise(THREAD), 2):
        (told,) = half(sheet).next
        goal = messages().turned(load_sheet(after).goal)
        assert plain_words(told) == f"Sheet {number}, “{load_sheet(after).title}”: {goal}"
    assert [plain_words(words) for words in half(THREAD[-1]).next] == ["Nothing: this is the last sheet."]


def answer(sheet, seed):
    return plain_words(half(sheet, seed).answer)


def numbers(text):
    return [Fraction(n.replace("−", "-")) for n in re.findall(r"−?\d+(?:/\d+)?", text)]


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_are_true_of_the_run(seed):
    """Held against the numbers of the run, computed here once more."""

    def rows(sheet, step):
        return made(sheet, seed)[1].values(step)

    pattern = rows("attention-head", HEAD)[1]
    assert numbers(answer("attention-head", seed)) == [sum(pattern), *pattern]
    x = rows("layer-norm", "blocks.0.hook_resid_mid")[2]
    squares = [(n - Fraction(sum(x), 4)) ** 2 for n in x]
    assert numbers(answer("layer-norm", seed))[1::2][:2] == [sum(squares) / 4, sum(squares) / 3]
    u, v = (rows("dot-product", step)[0] for step in "uv")
    products = [a * b for a, b in zip(u, v, strict=True)]
    assert numbers(answer("dot-product", seed)) == [*products, sum(products)]
    _, run = made("cross-entropy", seed)
    right = run.values("probs")[0][run.vocabulary.index(run.tokens[1])]
    assert numbers(answer("cross-entropy", seed))[0] == right - 1
    router = sorted(rows("mixture-of-experts", "blocks.0.mlp.router_probs")[-1])
    assert numbers(answer("mixture-of-experts", seed))[0] == sum(router[1:])
    scores = [rows("flash-attention", f"attn.tile{tile}.scores")[0] for tile in (0, 1)]
    first, last = max(scores[0]), max(*scores[0], *scores[1])
    assert numbers(answer("flash-attention", seed)) == [first, last, Fraction(2) ** (first - last)]
    assert numbers(answer("logits-and-perplexity", seed))[:2] == [4, fmean([1, 3])]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_answers_say_of_words_holds(seed):
    def run(sheet):
        return made(sheet, seed)[1]

    def most(sheet, step, row=-1):
        shares = run(sheet).values(step)[row]
        return {j for j, share in enumerate(shares) if share == max(shares)}

    two = [most("multi-head-attention", f"blocks.0.attn.hook_pattern[{head}]") for head in (0, 1)]
    assert two[0] != two[1]
    (found,) = most("encoder-decoder", "decoder.0.cross_attn.hook_pattern[0]")
    assert found > 1, "the mask across would leave it to “cat”"
    scores = run("queries-keys-values").values("blocks.0.attn.scores_raw[0]")
    assert scores[0][1] != scores[1][0]
    assert run("nearest-neighbours").values("knn.kept.sum") != [[1]]
    given = numbers(answer("hashed-attention", seed))[-1]
    others = [x for x in run("hashed-attention").values("new.pattern.exp")[0] if x]
    own = run("hashed-attention").values("new.scores")[0][-1]
    assert given == Fraction(2) ** own / (Fraction(2) ** own + sum(others)) > Fraction(1, 2)
    smallest, without = numbers(answer("scores", seed))[-2:]
    assert without < smallest == min(x for row in run("scores").values(HEAD) for x in row)
    assert numbers(answer("causal-mask", seed))[-1] > 0


@pytest.mark.parametrize("seed", [0, 7, 23])
def test_answers_in_the_thread_are_true_of_its_run(seed):
    """Held against the numbers of the run; `thread_...` of the promises says what else of them holds."""
    at, block = "blocks.0.attn.", "blocks.0."

    def rows(sheet, step):
        return made(f"thread-{sheet}", seed)[1].values(step)

    def told(sheet):
        return numbers(answer(f"thread-{sheet}", seed))

    first, verb, last = rows("embedding", "hook_embed")
    alike, other = (sum(a * b for a, b in zip(first, row, strict=True)) for row in (last, verb))
    assert told("embedding") == [alike, other]
    assert alike > other
    places = rows("positions", "hook_pos_embed")
    assert told("positions") == [places[0][2], places[2][3]]
    assert min(told("positions")) > 0, "the board says +"
    key, query = (rows("queries-keys-values", f"{at}{part}[0]")[1][2] for part in ("hook_k", "hook_q"))
    assert told("queries-keys-values") == [key, query]
    assert answer("thread-queries-keys-values", seed).startswith("Yes" if key > 0 else "No")
    scores = rows("scores", f"{at}scores_raw[0]")
    assert told("scores") == [*scores[1], *(row[1] for row in scores)]
    without = rows("head", f"{at}unmasked_pattern[0]")[1]
    assert told("head") == [*without[1:], *rows("head", f"{at}unmasked_z[0]")[1]]
    kept = rows("mask", f"{at}hook_pattern[0]")[1]
    assert told("mask") == [without[0] + without[1], 1, *without[:2], *kept[:2]]
    assert without[2] == 1 - told("mask")[0] > 0
    assert told("norm") == [sum(rows("norm", f"{block}hook_resid_mid")[1]) / 4]
    added = [rows("block", f"{block}{step}")[1][3] for step in ("ln1.hook_normalized", "hook_mlp_out")]
    assert told("block") == [*added, sum(added)]
    spoken = [n for n, x in enumerate(rows("feed-forward", f"{block}mlp.hook_post")[1]) if x]
    weights = [row[spoken[0]] for row in rows("feed-forward", f"{block}mlp.W_in")]
    assert told("feed-forward") == [spoken[0] + 1, *weights, 0]
    end, run = rows("logits", f"{block}hook_normalized_resid_post")[1], made("thread-logits", seed)[1]
    called = run.values("unembed.W_U")[3][run.vocabulary.index(run.tokens[2])]
    assert told("logits") == [max(end), called]
    probabilities = rows("loss", "probs")[0]
    assert told("loss") == [max(probabilities), Fraction(1, 4), 2]
    assert run.tokens[1] != run.vocabulary[probabilities.index(max(probabilities))]
    shares = [rows("gpt", f"{at}hook_pattern[{head}]")[1][0] for head in (0, 1)]
    assert told("gpt") == [shares[0], 1, shares[1], 2]


@pytest.mark.parametrize("sheet", [sheet for sheet in THREAD if load_sheet(sheet).lecturer.mistake])
def test_a_mistake_to_look_for_shows_in_the_numbers_of_the_thread(sheet):
    known = load_sheet(sheet)
    tape = known.model.run(complete(known.given(letters=False)), RATIONALS)
    for step in made(sheet)[1].steps:
        tape.values(step)
    assert cells_changed(tape, known.lecturer.mistake)


# ---- the time ----


@pytest.mark.parametrize("sheet", ["attention-head", "sizing", "gpt"])
def test_the_bar_has_the_steps_of_the_sheet(sheet):
    page = half(sheet)
    sections = [section for section in page.document.sections if section.seconds]
    assert [(span.number, span.title) for span in page.spans] == [(each.number, each.title) for each in sections]
    assert sum(span.minutes for span in page.spans) == pytest.approx(page.document.effort.seconds * TYPICAL / 60)
    bar = time_bar(page)
    boxes = [shape for shape in bar.printed if isinstance(shape, Rectangle)]
    whole = sum(span.minutes for span in page.spans)
    assert [box.width for box in boxes] == pytest.approx([173.6 * span.minutes / whole for span in page.spans])
    texts = {span.text for text in bar.printed if isinstance(text, Text) for span in text.label.spans}
    for span, box in zip(page.spans, boxes, strict=True):
        if span.number and box.width > 4:
            assert {str(span.number), f"{span.number} {span.title}"} & texts
    assert {f"{page.document.minutes} min", "ask"} <= texts


def test_a_question_comes_at_minute_ten_after_its_step_or_half_way():
    assert half("attention-head").heads["ask"] == "Ask at minute ten"
    gpt = half("gpt")
    before = [span.title for span in gpt.spans].index("Head 1: mixture") + 1
    assert gpt.minute == round(sum(span.minutes for span in gpt.spans[:before])) > 20
    short = half_page(replace(made("softmax")[0], sittings=(9,)))
    assert short.minute == 4


# ---- in half a page ----


def blocks(html):
    """For each page, the lower ends of blocks by class, in mm."""
    for page in rendered_document(html).pages:
        ends = {}
        for box in page_box(page).every():
            for name in box.classes:
                ends.setdefault(name, []).append((box.border[1] / PX, box.border[3] / PX))
        yield ends


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_nothing_overflows(paper):
    """On the two papers in turn, with BYHAND_FULL=1 on both: half a page of Letter is 9 mm lower than one of A4."""
    seed = SEEDS[paper == "letter"]
    pages = [
        lower(*made(sheet, seed)) for sheet, on in in_turn("a4", "letter", among=a_share(SHEETS, 4)) if on == paper
    ]
    count = 0
    for ends in blocks(half_pages(pages, "print", Setup(paper))):
        for name in ("left", "right"):
            for (_, end), (start, _) in zip(ends[name], ends["bar"], strict=True):
                assert end <= start, (pages[count].document.name, name, end, start)
        count += len({*ends["half"]})
    assert count == len(pages)


def test_words_of_a_board_stay_apart_and_on_it():
    for sheet, seed in (*((sheet, SEEDS[0]) for sheet in a_share(ORDER)), *in_turn(0, 7, 23, among=a_share(THREAD))):
        for text in sketch(half(sheet, seed)).printed:
            if isinstance(text, Text):
                wide = sum(width(SANS, span.text) for span in text.label.spans) * text.label.size / 1000
                assert wide / 2 < text.x < 82 - wide / 2, (sheet, text)
                assert 2 < text.y < 57, (sheet, text)


# ---- files ----


def test_it_is_written_in_six_formats_and_refused_in_one_line_elsewhere(tmp_path):
    formats = ("html", "pdf", "md", "txt", "docx", "json")
    options = Options(seed=5, views=("lecturer",), formats=formats)
    files = {file.name: file.read_bytes() for file in generate("softmax", options, tmp_path)}
    assert sorted(files) == [
        "lecturer.docx",
        "lecturer.html",
        "lecturer.md",
        "lecturer.pdf",
        "lecturer.txt",
        "run.json",
    ]
    question = load_sheet("softmax").lecturer.ask.rpartition(" ")[0]  # in HTML, the last word is tied
    for name in ("lecturer.html", "lecturer.md", "lecturer.txt"):
        assert question in files[name].decode(), name
        assert "Ask at minute ten" in files[name].decode(), name
    assert faults(files["lecturer.pdf"]) == []
    refused = (
        r"^--view lecturer: the format xlsx has no half page for the teacher; use html, pdf, md, txt, docx, json$"
    )
    with pytest.raises(ConfigError, match=refused):
        generate("softmax", replace(options, formats=("xlsx",)), tmp_path)


def test_a_book_of_half_pages_has_two_on_a_page(tmp_path):
    options = Options(views=("lecturer",), formats=("html", "pdf"))
    files = book(["softmax", "scores", "embedding"], options, tmp_path)
    assert [file.name for file in files] == ["half-pages.html", "half-pages.pdf"]
    pages = [lower(*made(sheet)) for sheet in ("softmax", "scores", "embedding")]
    assert [len({*ends["half"]}) for ends in blocks(half_pages(pages, "print", Setup()))] == [2, 1]
    (alone,) = rendered_document(half_pages(pages[:1], "print", Setup())).pages
    assert (alone.width / PX, alone.height / PX) == pytest.approx((210, 148.5))


def test_a_half_page_is_told_apart_from_a_sheet_s(tmp_path):
    (file,) = generate("softmax", Options(views=("lecturer",), formats=("html",)), tmp_path)
    with pytest.raises(ByHandError, match=r"^it is a lecturer’s half page"):
        verify(file)


# ---- messages ----


def told(**entries):
    sheet = load_sheet("softmax")
    made_of = replace(sheet, lecturer=replace(sheet.lecturer, **entries))
    return half_page(prepare(made_of, Options().on(made_of))[0])


def test_steps_are_named_with_their_numbers_and_their_time():
    page = told(skip="Skip {{ steps('Powers and shares', 'All scores plus 5', 'See it') }}.")
    time = sum(span.minutes for span in page.spans if span.number in (1, 2) or span.title == "See it")
    assert plain_words(page.skip) == f"Skip steps 1, 2 and “See it” ({round(time)} minutes)."


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            {"skip": "{{ steps('All scores') }}"},
            "softmax.md: lecturer: skip: no step 'All scores'; did you mean 'All scores plus 5'?",
        ),
        ({"answer": "{{ value('scores', 9, 9) }}"}, "softmax.md: lecturer: answer: tuple index out of range"),
        (
            {"right": "{{ given('scores') }}"},
            "softmax.md: lecturer: right is a text; call for its words and numbers only",
        ),
        ({"board": "a | b\na -> c"}, "softmax: lecturer: board: no word on the board 'c'; there are: a, b"),
        ({"board": "> nothing"}, "softmax: lecturer: board: a board has a row of words, such as birds | eat | seeds"),
        ({"skip": "", "board": ""}, "softmax: a half page for the lecturer needs skip, board under lecturer"),
        ({"asked_after": "All scores"}, "softmax: lecturer: no step 'All scores'; did you mean 'All scores plus 5'?"),
    ],
)
def test_what_a_half_page_lacks_is_told(entries, message):
    with pytest.raises(ByHandError) as error:
        told(**entries)
    assert str(error.value) == message
