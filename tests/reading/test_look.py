"""What a reader sees or hears of a page is what is judged: whatever its reprint does not have is refused."""

import re
from importlib.metadata import version
from io import BytesIO

import pikepdf
import pytest
from click.testing import CliRunner
from every_sheet import FULL

from byhand.cli import main
from byhand.errors import UnreadableError
from byhand.formats.html.page import POLICY
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading.fields import _alike
from byhand.reading.markup import markup_difference
from byhand.reading.verdict import Finding
from byhand.reading.verify import report, verify

CHANGED = re.compile(r"^it was changed: ")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The HTML of a worksheet and its key."""
    options = Options(formats=("html",))
    paths = generate("softmax", options, tmp_path_factory.mktemp("pages"))
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def saved(html, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(html, encoding="utf-8")
    return page


def verified(html, tmp_path):
    return verify(saved(html, tmp_path))


ANSWER = re.compile(r'<td class="a[^"]*">(?=\S)')  # of a key, before its text
CHANGES = {
    "hidden number, another drawn": lambda html: ANSWER.sub(
        lambda m: m[0] + '<svg><text>9</text></svg><span style="display:none">', html, count=1
    ),
    "generated content": lambda html: html.replace("</style>", 'td::after{content:"9/2"}</style>', 1),
    "a style that is changed by a blank": lambda html: html.replace("td.a", "td .a", 1),
    "another style sheet": lambda html: html.replace("</head>", "<style>.a{color:white}</style></head>", 1),
    "running line": lambda html: html.replace("<main>", '<p class="running">Powers are sums.</p><main>', 1),
    "script": lambda html: html.replace("</body>", "<script>document.title = 1</script></body>", 1),
    "no policy": lambda html: html.replace(POLICY, "", 1),
    "wider policy": lambda html: html.replace("default-src 'none'", "default-src *", 1),
    "base": lambda html: html.replace("</head>", '<base href="http://x.org/"></head>', 1),
    "link": lambda html: html.replace("</head>", '<link rel=stylesheet href="x.css"></head>', 1),
    "refresh": lambda html: html.replace("</head>", '<meta http-equiv=refresh content="0;url=x"></head>', 1),
    "style": lambda html: ANSWER.sub(lambda m: m[0][:-1] + ' style="color:white">', html, count=1),
    "hidden": lambda html: ANSWER.sub(lambda m: m[0][:-1] + " hidden>", html, count=1),
    "class": lambda html: html.replace('class="a', 'class="g', 1),
    "class of the page": lambda html: html.replace('<body class="', '<body class="book ', 1),
    "what is spoken": lambda html: re.sub(r'aria-label="[^"]*"', 'aria-label="999"', html, count=1),
    "title": lambda html: html.replace("<title>", "<title>7 8 9 ", 1),
    "the map": lambda html: re.sub(r"(<svg.*?<text[^>]*>)", r"\g<1>no ", html, count=1, flags=re.DOTALL),
    "data": lambda html: html.replace("<td ", '<td data-value="7" ', 1),
    "direction": lambda html: html.replace("<html ", '<html dir="rtl" ', 1),
    "an event": lambda html: html.replace("<body ", '<body onload="x()" ', 1),
    "frame": lambda html: html.replace("<main>", "<iframe srcdoc='9'></iframe><main>", 1),
    "a number in two": lambda html: re.sub(r'(<td class="[ag][^"]*">\d)(\d)', r"\1 \2", html, count=1),
    "what an old browser takes for the end of a comment": lambda html: html.replace(
        "<main>", "<!--><b>9</b><!-- --><main>", 1
    ),
    "other rules": lambda html: html.replace("<!doctype html>", "", 1),
    "instruction": lambda html: html.replace("<main>", "<?xml-stylesheet href='x'?><main>", 1),
    "more at the end": lambda html: html + "<p hidden>9",
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_reprint_does_not_have_is_refused(name, pages, tmp_path):
    changed = CHANGES[name](pages["key"])
    assert changed != pages["key"]
    if name == "hidden number, another drawn":
        changed = changed.replace("</main>", "</span></main>")
    lines, finding = report(saved(changed, tmp_path))
    assert len(lines) > 1 if finding is Finding.WRONG else lines[0].startswith("cannot be verified: it")


def test_a_page_that_is_printed_again_is_right(pages, tmp_path):
    assert [verified(html, tmp_path).faults for html in pages.values()] == [(), ()]
    assert "judged" not in verified(pages["key"], tmp_path).line


def test_what_is_filled_in_is_held_against_the_key(pages, tmp_path):
    """As a browser does that saves a page with what was typed into it."""
    html = pages["worksheet"]
    first = re.search(r'<input name=0 aria-label="([^"]*)"', html)
    for typed, right in (("", True), ("4", True), ("4.0", True), (" 8/2 ", True), ("3", False), ("four", False)):
        told = f"{first[1]}: filled in with {typed!r}, where the key has 4"
        filled = html.replace("<input ", f'<input value="{typed}" ', 1)
        assert verified(filled, tmp_path).faults == (() if right else (told,))
    with pytest.raises(UnreadableError, match=CHANGED):
        verified(html.replace("<input ", '<input type="submit" ', 1), tmp_path)


def test_a_page_whose_boxes_stand_for_each_other_is_refused(tmp_path):
    """What is ticked on it would be saved as its opposite."""
    path, _ = generate("rotary", Options(formats=("html",)), tmp_path)
    html = path.read_text(encoding="utf-8")
    exchanged = re.sub('value="(true|false)"', lambda m: f'value="{"false" if m[1] == "true" else "true"}"', html)
    assert exchanged != html
    with pytest.raises(UnreadableError, match=f"{CHANGED.pattern}its <input> has 'value=false' where"):
        verified(exchanged, tmp_path)


@pytest.mark.parametrize(("typed", "answer", "right"), [
    ("b - 1 - 2a", "−2a + b − 1", True), ("+b−2a−1", "−2a + b − 1", True), ("−1 + b − 2a", "−2a + b − 1", True),
    ("b - 1 + 2a", "−2a + b − 1", False), ("b − 2a", "−2a + b − 1", False), ("b − 2a − 1 − 1", "−2a + b − 1", False),
    ("2a − b", "2b − a", False), ("x(a+e+c)+y(d+b+f)", "x(a+b+c)+y(d+e+f)", False), ("The", "the", True),
    ("", "−a", False), ("−", "−a", False), ("a−", "−a", False), ("1/2", "0.5", True),
])  # fmt: skip
def test_a_sum_of_letters_may_be_typed_in_any_order(typed, answer, right):
    assert _alike(typed, answer) is right


TYPED = re.compile(r'<input name="?\d+"? aria-label="[^"]*">')
TICK = re.compile(r'<input type="radio" name="[^"]*" value="[^"]*" class="tick"|<span class="tick(?: on)?">')


@pytest.mark.parametrize("sheet", ["attention-head", "shapes", "sampling", "gpt"])
def test_a_page_filled_in_as_its_key_is_right_and_one_more_tick_or_digit_is_wrong(sheet, tmp_path):
    """Fields of matrices, tables and words, and boxes to tick."""
    paths = generate(sheet, Options(formats=("html",)), tmp_path)
    html, key = (
        next(p for p in paths if p.stem == name).read_text(encoding="utf-8") for name in ("worksheet", "key")
    )
    cells, answers = (re.findall(r"<td[^>]*>(.*?)</td>", page) for page in (html, key))
    answers = (answer for cell, answer in zip(cells, answers, strict=True) if TYPED.search(cell))
    ticks = [
        "on" in of_key
        for of_page, of_key in zip(TICK.findall(html), TICK.findall(key), strict=True)
        if "input" in of_page
    ]

    def ticked(boxes):
        left = iter(boxes)
        return re.sub('type="radio"', lambda m: m[0] + " checked" * next(left), full)

    def typed(cell):
        """A cell as it is filled in; other boxes have other answers that are right."""
        return TYPED.sub(lambda m: m[0].replace("<input", f'<input value="{next(answers)}"'), cell[0])

    full = re.sub(r"<td[^>]*>.*?</td>", typed, html)
    if constructions := len(re.findall(r'<span class="box"[^>]*><input ', html)):
        full = re.sub(r'(<span class="box"[^>]*><input )', r'\1value="7" ', full)
    assert (constructions > 0) is (sheet != "shapes")
    assert verified(ticked(ticks), tmp_path).faults == ()
    if ticks:
        (fault,) = verified(ticked([True] * len(ticks)), tmp_path).faults[:1]
        assert fault.endswith(": ticked, where the key has no tick")
    (fault,) = verified(ticked(ticks).replace('<input value="', '<input value="7', 1), tmp_path).faults
    assert "filled in with '7" in fault


def test_what_a_browser_changes_when_it_saves_a_page_is_no_difference(pages):
    html = pages["key"]
    head = re.search(r"<!doctype html>\s*(<html[^>]*>)\s*<head>", html)
    other = html.replace(head[0], f"<!DOCTYPE html>\n<!-- saved from url=(0014)about:internet -->\n{head[1]}<head>"
                         '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">')  # fmt: skip
    other = re.sub(r"(</colgroup>\s*)(<tr)", r"\1<tbody>\2", other).replace("</table>", "</tbody></table>")
    other = re.sub(r"<path ([^>]*)/>", r"<path \1></path>", other).replace("−", "&minus;")
    assert other != html
    assert markup_difference(other, html) == ""
    assert markup_difference(other.replace('charset=UTF-8">', 'charset=UTF-7">'), html)


def test_the_first_difference_is_named_in_a_line(pages):
    html = pages["key"]
    assert (
        markup_difference(html.replace("</body>", "<script>x\n</script></body>"), html)
        == "it has '<script>' where the reprint has '</body>'"
    )
    assert (
        markup_difference(html.replace("<main>", "<main hidden>"), html)
        == "its <main> has 'hidden=' where the reprint has nothing more"
    )


def test_other_fonts_are_refused(pages, tmp_path):
    """In which a 3 may look like a 9."""
    html = re.sub(r"(data:font/[^)]{500})....", r"\1AAAA", pages["key"], count=1)
    assert html != pages["key"]
    with pytest.raises(
        UnreadableError, match=r"^it was changed: its fonts are not those that are built here, as where "
    ):
        verified(html, tmp_path)


def test_another_versions_page_is_judged_by_its_numbers_alone(pages, tmp_path):
    html = pages["key"].replace("byhand 0.1.0 ·", "byhand 0.0.9 ·").replace("version=0.1.0", "version=0.0.9")
    other = CHANGES["script"](html)
    verdict = verified(other, tmp_path)
    assert verdict.faults == ()
    assert verdict.line.endswith(
        "; byhand 0.0.9 made it, and this is 0.1.0, so its numbers alone are judged: numbers only"
    )


def test_a_page_of_own_templates_is_judged_by_its_numbers_alone_where_they_are_not(folder, monkeypatch):
    style = folder / "print.css"
    style.write_text("td { color: green }", encoding="utf-8")
    (path,) = generate("softmax", Options(views=("key",), formats=("html",)), folder)
    html = path.read_text(encoding="utf-8")
    assert "color:green" in html
    assert verify(path).line.endswith("cells with numbers: right")
    with pytest.raises(UnreadableError, match=CHANGED):
        verified(CHANGES["script"](html), path.parent)
    style.write_text("td { color: red }", encoding="utf-8")
    for _ in range(2):
        assert verify(path).line.endswith(
            "; it was not printed with the templates that are in use here, so its numbers alone are judged: "
            "numbers only"
        )
        monkeypatch.delenv("BYHAND_TEMPLATES", raising=False)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A key as PDF."""
    (path,) = generate("softmax", Options(views=("key",), formats=("pdf",)), tmp_path_factory.mktemp("drawn"))
    return path.read_bytes()


