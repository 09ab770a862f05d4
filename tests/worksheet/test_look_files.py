"""A look is read from a file; what cannot be is one clear line, and a hostile logo is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageFile

from byhand.errors import ByHandError
from byhand.worksheet import logo
from byhand.worksheet.looks import LEAST_CONTRAST, READ_ON, USUAL, contrast, look_of, ready_made, words_of


def picture(kind="PNG", size=(40, 20)):
    Image.new("RGB", size, "#144").save(file := io.BytesIO(), kind)
    return file.getvalue()


def drawing(inside, root='viewBox="0 0 9 9"'):
    return f'<svg xmlns="http://www.w3.org/2000/svg" {root}>{inside}</svg>'.encode()


def told(tmp_path, text):
    (tmp_path / "look.toml").write_text(text)
    with pytest.raises(ByHandError) as refused:
        words_of(str(tmp_path / "look.toml"))
    line = str(refused.value)
    assert "\n" not in line
    return line.replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("name", ["dyslexia", "colour-blind"])
def test_a_ready_made_look_is_said_in_one_line_and_read_again(name):
    assert set(ready_made()) == {"dyslexia", "colour-blind"}
    words = words_of(name)
    assert look_of(words).words == words
    assert "letter:0.15" in words or name != "dyslexia"


def test_a_file_may_be_like_a_ready_made_look_and_say_more(tmp_path):
    (tmp_path / "logo.png").write_bytes(picture())
    (tmp_path / "look.toml").write_text('like = "dyslexia"\ntint = "#FFF"\nname = "School: a;b"\nlogo = "logo.png"\n')
    look = look_of(words_of(str(tmp_path / "look.toml")))
    assert (look.tint, look.ink, look.letter, look.name) == ("#ffffff", "#22252b", "0.15", "School: a;b")
    assert look.logo_url.startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("tnit = '#fff'", "look.toml: no entry 'tnit'; did you mean 'tint'?"),
        ("tint = 'cream'", "look.toml: tint = 'cream' is no value for it; use a colour such as \"#fbf5e6\""),
        ("letter = 2", "look.toml: letter = 2 is no value for it; use a number of ems from 0 to 0.3"),
        ("line = true", "look.toml: line = True is no value for it; use a number from 1.2 to 2.5"),
        ("size = 'big'", "look.toml: size = 'big' is no value for it; use a number of points from 9.5 to 16"),
        ("ink = '#999'", "look.toml: ink #999999 on tint #ffffff has a contrast of 2.8:1; words need 4.5:1 or more, "
                         "so choose a darker ink or a lighter tint"),
        ("ink = '#eee'\ntint = '#111'\npen = '#fff'\nshade = '#000'\nlit = '#000'",
         "look.toml: tint #111111 is darker than ink #eeeeee; a page is written on with a pen"),
        ("like = 'dislexia'", "look.toml: like = 'dislexia'; use 'colour-blind' or 'dyslexia'"),
        ("face = 'a\"} body {'", "look.toml: face = 'a\"} body {' is no value for it; use the name of an installed "
                                 'font, such as "OpenDyslexic"'),
        ("logo = 'none.png'", "look.toml: logo none.png: No such file or directory"),
        ("name = ''", "look.toml: name = '' is no value for it; use a text of up to 80 characters"),
    ],
)  # fmt: skip
def test_what_a_look_cannot_be_is_one_clear_line(tmp_path, text, line):
    assert told(tmp_path, text) == line


def test_a_look_that_there_is_not_is_one_line():
    with pytest.raises(ByHandError, match=r"^no look 'dyslexa'; did you mean 'dyslexia'\?$"):
        words_of("dyslexa")
    with pytest.raises(ByHandError, match=r"^nowhere.toml: No such file or directory$"):
        words_of("nowhere.toml")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"GIF89a", "is no PNG, no JPEG and no SVG"),
        (picture()[:60], "cannot be read"),
        (picture(size=(3000, 2000)), "has 3000 × 2000 pixels"),
        (b"\x89PNG" + bytes(60_000), "has over 50 kB"),
        (drawing("<script>alert(1)</script>"), "holds <script>"),
        (drawing('<rect onload="alert(1)"/>'), "has onload="),
        (drawing('<image href="http://a.b/c.png"/>'), "holds <image>"),
        (drawing('<path fill="url(http://a.b/c)"/>'), "has fill="),
        (drawing("<style>@import 'http://a.b'</style>"), "has a style that loads something"),
        (drawing("<foreignObject/>"), "holds <foreignObject>"),
        (drawing('<use href="#a"/>'), "holds <use>"),
        (drawing("<text>A</text>"), "holds <text>"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + drawing("&a;"), "has entities"),
        (drawing("<g>"), "is no SVG that can be read"),
        (drawing("<g/>", ""), "says no size"),
        (b"<html></html>", "is no SVG: its first element is another"),
        (drawing("<g/>" * 3_000), "has over 2,000 elements"),
    ],
)
def test_a_hostile_logo_is_refused_in_one_line(tmp_path, monkeypatch, content, line):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does
    (tmp_path / "x").write_bytes(content)
    answer = told(tmp_path, 'logo = "x"')
    assert answer.startswith(f"look.toml: logo x {line}"), answer


@pytest.mark.parametrize(
    ("kind", "content"),
    [("png", picture()), ("jpeg", picture("JPEG")), ("svg", drawing('<path fill="url(#a)" d="M0 0h9"/>'))],
)
def test_a_logo_is_kept_as_it_is(tmp_path, kind, content):
    (tmp_path / "x").write_bytes(content)
    words = logo.logo_in(tmp_path / "x")
    assert words.startswith(f"{kind},")
    assert logo.from_url(logo.logo_url(words)) == logo.logo_bytes(words) == content


def test_words_stay_readable_in_every_ready_made_look():
    for name in ready_made():
        look = look_of(words_of(name))
        for words, ground in READ_ON:
            assert contrast(look.tone(USUAL[words]), look.tone(USUAL[ground])) >= LEAST_CONTRAST
        for grey in ("#333333", "#444444", "#555555", "#646464"):
            assert contrast(look.tone(grey), look.tone("#ffffff")) >= LEAST_CONTRAST


def test_greys_lie_between_ink_and_paper_and_other_colours_stay():
    look = look_of("ink:%23102a43;tint:%23eef4ff")
    assert look.tone("#000000") == look.tone("#111111") == "#102a43"
    assert look.tone("#ffffff") == "#eef4ff"
    assert look.tone("#888888") == "#7f8fa1"
    assert look.tone("#1c3f94") == "#1c3f94"
    pale = look_of("ink:%23595959")  # no grey of words becomes too pale beside a pale ink
    assert all(contrast(pale.tone(grey), "#ffffff") >= LEAST_CONTRAST for grey in ("#555555", "#646464"))
