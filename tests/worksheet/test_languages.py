"""Pages in another language: its sheets and messages, each in English where there is none."""

import io

import pytest
from click.testing import CliRunner
from page_layout import answers, apart, drawn, inside, laid_out
from pypdf import PdfReader

from byhand.cli import main
from byhand.errors import SheetError, UnknownNameError
from byhand.formats.html.page import PAPERS, Pages
from byhand.options import Options
from byhand.page.page import lower
from byhand.pipeline import prepare
from byhand.press.printing import pdf
from byhand.worksheet.front import languages, sheet_files
from byhand.worksheet.sheet import load_sheet

GERMAN = """---
title: Das Skalarprodukt
goal: Du rechnest.
---
## Erst malnehmen

Dann addieren: jede {{ row }} für sich.

{{ ask("elementwise") }}
"""


@pytest.fixture
def german(folder):
    """A folder with one sheet and one message in German."""
    for name, text in {
        "worksheets/xx/dot-product.md": GERMAN, "messages/xx.toml": 'top.key = "Lösung"\nwords.row = "Zeile"\n',
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def page(name, view="key", medium="screen"):
    return Pages(lower(*prepare(load_sheet(name, "xx"), Options(language="xx")))).html(view, medium)


def test_a_sheet_in_another_language_has_its_own_words_and_the_numbers_of_the_english_one(german):
    sheet, english = load_sheet("dot-product", "xx"), load_sheet("dot-product")
    assert (sheet.title, sheet.number, sheet.model) == ("Das Skalarprodukt", english.number, english.model)
    assert sheet.values == english.values
    assert "jede Zeile für sich" in page("dot-product").replace("\u00a0", " ")


def test_a_sheet_that_a_language_does_not_have_is_in_english_with_its_messages(german):
    html = page("softmax")
    assert "Two scores, 1 and 3, share a cake." in html
    assert '<span class="view">Lösung</span>' in html
    assert "one Zeile at a time" in html
    assert "Conventions" in html


def test_the_language_is_said_in_html_and_in_pdf(german):
    assert '<html lang="xx">' in page("dot-product")
    assert PdfReader(io.BytesIO(pdf(page("dot-product", medium="print")))).trailer["/Root"]["/Lang"] == "xx"


def test_a_language_is_no_sheet(german):
    assert sheet_files("xx").keys() == sheet_files().keys()
    (german / "worksheets" / "xx" / "only-german.md").write_text(GERMAN, encoding="utf-8")
    assert sheet_files("xx").keys() - sheet_files().keys() == {"only-german"}
    with pytest.raises(SheetError, match=r"^xx/only-german.md: the front matter has no model$"):
        load_sheet("only-german", "xx")


def test_a_sheet_that_is_a_link_out_of_the_folder_is_refused(german, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "softmax.md").write_text(GERMAN, encoding="utf-8")
    (german / "worksheets" / "yy").symlink_to(elsewhere)
    with pytest.raises(SheetError, match=r"^yy/softmax.md is a link that leads out of its folder$"):
        load_sheet("softmax", "yy")


@pytest.mark.parametrize("name", ["xxe", "../xx", "", "XX"])
def test_no_other_language_is_known(german, name):
    with pytest.raises(UnknownNameError, match=r"^no language '.*'; (did you mean 'xx'\?|there are: .*xx)$"):
        load_sheet("softmax", name)


@pytest.mark.parametrize("command", [
    ["list"], ["show", "softmax"], ["generate", "softmax"], ["class", "softmax", "--anonymous", "2"],
])  # fmt: skip
def test_every_command_that_has_a_language_says_which_there_are(command, tmp_path):
    out = ["--out", str(tmp_path)] if command[0] in ("generate", "class") else []
    result = CliRunner().invoke(main, [*command, "--language", "xx", *out])
    assert (result.exit_code, result.stderr) == (1, f"byhand: {UnknownNameError('language', 'xx', languages())}\n")


@pytest.mark.parametrize("view", ["key", "worked"])
def test_an_answer_that_is_longer_than_its_lines_moves_down_what_follows(german, view):
    said = "Jede Zahl wird mit der Zahl an derselben Stelle malgenommen, und erst danach wird addiert. " * 4
    asked = f"""
Wie geht das?

{{{{ lines(2, "{said * 2}") }}}}

{{{{ ask("dot") }}}}
{{{{ question("Was hast du getan?", "{said}") }}}}

## Warum?

{{{{ claim("Erst malnehmen.", true, "{said}") }}}}
{{{{ claim("Erst addieren.", false, "{said}") }}}}
{{{{ lines(1, "{said}") }}}}
"""
    path = german / "worksheets" / "xx" / "dot-product.md"
    path.write_text(GERMAN + asked, encoding="utf-8")
    made = Pages(lower(*prepare(load_sheet("dot-product", "xx"), Options(language="xx"))))
    document = drawn(laid_out(made.printed(view)))
    for page in document.pages:
        inside(page, PAPERS["a4"])
        apart(page)
    found = [(lines, rules) for page in document.pages for _, lines, rules in answers(page)]
    assert [rules for _, rules in found] == [2, 1, 1, 1]
    assert all(lines >= 3 * rules for lines, rules in found)


def test_the_command_prints_in_a_language(german, tmp_path):
    command = ["generate", "dot-product", "--language", "xx", "--format", "html", "--out", str(tmp_path)]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert "Das Skalarprodukt" in (tmp_path / "dot-product-seed0" / "key.html").read_text(encoding="utf-8")
    listed = CliRunner().invoke(main, ["list", "--language", "xx"]).stdout
    assert "Das Skalarprodukt" in listed
    assert "Softmax" in listed


@pytest.mark.parametrize(
    ("own", "other", "message"),
    [
        ("title: Das Skalarprodukt", "title: [1]", "xx/dot-product.md: title is a str; found list"),
        ("goal: Du", "goal: 'Du", "xx/dot-product.md line 3: "),
        ("---\n## Erst", "## Erst", "xx/dot-product.md has no front matter; "),
        ("goal: Du rechnest.", "sittings: [2]", "xx/dot-product.md: sittings: "),
        ("elementwise", "elementwis", "xx/dot-product.md line 9: no step 'elementwis'; "),
        ("## Erst malnehmen", "Erst", "xx/dot-product.md has text but no heading; "),
    ],
)
def test_an_error_in_a_translation_names_its_language(german, own, other, message):
    path = german / "worksheets" / "xx" / "dot-product.md"
    path.write_text(GERMAN.replace(own, other), encoding="utf-8")
    with pytest.raises(SheetError) as error:
        page("dot-product")
    assert str(error.value).startswith(message)
