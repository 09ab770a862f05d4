"""What is judged of an HTML page is what a browser shows: whatever a browser could read otherwise is refused."""

from __future__ import annotations

import re
from random import Random

import pytest
from browser import Browser, needs_chromium
from every_sheet import FEW, FULL, ORDER, in_turn
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tinyhtml5.parser import HTMLParser

from byhand.errors import UnreadableError
from byhand.options import Options
from byhand.pipeline import generate
from byhand.reading.markup import markup_difference
from byhand.reading.verdict import Finding
from byhand.reading.verify import report

ANSWER = re.compile(r'<td class="a[^"]*">(?=\S)')  # of a key, before its text
CHARSET = '<meta charset="utf-8">'


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A worksheet, in which there are boxes to tick, and its key; a sheet with many drawings, and one with few."""
    folder = tmp_path_factory.mktemp("pages")
    paths = [path for sheet in ("softmax", "rotary") for path in generate(sheet, Options(formats=("html",)), folder)]
    return {f"{path.parent.name.partition('-')[0]} {path.stem}": path.read_text(encoding="utf-8") for path in paths}


def in_a_cell(html):
    """A change that writes something before the text of an answer."""
    return lambda page: ANSWER.sub(lambda m: m[0] + html, page, count=1)


def after(tag, html):
    """A change that writes something behind the first of a tag."""
    return lambda page: re.sub(rf"<{tag}\b[^>]*>", lambda m: m[0] + html, page, count=1)


def swapped(old, new):
    return lambda page: page.replace(old, new, 1)


TRICKS = {
    **{f"{tag} in a cell": in_a_cell(tag) for tag in (
        "<tbody>", "</tbody>", "<html>", "<head>", "</head>", "<body>", "</body>", "</html>", CHARSET, "</p>", "</br>", "</td>",
        "<b>", "<svg>", "<math>", "<template>", "<select>", "<p>", "<td>", "<caption>9", "<form>", "<a href='#'>",
    )},
    **{f"{tag} in a drawing": after("svg", tag) for tag in (
        "<tbody>", "</tbody>", "<head>", "</head>", "<html>", "<body>", "</body>", CHARSET, "<p>", "</p>", "<b>9</b>", "<br>",
        "<desc><b/>9</desc>", "<foreignObject><b/>9</foreignObject>", "<title>9</title>", "<style>text{opacity:0}</style>",
        "<![CDATA[9]]>",
    )},
    **{f"{html} in a cell": in_a_cell(html) for html in (  # what some readers take for something else
        "<!-->9<!-- -->", "<!--->9<!-- -->", "<!-- --!>9<!-- -->", "<!--9-->", "<!x>", "</ x>", "</>", "<?x?>", "<![CDATA[9]]>",
        "<!--[if IE]>9<![endif]-->", "<![if IE]>", "<!doctype html>", "<", "<9", "< b>", "&nbsp", "&minus9", "&#0;", "&#128;", "&#xd800;",
        "&#99999999;", "&no;", "&#;", "&;", "<b/>9", "<i/>", "</td >", "</td x>", "<b\f>9</b>", "<b x/y>9</b>", "<b x=y/>9</b>",
        "<b x=`>9</b>", "<b x= y>9</b>", "<b x='>9</b>", "<b x x>9</b>", "<b class='x' CLASS='y'>9</b>", "<b x='1'y='2'>9</b>",
        "<plaintext>", "<xmp><b></xmp>", "<iframe><b></iframe>", "<noscript>9</noscript>", "<noembed>9</noembed>",
        "<textarea><b></textarea>", "<textarea>9</textarea>", "<script>9<!--<script></script>", "<image>", "<listing>\n9</listing>",
        "\0", "\ufeff",
    )},
    "text in a table, which is shown above it": after("table", "9"),
    "an element in a table": after("table", "<b>9</b>"),
    "a tbody that says something": after("table", "<tbody hidden>"),
    "a tbody before another": after("colgroup", "</colgroup><tbody><tbody>"),
    "a comment in the title": swapped("<title>", "<title><!-- 9 -->"),
    "a tag in the title": swapped("<title>", "<title><b>"),
    "a comment before a drawing": swapped("<svg", "<!-- 9 --><svg"),
    "a comment before the rules": swapped("<!doctype html>", "<!-- --><!doctype html>"),
    "older rules": swapped("<!doctype html>", '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">'),
    "two comments of where it was saved": swapped("<html", "<!--a--><!--b--><html"),
    "no encoding": swapped(CHARSET, ""),
    "another encoding": swapped(CHARSET, '<meta charset="utf-7">'),
    "another encoding beside ours": swapped(CHARSET, f'{CHARSET}<meta charset="windows-1252">'),
    "the encoding too late": lambda page: page.replace(CHARSET, "").replace("</head>", f"{CHARSET}</head>"),
    "the encoding in the body": lambda page: page.replace(CHARSET, "").replace("<main>", f"<main>{CHARSET}"),
    "a second html element": swapped("<main>", '<html dir="rtl"><main>'),
    "a second body": swapped("<main>", '<body style="color:white"><main>'),
    "a second head": swapped("<main>", "<head></head><main>"),
    "an end of the body before its end": swapped("<main>", "</body><main>"),
    "more behind the end": lambda page: page + "9",
    "a comment behind the end": lambda page: page + "<!-- 9 -->",
    "a mark of the order of bytes in the middle": swapped("<main>", "\ufeff<main>"),
    "an attribute twice": swapped('<td class="a', '<td class="b" class="a'),
    "an element that closes itself": swapped("<main>", "<main/>"),
    "a style that ends early": swapped("</style>", "</style ></style>"),
    "a style in a comment": swapped("</style>", "<!--</style>"),
}  # fmt: skip


@pytest.mark.parametrize("name", TRICKS)
def test_what_a_browser_could_read_otherwise_is_refused_in_a_line(name, pages, tmp_path):
    key = pages["rotary key" if "drawing" in name else "softmax key"]
    changed = TRICKS[name](key)
    assert changed != key
    path = tmp_path / "key.html"
    path.write_text(changed, encoding="utf-8")
    lines, finding = report(path)
    assert finding is Finding.WRONG or (finding is Finding.UNREADABLE and len(lines) == 1)
    assert not any("\n" in line for line in lines)


WRITTEN_OTHERWISE = {  # which every browser reads alike
    "line ends of Windows": lambda page: page.replace("\n", "\r\n"),
    "line ends of old Macs": lambda page: page.replace("\n", "\r"),
    "some line ends of Windows": lambda page: page.replace("\n", "\r\n", 40),
    "a mark of the order of bytes": lambda page: f"\ufeff{page}",
    "where it was saved from": swapped("<html", "<!-- saved from url=(0014)about:internet -->\n<html"),
    "the encoding as Chrome writes it": lambda page: page.replace(CHARSET, "").replace(
        "<head>", '<head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
    ),
    "the encoding as Firefox writes it": swapped(
        "<head>", '<head><meta http-equiv="content-type" content="text/html; charset=UTF-8">'
    ),
    "bodies of tables": lambda page: page.replace("</colgroup>\n<tr>", "</colgroup>\n<tbody><tr>").replace(
        "</tr>\n</table>", "</tr>\n</tbody></table>"
    ),
    "elements of drawings with an end": lambda page: re.sub(r"<(path|circle) ([^>]*)/>", r"<\1 \2></\1>", page),
    "entities": lambda page: re.sub(
        r"(?s)<main>.*</main>", lambda m: m[0].replace("−", "&minus;").replace("·", "&#183;").replace("×", "&#xD7;"), page
    ),
    "other quotes": lambda page: re.sub(r' class="([\w ]*)"', r" class='\1'", page),
    "capitals": lambda page: re.sub(r"<(/?)td\b", r"<\1TD", page).replace("viewBox=", "VIEWBOX="),
    "blanks about the frames": lambda page: re.sub(
        r"\n</body>\n</html>\n*$", "\n\n</body></html>", re.sub(r"\n(<html[^>]*>)\n<head>", r"\1<head>", page)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN_OTHERWISE)
@pytest.mark.parametrize("page", ["rotary key", "softmax worksheet"])
def test_what_every_browser_reads_alike_is_right(name, page, pages, tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(WRITTEN_OTHERWISE[name](pages[page]).encode())
    lines, finding = report(path)
    assert finding is Finding.RIGHT, lines


def test_a_page_that_brings_other_numbers_along_may_have_other_line_ends(tmp_path):
    options = Options(views=("worksheet",), formats=("html",), variants=1)
    (path,) = generate("dot-product", options, tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    lines, finding = report(path)
    assert finding is Finding.RIGHT, lines


@pytest.mark.parametrize(("name", "other", "what"), [
    ("key.html", "key.pdf", "HTML"), ("key.html", "key.svg", "HTML"), ("key.html", "key.xhtml", "HTML"),
    ("key.pdf", "key.html", "a PDF"), ("key.pdf", "key.HTM", "a PDF"), ("key.pdf", "key.txt", "a PDF"),
])  # fmt: skip
def test_a_file_is_refused_by_a_name_by_which_other_programs_read_it_otherwise(name, other, what, tmp_path):
    """A PDF may begin as one and hold HTML, which a browser shows if the name says so."""
    paths = {
        path.name: path for path in generate("softmax", Options(views=("key",), formats=("html", "pdf")), tmp_path)
    }
    assert report(paths[name])[1] is Finding.RIGHT
    renamed = paths[name].rename(tmp_path / other)
    (line,), finding = report(renamed)
    assert finding is Finding.UNREADABLE
    assert line.startswith(f"cannot be verified: it is {what}, and its name ends in {renamed.suffix}; rename it, ")
    assert report(renamed.rename(tmp_path / "key"))[1] is Finding.RIGHT


INSERTED = (  # of every kind
    "<tbody>", "</tbody>", "<tr>", "</tr>", "<td>", "</td>", "<table>", "</table>", "<html>", "<head>", "</head>", "<body>", "</body>",
    "</html>", CHARSET, '<meta http-equiv="content-type" content="text/html; charset=utf-8">', "<!-- -->", "<!---->", "<!-->", "<p>",
    "</p>", "</br>", "<b>", "</b>", "<svg>", "</svg>", "<g/>", "<g>", "</g>", "<path/>", "<title>", "</title>", "<style>", "</style>",
    "<textarea>", "</textarea>", "<!doctype html>", "<template>", "<math>", "<col>", "<colgroup>", "</colgroup>", "<caption>", "&nbsp;",
    "&nbsp", "&amp;", "\n", " ", "\t", "\r", "\f", "\0", "9", "/", ">", "<", "'", '"', "=", "&", ";", " x", " hidden", " class=g",
    ' value="9"', " checked", "<![CDATA[", "]]>", "<?", "<input>", "<br>", "<script>", "</script>", "<plaintext>", "<noscript>",
)  # fmt: skip
SMALL = """<!doctype html>
<html lang="en">
<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta charset="utf-8">
<meta name="byhand" content="view=key">
<title>Soft &amp; max</title>
<style>td { color: red }</style>
</head>
<body class="key screen">
<main><p>3 <b>4</b>,<br> 5&nbsp;6</p><svg viewBox="0 0 9 9"><g><path d="M0 0"/><text x="1">7</text></g></svg>
<table class="m">
<colgroup><col span="2"></colgroup>
<tr><th scope="col">a</th><td class="a">−</td></tr>
<tr><td><input name="0" aria-label="x"></td><td>2</td></tr>
</table>
<label><input type="radio" name="1" value="true" class="tick"></label><textarea name="2"></textarea></main>
<script type="application/json" id="data">{"a": "<b>"}</script>
</body>
</html>
"""
Changes = list[tuple[int, str]]  # places in a page, and what is inserted there


def changed(changes: Changes) -> str:
    page = SMALL
    for place, inserted in changes:
        page = page[:place] + inserted + page[place:]
    return page


def is_taken_for_small(page: str) -> bool:
    """Whether a page, as it is read from a file, is said to be SMALL."""
    try:
        return not markup_difference(re.sub("\r\n?", "\n", page), SMALL)
    except UnreadableError:
        return False


def seen(page: str) -> list[object]:
    """All elements and texts that an HTML5 parser finds in a page, in order, but for blanks, comments, what is filled in, and what
    names the encoding.
    """
    found: list[object] = [""]

    def add(text: str | None) -> None:
        if isinstance(found[-1], str):
            text = found.pop() + (text or "")
        found.append(re.sub(r"[ \t\r\n\f]+", " ", text or ""))

    def read(node) -> None:
        if isinstance(node.tag, str) and not names_the_encoding(node):
            filled = (
                {None: "value", "radio": "checked"}.get(node.get("type")) if node.tag.endswith("}input") else None
            )
            found.append((node.tag, sorted(pair for pair in node.attrib.items() if pair[0] != filled)))
            add(node.text if not node.tag.endswith("}textarea") else "")
            for child in node:
                read(child)
            found.append(("end", node.tag))
        add(node.tail)

    read(HTMLParser().parse(page))
    return [each for each in found if each not in ("", " ")]


def names_the_encoding(node) -> bool:
    return node.tag.endswith("}meta") and (
        "charset" in node.attrib or node.get("http-equiv", "").lower() == "content-type"
    )


AS_IT_IS = seen(SMALL)
PLACES = sorted(
    {at for tag in re.finditer(r"<[^>]*>", SMALL) for at in (tag.start(), tag.start() + 1, tag.end() - 1, tag.end())}
)
SINGLE = [[(place, inserted)] for place in PLACES for inserted in INSERTED][:: 1 if FULL else 7]


def test_a_page_to_which_one_thing_was_added_is_right_only_if_an_html5_parser_sees_the_same():
    """Each thing at the beginning and end of each tag."""
    taken = [changes for changes in SINGLE if is_taken_for_small(changed(changes))]
    assert [changes for changes in taken if seen(changed(changes)) != AS_IT_IS] == []
    assert len(taken) > 20


@settings(max_examples=3000 if FULL else 300)
@given(st.lists(st.tuples(st.integers(0, len(SMALL)), st.sampled_from(INSERTED)), min_size=1, max_size=4))
@example([(SMALL.index("<tr>"), "<tbody>"), (SMALL.index("</table>") + len("<tbody>"), "</tbody>")])
def test_a_page_to_which_anything_was_added_is_right_only_if_an_html5_parser_sees_the_same(changes):
    page = changed(changes)
    assert not is_taken_for_small(page) or seen(page) == AS_IT_IS


SEEN = """(pages) => {
  const seen = (page) => {
    const found = [""];
    const read = (node) => {
      if (node.nodeType === Node.TEXT_NODE) {
        if (typeof found.at(-1) !== "string") found.push("");
        found.push((found.pop() + node.data).replace(/[ \\t\\r\\n\\f]+/g, " "));
      }
      if (node.nodeType !== Node.ELEMENT_NODE) return;
      if (node.localName === "meta" && (node.hasAttribute("charset") || /^content-type$/i.test(node.httpEquiv))) return;
      const filled = node.localName !== "input" ? "" : node.type === "radio" ? "checked" : "value";
      const held = [...node.attributes].filter((each) => each.name !== filled).map((each) => `${each.name}=${each.value}`);
      found.push([node.namespaceURI, node.localName, ...held.sort()]);
      if (node.localName !== "textarea") (node.localName === "template" ? node.content : node).childNodes.forEach(read);
      found.push(["end", node.localName]);
    };
    const all = new DOMParser().parseFromString(page, "text/html");
    read(all.documentElement);
    return JSON.stringify([all.compatMode, ...found.filter((each) => each !== "" && each !== " ")]);
  };
  const first = seen(pages[0]);
  return pages.map((page) => seen(page) === first);
}"""


@pytest.fixture(scope="module")
def browser():
    one = Browser()
    yield one
    one.close()


@needs_chromium
def test_a_page_to_which_anything_was_added_is_right_only_if_chromium_sees_the_same(browser):
    dice = Random(0)
    several = [
        [(dice.randrange(len(SMALL)), dice.choice(INSERTED)) for _ in range(dice.randint(1, 4))]
        for _ in range(len(SINGLE))
    ]
    tried = [changes for changes in SINGLE + several if is_taken_for_small(changed(changes))]
    assert len(tried) > 40
    same = browser.run(SEEN, [SMALL, *map(changed, tried)])
    assert [changes for changes, alike in zip(tried, same[1:], strict=True) if not alike] == []


@needs_chromium
def test_chromium_sees_what_the_tricks_are_for(browser, pages):
    """So that a trick that shows nothing else is not among them for ever."""
    key = pages["softmax key"]
    for name in (
        "<tbody> in a cell",
        "</br> in a cell",
        "a comment in the title",
        "text in a table, which is shown above it",
    ):
        assert browser.run(SEEN, [key, TRICKS[name](key)]) == [True, False]


@needs_chromium
@pytest.mark.parametrize(("sheet", "view"), in_turn("key", "worked", among=ORDER if FULL else FEW))
def test_a_page_as_chromium_saves_it_is_right(sheet, view, browser, tmp_path):
    (path,) = generate(sheet, Options(views=(view,), formats=("html",)), tmp_path)
    browser.open(path)
    saved = browser.run(
        "new XMLSerializer().serializeToString(document.doctype) + document.documentElement.outerHTML"
    )
    path.write_text(saved, encoding="utf-8")
    lines, finding = report(path)
    assert finding is Finding.RIGHT, lines


TAG = re.compile(r"<([a-z]+)((?: [\w-]+=\"[^\"]*\")*)(/?>)")
OTHERS = {
    "value",
    "checked",
    "name",
    "type",
    "for",
    "id",
    "form",
    "hidden",
    "disabled",
    "style",
    "data-x",
    "open",
    "selected",
}
TICK = re.compile(r'(<input type="radio" name="[^"]*" value=")(true|false)"')


def test_what_a_box_stands_for_may_not_be_changed(pages, tmp_path):
    """Else a page saves the opposite of what is ticked."""
    path = tmp_path / "worksheet.html"
    other = {"true": "false", "false": "true"}
    path.write_text(TICK.sub(lambda m: f'{m[1]}{other[m[2]]}"', pages["softmax worksheet"]), encoding="utf-8")
    (line,), finding = report(path)
    assert finding is Finding.UNREADABLE
    assert (
        line == "cannot be verified: it was changed: its <input> has 'value=false' where the reprint has 'value=true'"
    )


def test_of_all_attributes_only_those_that_a_reader_fills_in_may_differ(pages):
    """Each of each kind of element with another value, and then with one more attribute."""
    page = pages["softmax worksheet"]
    tried = {}
    for tag in TAG.finditer(page[: page.index("<script")]):
        kind = tag[1], *re.findall(r' type="(\w+)"', tag[2])
        held = dict(re.findall(r' ([\w-]+)="([^"]*)"', tag[2]))
        for name, value in held.items():
            tried.setdefault((*kind, name), (tag[0], tag[0].replace(f' {name}="{value}"', f' {name}="{value}9"', 1)))
        for name in OTHERS.difference(held):
            tried.setdefault((*kind, name), (tag[0], f'<{tag[1]}{tag[2]} {name}="9"{tag[3]}'))
    alike = {
        kind
        for kind, (own, other) in tried.items()
        if not markup_difference(*(f"<svg>{tag}</{kind[0]}>" for tag in (other, own)))
    }
    assert alike == {("input", "value"), ("input", "radio", "checked")}
    assert len(tried) > 300


def test_what_the_scripts_of_a_page_are_given_may_not_be_changed(pages):
    page = pages["softmax worksheet"]
    for number in list(re.finditer(r"\d", page[page.index('<script type="application/json"') :]))[::97]:
        at = page.index('<script type="application/json"') + number.start()
        assert markup_difference(f"{page[:at]}{(int(page[at]) + 1) % 10}{page[at + 1 :]}", page)


def test_what_is_no_page_at_all_is_told(tmp_path):
    (tmp_path / "run.csv").write_text("step,row,column,value\n")
    line, finding = report(tmp_path / "run.csv")[0][0], report(tmp_path / "run.csv")[1]
    assert (line, finding) == (
        "cannot be verified: it is no HTML, no PDF and no run.json, which are what byhand verify reads", Finding.UNREADABLE,
    )  # fmt: skip
