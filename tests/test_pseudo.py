"""A made-up language: every sheet prints in it, no English is left, nothing overflows, and verify reads it back."""

import json
import logging
import re
from functools import lru_cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import pseudo
import pytest
from every_sheet import FEW, FULL, ORDER, a_share, in_turn
from maps import in_the_white
from page_layout import drawn, keeps_in_place, laid_out

from byhand.errors import UnknownNameError
from byhand.formats import Setup
from byhand.formats.html import page as html_page
from byhand.formats.html.page import Pages
from byhand.formats.notebook.notebook import notebook
from byhand.formats.pdf import filled
from byhand.formats.written.latex import latex
from byhand.formats.written.linear import linear
from byhand.formats.written.markdown import markdown
from byhand.mistakes import MISTAKES
from byhand.options import Options
from byhand.page.map import graphic
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press.printing import pdf
from byhand.reading.page import read_html
from byhand.reading.pdf import read_pdf
from byhand.reading.verify import verify
from byhand.worksheet.front import sheet_files
from byhand.worksheet.messages import messages
from byhand.worksheet.sheet import load_sheet
from byhand.worksheet.views import VIEWS

SHEETS = sorted(sheet_files())
MATHS = {
    "sin",
    "cos",
    "ln",
    "log",
    "grad",
    "max",
    "ReLU",
    "in",
    "out",
    "UKᵀ",
    "inᵀ",
    "outᵀ",
    "²ˢ",
}  # functions, and words under a W


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("templates")
    pseudo.write(folder)
    return folder


@pytest.fixture
def xx(written, monkeypatch):
    """The language's folder before the shipped one."""
    monkeypatch.setenv("BYHAND_TEMPLATES", str(written))
    html_page._environment.cache_clear()
    yield written
    html_page._environment.cache_clear()


@lru_cache(maxsize=64)  # one of every sheet
def made(name, **options):
    """A sheet's document and run in the language, made once for all tests of a process."""
    return prepare(load_sheet(name, "xx"), Options(language="xx", **options))


class Said(HTMLParser):
    """What a page says to eyes and ears, without its formulas: texts, labels and titles."""

    VOID = ("br", "col", "hr", "img", "input", "link", "meta", "wbr")

    def __init__(self, html):
        super().__init__()
        self.inside, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.VOID:
            self.inside.append((tag, f"{attrs.get('class')} {attrs.get('font-family')}"))
        self.texts += [attrs[name] for name in ("aria-label", "title") if name in attrs]

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags, looks = {tag for tag, _ in self.inside}, " ".join(look for _, look in self.inside)
        formula = ("i" in tags or re.search(r"\bmath\b|byhand Math", looks)) and "upright" not in looks
        if not formula and not tags & {"style", "script"}:
            self.texts.append(data)


def outside(text):
    """What stands outside all brackets, which are in pairs."""
    depth, left = 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        assert depth >= 0, text
        left += letter if depth == 0 and letter != "]" else " "
    assert depth == 0, text
    return left


def names(document, run):
    """What a translation keeps: names of sheets and steps, and the words of the run."""
    kept = [
        "byhand",
        *SHEETS,
        *run.steps,
        *run.tokens,
        *run.vocabulary,
        *run.source,
        "".join(run.tokens),  # letters of a word
        "".join(run.tokens[:-1]),
        load_sheet(document.name).origin.paper,
    ]
    return {part for name in kept for part in re.findall(r"[^\W\d_]+", str(name))}


OTHERWISE = (
    {"orientation": "columns", "level": "easy"}, {"numbers": "decimal", "places": 1}, {"numbers": "symbolic"},
)  # fmt: skip


# the worked view says what the others say, and more
SAID = [*((name, {}, VIEWS if FULL or name in FEW else ("worked",)) for name in a_share(ORDER, 3)),
        *((name, options, ("worked",)) for name, options in in_turn(*OTHERWISE, among=ORDER if FULL else ORDER[1::8]))]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "views"), SAID)
def test_no_english_is_left_on_any_page(name, options, views, xx):
    document, run = made(name, **options)
    kept = MATHS | names(document, run)
    for view in views:
        texts = Said(Pages(lower(document, run)).html(view, "screen").replace(document.stamp["hash"], "")).texts
        words = re.findall(r"[^\W\d_]{2,}", outside(" ".join(texts)))
        assert {word for word in words if word not in kept and not spelled(word, document)} == set()


@pytest.mark.parametrize("name", ["shapes", "layer-norm"])
def test_no_english_is_left_in_files_of_text(name, xx):
    document, run = made(name)
    kept = MATHS | names(document, run) | {"True", "False"}
    for write in (linear, markdown, latex, notebook):
        words = re.findall(r"[^\W\d_]{2,}", outside(told(write, document, run)))
        assert {word for word in words if word not in kept and not spelled(word, document)} == set(), write