def edited(content, target, change=lambda file: None):
    """A PDF that another program has changed and saved."""
    with pikepdf.open(BytesIO(content)) as file:
        change(file)
        file.save(target)
    return target


def note(file):
    """As any editor of PDFs adds one."""
    entries = {
        "Type": "Annot",
        "Subtype": "FreeText",
        "Rect": [100, 500, 200, 520],
        "Contents": "9/2",
        "DA": "/F 9 Tf",
    }
    names = {key: pikepdf.Name(f"/{value}") for key, value in entries.items() if key in ("Type", "Subtype")}
    file.pages[0].Annots = file.make_indirect([pikepdf.Dictionary(**entries | names)])


def operators(before, after):
    """A change of the first page's instructions."""

    def change(file):
        page = file.pages[0]
        page.contents_coalesce()
        content = page.Contents.read_bytes()
        assert before in content
        page.Contents = file.make_stream(content.replace(before, after, 1))

    return change


def on_top(instructions):
    return lambda file: file.pages[0].contents_add(b"/Artifact BMC\nq\n%s\nQ\nEMC\n" % instructions)


def picture(file):
    image = file.make_stream(bytes(3), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=1, Height=1,
                             ColorSpace=pikepdf.Name.DeviceRGB, BitsPerComponent=8)  # fmt: skip
    file.pages[0].add_resource(image, pikepdf.Name.XObject, pikepdf.Name("/over"))
    on_top(b"300 0 0 300 100 300 cm\n/over Do")(file)


