"""Names have the room that a page has for them, by their widths."""

import pypdfium2
import pytest

from byhand.classroom.classes import make_class
from byhand.classroom.roster import Student
from byhand.press.shape import cut, width

FACE = "sans-400.ttf"
NAMES = ["W" * 32, "i" * 60, "Maximiliane Wilhelmina Wolkenstein-Mommsen", "Ada", "ﷺ" * 40]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("room", [0, 900, 5000, 15_000])
def test_a_name_is_cut_to_its_room_and_no_further(name, room):
    found = cut(FACE, name, room)
    if found != name:
        assert found.endswith("…")
        assert width(FACE, name[: len(found)] + "…") > room or found == "…"
    assert width(FACE, found) <= room or found == "…"


def test_a_letter_that_the_fonts_lack_is_as_wide_as_the_font_is_large():
    assert width(FACE, "李雷") == 2000


def test_no_name_runs_over_what_stands_beside_it(tmp_path):
    made = make_class("layer-norm", [Student(name, f"{n} {name}") for n, name in enumerate(NAMES)], out=tmp_path)
    for path in made.folder.glob("worksheets/*.pdf"):
        text = pypdfium2.PdfDocument(path)[0].get_textpage()
        spots = {spot[:2]: spot for n in range(text.count_rects()) if (spot := text.get_rect(n))}
        whole = text.get_text_range()
        name, date = (text.get_charbox(whole.index(word)) for word in ("Name", "Date"))
        line = [spot for spot in spots.values() if abs(spot[1] - name[1]) < 4 and spot[0] >= name[0] - 1]
        assert max(spot[2] for spot in line if spot[0] < date[0] - 1) < date[0]