def told(write, document, run):
    """What a file of text says, without its formulas and commands."""
    text = write(lower(document, run), "worked", Setup()).decode().replace(document.stamp["hash"], "")
    if write is notebook:  # the prose, and the comments in cells to fill in
        cells = [cell for cell in json.loads(text)["cells"] if "hide-input" not in cell["metadata"].get("tags", ())]
        texts = ["".join(cell["source"]) for cell in cells]
        prose = [text for cell, text in zip(cells, texts, strict=True) if cell["cell_type"] == "markdown"]
        text = "\n".join(prose + re.findall(r"#(.*)", "\n".join(set(texts) - set(prose))))
    text = text.partition("\\begin{document}")[2].replace("{document}", "") or text
    text = re.sub(r"\$[^$]*\$|`[^`]*`|\\(?!text)[A-Za-z]+\*?(?:\[[^\]]*\])?|attachment:\S+", " ", text)
    text = re.sub(r"\\text(?:bf|tt)?|\{@\{\}[lrc]+@\{\}\}|linewidth|tabular|\[(?:\d+pt|t|l)\]", " ", text)
    return re.sub(r"\\([\[\]])", r"\1", text)


def spelled(word, document):
    """Whether a word is a formula that is read aloud: letters that are the symbols of matrices, as KT is, or one letter
    that is raised or transposed, as in σ² and Kᵀ.
    """
    symbols = {letter for panel in document.panels() for letter in panel.symbol if letter.isalpha()}
    return set(word) <= symbols | set("TWXZQKEhkde") or (len(word) == 2 and word[1] in "²ᵀ")


@pytest.mark.parametrize(("name", "view"), in_turn("worksheet", "worked", among=a_share(SHEETS, 8, 1)))
def test_every_page_is_read_back_and_a_changed_digit_is_found(name, view, xx, tmp_path):
    pages, path = Pages(lower(*made(name))), tmp_path / "page.html"
    path.write_text(pages.html(view, "screen"), encoding="utf-8")
    assert verify(path).faults == ()
    html = pages.html("key", "screen")
    before, digit, after = re.match(r'(.*<td class="a[^>]*>[^<]*?)(\d)(</td>.*)', html, re.DOTALL).groups()
    path.write_text(f"{before}{(int(digit) + 1) % 10}{after}", encoding="utf-8")
    assert len(verify(path).faults) == 1


def test_a_page_that_says_that_it_is_in_english_is_wrong(xx, tmp_path):
    html = Pages(lower(*made("softmax"))).html("key", "screen")
    path = tmp_path / "key.html"
    path.write_text(html.replace("language=xx", "language=en"), encoding="utf-8")
    assert verify(path).faults


def test_a_page_is_read_where_there_are_no_messages_of_its_language(xx, monkeypatch):
    pages = Pages(lower(*made("layer-norm")))
    screen, paper = pages.html("key", "screen"), pdf(pages.printed("key"))
    monkeypatch.delenv("BYHAND_TEMPLATES")
    with pytest.raises(UnknownNameError):
        messages("xx")
    page, printed = read_html(screen), read_pdf(paper)
    assert (page.view, page.foot.sheet, page.asked["language"]) == ("key", "layer-norm", "xx")
    assert page.asked == printed.asked
    assert page.tables == printed.tables


WITH_MAP = [name for name in SHEETS if load_sheet(name).delta is None]


@pytest.mark.parametrize(("name", "options"), in_turn({}, {"orientation": "columns"}, among=WITH_MAP))
def test_the_map_has_room_for_longer_words(name, options, xx):
    in_the_white(ElementTree.fromstring(graphic(made(name, **options)[0]).svg))


@pytest.mark.parametrize("name", a_share(SHEETS, 24, 1))
def test_on_paper_nothing_overflows(name, xx, caplog):
    """With worked lines, a page has all that it says in the other views, too."""
    caplog.set_level(logging.WARNING)
    source = Pages(lower(*made(name, **({"orientation": "columns"} if name == "shapes" else {}))))
    keeps_in_place(drawn(laid_out(source.printed("worked"))), "a4")
    assert not caplog.records, [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("view", VIEWS)
def test_a_pdf_is_read_back(view, xx, tmp_path):
    path = tmp_path / "page.pdf"
    path.write_bytes(filled(lower(*made("layer-norm")), view, Setup()))
    assert verify(path).faults == ()


def test_a_mistake_is_told_in_the_language(xx):
    said = messages("xx")
    assert all(not re.search(r"[^\W\d_]{2,}", outside(said.mistake(name, "told"))) for name in MISTAKES)


def test_a_text_is_a_third_longer_and_its_formulas_places_and_calls_stay():
    text = "Add the {{ rows }} of $W_{\\mathrm{in}}$ to *all* {n} of them."
    made = pseudo.prose(text)
    assert re.sub(r"\[([^\]]*?) ?[éüßðæçñåþøœłšžêîûâ ]*\]", r"\1", made) == text.replace("{{ rows }}", "{{ rows }}")
    assert len(pseudo.prose("Each power is divided by the sum.")) == round(
        len("Each power is divided by the sum.") * 4 / 3
    )