def layers(file):
    group = file.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="hidden"))
    file.Root.OCProperties = pikepdf.Dictionary(OCGs=[group], D=pikepdf.Dictionary(OFF=[group], Order=[group]))


def font_of(file):
    return next(iter(file.pages[0].Resources.Font.values()))


def of_page(name, value):
    return lambda file: setattr(file.pages[0].obj, name, value)


def other_letters(file):
    """The same drawn, but a reader for the blind reads something else."""
    font = font_of(file)
    table = font.ToUnicode.read_bytes()
    first, second = re.findall(rb"(?m)^<\w{4}> <\w+>$", table)[:2]
    swapped = first[:7] + second[7:]
    font.ToUnicode = file.make_stream(table.replace(first, swapped))


def other_shapes(file):
    """The same letters, but other shapes for them."""
    one, other, *_ = (font.DescendantFonts[0].FontDescriptor for font in file.pages[0].Resources.Font.values())
    one.FontFile2 = other.FontFile2


def spoken(file):
    next(
        each for each in file.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/TD"
    ).Alt = "999"


def titled(file):
    with file.open_metadata() as about:
        about["dc:title"] = "Softmax (worksheet)"


def script(file):
    file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(9)")


def form(file):
    file.Root.AcroForm = pikepdf.Dictionary(Fields=[], NeedAppearances=True)


