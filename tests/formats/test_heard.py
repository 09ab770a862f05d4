"""Linear text is for braille displays and voices: each of its signs is known to liblouis, and said by espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata

import pytest
from every_sheet import FULL, ORDER, in_turn, made

from byhand.formats import Setup
from byhand.formats.written.linear import linear
from byhand.page.page import lower
from byhand.worksheet.views import VIEWS

SILENT = {"Pi", "Pf", "Po", "Pd"}  # the kinds of signs at which a voice pauses


def text(sheet, **options):
    page = lower(*made(sheet, **options))
    return "\n".join(linear(page, view, Setup()).decode() for view in VIEWS)


def tool(command, given):
    """What a program makes of a text."""
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=300).stdout


def said(words):
    """The sounds of words."""
    return tool(["espeak-ng", "-q", "-x", "-v", "en", "--stdin"], words).strip()


@pytest.mark.parametrize(("sheet", "numbers"), in_turn("exact", "decimal", "symbolic"))
def test_powers_and_indices_stand_in_the_line(sheet, numbers):
    raised = {sign for sign in text(sheet, numbers=numbers) if unicodedata.decomposition(sign).startswith("<su")}
    assert not raised


def test_a_sign_of_a_product_is_said_and_a_word_stays_as_it_is():
    assert "K^T" in text("attention-head")
    assert "S[1,1] = Q[1,1]×K^T[1,1]" in text("scores")
    assert "“·”" in text("microgpt")  # a word of its own
    assert "·" not in text("gpt").replace(" · ", "")  # what is apart in its head and foot


def test_a_rule_through_many_steps_is_left_to_the_prose():
    lines = text("induction-head").splitlines()
    assert max(map(len, lines)) < 400
    assert [line for line in lines if line.startswith("A_1[4,4]")] == [f"A_1[4,4] = {x}" for x in ("____", 0, 0)]


@pytest.mark.skipif(not FULL, reason="make test-formats asks liblouis and espeak-ng")
@pytest.mark.skipif(
    shutil.which("lou_translate") is None, reason="liblouis is missing; make test-formats installs it"
)
@pytest.mark.parametrize("table", ["en-ueb-g1.ctb", "en-ueb-g2.ctb"])
@pytest.mark.parametrize("sheet", ORDER)
def test_braille_has_every_sign(sheet, table):
    lines = text(sheet).splitlines()
    braille = tool(["lou_translate", "--forward", f"unicode.dis,{table}"], "\n".join(lines) + "\n").splitlines()
    assert len(braille) == len(lines)
    dots = {sign for line in braille for sign in line.strip()}
    assert {sign for sign in dots if not "\u2800" <= sign <= "\u28ff"} <= {
        " "
    }  # else it stands for itself, as a code


@pytest.mark.skipif(not FULL, reason="make test-formats asks liblouis and espeak-ng")
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is missing; make test-formats installs it")
def test_a_voice_says_every_sign():
    signs = {sign for sheet in ORDER for sign in text(sheet) if not sign.isascii() and not sign.isspace()}
    signs = {sign for sign in signs if unicodedata.category(sign) not in SILENT}
    unsaid = {sign for sign in signs if said(f"4 {sign} 3") == said("4 3")}
    assert not unsaid
    assert not {sign for sign in signs if said("letter") in said(f"4 {sign} 3")}  # "letter one d four zero"
