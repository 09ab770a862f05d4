"""The texts of the program: English's are whole, another language's take their places, one by one."""

import re

import pytest

from byhand.errors import SheetError
from byhand.model.names import SYMBOLS
from byhand.worksheet.messages import messages, said_elsewhere
from byhand.worksheet.sheet import load_sheet, named


def language(folder, text):
    (folder / "messages").mkdir()
    (folder / "messages" / "xx.toml").write_text(text, encoding="utf-8")


def test_places_are_filled_in_and_other_braces_stay():
    english = messages()
    assert english.say("conventions.rows") == "Rows are tokens, columns dimensions."
    assert english.say("conventions.scale", d_head=4) == r"Scale: $\sqrt{d_k} = \sqrt{4}$."
    assert english.say("words.and", one="{other}", other="sat") == "{other} and sat"


@pytest.mark.parametrize(("count", "said"), [(1, "1 minute"), (0, "0 minutes"), (62, "62 minutes")])
def test_of_two_forms_it_is_that_of_the_number(count, said):
    assert messages().say("effort.time", n=count) == said


def test_a_symbols_words_are_messages():
    english = messages()
    assert english.formula(r"L_{\text{tied}}") == r"L_{\text{tied}}"
    assert english.formula(r"\text{no.message}") == r"\text{no.message}"


def test_a_language_says_what_it_has_and_english_the_rest(folder):
    language(folder, 'conventions.rows = "Zeilen sind Token."\nsymbols.loss = "Verlust"')
    german = messages("xx")
    assert german.say("conventions.rows") == "Zeilen sind Token."
    assert german.say("conventions.columns") == messages().say("conventions.columns")
    assert german.formula(r"\text{loss}") == r"\text{Verlust}"


WRONG = [
    ('conventions.rowz = "x"', "messages/xx.toml: no text 'conventions.rowz'; did you mean 'conventions.rows'?"),
    ('effort.time.one = "{count} Minute"', "messages/xx.toml: effort.time.one has no place {count}"),
    ('foot.line = "byhand {version}"', "messages/xx.toml: foot.line is read back; write each of its places once"),
    ("conventions.rows = 3", "messages/xx.toml: conventions.rows is a text in quotes; found 3"),
    ('conventions.rows = "\\u0007"', r"messages/xx.toml: conventions.rows holds \x07, which cannot be printed"),
    ("conventions.rows = ", "messages/xx.toml: Invalid value (at end of document)"),
    ("a." * 90_000 + "b = 'x'", "messages/xx.toml: a name has more than 30 parts; put it in quotes"),
    ("# " + "x" * 200_000, "messages/xx.toml has over 200,000 characters; English has ten thousand"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_file_that_is_wrong_says_where(folder, text, message):
    language(folder, text)
    with pytest.raises(SheetError, match=f"^{re.escape(message)}$"):
        messages("xx")


def test_a_link_out_of_the_folder_is_refused(folder):
    (folder / "messages").mkdir()
    (folder / "messages" / "xx.toml").symlink_to("/etc/hostname")
    with pytest.raises(SheetError, match="is a link that leads out of its folder"):
        messages("xx")


def test_a_word_of_latex_is_no_place(folder):
    language(folder, "captions.sum = '\\text{Summe}'\ncaptions.powers = '\\text{Potenzen } {base}^s'")
    assert messages("xx").say("captions.sum", sum=3) == r"\text{Summe}"
    assert messages("xx").say("captions.powers", base=2) == r"\text{Potenzen } 2^s"


def test_every_word_of_a_symbol_can_be_translated(folder):
    found = {name.removeprefix("symbols."): text for name, text in said_elsewhere() if name.startswith("symbols.")}
    assert {"kept", "loss", "bucket"} <= found.keys()
    assert all(name == text for name, text in found.items())
    language(folder, "\n".join(f"symbols.{word} = '{word.upper()}'" for word in found))
    for latex in SYMBOLS.values():
        assert messages("xx").formula(latex) == re.sub(r"\\text\{\w+\}", lambda m: r"\text" + m[0][5:].upper(), latex)


def test_a_sheet_that_is_not_translated_is_called_as_the_messages_say(folder):
    language(folder, 'titles.softmax = "Anteile"')
    assert load_sheet("softmax", "xx").title == "Anteile"
    assert [each.title for each in named(("softmax", "scores"), "xx")] == ["Anteile", load_sheet("scores").title]
    (folder / "worksheets/xx").mkdir(parents=True)
    (folder / "worksheets/xx/softmax.md").write_text("---\ntitle: Softmax auf Xx\n---\n", encoding="utf-8")
    assert load_sheet("softmax", "xx").title == "Softmax auf Xx"