def attached(file):
    file.attachments["key.txt"] = b"9/2"


def see_through(file):
    next(state for name, state in file.pages[0].Resources.ExtGState.items() if state.get("/ca") == 1).ca = 0


def another_page(file):
    file.add_blank_page()


PDF_CHANGES = {
    "note": note, "white box": on_top(b"1 1 1 rg\n100 300 300 300 re\nf"), "picture": picture, "layers": layers,
    "invisible text": operators(b"BT\n", b"BT\n3 Tr\n"), "white text": operators(b"BT\n", b"BT\n1 1 1 rg\n"),
    "clipped": operators(b"BT\n", b"0 0 1 1 re\nW\nn\nBT\n"), "moved": operators(b"1 0 0 -1 ", b"1 0 0 1 "),
    "part that is seen": of_page("CropBox", [0, 0, 300, 300]), "turned": of_page("Rotate", 180),
    "unit": of_page("UserUnit", 2), "other letters": other_letters, "other shapes": other_shapes, "spoken": spoken, "title": titled,
    "action": script, "form": form, "attachment": attached, "transparent": see_through, "one more page": another_page,
    "drawing": operators(b" l\nh\n", b" l\n9 9 l\nh\n"),
    "spoken for a text": operators(b"<</MCID 3>>", b"<</MCID 3 /ActualText (9)>>"),
}  # fmt: skip


@pytest.mark.parametrize("name", PDF_CHANGES)
def test_what_the_reprint_of_a_pdf_does_not_have_is_refused(name, drawn, tmp_path):
    """The numbers are read as they were; each change alone makes the difference."""
    lines, finding = report(edited(drawn, tmp_path / "key.pdf", PDF_CHANGES[name]))
    if name == "one more page":  # without the margins of ours
        assert len(lines) > 1
    else:
        assert finding is Finding.UNREADABLE, lines
        assert lines[0].startswith("cannot be verified: it was changed: the reprint has not the same ")


def test_how_a_pdf_is_packed_makes_no_difference(drawn, tmp_path):
    assert verify(edited(drawn, tmp_path / "key.pdf")).faults == ()


def test_a_pdf_that_another_weasyprint_laid_out_is_judged_by_its_numbers_alone(drawn, tmp_path):
    def change(file):
        file.docinfo["/Producer"] = "WeasyPrint 68.1"
        on_top(b"100 300 300 300 re\nf")(file)

    verdict = verify(edited(drawn, tmp_path / "key.pdf", change))
    assert verdict.faults == ()
    assert verdict.line.endswith(f"; 'WeasyPrint 68.1' laid it out, and this is WeasyPrint {version('weasyprint')}, "
                                  "so its numbers alone are judged: numbers only")  # fmt: skip


@pytest.mark.skipif(not FULL, reason="test_every_file_of_a_class_is_right reads a class, too")
def test_a_copy_of_a_class_is_compared_with_the_copy_that_the_class_prints(tmp_path):
    """Its name, its letters in the fonts and its QR code, too, whatever order its letters are drawn in."""
    roster = tmp_path / "roster.csv"
    roster.write_text("name,id\nZoë Ünal · B,1\nفاطمة,2\n", encoding="utf-8")
    command = ["class", "embedding", "--roster", str(roster), "--seed", "5", "--paper", "letter"]
    assert CliRunner().invoke(main, [*command, "--out", str(tmp_path)]).exit_code == 0
    copies = sorted((tmp_path / "embedding-class5").glob("*/*.pdf"))
    some = copies if FULL else [copies[0], copies[-1]]  # a key, and another's worksheet
    assert [verify(copy).faults for copy in some] == [()] * len(some)
    for change in (note, on_top(b"1 1 1 rg\n100 300 300 300 re\nf")):
        with pytest.raises(UnreadableError, match=CHANGED):
            verify(edited(copies[-1].read_bytes(), tmp_path / "copy.pdf", change))
